"""Polygons of COCO files: which of them a rasteriser can be given.

That of pycocotools walks every edge in steps of a fifth of a pixel and keeps each step, so that a far polygon takes all
memory, and one that is further still writes outside its arrays.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

FAR = 1_000_000
"""Pixels: nothing of an image is further from its origin."""

_LONGEST = 20 * FAR  # pixels of outline, about 2 GB in the rasteriser


def polygon_fault(polygon: Any) -> str | None:
    """What is wrong with x, y, x, y ... in pixels; None if nothing is. Its words follow "polygon N"."""
    if not isinstance(polygon, Sequence) or not {type(value) for value in polygon} <= {int, float}:
        return "is not a list of finite numbers"
    if len(polygon) < 6 or len(polygon) % 2:
        return f"has {len(polygon)} numbers"
    if not all(value == value and abs(value) != float("inf") for value in polygon):
        return "is not a list of finite numbers"
    if max(map(abs, polygon)) > FAR:
        return f"reaches more than {FAR} pixels from the origin"
    if len(polygon) > _LONGEST / FAR:  # a few edges are never too long
        xy = np.array(polygon, np.float64).reshape(-1, 2)
        if np.abs(np.diff(xy, axis=0, append=xy[:1])).max(axis=1).sum() > _LONGEST:
            return f"has an outline of more than {_LONGEST} pixels"
    return None
