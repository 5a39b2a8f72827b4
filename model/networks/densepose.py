"""The DensePose branch: S, I, U and V of each region (Güler et al., "DensePose: Dense Human Pose Estimation In The Wild",
CVPR 2018).

The levels P2..P5 are summed at stride 4, regions cut from the sum at 28, a head of convolutions, a deconvolution to 56
and bilinear enlargement to 112. The ASPP head is that of Chen et al., "Rethinking Atrous Convolution" (2017), with group
normalisation. R regions of a batch, C charts.
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
from model.networks.trunks import STRIDES, group_norm
from model.structures import Loss

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
    """The branch.

    :param channels: of the pyramid's levels.
    :param charts: C.
    :param coarse: channels of S: 2 (background and person) or 1 + the number of coarse parts.
    :param head: "convolutions" or "aspp".
    :param layers, width: of the head.
    :param side: of the regions' features.
    :param confidence: of U and V, "", "isotropic" or "anisotropic".
    """

    def __init__(
        self,
        channels: int,
        charts: int,
        coarse: int,
        head: Literal["convolutions", "aspp"] = "convolutions",
        layers: int = 8,
        width: int = 512,
        side: int = 28,
        confidence: Literal["", "isotropic", "anisotropic"] = "",
    ) -> None:
        super().__init__()
        self.parts, self.confidence = coarse > 2, confidence
        self.pooled = Regions(side)
        self.head = DensePoseHead(build_head(head, channels, layers, width), width, charts, coarse, confidence)

    def maps(self, outputs: Maps) -> Tensor:
        """Probabilities of S and I, and U and V of the charts."""
        probabilities = [outputs.coarse.softmax(dim=1), outputs.fine.softmax(dim=1)]
        return torch.cat([*probabilities, outputs.uv.flatten(1, 2).clamp(0, 1)], dim=1)

    def losses(self, outputs: Maps, rois: Rois) -> dict[str, Loss]:
        """coarse, fine, uv."""
        points = inside(rois.boxes, rois.rows, rois.targets)
        size = outputs.coarse.shape[-1]
        labels = coarse_labels(rois.boxes, rois.rows, rois.targets, size, self.parts)
        return {
            "coarse": coarse_loss(outputs.coarse, labels),
            "fine": fine_loss(outputs.fine, points),
            "uv": uv_loss(outputs.uv, points, len(rois.targets), self.confidence, outputs.spread),
        }

    def detections(self, outputs: Maps, boxes: list[Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """coarse, fine, u, v, and spread with confidence."""
        found = {
            "coarse": outputs.coarse.float(),
            "fine": outputs.fine.float(),
            "u": outputs.uv[:, 0].float(),
            "v": outputs.uv[:, 1].float(),
        }
        if outputs.spread is not None:
            found["spread"] = spread(outputs.spread.float().transpose(1, 2))
        return found


class DensePoseHead(nn.Module):
    """From pooled features to maps.

    :param layers: (R, channels, s, s) to (R, width, s, s).
    :param coarse: channels of S.
    """

    def __init__(
        self,
        layers: nn.Module,
        width: int,
        charts: int,
        coarse: int,
        confidence: Literal["", "isotropic", "anisotropic"] = "",
    ) -> None:
        super().__init__()
        self.coarse, self.each, self.numbers = coarse, charts + 1, CHANNELS[confidence]
        self.layers = layers
        self.predictor = Predictor(width, coarse + (3 + self.numbers) * self.each)

    def forward(self, pooled: Tensor) -> Maps:
        """(R, channels, s, s) to maps of side 4 s."""
        maps = self.predictor(self.layers(pooled))
        coarse, fine, uv, spread = maps.split([self.coarse, self.each, 2 * self.each, self.numbers * self.each], dim=1)
        numbers = spread.unflatten(1, (self.numbers, self.each)) if self.numbers else None
        return Maps(coarse, fine, uv.unflatten(1, (2, self.each)), numbers)


class Predictor(nn.Module):
    """All maps of a branch by one deconvolution to twice the side, enlarged to four times it.

    :param width: of the head.
    :param maps: how many.
    """

    def __init__(self, width: int, maps: int) -> None:
        super().__init__()
        self.deconvolution = nn.ConvTranspose2d(width, maps, 4, 2, 1)
        nn.init.kaiming_normal_(self.deconvolution.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.deconvolution.bias)  # type: ignore[arg-type]

    def forward(self, hidden: Tensor) -> Tensor:
        """(R, width, s, s) to (R, maps, 4 s, 4 s)."""
        return functional.interpolate(
            self.deconvolution(hidden), scale_factor=2.0, mode="bilinear", align_corners=False
        )


class Regions(nn.Module):
    """Regions cut from the sum of the levels P2..P5 at stride 4.

    :param side: of what is cut.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, features: list[Tensor], boxes: list[Tensor]) -> Tensor:
        """Features of regions.

        :param features: levels P2..P6, (B, channels, H / stride, W / stride).
        :param boxes: B tensors (R_i, 4) f4.
        :returns: (R, channels, side, side).
        """
        total = features[0]
        for level in features[1:4]:
            total = total + functional.interpolate(level, size=total.shape[-2:], mode="bilinear", align_corners=False)
        return roi_align(total, boxes, self.side, 1 / STRIDES[0], SAMPLING, aligned=True)


class ASPP(nn.Module):
    """What lies at several distances around each place, and on average over the region.

    :param channels, width: coming in and going out.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.near = nn.ModuleList([_normed(channels, width, 1), *(_normed(channels, width, 3, rate) for rate in RATES)])
        self.mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), _normed(channels, width, 1))
        self.together = _normed(width * (len(RATES) + 2), width, 1)

    def forward(self, pooled: Tensor) -> Tensor:
        """(R, channels, s, s) to (R, width, s, s)."""
        mean = self.mean(pooled).expand(-1, -1, *pooled.shape[-2:])
        return self.together(torch.cat([*(layer(pooled) for layer in self.near), mean], dim=1))


def build_head(kind: str, channels: int, layers: int, width: int) -> nn.Sequential:
    """Layers from pooled features (R, channels, s, s) to hidden ones (R, width, s, s).

    :param kind: "convolutions": 3 x 3, each with ReLU; "aspp": the same with group normalisation after an ASPP.
    :param layers: convolutions.
    """
    if kind == "aspp":
        return nn.Sequential(ASPP(channels, width), *(_normed(width, width, 3) for _ in range(layers)))
    plain = []
    for layer in range(layers):
        plain += [_convolution(width if layer else channels, width, 3), nn.ReLU(inplace=True)]
    return nn.Sequential(*plain)


def _convolution(channels: int, width: int, side: int, rate: int = 1, bias: bool = True) -> nn.Conv2d:
    layer = nn.Conv2d(channels, width, side, padding=rate * (side // 2), dilation=rate, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _normed(channels: int, width: int, side: int, rate: int = 1) -> nn.Sequential:
    return nn.Sequential(
        _convolution(channels, width, side, rate, bias=False), group_norm(width), nn.ReLU(inplace=True)
    )
