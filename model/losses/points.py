"""Losses at annotated points (Güler et al., "DensePose: Dense Human Pose Estimation In The Wild", CVPR 2018).

R regions of a batch, M pairs of a region and a point in it: a point counts once in each region that shows its person.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from model.losses.confidence import Kind, likelihood
from model.structures import Loss, Targets


@dataclass(frozen=True, eq=False)
class Points:
    """Annotated points in the regions that show their persons.

    :param region: (M,) i8 rows of the regions of all images.
    :param xy: (M, 2) f4 in the region, which spans [0, 1].
    :param chart: (M,) i8 I, from 1; 0 where only a vertex is known.
    :param uv: (M, 2) f4.
    :param vertex: (M,) i8; -1 where only I, U, V are known.
    :param weight: (M,) f4.
    """

    region: Tensor
    xy: Tensor
    chart: Tensor
    uv: Tensor
    vertex: Tensor
    weight: Tensor

    def chosen(self, which: Tensor) -> Points:
        """Some of them.

        :param which: (M,) bool.
        """
        return Points(*(value[which] for value in vars(self).values()))


def inside(boxes: list[Tensor], rows: list[Tensor], targets: list[Targets]) -> Points:
    """The points of the persons that regions show, as far as they lie in the regions.

    :param boxes: B tensors (R_i, 4) f4.
    :param rows: B tensors (R_i,) i8 of the persons.
    """
    found, before = [], 0
    for box, row, truth in zip(boxes, rows, targets, strict=True):
        xy = (truth.point_xy[None] - box[:, None, :2]) / (box[:, None, 2:] - box[:, None, :2]).clamp(min=1e-6)
        here = (row[:, None] == truth.point_person[None]) & ((xy >= 0) & (xy < 1)).all(dim=2)  # (R_i, N)
        region, point = here.nonzero(as_tuple=True)
        found.append(
            (
                region + before,
                xy[region, point],
                truth.point_chart[point],
                truth.point_uv[point],
                truth.point_vertex[point],
                truth.point_weight[point],
            )
        )
        before += len(box)
    return Points(*(torch.cat(values) for values in zip(*found, strict=True)))


def sampled(maps: Tensor, points: Points) -> Tensor:
    """Maps at points, bilinearly between the centres of their pixels, and constant beyond the outermost ones.

    :param maps: (R, C, h, w) that cover the regions.
    :returns: (M, C) f4, or the maps' own type where that is wider.
    """
    rows, columns, share = _corners(maps, points.xy)
    values = maps[points.region[:, None], :, rows, columns]  # (M, 4, C)
    return (_wide(values) * share[:, :, None]).sum(dim=1)


def sampled_charts(maps: Tensor, points: Points) -> Tensor:
    """Each point's own chart's map at the point.

    :param maps: (R, n, C + 1, h, w) n numbers for each chart.
    :returns: (M, n) f4, or the maps' own type where that is wider.
    """
    rows, columns, share = _corners(maps, points.xy)
    values = maps[points.region[:, None], :, points.chart[:, None], rows, columns]  # (M, 4, n)
    return (_wide(values) * share[:, :, None]).sum(dim=1)


def fine_loss(fine: Tensor, points: Points) -> Loss:
    """Cross-entropy of I at points whose chart is known, averaged over them.

    :param fine: (R, C + 1, h, w) logits of background and charts.
    """
    known = points.chosen(points.chart > 0)
    each = functional.cross_entropy(sampled(fine, known), known.chart, reduction="none")
    return Loss((each * known.weight).sum(), known.weight.sum())


def uv_loss(uv: Tensor, points: Points, images: int, confidence: Kind | str = "", spread: Tensor | None = None) -> Loss:
    """Smooth L1 of U and V in the true chart, or their negative log likelihood, summed over points.

    The reference sums over the points of the two images that a GPU holds, so that persons with many points weigh more;
    here the sum is over half the number of images, which is the same whatever the batch.

    :param uv: (R, 2, C + 1, h, w).
    :param images: in the batch.
    :param confidence: "" for smooth L1, else the kind of likelihood.
    :param spread: (R, n, C + 1, h, w) that describes the likelihood's spread.
    """
    known = points.chosen(points.chart > 0)
    at = sampled_charts(uv, known)
    if spread is None:
        each = functional.smooth_l1_loss(at, known.uv.to(at.dtype), reduction="none").sum(dim=1)
    else:
        each = likelihood(confidence, at, sampled_charts(spread, known), known.uv.to(at.dtype))  # type: ignore[arg-type]
    return Loss((each * known.weight).sum(), at.new_tensor(images / 2))


def _corners(maps: Tensor, xy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and shares, each (M, 4), of the four pixels around each point."""
    height, width = maps.shape[-2:]
    most = xy.new_tensor([width - 1, height - 1])
    place = (xy * (most + 1) - 0.5).clamp(min=0).minimum(most)
    low = place.floor()
    high = (low + 1).minimum(most)
    part = place - low
    (x0, y0), (x1, y1), (right, down) = low.long().unbind(1), high.long().unbind(1), part.unbind(1)
    share = torch.stack([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down], dim=1)
    return torch.stack([y0, y0, y1, y1], dim=1), torch.stack([x0, x1, x0, x1], dim=1), share


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
