"""From I,U,V to the surface: a uniform grid of triangles over each chart's U,V square, compiled with numba.

A million points a second on one core; a point outside the chart's image falls to the nearest point of that image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A point this far outside a triangle (in barycentrics) still counts as inside: rounding, not geometry.
_INSIDE = -1e-11


@dataclass(frozen=True, eq=False)
class ChartLookup:
    """Cells of every chart, as one list of faces per cell (compressed rows).

    Attributes:
        size: cells per side of each chart's grid.
        start: (C*size*size+1,) row pointers.
        item: faces of each cell, every face whose U,V bounding box touches it.
        uv: (F,3,2) the corners.
    """

    size: int
    start: NDArray[np.int64]
    item: NDArray[np.int32]
    uv: Floats

    @classmethod
    def build(cls, face_chart: NDArray[np.uint8], face_uv: Floats, charts: int) -> ChartLookup:
        """Grids with about one cell per triangle."""
        per_chart = max(len(face_chart) / max(charts, 1), 1.0)
        size = int(np.clip(np.ceil(np.sqrt(2.0 * per_chart)), 4, 256))
        start, item = _fill(face_chart.astype(np.int64) - 1, face_uv, charts, size)
        return cls(size, start, item, face_uv)

    def find(self, i: NDArray[np.uint8], u: Floats, v: Floats) -> tuple[NDArray[np.int32], Floats]:
        """Faces (N,) and barycentrics (N,3) of I (N,) in 1..C, U (N,), V (N,); -1 and NaN for a chart without faces."""
        face, bary = np.empty(len(i), np.int32), np.empty((len(i), 3))
        _find(self.size, self.start, self.item, self.uv, i.astype(np.int64) - 1, u, v, face, bary)
        if len(face) and face.min() < 0:
            raise ValueError(f"chart {int(i[int(np.argmin(face))])} has no triangles")
        return face, bary


@njit(cache=True)
def _cell(x: float, size: int) -> int:
    return min(max(int(np.floor(x * size)), 0), size - 1)


@njit(cache=True)
def _fill(chart: Any, uv: Any, charts: int, size: int) -> Any:
    start = np.zeros(charts * size * size + 1, np.int64)
    item = np.zeros(0, np.int32)
    for stage in range(2):  # count, then write
        if stage == 1:
            start[1:] = np.cumsum(start[1:])
            item = np.empty(start[-1], np.int32)
            filled = start[:-1].copy()
        for f in range(len(chart)):
            x0, x1 = _cell(uv[f, :, 0].min(), size), _cell(uv[f, :, 0].max(), size)
            y0, y1 = _cell(uv[f, :, 1].min(), size), _cell(uv[f, :, 1].max(), size)
            for y in range(y0, y1 + 1):
                for x in range(x0, x1 + 1):
                    cell = (chart[f] * size + y) * size + x
                    if stage == 0:
                        start[cell + 1] += 1
                    else:
                        item[filled[cell]] = f
                        filled[cell] += 1
    return start, item


@njit(cache=True)
def _solve(uv: Any, f: int, u: float, v: float, out: Any) -> float:
    """Barycentrics of (u, v) in face f into out; returns the smallest, -inf for a degenerate triangle."""
    ax, ay, bx, by = uv[f, 0, 0] - u, uv[f, 0, 1] - v, uv[f, 1, 0] - u, uv[f, 1, 1] - v
    cx, cy = uv[f, 2, 0] - u, uv[f, 2, 1] - v
    a, b, c = bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx
    total = a + b + c
    if total == 0.0:
        return -np.inf
    out[0], out[1], out[2] = a / total, b / total, c / total
    return min(out[0], out[1], out[2])


@njit(cache=True)
def _closest(uv: Any, f: int, u: float, v: float, out: Any) -> float:
    """Barycentrics of the boundary point of face f nearest to (u, v) into out; returns the squared distance."""
    best = np.inf
    for k in range(3):
        n = (k + 1) % 3
        ex, ey = uv[f, n, 0] - uv[f, k, 0], uv[f, n, 1] - uv[f, k, 1]
        px, py = u - uv[f, k, 0], v - uv[f, k, 1]
        length = ex * ex + ey * ey
        t = min(max((px * ex + py * ey) / length, 0.0), 1.0) if length > 0 else 0.0
        d = (px - t * ex) ** 2 + (py - t * ey) ** 2
        if d < best:
            best = d
            out[k], out[n], out[(k + 2) % 3] = 1.0 - t, t, 0.0
    return best


@njit(cache=True)
def _find(size: int, start: Any, item: Any, uv: Any, chart: Any, us: Any, vs: Any, face: Any, bary: Any) -> None:
    b = np.empty(3)
    for n in range(len(chart)):
        u, v = us[n], vs[n]
        # Grids cover the unit square; the square's nearest point has the same nearest triangle cells.
        x, y = _cell(u, size), _cell(v, size)
        cell = (chart[n] * size + y) * size + x
        best = -np.inf
        face[n] = -1
        bary[n] = np.nan
        for k in range(start[cell], start[cell + 1]):
            low = _solve(uv, item[k], u, v, b)
            if low > best:
                best = low
                face[n] = item[k]
                bary[n] = b
        if best >= _INSIDE:
            total = 0.0
            for k in range(3):
                bary[n, k] = max(bary[n, k], 0.0)
                total += bary[n, k]
            bary[n] /= total
            continue
        # Outside: rings of cells around it, until no nearer triangle can follow.
        nearest = np.inf
        face[n] = -1
        for ring in range(size + 1):
            if nearest <= (max(ring - 1, 0) / size) ** 2:
                break
            for yy in range(max(y - ring, 0), min(y + ring, size - 1) + 1):
                step = 1 if abs(yy - y) == ring else 2 * ring
                for xx in range(x - ring, x + ring + 1, max(step, 1)):
                    if xx < 0 or xx >= size:
                        continue
                    cell = (chart[n] * size + yy) * size + xx
                    for k in range(start[cell], start[cell + 1]):
                        d = _closest(uv, item[k], u, v, b)
                        if d < nearest:
                            nearest = d
                            face[n] = item[k]
                            bary[n] = b
