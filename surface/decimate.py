"""A coarser mesh of the same surface, and where the points of the fine one lie on it.

Edges are collapsed by quadric error (Garland and Heckbert, "Surface simplification using quadric error metrics",
SIGGRAPH 1997) with libigl, which keeps edge-manifold meshes edge-manifold. Points are brought over by walking over the
coarse mesh from a triangle that is known to lie on the same side, so that a fingertip is never mapped through a gap to
its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from surface.surfacemap import walk
from surface.topology import edge_faces, euler_characteristic, half_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Samples along an edge of a fine triangle, at least, when the coarse triangles over it are looked for.
_LATTICE = 5
_MOST_SAMPLES = 24


@dataclass(frozen=True, eq=False)
class Coarse:
    """A coarse mesh.

    Attributes:
        vertices: (n,3) metres.
        faces: (m,3) vertex indices.
        origin: (m,) for each triangle one of the fine mesh that became it: near it along the surface.
    """

    vertices: Floats
    faces: Ints
    origin: Ints


@dataclass(frozen=True, eq=False)
class Overlay:
    """The coarse triangles over each fine one, as compressed rows.

    Attributes:
        start: (F+1,) where the rows of a fine face begin.
        face: (K,) coarse faces.
        weights: (K,4,3) float32; ``weights @ bary`` are a fine point's three coordinates in the coarse triangle,
            projected onto its plane (negative where it is beside it), and its height over that plane in metres.
        size: (K,) float32, the square root of the coarse triangle's area in metres.
    """

    start: Ints
    face: Ints
    weights: NDArray[np.float32]
    size: NDArray[np.float32]


def decimate(vertices: Floats, faces: NDArray[Any], target: int) -> Coarse:
    """At most about ``target`` vertices; the mesh itself where it has no more. Vertices that no face uses are dropped.

    Args:
        vertices: (V,3) metres.
        faces: (F,3), edge-manifold and oriented, with or without boundaries, of any number of components.
        target: how many vertices are wanted.

    Raises:
        ValueError: the mesh is not edge-manifold and oriented, or cannot be decimated without tearing.
    """
    require_manifold(faces)
    used, compact = np.unique(faces, return_inverse=True)
    v, f = np.array(vertices[used], order="C"), compact.reshape(-1, 3).astype(np.int32)
    origin = np.arange(len(f), dtype=np.int32)
    if len(v) > target:
        v, f, origin = _collapse(v, f, target)
    order = blocks(v)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    f = rank[f]
    by_place = np.argsort(f.min(axis=1), kind="stable")
    return Coarse(v[order], f[by_place], origin[by_place])


def require_manifold(faces: NDArray[Any]) -> None:
    """Raise ValueError unless every edge has at most two triangles, which run along it in opposite directions."""
    directed = half_edges(np.asarray(faces, np.int64))
    if (directed[:, 0] == directed[:, 1]).any():
        at = int(np.argmax(directed[:, 0] == directed[:, 1])) // 3
        raise ValueError(f"triangle {at} has a corner twice")
    _, first, count = np.unique(directed, axis=0, return_index=True, return_counts=True)
    if (count > 1).any():
        i, j = directed[first[int(np.argmax(count))]].tolist()
        raise ValueError(f"the edge from vertex {i} to {j} has several triangles on one side: not an oriented manifold")


def _collapse(vertices: Floats, faces: Ints, target: int) -> tuple[Floats, Ints, Ints]:
    import igl

    # V - E + F = chi and 3F = 2E + boundary: the number of faces that goes with the wanted vertices.
    wanted = max(len(faces) - 2 * (len(vertices) - target), 4)
    before = _shape(faces)
    for collapse in (igl.qslim, igl.decimate):
        v, f, birth, _ = collapse(vertices, faces, wanted)
        f = f.astype(np.int32)
        if len(f) and len(np.unique(f)) == len(v) and np.isfinite(v).all() and _shape(f) == before and _areas(v, f) > 0:
            return np.array(v, order="C"), f, birth.astype(np.int32)
    raise ValueError("the mesh cannot be decimated without tearing it or closing a hole")


def _shape(faces: Ints) -> tuple[int, int]:
    """Euler characteristic and number of components; (0, 0) for what is no manifold, which nothing equals."""
    try:
        require_manifold(faces)
    except ValueError:
        return 0, 0
    ends = half_edges(faces.astype(np.int64)).T
    size = int(faces.max()) + 1
    graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(size, size))
    return euler_characteristic(faces.astype(np.int64)), connected_components(graph, directed=False)[0]


def _areas(vertices: Floats, faces: Ints) -> float:
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).min())


def blocks(points: Floats, size: int = 32) -> NDArray[np.int64]:
    """An order of (N,3) points in which runs of ``size`` lie close together: halved along the longest side in turn."""
    todo, out = [np.arange(len(points))], []
    while todo:
        mine = todo.pop()
        if len(mine) <= size:
            out.append(mine)
            continue
        span = points[mine].max(axis=0) - points[mine].min(axis=0)
        mine = mine[np.argsort(points[mine, int(np.argmax(span))], kind="stable")]
        cut = -(-len(mine) // size) // 2 * size
        todo += [mine[cut:], mine[:cut]]
    return np.concatenate(out)


def overlay(vertices: Floats, faces: Ints, coarse: Coarse) -> Overlay:
    """Which coarse triangles lie over each triangle of the fine mesh (vertices (V,3), faces (F,3))."""
    if len(coarse.faces) == len(faces):
        # Not decimated: each triangle lies over itself.
        face = np.empty(len(faces), np.int32)
        face[coarse.origin] = np.arange(len(faces))
        rows = np.arange(len(faces) + 1, dtype=np.int32)
        return Overlay(rows, face, *_weights(vertices, faces, coarse, np.arange(len(faces)), face))
    corners = vertices[faces]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    fine = coarse.vertices[coarse.faces]
    spacing = 0.4 * float(np.median(np.linalg.norm(fine - np.roll(fine, 1, axis=1), axis=2)))
    samples = np.clip(np.ceil(longest / spacing), _LATTICE, _MOST_SAMPLES).astype(int)
    starts = _starts(corners.mean(axis=1), faces, coarse)
    of, over = [], []
    for count in np.unique(samples):
        mine = np.flatnonzero(samples == count)
        points = np.einsum("sk,fkc->fsc", _lattice(int(count)), corners[mine]).reshape(-1, 3)
        each = len(points) // len(mine)
        found = walk(cast("Any", coarse), points, np.repeat(starts[mine], each, axis=0))[0]
        of.append(np.repeat(mine, each))
        over.append(found)
    rows = np.unique(np.stack([np.concatenate(of), np.concatenate(over)], axis=1), axis=0)
    start = np.concatenate([[0], np.cumsum(np.bincount(rows[:, 0], minlength=len(faces)))]).astype(np.int32)
    face = rows[:, 1].astype(np.int32)
    return Overlay(start, face, *_weights(vertices, faces, coarse, rows[:, 0], face))


def _starts(centres: Floats, faces: Ints, coarse: Coarse) -> Ints:
    """For each fine face the coarse faces (F,2) to walk from: the two whose origins are near along the surface."""
    _, sides = edge_faces(faces.astype(np.int64))
    length = np.linalg.norm(centres[sides[:, 0]] - centres[sides[:, 1]], axis=1) + 1e-12
    graph = coo_array((length, (sides[:, 0], sides[:, 1])), shape=(len(faces), len(faces))).tocsr()
    became = np.full(len(faces), -1, np.int32)
    became[coarse.origin] = np.arange(len(coarse.faces))
    out = []
    # Twice, with every other origin: where one walk ends in a dent, the other one may pass it.
    for offset in (0, 1):
        _, _, nearest = dijkstra(
            graph, directed=False, indices=coarse.origin[offset::2], min_only=True, return_predecessors=True
        )
        out.append(np.where(nearest >= 0, became[np.maximum(nearest, 0)], -1))
    starts = np.stack(out, axis=1).astype(np.int32)
    if (starts < 0).all(axis=1).any():
        raise ValueError("a piece of the surface is missing from its decimation")
    return starts


def _lattice(count: int) -> Floats:
    """Barycentrics of a triangular lattice with ``count`` points along an edge, drawn in a little from the border."""
    grid = np.array([(i, j, count - 1 - i - j) for i in range(count) for j in range(count - i)], dtype=np.float64)
    return 0.999 * grid / (count - 1) + 0.001 / 3


def _weights(
    vertices: Floats, faces: Ints, coarse: Coarse, of: NDArray[Any], over: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and size of an overlay's rows: column k of the weights is what holds for corner k of the fine face."""
    triangle = coarse.vertices[coarse.faces[over]]
    e1, e2 = triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]
    aa, ab, bb = (np.einsum("kc,kc->k", x, y) for x, y in ((e1, e1), (e1, e2), (e2, e2)))
    det = aa * bb - ab * ab
    p = vertices[faces[of]] - triangle[:, None, 0]
    pa, pb = np.einsum("ksc,kc->sk", p, e1), np.einsum("ksc,kc->sk", p, e2)
    v, w = (bb * pa - ab * pb) / det, (aa * pb - ab * pa) / det
    root = np.sqrt(np.maximum(det, 1e-300))
    height = np.einsum("ksc,kc->sk", p, np.cross(e1, e2) / root[:, None])
    weights = np.stack([1 - v - w, v, w, height]).transpose(2, 0, 1)
    return np.ascontiguousarray(weights, dtype=np.float32), np.sqrt(root / 2).astype(np.float32)
