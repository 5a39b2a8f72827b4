"""Detections in the format of the COCO DensePose challenge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """D detections in the order of the file; a detection's id is its place there, from 1.

    Attributes:
        image_ids, category_ids: (D,).
        boxes: (D,4) x, y, w, h.
        scores: (D,).
        images: D compressed PNGs; ``decode`` reads one.
    """

    image_ids: Ints
    category_ids: Ints
    boxes: Floats
    scores: Floats
    images: tuple[bytes, ...]

    def decode(self, row: int) -> NDArray[np.uint8]:
        """I, U * 255 and V * 255 (3,h,w) of one detection (a row, from 0).

        Raises:
            ValueError: its PNG is damaged, or smaller than its box; the message names the detection.
        """
        raise NotImplementedError


def read(path: str | Path) -> Predictions:
    """Detections of a file of results, read piece by piece: of the text only one detection is in memory at a time.

    Raises:
        ValueError: the file is no list of detections, or one of them breaks a rule; the message names it.
        OSError: it cannot be read.
    """
    raise NotImplementedError


def from_entries(entries: Iterable[Mapping[str, Any]]) -> Predictions:
    """Detections of entries {image_id, category_id, bbox, score, uv_shape, uv_data}.

    Raises:
        ValueError: an entry breaks a rule; the message names it.
    """
    raise NotImplementedError
