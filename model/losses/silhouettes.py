"""Where persons are in images and where none is, for networks that look at whole images."""

from __future__ import annotations

import torch
from torch import Tensor

from model.losses.coarse import UNKNOWN
from model.structures import SQUARE, Targets


def silhouettes(targets: list[Targets], sizes: Tensor, cells: tuple[int, int], stride: int) -> Tensor:
    """1 in cells whose centre is on a person's outline, 0 where nobody is, ``UNKNOWN`` where it is not known: in the
    boxes of crowds and of persons without an outline, and in the padding.

    :param sizes: (B, 2) i8 height and width of each image in the padded ones.
    :param cells: h, w.
    :param stride: pixels along a cell's sides.
    :returns: (B, h, w) i8.
    """
    return torch.stack([_silhouette(truth, size, cells, stride) for truth, size in zip(targets, sizes, strict=True)])


def _silhouette(truth: Targets, size: Tensor, cells: tuple[int, int], stride: int) -> Tensor:
    y, x = ((torch.arange(count, device=size.device) + 0.5) * stride for count in cells)
    low, side = truth.boxes[:, :2], (truth.boxes[:, 2:] - truth.boxes[:, :2]).clamp(min=1e-6)
    column, row = ((at - low[:, i, None]) / side[:, i, None] * SQUARE for i, at in enumerate((x, y)))
    inside = _within(row)[:, :, None] & _within(column)[:, None]  # (P, h, w)
    person = torch.arange(len(low), device=size.device)[:, None, None]
    drawn = truth.outline[person, _pixel(row)[:, :, None], _pixel(column)[:, None]] > 0
    known = (truth.has_outline & ~truth.crowd)[:, None, None]
    labels = torch.zeros(cells, dtype=torch.int64, device=size.device)
    labels[(y >= size[0])[:, None] | (x >= size[1]) | (inside & ~known).any(dim=0)] = UNKNOWN
    labels[(inside & known & drawn).any(dim=0)] = 1
    return labels


def _within(place: Tensor) -> Tensor:
    return (place >= 0) & (place < SQUARE)


def _pixel(place: Tensor) -> Tensor:
    return place.clamp(0, SQUARE - 1).long()
