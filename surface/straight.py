"""Walking straight ahead on a surface: the exponential map, by straightest geodesics.

Polthier and Schmies, "Straightest Geodesics on Polyhedral Surfaces", Mathematical Visualization, 1998: across an edge
the walk goes on in the next triangle as if both lay in one plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# A walk that comes nearer than this share of an edge to a vertex passes it by on this side.
_APART = 1e-9

_neighbours: WeakKeyDictionary[Body, Ints] = WeakKeyDictionary()


def walk(body: Body, face: ArrayLike, bary: ArrayLike, angle: ArrayLike, length: ArrayLike) -> tuple[Ints, Floats]:
    """Where one arrives who walks straight ahead from surface points.

    The end is ``length`` away along the surface, unless a shorter way leads there too, as it does round a limb; a walk
    ends at the border of an open surface.

    Args:
        face: (N,) the faces to start from.
        bary: (N,3) the places on them.
        angle: (N,) radians, from the face's first edge towards its third corner.
        length: (N,) metres.

    Returns:
        face (N,), bary (N,3).
    """
    f = np.array(face, np.int32)
    b = np.array(bary, np.float64)
    a = np.broadcast_to(np.asarray(angle, np.float64), f.shape).copy()
    far = np.broadcast_to(np.asarray(length, np.float64), f.shape).copy()
    if body not in _neighbours:
        _neighbours[body] = neighbours(body.faces)
    _walk(body.vertices, body.faces, _neighbours[body], f, b, a, far)
    return f, b


def neighbours(faces: NDArray[Any]) -> Ints:
    """The face (F,3) across the edge from corner k to corner k + 1 of each face; -1 where there is none."""
    start, end = faces.astype(np.int64), np.roll(faces, -1, axis=1).astype(np.int64)
    most = int(faces.max()) + 1
    own, other = (start * most + end).ravel(), (end * most + start).ravel()
    order = np.argsort(own, kind="stable")
    place = np.searchsorted(own[order], other).clip(0, len(own) - 1)
    found = order[place]
    return np.where(own[found] == other, found // 3, -1).reshape(-1, 3).astype(np.int32)


@njit(cache=True, nogil=True)
def _walk(v: Any, faces: Any, across: Any, face: Any, bary: Any, angle: Any, length: Any) -> None:
    for n in range(len(face)):
        f, far = face[n], length[n]
        a, b, c = v[faces[f, 0]], v[faces[f, 1]], v[faces[f, 2]]
        x = (b - a) / np.sqrt(((b - a) ** 2).sum())
        y = (c - a) - ((c - a) * x).sum() * x
        y /= np.sqrt((y**2).sum())
        ahead = np.cos(angle[n]) * x + np.sin(angle[n]) * y
        w0, w1, w2 = bary[n, 0], bary[n, 1], bary[n, 2]
        came = -1
        while far > 0.0:
            a, b, c = v[faces[f, 0]], v[faces[f, 1]], v[faces[f, 2]]
            # How fast each barycentric changes along the way.
            e1, e2 = b - a, c - a
            d11, d12, d22 = (e1 * e1).sum(), (e1 * e2).sum(), (e2 * e2).sum()
            r1, r2 = (e1 * ahead).sum(), (e2 * ahead).sum()
            det = d11 * d22 - d12 * d12
            if det <= 0.0:
                break
            s1, s2 = (d22 * r1 - d12 * r2) / det, (d11 * r2 - d12 * r1) / det
            s0 = -s1 - s2
            # The corner whose opposite edge is reached first.
            step, out = far, -1
            for k in range(3):
                if k == came:
                    continue
                w, s = (w0, s0) if k == 0 else ((w1, s1) if k == 1 else (w2, s2))
                if s < 0.0 and max(w, 0.0) / -s < step:
                    step, out = max(w, 0.0) / -s, k
            w0, w1, w2 = max(w0 + step * s0, 0.0), max(w1 + step * s1, 0.0), max(w2 + step * s2, 0.0)
            total = w0 + w1 + w2
            w0, w1, w2 = w0 / total, w1 / total, w2 / total
            far -= step
            if out < 0:
                break
            i, j = (out + 1) % 3, (out + 2) % 3
            g = across[f, i]
            if g < 0:
                break
            p, q = faces[f, i], faces[f, j]
            at = w0 if j == 0 else (w1 if j == 1 else w2)
            at = min(max(at, _APART), 1.0 - _APART)
            edge = v[q] - v[p]
            edge /= np.sqrt((edge**2).sum())
            along = (ahead * edge).sum()
            inwards = np.zeros(3)
            w0, w1, w2, came = 0.0, 0.0, 0.0, -1
            for k in range(3):
                corner = faces[g, k]
                if corner == p:
                    weight = 1.0 - at
                elif corner == q:
                    weight = at
                else:
                    weight, came = 0.0, k
                    inwards = v[corner] - v[p]
                if k == 0:
                    w0 = weight
                elif k == 1:
                    w1 = weight
                else:
                    w2 = weight
            inwards -= (inwards * edge).sum() * edge
            inwards /= np.sqrt((inwards**2).sum())
            ahead = along * edge + np.sqrt(max(1.0 - along * along, 0.0)) * inwards
            f = g
        face[n] = f
        bary[n, 0], bary[n, 1], bary[n, 2] = w0, w1, w2
