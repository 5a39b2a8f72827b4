"""Features of regions, and what the branches that look at them are made of."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torchvision.ops import MultiScaleRoIAlign

from model.networks.trunks import STRIDES

_LEVELS = 4  # P2..P5


class Aligned(nn.Module):
    """Features of regions, each cut from the level that suits its size (Lin et al., CVPR 2017).

    :param side: of what is cut.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.align = MultiScaleRoIAlign([str(level) for level in range(_LEVELS)], output_size=side, sampling_ratio=2)

    def forward(self, features: list[Tensor], boxes: list[Tensor]) -> Tensor:
        """Of all images' regions in a row.

        :param features: the pyramid's levels, the finest first, (B, channels, H / stride, W / stride).
        :param boxes: B tensors (R_i, 4) f4.
        :returns: (R, channels, side, side).
        """
        height, width = (length * STRIDES[0] for length in features[0].shape[-2:])
        levels = {str(level): each for level, each in enumerate(features[:_LEVELS])}
        out: Tensor = self.align(levels, boxes, [(height, width)])
        return out


def convolutions(inputs: int, channels: int, layers: int) -> nn.Sequential:
    """3 x 3 convolutions with ReLU, from ``inputs`` to ``channels``."""
    out = nn.Sequential()
    for before, after in pairwise([inputs] + [channels] * layers):
        layer = nn.Conv2d(before, after, 3, padding=1)
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # there is one
        out.extend([layer, nn.ReLU(inplace=True)])
    return out


def doubled(inputs: int, channels: int) -> nn.ConvTranspose2d:
    """A deconvolution to twice the side."""
    layer = nn.ConvTranspose2d(inputs, channels, 4, stride=2, padding=1)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
