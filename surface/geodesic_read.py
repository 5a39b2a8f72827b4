"""Compiled reading of a geodesic table: surface points are located once, then pairs of them read, millions a second.

What is needed together lies together: a coarse triangle over a fine one is a record of 16 float32, one cache line, a
located point half of one. Rows are not sliced: a slice counts references, and threads wait for one another's counts.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE = 32
FAR = 65535
"""The entry of pairs between which no path leads."""

_ZERO, _NEAR, _AWAY = np.float32(0.0), np.float32(0.1), np.float32(1.5)


def over_records(weights: NDArray[Any], size: NDArray[Any], face: NDArray[Any]) -> NDArray[np.float32]:
    """Records (K,16) of an overlay: weights (4,3) by row, size, coarse face."""
    out = np.zeros((len(face), 16), np.float32)
    out[:, :12], out[:, 12], out[:, 13] = weights.reshape(-1, 12), size, face
    return out


def face_records(vertices: NDArray[Any], faces: NDArray[Any]) -> NDArray[np.float32]:
    """Records (m,3) of coarse faces: the squared lengths of the edges opposite to the three corners."""
    corners = vertices[faces]
    opposite = np.roll(corners, -1, axis=1) - np.roll(corners, -2, axis=1)
    return np.ascontiguousarray((opposite**2).sum(axis=2), np.float32)


@njit(cache=True, nogil=True)
def locate(
    face: Any, bary: Any, vertices: Any, faces: Any, origin: Any, start: Any, over: Any, edges: Any, out: Any
) -> int:
    """Surface points (face (N,), bary (N,3)) as records (N,8); returns the first that is none, or -1.

    A record holds the point's weights in a coarse triangle, their variance, its place from the origin, and the
    triangle. The rest is the table's, see ``GeodesicTable``.
    """
    for n in range(len(face)):
        f = face[n]
        x, y, z = bary[n, 0], bary[n, 1], bary[n, 2]
        if not (0 <= f < len(faces) and min(x, min(y, z)) >= -1e-6 and abs(x + y + z - 1.0) <= 1e-6):
            return n
        c = _over(np.float32(x), np.float32(y), np.float32(z), start[f], start[f + 1], over, out, n)
        out[n, 3] = _spread(out[n, 0], out[n, 1], out[n, 2], edges, c)
        for axis in range(3):
            at = x * vertices[faces[f, 0], axis] + y * vertices[faces[f, 1], axis] + z * vertices[faces[f, 2], axis]
            out[n, 4 + axis] = at - origin[axis]
        out[n, 7] = c
    return -1


@njit(cache=True, nogil=True)
def _over(x: Any, y: Any, z: Any, first: int, last: int, over: Any, out: Any, n: int) -> int:
    """The coarse triangle over a surface point with bary x, y, z, among records; its weights there, clipped, to out."""
    best, found = np.float32(1e30), 0
    u, v, w = _ZERO, _ZERO, _ZERO
    for r in range(first, last):
        a = over[r, 0] * x + over[r, 1] * y + over[r, 2] * z
        b = over[r, 3] * x + over[r, 4] * y + over[r, 5] * z
        c = over[r, 6] * x + over[r, 7] * y + over[r, 8] * z
        height = abs(over[r, 9] * x + over[r, 10] * y + over[r, 11] * z)
        least = min(a, min(b, c))
        if least >= _ZERO and height < _NEAR * over[r, 12]:
            out[n, 0], out[n, 1], out[n, 2] = a, b, c
            return int(over[r, 13])
        away = height + max(_ZERO, -least) * _AWAY * over[r, 12]
        if away < best:
            best, found = away, int(over[r, 13])
            u, v, w = a, b, c
    u, v, w = max(u, _ZERO), max(v, _ZERO), max(w, _ZERO)
    total = u + v + w
    out[n, 0], out[n, 1], out[n, 2] = u / total, v / total, w / total
    return found


@njit(cache=True, nogil=True)
def _spread(a: float, b: float, c: float, edges: Any, f: int) -> float:
    """Variance of a point in coarse triangle f: sum over the edges of both ends' weights times the squared length."""
    return b * c * edges[f, 0] + c * a * edges[f, 1] + a * b * edges[f, 2]


@njit(cache=True, nogil=True)
def _entry(tiles: Any, i: int, j: int) -> Any:
    """The entry of two coarse vertices: tiles of 32 x 32 of the lower triangle, row by row."""
    high, low = max(i, j), min(i, j)
    p = high >> 5
    at = ((((p * (p + 1)) >> 1) + (low >> 5)) << 10) + ((high & 31) << 5) + (low & 31)
    return tiles[np.uint64(at)]


@njit(cache=True, nogil=True)
def between(
    face_a: Any, a: Any, face_b: Any, b: Any, coarse: Any, edges: Any, tiles: Any, step: float, out: Any
) -> None:
    """Distances in metres between located points into out (N,); each side holds N points or one.

    Args:
        face_a, a: faces of the body (N,) and records (N,8) of ``locate``.
        face_b, b: those of the other side.
        coarse: (m,3) vertices of the coarse triangles.
        edges, tiles, step: the table's, see ``GeodesicTable``.
        out: (N,).
    """
    step_a, step_b = int(len(a) > 1), int(len(b) > 1)
    for n in range(len(out)):
        i, j = n * step_a, n * step_b
        chord = 0.0
        for axis in range(4, 7):
            gap = float(a[i, axis]) - float(b[j, axis])
            chord += gap * gap
        if face_a[i] == face_b[j]:
            out[n] = sqrt(chord)
            continue
        c, d = int(a[i, 7]), int(b[j, 7])
        if c == d:
            squared = -_spread(a[i, 0] - b[j, 0], a[i, 1] - b[j, 1], a[i, 2] - b[j, 2], edges, c)
        else:
            squared = _squared(a, i, c, b, j, d, coarse, tiles, step)
        # No path is shorter than the straight line.
        out[n] = sqrt(max(chord, squared))


@njit(cache=True, nogil=True)
def _squared(a: Any, i: int, c: int, b: Any, j: int, d: int, coarse: Any, tiles: Any, step: float) -> float:
    """Squared distance between points i of a and j of b, in coarse triangles c and d; infinite where no path leads.

    There and back are the same to the last bit: the sum over the nine pairs is taken by rows and by columns.
    """
    rows, highest = 0.0, 0.0
    first, second, third = 0.0, 0.0, 0.0
    u, v, w = coarse[d, 0], coarse[d, 1], coarse[d, 2]
    for k in range(3):
        vertex = coarse[c, k]
        x, y, z = float(_entry(tiles, vertex, u)), float(_entry(tiles, vertex, v)), float(_entry(tiles, vertex, w))
        highest = max(highest, max(x, max(y, z)))
        x, y, z = x * x, y * y, z * z
        rows += a[i, k] * (b[j, 0] * x + b[j, 1] * y + b[j, 2] * z)
        first, second, third = first + a[i, k] * x, second + a[i, k] * y, third + a[i, k] * z
    if highest == FAR:
        return np.inf
    columns = b[j, 0] * first + b[j, 1] * second + b[j, 2] * third
    return 0.5 * (rows + columns) * step * step - (a[i, 3] + b[j, 3])
