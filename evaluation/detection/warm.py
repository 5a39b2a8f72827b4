"""Compiles what an evaluation runs, so that its clock measures the evaluation alone."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from evaluation.detection import groundtruth, matching, predictions
from evaluation.detection.distances import SurfaceDistances
from evaluation.detection.evaluate import evaluate
from surface.kernels import compiled

_SIDE = 64
_METRES = 0.255


def is_warm() -> bool:
    """Whether the last of the kernels that an evaluation needs has been compiled since it was installed."""
    return compiled(matching._match_all)


def warm(distances: SurfaceDistances) -> None:
    """Evaluate one made-up person on a surface, through every kernel; nothing of it is kept."""
    box = [0.0, 0.0, float(_SIDE), float(_SIDE)]
    person = {
        "id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": box, "area": float(_SIDE**2),
        "segmentation": [[0.0, 0.0, _SIDE, 0.0, _SIDE, _SIDE, 0.0, _SIDE]],
        "dp_x": [100.5, 120.5], "dp_y": [100.5, 120.5], "dp_I": [1.0, 1.0], "dp_U": [0.2, 0.6], "dp_V": [0.2, 0.6],
        "dp_masks": [{"size": [256, 256], "counts": "0PPP2"}, *[[]] * 13],
    }  # fmt: skip
    truth = groundtruth.from_coco(
        {
            "images": [{"id": 1, "height": _SIDE, "width": _SIDE, "file_name": ""}],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [person],
        }
    )
    png = io.BytesIO()
    Image.fromarray(np.full((_SIDE, _SIDE, 3), (1, 90, 90), np.uint8)).save(png, "PNG")
    detection = {
        "image_id": 1, "category_id": 1, "score": 1.0, "bbox": box,
        "uv_shape": [3, _SIDE, _SIDE], "uv_data": base64.b64encode(png.getvalue()).decode(),
    }  # fmt: skip
    evaluate(truth, predictions.from_entries([detection]), distances, _METRES)
