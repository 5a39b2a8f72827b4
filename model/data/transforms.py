"""An image as a network sees it: cut, resized, mirrored, coloured, blanked; and all that is true of it moved along.

Everything drawn at random follows from one seed an image.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from model.data.mirror import Mirror
from model.data.records import Example
from model.recipe import Data
from model.structures import SQUARE, Targets

Bytes = NDArray[np.uint8]

MEAN = (124, 116, 104)
"""The colour that the networks subtract, in whole numbers: what is padded and blanked has it."""

_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # of red, green and blue, as Pillow weighs them


class Choices(NamedTuple):
    """What was drawn for an image.

    :param shortest: its shortest side, in pixels.
    :param flip: whether it is mirrored.
    :param colour: factors of brightness, contrast and saturation.
    """

    shortest: int
    flip: bool
    colour: tuple[float, float, float]


def draw(data: Data, seed: int) -> Choices:
    """What is done to an image in training; the same for the same seed."""
    rng = np.random.default_rng(seed)
    low, high = data.shortest
    shortest = int(rng.integers(low, high + 1))
    flip = bool(rng.random() < data.flip)
    brightness, contrast, saturation = (1 + data.colour * rng.uniform(-1, 1, 3)).tolist()
    return Choices(shortest, flip, (brightness, contrast, saturation))


def trained(example: Example, data: Data, seed: int, mirror: Mirror | None) -> Example:
    """The image as it is trained on.

    :raises ValueError: it is to be mirrored and cannot be.
    """
    chosen = draw(data, seed)
    example = resized(example, trained_size(example.pixels.shape[:2], data, seed))
    if chosen.flip:
        if mirror is None:
            raise ValueError("images cannot be mirrored without a symmetric body or tables of symmetries")
        example = flipped(example, mirror)
    if data.colour:
        example = replace(example, pixels=coloured(example.pixels, chosen.colour))
    return blanked(example) if data.blank else example


def trained_size(size: tuple[int, ...], data: Data, seed: int) -> tuple[int, int]:
    """Height and width that ``trained`` gives an image of ``size``."""
    return fitted(size, draw(data, seed).shortest, data.longest)


def fitted(size: tuple[int, ...], shortest: int, longest: int) -> tuple[int, int]:
    """Height and width of an image of ``size`` whose shortest side becomes ``shortest``, unless the longest then
    exceeds ``longest``."""
    scale = min(shortest / min(size), longest / max(size))
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def cropped(example: Example, row: int, margin: float) -> Example:
    """The person of a row alone: its box, enlarged by ``margin`` of its sides on each, as far as the image goes."""
    rows, columns = excerpt(example.boxes[row], example.pixels.shape[:2], margin)
    if rows.start == rows.stop or columns.start == columns.stop:
        raise ValueError(f"annotation {example.ids[row]}: its box lies outside the image")
    one = chosen(example, np.array([row]))
    return _moved(one, example.pixels[rows, columns], (1.0, 1.0), (-float(columns.start), -float(rows.start)))


def excerpt(box: NDArray[np.float32], size: tuple[int, ...], margin: float) -> tuple[slice, slice]:
    """Rows and columns of an image of ``size`` that ``cropped`` keeps for a box (4,) x0, y0, x1, y1; none outside."""
    height, width = size
    x0, y0, x1, y1 = box.tolist()
    dx, dy = margin * (x1 - x0), margin * (y1 - y0)
    left, right = sorted(int(np.clip(v, 0, width)) for v in (np.floor(x0 - dx), np.ceil(x1 + dx)))
    top, bottom = sorted(int(np.clip(v, 0, height)) for v in (np.floor(y0 - dy), np.ceil(y1 + dy)))
    return slice(top, bottom), slice(left, right)


def chosen(example: Example, rows: NDArray[np.int64]) -> Example:
    """Some of the persons."""
    place = np.full(len(example.ids), -1, np.int64)
    place[rows] = np.arange(len(rows))
    points = example.points
    own = place[points.person] >= 0
    kept: dict[str, Any] = {
        name: value[own] for name, value in vars(points).items() if value is not None and name != "person"
    }
    names = ("ids", "boxes", "crowd", "parts", "has_parts", "outline", "has_outline", "keypoints")
    return replace(
        example,
        **{name: getattr(example, name)[rows] for name in names},
        points=replace(points, **kept, person=place[points.person[own]]),
    )


def resized(example: Example, size: tuple[int, int]) -> Example:
    """The image brought to a height and width."""
    height, width = example.pixels.shape[:2]
    if size == (height, width):
        return example
    pixels = np.asarray(Image.fromarray(example.pixels).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return _moved(example, pixels, (size[1] / width, size[0] / height), (0.0, 0.0))


def flipped(example: Example, mirror: Mirror) -> Example:
    """The image in the mirror: its persons' left becomes their right."""
    width = np.float32(example.pixels.shape[1])
    boxes, keypoints, xy = example.boxes.copy(), example.keypoints[:, mirror.keypoints], example.points.xy.copy()
    boxes[:, 0], boxes[:, 2] = width - example.boxes[:, 2], width - example.boxes[:, 0]
    keypoints[..., 0] = np.where(keypoints[..., 2] > 0, width - keypoints[..., 0], 0)
    xy[:, 0] = width - xy[:, 0]
    return replace(
        example,
        pixels=np.asarray(Image.fromarray(example.pixels).transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        boxes=boxes,
        parts=mirror.parts[example.parts[:, :, ::-1]],
        outline=example.outline[:, :, ::-1],
        keypoints=keypoints,
        points=replace(mirror.points(example.points), xy=xy),
    )


def coloured(pixels: Bytes, factors: tuple[float, float, float]) -> Bytes:
    """Pixels with brightness, contrast (about the mean) and saturation multiplied by factors, 1 changes nothing."""
    brightness, contrast, saturation = (np.float32(factor) for factor in factors)
    out = pixels.astype(np.float32) * brightness
    out += (1 - contrast) * ((out @ _LUMA).mean() - out)
    out += (1 - saturation) * ((out @ _LUMA)[..., None] - out)
    return np.rint(out.clip(0, 255, out=out)).astype(np.uint8)


def blanked(example: Example) -> Example:
    """What is outside of all persons' outlines painted in the mean colour; boxes stand for outlines that are not
    known."""
    height, width = example.pixels.shape[:2]
    shown = np.zeros((height, width), np.bool_)
    for row, box in enumerate(example.boxes.astype(np.float64).tolist()):
        columns, across = _cells(box[0], box[2], width)
        rows, down = _cells(box[1], box[3], height)
        inside = example.outline[row][down[:, None], across] > 0 if example.has_outline[row] else True
        shown[rows, columns] |= inside
    return replace(example, pixels=np.where(shown[..., None], example.pixels, np.array(MEAN, np.uint8)))


def _cells(start: float, end: float, pixels: int) -> tuple[slice, NDArray[np.int64]]:
    """The pixels whose centres are in a box's side, and the cell of the square under each."""
    first, last = (int(np.clip(np.ceil(v - 0.5), 0, pixels)) for v in (start, end))
    centres = np.arange(first, last) + 0.5
    cells = np.floor((centres - start) * (SQUARE / max(end - start, 1e-9))).astype(np.int64)
    return slice(first, max(last, first)), cells.clip(0, SQUARE - 1)


def _moved(example: Example, pixels: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> Example:
    """The example with other pixels, where x, y are now x sx + dx, y sy + dy."""
    by, to = np.array(scale, np.float32), np.array(shift, np.float32)
    keypoints = example.keypoints.copy()
    keypoints[..., :2] = np.where(keypoints[..., 2:] > 0, keypoints[..., :2] * by + to, 0)
    return replace(
        example,
        pixels=pixels,
        boxes=(example.boxes.reshape(-1, 2, 2) * by + to).reshape(-1, 4),
        keypoints=keypoints,
        points=replace(example.points, xy=example.points.xy * by + to),
    )


def targets(example: Example) -> Targets:
    """What is true of an image, as tensors."""
    points = example.points

    def tensor(values: NDArray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values))

    return Targets(
        image_id=torch.tensor(example.image_id),
        ids=tensor(example.ids),
        boxes=tensor(example.boxes),
        crowd=tensor(example.crowd),
        parts=tensor(example.parts),
        has_parts=tensor(example.has_parts),
        outline=tensor(example.outline),
        has_outline=tensor(example.has_outline),
        keypoints=tensor(example.keypoints),
        point_person=tensor(points.person),
        point_xy=tensor(points.xy),
        point_chart=tensor(points.chart),
        point_uv=tensor(points.uv),
        point_vertex=tensor(points.vertex),
        point_weight=tensor(points.weight),
    )
