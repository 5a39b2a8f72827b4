"""Boxes matched to persons, and which of them a network learns from.

Every draw comes from a generator made of the image's seed and happens on the CPU, so that neither the device, nor the
number of processes, nor an interruption changes what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import box_iou

from model.structures import Targets

IGNORED, BACKGROUND = -2, -1


@dataclass(frozen=True, eq=False)
class Rois:
    """Regions of a batch that each show a known person.

    :param boxes: B tensors (R_i, 4) f4.
    :param rows: B tensors (R_i,) i8 of the persons in ``targets``.
    :param targets: B of them.
    """

    boxes: list[Tensor]
    rows: list[Tensor]
    targets: list[Targets]

    def __len__(self) -> int:
        return sum(len(boxes) for boxes in self.boxes)


def generators(seeds: Tensor) -> list[torch.Generator]:
    """One for each image.

    :param seeds: (B,) i8.
    """
    return [torch.Generator().manual_seed(seed) for seed in seeds.tolist()]


def drawn(candidates: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """At most so many of the candidates, each as probable as the others.

    :param candidates: (n,) bool.
    :returns: (at most ``most``,) i8 indices.
    """
    rows = candidates.nonzero()[:, 0]
    if len(rows) <= most:
        return rows
    chosen = torch.rand(len(rows), generator=generator).topk(most, sorted=False).indices
    return rows[chosen.to(rows.device)]


def balanced(match: Tensor, count: int, share: float, generator: torch.Generator) -> Tensor:
    """Boxes to learn from: persons up to a share, and background for the rest.

    :param match: (n,) i8 rows of persons, ``BACKGROUND`` or ``IGNORED``.
    :param count: of boxes.
    :param share: greatest share of persons.
    :returns: (at most ``count``,) i8 indices, persons first.
    """
    persons = drawn(match >= 0, int(count * share), generator)
    return torch.cat([persons, drawn(match == BACKGROUND, count - len(persons), generator)])


def matched(boxes: Tensor, targets: Targets, person: float, background: float, best: bool = False) -> Tensor:
    """The person that each box shows.

    :param boxes: (n, 4) f4.
    :param person: least overlap (intersection over union) with a person.
    :param background: overlap below which a box shows nobody; between the two it is ignored, as is a background box of
        which half or more is in a crowd.
    :param best: also the boxes that overlap a person most, however little (Ren et al., NeurIPS 2015).
    :returns: (n,) i8 rows of persons, ``BACKGROUND`` or ``IGNORED``.
    """
    persons = (~targets.crowd).nonzero()[:, 0]
    match = torch.full((len(boxes),), BACKGROUND, dtype=torch.int64, device=boxes.device)
    if len(persons) and len(boxes):
        overlaps = box_iou(targets.boxes[persons], boxes)  # (persons, n)
        overlap, row = overlaps.max(dim=0)
        match[overlap >= background] = IGNORED
        match = torch.where(overlap >= person, persons[row], match)
        if best:
            most = overlaps.max(dim=1, keepdim=True).values
            match = torch.where(((overlaps == most) & (most > 0)).any(dim=0), persons[row], match)
    if len(persons) < len(targets.boxes):
        inside = _inside(boxes, targets.boxes[targets.crowd]).amax(dim=1) >= 0.5
        match = torch.where(inside & (match == BACKGROUND), IGNORED, match)
    return match


def rois(boxes: list[Tensor], targets: list[Targets], overlap: float, most: int, draws: list[torch.Generator]) -> Rois:
    """Regions from which the branches learn: proposals that overlap a person who has something to learn from.

    :param boxes: B tensors (n, 4) f4 proposals.
    :param overlap: least intersection over union.
    :param most: for each image.
    """
    chosen, rows = [], []
    for proposals, truth, draw in zip(boxes, targets, draws, strict=True):
        match = matched(proposals, truth, overlap, overlap)
        known = match.new_zeros(len(truth.boxes) + 1, dtype=torch.bool)  # the last row is for those that match nobody
        known[:-1] = taught(truth)
        keep = drawn(known[match.clamp(min=BACKGROUND)], most, draw)
        chosen.append(proposals[keep])
        rows.append(match[keep])
    return Rois(chosen, rows, targets)


def taught(targets: Targets) -> Tensor:
    """Persons with points, parts, an outline or keypoints.

    :returns: (P,) bool.
    """
    known = targets.has_parts | targets.has_outline | (targets.keypoints[..., 2] > 0).any(dim=1)
    known[targets.point_person] = True
    return known & ~targets.crowd


def _inside(boxes: Tensor, others: Tensor) -> Tensor:
    """(n, m) share of each box's area that is in each other one."""
    low = torch.maximum(boxes[:, None, :2], others[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).clamp(min=1e-6)
    return (high - low).clamp(min=0).prod(dim=2) / area[:, None]
