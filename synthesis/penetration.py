"""How deep a posed body passes through itself: exactly inside or outside of the posed mesh, in about a millisecond.

A limb is looked for in the rest of the body, which is closed by a lid where the limb was cut off. Winding numbers of a
closed mesh are whole: a ray from the point to infinity counts the faces that it leaves through less those that it
enters through (Shimrat, "Position of point relative to polygon", CACM 1962, in space). All points of all limbs are
sorted into one grid across the rays, and every face looks at the points in its cells once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import NDArray

from surface.rig import joints

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_CELLS = 128
# Of the hundreds of vertices of a fingertip one per cell of this size (metres) is looked at.
_SPACING = 0.018
# What is looked for, in what remains of the body without a limb: parts of the limb, and the share of the first bone
# next to the cut that is left alone, because flesh meets there.
_SEARCHES: tuple[tuple[tuple[str, ...], tuple[str, ...], str, float], ...] = (
    (("upper arm", "lower arm", "hand"), ("upper arm", "lower arm", "hand"), "shoulder elbow", 0.55),
    (("lower arm", "hand"), ("lower arm", "hand"), "elbow wrist", 0.6),
    (("upper leg", "lower leg", "foot"), ("upper leg", "lower leg", "foot"), "hip knee", 0.6),
    (("lower leg", "foot"), ("lower leg", "foot"), "knee ankle", 0.6),
)


@dataclass(frozen=True)
class _Plan:
    """What is looked for in a body.

    Attributes:
        vertex: (N,) vertices that must not lie inside.
        search: (N,) which search each belongs to.
        faces: (F+L,3) faces of the body, and the lids.
        skip: (F+L,) bits of the searches in which a face is not there.
        first, around: faces at each vertex, as rows of a sparse matrix.
    """

    vertex: Ints
    search: Ints
    faces: Ints
    skip: Ints
    first: Ints
    around: Ints


_plans: WeakKeyDictionary[Body, _Plan] = WeakKeyDictionary()


def penetration(body: Body, vertices: Floats, enough: float = np.inf) -> float:
    """How deep (metres) a limb lies inside the rest of the body; zero where nothing does.

    Args:
        body: the body.
        vertices: (V,3) metres, posed.
        enough: stop at the first point that is this deep.
    """
    if body not in _plans:
        _plans[body] = _plan(body)
    plan = _plans[body]
    points = np.ascontiguousarray(vertices, dtype=np.float64)
    inside = _inside(points, plan.vertex, plan.search, plan.faces, plan.skip, _CELLS)
    if not inside.any():
        return 0.0
    rows = np.flatnonzero(inside)
    return float(
        _deepest(points, plan.vertex[rows], plan.search[rows], plan.faces, plan.skip, plan.first, plan.around, enough)
    )


def _plan(body: Body) -> _Plan:
    rig = body.rig
    assert rig is not None
    names, at = rig.joint_names, joints(rig)
    parts = {name.lower(): p + 1 for p, name in enumerate(body.part_names)}
    faces, skip = [body.faces.astype(np.int64)], [np.zeros(len(body.faces), np.int64)]
    vertex: list[Ints] = []
    search: list[Ints] = []
    for side in ("left", "right"):
        for own, tips, bone, free in _SEARCHES:
            k = len(vertex)
            mine = np.isin(body.face_part, [p for n, p in parts.items() if side in n and any(w in n for w in own)])
            tip = np.isin(body.face_part, [p for n, p in parts.items() if side in n and any(w in n for w in tips)])
            skip[0][mine] |= 1 << k
            lid = _lid(body.faces[~mine].astype(np.int64))
            faces.append(lid)
            skip.append(np.full(len(lid), ~(1 << k), np.int64))
            start, end = (at[names.index(f"{side}_{joint}")] for joint in bone.split())
            rows = np.unique(body.faces[tip])
            along = (body.vertices[rows] - start) @ (end - start) / ((end - start) @ (end - start))
            rows = rows[along > free]
            cell = np.floor(body.vertices[rows] / _SPACING).astype(np.int64)
            vertex.append(rows[np.unique(cell, axis=0, return_index=True)[1]])
            search.append(np.full(len(vertex[-1]), k))
    order = np.argsort(body.faces.reshape(-1), kind="stable")
    first = np.searchsorted(body.faces.reshape(-1)[order], np.arange(len(body.vertices) + 1))
    return _Plan(
        np.concatenate(vertex).astype(np.int64),
        np.concatenate(search).astype(np.int64),
        np.concatenate(faces),
        np.concatenate(skip),
        first.astype(np.int64),
        order // 3,
    )


def _lid(faces: Ints) -> Ints:
    """Triangles (L,3) that close every hole of a mesh, as fans."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    keys, turned = (a * (edges.max() + 1) + b for a, b in (edges.T, edges.T[::-1]))
    border = edges[~np.isin(keys, turned)]
    after = {int(b): int(a) for a, b in border}  # a lid runs along the border the other way
    out = []
    while after:
        start, at = after.popitem()
        while at != start and at in after:
            onward = after.pop(at)
            if onward != start:
                out.append((start, at, onward))
            at = onward
    return np.array(out, dtype=np.int64).reshape(-1, 3)


@njit(cache=True, nogil=True, error_model="numpy", **_INNER)
def _left(v: Any, a: int, b: int, y: float, z: float) -> bool:
    """Whether (y, z) lies left of the edge from a to b; the same for both faces at an edge, whatever the rounding."""
    if a > b:
        return not _left_of(v, b, a, y, z)
    return _left_of(v, a, b, y, z)


@njit(cache=True, nogil=True, inline="always")
def _left_of(v: Any, a: int, b: int, y: float, z: float) -> bool:
    return (v[b, 1] - v[a, 1]) * (z - v[a, 2]) - (v[b, 2] - v[a, 2]) * (y - v[a, 1]) >= 0


@njit(cache=True, nogil=True, error_model="numpy")
def _inside(v: Any, vertex: Any, search: Any, faces: Any, skip: Any, cells: int) -> Any:
    """Whether points (N,) lie inside what their search looks at; rays run along +x."""
    n = len(vertex)
    low, high = np.empty(2), np.empty(2)
    for c in range(2):
        low[c], high[c] = np.inf, -np.inf
    for i in range(n):
        for c in range(2):
            low[c] = min(low[c], v[vertex[i], c + 1])
            high[c] = max(high[c], v[vertex[i], c + 1])
    scale = cells / (max(high[0] - low[0], high[1] - low[1]) * 1.0001 + 1e-9)
    start, cell = np.zeros(cells * cells + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        row, column = int((v[vertex[i], 1] - low[0]) * scale), int((v[vertex[i], 2] - low[1]) * scale)
        cell[i] = row * cells + column
        start[cell[i] + 1] += 1
    for k in range(cells * cells):
        start[k + 1] += start[k]
    member, fill = np.empty(n, np.int64), np.zeros(cells * cells, np.int64)
    for i in range(n):
        member[start[cell[i]] + fill[cell[i]]] = i
        fill[cell[i]] += 1
    winding, inside = np.zeros(n, np.int64), np.empty(n, np.bool_)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        y0, y1 = min(v[a, 1], v[b, 1], v[c, 1]), max(v[a, 1], v[b, 1], v[c, 1])
        z0, z1 = min(v[a, 2], v[b, 2], v[c, 2]), max(v[a, 2], v[b, 2], v[c, 2])
        if y1 < low[0] or y0 > high[0] or z1 < low[1] or z0 > high[1]:
            continue
        x1 = max(v[a, 0], v[b, 0], v[c, 0])
        r0, r1 = max(int((y0 - low[0]) * scale), 0), min(int((y1 - low[0]) * scale), cells - 1)
        c0, c1 = max(int((z0 - low[1]) * scale), 0), min(int((z1 - low[1]) * scale), cells - 1)
        for row in range(r0, r1 + 1):
            for m in range(start[row * cells + c0], start[row * cells + c1 + 1]):
                i = member[m]
                p = vertex[i]
                if v[p, 0] > x1 or (skip[f] >> search[i]) & 1:
                    continue
                # Off by a hair, or the rays of a symmetric body would meet its vertices.
                y, z = v[p, 1] + 3.1e-8, v[p, 2] + 1.7e-8
                one = _left(v, a, b, y, z)
                if one != _left(v, b, c, y, z) or one != _left(v, c, a, y, z):
                    continue
                if _behind(v, a, b, c, p) > 0:
                    winding[i] += 1 if one else -1
    for i in range(n):
        inside[i] = winding[i] > 0
    return inside


@njit(cache=True, nogil=True, error_model="numpy", **_INNER)
def _behind(v: Any, a: int, b: int, c: int, p: int) -> float:
    """How far along +x of vertex p the plane of a triangle lies."""
    uy, uz, wy, wz = v[b, 1] - v[a, 1], v[b, 2] - v[a, 2], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
    det = uy * wz - uz * wy
    if det == 0.0:
        return max(v[a, 0], max(v[b, 0], v[c, 0])) - v[p, 0]
    s = ((v[p, 1] - v[a, 1]) * wz - (v[p, 2] - v[a, 2]) * wy) / det
    t = (uy * (v[p, 2] - v[a, 2]) - uz * (v[p, 1] - v[a, 1])) / det
    return v[a, 0] + s * (v[b, 0] - v[a, 0]) + t * (v[c, 0] - v[a, 0]) - v[p, 0]


@njit(cache=True, nogil=True, error_model="numpy")
def _deepest(
    v: Any, vertex: Any, search: Any, faces: Any, skip: Any, first: Any, around: Any, enough: float
) -> float:  # fmt: skip
    """The greatest distance of points (N,) from the surface that they lie in: to the faces at the nearest vertex."""
    deepest, last = 0.0, -1
    there = np.zeros(len(v), np.bool_)
    for i in range(len(vertex)):
        p = vertex[i]
        if search[i] != last:
            last = search[i]
            for q in range(len(v)):
                there[q] = False
            for f in range(len(faces)):
                if not (skip[f] >> last) & 1:
                    for k in range(3):
                        there[faces[f, k]] = True
        best, near = np.inf, -1
        for q in range(len(v)):
            if there[q]:
                d = (v[q, 0] - v[p, 0]) ** 2 + (v[q, 1] - v[p, 1]) ** 2 + (v[q, 2] - v[p, 2]) ** 2
                if d < best:
                    best, near = d, q
        if best <= deepest * deepest:
            continue
        for k in range(first[near], first[near + 1]):
            f = around[k]
            if not (skip[f] >> last) & 1:
                best = min(best, _to_triangle(v, p, faces[f, 0], faces[f, 1], faces[f, 2]))
        deepest = max(deepest, np.sqrt(best))
        if deepest >= enough:
            break
    return deepest


@njit(cache=True, nogil=True, error_model="numpy", **_INNER)
def _to_triangle(v: Any, p: int, a: int, b: int, c: int) -> float:
    """The squared distance of a vertex from a triangle's plane where its foot lies inside, else infinite."""
    ex, ey, ez = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
    gx, gy, gz = v[c, 0] - v[a, 0], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
    dx, dy, dz = v[p, 0] - v[a, 0], v[p, 1] - v[a, 1], v[p, 2] - v[a, 2]
    nx, ny, nz = ey * gz - ez * gy, ez * gx - ex * gz, ex * gy - ey * gx
    size = nx * nx + ny * ny + nz * nz
    if size == 0.0:
        return np.inf
    s = ((dy * gz - dz * gy) * nx + (dz * gx - dx * gz) * ny + (dx * gy - dy * gx) * nz) / size
    t = ((ey * dz - ez * dy) * nx + (ez * dx - ex * dz) * ny + (ex * dy - ey * dx) * nz) / size
    if s < 0 or t < 0 or s + t > 1:
        return np.inf
    return (dx * nx + dy * ny + dz * nz) ** 2 / size
