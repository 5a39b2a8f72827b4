"""A map from one surface to another, kept as one target surface point per source vertex.

Between the vertices the map is linear: the positions of a triangle's three images are interpolated and brought back
onto the target. They are brought back by walking: from the image of a corner over neighbouring triangles, ever nearer,
until no neighbour is nearer. So a point cannot jump over a thin gap, as from one finger to the next or between the
thighs, where the nearest point of the whole target may lie on the other side. The same shape serves a body's mirror and
the transfer between two bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

_fans: WeakKeyDictionary[Body, tuple[NDArray[np.int64], NDArray[np.int32]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class SurfaceMap:
    """Where each of V source vertices goes.

    Attributes:
        face: (V,) faces of the target.
        bary: (V,3) barycentrics there.
    """

    face: NDArray[np.int32]
    bary: Floats

    def apply(
        self, source: Body, target: Body, face: NDArray[np.int32], bary: Floats
    ) -> tuple[NDArray[np.int32], Floats]:
        """Surface points of the target (face (N,), bary (N,3)) for surface points of the source."""
        images = target.position(self.face, self.bary)
        corners = source.faces[face]
        points = np.einsum("nk,nkc->nc", bary, images[corners])
        # A corner that the point does not depend on is no start: points of an edge go the same way from both sides.
        starts = np.where(np.asarray(bary) > 1e-9, self.face[corners], -1).astype(np.int32)
        return walk(target, points, starts)[:2]


def walk(body: Body, points: Floats, starts: NDArray[np.int32]) -> tuple[NDArray[np.int32], Floats, Floats]:
    """The nearest surface points that can be walked to from given faces without ever moving away.

    Args:
        body: the body.
        points: (N,3) positions in metres.
        starts: (N,K) faces to start from, -1 for none; the nearest of the K ends counts.

    Returns:
        face (N,), bary (N,3), distance (N,) in metres.
    """
    begin, fan = _fan(body)
    face, bary, distance = np.empty(len(points), np.int32), np.empty((len(points), 3)), np.empty(len(points))
    _walk(body.vertices, body.faces, begin, fan, np.ascontiguousarray(points), starts, face, bary, distance)
    return face, bary, np.sqrt(distance)


def _fan(body: Body) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The faces around every vertex, as compressed rows."""
    if body not in _fans:
        corner = body.faces.reshape(-1)
        begin = np.concatenate([[0], np.cumsum(np.bincount(corner, minlength=len(body.vertices)))])
        _fans[body] = (begin, (np.argsort(corner, kind="stable") // 3).astype(np.int32))
    return _fans[body]


@njit(cache=True)
def _closest(v: Any, faces: Any, f: int, px: float, py: float, pz: float, w: Any) -> float:
    """Barycentrics of the point of face f nearest to (px, py, pz) into w; returns the squared distance.

    (Ericson, "Real-Time Collision Detection", 2004, section 5.1.5.)
    """
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ux, uy, uz = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
    tx, ty, tz = v[c, 0] - v[a, 0], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
    qx, qy, qz = px - v[a, 0], py - v[a, 1], pz - v[a, 2]
    uu, ut, tt = ux * ux + uy * uy + uz * uz, ux * tx + uy * ty + uz * tz, tx * tx + ty * ty + tz * tz
    d1, d2 = ux * qx + uy * qy + uz * qz, tx * qx + ty * qy + tz * qz
    d3, d4, d5, d6 = d1 - uu, d2 - ut, d1 - ut, d2 - tt
    vc, vb, va = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    if d1 <= 0.0 and d2 <= 0.0:
        s, t = 0.0, 0.0
    elif d3 >= 0.0 and d4 <= d3:
        s, t = 1.0, 0.0
    elif d6 >= 0.0 and d5 <= d6:
        s, t = 0.0, 1.0
    elif vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        s, t = (d1 / (d1 - d3) if d1 > d3 else 0.0), 0.0
    elif vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        s, t = 0.0, (d2 / (d2 - d6) if d2 > d6 else 0.0)
    elif va <= 0.0 and d4 - d3 >= 0.0 and d5 - d6 >= 0.0:
        across = (d4 - d3) + (d5 - d6)
        t = (d4 - d3) / across if across > 0.0 else 0.0
        s = 1.0 - t
    else:
        total = va + vb + vc
        s, t = vb / total, vc / total
    w[0], w[1], w[2] = 1.0 - s - t, s, t
    x, y, z = qx - s * ux - t * tx, qy - s * uy - t * ty, qz - s * uz - t * tz
    return x * x + y * y + z * z


@njit(cache=True)
def _walk(
    v: Any, faces: Any, begin: Any, fan: Any, points: Any, starts: Any, face: Any, bary: Any, squared: Any
) -> None:
    here, trial = np.empty(3), np.empty(3)
    for n in range(len(points)):
        px, py, pz = points[n, 0], points[n, 1], points[n, 2]
        squared[n] = np.inf
        for start in starts[n]:
            if start < 0:
                continue
            at, came = start, -1
            d = _closest(v, faces, at, px, py, pz, here)
            while True:
                # Only neighbours at the corners that the nearest point touches can be nearer.
                best, to = d, -1
                for k in range(3):
                    if here[k] <= 1e-12:
                        continue
                    on_corner = here[k] >= 1.0 - 1e-12
                    on_edge = here[(k + 1) % 3] <= 1e-12 or here[(k + 2) % 3] <= 1e-12
                    if not (on_corner or on_edge):
                        break
                    corner = faces[at, k]
                    for i in range(begin[corner], begin[corner + 1]):
                        g = fan[i]
                        if g in (at, came):
                            continue
                        e = _closest(v, faces, g, px, py, pz, trial)
                        if e < best:
                            best, to = e, g
                if to < 0 or best >= d * (1.0 - 1e-12):
                    break
                came, at = at, to
                d = _closest(v, faces, at, px, py, pz, here)
            if d < squared[n]:
                squared[n], face[n] = d, at
                for k in range(3):
                    bary[n, k] = max(here[k], 0.0)
