"""The DensePose branch: S, I, U and V of each region (Güler et al., "DensePose: Dense Human Pose Estimation In The
Wild", CVPR 2018).

The levels P2..P5 are summed at stride 4, regions cut from the sum at 28, a head of convolutions, a deconvolution to 56
and bilinear enlargement to 112. The ASPP head is that of Chen et al., "Rethinking Atrous Convolution" (2017), with
group normalisation. R regions of a batch, C charts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

from model.losses.coarse import coarse_labels, coarse_loss
from model.losses.confidence import CHANNELS, spread
from model.losses.points import fine_loss, inside, uv_loss
from model.networks.proposals import Rois
from model.networks.rcnn import Branch
from model.networks.regions import convolutions, doubled
from model.networks.trunks import STRIDES, group_norm
from model.structures import Loss

Kind = Literal["convolutions", "aspp"]
Confidence = Literal["", "isotropic", "anisotropic"]

RATES = (6, 12, 56)
"""Of the dilated convolutions of the ASPP head."""
SAMPLING = 2
"""Samples along each side of a pooled pixel."""


@dataclass(frozen=True, eq=False)
class Maps:
    """What the branch gives.

    :param coarse: (R, 2 or parts + 1, 112, 112) logits S.
    :param fine: (R, C + 1, 112, 112) logits I.
    :param uv: (R, 2, C + 1, 112, 112).
    :param spread: (R, n, C + 1, 112, 112) n numbers that describe the spread of U and V; None without confidence.
    """

    coarse: Tensor
    fine: Tensor
    uv: Tensor
    spread: Tensor | None = None


class DensePoseBranch(Branch):
    """The branch; outputs are ``Maps``.

    :param channels: of the features.
    :param charts: C.
    :param coarse: channels of S: 2 (background and person) or 1 + the number of coarse parts.
    :param kind: of the head, as ``layers_of`` takes it.
    :param layers, width: of the head.
    :param pooled: side of the features of a region.
    :param confidence: of U and V.
    """

    def __init__(
        self,
        channels: int,
        charts: int,
        coarse: int,
        kind: Kind = "convolutions",
        layers: int = 8,
        width: int = 512,
        pooled: int = 28,
        confidence: Confidence = "",
    ) -> None:
        super().__init__()
        self.coarse, self.confidence = coarse, confidence
        self.maps_count = coarse + 3 * (charts + 1)
        self.pooled = Summed(pooled)
        self.head = DensePoseHead(channels, charts, coarse, kind, layers, width, confidence)

    def maps(self, outputs: Maps) -> Tensor:
        """Probabilities of S and I, and U and V of the charts, each where its chart is probable: elsewhere they say
        nothing, for they never learned there."""
        coarse, fine = outputs.coarse.softmax(dim=1), outputs.fine.softmax(dim=1)
        return torch.cat([coarse, fine, (outputs.uv * fine[:, None]).flatten(1, 2)], dim=1)

    def losses(self, outputs: Maps, rois: Rois) -> dict[str, Loss]:
        """coarse, fine, uv."""
        points = inside(rois.boxes, rois.rows, rois.targets)
        size = outputs.coarse.shape[-1]
        labels = coarse_labels(rois.boxes, rois.rows, rois.targets, size, parts=self.coarse > 2)
        return {
            "coarse": coarse_loss(outputs.coarse, labels),
            "fine": fine_loss(outputs.fine, points),
            "uv": uv_loss(outputs.uv, points, len(rois.targets), self.confidence, outputs.spread),
        }

    def detections(self, outputs: Maps, boxes: list[Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """coarse, fine, u, v, and spread with confidence."""
        u, v = outputs.uv.float().unbind(dim=1)
        found = {"coarse": outputs.coarse.float(), "fine": outputs.fine.float(), "u": u, "v": v}
        if outputs.spread is not None:
            found["spread"] = spread(outputs.spread.float().transpose(1, 2))
        return found


class DensePoseHead(nn.Module):
    """Features of regions (R, channels, s, s) to ``Maps`` of side 4 s."""

    def __init__(
        self,
        channels: int,
        charts: int,
        coarse: int,
        kind: Kind,
        layers: int,
        width: int,
        confidence: Confidence,
    ) -> None:
        super().__init__()
        self.coarse, self.each, self.numbers = coarse, charts + 1, CHANNELS[confidence]
        self.layers = layers_of(kind, channels, layers, width)
        self.predictor = Predictor(width, coarse + (3 + self.numbers) * self.each)

    def forward(self, regions: Tensor) -> Maps:
        maps = self.predictor(self.layers(regions))
        each = self.each
        coarse, fine, uv, spreads = maps.split([self.coarse, each, 2 * each, self.numbers * each], dim=1)
        about = spreads.unflatten(1, (self.numbers, each)) if self.numbers else None
        return Maps(coarse, fine, uv.unflatten(1, (2, each)), about)


class Predictor(nn.Module):
    """All maps of a branch by one deconvolution to twice the side, enlarged to four times it.

    :param width: of the head.
    :param maps: how many.
    :param deviation: of the first weights. Near zero, because from larger ones the first U and V are off by more than
        their range, and learning takes longer.
    """

    def __init__(self, width: int, maps: int, deviation: float = 0.001) -> None:
        super().__init__()
        self.deconvolution = doubled(width, maps)
        nn.init.normal_(self.deconvolution.weight, std=deviation)

    def forward(self, hidden: Tensor) -> Tensor:
        """(R, width, s, s) to (R, maps, 4 s, 4 s)."""
        return functional.interpolate(
            self.deconvolution(hidden), scale_factor=2.0, mode="bilinear", align_corners=False
        )


class ASPP(nn.Module):
    """What lies at several distances around each place, and on average over the region.

    :param channels, width: coming in and going out.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        near = [_normed(channels, width, 1), *(_normed(channels, width, 3, rate) for rate in RATES)]
        self.near = nn.ModuleList(near)
        self.mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), _normed(channels, width, 1))
        self.together = _normed(width * (len(near) + 1), width, 1)

    def forward(self, regions: Tensor) -> Tensor:
        """(R, channels, s, s) to (R, width, s, s)."""
        mean = self.mean(regions).expand(-1, -1, *regions.shape[-2:])
        together: Tensor = self.together(torch.cat([*(layer(regions) for layer in self.near), mean], dim=1))
        return together


class Summed(nn.Module):
    """Features of all images' regions in a row, cut from the sum of the levels P2..P5 at stride 4.

    :param side: of the features.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, features: list[Tensor], boxes: list[Tensor]) -> Tensor:
        """(R, channels, side, side).

        :param features: levels P2..P6, (B, channels, H / stride, W / stride).
        :param boxes: B tensors (R_i, 4) f4.
        """
        total = features[0]
        for level in features[1:4]:
            total = total + functional.interpolate(level, size=total.shape[-2:], mode="bilinear", align_corners=False)
        return roi_align(total, boxes, self.side, 1 / STRIDES[0], SAMPLING, aligned=True)


def layers_of(kind: Kind, channels: int, layers: int, width: int) -> nn.Sequential:
    """Layers from pooled features (R, channels, s, s) to hidden ones (R, width, s, s).

    :param kind: "convolutions": 3 x 3, each with ReLU; "aspp": the same with group normalisation after an ASPP.
    :param layers: convolutions.
    """
    if kind == "convolutions":
        return convolutions(channels, width, layers)
    return nn.Sequential(ASPP(channels, width), *(_normed(width, width, 3) for _ in range(layers)))


def _normed(channels: int, width: int, side: int, rate: int = 1) -> nn.Sequential:
    """A convolution without a bias, group normalisation, ReLU."""
    layer = nn.Conv2d(channels, width, side, padding=rate * (side // 2), dilation=rate, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(layer, group_norm(width), nn.ReLU(inplace=True))
