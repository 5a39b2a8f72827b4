"""Triangles of a mesh that pass through one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CELLS = 64  # per face, on average


def crossings(vertices: Floats, faces: Ints) -> Ints:
    """Pairs of faces `(N, 2)` of which an edge of one passes through the other.

    Faces that share a vertex, and faces that lie in one plane, are not looked at.

    Args:
        vertices: `(V, 3)`.
        faces: `(F, 3)`.
    """
    corner = np.ascontiguousarray(vertices[faces])
    low, high = corner.min(axis=1), corner.max(axis=1)
    base, size = low.min(axis=0), float((high - low).max(axis=1).mean()) * 1.5 + 1e-300
    while True:
        first, last = (np.floor((x - base) / size).astype(np.int64) for x in (low, high))
        count = (last - first + 1).astype(np.float64).prod(axis=1)
        if count.sum() <= MOST_CELLS * len(faces):
            break
        size *= 2.0
    shape = last.max(axis=0) + 1
    cell, member = _cells(first, last, shape, int(count.sum()))
    order = np.argsort(cell, kind="stable")
    return np.asarray(_pairs(corner, low, high, np.ascontiguousarray(faces), cell[order], member[order], first, shape))


@njit(cache=True)
def _cells(first: Any, last: Any, shape: Any, total: int) -> Any:
    cell, member = np.empty(total, np.int64), np.empty(total, np.int64)
    n = 0
    for f in range(len(first)):
        for x in range(first[f, 0], last[f, 0] + 1):
            for y in range(first[f, 1], last[f, 1] + 1):
                for z in range(first[f, 2], last[f, 2] + 1):
                    cell[n] = (x * shape[1] + y) * shape[2] + z
                    member[n] = f
                    n += 1
    return cell, member


@njit(cache=True)
def _pairs(corner: Any, low: Any, high: Any, faces: Any, cell: Any, member: Any, first: Any, shape: Any) -> Any:
    out = [(0, 0)]
    out.pop()
    n = len(cell)
    start = 0
    while start < n:
        end = start
        while end < n and cell[end] == cell[start]:
            end += 1
        for p in range(start, end):
            for q in range(p + 1, end):
                f, g = member[p], member[q]
                # A pair is looked at in the first cell that both touch.
                x = max(first[f, 0], first[g, 0])
                y = max(first[f, 1], first[g, 1])
                z = max(first[f, 2], first[g, 2])
                if (x * shape[1] + y) * shape[2] + z != cell[start]:
                    continue
                apart = False
                for k in range(3):
                    if high[f, k] < low[g, k] or high[g, k] < low[f, k]:
                        apart = True
                    for m in range(3):
                        if faces[f, k] == faces[g, m]:
                            apart = True
                if not apart and (_through(corner[f], corner[g]) or _through(corner[g], corner[f])):
                    out.append((min(f, g), max(f, g)))
        start = end
    result = np.empty((len(out), 2), np.int64)
    for k in range(len(out)):
        result[k, 0], result[k, 1] = out[k]
    return result


@njit(cache=True)
def _through(a: Any, b: Any) -> bool:
    """Whether an edge of triangle a passes through triangle b (Möller and Trumbore 1997)."""
    e1, e2 = b[1] - b[0], b[2] - b[0]
    for k in range(3):
        start = a[k]
        way = a[(k + 1) % 3] - start
        h = np.cross(way, e2)
        det = np.dot(e1, h)
        scale = np.sqrt(np.dot(e1, e1) * np.dot(e2, e2) * np.dot(way, way))
        if abs(det) <= 1e-12 * scale:
            continue
        s = start - b[0]
        u = np.dot(s, h) / det
        if u < 0 or u > 1:
            continue
        q = np.cross(s, e1)
        v = np.dot(way, q) / det
        if v < 0 or u + v > 1:
            continue
        t = np.dot(e2, q) / det
        if 0 <= t <= 1:
            return True
    return False
