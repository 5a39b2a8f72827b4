"""The loss of coarse parts S (Güler et al., "DensePose: Dense Human Pose Estimation In The Wild", CVPR 2018)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from model.losses.masks import outlines
from model.structures import Loss, Targets

UNKNOWN = -100
"""Label of regions whose person has no annotation of this kind."""


def coarse_labels(boxes: list[Tensor], rows: list[Tensor], targets: list[Targets], size: int, parts: bool) -> Tensor:
    """What is true in regions, each pixel that of the nearest pixel of the person's square.

    :param boxes: B tensors (R_i, 4) f4.
    :param rows: B tensors (R_i,) i8 of the persons they show.
    :param size: of the labels' side.
    :param parts: coarse parts, else background 0 and person 1.
    :returns: (R, size, size) i8, ``UNKNOWN`` where the person has no parts or no outline.
    """
    found = []
    for box, row, truth in zip(boxes, rows, targets, strict=True):
        drawn, has = (truth.parts, truth.has_parts) if parts else (truth.outline, truth.has_outline)
        labels = outlines(drawn, row, box, truth.boxes, size).long()
        found.append(torch.where(has[row, None, None], labels, UNKNOWN))
    return torch.cat(found)


def coarse_loss(coarse: Tensor, labels: Tensor) -> Loss:
    """Cross-entropy, averaged over the pixels of regions whose labels are known.

    :param coarse: (R, n, h, w) logits.
    :param labels: (R, h, w) i8, ``UNKNOWN`` where nothing is known.
    """
    logits = coarse.to(torch.promote_types(coarse.dtype, torch.float32))
    total = functional.cross_entropy(logits, labels, ignore_index=UNKNOWN, reduction="sum")
    return Loss(total, (labels != UNKNOWN).sum().float())
