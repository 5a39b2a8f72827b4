"""Compiled reading of a geodesic table: from surface points to distances, millions of pairs a second.

What is needed together lies together: a coarse triangle over a fine one is a record of 16 float32, one cache line.
Rows are not sliced: a slice counts references, and threads wait for one another's counts.
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

_BLOCK = 4096
_ZERO, _NEAR, _AWAY = np.float32(0.0), np.float32(0.1), np.float32(1.5)


def over_records(weights: NDArray[Any], size: NDArray[Any], face: NDArray[Any]) -> NDArray[np.float32]:
    """Records (K,16) of an overlay: weights (4,3) by row, size, coarse face."""
    out = np.zeros((len(face), 16), np.float32)
    out[:, :12], out[:, 12], out[:, 13] = weights.reshape(-1, 12), size, face
    return out


def face_records(vertices: NDArray[Any], faces: NDArray[Any]) -> NDArray[np.float32]:
    """Records (m,8) of coarse faces: the three vertices, and the squared lengths of the edges opposite to them."""
    corners = vertices[faces]
    opposite = np.roll(corners, -1, axis=1) - np.roll(corners, -2, axis=1)
    out = np.zeros((len(faces), 8), np.float32)
    out[:, :3], out[:, 3:6] = faces, (opposite**2).sum(axis=2)
    return out


@njit(cache=True, nogil=True)
def _locate(bary: Any, i: int, first: int, last: int, over: Any, at: Any, n: int) -> int:
    """The coarse triangle over surface point i, among records; its coordinates there into at[n], clipped."""
    best, found = np.float32(1e30), 0
    x, y, z = np.float32(bary[i, 0]), np.float32(bary[i, 1]), np.float32(bary[i, 2])
    u, v, w = _ZERO, _ZERO, _ZERO
    for r in range(first, last):
        a = over[r, 0] * x + over[r, 1] * y + over[r, 2] * z
        b = over[r, 3] * x + over[r, 4] * y + over[r, 5] * z
        c = over[r, 6] * x + over[r, 7] * y + over[r, 8] * z
        height = abs(over[r, 9] * x + over[r, 10] * y + over[r, 11] * z)
        least = min(a, min(b, c))
        if least >= _ZERO and height < _NEAR * over[r, 12]:
            at[n, 0], at[n, 1], at[n, 2] = a, b, c
            return int(over[r, 13])
        away = height + max(_ZERO, -least) * _AWAY * over[r, 12]
        if away < best:
            best, found = away, int(over[r, 13])
            u, v, w = a, b, c
    u, v, w = max(u, _ZERO), max(v, _ZERO), max(w, _ZERO)
    total = u + v + w
    at[n, 0], at[n, 1], at[n, 2] = u / total, v / total, w / total
    return found


@njit(cache=True, nogil=True)
def _spread(a: float, b: float, c: float, coarse: Any, f: int) -> float:
    """Variance of a point in coarse triangle f: sum over the edges of both ends' weights times the squared length."""
    return b * c * coarse[f, 3] + c * a * coarse[f, 4] + a * b * coarse[f, 5]


@njit(cache=True, nogil=True)
def _entry(tiles: Any, i: int, j: int) -> Any:
    """The entry of two coarse vertices: tiles of 32 x 32 of the lower triangle, row by row."""
    high, low = max(i, j), min(i, j)
    p = high >> 5
    at = ((((p * (p + 1)) >> 1) + (low >> 5)) << 10) + ((high & 31) << 5) + (low & 31)
    return tiles[np.uint64(at)]


@njit(cache=True, nogil=True)
def _chord(f: int, bary_f: Any, i: int, g: int, bary_g: Any, j: int, vertices: Any, faces: Any) -> float:
    """Squared straight distance between surface point i in face f and j in face g."""
    total = 0.0
    for axis in range(3):
        x = 0.0
        for k in range(3):
            x += bary_f[i, k] * vertices[faces[f, k], axis] - bary_g[j, k] * vertices[faces[g, k], axis]
        total += x * x
    return total


@njit(cache=True, nogil=True)
def _valid(f: int, bary: Any, i: int, count: int) -> bool:
    a, b, c = bary[i, 0], bary[i, 1], bary[i, 2]
    return 0 <= f < count and min(a, min(b, c)) >= -1e-6 and abs(a + b + c - 1.0) <= 1e-6


@njit(cache=True, nogil=True)
def read(
    face_a: Any, bary_a: Any, face_b: Any, bary_b: Any,
    vertices: Any, faces: Any, start: Any, over: Any, coarse: Any, tiles: Any, step: float, out: Any,
) -> int:  # fmt: skip
    """Distances in metres into out (N,); returns the first pair with a point that is none, or -1.

    Each side holds N points or one (face (N,), bary (N,3)). The rest is the table's, see ``GeodesicTable``. It goes in
    blocks, each step over the whole block: what a step reads stays near, and the processor can wait for many places in
    memory at once, which branches between the steps would keep it from.
    """
    p, q = np.empty((_BLOCK, 3), np.float32), np.empty((_BLOCK, 3), np.float32)
    c, d = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.int32)
    step_a, step_b = int(len(face_a) > 1), int(len(face_b) > 1)
    for begin in range(0, len(out), _BLOCK):
        count = min(_BLOCK, len(out) - begin)
        for n in range(count):
            i = (begin + n) * step_a
            f = face_a[i]
            if not _valid(f, bary_a, i, len(faces)):
                return begin + n
            c[n] = _locate(bary_a, i, start[f], start[f + 1], over, p, n)
        for n in range(count):
            j = (begin + n) * step_b
            g = face_b[j]
            if not _valid(g, bary_b, j, len(faces)):
                return begin + n
            d[n] = _locate(bary_b, j, start[g], start[g + 1], over, q, n)
        for n in range(count):
            out[begin + n] = _squared(p, q, n, c[n], d[n], coarse, tiles, step)
        for n in range(count):
            i, j = (begin + n) * step_a, (begin + n) * step_b
            f, g = face_a[i], face_b[j]
            chord = _chord(f, bary_a, i, g, bary_b, j, vertices, faces)
            # No path is shorter than the straight line.
            out[begin + n] = sqrt(chord if f == g else max(chord, out[begin + n]))
    return -1


@njit(cache=True, nogil=True)
def _squared(p: Any, q: Any, n: int, c: int, d: int, coarse: Any, tiles: Any, step: float) -> float:
    """Squared distance between points p[n] and q[n] of coarse triangles c and d; infinite where no path leads.

    There and back are the same to the last bit: the sum over the nine pairs is taken by rows and by columns.
    """
    if c == d:
        return -_spread(p[n, 0] - q[n, 0], p[n, 1] - q[n, 1], p[n, 2] - q[n, 2], coarse, c)
    rows, highest = 0.0, 0.0
    first, second, third = 0.0, 0.0, 0.0
    for k in range(3):
        i = int(coarse[c, k])
        x = float(_entry(tiles, i, int(coarse[d, 0])))
        y = float(_entry(tiles, i, int(coarse[d, 1])))
        z = float(_entry(tiles, i, int(coarse[d, 2])))
        highest = max(highest, max(x, max(y, z)))
        x, y, z = x * x, y * y, z * z
        rows += p[n, k] * (q[n, 0] * x + q[n, 1] * y + q[n, 2] * z)
        first, second, third = first + p[n, k] * x, second + p[n, k] * y, third + p[n, k] * z
    if highest == FAR:
        return np.inf
    columns = q[n, 0] * first + q[n, 1] * second + q[n, 2] * third
    here = _spread(p[n, 0], p[n, 1], p[n, 2], coarse, c)
    there = _spread(q[n, 0], q[n, 1], q[n, 2], coarse, d)
    return 0.5 * (rows + columns) * step * step - (here + there)
