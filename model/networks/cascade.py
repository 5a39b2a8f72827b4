"""The cross-cascade (Güler et al., "DensePose: Dense Human Pose Estimation In The Wild", CVPR 2018): a second stage of
each branch, which sees the features of regions together with what the first stages of all branches found there."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Cascade(nn.Module):
    """Second stages.

    :param heads: of the branches, by name, made for as many more channels as all first stages have maps.
    """

    def __init__(self, heads: dict[str, nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(heads)

    def forward(self, regions: dict[str, Tensor], maps: dict[str, Tensor]) -> dict[str, Any]:
        """Outputs of the second stages by name.

        All branches look at the same R regions, so their maps differ in nothing but the resolution, and each is brought
        to that of the features that it joins.

        :param regions: (R, channels, side, side) by name; the side is each branch's own.
        :param maps: (R, n, h, h) by name, what the first stages found.
        """
        out = {}
        for name, head in self.heads.items():
            side = int(regions[name].shape[-1])  # traced (ONNX), a shape is a tensor
            found = [resized(each, side).to(regions[name].dtype) for each in maps.values()]
            out[name] = head(torch.cat([regions[name], *found], 1))
        return out


def resized(maps: Tensor, side: int) -> Tensor:
    """Maps (R, n, h, h) as (R, n, side, side): means of pixels where that is fewer, bilinear where it is more."""
    width = int(maps.shape[-1])
    if width > side and width % side == 0:
        return functional.avg_pool2d(maps, width // side)  # ONNX has no other
    if width > side:
        return functional.adaptive_avg_pool2d(maps, side)
    return functional.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)
