"""Errors between the annotated points, as in the paper: interpolated over the rest of what an image shows.

At each site (``evaluation.sites``) that an image shows, the error is the mean of the errors at the annotated points of
the same part, weighted by inverse geodesic distance (Shepard, "A two-dimensional interpolation function for
irregularly-spaced data", 1968), after a drift with the viewing angle is taken out and put in again
(``evaluation.slant``). Parts of which an annotator marked no point are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evaluation.errors import Errors, Metric, distances
from evaluation.marks import Marks
from evaluation.sites import Sites, packed, seen_area, seen_slant
from evaluation.slant import Drift, drift

if TYPE_CHECKING:
    from surface.body import Body

POWER = 3.0
"""Of the inverse distance."""

NEAR = 0.005
"""Metres: points nearer than this to a site weigh the same."""

_PAIRS = 2_000_000


@dataclass(frozen=True, eq=False)
class Filled:
    """Interpolated errors of U cells (annotator, image, part), and over the sites.

    Attributes:
        annotator, image, part: (U,).
        above: (U,) square metres times metres: the integral of the error over the part's visible surface.
        area: (U,) square metres of it.
        site: (S,) the mean error at each site over images and annotators; NaN where it is never seen.
        covered: the share of the visible surface that lies in parts with points.
        drift: of errors with the viewing angle.
    """

    annotator: NDArray[Any]
    image: NDArray[Any]
    part: NDArray[Any]
    above: NDArray[np.float64]
    area: NDArray[np.float64]
    site: NDArray[np.float64]
    covered: float
    drift: Drift


def fill(
    errors: Errors, marks: Marks, body: Body, where: Sites, seen: NDArray[Any], cosines: NDArray[np.uint8]
) -> Filled:
    """Interpolate the errors of each annotator on each image over what the image shows.

    ``seen`` and ``cosines`` are those of ``evaluation.marks.Study``.

    Raises:
        ValueError: they do not go together.
    """
    bits = packed(where, seen)
    shown = seen_area(where, bits)
    part = body.face_part[marks.true_face[errors.row]].astype(np.int32)
    order = np.lexsort((part, errors.image, errors.annotator))
    annotator, image, part = errors.annotator[order], errors.image[order], part[order]
    face, facing = marks.true_face[errors.row[order]], marks.facing[errors.row[order]]
    start = _starts(annotator, image, part)
    tilt = drift(errors.metres, marks.facing[errors.row], _groups(errors))
    slant = seen_slant(where, bits, cosines, tilt.shape) if tilt.steep else np.zeros_like(shown)
    slope = tilt.factor(facing)
    cells = len(start) - 1
    above, area = np.zeros(cells), np.zeros(cells)
    total, weight = np.zeros(len(where)), np.zeros(len(where))
    _fill(
        start, part, image, face, marks.true_bary[errors.row[order]], errors.metres[order] / slope, where.start,
        where.metres, where.at, where.width, where.local, shown, slant, tilt.steep,
        above, area, total, weight,
    )  # fmt: skip
    first = start[:-1]
    units = _starts(annotator, image, np.zeros_like(part))[:-1]
    whole = float(shown.sum(axis=1, dtype=np.float64)[image[units]].sum()) if len(units) else 0.0
    return Filled(
        annotator[first], image[first], part[first], above, area,
        np.divide(total, weight, out=np.full(len(where), np.nan), where=weight > 0),
        float(area.sum()) / whole if whole else 0.0,
        tilt,
    )  # fmt: skip


def left_out(errors: Errors, marks: Marks, body: Body, metric: Metric, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Errors (N,) at points, and as foretold from the other points of the same part, image and annotator."""
    part = body.face_part[marks.true_face[errors.row]].astype(np.int32)
    order = np.lexsort((part, errors.image, errors.annotator))
    start = _starts(errors.annotator[order], errors.image[order], part[order])
    size = np.diff(start)
    cells = np.random.default_rng([seed, 2]).permutation(np.flatnonzero(size > 1))
    cells = np.sort(cells[: int(np.searchsorted(np.cumsum(size[cells].astype(np.int64) ** 2), _PAIRS)) + 1])
    if not len(cells):
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    pairs = [np.arange(start[c], start[c + 1]) for c in cells]
    here = np.concatenate([np.repeat(p, len(p)) for p in pairs])
    there = np.concatenate([np.tile(p, len(p)) for p in pairs])
    here, there = here[here != there], there[here != there]
    rows = errors.row[order]
    face, bary = marks.true_face[rows], marks.true_bary[rows]
    away = distances(metric, (face[here], bary[here]), (face[there], bary[there]))
    weight = 1.0 / (away.astype(np.float64) ** 2 + NEAR**2) ** (POWER / 2)
    metres = errors.metres[order].astype(np.float64)
    slope = drift(errors.metres, marks.facing[errors.row], _groups(errors)).factor(marks.facing[rows])
    down = np.bincount(here, weight, len(order))
    good = down > 0
    up = np.bincount(here, weight * (metres / slope)[there], len(order)) * slope
    return metres[good], up[good] / down[good]


def over_vertices(body: Body, where: Sites, site: NDArray[np.float64]) -> NDArray[np.float32]:
    """The sites' figures (S,) at the body's vertices (V,), interpolated within each part; NaN where none is near."""
    total, weight = np.zeros(len(body.vertices)), np.zeros(len(body.vertices))
    for part in range(1, len(where.at)):
        own = np.arange(where.start[part], where.start[part + 1])
        faces = np.flatnonzero(body.face_part == part)
        if not len(faces):
            continue
        n, m = len(own), int(where.width[part])
        away = where.metres[where.at[part] : where.at[part] + n * m].reshape(n, m).astype(np.float64)
        known = np.isfinite(site[own])
        vertex = np.zeros(m, np.int64)
        vertex[where.local[faces].ravel()] = body.faces[faces].ravel()
        w = np.where(known[:, None], 1.0 / (away**2 + 1e-5) ** 2, 0.0)
        down = w.sum(axis=0)
        # A vertex shows what the image showed there, not what lies round the corner: its own nearest site must be seen.
        shown = known[away.argmin(axis=0)] & (down > 0)
        value = (w * np.where(known, site[own], 0.0)[:, None]).sum(axis=0) / np.where(down > 0, down, 1.0)
        np.add.at(total, vertex[shown], value[shown])
        np.add.at(weight, vertex[shown], 1.0)
    return np.divide(total, weight, out=np.full(len(total), np.nan), where=weight > 0).astype(np.float32)


def _groups(errors: Errors) -> NDArray[np.int64]:
    return errors.annotator.astype(np.int64) * 256 + errors.part


def _starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Where runs of equal rows begin, and the end."""
    count = len(columns[0])
    new = np.zeros(count, bool)
    new[:1] = True
    for column in columns:
        new[1:] |= np.diff(column) != 0
    return np.append(np.flatnonzero(new), count)


@njit(cache=True, nogil=True)
def _fill(
    start: Any, part: Any, image: Any, face: Any, bary: Any, metres: Any, first: Any, away: Any, at: Any, width: Any,
    local: Any, shown: Any, slant: Any, steep: float, above: Any, area: Any, total: Any, weight: Any,
) -> None:  # fmt: skip
    for c in range(len(start) - 1):
        p, i = part[start[c]], image[start[c]]
        for s in range(first[p], first[p + 1]):
            here = shown[i, s]
            if here <= 0.0:
                continue
            row = at[p] + (s - first[p]) * width[p]
            up, down = 0.0, 0.0
            for n in range(start[c], start[c + 1]):
                d, f = 0.0, face[n]
                for k in range(3):
                    d += bary[n, k] * away[row + local[f, k]]
                q = d * d + NEAR * NEAR
                w = 1.0 / (q * np.sqrt(q))
                up += w * metres[n]
                down += w
            if down > 0.0:
                slope = 1.0 + steep * slant[i, s]
                above[c] += here * slope * up / down
                area[c] += here
                total[s] += here * slope * up / down
                weight[s] += here
