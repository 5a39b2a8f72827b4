"""What passes between data, networks, losses, training and prediction.

Coordinates are pixels of the image as the network sees it: x right, y down, the first pixel's centre at (.5, .5).
Boxes are x0, y0, x1, y1. B images, P persons of an image, N points of an image, D detections of an image.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Self

import torch
from torch import Tensor

SQUARE = 256
"""Pixels along a side of the square to which a person's box is stretched for its masks, as in DensePose-COCO."""


class Loss(NamedTuple):
    """A loss before it is averaged, so that it does not matter how a batch is shared out among processes.

    :param total: () summed over ``number`` things; 0 of none.
    :param number: () f4 how many, or what they weigh together, which may be below 1; the loss is total / number, both
        summed over all processes, and 0 where number is 0.
    """

    total: Tensor
    number: Tensor


@dataclass(frozen=True, eq=False)
class _Tensors:
    """Tensors, and lists of such, that move together."""

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Self:
        """The same on a device."""
        moved = {field.name: _moved(getattr(self, field.name), device, non_blocking) for field in fields(self)}
        return replace(self, **moved)

    def pin_memory(self) -> Self:
        """The same in page-locked memory; torch's loaders call it."""
        return replace(self, **{field.name: _pinned(getattr(self, field.name)) for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Targets(_Tensors):
    """What is true of an image.

    :param image_id: () i8 of the dataset.
    :param ids: (P,) i8 annotation ids.
    :param boxes: (P, 4) f4.
    :param crowd: (P,) bool boxes of many persons, which are neither found nor missed.
    :param parts: (P, 256, 256) u1 coarse labels in the box stretched to the square, 0 outside; 0 where there are none.
    :param has_parts: (P,) bool.
    :param outline: (P, 256, 256) u1 1 on the person, in the same square: of the parts, else of the segmentation.
    :param has_outline: (P,) bool.
    :param keypoints: (P, K, 3) f4 x, y, visibility (0 unknown, 1 hidden, 2 visible).
    :param point_person: (N,) i8 rows of the persons.
    :param point_xy: (N, 2) f4.
    :param point_chart: (N,) i8 I, from 1; 0 where only a vertex is known.
    :param point_uv: (N, 2) f4 in [0, 1].
    :param point_vertex: (N,) i8 of the body's mesh; -1 where only I, U, V are known.
    :param point_weight: (N,) f4, 1 for what a person annotated.
    """

    image_id: Tensor
    ids: Tensor
    boxes: Tensor
    crowd: Tensor
    parts: Tensor
    has_parts: Tensor
    outline: Tensor
    has_outline: Tensor
    keypoints: Tensor
    point_person: Tensor
    point_xy: Tensor
    point_chart: Tensor
    point_uv: Tensor
    point_vertex: Tensor
    point_weight: Tensor


@dataclass(frozen=True, eq=False)
class Batch(_Tensors):
    """Images, padded at the right and at the bottom to one size that the network's strides divide.

    :param images: (B, 3, H, W) u1 sRGB; padded with the mean colour, which the networks subtract.
    :param sizes: (B, 2) i8 height and width of each image in it.
    :param seeds: (B,) i8 of what is drawn at random for each image in this step (samples of anchors and proposals),
        so that neither processes nor interruptions change it.
    :param targets: B of them; None where nothing is known.
    :param boxes: B tensors (D, 4) f4, persons' boxes where they are given and not detected; None otherwise.
    """

    images: Tensor
    sizes: Tensor
    seeds: Tensor
    targets: list[Targets] | None = None
    boxes: list[Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Detections(_Tensors):
    """Persons found in an image, best first. Maps cover the box; C charts, K keypoints. What a network does not give is
    None.

    :param boxes: (D, 4) f4.
    :param scores: (D,) f4 in [0, 1].
    :param coarse: (D, 2 or parts + 1, h, w) f4 logits of background and person, or of background and parts.
    :param fine: (D, C + 1, h, w) f4 logits of background and charts.
    :param u, v: (D, C + 1, h, w) f4 U and V by chart.
    :param spread: (D, C + 1, h, w) f4 standard deviation of U and V by chart.
    :param embedding: (D, E, h, w) f4 of the surface's vertices (CSE).
    :param mask: (D, h, w) f4 probability of the person.
    :param keypoints: (D, K, 3) f4 x, y, score.
    """

    boxes: Tensor
    scores: Tensor
    coarse: Tensor | None = None
    fine: Tensor | None = None
    u: Tensor | None = None
    v: Tensor | None = None
    spread: Tensor | None = None
    embedding: Tensor | None = None
    mask: Tensor | None = None
    keypoints: Tensor | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def chosen(self, rows: Tensor) -> Detections:
        """Some of them.

        :param rows: (n,) indices, or (D,) bool.
        """
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value[rows] for name, value in given.items() if value is not None})


def _moved(value: object, device: torch.device | str, non_blocking: bool) -> object:
    if isinstance(value, list):
        return [_moved(item, device, non_blocking) for item in value]
    return value.to(device, non_blocking=non_blocking) if isinstance(value, Tensor | _Tensors) else value


def _pinned(value: object) -> object:
    if isinstance(value, list):
        return [_pinned(item) for item in value]
    return value.pin_memory() if isinstance(value, Tensor | _Tensors) else value
