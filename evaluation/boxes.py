"""Boxes of persons: COCO's average precision by their overlap (https://cocodataset.org/#detection-eval)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

STATS: tuple[str, ...] = (
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
)  # fmt: skip
"""Averages over overlaps of .5 to .95, at .5 and at .75; by area; and recalls by detections per image and by area."""


PERSON = 1
"""COCO's category."""


def evaluate(truth: Mapping[str, Any], detections: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """COCO's twelve figures in [0, 1], -1 where undefined, by its own evaluation.

    :param truth: a COCO document; persons are its annotations of category 1, those with ``iscrowd`` neither found nor
        missed.
    :param detections: ``image_id``, ``category_id``, ``bbox`` (x, y, w, h) and ``score`` of each.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        reference, results = COCO(), COCO()
        annotations = [{"iscrowd": 0, "category_id": PERSON, **entry} for entry in truth["annotations"]]
        reference.dataset = {**truth, "annotations": annotations}
        reference.createIndex()
        results.dataset = {
            "images": list(truth["images"]),
            "categories": list(truth["categories"]),
            "annotations": [_numbered(entry, number) for number, entry in enumerate(detections, start=1)],
        }
        results.createIndex()
        evaluation = COCOeval(reference, results, "bbox")
        evaluation.params.catIds = [PERSON]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(STATS, map(float, np.asarray(evaluation.stats)), strict=True))


def _numbered(entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("image_id", "category_id", "bbox", "score")}
    return {**kept, "id": number, "area": entry["bbox"][2] * entry["bbox"][3], "iscrowd": 0}
