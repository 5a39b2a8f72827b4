"""The one renderer: a z-buffer compiled with numba, for part views, renders and truth.

It gives the front-most triangle and its barycentrics per pixel (``rasterize``) or at continuous positions (``cast``).
Edge functions (Pineda, "A Parallel Algorithm for Polygon Rasterization", SIGGRAPH 1988) are evaluated in the same
order of vertices from both sides of an edge, and a pixel centre on an edge belongs to its top-left triangle: a closed
mesh has no crack and no pixel drawn twice. Pixel (0,0) covers [0,1)x[0,1), its centre is (.5,.5), y goes down.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# Triangles reaching nearer than this to a perspective camera's plane are cut there (metres).
NEAR = 1e-3


def rasterize(
    xy: ArrayLike, depth: ArrayLike, faces: ArrayLike, height: int, width: int, perspective: bool = False
) -> tuple[Ints, NDArray[np.float32], Floats]:
    """The front-most triangle at every pixel centre.

    Args:
        xy: (V,2) pixels. In a perspective image X/Z and Y/Z also for vertices behind the camera.
        depth: (V,) distance along the viewing direction; the smallest is in front.
        faces: (F,3) vertex indices, of either orientation.
        height: rows of the image.
        width: columns of the image.
        perspective: barycentrics and depth are then of the triangle in space, not of its image, and what lies
            nearer than ``NEAR`` is cut.

    Returns:
        face (H,W), -1 where there is none; bary (H,W,3), zero where there is none; depth (H,W), infinite there.

    Raises:
        ValueError: shapes do not fit, or the image is empty.
    """
    p, z, f = _mesh(xy, depth, faces)
    if height < 1 or width < 1:
        raise ValueError(f"an image of {width} x {height} pixels has no pixel")
    face = np.full((height, width), -1, np.int32)
    front = np.full((height, width), np.inf)
    bary = np.zeros((height, width, 3), np.float32)
    _fill(p, z, f, perspective, face, front)
    _weigh(p, z, f, perspective, face, bary)
    if perspective:
        front = np.where(face >= 0, -1.0 / front, np.inf)
    return face, bary, front


def front_most(
    xy: ArrayLike, depth: ArrayLike, faces: ArrayLike, height: int, width: int, perspective: bool = False
) -> tuple[Ints, Floats]:
    """What ``rasterize`` gives, without barycentrics: face (H,W), depth (H,W).

    Raises:
        ValueError: as ``rasterize``.
    """
    p, z, f = _mesh(xy, depth, faces)
    if height < 1 or width < 1:
        raise ValueError(f"an image of {width} x {height} pixels has no pixel")
    face = np.full((height, width), -1, np.int32)
    front = np.full((height, width), np.inf)
    _fill(p, z, f, perspective, face, front)
    if perspective:
        np.divide(-1.0, front, out=front, where=face >= 0)
    return face, front


def cast(xy: ArrayLike, depth: ArrayLike, faces: ArrayLike, x: ArrayLike, y: ArrayLike) -> tuple[Ints, Floats, Floats]:
    """The front-most triangle at continuous positions of an orthographic image; edges belong to both sides.

    Args:
        xy: (V,2) pixels.
        depth: (V,); the smallest is in front.
        faces: (F,3).
        x: (N,) pixels.
        y: (N,) pixels.

    Returns:
        face (N,), -1 where there is none; bary (N,3); depth (N,), infinite where there is none.

    Raises:
        ValueError: shapes do not fit, or a position is not finite.
    """
    p, z, f = _mesh(xy, depth, faces)
    at = np.stack(np.broadcast_arrays(np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))), axis=1)
    if not np.isfinite(at).all():
        raise ValueError(f"position {int(np.argmin(np.isfinite(at).all(axis=1)))} is not finite")
    face, bary = np.full(len(at), -1, np.int32), np.zeros((len(at), 3))
    front = np.full(len(at), np.inf)
    if len(at):
        _cast(p, z, f, np.ascontiguousarray(at), face, bary, front)
    return face, bary, front


def _mesh(xy: ArrayLike, depth: ArrayLike, faces: ArrayLike) -> tuple[Floats, Floats, Ints]:
    p = np.ascontiguousarray(xy, dtype=np.float64)
    z = np.ascontiguousarray(depth, dtype=np.float64)
    f = np.ascontiguousarray(faces, dtype=np.int32)
    if p.ndim != 2 or p.shape[1] != 2 or z.shape != (len(p),) or f.ndim != 2 or f.shape[1] != 3:
        raise ValueError(f"xy {p.shape}, depth {z.shape}, faces {f.shape} do not fit (V,2), (V,), (F,3)")
    if f.size and f.view(np.uint32).max() >= len(p):  # a negative index is a very large one
        raise ValueError(f"faces must index the {len(p)} vertices")
    return p, z, f


@njit(cache=True, error_model="numpy", **_INNER)
def _edge(p: Any, i: int, j: int, x: float, y: float) -> float:
    """Twice the signed area of (p[i], p[j], (x, y)): exactly the negative of the same with i and j exchanged."""
    if i < j:
        return (p[j, 0] - p[i, 0]) * (y - p[i, 1]) - (p[j, 1] - p[i, 1]) * (x - p[i, 0])
    return -((p[i, 0] - p[j, 0]) * (y - p[j, 1]) - (p[i, 1] - p[j, 1]) * (x - p[j, 0]))


@njit(cache=True, error_model="numpy", **_INNER)
def _top_left(p: Any, i: int, j: int) -> bool:
    """Whether the edge i to j of a triangle of positive area is a left one, or a horizontal top one."""
    dy = p[j, 1] - p[i, 1]
    return dy < 0.0 or (dy == 0.0 and p[j, 0] - p[i, 0] > 0.0)


@njit(cache=True, error_model="numpy")
def _fill(p: Any, z: Any, faces: Any, perspective: bool, face: Any, front: Any) -> None:
    height, width = face.shape
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if perspective and min(min(z[a], z[b]), z[c]) < NEAR:
            if max(max(z[a], z[b]), z[c]) >= NEAR:
                _fill_cut(p, z, f, a, b, c, face, front)
            continue
        xmin, xmax = min(min(p[a, 0], p[b, 0]), p[c, 0]), max(max(p[a, 0], p[b, 0]), p[c, 0])
        ymin, ymax = min(min(p[a, 1], p[b, 1]), p[c, 1]), max(max(p[a, 1], p[b, 1]), p[c, 1])
        # First and last pixel centre within the box; written so that NaN and infinity give no pixel.
        if not (xmax >= 0.5 and ymax >= 0.5 and xmin <= width - 0.5 and ymin <= height - 0.5):
            continue
        x0, x1 = int(np.ceil(max(xmin, 0.5) - 0.5)), int(np.floor(min(xmax, width - 0.5) - 0.5))
        y0, y1 = int(np.ceil(max(ymin, 0.5) - 0.5)), int(np.floor(min(ymax, height - 0.5) - 0.5))
        if x0 > x1 or y0 > y1:
            continue
        area = _edge(p, a, b, p[c, 0], p[c, 1])
        if area == 0.0 or not np.isfinite(area):
            continue
        if area < 0.0:
            b, c = c, b
        ax, ay, adx, ady = _setup(p, b, c)
        bx, by, bdx, bdy = _setup(p, c, a)
        cx, cy, cdx, cdy = _setup(p, a, b)
        # Depth is linear in the image; its inverse is, in perspective. Kept negative there: smallest is in front.
        za, zb, zc = z[a], z[b], z[c]
        if perspective:
            za, zb, zc = -1.0 / za, -1.0 / zb, -1.0 / zc
        inverse = 1.0 / abs(area)
        za, zb, zc = za * inverse, zb * inverse, zc * inverse
        for yy in range(y0, y1 + 1):
            y = yy + 0.5
            ra, rb, rc = adx * (y - ay), bdx * (y - by), cdx * (y - cy)
            for xx in range(x0, x1 + 1):
                x = xx + 0.5
                ea, eb, ec = ra - ady * (x - ax), rb - bdy * (x - bx), rc - cdy * (x - cx)
                if ea < 0.0 or eb < 0.0 or ec < 0.0:
                    continue
                if ea * eb * ec == 0.0 and (
                    (ea == 0.0 and not _top_left(p, b, c))
                    or (eb == 0.0 and not _top_left(p, c, a))
                    or (ec == 0.0 and not _top_left(p, a, b))
                ):
                    continue
                d = ea * za + eb * zb + ec * zc
                if d < front[yy, xx]:
                    front[yy, xx] = d
                    face[yy, xx] = f


@njit(cache=True, error_model="numpy", **_INNER)
def _setup(p: Any, i: int, j: int) -> Any:
    """Edge i to j as start and direction, such that ``_edge`` is dx (y-y0) - dy (x-x0)."""
    if i < j:
        return p[i, 0], p[i, 1], p[j, 0] - p[i, 0], p[j, 1] - p[i, 1]
    return p[j, 0], p[j, 1], -(p[i, 0] - p[j, 0]), -(p[i, 1] - p[j, 1])


@njit(cache=True, error_model="numpy", **_INNER)
def _homogeneous(p: Any, z: Any, a: int, b: int, c: int, x: float, y: float, out: Any) -> float:
    """Weights of the point of the plane of (a, b, c) seen at (x, y) into out; returns its depth.

    Two-dimensional homogeneous rasterisation (Olano and Greer, Graphics Hardware 1997): needs no clipped polygon.
    """
    ax, ay, bx, by = (p[a, 0] - x) * z[a], (p[a, 1] - y) * z[a], (p[b, 0] - x) * z[b], (p[b, 1] - y) * z[b]
    cx, cy = (p[c, 0] - x) * z[c], (p[c, 1] - y) * z[c]
    out[0], out[1], out[2] = bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx
    total = out[0] + out[1] + out[2]
    if total == 0.0:
        return -1.0
    for k in range(3):
        out[k] /= total
    return out[0] * z[a] + out[1] * z[b] + out[2] * z[c]


@njit(cache=True, error_model="numpy", **_INNER)
def _fill_cut(p: Any, z: Any, f: int, a: int, b: int, c: int, face: Any, front: Any) -> None:
    """A triangle through the camera's plane: rare, so every pixel is tried."""
    w = np.empty(3)
    for yy in range(face.shape[0]):
        for xx in range(face.shape[1]):
            d = _homogeneous(p, z, a, b, c, xx + 0.5, yy + 0.5, w)
            if d >= NEAR and min(min(w[0], w[1]), w[2]) >= 0.0 and -1.0 / d < front[yy, xx]:
                front[yy, xx] = -1.0 / d
                face[yy, xx] = f


@njit(cache=True, error_model="numpy")
def _weigh(p: Any, z: Any, faces: Any, perspective: bool, face: Any, bary: Any) -> None:
    w = np.empty(3)
    for yy in range(face.shape[0]):
        for xx in range(face.shape[1]):
            f = face[yy, xx]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            x, y = xx + 0.5, yy + 0.5
            if perspective:
                _homogeneous(p, z, a, b, c, x, y, w)
            else:
                w[0], w[1], w[2] = _edge(p, b, c, x, y), _edge(p, c, a, x, y), _edge(p, a, b, x, y)
                total = w[0] + w[1] + w[2]
                w[0], w[1], w[2] = w[0] / total, w[1] / total, w[2] / total
            for k in range(3):
                bary[yy, xx, k] = max(w[k], 0.0)


@njit(cache=True, error_model="numpy")
def _cast(p: Any, z: Any, faces: Any, at: Any, face: Any, bary: Any, front: Any) -> None:
    # Positions in a grid, so that a triangle meets only those near it; several cells for each, as they stand in clumps.
    count = len(at)
    grid = min(max(int(3.0 * np.sqrt(count)), 1), 512)
    left, top = at[:, 0].min(), at[:, 1].min()
    wide, high = max(at[:, 0].max() - left, 1e-9) / grid, max(at[:, 1].max() - top, 1e-9) / grid
    cell = np.empty(count, np.int64)
    start = np.zeros(grid * grid + 1, np.int64)
    for n in range(count):
        cx = min(int((at[n, 0] - left) / wide), grid - 1)
        cell[n] = min(int((at[n, 1] - top) / high), grid - 1) * grid + cx
        start[cell[n] + 1] += 1
    start = np.cumsum(start)
    order, filled = np.empty(count, np.int64), start[:-1].copy()
    for n in range(count):
        order[filled[cell[n]]] = n
        filled[cell[n]] += 1
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x0, x1 = min(p[a, 0], p[b, 0], p[c, 0]) - left, max(p[a, 0], p[b, 0], p[c, 0]) - left
        y0, y1 = min(p[a, 1], p[b, 1], p[c, 1]) - top, max(p[a, 1], p[b, 1], p[c, 1]) - top
        if not (x1 >= 0.0 and y1 >= 0.0 and x0 <= wide * grid and y0 <= high * grid):
            continue
        left_cell, right_cell = int(max(x0 / wide, 0.0)), int(min(x1 / wide, grid - 1.0))
        for row in range(int(max(y0 / high, 0.0)), int(min(y1 / high, grid - 1.0)) + 1):
            for k in range(start[row * grid + min(left_cell, grid - 1)], start[row * grid + right_cell + 1]):
                n = order[k]
                x, y = at[n, 0], at[n, 1]
                ea, eb, ec = _edge(p, b, c, x, y), _edge(p, c, a, x, y), _edge(p, a, b, x, y)
                total = ea + eb + ec
                if total == 0.0:
                    continue
                ea, eb, ec = ea / total, eb / total, ec / total
                if ea < 0.0 or eb < 0.0 or ec < 0.0:
                    continue
                d = ea * z[a] + eb * z[b] + ec * z[c]
                if d < front[n]:
                    front[n] = d
                    face[n] = f
                    bary[n, 0], bary[n, 1], bary[n, 2] = ea, eb, ec
