"""Parts of a mesh without labels: a trunk and the limbs that stand out of it.

Tips are the points farthest from everything else (local maxima of the average geodesic distance: Katz, Leifman and Tal,
"Mesh segmentation using feature point and core extraction", The Visual Computer 2005). A limb is what lies around its
tip up to where the ring around it is shortest against the area inside, provided that the surface widens behind it; the
seam is then a minimum cut near that ring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from surface.builders.mesh_patches import absorb_islands
from surface.segmentation import minimum_cut
from surface.topology import edge_faces, face_areas, face_components, half_edges, vertex_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SOURCES = 120  # from which the average distance is measured
PROMINENCE = 0.02  # of the range of the average distance: how far a tip must stand out
WIDER = 1.35  # how much longer the rings are behind a limb's end than before it
SMALLEST, LARGEST = 0.006, 0.35  # of the area of the body (of the limb, for a limb on a limb): a limb's size
MOST = 40  # limbs


@dataclass(frozen=True)
class Limb:
    """A limb.

    Attributes:
        faces: `(n,)` its faces, in the left half where the mesh has a mirror.
        parent: the limb it stands on, or -1.
        middle: whether it lies on the plane of symmetry (then `faces` are its left half).
        tip: `(3,)`.
    """

    faces: Ints
    parent: int
    middle: bool
    tip: Floats


def distance_graph(vertices: Floats, faces: Ints) -> csr_matrix:
    """Edges, and the straight lines between the two vertices opposite an edge, over the unfolded triangles `(V, V)`."""
    edges, sides = edge_faces(faces)
    all_edges = np.unique(np.sort(half_edges(faces), axis=1), axis=0)
    length = np.linalg.norm(vertices[all_edges[:, 0]] - vertices[all_edges[:, 1]], axis=1)
    total = faces.sum(axis=1)
    tip = total[sides] - edges.sum(axis=1)[:, None]
    a, b = vertices[edges[:, 0]], vertices[edges[:, 1]]
    size = np.linalg.norm(b - a, axis=1)
    axis = (b - a) / np.maximum(size, 1e-300)[:, None]
    along, high = [], []
    for s in (0, 1):
        arm = vertices[tip[:, s]] - a
        t = (arm * axis).sum(axis=1)
        along.append(t)
        high.append(np.linalg.norm(arm - t[:, None] * axis, axis=1))
    crossing = (along[0] * high[1] + along[1] * high[0]) / np.maximum(high[0] + high[1], 1e-300)
    good = (crossing > 0) & (crossing < size)
    link = np.hypot(along[0] - along[1], high[0] + high[1])
    row = np.concatenate([all_edges[:, 0], tip[good, 0]])
    column = np.concatenate([all_edges[:, 1], tip[good, 1]])
    data = np.maximum(np.concatenate([length, link[good]]), 1e-12)
    # Where two edges have the same opposite vertices, the shorter way.
    order = np.lexsort((data, np.maximum(row, column), np.minimum(row, column)))
    key = np.stack([np.minimum(row, column), np.maximum(row, column)], axis=1)[order]
    first = np.concatenate([[True], (key[1:] != key[:-1]).any(axis=1)])
    (i, j), w = key[first].T, data[order][first]
    graph = coo_matrix((w, (i, j)), shape=(len(vertices), len(vertices)))
    return csr_matrix(graph + graph.T)


def average_distance(graph: csr_matrix, area: Floats) -> Floats:
    """Mean geodesic distance `(V,)` from each vertex to the surface, by sources spread over it."""
    at = int(dijkstra(graph, indices=int(area.argmax())).argmax())
    rows = [dijkstra(graph, indices=at)]
    nearest = rows[0].copy()
    while len(rows) < min(SOURCES, len(area)):
        at = int(nearest.argmax())
        rows.append(dijkstra(graph, indices=at))
        nearest = np.minimum(nearest, rows[-1])
    table = np.array(rows)
    weight = np.bincount(table.argmin(axis=0), area, len(rows))
    return np.asarray(weight @ table / weight.sum())


def tips(graph: csr_matrix, height: Floats, prominence: float) -> list[tuple[int, float]]:
    """Local maxima of a function on the vertices and how far each stands out, the most prominent first.

    The prominence of a maximum is its height above the highest pass to a higher one (persistence of superlevel sets).
    """
    order = np.argsort(-height, kind="stable")
    parent = np.full(len(height), -1)
    found: list[tuple[int, float]] = []

    def root(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = int(parent[x])
        return x

    indptr, indices = graph.indptr, graph.indices
    for v in order.tolist():
        parent[v] = v
        for w in indices[indptr[v] : indptr[v + 1]].tolist():
            if parent[w] < 0:
                continue
            a, b = root(v), root(w)
            if a == b:
                continue
            low, high = (a, b) if height[a] < height[b] else (b, a)
            if height[low] - height[v] >= prominence:
                found.append((low, float(height[low] - height[v])))
            parent[low] = high
    top = int(order[0])
    found.append((top, float(height[top] - height.min())))
    return sorted(found, key=lambda t: -t[1])


def limbs(vertices: Floats, faces: Ints, left: Bools | None) -> list[Limb]:
    """The limbs of a mesh; of its left half where it has a mirror.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)` one piece.
        left: `(F,)` the left half of a symmetric mesh, or None.
    """
    graph = distance_graph(vertices, faces)
    height = average_distance(graph, vertex_areas(vertices, faces))
    reach = float(np.ptp(height))
    if reach < 0.1 * height.max():
        return []  # nothing stands out of a ball
    found = [t for t, _ in tips(graph, height, PROMINENCE * reach)]
    half = np.arange(len(faces)) if left is None else np.flatnonzero(left)
    area = face_areas(vertices, faces)
    middle = np.zeros(len(found), dtype=bool)
    if left is not None:
        near = 0.03 * np.linalg.norm(np.ptp(vertices, axis=0))
        middle = np.abs(vertices[found, 0]) < near
        keep = middle | (vertices[found, 0] > 0)
        ranked = [*np.flatnonzero(middle & keep), *np.flatnonzero(~middle & keep)]
    else:
        ranked = list(range(len(found)))
    out: list[Limb] = []
    for k in ranked:
        if len(out) == MOST:
            break
        distance = dijkstra(graph, indices=found[k])
        limb = _limb(vertices, faces, half, area, distance, found[k], bool(middle[k]), out)
        if limb is not None:
            out.append(limb)
    return out


def _limb(
    v: Floats, f: Ints, half: Ints, area: Floats, distance: Floats, tip: int, middle: bool, known: list[Limb]
) -> Limb | None:
    """The limb around a tip; on the limb that the tip is already part of, if it is."""
    at = distance[f].mean(axis=1)
    first = int(half[at[half].argmin()])
    parent = max((k for k, limb in enumerate(known) if first in limb.faces), default=-1)
    # Inner limbs are looked for on what no later limb has taken of their parent.
    members = half if parent < 0 else known[parent].faces
    end = ring(at[members], area[members])
    if end is None:
        return None
    band = np.where(at[members] < 0.85 * end, 1, np.where(at[members] > 1.15 * end, -1, 0))
    cost = 4.0 * area[members] * (at[members] / end - 1.0) / end
    if not middle:
        cost += _on_plane(v, f[members])  # beyond the plane of symmetry is the twin: a seam, too
    inside = minimum_cut(v, f[members], cost, band)
    own = members[inside]
    if not len(own):
        return None
    pieces, piece = face_components(f[own])
    if pieces > 1:  # what the distance reaches over a narrow bridge
        own = own[piece == piece[int(at[own].argmin())]]
    share = area[own].sum() / area[members].sum()
    if share > 1.4 * LARGEST or area[own].sum() < SMALLEST * area[half].sum() or len(own) < 30:
        return None
    return Limb(own, parent, middle, v[tip])


def _on_plane(v: Floats, f: Ints) -> Floats:
    """Length `(F,)` of each face's edges at x = 0."""
    a, b = v[half_edges(f)].transpose(1, 0, 2)
    length = np.linalg.norm(b - a, axis=1) * ((a[:, 0] == 0) & (b[:, 0] == 0))
    return np.asarray(length.reshape(-1, 3).sum(axis=1))


def ring(distance: Floats, area: Floats) -> float | None:
    """How far a limb reaches from its tip; None when it does not widen behind any ring.

    With A(d) the area within distance d and L(d) = A'(d) the length of the ring there, the end is where L / A is least,
    among the d from which on the rings become longer by the factor `WIDER`.

    Args:
        distance: `(F,)` metres of each face from the tip.
        area: `(F,)` square metres.
    """
    order = np.argsort(distance)
    d, total = distance[order], np.cumsum(area[order])

    def within(x: Floats) -> Floats:
        return np.interp(x, d, total, left=0.0)

    low, high = np.interp([SMALLEST * total[-1], LARGEST * total[-1]], total, d)
    # Nothing is said of rings that are only a few triangles away.
    grain = float(np.sqrt(2.0 * area.mean()))
    if high <= 3.0 * grain:
        return None
    at = np.geomspace(max(low, 3.0 * grain), high, 120)
    length = (within(1.04 * at) - within(0.92 * at)) / (0.12 * at)
    before = (within(0.97 * at) - within(0.72 * at)) / (0.25 * at)
    behind = (within(1.35 * at) - within(1.06 * at)) / (0.29 * at)
    inside = within(at)
    good = (behind > WIDER * before) & (inside > 0.4 * before**2) & (at < 0.75 * d[-1])
    if not good.any():
        return None
    end = int(np.where(good, length / inside, np.inf).argmin())
    # Back to where the rings begin to widen: what comes after is the trunk's already.
    near = np.flatnonzero(at[: end + 1] >= 0.6 * at[end])
    return float(at[near[np.flatnonzero(length[near] <= 1.15 * length[near].min())[-1]]])


@dataclass(frozen=True)
class Parts:
    """Parts found: labels `(F,)` 1..P, P names, and the mirrored part of each `(P + 1,)`."""

    label: Ints
    names: tuple[str, ...]
    mirror: Ints


def parts(vertices: Floats, faces: Ints, left: Bools | None, image: Ints | None) -> Parts:
    """Trunk and limbs of a mesh.

    Args:
        vertices: `(V, 3)` metres, y up, front +z, left +x.
        faces: `(F, 3)` one piece.
        left: `(F,)` the left half of a symmetric mesh, else None.
        image: `(F,)` for right faces the left face that each mirrors, else None.
    """
    found = limbs(vertices, faces, left)
    core = np.zeros(len(faces), dtype=np.int64)
    for number, limb in enumerate(found, start=1):
        core[limb.faces] = number  # limbs on limbs come later and take theirs
    if left is not None and image is not None:
        core[left] = absorb_islands(faces[left], core[left])
        sided = np.array([False, *(not limb.middle for limb in found)])
        count = len(found) + 1
        right = np.where(sided, np.cumsum(sided) + count - 1, np.arange(count))
        core[~left] = right[core[image[~left]]]
    else:
        core = absorb_islands(faces, core)
        sided = np.zeros(len(found) + 1, dtype=bool)
    return _named(core, found, sided)


def _named(core: Ints, found: list[Limb], sided: Bools) -> Parts:
    """Numbers 1..P for what is there, the trunk first, left before right, and names."""
    trunk = "Trunk" if found else "Body"
    count = len(found) + 1
    twin = {k: count + int(np.cumsum(sided)[k]) - 1 for k in range(count) if sided[k]}
    order = [x for k in range(count) for x in ((k, twin[k]) if k in twin else (k,)) if (core == x).any()]
    number = {x: n for n, x in enumerate(order, start=1)}
    rank = {k: n for n, k in enumerate((k for k in range(1, count) if k in number), start=1)}
    names, mirror = [], [0]
    for x in order:
        own = next((k for k, t in twin.items() if t == x), x)
        base = trunk if own == 0 else f"Limb {rank[own]}"
        side = "" if own not in twin else "Left " if x == own else "Right "
        names.append(side + base)
        other = twin.get(x, own if x != own else x)
        mirror.append(number.get(other, number[x]))
    lookup = np.zeros(int(core.max()) + 1, dtype=np.int64)
    for x, n in number.items():
        lookup[x] = n
    return Parts(lookup[core], tuple(names), np.array(mirror))
