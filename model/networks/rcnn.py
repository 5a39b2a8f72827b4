"""DensePose-RCNN and its relatives: a pyramid, a detector, and branches that look at the persons.

Güler et al., "DensePose: Dense Human Pose Estimation In The Wild" (CVPR 2018); He et al., "Mask R-CNN" (ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from model.networks.detector import Detector
from model.networks.proposals import Rois, generators, rois
from model.networks.trunks import Pyramid, normalised
from model.structures import Batch, Detections, Loss


class Branch(nn.Module):
    """What a branch of the network is: a module that looks at regions.

    Outputs are of its own kind: a dataclass of tensors (R, ...) or a tensor, of the R regions of all images in a row.

    :ivar pooled: (features, boxes) to features of regions (R, channels, side, side), without weights: the branch's
        second stage looks at the same.
    :ivar head: features of regions to outputs.
    :ivar maps_count: n of ``maps``.
    """

    pooled: nn.Module
    head: nn.Module
    maps_count: int

    def forward(self, features: list[Tensor], boxes: list[Tensor]) -> Any:
        """The outputs of regions.

        :param features: the pyramid's levels P2..P6, (B, channels, H / stride, W / stride).
        :param boxes: B tensors (R_i, 4) f4.
        """
        return self.head(self.pooled(features, boxes))

    def maps(self, outputs: Any) -> Tensor:
        """Outputs as second stages see them: (R, n, h, w), about 0 to 1."""
        raise NotImplementedError

    def losses(self, outputs: Any, rois: Rois) -> dict[str, Loss]:
        """All losses of the branch by name, also where there is nothing to learn from."""
        raise NotImplementedError

    def detections(self, outputs: Any, boxes: list[Tensor]) -> dict[str, Tensor]:
        """Fields of ``Detections``, of the R regions of all images in a row."""
        raise NotImplementedError


class RCNN(nn.Module):
    """The network.

    :param pyramid: gives features.
    :param detector: gives boxes.
    :param branches: modules with the methods of ``Branch``, by name.
    :param overlap, most: of proposals with a person, above which the branches learn, and how many of an image.
    :param cascade: second stages, or none: ``cascade(features of regions, maps)``, both by the branches' names, gives
        outputs of second stages by the same names, whose losses and detections are again the branches' own.
    """

    def __init__(
        self,
        pyramid: Pyramid,
        detector: Detector,
        branches: dict[str, Branch],
        overlap: float,
        most: int,
        cascade: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.pyramid, self.detector = pyramid, detector
        self.branches: Mapping[str, Branch] = nn.ModuleDict(branches)  # type: ignore[assignment]
        self.overlap, self.most, self.cascade = overlap, most, cascade

    def forward(self, batch: Batch) -> dict[str, Loss] | list[Detections]:
        """Losses by name when training on targets, else what is found, in the images' pixels.

        :raises ValueError: training without targets.
        """
        features = self.pyramid(normalised(batch.images))
        return self._learn(features, batch) if self.training else self._detect(features, batch)

    def _learn(self, features: list[Tensor], batch: Batch) -> dict[str, Loss]:
        if batch.targets is None:
            raise ValueError("a network in training mode needs targets")
        draws = generators(batch.seeds)
        proposals, losses = self.detector.learn(features, batch.sizes, batch.targets, draws)
        regions = rois(proposals, batch.targets, self.overlap, self.most, draws)
        for suffix, outputs in self._stages(features, regions.boxes).items():
            for name, branch in self.branches.items():
                found = branch.losses(outputs[name], regions)
                losses |= {f"{loss}{suffix}": value for loss, value in found.items()}
        return losses

    def _detect(self, features: list[Tensor], batch: Batch) -> list[Detections]:
        if batch.boxes is None:
            boxes, scores = self.detector.detect(features, batch.sizes)
        else:
            boxes, scores = batch.boxes, [box.new_ones(len(box)) for box in batch.boxes]
        outputs = list(self._stages(features, boxes).values())[-1]
        fields: dict[str, Tensor] = {}
        for name, branch in self.branches.items():
            fields |= branch.detections(outputs[name], boxes)
        counts = [box.shape[0] for box in boxes]
        parts = {name: value.split(counts) for name, value in fields.items()}
        return [
            Detections(box, score, **{name: part[i] for name, part in parts.items()})
            for i, (box, score) in enumerate(zip(boxes, scores, strict=True))
        ]

    def _stages(self, features: list[Tensor], boxes: list[Tensor]) -> dict[str, dict[str, Any]]:
        """Outputs of the branches, by the suffix of their losses' names."""
        regions = {name: branch.pooled(features, boxes) for name, branch in self.branches.items()}
        first = {name: branch.head(regions[name]) for name, branch in self.branches.items()}
        if self.cascade is None:
            return {"": first}
        maps = {name: branch.maps(first[name]) for name, branch in self.branches.items()}
        return {"": first, "_2": self.cascade(regions, maps)}
