"""Compiled reading of a geodesic table: from surface points to distances, millions of pairs a second."""

from __future__ import annotations

from typing import Any

from numba import njit

TILE = 32
FAR = 65535
"""The entry of pairs between which no path leads."""


@njit(cache=True, nogil=True)
def _locate(f: int, w: Any, start: Any, over: Any, weights: Any, size: Any, out: Any) -> int:
    """The coarse triangle over a surface point (face f, bary w); its coordinates there into out, clipped."""
    best, found = 1e30, over[start[f]]
    x, y, z = w[0], w[1], w[2]
    for row in range(start[f], start[f + 1]):
        m = weights[row]
        a = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        b = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        c = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        beside = max(0.0, -min(a, b, c)) * 1.5 * size[row]
        away = abs(m[3, 0] * x + m[3, 1] * y + m[3, 2] * z) + beside
        if away < best:
            best, found = away, over[row]
            a, b, c = max(a, 0.0), max(b, 0.0), max(c, 0.0)
            total = a + b + c
            out[0], out[1], out[2] = a / total, b / total, c / total
    return found


@njit(cache=True, nogil=True)
def _spread(w: Any, edges: Any) -> float:
    """Variance of a point in a triangle: sum over the edges of both ends' weights times the squared length."""
    return w[1] * w[2] * edges[0] + w[2] * w[0] * edges[1] + w[0] * w[1] * edges[2]


@njit(cache=True, nogil=True)
def _entry(tiles: Any, i: int, j: int) -> Any:
    """The entry of two coarse vertices: tiles of 32 x 32 of the lower triangle, row by row."""
    if i < j:
        i, j = j, i
    p = i >> 5
    return tiles[((p * (p + 1) >> 1) + (j >> 5) << 10) + ((i & 31) << 5) + (j & 31)]


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
    return 0 <= f < count and min(w[0], w[1], w[2]) >= -1e-6 and abs(total - 1.0) <= 1e-6


@njit(cache=True, nogil=True)
def read(
    face_a: Any, bary_a: Any, face_b: Any, bary_b: Any,
    vertices: Any, faces: Any, start: Any, over: Any, weights: Any, size: Any,
    coarse: Any, edges: Any, tiles: Any, step: float, out: Any,
) -> int:  # fmt: skip
    """Distances in metres into out (N,); returns the first pair with a point that is none, or -1.

    Each side holds N points or one (face (N,), bary (N,3)). The rest is the table's, see ``GeodesicTable``.
    """
    p, q, delta = bary_a[0].astype(weights.dtype), bary_a[0].astype(weights.dtype), bary_a[0].copy()
    last_a, last_b = -1, -1
    for n in range(len(out)):
        i, j = n if len(face_a) > 1 else 0, n if len(face_b) > 1 else 0
        f, g, u, w = face_a[i], face_b[j], bary_a[i], bary_b[j]
        if not _valid(f, u, len(faces)) or not _valid(g, w, len(faces)):
            return n
        chord = _chord(f, u, g, w, vertices, faces)
        if f == g:
            out[n] = chord**0.5
            continue
        if last_a != i:
            c, last_a = _locate(f, u, start, over, weights, size, p), i
        if last_b != j:
            d, last_b = _locate(g, w, start, over, weights, size, q), j
        if c == d:
            for k in range(3):
                delta[k] = p[k] - q[k]
            squared = -_spread(delta, edges[c])
        else:
            # In one order, so that there and back are the same to the last bit.
            first, second, r, s = (c, d, p, q) if c < d else (d, c, q, p)
            total, far = 0.0, False
            for k in range(3):
                row = 0.0
                for m in range(3):
                    entry = _entry(tiles, coarse[first, k], coarse[second, m])
                    far |= entry == FAR
                    row += s[m] * (float(entry) * float(entry))
                total += r[k] * row
            if far:
                out[n] = float("inf")
                continue
            squared = total * step * step - _spread(r, edges[first]) - _spread(s, edges[second])
        out[n] = max(squared, chord) ** 0.5
    return -1
