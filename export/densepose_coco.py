"""DensePose-COCO annotation entries (Güler et al., CVPR 2018, arXiv 1802.00434; keys in docs/formats.md).

Every rule here is one that the reference reader relies on: ``export.check`` verifies them from the reader's side.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from export import coco
from export.densepose_parts import FINE_COUNT
from export.records import ImageRecord, PersonRecord
from export.square import SIZE, dp_masks, label_points, resample_mask, to_box

_ROUNDING = 1e-6  # how far U, V may exceed [0, 1] before it is a fault and no rounding

BORDER = 1.0
"""Pixels: a pixel of the box's hull may have its centre this far outside the fractional box."""


def entry(person: PersonRecord, image: ImageRecord) -> dict[str, Any]:
    """The annotation entry of a person, with ``dp_`` keys if it has points.

    :raises ValueError: for what no reader could use.
    """
    if not len(person.points):
        return coco.entry(person, image)
    bbox = coco.box(person)
    mask = None if person.square is not None else person.label_map(image)
    placed = positions(person, bbox)
    return coco.entry(person, image, mask) | {
        "dp_masks": person.square if mask is None else square_masks(mask, bbox, person.points.xy),
        **placed,
        **_charts(person),
    }


def square_masks(mask: coco.Mask, bbox: list[float], xy: NDArray[np.float64]) -> list[Any]:
    """dp_masks of a part mask with points (N, 2) on it, in pixels of the image. Raises ValueError without a mask: the
    loss of a whole batch of the reference trainer is dropped for a person with points but without masks."""
    label_map, origin = mask
    if label_map is None:
        raise ValueError("has points but no part mask")
    return dp_masks(label_points(resample_mask(label_map, origin, bbox), xy, label_map, origin, bbox))


def positions(person: PersonRecord, bbox: list[float]) -> dict[str, list[float]]:
    """dp_x and dp_y; positions less than a pixel outside the box are moved to its border.

    :raises ValueError: a position is not finite, or further outside.
    """
    xy = person.points.xy
    if not np.isfinite(xy).all():
        raise ValueError("a point is not finite")
    beyond = np.maximum(np.array(bbox[:2]) - xy, xy - (np.array(bbox[:2]) + bbox[2:])).max(axis=1)
    if beyond.max() > BORDER:
        worst = int(beyond.argmax())
        raise ValueError(f"point {worst} at {xy[worst].tolist()} lies outside the box {bbox}")
    place = to_box(xy, bbox).clip(0.0, float(SIZE))
    return {"dp_x": place[:, 0].tolist(), "dp_y": place[:, 1].tolist()}


def _charts(person: PersonRecord) -> dict[str, list[float]]:
    iuv: NDArray[np.float64] = person.points.iuv
    if iuv.shape != (len(person.points), 3):
        raise ValueError(f"positions {person.points.xy.shape} and charts {iuv.shape} do not belong together")
    if not np.isfinite(iuv).all():
        raise ValueError("a point is not finite")
    chart, uv = iuv[:, 0], iuv[:, 1:]
    if not np.isin(chart, np.arange(1, FINE_COUNT + 1)).all():
        raise ValueError(f"a chart is outside 1..{FINE_COUNT}")
    if uv.min() < -_ROUNDING or uv.max() > 1 + _ROUNDING:
        raise ValueError("U or V is outside [0, 1]")
    uv = uv.clip(0.0, 1.0)
    return {
        "dp_I": chart.astype(np.float64).tolist(),
        "dp_U": uv[:, 0].tolist(),
        "dp_V": uv[:, 1].tolist(),
    }
