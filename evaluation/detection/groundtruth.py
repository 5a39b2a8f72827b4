"""Ground truth in COCO's layout with DensePose's keys, as arrays (Güler et al., CVPR 2018)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """M images with P persons and N points. Persons are sorted by image id; those of one image keep the file's order.

    Attributes:
        image_ids: (M,) ascending.
        image_sizes: (M,2) height and width.
        file_names: M, "" where the file has none.
        category_ids: (K,) ascending.
        ids: (P,) annotation ids.
        image: (P,) row of the person's image.
        category: (P,) row of its category.
        boxes: (P,4) x, y, w, h.
        areas: (P,) as the file says.
        crowd: (P,) iscrowd.
        annotated: (P,) whether it has dp_x; the others are ignored in matching.
        start: (P+1,) rows of each person's points in the following.
        x, y: (N,) 0..255 relative to the box.
        I, U, V: (N,) as the file says; only I in 1..24 are points of the surface.
        entries: P annotations as they stand in the file.
    """

    image_ids: Ints
    image_sizes: Ints
    file_names: tuple[str, ...]
    category_ids: Ints
    ids: Ints
    image: Ints
    category: Ints
    boxes: Floats
    areas: Floats
    crowd: NDArray[np.bool_]
    annotated: NDArray[np.bool_]
    start: Ints
    x: Floats
    y: Floats
    I: Floats
    U: Floats
    V: Floats
    entries: tuple[Mapping[str, Any], ...]


def read(path: str | Path) -> GroundTruth:
    """Ground truth of a COCO file.

    Raises:
        ValueError: the file is not JSON, or breaks a rule; the message names the annotation.
        OSError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return from_coco(json.load(file))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def from_coco(dataset: Mapping[str, Any]) -> GroundTruth:
    """Ground truth of a COCO dataset ("images", "annotations", "categories").

    Raises:
        ValueError: it breaks a rule; the message names the image or annotation.
    """
    raise NotImplementedError
