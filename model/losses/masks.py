"""The loss of a person's mask (He et al., "Mask R-CNN", ICCV 2017)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from model.structures import SQUARE, Loss


def mask_loss(logits: Tensor, outline: Tensor, has: Tensor) -> Loss:
    """Binary cross-entropy, averaged over the pixels of each mask, summed over the masks.

    :param logits: (R, h, w) of the person.
    :param outline: (R, h, w) 1 on the person, 0 off it.
    :param has: (R,) bool whether the outline is known; the others only pass on gradients of zero.
    """
    each = functional.binary_cross_entropy_with_logits(logits[has].float(), outline[has].float(), reduction="none")
    return Loss(each.mean((1, 2)).sum(), has.sum().float())


def outlines(outline: Tensor, person: Tensor, boxes: Tensor, person_boxes: Tensor, size: int) -> Tensor:
    """Persons' outlines (R, size, size) f4 of 0 and 1, as they lie in boxes: the nearest pixel of the outline at each
    pixel's centre, 0 outside the person's own box.

    :param outline: (P, 256, 256) u1 in the persons' own boxes, stretched to the square.
    :param person: (R,) i8 whose outline goes into each box.
    :param boxes: (R, 4) f4 where to.
    :param person_boxes: (P, 4) f4.
    """
    own = person_boxes[person]
    side = (own[:, 2:] - own[:, :2]).clamp_min(1e-6)
    centres = (torch.arange(size, device=boxes.device) + 0.5) / size
    spans = boxes[:, None, 2:] - boxes[:, None, :2]
    at = boxes[:, None, :2] + centres[:, None] * spans  # (R, size, 2) along x, and along y
    pixel = ((at - own[:, None, :2]) / side[:, None] * SQUARE).floor().long()
    within = (pixel >= 0) & (pixel < SQUARE)
    x, y = pixel.clamp(0, SQUARE - 1).unbind(2)
    seen = within[:, :, 1, None] & within[:, None, :, 0]
    return (outline[person[:, None, None], y[:, :, None], x[:, None, :]] * seen).float()
