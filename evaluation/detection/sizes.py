"""Average precision and recall of persons of any range of areas, also of those that the ten figures leave out."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from evaluation.detection import averages
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.matching import THRESHOLDS, People, match
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import MODES, Evaluation

LIMITS = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""Square pixels, both ends included, as COCO has them; the reference evaluator has no small ones."""


def averages_of(
    truth: GroundTruth, predictions: Predictions, found: Evaluation, low: float, high: float
) -> tuple[dict[str, float], dict[str, float]]:
    """AP and AR by mode of persons whose area is in [low, high] square pixels; -1 if no such person has points.

    The rules are those of ``evaluate``; images without persons, all whose detections are ignored, need no look.
    """
    row = {id_: n for n, id_ in enumerate(truth.ids.tolist())}
    people = np.array([row[i] for s in found.similarity for i in s.annotation_ids.tolist()], np.int64)
    rows = np.concatenate([np.zeros(0, np.int64), *(s.detection_ids - 1 for s in found.similarity)])
    starts, ends = (
        np.array([0, *accumulate(len(ids) for ids in each)], np.int64)
        for each in ([s.annotation_ids for s in found.similarity], [s.detection_ids for s in found.similarity])
    )
    boxes = _flat([s.box_iou for s in found.similarity])
    those = People(truth.ids[people], truth.annotated[people], truth.crowd[people], truth.areas[people])
    sides = predictions.boxes[rows, 2:]
    ap, ar = {}, {}
    for mode in MODES:
        made = match(
            _flat([s.of(mode) for s in found.similarity]), boxes, starts, ends, those, sides[:, 0] * sides[:, 1],
            np.array([[low, high]]),
        )  # fmt: skip
        precision = np.full((len(truth.category_ids), 1, len(THRESHOLDS), len(averages.RECALLS)), -1.0)
        recall = np.full(precision.shape[:3], -1.0)
        for k, category in enumerate(truth.category_ids.tolist()):
            own = np.flatnonzero(predictions.category_ids[rows] == category)
            own = own[np.argsort(-predictions.scores[rows[own]], kind="stable")]
            mine = (truth.category == k) & truth.annotated & (truth.areas >= low) & (truth.areas <= high)
            precision[k, 0], recall[k, 0] = averages.curve(
                made.matched[0][:, own], made.ignored[0][:, own], int(mine.sum())
            )
        ap[mode], ar[mode] = _mean(precision), _mean(recall)
    return ap, ar


def _flat(tables: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *(table.reshape(-1) for table in tables)])


def _mean(values: NDArray[np.float64]) -> float:
    """Of those that are defined; -1 if none is."""
    defined = values[values > -1]
    return float(defined.mean()) if len(defined) else -1.0
