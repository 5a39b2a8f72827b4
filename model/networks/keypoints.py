"""The keypoint branch: heatmaps as in Mask R-CNN (He et al., ICCV 2017), coded as in DARK (Zhang et al., CVPR 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.dark import Coding, decode
from model.losses.keypoints import in_heatmaps, in_image, keypoint_loss
from model.networks.proposals import Rois
from model.networks.rcnn import Branch
from model.networks.regions import Aligned, convolutions, doubled
from model.structures import Loss


class KeypointBranch(Branch):
    """Heatmaps of K keypoints, stretched over each region; outputs are logits (R, K, size, size).

    :param channels: of the features.
    :param keypoints: K.
    :param layers, width: 3 x 3 convolutions of the head and their channels.
    :param pooled: side of the features of a region.
    :param size: side of the heatmaps.
    :param coding: "dark" or "plain", for encoding and decoding.
    :param sigma: of the Gaussians, in pixels of the heatmap.
    """

    def __init__(
        self,
        channels: int,
        keypoints: int,
        layers: int = 8,
        width: int = 512,
        pooled: int = 14,
        size: int = 56,
        coding: Coding = "dark",
        sigma: float = 2.0,
    ) -> None:
        super().__init__()
        self.size, self.coding, self.sigma = size, coding, sigma
        self.maps_count = keypoints
        self.pooled = Aligned(pooled)
        self.head = KeypointHead(channels, keypoints, layers, width, size)

    def losses(self, outputs: Tensor, rois: Rois) -> dict[str, Loss]:
        keypoints = [truth.keypoints[rows] for truth, rows in zip(rois.targets, rois.rows, strict=True)]
        points, known = in_heatmaps(torch.cat(keypoints), torch.cat(rois.boxes), self.size)
        return {"keypoints": keypoint_loss(outputs, points, known, self.sigma, self.coding)}

    def detections(self, outputs: Tensor, boxes: list[Tensor]) -> dict[str, Tensor]:
        """Keypoints whose score is the heatmap's height in heights of a perfect one, at most 1."""
        found = decode(_soft(outputs), self.sigma, self.coding)
        found[..., 2] = (found[..., 2] * self._flatness).clamp(max=1)
        return {"keypoints": in_image(found, torch.cat(boxes), self.size)}

    def maps(self, outputs: Tensor) -> Tensor:
        """(R, K, size, size) heatmaps in heights of a perfect one."""
        return _soft(outputs) * self._flatness

    @property
    def _flatness(self) -> float:
        return max(1.0, 2 * math.pi * self.sigma**2)


class KeypointHead(nn.Module):
    """Logits (R, K, size, size) from features (R, channels, side, side): a deconvolution, then bilinear enlargement."""

    def __init__(self, channels: int, keypoints: int, layers: int, width: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.convolutions = convolutions(channels, width, layers)
        self.heatmaps = doubled(width, keypoints)
        nn.init.normal_(self.heatmaps.weight, std=0.001)

    def forward(self, regions: Tensor) -> Tensor:
        logits: Tensor = self.heatmaps(self.convolutions(regions))
        if logits.shape[-1] == self.size:
            return logits
        return functional.interpolate(logits, size=(self.size, self.size), mode="bilinear", align_corners=False)


def _soft(logits: Tensor) -> Tensor:
    """(R, K, S, S) probabilities over the pixels of each map."""
    return logits.float().flatten(2).softmax(2).reshape(logits.shape)
