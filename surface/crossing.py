"""Edges in the plane that cross or touch, triangles that lie on one another: by a grid, compiled with numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


TOUCH = 1e-12
"""Nearer than this, in widths of the drawing, edges touch; deeper than this, triangles overlap. Rounding is below."""


def crosses(rim: Floats) -> bool:
    """Whether a closed polygon `(N, 2)` crosses or touches itself: then it is no simple polygon."""
    here = np.arange(len(rim))
    edges = np.stack([here, np.roll(here, -1)], axis=1)
    return _crossings(np.ascontiguousarray(rim), edges, _width(rim), True) > 0


def crossings(points: Floats, edges: Ints) -> int:
    """Pairs of edges `(S, 2)`, numbers of points `(V, 2)`, that cross or touch.

    Edges that share a point count where one lies along the other. Different points in one place are different.
    """
    if not len(edges):
        return 0
    return int(_crossings(np.ascontiguousarray(points), np.ascontiguousarray(edges), _width(points[edges]), False))


def overlaps(uv: Floats) -> int:
    """Triangles `(F, 3, 2)` whose inside meets the inside of another one; those without area have none."""
    width = _width(uv) if len(uv) else 0.0
    return int(_overlaps(np.ascontiguousarray(uv), width)) if width > 0 else 0


def _width(points: Floats) -> float:
    flat = points.reshape(-1, 2)
    return float(np.ptp(flat, axis=0).max())


@njit(cache=True)
def _grid(low: Any, high: Any) -> Any:
    """Boxes `(N, 2)` sorted into about N cells: left and bottom, cells per unit, columns, rows, starts, items."""
    count = len(low)
    left, bottom = low[:, 0].min(), low[:, 1].min()
    wide, tall = max(high[:, 0].max() - left, 1e-300), max(high[:, 1].max() - bottom, 1e-300)
    # Cells as wide as the mean box: long ones are in many, but not in all.
    mean = max((high[:, 0] - low[:, 0]).mean(), (high[:, 1] - low[:, 1]).mean(), max(wide, tall) * 1e-9)
    most = int(2.0 * np.sqrt(count)) + 1
    columns, rows = min(int(wide / mean) + 1, most), min(int(tall / mean) + 1, most)
    cell = np.empty((count, 4), np.int64)
    for n in range(count):
        cell[n, 0] = min(int((low[n, 0] - left) / wide * columns), columns - 1)
        cell[n, 1] = min(int((high[n, 0] - left) / wide * columns), columns - 1)
        cell[n, 2] = min(int((low[n, 1] - bottom) / tall * rows), rows - 1)
        cell[n, 3] = min(int((high[n, 1] - bottom) / tall * rows), rows - 1)
    start = np.zeros(columns * rows + 1, np.int64)
    for n in range(count):
        for y in range(cell[n, 2], cell[n, 3] + 1):
            for x in range(cell[n, 0], cell[n, 1] + 1):
                start[y * columns + x + 1] += 1
    start = np.cumsum(start)
    item, filled = np.empty(start[-1], np.int64), start[:-1].copy()
    for n in range(count):
        for y in range(cell[n, 2], cell[n, 3] + 1):
            for x in range(cell[n, 0], cell[n, 1] + 1):
                item[filled[y * columns + x]] = n
                filled[y * columns + x] += 1
    return left, bottom, wide, tall, columns, rows, start, item, cell


@njit(cache=True)
def _side(p: Any, q: Any, r: Any) -> float:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


@njit(cache=True)
def _near(p: Any, q: Any, r: Any, reach: float) -> bool:
    """Whether r is within reach of the segment from p to q."""
    x, y = q[0] - p[0], q[1] - p[1]
    long = x * x + y * y
    t = 0.0
    if long > 0.0:
        t = min(max(((r[0] - p[0]) * x + (r[1] - p[1]) * y) / long, 0.0), 1.0)
    x, y = p[0] + t * x - r[0], p[1] + t * y - r[1]
    return x * x + y * y <= reach * reach


@njit(cache=True)
def _meet(points: Any, one: Any, two: Any, reach: float) -> bool:
    """Whether two edges cross or touch elsewhere than at a point that they share."""
    a, b, c, d = points[one[0]], points[one[1]], points[two[0]], points[two[1]]
    for m in range(2):
        for n in range(2):
            if one[m] == two[n]:
                p, q, r = points[one[m]], points[one[1 - m]], points[two[1 - n]]
                return _near(p, q, r, reach) or _near(p, r, q, reach)
    if _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0:
        return True
    return _near(a, b, c, reach) or _near(a, b, d, reach) or _near(c, d, a, reach) or _near(c, d, b, reach)


@njit(cache=True)
def _crossings(points: Any, edges: Any, width: float, any_will_do: bool) -> int:
    count, reach = len(edges), TOUCH * width
    low, high = np.empty((count, 2)), np.empty((count, 2))
    for n in range(count):
        for c in range(2):
            p, q = points[edges[n, 0], c], points[edges[n, 1], c]
            low[n, c], high[n, c] = min(p, q) - reach, max(p, q) + reach
    _, _, _, _, columns, _, begin, item, cell = _grid(low, high)
    found = 0
    for k in range(len(begin) - 1):
        for m in range(begin[k], begin[k + 1]):
            for n in range(m + 1, begin[k + 1]):
                i, j = item[m], item[n]
                if (
                    _first(cell, i, j, k, columns)
                    and _boxes(low, high, i, j)
                    and _meet(points, edges[i], edges[j], reach)
                ):
                    found += 1
                    if any_will_do:
                        return found
    return found


@njit(cache=True)
def _first(cell: Any, i: int, j: int, k: int, columns: int) -> bool:
    """Whether k is the first of the cells that two boxes share: there they are compared, and only there."""
    return bool(max(cell[i, 0], cell[j, 0]) == k % columns and max(cell[i, 2], cell[j, 2]) == k // columns)


@njit(cache=True)
def _boxes(low: Any, high: Any, i: int, j: int) -> bool:
    return bool(
        low[i, 0] <= high[j, 0] and low[j, 0] <= high[i, 0] and low[i, 1] <= high[j, 1] and low[j, 1] <= high[i, 1]
    )


@njit(cache=True)
def _apart(one: Any, two: Any, reach: float) -> bool:
    """Whether an edge of triangle one has triangle two outside, but for a strip as narrow as reach."""
    for k in range(3):
        p, q = one[k], one[(k + 1) % 3]
        strip = reach * np.sqrt((q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2)
        own = _side(p, q, one[(k + 2) % 3])
        if abs(own) <= strip:  # no area, no inside
            return True
        sign = 1.0 if own > 0 else -1.0
        if max(sign * _side(p, q, two[0]), sign * _side(p, q, two[1]), sign * _side(p, q, two[2])) <= strip:
            return True
    return False


@njit(cache=True)
def _overlaps(uv: Any, width: float) -> int:
    count, reach = len(uv), TOUCH * width
    low, high = np.empty((count, 2)), np.empty((count, 2))
    for f in range(count):
        for c in range(2):
            low[f, c], high[f, c] = uv[f, :, c].min(), uv[f, :, c].max()
    _, _, _, _, columns, _, begin, item, cell = _grid(low, high)
    over = np.zeros(count, np.bool_)
    for k in range(len(begin) - 1):
        for m in range(begin[k], begin[k + 1]):
            for n in range(m + 1, begin[k + 1]):
                i, j = item[m], item[n]
                if (over[i] and over[j]) or not _first(cell, i, j, k, columns) or not _boxes(low, high, i, j):
                    continue
                if not _apart(uv[i], uv[j], reach) and not _apart(uv[j], uv[i], reach):
                    over[i] = over[j] = True
    return int(over.sum())
