"""Compiled reading of a geodesic table: from surface points to distances, millions of pairs a second.

What is needed together lies together: a coarse triangle over a fine one is a record of 16 float32, one cache line.
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

_BLOCK = 64


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
def _locate(w: Any, first: int, last: int, over: Any, out: Any) -> int:
    """The coarse triangle over a surface point with bary w, among records; its coordinates there into out, clipped."""
    best, found = np.float32(1e30), 0
    x, y, z = np.float32(w[0]), np.float32(w[1]), np.float32(w[2])
    for row in range(first, last):
        m = over[row]
        a = m[0] * x + m[1] * y + m[2] * z
        b = m[3] * x + m[4] * y + m[5] * z
        c = m[6] * x + m[7] * y + m[8] * z
        height = abs(m[9] * x + m[10] * y + m[11] * z)
        least = min(a, min(b, c))
        if least >= 0.0 and height < np.float32(0.1) * m[12]:
            out[0], out[1], out[2] = a, b, c
            return int(m[13])
        away = height + max(np.float32(0.0), -least) * np.float32(1.5) * m[12]
        if away < best:
            best, found = away, int(m[13])
            out[0], out[1], out[2] = a, b, c
    a, b, c = max(out[0], np.float32(0.0)), max(out[1], np.float32(0.0)), max(out[2], np.float32(0.0))
    total = a + b + c
    out[0], out[1], out[2] = a / total, b / total, c / total
    return found


@njit(cache=True, nogil=True)
def _spread(a: float, b: float, c: float, m: Any) -> float:
    """Variance of a point in a triangle: sum over the edges of both ends' weights times the squared length."""
    return b * c * m[3] + c * a * m[4] + a * b * m[5]


@njit(cache=True, nogil=True)
def _entry(tiles: Any, i: int, j: int) -> Any:
    """The entry of two coarse vertices: tiles of 32 x 32 of the lower triangle, row by row."""
    high, low = max(i, j), min(i, j)
    p = high >> 5
    at = ((((p * (p + 1)) >> 1) + (low >> 5)) << 10) + ((high & 31) << 5) + (low & 31)
    return tiles[np.uint64(at)]


@njit(cache=True, nogil=True)
def _chord(f: int, u: Any, g: int, w: Any, vertices: Any, faces: Any) -> float:
    """Squared straight distance between two surface points."""
    total = 0.0
    for axis in range(3):
        x = 0.0
        for k in range(3):
            x += u[k] * vertices[faces[f, k], axis] - w[k] * vertices[faces[g, k], axis]
        total += x * x
    return total


@njit(cache=True, nogil=True)
def _valid(f: int, w: Any, count: int) -> bool:
    total = w[0] + w[1] + w[2]
    return 0 <= f < count and min(w[0], min(w[1], w[2])) >= -1e-6 and abs(total - 1.0) <= 1e-6


@njit(cache=True, nogil=True)
def read(
    face_a: Any, bary_a: Any, face_b: Any, bary_b: Any,
    vertices: Any, faces: Any, start: Any, over: Any, coarse: Any, tiles: Any, step: float, out: Any,
) -> int:  # fmt: skip
    """Distances in metres into out (N,); returns the first pair with a point that is none, or -1.

    Each side holds N points or one (face (N,), bary (N,3)). The rest is the table's, see ``GeodesicTable``. It goes in
    small blocks, each step over the whole block, so that the processor can wait for many places in memory at once.
    """
    p, q = np.empty((_BLOCK, 3), np.float32), np.empty((_BLOCK, 3), np.float32)
    c, d = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    entries = np.empty((_BLOCK, 9), np.uint16)
    step_a, step_b = int(len(face_a) > 1), int(len(face_b) > 1)
    for begin in range(0, len(out), _BLOCK):
        count = min(_BLOCK, len(out) - begin)
        for n in range(count):
            i, j = (begin + n) * step_a, (begin + n) * step_b
            f, g, u, w = face_a[i], face_b[j], bary_a[i], bary_b[j]
            if not (_valid(f, u, len(faces)) and _valid(g, w, len(faces))):
                return begin + n
            # In one order, so that there and back are the same to the last bit.
            if f > g:
                f, g, u, w = g, f, w, u
            c[n] = _locate(u, start[f], start[f + 1], over, p[n])
            d[n] = _locate(w, start[g], start[g + 1], over, q[n])
        for n in range(count):
            r, s = coarse[c[n]], coarse[d[n]]
            for k in range(3):
                for m in range(3):
                    entries[n, 3 * k + m] = _entry(tiles, int(r[k]), int(s[m]))
        for n in range(count):
            i, j = (begin + n) * step_a, (begin + n) * step_b
            f, g, u, w = face_a[i], face_b[j], bary_a[i], bary_b[j]
            if f == g:
                out[begin + n] = sqrt(_chord(f, u, g, w, vertices, faces))
                continue
            squared = _squared(p[n], q[n], c[n], d[n], coarse, entries[n], step)
            # No path is shorter than the straight line.
            out[begin + n] = sqrt(max(squared, _chord(f, u, g, w, vertices, faces)))
    return -1


@njit(cache=True, nogil=True)
def _squared(p: Any, q: Any, c: int, d: int, coarse: Any, entries: Any, step: float) -> float:
    """Squared distance between points of coarse triangles c and d, given their nine entries."""
    r, s = coarse[c], coarse[d]
    if c == d:
        return -_spread(p[0] - q[0], p[1] - q[1], p[2] - q[2], r)
    total, highest = 0.0, 0
    for k in range(3):
        row = 0.0
        for m in range(3):
            entry = float(entries[3 * k + m])
            row += q[m] * (entry * entry)
            highest = max(highest, int(entries[3 * k + m]))
        total += p[k] * row
    if highest == FAR:
        return np.inf
    first, second = _spread(p[0], p[1], p[2], r), _spread(q[0], q[1], q[2], s)
    return total * step * step - (first + second)
