"""Test and retest: how far apart one annotator's two marks of the same point lie, and whether the errors agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import Errors, Metric, distances
from evaluation.intervals import NOTHING, Draws, Rows, figure, ratios, resampled, student
from evaluation.marks import Marks
from evaluation.report import Figure, Retest


def retest(
    first: Errors, second: Errors, marks: Marks, metric: Metric, drawn: Draws
) -> tuple[Retest | None, list[Figure]]:
    """All annotators together, and each annotator's mean distance between two marks; None if none was asked twice."""
    a, b = _joined(first, second, marks)
    if not len(a):
        return None, [NOTHING] * drawn.annotators
    apart = distances(
        metric,
        (marks.face[first.row[a]], marks.bary[first.row[a]]),
        (marks.face[second.row[b]], marks.bary[second.row[b]]),
    )
    image, who = first.image[a].astype(np.int64), first.annotator[a].astype(np.int64)
    rows = Rows(np.zeros(len(a), np.int64), image, who, 1)
    x, y = first.metres[a].astype(np.float64), second.metres[b].astype(np.float64)
    own = ratios(drawn, Rows(who, image, who, drawn.annotators, crossed=False), apart)
    whole = Retest(
        len(a), ratios(drawn, rows, apart)[0], ratios(drawn, rows, x)[0], ratios(drawn, rows, y)[0],
        _correlation(x, y, rows, drawn),
    )  # fmt: skip
    return whole, own


def _joined(first: Errors, second: Errors, marks: Marks) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows of both that are of the same annotator and point."""
    if not len(first) or not len(second):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    points, index = np.unique(np.concatenate([marks.point[first.row], marks.point[second.row]]), return_inverse=True)
    code = np.concatenate([first.annotator, second.annotator]).astype(np.int64) * len(points) + index
    _, a, b = np.intersect1d(code[: len(first)], code[len(first) :], return_indices=True)
    order = np.argsort(a)
    return a[order], b[order]


def _correlation(x: NDArray[Any], y: NDArray[Any], rows: Rows, drawn: Draws) -> Figure:
    """Intraclass correlation ICC(1,1) of the two errors of a point (Shrout and Fleiss 1979), resampled by images."""
    parts = [np.ones_like(x), x + y, (x + y) ** 2, (x - y) ** 2]
    many = _icc(*[resampled(drawn, rows, part)[0] for part in parts])
    value = float(_icc(*[np.array([part.sum()]) for part in parts])[0])
    if len(x) < 3:
        return Figure(None, None, None, len(x))
    images = len(np.unique(rows.image))
    return figure(value, many, student(images), len(x), (-1.0, 1.0))


def _icc(n: NDArray[Any], total: NDArray[Any], squared: NDArray[Any], apart: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (squared - total**2 / n) / 2 / (n - 1)
        within = apart / 2 / n
        return (between - within) / (between + within)
