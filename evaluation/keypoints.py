"""Keypoints: percent of detected joints (PDJ; Toshev and Szegedy, DeepPose, CVPR 2014) and COCO's average precision
over object keypoint similarity (OKS; https://cocodataset.org/#keypoints-eval)."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

Floats = NDArray[np.float64]

NAMES: tuple[str, ...] = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
FRACTIONS: tuple[float, ...] = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
"""Of the torso's diameter: how far off a detected joint may be."""

STATS: tuple[str, ...] = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")
SIGMAS: Floats = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float64) / 1000
"""COCO's spread of annotators by joint, in units of the square root of the person's area."""

_SHOULDER, _HIP = NAMES.index("left_shoulder"), NAMES.index("right_hip")


@dataclass(frozen=True)
class Keypoints:
    """What keypoint detections are worth.

    :param oks: COCO's ten figures in [0, 1], -1 where undefined.
    :param pdj: (F, 17) share of detected joints by fraction of the torso's diameter; NaN for joints never measured.
    :param joints: (17,) how many joints of each kind PDJ rests on.
    :param persons: how many persons PDJ rests on: those whose left shoulder and right hip are labelled.
    """

    oks: dict[str, float]
    pdj: Floats
    joints: NDArray[np.int64]
    persons: int

    @property
    def pdj_mean(self) -> Floats:
        """(F,) share of all measured joints; NaN if there are none."""
        total = self.joints.sum()
        if not total:
            return np.full(len(self.pdj), np.nan)
        return np.nansum(self.pdj * self.joints, axis=1) / total


def evaluate(truth: Mapping[str, Any], detections: Sequence[Mapping[str, Any]]) -> Keypoints | None:
    """Evaluate the detections that have keypoints against persons that have some; None without any.

    For PDJ a person's detection is the one with the highest OKS in its image, each detection serving one person at
    most, persons taken in the order of their best OKS; the joints of a person that no detection is left for count as
    not detected.

    :param truth: a COCO document.
    :param detections: COCO results.
    :raises ValueError: a detection's keypoints are not 17 times x, y and a third number.
    """
    found = [entry for entry in detections if "keypoints" in entry]
    persons = [entry for entry in truth["annotations"] if _labelled(entry)]
    if not found or not persons:
        return None
    for number, entry in enumerate(detections, start=1):
        if "keypoints" in entry and len(entry["keypoints"]) != 3 * len(NAMES):
            raise ValueError(f"detection {number}: {len(entry['keypoints'])} numbers are not 17 keypoints")
    true = np.array([entry["keypoints"] for entry in persons], np.float64).reshape(-1, 17, 3)
    rates, joints = pdj(true, _matched(persons, true, found))
    measured = (true[:, [_SHOULDER, _HIP], 2] > 0).all(axis=1)
    return Keypoints(_oks(truth, found), rates, joints, int(measured.sum()))


def oks(true: Floats, area: Floats, predicted: Floats) -> Floats:
    """Object keypoint similarity (N, D) of N persons (N, 17, 3) and D detections (D, 17, 2 or 3).

    :param area: (N,) of the persons' segmentations, in square pixels. Persons without a labelled joint give 0.
    """
    squared = ((true[:, None, :, :2] - predicted[None, :, :, :2]) ** 2).sum(axis=3)
    near = np.exp(-squared / (2 * (2 * SIGMAS) ** 2 * (area[:, None, None] + np.spacing(1))))
    seen = true[:, None, :, 2] > 0
    return (near * seen).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)


def pdj(true: Floats, predicted: Floats, fractions: Sequence[float] = FRACTIONS) -> tuple[Floats, NDArray[np.int64]]:
    """Share (F, 17) of labelled joints that lie within fractions of the torso's diameter, and their numbers (17,).

    The torso's diameter is the distance of left shoulder and right hip; persons without both, or with none between
    them, are left out.

    :param true: (N, 17, 3) x, y, visibility.
    :param predicted: (N, 17, 2) x, y; NaN where there is none, which counts as not detected.
    """
    torso = np.linalg.norm(true[:, _SHOULDER, :2] - true[:, _HIP, :2], axis=1)
    usable = (true[:, _SHOULDER, 2] > 0) & (true[:, _HIP, 2] > 0) & (torso > 0)
    seen = (true[:, :, 2] > 0) & usable[:, None]
    off = np.linalg.norm(true[:, :, :2] - predicted[:, :, :2], axis=2) / np.where(usable, torso, 1)[:, None]
    off = np.where(np.isfinite(off), off, np.inf)
    joints = seen.sum(axis=0)
    within = (off[None] <= np.asarray(fractions)[:, None, None]) & seen[None]
    rates = np.full((len(fractions), len(NAMES)), np.nan)
    np.divide(within.sum(axis=1), joints, out=rates, where=joints > 0)
    return rates, joints


def _labelled(entry: Mapping[str, Any]) -> bool:
    joints = entry.get("keypoints") or []
    return len(joints) == 3 * len(NAMES) and any(v > 0 for v in joints[2::3]) and not entry.get("iscrowd")


def _matched(persons: Sequence[Mapping[str, Any]], true: Floats, found: Sequence[Mapping[str, Any]]) -> Floats:
    """The joints (N, 17, 2) of each person's detection; NaN for persons without one."""
    ours: dict[Any, list[int]] = defaultdict(list)
    theirs: dict[Any, list[int]] = defaultdict(list)
    for row, entry in enumerate(persons):
        ours[entry["image_id"]].append(row)
    for row, entry in enumerate(found):
        theirs[entry["image_id"]].append(row)
    out = np.full((len(persons), len(NAMES), 2), np.nan)
    for image, rows in ours.items():
        if image not in theirs:
            continue
        joints = np.array([found[row]["keypoints"] for row in theirs[image]], np.float64).reshape(-1, 17, 3)
        likeness = oks(true[rows], np.array([persons[row]["area"] for row in rows], np.float64), joints)
        for _ in range(min(likeness.shape)):
            person, detection = np.unravel_index(likeness.argmax(), likeness.shape)
            out[rows[person]] = joints[detection, :, :2]
            likeness[person], likeness[:, detection] = -1, -1
    return out


def _oks(truth: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """COCO's own evaluation, which prints what it does."""
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        annotations = [_whole(entry) for entry in truth["annotations"]]
        reference.dataset = {**truth, "annotations": annotations}
        reference.createIndex()
        results = COCO()
        results.dataset = {
            "images": list(truth["images"]),
            "categories": list(truth["categories"]),
            "annotations": [
                {**entry, "id": number, "area": _hull(entry["keypoints"])}
                for number, entry in enumerate(found, start=1)
            ],
        }
        results.createIndex()
        evaluation = COCOeval(reference, results, "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(STATS, map(float, evaluation.stats), strict=True))


def _whole(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with what COCO's evaluation asks of each; persons without keypoints are ignored by it."""
    joints = entry.get("keypoints") or [0] * (3 * len(NAMES))
    return {"iscrowd": 0, **entry, "keypoints": joints, "num_keypoints": sum(v > 0 for v in joints[2::3])}


def _hull(joints: Sequence[float]) -> float:
    """The area of a detection as COCO takes it: that of the box around its joints."""
    x, y = np.array(joints[0::3]), np.array(joints[1::3])
    return float((x.max() - x.min()) * (y.max() - y.min()))
