"""DeepPose: joints by regression in a cascade (Toshev and Szegedy, CVPR 2014, arXiv 1312.4659).

The first stage sees the person's box, stretched to a square, and gives all joints. Each later stage sees a square crop
around each joint where the stage before put it, and gives how far off that is. B images, P persons in a batch, K
joints.

Where the paper trains one stage after another, all learn at once here, each from the errors that the one before it
makes just then; gradients do not pass between them. Trunks are residual networks, and joints share those of a stage.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align

from evaluation.keypoints import NAMES
from model.losses.joints import joint_loss
from model.networks.proposals import generators
from model.networks.trunks import Stages, normalised
from model.structures import Batch, Detections, Loss

TORSO = (NAMES.index("left_shoulder"), NAMES.index("right_hip"))
"""The joints whose distance is the diameter of a human pose, for COCO's keypoints."""
_LEAST_DIAMETER = 0.2  # of the box's longer side: estimates that fall together must not make empty crops
_ERRORS = (0.05, 0.5)  # of the diameter: stages learn to correct some even when those before make none any more, and
# none so large that the joint is seldom in the crop
_CHANNELS = 64  # of the features that the hidden layer sees
_AT_ONCE = 128  # crops when predicting


class DeepPose(nn.Module):
    """The network.

    :param trunks: one for each stage.
    :param keypoints: K.
    :param side: of the crops in pixels; 32 divides it.
    :param sigma: side of later stages' crops, in diameters of the pose.
    :param width: of the hidden layers.
    :param crops: joints of a person from which a later stage learns in a step.
    :raises ValueError: no trunk; a side that 32 does not divide.
    """

    def __init__(
        self,
        trunks: list[Stages],
        keypoints: int,
        side: int = 224,
        sigma: float = 1.0,
        width: int = 1024,
        crops: int = 4,
    ) -> None:
        super().__init__()
        if not trunks:
            raise ValueError("network.deeppose.stages: there is at least one stage")
        if side < 32 or side % 32:
            raise ValueError(f"network.deeppose.side: {side} is no multiple of 32")
        self.side, self.sigma, self.crops = side, sigma, crops
        self.torso = TORSO if keypoints == len(NAMES) else None
        self.stages = nn.ModuleList([Regressor(trunk, keypoints, side, width) for trunk in trunks])

    def forward(self, batch: Batch) -> dict[str, Loss] | list[Detections]:
        """Losses "joints", "joints_2", ... when training; else the joints of the persons in the boxes.

        :raises ValueError: no targets when training; no boxes else.
        """
        images = normalised(batch.images)
        return self._learn(images, batch) if self.training else self._detect(images, batch)

    def _learn(self, images: Tensor, batch: Batch) -> dict[str, Loss]:
        if batch.targets is None:
            raise ValueError("a network in training mode needs targets")
        taught = [~truth.crowd & (truth.keypoints[..., 2] > 0).any(1) for truth in batch.targets]
        boxes = [truth.boxes[rows] for truth, rows in zip(batch.targets, taught, strict=True)]
        keypoints = torch.cat([truth.keypoints[rows] for truth, rows in zip(batch.targets, taught, strict=True)])
        true, known = keypoints[..., :2], keypoints[..., 2] > 0  # (P, K, 2), (P, K)
        counts, draws = [len(each) for each in boxes], generators(batch.seeds)

        centre, side = _centre_side(torch.cat(boxes))
        found = self.stages[0](self._crops(images, boxes))
        losses = {"joints": joint_loss(found, (true - centre) / side, known)}
        estimate = (centre + found * side).detach()
        diameter = self._diameters(estimate, side)
        error = _spread(estimate - true, known, diameter)
        for number, stage in enumerate(self.stages[1:], 2):
            joint, noise = _drawn(known, counts, self.crops, draws)  # (P, n), (P, n, 2)
            rows = torch.arange(len(joint), device=joint.device)[:, None]
            place = true[rows, joint] + noise * error[:, None, None]
            length = (self.sigma * diameter)[:, None, None]
            squares = torch.cat([place - length / 2, place + length / 2], 2)
            steps = stage(self._crops(images, [each.flatten(0, 1) for each in squares.split(counts)]))
            step = steps.unflatten(0, joint.shape)[rows, torch.arange(self.crops, device=joint.device), joint]
            all_known = torch.ones_like(joint, dtype=torch.bool)
            losses[f"joints_{number}"] = joint_loss(step, (true[rows, joint] - place) / length, all_known)
            error = _spread((place + step * length).detach() - true[rows, joint], all_known, diameter)
        return losses

    def _detect(self, images: Tensor, batch: Batch) -> list[Detections]:
        if batch.boxes is None:
            raise ValueError("DeepPose finds no persons: it needs their boxes")
        counts = [len(each) for each in batch.boxes]
        centre, side = _centre_side(torch.cat(batch.boxes))
        estimate = centre + self._regressed(0, images, batch.boxes) * side  # (P, K, 2)
        joints = torch.arange(estimate.shape[1], device=estimate.device)
        for number in range(1, len(self.stages)):
            length = (self.sigma * self._diameters(estimate, side))[:, None, None]
            squares = torch.cat([estimate - length / 2, estimate + length / 2], 2)
            steps = self._regressed(number, images, [each.flatten(0, 1) for each in squares.split(counts)])
            estimate = estimate + steps.unflatten(0, estimate.shape[:2])[:, joints, joints] * length
        keypoints = torch.cat([estimate, torch.ones_like(estimate[..., :1])], 2).split(counts)
        return [
            Detections(boxes, boxes.new_ones(len(boxes)), keypoints=found)
            for boxes, found in zip(batch.boxes, keypoints, strict=True)
        ]

    def _regressed(self, number: int, images: Tensor, boxes: list[Tensor]) -> Tensor:
        """(n, K, 2) f4 of a stage in all boxes, some at a time."""
        image = [each.new_full((len(each), 1), row) for row, each in enumerate(boxes)]
        rows = torch.cat([torch.cat(image), torch.cat(boxes)], 1)  # (n, 5)
        return torch.cat([self.stages[number](self._crops(images, some)) for some in rows.split(_AT_ONCE)])

    def _crops(self, images: Tensor, boxes: list[Tensor] | Tensor) -> Tensor:
        """(n, 3, side, side) f4 of boxes (n_i, 4) in images (B, 3, H, W), or of rows (n, 5) of an image's number and a
        box, stretched; 0, the mean, beyond the image."""
        where = boxes.float() if isinstance(boxes, Tensor) else [each.float() for each in boxes]
        return roi_align(images, where, self.side, sampling_ratio=-1, aligned=True)

    def _diameters(self, joints: Tensor, side: Tensor) -> Tensor:
        """(P,) of poses (P, K, 2): of the torso, half the box's longer side where there is no such thing."""
        longer = side.flatten(1).amax(1)
        if self.torso is None:
            return longer / 2
        shoulder, hip = self.torso
        return (joints[:, shoulder] - joints[:, hip]).norm(dim=1).maximum(_LEAST_DIAMETER * longer)


class Regressor(nn.Module):
    """A stage: a trunk, a hidden layer, and two numbers for each joint.

    :param side: of the crops.
    :param width: of the hidden layer.
    """

    def __init__(self, trunk: Stages, keypoints: int, side: int, width: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.narrowed = nn.Sequential(nn.Conv2d(trunk.channels[-1], _CHANNELS, 1), nn.ReLU(inplace=True))
        self.hidden = nn.Linear(_CHANNELS * (side // 32) ** 2, width)
        self.joints = nn.Linear(width, 2 * keypoints)
        nn.init.normal_(self.joints.weight, std=0.01)
        nn.init.zeros_(self.joints.bias)

    def forward(self, crops: Tensor) -> Tensor:
        """(n, K, 2) f4 in units of the crop's sides, 0 its centre, from (n, 3, side, side)."""
        features = self.narrowed(self.trunk(crops)[-1]).flatten(1)
        joints: Tensor = self.joints(self.hidden(features).relu()).float()
        return joints.unflatten(1, (-1, 2))


def _centre_side(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """(P, 1, 2) centres and (P, 1, 2) sides of boxes (P, 4)."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return (low + high) / 2, (high - low).clamp_min(1)


def _spread(apart: Tensor, known: Tensor, diameter: Tensor) -> Tensor:
    """(P,) root mean square of the errors (P, n, 2) of a stage along an axis, over the known joints (P, n) of a person.

    The paper takes it over all persons; a person's own has the same mean square over them, and does not change with the
    batch, nor with how it is shared out among processes.
    """
    squares = (apart.square().mean(2) * known).sum(1) / known.sum(1).clamp_min(1)
    low, high = (share * diameter for share in _ERRORS)
    return squares.sqrt().clamp(low, high)


def _drawn(known: Tensor, counts: list[int], crops: int, draws: list[torch.Generator]) -> tuple[Tensor, Tensor]:
    """Known joints of each person (P, n) i8, and normal displacements (P, n, 2) f4, by the generators of the images."""
    joints, noise = [], []
    for each, draw in zip(known.split(counts), draws, strict=True):
        if len(each):
            joints.append(torch.multinomial(each.float().cpu(), crops, replacement=True, generator=draw))
        noise.append(torch.randn(len(each), crops, 2, generator=draw))
    joint = torch.cat([*joints, torch.zeros(0, crops, dtype=torch.int64)])
    return joint.to(known.device), torch.cat(noise).to(known.device)
