"""What detections say at ground-truth points, how far it is from the truth, and the similarity (GPS) from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evaluation.detection.distances import SurfaceDistances
from evaluation.detection.groundtruth import GroundTruth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

KAPPA = (0.351, 0.107, 0.126, 0.237, 0.173, 0.142, 0.128, 0.150)
"""Metres: torso, hands, feet, upper legs, lower legs, upper arms, lower arms, head."""

GROUP = (1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8)
"""Which of these (from 1) each chart 1..24 belongs to."""


def kappas(kappa: str | float, charts: int) -> Floats:
    """Metres (charts,) at which the similarity of a point falls to exp(-1/2).

    Raises:
        ValueError: it is neither "per-part", for 24 charts, nor a positive number.
    """
    if kappa == "per-part":
        if charts != len(GROUP):
            raise ValueError(
                f"kappa per part is known of {len(GROUP)} charts; this surface has {charts}: give a number"
            )
        return np.array(KAPPA)[np.array(GROUP) - 1]
    if isinstance(kappa, str) or not 0 < kappa < np.inf:
        raise ValueError(f"kappa is 'per-part' or a positive number of metres, not {kappa!r}")
    return np.full(charts, float(kappa))


@dataclass(frozen=True, eq=False)
class Points:
    """The n ground-truth points, of P persons, that are on a surface.

    Attributes:
        row: (n,) in the arrays of the ground truth.
        person: (n,) row of the person.
        start: (P+1,) rows of each person's points.
        x, y: (n,) in the image.
        chart: (n,) from 1.
        kappa: (n,) metres.
        located: n points of the surface, as its ``locate`` gives them.
    """

    row: Ints
    person: Ints
    start: Ints
    x: Floats
    y: Floats
    chart: Ints
    kappa: Floats
    located: Any

    @classmethod
    def of(cls, truth: GroundTruth, distances: SurfaceDistances, kappa: Floats) -> Points:
        """Those whose I is one of the surface's charts; kappa (charts,) in metres."""
        person = np.repeat(np.arange(len(truth.ids)), np.diff(truth.start))
        row = np.flatnonzero((truth.I >= 1) & (distances.charts >= truth.I) & (np.floor(truth.I) == truth.I))
        person, chart = person[row], truth.I[row].astype(np.int64)
        # In this order, so that roundings are the reference's.
        x, y = (
            relative[row] * truth.boxes[person, 2 + axis] / 255.0 + truth.boxes[person, axis]
            for axis, relative in ((0, truth.x), (1, truth.y))
        )
        start = np.searchsorted(person, np.arange(len(truth.ids) + 1))
        located = distances.locate(chart, truth.U[row], truth.V[row])
        return cls(row, person, start, x, y, chart, kappa[chart - 1], located)


class Measure:
    """Collects what detections say at points, measures many at once, and keeps what is best for each person.

    Args:
        points: the ground truth.
        distances: their surface.
        pairs: S, how many detections and persons there are in the same image.
        together: points whose distances are asked for at once; more only if an image has more.

    Attributes:
        gps: (S,) similarity of each detection and each person of its image, in the order in which they were added.
        metres: (n,) errors of the points in the best detection of their person.
        best: (P,) row of that detection, or -1.
        best_gps: (P,) its similarity.
    """

    def __init__(self, points: Points, distances: SurfaceDistances, pairs: int, together: int) -> None:
        people = len(points.start) - 1
        self.points, self.distances = points, distances
        self.gps = np.zeros(pairs)
        self.metres = np.full(len(points.row), np.inf)
        self.best, self.best_gps = np.full(people, -1), np.zeros(people)
        self._start: list[int] = points.start.tolist()
        self._done, self._who = 0, list[tuple[int, int, int]]()
        self._allocate(together)

    def _allocate(self, room: int) -> None:
        """Room for so many points that wait. Of those on the surface: their place among all, the point, and I,U,V."""
        self._room, self._waiting, self._on = room, 0, 0
        self._place, self._point = np.empty((2, room), np.int64)
        self._iuv = np.empty((3, room), np.uint8)

    def add(self, row: int, iuv: Bytes, box: Sequence[float], persons: tuple[int, int]) -> None:
        """A detection (its row, its decoded I,U,V (3,h,w) and its box) in the image of persons first to last + 1."""
        begin, end = self._start[persons[0]], self._start[persons[1]]
        if self._waiting + end - begin > self._room:
            self.measure()
            if end - begin > self._room:
                self._allocate(end - begin)
        left, top, width, height = box
        self._on = _seen(
            iuv, left, top, int(width), int(height), self.points.x, self.points.y, begin, end, self.distances.charts,
            self._waiting, self._on, self._place, self._point, self._iuv,
        )  # fmt: skip
        self._who.append((row, *persons))
        self._waiting += end - begin

    def measure(self) -> None:
        """Measure what has been added since the last time."""
        if not self._who:
            return
        on = slice(self._on)
        metres = np.full(self._waiting, np.inf)
        predicted = self.distances.locate_bytes(*self._iuv[:, on])
        metres[self._place[on]] = self.distances.between(self.points.located[self._point[on]], predicted)
        self._done = _reduce(
            metres,
            np.array(self._who),
            self.points.start,
            self.points.kappa,
            self._done,
            self.gps,
            self.metres,
            self.best,
            self.best_gps,
        )
        self._who.clear()
        self._waiting = self._on = 0


@njit(cache=True)
def _seen(
    iuv: Any, left: float, top: float, w: int, h: int, x: Any, y: Any, begin: int, end: int, charts: int,
    place: int, on: int, places: Any, points: Any, out: Any,
) -> int:  # fmt: skip
    """I, U, V at image positions begin..end, of which the first has this place; those where the detection sees
    background or no chart, or that are outside of it, are left out. Behind the ``on`` that are there; returns how many
    there are then.

    Positions in it are truncated toward zero: one up to a pixel left of it or above it is inside.
    """
    for n in range(begin, end):
        dx, dy = x[n] - left, y[n] - top
        # Compared before they are made whole numbers: of far ones none can be made.
        if dx > -1.0 and dy > -1.0 and dx < w and dy < h:
            column, row = int(dx), int(dy)
            if column < w and row < h and 0 < iuv[0, row, column] <= charts:
                places[on], points[on] = place + n - begin, n
                for k in range(3):
                    out[k, on] = iuv[k, row, column]
                on += 1
    return on


@njit(cache=True)
def _reduce(
    metres: Any, who: Any, start: Any, kappa: Any, at: int, gps: Any, errors: Any, best: Any, best_gps: Any
) -> int:
    """GPS of every detection and person from the errors of the points; what is better than the best so far is kept."""
    begin = 0
    for n in range(len(who)):
        for person in range(who[n, 1], who[n, 2]):
            first, count = start[person], start[person + 1] - start[person]
            total, found = 0.0, False
            for k in range(count):
                error = metres[begin + k]
                if error < np.inf:
                    total += np.exp(-(error * error) / (2.0 * (kappa[first + k] * kappa[first + k])))
                    found = True
            gps[at] = total / count if count else 0.0
            if found and (best[person] < 0 or gps[at] > best_gps[person]):
                best[person], best_gps[person] = who[n, 0], gps[at]
                errors[first : first + count] = metres[begin : begin + count]
            begin += count
            at += 1
    return at
