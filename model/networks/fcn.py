"""The fully convolutional baseline: every pixel of the image is told its chart, and its U and V in each chart.

Güler et al., "DenseReg: Fully Convolutional Dense Shape Regression In-the-Wild" (CVPR 2017), as the baseline of Güler
et al., "DensePose: Dense Human Pose Estimation In The Wild" (CVPR 2018): a classifier of background and charts, and for
each chart regressors of U and V, of which the true chart's alone learns. It knows of no persons: it learns on whole
images or on crops, and predicts in boxes that it is given. C charts, images of H x W.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

from model.losses.coarse import coarse_loss
from model.losses.confidence import CHANNELS, spread
from model.losses.points import Points, fine_loss, uv_loss
from model.losses.silhouettes import silhouettes
from model.networks.densepose import Confidence
from model.networks.regions import convolutions
from model.networks.trunks import Pyramid, normalised
from model.structures import Batch, Detections, Loss, Targets

SIDE = 112
"""Of the maps cut out for a box, as large as DensePose-RCNN's."""


@dataclass(frozen=True, eq=False)
class ImageMaps:
    """What the network gives of images, at its stride.

    :param fine: (B, C + 1, h, w) logits of background and charts.
    :param uv: (B, 2, C + 1, h, w), 0 in the background's channel.
    :param spread: (B, n, C + 1, h, w) n numbers that describe the spread of U and V; None without confidence.
    """

    fine: Tensor
    uv: Tensor
    spread: Tensor | None


class FCN(nn.Module):
    """The network.

    :param pyramid: gives features.
    :param charts: C.
    :param layers, width: of the head.
    :param stride: of the maps.
    :param confidence: of U and V.
    """

    def __init__(
        self,
        pyramid: Pyramid,
        charts: int,
        layers: int = 2,
        width: int = 256,
        stride: int = 8,
        confidence: Confidence = "",
    ) -> None:
        super().__init__()
        self.pyramid, self.charts, self.stride, self.confidence = pyramid, charts, stride, confidence
        self.numbers = 2 + CHANNELS[confidence]
        self.head = convolutions(pyramid.channels, width, layers)
        self.predictor = nn.Conv2d(width if layers else pyramid.channels, charts + 1 + self.numbers * charts, 1)
        nn.init.normal_(self.predictor.weight, std=0.01)
        nn.init.zeros_(self.predictor.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, batch: Batch) -> dict[str, Loss] | list[Detections]:
        """The losses coarse, fine and uv when training, else what is in the given boxes, all of score 1.

        :raises ValueError: training without targets, or predicting without boxes.
        """
        if self.training and batch.targets is None:
            raise ValueError("a network in training mode needs targets")
        if not self.training and batch.boxes is None:
            raise ValueError("a fully convolutional network finds no persons: it needs their boxes")
        maps = self.look(batch.images)
        return self._learn(maps, batch) if batch.boxes is None or self.training else self._cut(maps, batch.boxes)

    def look(self, images: Tensor) -> ImageMaps:
        """Maps of whole images.

        :param images: (B, 3, H, W) u1 sRGB; 32 divides H and W.
        """
        levels = self.pyramid(normalised(images))
        size = images.shape[-2] // self.stride, images.shape[-1] // self.stride
        features = torch.stack([functional.interpolate(level, size, mode="bilinear") for level in levels[:4]]).sum(
            dim=0
        )
        maps = self.predictor(self.head(features))
        fine, rest = maps.split([self.charts + 1, self.numbers * self.charts], dim=1)
        # The background has no U and V, but a channel, so that charts count from 1 everywhere.
        each = functional.pad(rest.unflatten(1, (self.numbers, self.charts)), (0, 0, 0, 0, 1, 0))
        return ImageMaps(fine, each[:, :2], each[:, 2:] if self.confidence else None)

    def _learn(self, maps: ImageMaps, batch: Batch) -> dict[str, Loss]:
        assert batch.targets is not None
        height, width = batch.images.shape[-2:]
        points = in_images(batch.targets, (height, width))
        # What is not background is some chart: of pixels on a person that no one annotated this much is known.
        fine = maps.fine.float()
        person = torch.stack([fine[:, 0], fine[:, 1:].logsumexp(dim=1)], dim=1)
        cells = height // self.stride, width // self.stride
        labels = silhouettes(batch.targets, batch.sizes, cells, self.stride)
        return {
            "coarse": coarse_loss(person, labels),
            "fine": fine_loss(maps.fine, points),
            "uv": uv_loss(maps.uv, points, len(batch.targets), self.confidence, maps.spread),
        }

    def _cut(self, maps: ImageMaps, boxes: list[Tensor]) -> list[Detections]:
        fields = {"fine": maps.fine, "u": maps.uv[:, 0], "v": maps.uv[:, 1]}
        if maps.spread is not None:
            fields["spread"] = spread(maps.spread.float().transpose(1, 2))
        parts = {name: cut(value, boxes, self.stride) for name, value in fields.items()}
        return [
            Detections(each, each.new_ones(each.shape[0]), **{name: part[i] for name, part in parts.items()})
            for i, each in enumerate(boxes)
        ]


def cut(maps: Tensor, boxes: list[Tensor], stride: int) -> tuple[Tensor, ...]:
    """Maps of boxes, read bilinearly from those of whole images.

    :param maps: (B, n, h, w) at the stride.
    :param boxes: B tensors (D_i, 4) f4.
    :returns: B tensors (D_i, n, 112, 112) f4.
    """
    # One sample in the middle of each pixel is nothing but bilinear reading.
    every = roi_align(maps.float(), [box.float() for box in boxes], SIDE, 1 / stride, 1, aligned=True)
    found: tuple[Tensor, ...] = every.split([box.shape[0] for box in boxes])
    return found


def in_images(targets: list[Targets], size: tuple[int, int]) -> Points:
    """All points of the images, each image as one region.

    :param size: H, W of the padded images.
    """
    counts = torch.tensor([len(truth.point_xy) for truth in targets], device=targets[0].point_xy.device)
    xy = torch.cat([truth.point_xy for truth in targets])
    return Points(
        torch.arange(len(targets), device=counts.device).repeat_interleave(counts),
        xy / xy.new_tensor([size[1], size[0]]),
        *(
            torch.cat([getattr(truth, name) for truth in targets])
            for name in ("point_chart", "point_uv", "point_vertex", "point_weight")
        ),
    )
