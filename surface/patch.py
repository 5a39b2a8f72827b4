"""Surface points made vertices of a triangle mesh: splitting a flat triangle does not change the surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# A point nearer than this (metres) to a vertex or an edge is moved onto it: splinters would hurt more.
SNAP = 1e-7

_known_balls: WeakKeyDictionary[Body, tuple[Floats, Floats]] = WeakKeyDictionary()


def reach(body: Body, point: Floats) -> Floats:
    """For every face (F,) a lower bound of its distance in metres from a position (3,)."""
    if body not in _known_balls:
        corners = body.vertices[body.faces]
        centres = corners.mean(axis=1)
        _known_balls[body] = centres, np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1) + 1e-9
    centres, radii = _known_balls[body]
    return np.linalg.norm(centres - point, axis=1) - radii


class Patch:
    """A piece of a triangle mesh into which points can be inserted, by splitting triangles in three or edges in two."""

    def __init__(self, vertices: Floats, faces: NDArray[Any]) -> None:
        used, compact = np.unique(faces, return_inverse=True)
        self.vertices = [vertices[v] for v in used]
        self.faces: list[tuple[int, int, int]] = [(i, j, k) for i, j, k in compact.reshape(-1, 3).tolist()]
        self.original = list(self.faces)
        # The triangles into which each original one has been split, while it has been.
        self.pieces: dict[int, list[int]] = {}
        self.owner: dict[int, int] = {}

    def insert(self, face: int, bary: Floats) -> int:
        """The vertex at a point of an original triangle, made if it is not there."""
        corners = self.original[face]
        point = sum(w * self.vertices[v] for w, v in zip(bary, corners, strict=True))
        here = max(self.pieces.get(face, [face]), key=lambda f: self._inside(f, point))
        tri = self.faces[here]
        for v in tri:
            if np.linalg.norm(self.vertices[v] - point) < SNAP:
                return v
        v = len(self.vertices)
        self.vertices.append(np.asarray(point))
        for k in range(3):
            i, j = tri[k], tri[(k + 1) % 3]
            along = self.vertices[j] - self.vertices[i]
            if np.linalg.norm(np.cross(along, point - self.vertices[i])) < SNAP * np.linalg.norm(along):
                self._split_edge(i, j, v)
                return v
        i, j, k = tri
        self._replace(here, [(i, j, v), (j, k, v), (k, i, v)])
        return v

    def component(self, vertex: int) -> tuple[Floats, NDArray[np.int32], NDArray[np.int64]]:
        """The connected piece of a vertex: vertices (n,3), faces (m,3); for all, their index there, -1 outside."""
        vertices, faces = np.array(self.vertices), np.array(self.faces, dtype=np.int32)
        ends = np.stack([faces.reshape(-1), np.roll(faces, 1, axis=1).reshape(-1)])
        graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(vertices),) * 2)
        component = connected_components(graph, directed=False)[1]
        mine = component == component[vertex]
        index = np.where(mine, np.cumsum(mine) - 1, -1)
        return vertices[mine], index[faces[mine[faces[:, 0]]]].astype(np.int32), index

    def _inside(self, f: int, point: Any) -> float:
        """The smallest barycentric coordinate of a point (in the plane of face f): negative outside."""
        a, b, c = (self.vertices[v] for v in self.faces[f])
        normal = np.cross(b - a, c - a)
        return min(float(np.dot(np.cross(q - p, point - p), normal)) for p, q in ((a, b), (b, c), (c, a))) / max(
            float(normal @ normal), 1e-300
        )

    def _split_edge(self, i: int, j: int, v: int) -> None:
        for f in [f for f, face in enumerate(self.faces) if i in face and j in face]:
            k = self.faces[f].index(i)
            i_first = self.faces[f][(k + 1) % 3] == j
            p, q = (i, j) if i_first else (j, i)
            third = next(w for w in self.faces[f] if w not in (i, j))
            self._replace(f, [(p, v, third), (v, q, third)])

    def _replace(self, f: int, parts: list[tuple[int, int, int]]) -> None:
        owner = self.owner.get(f, f)
        ids = [f, *range(len(self.faces), len(self.faces) + len(parts) - 1)]
        self.faces.extend(parts[1:])
        for g, part in zip(ids, parts, strict=True):
            self.owner[g] = owner
            self.faces[g] = part
        self.pieces[owner] = [*(g for g in self.pieces.get(owner, []) if g != f), *ids]
