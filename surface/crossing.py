"""Segments of the plane that cross, and triangles that lie on one another: sorted into a grid, compiled with numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def crosses(rim: Floats) -> bool:
    """Whether a closed polygon `(N, 2)` properly crosses itself."""
    return _crossings(rim, np.roll(rim, -1, axis=0), True) > 0


def crossings(start: Floats, end: Floats) -> int:
    """Pairs of segments `(S, 2)` to `(S, 2)` that properly cross; sharing an end is no crossing."""
    return int(_crossings(np.ascontiguousarray(start), np.ascontiguousarray(end), False))


def overlaps(uv: Floats) -> int:
    """Triangles `(F, 3, 2)` whose centre lies inside the image of another one."""
    return int(_overlaps(np.ascontiguousarray(uv)))


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
def _crossings(start: Any, end: Any, any_will_do: bool) -> int:
    low, high = np.minimum(start, end), np.maximum(start, end)
    _, _, _, _, columns, _, begin, item, cell = _grid(low, high)
    found = 0
    for c in range(len(begin) - 1):
        x, y = c % columns, c // columns
        for k in range(begin[c], begin[c + 1]):
            i = item[k]
            for m in range(k + 1, begin[c + 1]):
                j = item[m]
                # Two boxes that share several cells are compared in the first of them.
                if max(cell[i, 0], cell[j, 0]) != x or max(cell[i, 2], cell[j, 2]) != y:
                    continue
                if low[i, 0] > high[j, 0] or low[j, 0] > high[i, 0] or low[i, 1] > high[j, 1] or low[j, 1] > high[i, 1]:
                    continue
                if (
                    _side(start[i], end[i], start[j]) * _side(start[i], end[i], end[j]) < 0
                    and _side(start[j], end[j], start[i]) * _side(start[j], end[j], end[i]) < 0
                ):
                    found += 1
                    if any_will_do:
                        return found
    return found


@njit(cache=True)
def _overlaps(uv: Any) -> int:
    count = len(uv)
    low, high, centre = np.empty((count, 2)), np.empty((count, 2)), np.empty((count, 2))
    for f in range(count):
        for c in range(2):
            low[f, c], high[f, c] = uv[f, :, c].min(), uv[f, :, c].max()
            centre[f, c] = uv[f, :, c].mean()
    left, bottom, wide, tall, columns, rows, begin, item, _ = _grid(low, high)
    found = 0
    for f in range(count):
        x = min(int((centre[f, 0] - left) / wide * columns), columns - 1)
        y = min(int((centre[f, 1] - bottom) / tall * rows), rows - 1)
        for k in range(begin[y * columns + x], begin[y * columns + x + 1]):
            g = item[k]
            if g == f:
                continue
            first = _side(uv[g, 0], uv[g, 1], centre[f])
            second = _side(uv[g, 1], uv[g, 2], centre[f])
            third = _side(uv[g, 2], uv[g, 0], centre[f])
            if min(first, second, third) > 0 or max(first, second, third) < 0:
                found += 1
                break
    return found
