"""Several looks at a photo, at several sizes and in the mirror, averaged.

Detectors look first: their boxes are merged, each the mean of those of the looks that overlap it, weighted by score
(Gidaris and Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN model", ICCV 2015), its
score the mean over the looks. Then the branches look at the merged boxes, and their maps are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import box_iou, nms

from model.data.mirror import BodyMirror
from model.prediction import photos as single
from model.prediction.decode import Vertices, nearest
from model.prediction.photos import Photo
from model.recipe import Data
from model.structures import Detections
from surface.body import Body

_CELLS = 128  # of U and V, between which the mirror's table is interpolated
_OVERLAP = 0.5  # of boxes that are one person
_LEAST = 1e-6  # probability below which nothing is divided by it


@dataclass(frozen=True, eq=False)
class Symmetry:
    """What a network's maps become when the person's left becomes the right; C charts, P parts, K keypoints.

    :param charts: (C + 1,) i8 the mirrored chart.
    :param uv: (C + 1, 2, n, n) f4 the U and V of the mirror image, by chart, V and U.
    :param parts: (P + 1,) i8.
    :param keypoints: (K,) i8.
    :param vertices: embedding of the vertices, for networks that have one.
    :param vertex: (V,) i8 the vertex nearest to each one's mirror image.
    """

    charts: Tensor
    uv: Tensor
    parts: Tensor
    keypoints: Tensor
    vertices: Vertices | None = None
    vertex: Tensor | None = None

    @classmethod
    def of(cls, body: Body, device: torch.device, vertices: Vertices | None = None) -> Symmetry:
        """Of a body.

        :raises ValueError: the body is not symmetric.
        """
        mirror = BodyMirror(body)
        side = np.linspace(0.0, 1.0, _CELLS)
        v, u = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
        tables = [np.zeros((2, _CELLS, _CELLS))]
        for chart in range(1, len(body.chart_names) + 1):
            face, bary = body.mirror(*body.from_iuv(np.full(len(u), chart), u, v))
            tables.append(np.stack(body.to_iuv(face, bary)[1:]).reshape(2, _CELLS, _CELLS))
        ints = (body.chart_mirror, body.part_mirror, mirror.keypoints)
        charts, parts, keypoints = (torch.from_numpy(labels.astype(np.int64)).to(device) for labels in ints)
        uv = torch.from_numpy(np.stack(tables).astype(np.float32)).to(device)
        vertex = torch.from_numpy(mirror.vertices).to(device) if vertices is not None else None
        return cls(charts, uv, parts, keypoints, vertices, vertex)

    def back(self, found: Detections, width: float) -> Detections:
        """What was found in the mirror image of a photo of a width, as it is in the photo. Twice is nothing, but for
        what the tables round."""
        maps = {name: value.flip(-1) for name in _MAPS if (value := getattr(found, name)) is not None}
        if "coarse" in maps and maps["coarse"].shape[1] == len(self.parts):
            maps["coarse"] = maps["coarse"][:, self.parts]
        maps |= {name: maps[name][:, self.charts] for name in ("fine", "spread") if name in maps}
        if "u" in maps:
            maps["u"], maps["v"] = self._uv(maps["u"], maps["v"])
        if "embedding" in maps:
            maps["embedding"] = self._embedding(maps["embedding"])
        x0, y0, x1, y1 = found.boxes.unbind(dim=1)
        boxes = torch.stack([width - x1, y0, width - x0, y1], dim=1)
        keypoints = found.keypoints
        if keypoints is not None:
            keypoints = keypoints[:, self.keypoints] * keypoints.new_tensor([-1, 1, 1])
            keypoints = keypoints + keypoints.new_tensor([width, 0, 0])
        return replace(found, boxes=boxes, keypoints=keypoints, **maps)

    def _uv(self, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Maps (D, C + 1, h, w) of the mirrored charts: each channel from that of its counterpart."""
        u, v = u[:, self.charts].float(), v[:, self.charts].float()
        out = torch.stack([u, v], dim=2)  # (D, C + 1, 2, h, w)
        for chart, other in enumerate(self.charts.tolist()):
            if other:
                places = torch.stack([u[:, chart], v[:, chart]], dim=-1).clamp(0, 1) * 2 - 1  # (D, h, w, 2)
                table = self.uv[other][None]
                read = functional.grid_sample(table, places.flatten(0, 1)[None], align_corners=True)[0]
                out[:, chart] = read.reshape(2, len(u), *u.shape[2:]).movedim(0, 1)
        return out[:, :, 0], out[:, :, 1]

    def _embedding(self, maps: Tensor) -> Tensor:
        """(D, E, h, w) each pixel of which shows the mirror image of the vertex it showed, as surely."""
        if self.vertices is None or self.vertex is None:
            raise ValueError("a network that embeds the surface is mirrored with the embedding of its vertices")
        table = self.vertices.embedding.float()
        out = torch.empty_like(maps)
        for row, each in enumerate(maps.float()):
            mirrored = functional.normalize(table[self.vertex[nearest(each, table)]], dim=-1).movedim(-1, 0)
            out[row] = mirrored * each.norm(dim=0)
        return out


_ALIKE = ("spread", "embedding", "mask")
_MAPS = ("coarse", "fine", "u", "v", *_ALIKE)

Look = Callable[[Sequence[Photo]], list[Detections]]


def look(
    network: nn.Module,
    photos: Sequence[Photo],
    data: Data,
    scales: Sequence[int],
    symmetry: Symmetry | None = None,
    precision: str = "fp32",
    most: int | None = None,
) -> list[Detections]:
    """As ``photos.look``, of several looks.

    :param scales: shortest sides of the image; the longest may grow as they do.
    :param symmetry: of the body, to look in the mirror, too; None does not.
    :param most: persons of a photo that are described, the best of those that all looks found; None for all.
    :raises ValueError: as ``photos.look``.
    """
    return [averaged(each) for each in views(network, photos, data, scales, symmetry, precision, most)]


def views(
    network: nn.Module,
    photos: Sequence[Photo],
    data: Data,
    scales: Sequence[int],
    symmetry: Symmetry | None = None,
    precision: str = "fp32",
    most: int | None = None,
) -> list[list[Detections]]:
    """What each look says of the same persons, by photo; all looks have the merged boxes and scores. Parameters and
    errors are those of ``look``."""
    looks = [_looking(network, data, scale, precision) for scale in scales]
    if symmetry is not None:
        looks += [_mirrored(each, symmetry) for each in looks]
    if any(photo.boxes is None for photo in photos):
        found = [each(photos) for each in looks]
        boxes = [tuple(best[:most] for best in merged(views)) for views in zip(*found, strict=True)]
        given = [
            replace(photo, boxes=box.cpu().double().numpy()) for photo, (box, _) in zip(photos, boxes, strict=True)
        ]
    else:
        boxes, given = [], list(photos)
    seen = [list(said) for said in zip(*(each(given) for each in looks), strict=True)]
    if not boxes:
        return seen
    return [
        [replace(each, boxes=box, scores=score) for each in said]
        for said, (box, score) in zip(seen, boxes, strict=True)
    ]


def merged(views: Sequence[Detections]) -> tuple[Tensor, Tensor]:
    """Boxes (D, 4) and scores (D,), best first, of what several looks found in a photo."""
    boxes = torch.cat([view.boxes for view in views]).float()
    scores = torch.cat([view.scores for view in views]).float()
    kept = nms(boxes, scores, _OVERLAP)
    overlap = box_iou(boxes[kept], boxes)
    votes = torch.where(overlap > _OVERLAP, scores, 0.0)
    votes[torch.arange(len(kept)), kept] = scores[kept]
    mean = (votes @ boxes) / votes.sum(dim=1, keepdim=True).clamp(min=_LEAST)
    each = torch.split(votes, [len(view) for view in views], dim=1)
    best = [vote.max(dim=1).values if vote.shape[1] else vote.new_zeros(len(vote)) for vote in each]
    score = torch.stack(best).mean(dim=0)
    order = score.argsort(descending=True, stable=True)
    return mean[order], score[order]


def averaged(views: Sequence[Detections]) -> Detections:
    """The mean of what several looks say of the same boxes: of probabilities, of U and V as each look is sure of their
    chart, of embeddings and masks, and of keypoints by their scores."""
    first = views[0]
    if len(views) == 1 or not len(first):
        return first
    out: dict[str, Any] = {name: _mean([getattr(view, name) for view in views]) for name in _ALIKE}
    for name in ("coarse", "fine"):
        logits = [getattr(view, name) for view in views]
        if logits[0] is not None:
            out[name] = torch.stack([each.float().softmax(dim=1) for each in logits]).mean(dim=0).clamp(_LEAST).log()
    if first.u is not None and first.v is not None:
        sure = torch.stack([view.fine.float().softmax(dim=1) for view in views if view.fine is not None]) + _LEAST
        for name in ("u", "v"):
            out[name] = (sure * torch.stack([getattr(view, name).float() for view in views])).sum(dim=0) / sure.sum(
                dim=0
            )
    if first.keypoints is not None:
        joints = torch.stack([view.keypoints for view in views if view.keypoints is not None])
        weight = joints[..., 2:].clamp(min=_LEAST)
        places = (joints[..., :2] * weight).sum(dim=0) / weight.sum(dim=0)
        out["keypoints"] = torch.cat([places, joints[..., 2:].mean(dim=0)], dim=-1)
    return replace(first, **out)


def _mean(values: Sequence[Tensor | None]) -> Tensor | None:
    known = [value.float() for value in values if value is not None]
    return torch.stack(known).mean(dim=0) if known else None


def _looking(network: nn.Module, data: Data, scale: int, precision: str) -> Look:
    """A look at images with a shortest side."""
    shortest, longest = data.tested
    sized = replace(data, tested=(scale, round(longest * scale / shortest)))
    return lambda photos: single.look(network, photos, sized, precision)


def _mirrored(plain: Look, symmetry: Symmetry) -> Look:
    """The same look in the mirror."""

    def looked(photos: Sequence[Photo]) -> list[Detections]:
        found = plain([_flipped(photo) for photo in photos])
        return [symmetry.back(each, photo.size[1]) for each, photo in zip(found, photos, strict=True)]

    return looked


def _flipped(photo: Photo) -> Photo:
    boxes = photo.boxes
    if boxes is not None:
        width = photo.size[1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
    return replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, ::-1]), boxes=boxes)
