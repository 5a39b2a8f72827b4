"""Persons' boxes: region proposals and the box head.

Ren et al., "Faster R-CNN" (NeurIPS 2015), on a feature pyramid (Lin et al., CVPR 2017). One class, person. The parts
without weights of their own are torchvision's; what is drawn and what is summed is here, because torchvision draws from
the global generator and averages within a process.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.rpn import RPNHead, concat_box_prediction_layers
from torchvision.ops import MultiScaleRoIAlign, batched_nms, clip_boxes_to_image, nms, remove_small_boxes

from model.networks.proposals import balanced, matched
from model.networks.trunks import STRIDES
from model.structures import Loss, Targets

RATIOS = (0.5, 1.0, 2.0)
"""Height over width of the anchors."""
ANCHORS_SAMPLED, ANCHORS_POSITIVE, ANCHOR_BACKGROUND, ANCHOR_PERSON = 256, 0.5, 0.3, 0.7
BETA = 1 / 9
"""Where the smooth L1 loss of boxes turns from a square to a line."""
PROPOSALS_OVERLAP = 0.7
BEFORE_SUPPRESSION = 2
"""Times as many proposals of a level are looked at when training as are kept."""


class Detector(nn.Module):
    """Region proposals and the box head.

    :param channels: of the pyramid's levels.
    :param anchors: side of the square anchors of the finest level, doubled at each next one.
    :param proposals: kept per image, when training and when predicting.
    :param sampled: proposals per image from which the box head learns.
    :param positive: greatest share of them that are persons.
    :param width: of the box head's two layers.
    :param least_score, overlap, most: of detections that are kept.
    """

    def __init__(
        self,
        channels: int,
        anchors: int = 32,
        proposals: tuple[int, int] = (1000, 1000),
        sampled: int = 512,
        positive: float = 0.25,
        width: int = 1024,
        least_score: float = 0.05,
        overlap: float = 0.5,
        most: int = 100,
    ) -> None:
        super().__init__()
        self.proposals, self.sampled, self.positive = proposals, sampled, positive
        self.least_score, self.overlap, self.most = least_score, overlap, most
        sides = tuple((anchors * 2**i,) for i in range(len(STRIDES)))
        self.anchors = AnchorGenerator(sides, (RATIOS,) * len(STRIDES))
        self.proposer = RPNHead(channels, len(RATIOS))
        self.pooled = MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=7, sampling_ratio=2)
        self.head = TwoMLPHead(channels * 7 * 7, width)
        self.classes, self.boxes = nn.Linear(width, 2), nn.Linear(width, 4)
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.normal_(self.boxes.weight, std=0.001)
        self.anchor_coder, self.box_coder = BoxCoder((1.0, 1.0, 1.0, 1.0)), BoxCoder((10.0, 10.0, 5.0, 5.0))

    def learn(
        self, features: list[Tensor], sizes: Tensor, targets: list[Targets], draws: list[torch.Generator]
    ) -> tuple[list[Tensor], dict[str, Loss]]:
        """Proposals and the losses of both steps.

        :param features: five levels (B, channels, H / stride, W / stride).
        :param sizes: (B, 2) i8 height and width of each image.
        :param draws: a generator for each image.
        :returns: B tensors (n, 4) f4 proposals with the true boxes among them; objectness, proposals, classes, boxes.
        """
        logits, deltas, anchors = self._propose(features)
        with torch.no_grad():
            proposals = self._chosen(logits, deltas, anchors, sizes, [a.shape[-2:].numel() * 3 for a in features])
            proposals = [torch.cat([p, t.boxes[~t.crowd]]) for p, t in zip(proposals, targets, strict=True)]
        losses = self._anchor_losses(logits, deltas, anchors, sizes, targets, draws)
        return proposals, {**losses, **self._box_losses(features, proposals, targets, draws)}

    def detect(self, features: list[Tensor], sizes: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Persons.

        :returns: B tensors (D, 4) f4 boxes, and (D,) f4 scores, best first.
        """
        logits, deltas, anchors = self._propose(features)
        proposals = self._chosen(logits, deltas, anchors, sizes, [a.shape[-2:].numel() * 3 for a in features])
        classes, boxes = self._classified(features, proposals)
        counts = [p.shape[0] for p in proposals]  # not len, which a traced network (ONNX) would keep as it was
        decoded = self.box_coder.decode(boxes, proposals)[:, 0]
        found = []
        for box, score, size in zip(
            decoded.split(counts), classes.softmax(dim=1)[:, 1].split(counts), sizes.tolist(), strict=True
        ):
            box = clip_boxes_to_image(box, size)
            keep = remove_small_boxes(box, 1.0)
            keep = keep[score[keep] > self.least_score]
            keep = keep[nms(box[keep], score[keep], self.overlap)[: self.most]]
            found.append((box[keep], score[keep]))
        return [box for box, _ in found], [score for _, score in found]

    def _propose(self, features: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """(B, A) f4 logits, (B, A, 4) f4 deltas and (A, 4) f4 anchors of all levels."""
        logits, deltas = self.proposer(features)
        logits, deltas = concat_box_prediction_layers(logits, deltas)
        device = logits.device
        self.anchors.set_cell_anchors(torch.float32, device)
        strides = [[torch.tensor(stride, device=device)] * 2 for stride in STRIDES]
        anchors = torch.cat(self.anchors.grid_anchors([list(level.shape[-2:]) for level in features], strides))
        count = len(features[0])
        return logits.float().view(count, -1), deltas.float().view(count, -1, 4), anchors

    def _chosen(
        self, logits: Tensor, deltas: Tensor, anchors: Tensor, sizes: Tensor, levels: list[int]
    ) -> list[Tensor]:
        """The best proposals of each image, after suppression within each level.

        :param levels: anchors of each.
        """
        kept = self.proposals[0 if self.training else 1]
        looked_at = kept * BEFORE_SUPPRESSION if self.training else kept
        starts = [sum(levels[:i]) for i in range(len(levels))]
        logits = torch.where(_within(anchors, sizes), logits, -torch.inf)
        best = [part.topk(min(looked_at, part.shape[1]), dim=1) for part in logits.split(levels, dim=1)]
        scores = torch.cat([part.values for part in best], dim=1)  # (B, n)
        rows = torch.cat([part.indices + start for part, start in zip(best, starts, strict=True)], dim=1)
        level = torch.cat([torch.full_like(part.indices[0], i) for i, part in enumerate(best)])
        out = []
        for image, size in enumerate(sizes.tolist()):
            decoded = self.anchor_coder.decode_single(deltas[image, rows[image]], anchors[rows[image]])
            boxes = clip_boxes_to_image(decoded, size)
            keep = remove_small_boxes(boxes, 1.0)
            keep = keep[scores[image, keep].isfinite()]
            keep = keep[batched_nms(boxes[keep], scores[image, keep], level[keep], PROPOSALS_OVERLAP)[:kept]]
            out.append(boxes[keep])
        return out

    def _anchor_losses(
        self,
        logits: Tensor,
        deltas: Tensor,
        anchors: Tensor,
        sizes: Tensor,
        targets: list[Targets],
        draws: list[torch.Generator],
    ) -> dict[str, Loss]:
        within = _within(anchors, sizes)
        objectness, proposals, number = logits.sum() * 0, deltas.sum() * 0, 0
        for image, (truth, draw) in enumerate(zip(targets, draws, strict=True)):
            match = matched(anchors, truth, ANCHOR_PERSON, ANCHOR_BACKGROUND, best=True)
            match = torch.where(within[image], match, torch.full_like(match, -2))
            rows = balanced(match, ANCHORS_SAMPLED, ANCHORS_POSITIVE, draw)
            person = match[rows] >= 0
            objectness = objectness + functional.binary_cross_entropy_with_logits(
                logits[image, rows], person.float(), reduction="sum"
            )
            rows_person = rows[person]
            wanted = self.anchor_coder.encode_single(truth.boxes[match[rows_person]], anchors[rows_person])
            proposals = proposals + functional.smooth_l1_loss(
                deltas[image, rows_person], wanted, beta=BETA, reduction="sum"
            )
            number += len(rows)
        count = logits.new_tensor(float(number))
        return {"objectness": Loss(objectness, count), "proposals": Loss(proposals, count)}

    def _box_losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Targets],
        draws: list[torch.Generator],
    ) -> dict[str, Loss]:
        chosen, labels, wanted = [], [], []
        for boxes, truth, draw in zip(proposals, targets, draws, strict=True):
            match = matched(boxes, truth, 0.5, 0.5)
            rows = balanced(match, self.sampled, self.positive, draw)
            chosen.append(boxes[rows])
            labels.append(match[rows] >= 0)
            persons = match[rows][labels[-1]]
            wanted.append(self.box_coder.encode_single(truth.boxes[persons], chosen[-1][labels[-1]]))
        classes, boxes = self._classified(features, chosen)
        person = torch.cat(labels)
        count = classes.new_tensor(float(len(person)))
        return {
            "classes": Loss(functional.cross_entropy(classes, person.long(), reduction="sum"), count),
            "boxes": Loss(
                functional.smooth_l1_loss(boxes[person], torch.cat(wanted), beta=BETA, reduction="sum"), count
            ),
        }

    def _classified(self, features: list[Tensor], boxes: list[Tensor]) -> tuple[Tensor, Tensor]:
        """(n, 2) f4 logits of background and person, and (n, 4) f4 deltas, of all images' boxes."""
        height, width = (side * STRIDES[0] for side in features[0].shape[-2:])
        pooled = self.pooled({str(i): level for i, level in enumerate(features)}, boxes, [(height, width)])
        hidden = self.head(pooled)
        return self.classes(hidden).float(), self.boxes(hidden).float()


def _within(anchors: Tensor, sizes: Tensor) -> Tensor:
    """(B, A) bool anchors whose centre is in the image, not in its padding."""
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2
    return (centre[None] < sizes.flip(1)[:, None]).all(dim=2)
