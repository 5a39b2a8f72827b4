"""Shares of the variance of errors: annotator, image and part, crossed, and the rest.

Henderson's first method ("Estimation of variance and covariance components", Biometrics 1953; Searle, Casella and
McCulloch, "Variance Components", 1992, ch. 5): the sums of squares of an unbalanced table are set equal to what they
are expected to be. Estimates below zero are set to zero. What is particular to one annotator on one part, or to one
point, is in the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.errors import Errors
from evaluation.intervals import Draws, student
from evaluation.report import Figure, Shares

_DRAWS = 200


def shares(errors: Errors, drawn: Draws) -> Shares:
    """The shares, with intervals; None where there are too few points, or one annotator, image or part only.

    The variance of a share is what resampling images gives, and what leaving out one annotator after the other gives
    (jackknife): a resampled annotator would be there twice on the same image, and pass for an effect of the image.
    """
    nothing = Figure(None, None, None, len(errors))
    if len(errors) < 3:
        return Shares(nothing, nothing, nothing, nothing, None)
    table, annotators = _table(errors, drawn.annotators), np.unique(errors.annotator)
    images, whole = np.ones(drawn.images, np.float32), np.ones(drawn.annotators, np.float32)
    found = _components(table, images, whole)
    total = found.sum()
    if not total > 0:
        return Shares(nothing, nothing, nothing, nothing, 0.0)
    many = np.array([_components(table, drawn.image[:, b].copy(), whole) for b in range(min(drawn.count, _DRAWS))])
    variance = np.nanvar(_relative(many), axis=0)
    if len(annotators) > 2:
        left = np.array(
            [_components(table, images, np.where(np.arange(len(whole)) == a, 0, whole)) for a in annotators]
        )
        variance += np.nanvar(_relative(left), axis=0) * (len(annotators) - 1)
    levels = [len(np.unique(column)) for column in (errors.annotator, errors.image, errors.part)]
    clusters = min((n for n in levels[:2] if n > 1), default=1)
    half = norm.ppf(0.975) * (student(clusters) if clusters > 1 else 0.0) * np.sqrt(variance)
    out = [nothing] * 4
    for k, value in enumerate((found / total).tolist()):
        if k == 3 or levels[k] > 1:
            low, high = (
                (float(max(0.0, value - half[k])), float(min(1.0, value + half[k]))) if clusters > 1 else (None, None)
            )
            out[k] = Figure(value, low, high, len(errors))
    return Shares(out[0], out[1], out[2], out[3], float(np.sqrt(total)))


def _relative(components: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return components / components.sum(axis=1, keepdims=True)


def components(errors: Errors, images: int, annotators: int) -> NDArray[np.float64]:
    """Variances (4,) in square metres: annotator, image, part, rest; not below zero."""
    ones = np.ones(images, np.float32), np.ones(annotators, np.float32)
    return _components(_table(errors, annotators), *ones)


def _table(errors: Errors, annotators: int) -> tuple[Any, ...]:
    """Cells (annotator, image, part) with number, sum and sum of squares of the errors."""
    _, part = np.unique(errors.part, return_inverse=True)
    parts = int(part.max()) + 1
    code = (errors.image.astype(np.int64) * annotators + errors.annotator) * parts + part
    cells, where = np.unique(code, return_inverse=True)
    metres = errors.metres.astype(np.float64)
    metres = metres - metres.mean()
    return (
        (cells // parts % annotators).astype(np.int32), (cells // parts // annotators).astype(np.int32),
        (cells % parts).astype(np.int32), np.bincount(where).astype(np.float64), np.bincount(where, metres),
        np.bincount(where, metres**2), parts,
    )  # fmt: skip


def _components(table: tuple[Any, ...], wi: Any, wa: Any) -> NDArray[np.float64]:
    compiled: Any = _moments
    left, right = compiled(*table, wi, wa)
    use = [k for k in range(4) if k == 3 or left[k + 1, 3] > 1 + 1e-9]
    if left[0, 3] < 2:
        return np.full(4, np.nan)
    # Each sum of squares less that of the mean; the factors with one level have no variance to be found.
    rows = [k + 1 for k in use if k < 3] + [0]
    matrix = np.array([[left[r, k] - left[4, k] for k in use] for r in rows])
    out = np.zeros(4)
    out[use] = np.linalg.lstsq(matrix, np.array([right[r] - right[4] for r in rows]), rcond=None)[0]
    return np.maximum(out, 0.0)


@njit(cache=True, nogil=True)
def _moments(a: Any, i: Any, p: Any, n: Any, y: Any, q: Any, parts: int, wi: Any, wa: Any) -> Any:
    """Coefficients (5,4) of the variances (annotator, image, part, rest) in the sums of squares, and those (5,).

    Rows: all points, annotators, images, parts, the mean. A resampled image or annotator counts as several of its own.
    The cells are sorted by image.
    """
    annotators = len(wa)
    left, right = np.zeros((5, 4)), np.zeros(5)
    total, value = 0.0, 0.0
    an, ay, ap, aii = np.zeros(annotators), np.zeros(annotators), np.zeros((annotators, parts)), np.zeros(annotators)
    pn, py, pi = np.zeros(parts), np.zeros(parts), np.zeros(parts)
    images_squared = 0.0
    own_a, own_p = np.zeros(annotators), np.zeros(parts)
    c = 0
    while c < len(n):
        image = i[c]
        w = wi[image]
        own_a[:], own_p[:] = 0.0, 0.0
        count, result = 0.0, 0.0
        while c < len(n) and i[c] == image:
            u = wa[a[c]]
            own_a[a[c]] += n[c]
            own_p[p[c]] += u * n[c]
            count += u * n[c]
            result += u * y[c]
            an[a[c]] += w * n[c]
            ay[a[c]] += w * y[c]
            ap[a[c], p[c]] += w * n[c]
            py[p[c]] += w * u * y[c]
            right[0] += w * u * q[c]
            c += 1
        if count == 0.0:
            continue
        total += w * count
        value += w * result
        right[2] += w * result * result / count
        images_squared += w * count * count
        for k in range(annotators):
            aii[k] += w * own_a[k] * own_a[k]
            left[2, 0] += w * wa[k] * own_a[k] * own_a[k] / count
        for k in range(parts):
            pn[k] += w * own_p[k]
            pi[k] += w * own_p[k] * own_p[k]
            left[2, 2] += w * own_p[k] * own_p[k] / count
        left[2, 3] += w
    if total == 0.0:
        return left, right
    left[0, :] = total
    left[1, 0] = left[2, 1] = left[3, 2] = total
    for k in range(annotators):
        if an[k] > 0.0 and wa[k] > 0.0:
            right[1] += wa[k] * ay[k] * ay[k] / an[k]
            left[1, 1] += wa[k] * aii[k] / an[k]
            left[1, 3] += wa[k]
            left[4, 0] += wa[k] * an[k] * an[k] / total
            for j in range(parts):
                left[1, 2] += wa[k] * ap[k, j] * ap[k, j] / an[k]
    for j in range(parts):
        if pn[j] > 0.0:
            right[3] += py[j] * py[j] / pn[j]
            left[3, 1] += pi[j] / pn[j]
            left[3, 3] += 1.0
            left[4, 2] += pn[j] * pn[j] / total
            for k in range(annotators):
                left[3, 0] += wa[k] * ap[k, j] * ap[k, j] / pn[j]
    right[4] = value * value / total
    left[4, 1] = images_squared / total
    left[4, 3] = 1.0
    return left, right
