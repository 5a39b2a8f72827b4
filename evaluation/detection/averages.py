"""Average precision and recall of matched detections, as COCO has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.detection.matching import THRESHOLDS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RECALLS = np.linspace(0.0, 1.0, 101)


def curve(matched: Bools, ignored: Bools, persons: int) -> tuple[Floats, Floats]:
    """Precision at ``RECALLS`` (T,101) and largest recall (T,) of detections by descending score; -1 without persons.

    Args:
        matched: (T,D).
        ignored: (T,D).
        persons: how many count.
    """
    thresholds = len(matched)
    if persons == 0:
        return np.full((thresholds, len(RECALLS)), -1.0), np.full(thresholds, -1.0)
    precision, recall = np.zeros((thresholds, len(RECALLS))), np.zeros(thresholds)
    if not matched.shape[1]:
        return precision, recall
    right = np.cumsum(matched & ~ignored, axis=1).astype(np.float64)
    wrong = np.cumsum(~matched & ~ignored, axis=1).astype(np.float64)
    share = right / persons
    found = right / (right + wrong + np.spacing(1))
    # The best precision at this recall or a larger one.
    found = np.maximum.accumulate(found[:, ::-1], axis=1)[:, ::-1]
    for t in range(thresholds):
        at = np.searchsorted(share[t], RECALLS, side="left")
        reached = at < share.shape[1]
        precision[t, reached] = found[t, at[reached]]
    return precision, share[:, -1]


def stats(precision: Floats, recall: Floats) -> dict[str, float]:
    """The ten figures of precision (K,A,T,101) and recall (K,A,T) by category, area (all, medium, large), threshold."""
    half, three_quarters = (int(np.argmin(np.abs(THRESHOLDS - t))) for t in (0.5, 0.75))
    out = {}
    for name, values in (("AP", precision), ("AR", recall)):
        out[name] = _mean(values[:, 0])
        out[f"{name}50"] = _mean(values[:, 0, half])
        out[f"{name}75"] = _mean(values[:, 0, three_quarters])
        out[f"{name}m"] = _mean(values[:, 1])
        out[f"{name}l"] = _mean(values[:, 2])
    return out


def _mean(values: Floats) -> float:
    """Of those that are defined; -1 if none is."""
    defined = values[values > -1]
    return float(defined.mean()) if len(defined) else -1.0
