"""The vertex of a chart that is nearest in U,V: exactly the one that a full search finds, by a grid over each chart."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PER_CELL = 1.0
_SAME_ROOT = 1.0 + 1e-15  # times a square, it is not less than any that has the same root
_BYTES = 256


class ChartVertices:
    """N vertices with a chart and U,V each. Several may share a place; then the first one is the nearest.

    Attributes:
        charts: the number of charts.
    """

    def __init__(self, charts: int, start: Ints, item: NDArray[np.int32], uv: Floats, grid: Floats, size: Ints) -> None:
        self.charts = charts
        self._grid = (start, item, uv, grid, size)
        self._of_bytes = np.full((charts + 1, _BYTES, _BYTES), -1, np.int32)

    @classmethod
    def build(cls, chart: NDArray[Any], U: Floats, V: Floats, charts: int) -> Self:
        """Grids over chart (N,) in 1..charts, U (N,), V (N,).

        Raises:
            ValueError: a chart is empty or unknown, or U or V is not finite.
        """
        chart, uv = np.asarray(chart).astype(np.int64), np.stack([U, V], axis=1).astype(np.float64)
        if not np.isfinite(uv).all():
            raise ValueError(f"vertex {int(np.argwhere(~np.isfinite(uv))[0, 0])}: U and V must be finite")
        if len(chart) and not 1 <= chart.min() <= chart.max() <= charts:
            raise ValueError(f"charts must be in 1..{charts}, not {chart.min()}..{chart.max()}")
        count = np.bincount(chart, minlength=charts + 1)
        if (count[1:] == 0).any():
            raise ValueError(f"chart {int(np.flatnonzero(count[1:] == 0)[0]) + 1} has no vertices")
        size = np.maximum(1, np.sqrt(count / _PER_CELL).astype(np.int64))
        size[0] = 0
        grid = np.zeros((charts + 1, 4))
        for k in range(1, charts + 1):
            own = uv[chart == k]
            grid[k, :2] = own.min(axis=0)
            extent = own.max(axis=0) - own.min(axis=0)
            grid[k, 2:] = np.divide(size[k], extent, out=np.zeros(2), where=extent > 0)
        first = np.concatenate([[0], np.cumsum(size**2)])
        column, row = (_cells(uv[:, a], grid[chart, a], grid[chart, 2 + a], size[chart]) for a in (0, 1))
        cell = first[chart] + row * size[chart] + column
        order = np.argsort(cell, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=int(first[-1])))]).astype(np.int64)
        return cls(charts, start, order.astype(np.int32), uv[order], grid, np.stack([first[:-1], size], axis=1))

    def find(self, chart: NDArray[Any], U: Floats, V: Floats) -> NDArray[np.int32]:
        """Rows (M,) of the vertices nearest to U (M,), V (M,) in chart (M,): the first of those equally near."""
        out = np.empty(len(chart), np.int32)
        _find(np.asarray(chart).astype(np.int64), U, V, *self._grid, out)
        return out

    def find_bytes(self, chart: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The same for U and V of a byte each, that stand for U / 255. What was found once is kept."""
        out = np.empty(len(chart), np.int32)
        _find_bytes(chart, U, V, self._of_bytes, *self._grid, out)
        return out


def _cells(x: Floats, low: Floats, scale: Floats, size: Ints) -> Ints:
    return np.clip(((x - low) * scale).astype(np.int64), 0, size - 1)


@njit(cache=True)
def _cell(x: float, low: float, scale: float, size: int) -> int:
    at = (x - low) * scale
    if at <= 0.0:
        return 0
    return size - 1 if at >= size else int(at)


@njit(cache=True)
def _nearest(k: Any, u: float, v: float, start: Any, item: Any, uv: Any, grid: Any, sizes: Any) -> int:
    first, size = sizes[k, 0], sizes[k, 1]
    column, row = _cell(u, grid[k, 0], grid[k, 2], size), _cell(v, grid[k, 1], grid[k, 3], size)
    # The cell and its neighbours, and more of them until none that is nearer can lie outside.
    ring = 1
    while True:
        top, bottom = max(row - ring, 0), min(row + ring, size - 1)
        left, right = max(column - ring, 0), min(column + ring, size - 1)
        least = np.inf
        for r in range(top, bottom + 1):
            # The cells of a row are neighbours in memory.
            for n in range(start[first + r * size + left], start[first + r * size + right + 1]):
                du, dv = uv[n, 0] - u, uv[n, 1] - v
                least = min(least, du * du + dv * dv)
        nearest = np.sqrt(least)
        outside = min(
            _outside(u, grid[k, 0], grid[k, 2], left, right, size),
            _outside(v, grid[k, 1], grid[k, 3], top, bottom, size),
        )
        if nearest < outside or ring >= size:
            break
        ring *= 2
    chosen = -1
    for r in range(top, bottom + 1):
        for n in range(start[first + r * size + left], start[first + r * size + right + 1]):
            du, dv = uv[n, 0] - u, uv[n, 1] - v
            squared = du * du + dv * dv
            # Distances, not squares, decide: two different squares may have the same root.
            if squared <= least * _SAME_ROOT and np.sqrt(squared) == nearest and (chosen < 0 or item[n] < chosen):
                chosen = item[n]
    return chosen


@njit(cache=True)
def _outside(x: float, low: float, scale: float, first: int, last: int, size: int) -> float:
    """How far from x vertices of cells outside of first..last are at least, along one axis."""
    if scale == 0.0:
        return np.inf
    at, cells = (x - low) * scale, np.inf
    if first > 0:
        cells = at - first
    if last < size - 1:
        cells = min(cells, last + 1 - at)
    # Less a little, so that rounding never hides one that is equally near.
    return cells / scale * 0.999999


@njit(cache=True)
def _find(chart: Any, U: Any, V: Any, start: Any, item: Any, uv: Any, grid: Any, sizes: Any, out: Any) -> None:
    for n in range(len(chart)):
        out[n] = _nearest(chart[n], U[n], V[n], start, item, uv, grid, sizes)


@njit(cache=True)
def _find_bytes(
    chart: Any, U: Any, V: Any, known: Any, start: Any, item: Any, uv: Any, grid: Any, sizes: Any, out: Any
) -> None:
    for n in range(len(chart)):
        k, u, v = np.int64(chart[n]), np.int64(U[n]), np.int64(V[n])
        if known[k, u, v] < 0:
            known[k, u, v] = _nearest(k, u / 255.0, v / 255.0, start, item, uv, grid, sizes)
        out[n] = known[k, u, v]
