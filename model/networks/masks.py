"""The mask branch (He et al., "Mask R-CNN", ICCV 2017), of the one class person."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.losses.masks import mask_loss, outlines
from model.networks.proposals import Rois
from model.networks.rcnn import Branch
from model.networks.regions import Aligned, convolutions, doubled
from model.structures import Loss


class MaskBranch(Branch):
    """Masks at twice the side of the pooled features; outputs are logits (R, 2 pooled, 2 pooled).

    :param channels: of the features.
    :param layers, width: 3 x 3 convolutions of the head and their channels.
    :param pooled: side of the features of a region.
    """

    def __init__(self, channels: int, layers: int = 4, width: int = 256, pooled: int = 14) -> None:
        super().__init__()
        self.size, self.maps_count = 2 * pooled, 1
        self.pooled = Aligned(pooled)
        self.head = MaskHead(channels, layers, width)

    def losses(self, outputs: Tensor, rois: Rois) -> dict[str, Loss]:
        placed = [
            outlines(truth.outline, rows, boxes, truth.boxes, self.size)
            for truth, rows, boxes in zip(rois.targets, rois.rows, rois.boxes, strict=True)
        ]
        has = [truth.has_outline[rows] for truth, rows in zip(rois.targets, rois.rows, strict=True)]
        return {"mask": mask_loss(outputs, torch.cat(placed), torch.cat(has))}

    def detections(self, outputs: Tensor, boxes: list[Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        return {"mask": outputs.float().sigmoid()}

    def maps(self, outputs: Tensor) -> Tensor:
        """(R, 1, h, w) probability of the person."""
        return outputs.sigmoid()[:, None]


class MaskHead(nn.Module):
    """Logits (R, 2 side, 2 side) from features (R, channels, side, side)."""

    def __init__(self, channels: int, layers: int, width: int) -> None:
        super().__init__()
        self.convolutions = convolutions(channels, width, layers)
        self.enlarged = nn.Sequential(doubled(width, width), nn.ReLU(inplace=True))
        self.person = nn.Conv2d(width, 1, 1)
        nn.init.normal_(self.person.weight, std=0.001)

    def forward(self, regions: Tensor) -> Tensor:
        person: Tensor = self.person(self.enlarged(self.convolutions(regions)))
        return person[:, 0]
