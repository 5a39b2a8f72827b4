"""DensePose evaluation: AP and AR by GPS, GPSm and mask IoU, and the errors of points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from evaluation.detection.distances import SurfaceDistances
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import Evaluation


def evaluate(
    truth: GroundTruth,
    predictions: Predictions,
    distances: SurfaceDistances,
    kappa: Literal["per-part"] | float = "per-part",
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Evaluate detections exactly as the reference evaluator does (Güler et al., CVPR 2018, and the code after it).

    Args:
        truth: from ``groundtruth.read``.
        predictions: from ``predictions.read``.
        distances: from ``distances.open_surface`` or ``distances.of_body``.
        kappa: metres at which GPS falls to exp(-1/2), by coarse part or one for all (0.255 in the paper).
        progress: is told how many images of how many are done.

    Raises:
        ValueError: a detection is of an image or category that the ground truth has not, or its PNG is damaged; a mask of
            the ground truth is damaged; ``kappa`` is "per-part" and the surface has not 24 charts.
    """
    raise NotImplementedError
