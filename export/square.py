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


def label_points(
    stretched: NDArray[np.uint8],
    xy: ArrayLike,
    label_map: NDArray[np.uint8],
    origin: tuple[int, int],
    bbox: Sequence[float],
) -> NDArray[np.uint8]:
    """The label map (256, 256) u8 of a box, each cell that holds points with the label of the image pixel under the
    point, of several under the one nearest to the cell's centre.

    A cell of a box over 256 pixels covers more than a pixel: a part no wider than one may lie between all centres, and
    points on it would stand on no part, or on the wrong one. Points on background change nothing.

    :param stretched: what ``resample_mask`` made of the same label map, origin and box.
    :param xy: (N, 2) image positions in pixels.
    """
    points = np.asarray(xy, np.float64).reshape(-1, 2)
    place = to_box(points, bbox).clip(0.0, float(SIZE))
    cell = np.minimum(place.astype(np.int64), SIZE - 1)
    column, row = (np.floor(points).astype(np.int64) - origin).T
    inside = (row >= 0) & (row < label_map.shape[0]) & (column >= 0) & (column < label_map.shape[1])
    labels = np.zeros(len(points), np.uint8)
    labels[inside] = label_map[row[inside], column[inside]]
    off_centre = np.square(place - (cell + 0.5)).sum(axis=1)
    order = np.argsort(-off_centre, kind="stable")  # the nearest is written last
    order = order[labels[order] > 0]
    drawn = stretched.copy()
    drawn[cell[order, 1], cell[order, 0]] = labels[order]
    return drawn


def dp_masks(stretched: NDArray[np.uint8]) -> list[Any]:
    """The 14 entries of dp_masks, RLE or [] for a part that is absent, of a label map (256, 256) u8."""
    size = [SIZE, SIZE]
    rles = to_coco_rle(stretched, (0, 0), SIZE, SIZE)
    return [{"counts": rles[n]["counts"], "size": size} if n in rles else [] for n in range(1, COARSE_COUNT + 1)]
