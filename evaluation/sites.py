"""Places spread evenly over a body, to interpolate errors at: about a thousand, each with its own patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evaluation.errors import Metric, distances
from evaluation.slant import rise

if TYPE_CHECKING:
    from surface.body import Body

SITES = 1000
_LEAST = 12  # of a part
_FAR = np.float32(1e9)  # where no path leads


_known: WeakKeyDictionary[Metric, WeakKeyDictionary[Body, Sites]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Sites:
    """S sites of a body, sorted by part. Each face belongs to the nearest site of its part.

    Attributes:
        face: (S,) the face in whose middle the site lies.
        start: (P+2,) the sites of part p are start[p]..start[p+1].
        of_face: (F,) the site that each face belongs to.
        area: (F,) square metres of the faces.
        metres: for each part (sites of the part, vertices of the part) f32, one after the other, flat.
        at: (P+1,) where each part begins in ``metres``.
        width: (P+1,) how many vertices each part has.
        local: (F,3) the column of each corner of each face in its part's block.
    """

    face: NDArray[np.int32]
    start: NDArray[np.int64]
    of_face: NDArray[np.int32]
    area: NDArray[np.float64]
    metres: NDArray[np.float32]
    at: NDArray[np.int64]
    width: NDArray[np.int64]
    local: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.face)


def sites(body: Body, metric: Metric) -> Sites:
    """The body's sites, found once for each way of measuring."""
    try:
        known = _known.setdefault(metric, WeakKeyDictionary())
    except TypeError:  # a function that cannot be a key
        return spread(body, metric, SITES)
    if body not in known:
        known[body] = spread(body, metric, SITES)
    return known[body]


def spread(body: Body, metric: Metric, count: int) -> Sites:
    """Choose sites, farthest first within each part, in proportion to its area, and measure from them."""
    parts, faces = len(body.part_names), len(body.faces)
    centre = body.vertices[body.faces].mean(axis=1)
    face_of: list[NDArray[Any]] = []
    blocks: list[NDArray[Any]] = []
    start, of_face, local = np.zeros(parts + 2, np.int64), np.zeros(faces, np.int32), np.zeros((faces, 3), np.int32)
    at, width = np.zeros(parts + 1, np.int64), np.zeros(parts + 1, np.int64)
    corner = _corners(body)
    for part in range(1, parts + 1):
        own = np.flatnonzero(body.face_part == part)
        start[part] = sum(len(f) for f in face_of)
        at[part] = sum(b.size for b in blocks)
        if len(own):
            wanted = round(count * body.face_area[own].sum() / body.face_area.sum())
            chosen = own[_farthest(centre[own], min(len(own), max(int(wanted), _LEAST)))]
            of_face[own] = start[part] + _square(metric, _middles(chosen), _middles(own)).argmin(axis=0)
            vertices, index = np.unique(body.faces[own], return_inverse=True)
            local[own], width[part] = index.reshape(-1, 3), len(vertices)
            blocks.append(_square(metric, _middles(chosen), (corner[0][vertices], corner[1][vertices])))
            face_of.append(chosen)
    start[parts + 1] = sum(len(f) for f in face_of)
    metres = np.minimum(np.concatenate([b.ravel() for b in blocks]), _FAR)
    return Sites(
        np.concatenate(face_of).astype(np.int32), start, of_face, np.asarray(body.face_area), metres, at, width, local
    )


def packed(where: Sites, seen: NDArray[Any]) -> NDArray[np.uint8]:
    """The faces that each image shows as bits (persons, F/8), from bits or from booleans (persons, F)."""
    bits = np.packbits(seen.astype(bool), axis=1) if seen.shape[1] == len(where.of_face) else seen.astype(np.uint8)
    return np.ascontiguousarray(bits)


def seen_area(where: Sites, bits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Square metres (persons, S) of each site's patch that each image shows."""
    out = np.zeros((len(bits), len(where)), np.float32)
    _seen(bits, where.of_face, where.area, out)
    return out


def seen_slant(where: Sites, bits: NDArray[np.uint8], cosines: NDArray[np.uint8], shape: int) -> NDArray[np.float32]:
    """Mean (persons, S) of ``slant.rise`` over what each image shows of each site's patch; 0 where it shows nothing.

    Args:
        where: the sites.
        bits: as ``packed`` gives them.
        cosines: of the faces they stand for, as in ``evaluation.marks.Study``.
        shape: of the drift.

    Raises:
        ValueError: there are more or fewer cosines than faces.
    """
    shown = int(np.bitwise_count(bits).sum(dtype=np.int64))
    if len(cosines) != shown:
        raise ValueError(f"{len(cosines)} cosines for {shown} faces that the images show")
    out = np.zeros((len(bits), len(where)), np.float32)
    _slant(bits, where.of_face, where.area, cosines, rise(np.arange(256) / 255, shape), out)
    return out


def _middles(faces: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    return faces.astype(np.int32), np.full((len(faces), 3), 1 / 3)


def _corners(body: Body) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """A surface point (face (V,), bary (V,3)) at each vertex."""
    face, corner = np.zeros(len(body.vertices), np.int32), np.zeros(len(body.vertices), np.int64)
    for k in range(3):
        face[body.faces[:, k]], corner[body.faces[:, k]] = np.arange(len(body.faces)), k
    return face, np.eye(3)[corner]


def _square(metric: Metric, a: tuple[Any, Any], b: tuple[Any, Any]) -> NDArray[np.float32]:
    """Distances (n,m) from all of a to all of b."""
    n, m = len(a[0]), len(b[0])
    rows, columns = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    return distances(metric, (a[0][rows], a[1][rows]), (b[0][columns], b[1][columns])).reshape(n, m)


def _farthest(points: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Indices of points chosen one after the other, each farthest from those before (Gonzalez 1985)."""
    chosen = np.empty(count, np.int64)
    chosen[0] = np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))
    away = np.full(len(points), np.inf)
    for n in range(1, count):
        away = np.minimum(away, ((points - points[chosen[n - 1]]) ** 2).sum(axis=1))
        chosen[n] = np.argmax(away)
    return chosen


@njit(cache=True, nogil=True)
def _seen(packed: Any, site: Any, area: Any, out: Any) -> None:
    for i in range(len(packed)):
        for f in range(len(site)):
            if packed[i, f >> 3] >> (7 - (f & 7)) & 1:
                out[i, site[f]] += area[f]


@njit(cache=True, nogil=True)
def _slant(packed: Any, site: Any, area: Any, cosines: Any, heights: Any, out: Any) -> None:
    up, down = np.zeros(out.shape[1]), np.zeros(out.shape[1])
    at = 0
    for i in range(len(packed)):
        up[:], down[:] = 0.0, 0.0
        for f in range(len(site)):
            if packed[i, f >> 3] >> (7 - (f & 7)) & 1:
                up[site[f]] += area[f] * heights[cosines[at]]
                down[site[f]] += area[f]
                at += 1
        for s in range(len(up)):
            if down[s] > 0.0:
                out[i, s] = up[s] / down[s]
