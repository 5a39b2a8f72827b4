"""DensePose evaluation: AP and AR by GPS, GPSm and mask IoU, and the errors of points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation import curves
from evaluation.detection import averages, masks
from evaluation.detection.distances import SurfaceDistances
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.matching import AREAS, THRESHOLDS, People, match
from evaluation.detection.points import Measure, Points, kappas
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import MODES, Evaluation, Pointwise, Similarity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_DETECTIONS = 20
"""Detections per image that are looked at: those of the highest scores."""

_TOGETHER = 200_000  # points whose distances are asked for at once


def evaluate(
    truth: GroundTruth,
    predictions: Predictions,
    distances: SurfaceDistances,
    kappa: Literal["per-part"] | float = "per-part",
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Evaluate detections exactly as the reference evaluator does (Güler et al., CVPR 2018, and the code after it).

    Detections are decoded one at a time. Those of categories that the ground truth has not are left out.

    Args:
        truth: from ``groundtruth.read``.
        predictions: from ``predictions.read``.
        distances: from ``distances.open_surface`` or ``distances.of_body``.
        kappa: metres at which GPS falls to exp(-1/2), by coarse part or one for all (0.255 in the paper).
        progress: is told how many images of how many are done.

    Raises:
        ValueError: a detection is of an image that the ground truth has not, or its PNG is damaged; a mask of the
            ground truth is damaged; ``kappa`` is "per-part" and the surface has not 24 charts.
    """
    clock = _Clock()
    points = Points.of(truth, distances, kappas(kappa, distances.charts))
    groups = _Groups.of(truth, predictions)
    measure = Measure(points, distances, int(groups.pairs[-1]), _TOGETHER)
    overlaps, boxes = np.zeros(len(measure.gps)), np.zeros(len(measure.gps))
    clock.add("points")
    for n in range(len(groups.image)):
        pairs = slice(groups.pairs[n], groups.pairs[n + 1])
        if pairs.start < pairs.stop:
            crops = _detections(truth, predictions, groups, n, measure, clock)
            overlaps[pairs], boxes[pairs] = _overlaps(truth, predictions, groups, n, crops)
            clock.add("masks")
        if progress is not None:
            progress(n + 1, len(groups.image))
            clock.skip()
    measure.measure()
    clock.add("points")
    similarity = {"gps": measure.gps, "gpsm": np.sqrt(overlaps * measure.gps), "iou": overlaps}
    stats = {mode: _stats(truth, predictions, groups, similarity[mode], boxes) for mode in MODES}
    clock.add("matching")
    return Evaluation(
        stats=stats,
        similarity=groups.similarity(truth, measure.gps, overlaps, boxes),
        pointwise=Pointwise(
            points.person, points.row, points.chart, measure.metres, measure.best + 1, measure.best_gps
        ),
        auc10=_auc(measure.metres, 0.1),
        auc30=_auc(measure.metres, 0.3),
        seconds=clock.seconds,
        distances=distances.name,
        kappa=kappa,
    )


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("reading", "points", "masks", "matching"), 0.0)
        self._last = perf_counter()

    def add(self, stage: str) -> None:
        """What has passed since the last call belongs to this stage."""
        now = perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now

    def skip(self) -> None:
        """What has passed since the last call belongs to none."""
        self._last = perf_counter()


@dataclass(frozen=True, eq=False)
class _Groups:
    """The n images and categories that have persons or detections, by category and image id.

    Attributes:
        category, image: (n,) rows of the ground truth.
        persons: (n+1,) where the persons of each begin in the ground truth.
        detections: (n+1,) where the detections of each begin in ``order``.
        order: (D,) rows of the detections that are looked at, of each by descending score.
        pairs: (n+1,) where the pairs of detections and persons of each begin.
    """

    category: Ints
    image: Ints
    persons: Ints
    detections: Ints
    order: Ints
    pairs: Ints

    @classmethod
    def of(cls, truth: GroundTruth, predictions: Predictions) -> _Groups:
        known = np.isin(predictions.image_ids, truth.image_ids)
        if not known.all():
            row = int(np.flatnonzero(~known)[0])
            raise ValueError(f"detection {row + 1}: the ground truth has no image {predictions.image_ids[row]}")
        rows = np.flatnonzero(np.isin(predictions.category_ids, truth.category_ids))
        images = max(len(truth.image_ids), 1)
        theirs = np.searchsorted(truth.category_ids, predictions.category_ids[rows]) * images
        theirs += np.searchsorted(truth.image_ids, predictions.image_ids[rows])
        ours = truth.category * images + truth.image  # ascends
        # Both sorts keep the order of the file among equal scores.
        order = np.lexsort((-predictions.scores[rows], theirs))
        rows, theirs = rows[order], theirs[order]
        rank = np.arange(len(theirs)) - np.searchsorted(theirs, theirs)
        rows, theirs = rows[rank < MOST_DETECTIONS], theirs[rank < MOST_DETECTIONS]
        keys = np.union1d(ours, theirs)
        persons, detections = (np.append(np.searchsorted(side, keys), len(side)) for side in (ours, theirs))
        pairs = np.concatenate([[0], np.cumsum(np.diff(persons) * np.diff(detections))])
        return cls(keys // images, keys % images, persons, detections, rows, pairs)

    def similarity(self, truth: GroundTruth, gps: Floats, overlaps: Floats, boxes: Floats) -> tuple[Similarity, ...]:
        """Of each that has persons and detections; gps, overlaps and boxes are of the pairs."""
        out = []
        for n, (begin, end) in enumerate(pairwise(self.pairs.tolist())):
            if begin < end:
                theirs = self.order[self.detections[n] : self.detections[n + 1]] + 1
                ours = truth.ids[self.persons[n] : self.persons[n + 1]]
                tables = (values[begin:end].reshape(len(theirs), len(ours)) for values in (gps, overlaps, boxes))
                image, category = truth.image_ids[self.image[n]], truth.category_ids[self.category[n]]
                out.append(Similarity(int(image), int(category), theirs, ours, *tables))
        return tuple(out)


def _detections(
    truth: GroundTruth, predictions: Predictions, groups: _Groups, n: int, measure: Measure, clock: _Clock
) -> list[masks.Crop]:
    """Decodes the detections of a group one by one; of each its mask is left, and what it says at points."""
    height, width = truth.image_sizes[groups.image[n]].tolist()
    persons = int(groups.persons[n]), int(groups.persons[n + 1])
    rows = groups.order[groups.detections[n] : groups.detections[n + 1]]
    out = []
    for row, box in zip(rows.tolist(), predictions.boxes[rows].tolist(), strict=True):
        iuv = predictions.decode(row)
        clock.add("reading")
        measure.add(row, iuv, box, persons)
        clock.add("points")
        out.append(masks.of_detection(iuv[0], box, height, width))
        clock.add("masks")
    return out


def _overlaps(
    truth: GroundTruth, predictions: Predictions, groups: _Groups, n: int, detections: list[masks.Crop]
) -> tuple[Floats, Floats]:
    """Overlaps of the masks and of the boxes of a group's detections and persons, flat."""
    height, width = truth.image_sizes[groups.image[n]].tolist()
    persons = slice(groups.persons[n], groups.persons[n + 1])
    crops = []
    for entry in truth.entries[persons]:
        try:
            crops.append(masks.of_person(entry, height, width))
        except ValueError as error:
            raise ValueError(f"annotation {entry['id']}: {error}") from error
    crowd = truth.crowd[persons]
    theirs = predictions.boxes[groups.order[groups.detections[n] : groups.detections[n + 1]]]
    return (
        masks.overlaps(detections, crops, crowd).reshape(-1),
        masks.box_overlaps(theirs, truth.boxes[persons], crowd).reshape(-1),
    )


def _stats(
    truth: GroundTruth, predictions: Predictions, groups: _Groups, similarity: Floats, boxes: Floats
) -> dict[str, float]:
    """The ten figures of one mode."""
    sides = predictions.boxes[groups.order, 2:]
    people = People(truth.ids, truth.annotated, truth.crowd, truth.areas)
    found = match(similarity, boxes, groups.persons, groups.detections, people, sides[:, 0] * sides[:, 1])
    categories, areas = len(truth.category_ids), len(AREAS)
    precision = np.full((categories, areas, len(THRESHOLDS), len(averages.RECALLS)), -1.0)
    recall = np.full((categories, areas, len(THRESHOLDS)), -1.0)
    of_detection = np.repeat(groups.category, np.diff(groups.detections))
    for k in range(categories):
        rows = np.flatnonzero(of_detection == k)
        # Of equal scores, in the order of images, and within one in that of the file.
        rows = rows[np.argsort(-predictions.scores[groups.order[rows]], kind="stable")]
        persons = np.count_nonzero(found.counted[:, truth.category == k], axis=1)
        for a in range(areas):
            precision[k, a], recall[k, a] = averages.curve(
                found.matched[a][:, rows], found.ignored[a][:, rows], int(persons[a])
            )
    return averages.stats(precision, recall)


def _auc(metres: Floats, top: float) -> float:
    return float(curves.area(metres, top).mean()) if len(metres) else -1.0
