"""What an evaluation says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MODES = ("gps", "gpsm", "iou")
"""What detections are matched by: geodesic point similarity, sqrt(GPS * mask IoU), mask IoU."""

STATS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")
"""The ten figures, in the order of the reference evaluator."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """How alike D detections and G persons of one category in one image are.

    Attributes:
        image_id, category_id: of the image, of the category.
        detection_ids: (D,) positions in the file of results, from 1: by descending score, at most 20.
        annotation_ids: (G,) in the order of the file.
        gps: (D,G) geodesic point similarity; 0 for persons without points.
        mask_iou: (D,G) of the masks; of a crowd, the share of the detection that lies in it.
        box_iou: (D,G) of the boxes; of a crowd likewise.
    """

    image_id: int
    category_id: int
    detection_ids: Ints
    annotation_ids: Ints
    gps: Floats
    mask_iou: Floats
    box_iou: Floats

    def of(self, mode: str) -> Floats:
        """(D,G) by which detections are matched in a mode of ``MODES``."""
        return {"gps": self.gps, "gpsm": np.sqrt(self.mask_iou * self.gps), "iou": self.mask_iou}[mode]


@dataclass(frozen=True, eq=False)
class Pointwise:
    """The geodesic error of every ground-truth point, in the detection that is best for its person.

    That is the detection with the highest GPS to the person among those of its image (at most 20) that see at least one
    of its points as a point of the surface; of equal ones, the one of the higher score. All points of a person of
    whom no detection does are infinitely wrong, as are points where the detection sees background, or outside of it.

    Attributes:
        person: (N,) row of the point's person in the arrays of the ground truth.
        point: (N,) row of the point in the arrays of the ground truth.
        chart: (N,) I, from 1. Points of no chart are left out.
        metres: (N,) the errors.
        detection: (P,) position in the file of results, from 1, of the best detection of each person, or 0.
        gps: (P,) its GPS; 0 without a detection.
    """

    person: Ints
    point: Ints
    chart: Ints
    metres: Floats
    detection: Ints
    gps: Floats


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What ``evaluate`` returns.

    Attributes:
        stats: by mode (``MODES``) and name (``STATS``), in [0,1]; -1 where there is nothing to measure.
        similarity: of each image (and category) that has persons and detections, by ascending image id.
        pointwise: the errors of points.
        auc10, auc30: area under the ratio of correct points up to 10 and 30 cm, in [0,1]; -1 without points.
        seconds: by stage: "reading" (decoding PNGs), "points", "masks", "matching".
        distances: the name of the surface and of its distances.
        kappa: "per-part" or metres.
    """

    stats: dict[str, dict[str, float]]
    similarity: tuple[Similarity, ...]
    pointwise: Pointwise
    auc10: float
    auc30: float
    seconds: dict[str, float]
    distances: str
    kappa: str | float

    def figures(self) -> dict[str, Any]:
        """What ``densemark evaluate --json`` prints."""
        return {**self.stats, "auc10": self.auc10, "auc30": self.auc30, "seconds": sum(self.seconds.values())}
