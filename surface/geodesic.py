"""Exact geodesic distances between arbitrary surface points.

Mitchell, Mount and Papadimitriou, "The discrete geodesic problem", SIAM J. Comput. 1987, by ``pygeodesic`` or, where it
has no wheel, ``libigl``. Both measure between vertices, so the surface points are first made vertices of the mesh:
splitting a flat triangle does not change the surface. Only the part of the mesh that the shortest path can reach is
handed over, which makes near pairs fast.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Points = tuple[NDArray[np.int32], Floats]

# A point nearer than this (metres) to a vertex or an edge is moved onto it: splinters would hurt more.
SNAP = 1e-7

_known_balls: WeakKeyDictionary[Body, tuple[Floats, Floats]] = WeakKeyDictionary()


def pairs(body: Body, a: Points, b: Points) -> Floats:
    """Geodesic distances (N,) in metres between a and b, each (face (N,), bary (N,3)); infinite between components.

    Pairs that share their first point are measured together.

    Raises:
        ValueError: a and b hold different numbers of points.
    """
    if len(a[0]) != len(b[0]):
        raise ValueError(f"{len(a[0])} points on one side, {len(b[0])} on the other")
    out = np.zeros(len(a[0]))
    keys = np.concatenate([a[0][:, None], a[1]], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group.reshape(-1), kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group.reshape(-1)[order])) + 1):
        if len(rows):
            out[rows] = from_point(body, (int(a[0][rows[0]]), a[1][rows[0]]), (b[0][rows], b[1][rows]))
    return out


def from_point(body: Body, source: tuple[int, Floats], targets: Points) -> Floats:
    """Geodesic distances (N,) in metres from one surface point (face, bary (3,)) to others (face (N,), bary (N,3))."""
    vertices, faces = body.vertices, body.faces
    start = source[1] @ vertices[faces[source[0]]]
    ends = np.einsum("nk,nkc->nc", targets[1], vertices[faces[targets[0]]])
    centres, reaches = _balls(body)
    nearest = np.linalg.norm(centres - start, axis=1) - reaches
    out = np.full(len(ends), np.inf)
    radius = 1.3 * float(np.linalg.norm(ends - start, axis=1).max()) + 1e-4
    while True:
        # Every triangle that a path no longer than the radius can touch.
        near = nearest <= radius
        whole = float(near.mean()) > 0.6
        if whole:
            near[:] = True
        todo = np.flatnonzero(~np.isfinite(out) & near[targets[0]])
        if len(todo):
            local = np.cumsum(near) - 1
            mesh = _Mesh(vertices, faces[near])
            at = mesh.insert(int(local[source[0]]), source[1])
            to = [mesh.insert(int(local[f]), w) for f, w in zip(targets[0][todo], targets[1][todo], strict=True)]
            found = mesh.distances(at, to)
            out[todo] = np.where((found <= radius) | whole, found, np.inf)
        if whole or np.isfinite(out).all():
            return out
        radius *= 2


def _balls(body: Body) -> tuple[Floats, Floats]:
    """For each face a ball that holds it: centre (F,3) and radius (F,)."""
    if body not in _known_balls:
        corners = body.vertices[body.faces]
        centres = corners.mean(axis=1)
        _known_balls[body] = centres, np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1) + 1e-9
    return _known_balls[body]


class _Mesh:
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

    def distances(self, source: int, targets: list[int]) -> Floats:
        """Exact distances from one vertex to others; infinite where no path leads."""
        vertices, faces = np.array(self.vertices), np.array(self.faces, dtype=np.int32)
        ends = np.stack([faces.reshape(-1), np.roll(faces, 1, axis=1).reshape(-1)])
        graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(vertices),) * 2)
        component = connected_components(graph, directed=False)[1]
        # pygeodesic takes connected meshes only.
        mine = component == component[source]
        compact = np.cumsum(mine) - 1
        out = np.full(len(targets), np.inf)
        reached = mine[targets]
        if reached.any():
            measure = _libigl if importlib.util.find_spec("pygeodesic") is None else _pygeodesic
            local = compact[faces[mine[faces[:, 0]]]].astype(np.int32)
            out[reached] = measure(vertices[mine], local, int(compact[source]), compact[np.array(targets)[reached]])
        return out


def _pygeodesic(vertices: Floats, faces: NDArray[np.int32], source: int, targets: NDArray[Any]) -> Floats:
    from pygeodesic.geodesic import PyGeodesicAlgorithmExact

    algorithm = PyGeodesicAlgorithmExact(vertices, faces)
    found = algorithm.geodesicDistances(np.array([source], np.int32), targets.astype(np.int32))[0]
    return np.asarray(found, dtype=np.float64)


def _libigl(vertices: Floats, faces: NDArray[np.int32], source: int, targets: NDArray[Any]) -> Floats:
    import igl

    none = np.zeros(0, np.int64)
    found = igl.exact_geodesic(
        vertices, faces.astype(np.int64), np.array([source], np.int64), none, targets.astype(np.int64), none
    )
    return np.asarray(found, dtype=np.float64).reshape(-1)
