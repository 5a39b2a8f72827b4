"""One mark out of several on the same point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SurfacePoints = tuple[NDArray[Any], NDArray[Any]]
"""Faces (N,) and barycentrics (N, 3)."""
Distances = Callable[[SurfacePoints, SurfacePoints], NDArray[np.float64]]
"""Geodesic distances (N,) in metres between N surface points and N others."""

FAR = 10.0
"""Metres that marks on parts of a body that hang nowhere together count as apart."""


class Chosen(NamedTuple):
    """What was chosen for G points.

    :param point: (G,) the points, ascending.
    :param row: (G,) the chosen mark of each, by its place among all marks.
    :param marks: (G,) how many marks each has.
    :param spread: (G,) mean distance in metres of the other marks from the chosen one; NaN with one mark, and where
        nothing was measured.
    """

    point: NDArray[np.int64]
    row: NDArray[np.int64]
    marks: NDArray[np.int64]
    spread: NDArray[np.float64]


def consensus(point: NDArray[Any], face: NDArray[Any], bary: NDArray[Any], distances: Distances) -> Chosen:
    """Of several marks on a point the medoid: the one with the least sum of geodesic distances to the others.

    A medoid is a mark that somebody made, and one mark far off does not move it. Of equal sums, as two marks always
    have them, the later mark is taken.

    :param point: (N,) whole numbers, ascending: marks of one point lie together, the older first.
    :param face: (N,) of the marks.
    :param bary: (N, 3) of the marks.
    """
    start, count = _runs(point)
    sums = _sums(start, count, face, bary, distances)
    group = np.repeat(np.arange(len(start)), count)
    order = np.lexsort((-np.arange(len(point)), sums, group))
    row = order[start]
    return Chosen(np.asarray(point)[start], row, count, _mean(sums[row], count))


def single(point: NDArray[Any], face: NDArray[Any], bary: NDArray[Any], distances: Distances | None = None) -> Chosen:
    """Of several marks on a point the latest; arguments as for `consensus`. Without ``distances`` nothing is
    measured."""
    start, count = _runs(point)
    row = start + count - 1
    if distances is None:
        return Chosen(np.asarray(point)[start], row, count, np.full(len(start), np.nan))
    sums = _sums(start, count, face, bary, distances)
    return Chosen(np.asarray(point)[start], row, count, _mean(sums[row], count))


def _runs(point: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the marks of each point begin, and how many there are."""
    point = np.asarray(point)
    if len(point) and (np.diff(point) < 0).any():
        raise ValueError("the points of the marks do not ascend")
    start = np.flatnonzero(np.append(True, point[1:] != point[:-1])) if len(point) else np.zeros(0, np.int64)
    return start, np.diff(np.append(start, len(point)))


def _sums(
    start: NDArray[np.int64], count: NDArray[np.int64], face: NDArray[Any], bary: NDArray[Any], distances: Distances
) -> NDArray[np.float64]:
    """For each mark the sum of its distances to the others on its point; every pair is measured once."""
    sums = np.zeros(int(count.sum()))
    for size in np.unique(count[count > 1]):
        first, second = np.triu_indices(int(size), 1)
        begin = start[count == size][:, None]
        a, b = (begin + first).ravel(), (begin + second).ravel()
        apart = np.minimum(distances((face[a], bary[a]), (face[b], bary[b])), FAR)
        np.add.at(sums, a, apart)
        np.add.at(sums, b, apart)
    return sums


def _mean(sums: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(count > 1, sums / np.maximum(count - 1, 1), np.nan)
