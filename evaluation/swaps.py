"""Left for right, and front for back: marks that lie where the true point's counterpart is.

The counterpart of a point is its mirror image; or the place straight through the body from it, along its normal or
along the body's front axis. A mark is swapped when it is less than half as far from the counterpart as from the truth,
and near the counterpart. Points that lie close to their counterpart cannot tell, since ordinary error gets there, too:
only those count that are farther from it than five times the annotator's usual error on that part, and than ``LEAST``.
For errors that are normal in the plane such a point is taken for swapped by chance less than once in 10,000 times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.errors import Errors, Metric, distances
from evaluation.marks import Marks
from evaluation.report import Rate

if TYPE_CHECKING:
    from surface.body import Body

LEAST = 0.08
FAR = 5.0
ENOUGH = 20
"""Of fewer marks that can tell a share says nothing, so none is told."""

_USUAL = 20  # points of a part, to know the usual error on it
_SLACK = 0.05


_opposites: WeakKeyDictionary[Body, dict[bool, NDArray[np.int32]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Swaps:
    """For N marks: which can tell, which of those are swapped, and metres (N,) to the nearest counterpart."""

    tells: NDArray[np.bool_]
    swapped: NDArray[np.bool_]
    off: NDArray[np.float64]


def both(
    errors: Errors, marks: Marks, body: Body, metric: Metric, drawn: bool = False
) -> tuple[Swaps | None, Swaps | None]:
    """Left/right and front/back swaps; a mark that could be either is what its nearer counterpart says."""
    sides, faces = left_right(errors, marks, body, metric, drawn), front_back(errors, marks, body, metric)
    if sides is not None and faces is not None:
        either = sides.swapped & faces.swapped
        sides.swapped[either & (faces.off < sides.off)] = False
        faces.swapped[either & (faces.off >= sides.off)] = False
    return sides, faces


def left_right(errors: Errors, marks: Marks, body: Body, metric: Metric, drawn: bool = False) -> Swaps | None:
    """Marks at the mirror image of the truth; None for a body without left and right.

    Limbs tell only where they could be mixed up: annotators drew the masks, or someone marked the other side's limb.
    Otherwise they were shown the right limb, and only halves of trunk and head are left to mix up.
    """
    if not body.symmetric:
        return None
    true = marks.true_face[errors.row], marks.true_bary[errors.row]
    part, marked = body.face_part[true[0]], body.face_part[marks.face[errors.row]]
    paired = body.part_mirror[part] != part
    mirror = body.mirror(*true)
    if not drawn and not (paired & (marked == body.part_mirror[part])).any():
        mirror = np.where(paired, np.int32(-1), mirror[0]), mirror[1]
    return _found(errors, marks, metric, [mirror])


def front_back(errors: Errors, marks: Marks, body: Body, metric: Metric) -> Swaps | None:
    """Marks on the opposite side of the limb or the trunk; None for a body that has no opposite sides."""
    face = marks.true_face[errors.row]
    ways = []
    for along in (True, False):
        through = opposite(body, along)
        if (through[np.unique(face)] >= 0).any():
            there = through[face]
            ways.append((there, np.full((len(face), 3), 1 / 3)))
    return _found(errors, marks, metric, ways) if ways else None


def _found(errors: Errors, marks: Marks, metric: Metric, ways: list[tuple[Any, Any]]) -> Swaps:
    true = marks.true_face[errors.row], marks.true_bary[errors.row]
    mark = marks.face[errors.row], marks.bary[errors.row]
    tells, swapped = np.zeros(len(errors), bool), np.zeros(len(errors), bool)
    least = np.full(len(errors), np.inf)
    for face, bary in ways:
        there = np.flatnonzero(face >= 0)
        other = face[there], bary[there]
        apart = distances(metric, (true[0][there], true[1][there]), other)
        off = distances(metric, (mark[0][there], mark[1][there]), other)
        own = errors.metres[there]
        usual = _usual(errors.at(there), np.where(apart > LEAST, np.minimum(own, off), np.nan))
        tell = np.isfinite(apart) & (apart > np.maximum(LEAST, FAR * usual))
        tells[there] |= tell
        least[there] = np.minimum(least[there], off)
        swapped[there] |= tell & (off < own / 2) & (off < np.maximum(_SLACK, 3 * usual))
    return Swaps(tells, swapped, least)


def _usual(errors: Errors, metres: NDArray[Any]) -> NDArray[np.float64]:
    """(N,) the median of the annotator on the part of each mark, or on all parts where there are few."""
    out = np.zeros(len(errors))
    for a in np.unique(errors.annotator):
        own = np.flatnonzero(errors.annotator == a)
        overall = _median(metres[own])
        for part in np.unique(errors.part[own]):
            rows = own[errors.part[own] == part]
            enough = np.isfinite(metres[rows]).sum() >= _USUAL
            out[rows] = _median(metres[rows]) if enough else overall
    return out


def _median(values: NDArray[Any]) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if len(good) else 0.0


def opposite(body: Body, along_normal: bool) -> NDArray[np.int32]:
    """(F,) the face where the ray into the body from each face's middle first leaves it within the part, or -1.

    The ray goes against the normal, or along the body's front axis (z). Faces that are nearly parallel to that axis
    have no opposite along it.
    """
    known = _opposites.setdefault(body, {})
    if along_normal not in known:
        known[along_normal] = _opposite(body, along_normal)
    return known[along_normal]


def _opposite(body: Body, along_normal: bool) -> NDArray[np.int32]:
    corners = body.vertices[body.faces]
    centre = corners.mean(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    if along_normal:
        # On parts with a left and a right half the other side of a flank is the other flank, not the back.
        own_mirror = (body.part_mirror == np.arange(len(body.part_mirror)))[body.face_part]
        into = np.where((own_mirror & (np.abs(normal[:, 0]) > 0.5))[:, None], 0.0, -normal)
    else:
        into = np.zeros_like(normal)
        into[:, 2] = np.where(np.abs(normal[:, 2]) > 0.3, -np.sign(normal[:, 2]), 0.0)
    out = np.full(len(body.faces), -1, np.int32)
    for part in range(1, len(body.part_names) + 1):
        own = np.flatnonzero(body.face_part == part)
        through = np.full(len(own), -1, np.int64)
        _through(centre[own], into[own], corners[own], normal[own], through)
        out[own] = np.where(through >= 0, own[through], -1)
    return out


def rate(swaps: Swaps | None, image: NDArray[Any], rows: Any = slice(None)) -> Rate:
    """The share of swapped marks among those that can tell, with Wilson's interval; none of fewer than ``ENOUGH``.

    Its number of marks is reduced by the design effect of images (Kish 1965): swaps may come image by image.
    """
    if swaps is None:
        return Rate(0, 0, None, None, None)
    tells = swaps.tells[rows]
    swapped, cluster = swaps.swapped[rows][tells].astype(np.float64), image[rows][tells]
    of, count = len(swapped), int(swapped.sum())
    if of < ENOUGH:
        return Rate(count, of, None, None, None)
    share = count / of
    low, high = wilson(share, of / _design(swapped - share, cluster, share))
    return Rate(count, of, share, low, high)


def independent(
    swaps: Swaps | None, annotator: NDArray[Any], image: NDArray[Any], annotators: int
) -> list[tuple[int, int]]:
    """Each annotator's swapped marks and marks that can tell, as independent ones worth as much.

    Both are divided by the design effect of images, one for all annotators, each about the own share: who has no swaps
    shows none of it.
    """
    if swaps is None:
        return [(0, 0)] * annotators
    who, image, swapped = annotator[swaps.tells], image[swaps.tells], swaps.swapped[swaps.tells].astype(np.float64)
    of, count = np.bincount(who, minlength=annotators), np.bincount(who, swapped, annotators)
    share = count / np.maximum(of, 1)
    _, cell = np.unique(who.astype(np.int64) * (int(image.max(initial=0)) + 1) + image, return_inverse=True)
    clustered = float((np.bincount(cell, swapped - share[who]) ** 2).sum())
    alone = float((count * (1 - share)).sum())
    design = max(1.0, clustered / alone) if alone > 0 else 1.0
    return [(round(c / design), round(n / design)) for c, n in zip(count.tolist(), of.tolist(), strict=True)]


def _design(rest: NDArray[Any], cluster: NDArray[Any], share: float) -> float:
    groups, index = np.unique(cluster, return_inverse=True)
    if not 0 < share < 1 or len(groups) < 2:
        return 1.0
    sums = np.bincount(index, rest)
    clustered = (sums**2).sum() * len(groups) / (len(groups) - 1)
    return max(1.0, float(clustered / (len(rest) * share * (1 - share))))


def wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson's 95% interval of a share (J. Am. Stat. Assoc. 1927)."""
    z = norm.ppf(0.975)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    low, high = float(max(0.0, middle - half)), float(min(1.0, middle + half))
    return low if share > 0 else 0.0, high if share < 1 else 1.0


@njit(cache=True, nogil=True)
def _through(start: Any, into: Any, corners: Any, normal: Any, out: Any) -> None:
    """First triangle that each ray leaves the body by (Möller and Trumbore 1997)."""
    for n in range(len(start)):
        x, y, z = into[n]
        nearest = np.inf
        for f in range(len(corners)):
            if f == n or x * normal[f, 0] + y * normal[f, 1] + z * normal[f, 2] <= 0.05:
                continue
            ax, ay, az = corners[f, 0]
            ux, uy, uz = corners[f, 1, 0] - ax, corners[f, 1, 1] - ay, corners[f, 1, 2] - az
            vx, vy, vz = corners[f, 2, 0] - ax, corners[f, 2, 1] - ay, corners[f, 2, 2] - az
            px, py, pz = y * vz - z * vy, z * vx - x * vz, x * vy - y * vx
            det = ux * px + uy * py + uz * pz
            if abs(det) < 1e-15:
                continue
            sx, sy, sz = start[n, 0] - ax, start[n, 1] - ay, start[n, 2] - az
            u = (sx * px + sy * py + sz * pz) / det
            if u < 0 or u > 1:
                continue
            qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
            v = (x * qx + y * qy + z * qz) / det
            if v < 0 or u + v > 1:
                continue
            far = (vx * qx + vy * qy + vz * qz) / det
            if 1e-4 < far < nearest:
                nearest, out[n] = far, f
