"""What ``densemark evaluate --json`` prints: the figures of the reference evaluator, and what sums them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from evaluation import curves
from evaluation.detection.evaluate import MOST_DETECTIONS
from evaluation.detection.matching import THRESHOLDS as SIMILARITIES
from evaluation.detection.result import Evaluation
from evaluation.detection.summary import THRESHOLDS, UNDEFINED, PersonFigures, Summary
from evaluation.keypoints import FRACTIONS, NAMES, Keypoints


def document(
    found: Evaluation, summary: Summary, keypoints: Keypoints | None = None, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Everything, as JSON has it: shares in [0,1], lengths in metres, -1 where undefined.

    Args:
        found: what ``evaluate`` said.
        summary: of it.
        keypoints: those of the same files, if they have some.
        settings: what else is to be told of how it was made (files).
    """
    return {
        **found.figures(),
        "points": asdict(summary.points),
        "rcp": {
            "metres": THRESHOLDS.tolist(),
            "share": summary.ratio.tolist(),
            "human": {
                "name": curves.PUBLISHED.name,
                "source": curves.PUBLISHED.citation,
                "auc10": curves.PUBLISHED.auc10,
                "auc30": curves.PUBLISHED.auc30,
            },
        },
        "parts": [asdict(part) for part in summary.parts],
        "groups": [asdict(group) for group in summary.groups],
        "sizes": [asdict(size) for size in summary.sizes],
        "worst": [_person(person) for person in summary.worst],
        "missed": [_person(person) for person in summary.missed],
        "keypoints": None if keypoints is None else _keypoints(keypoints),
        "counts": asdict(summary.counts),
        "settings": {
            **(settings or {}),
            "distances": found.distances,
            "kappa": found.kappa,
            "similarities": np.round(SIMILARITIES, 2).tolist(),
            "detections per image": MOST_DETECTIONS,
            "seconds": found.seconds,
        },
    }


NO_SURFACE = "the detections carry keypoints and no uv_data: there are no surface figures"


def keypoints_only(keypoints: Keypoints, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same of detections that are keypoints and nothing else: ``surface`` says why there are no other figures."""
    return {"surface": NO_SURFACE, "keypoints": _keypoints(keypoints), "settings": dict(settings)}


def _person(person: PersonFigures) -> dict[str, Any]:
    said = asdict(person)
    points = said.pop("points")
    del said["row"], points["name"]
    return {**said, **points}


def _keypoints(found: Keypoints) -> dict[str, Any]:
    return {
        "oks": found.oks,
        "pdj": {
            "fractions": list(FRACTIONS),
            "all": _defined(found.pdj_mean),
            **{name: _defined(found.pdj[:, joint]) for joint, name in enumerate(NAMES)},
        },
        "joints": dict(zip(NAMES, found.joints.tolist(), strict=True)),
        "persons": found.persons,
    }


def _defined(values: Any) -> list[float]:
    return np.where(np.isfinite(values), values, UNDEFINED).tolist()
