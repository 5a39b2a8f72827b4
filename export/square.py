"""The square of 256 x 256 that a person's exact box is stretched to: positions and part masks in it.

(Güler et al., CVPR 2018, arXiv 1802.00434; docs/formats.md.) Nothing is padded or squared, x and y scale on their own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.masks import to_coco_rle
from export.densepose_parts import COARSE_COUNT

SIZE = 256
"""Side of the square that every box is stretched to."""


def to_box(xy: ArrayLike, bbox: Sequence[float]) -> NDArray[np.float64]:
    """dp_x, dp_y (N, 2) of image positions (N, 2) in pixels, for the box x, y, w, h."""
    x, y, w, h = bbox
    return (np.asarray(xy, np.float64) - (x, y)) * (SIZE / np.array((w, h), np.float64))


def from_box(position: ArrayLike, bbox: Sequence[float]) -> NDArray[np.float64]:
    """Image positions (N, 2) in pixels of dp_x, dp_y (N, 2): the inverse of ``to_box``."""
    x, y, w, h = bbox
    return np.asarray(position, np.float64) * (np.array((w, h), np.float64) / SIZE) + (x, y)


def resample_mask(label_map: NDArray[np.uint8], origin: tuple[int, int], bbox: Sequence[float]) -> NDArray[np.uint8]:
    """Label map (256, 256) u8 of the exact box, each cell holding the label of the image pixel under its centre.

    Nothing is shifted: cell (row, column) has its centre at y0 + (row + .5) h / 256, x0 + (column + .5) w / 256.
    Pixels outside the region are background.

    :param label_map: (h, w) u8 over a region of the image.
    :param origin: x0, y0 of the region.
    """
    x, y, w, h = bbox
    centres = (np.arange(SIZE) + 0.5) / SIZE
    columns = np.floor(x + centres * w).astype(np.int64) - origin[0]
    rows = np.floor(y + centres * h).astype(np.int64) - origin[1]
    inside = ((rows >= 0) & (rows < label_map.shape[0]))[:, None] & ((columns >= 0) & (columns < label_map.shape[1]))
    picked = label_map[rows.clip(0, label_map.shape[0] - 1)[:, None], columns.clip(0, label_map.shape[1] - 1)]
    return np.where(inside, picked, 0).astype(np.uint8)


def dp_masks(stretched: NDArray[np.uint8]) -> list[Any]:
    """The 14 entries of dp_masks, RLE or [] for a part that is absent, of a label map (256, 256) u8."""
    size = [SIZE, SIZE]
    rles = to_coco_rle(stretched, (0, 0), SIZE, SIZE)
    return [{"counts": rles[n]["counts"], "size": size} if n in rles else [] for n in range(1, COARSE_COUNT + 1)]
