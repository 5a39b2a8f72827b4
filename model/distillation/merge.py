"""What several looks at a photo agree on: labels of a person with the confidence that the copies leave.

Radosavovic et al., "Data Distillation: Towards Omni-Supervised Learning" (CVPR 2018): a network's predictions on
transformed copies of unlabelled photos are mapped back and merged, and confident ones become labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.losses.confidence import FLOOR
from model.prediction.average import averaged
from model.prediction.decode import Surface, charts
from model.structures import SQUARE, Detections

Bytes = NDArray[np.uint8]
_SIDES = (float(SQUARE), float(SQUARE))


class Merged(NamedTuple):
    """What the looks say of one person, in its box stretched to 256 x 256.

    :param box: (4,) f8 x0, y0, x1, y1.
    :param score: mean over the looks.
    :param labels: (256, 256, 4) u1 as in ``model.data.dense``; all of the person, none left out.
    :param agreement: (256, 256) f4 share of the looks that see the merged chart, or the background with it.
    """

    box: NDArray[np.float64]
    score: float
    labels: Bytes
    agreement: NDArray[np.float32]


def merged(views: Sequence[Detections]) -> list[Merged]:
    """The persons of a photo, of what each look says of the same boxes.

    The confidence of a pixel is the mean probability of its chart, times the least spread / the pixel's: that of the
    network, where it gives one, and that of U and V over the looks.

    :raises ValueError: the network does not give charts.
    """
    mean = averaged(views)
    if not len(mean):
        return []
    if mean.fine is None or mean.u is None or mean.v is None:
        raise ValueError("the network gives no charts, U and V: others cannot learn from it")
    boxes, scores = mean.boxes.double().cpu().numpy(), mean.scores.float().cpu().tolist()
    return [
        Merged(box, score, *_person([view.chosen(_row(view, row)) for view in views], mean.chosen(_row(mean, row))))
        for row, (box, score) in enumerate(zip(boxes, scores, strict=True))
    ]


def _row(said: Detections, row: int) -> Tensor:
    return torch.tensor([row], device=said.boxes.device)


def _person(views: Sequence[Detections], mean: Detections) -> tuple[Bytes, NDArray[np.float32]]:
    """Labels and agreement of the one person that is in each of the views and in their mean."""
    said, each = _surface(mean), [_surface(view) for view in views]
    same = torch.stack([(one.chart == said.chart).float() for one in each])
    # U and V are compared where a look sees the same chart; what others see, agreement tells.
    gaps = torch.stack([((one.uv - said.uv) ** 2).mean(dim=0) for one in each])
    apart = (gaps * same).sum(dim=0) / same.sum(dim=0).clamp(min=1)
    if said.spread is not None:
        apart = apart + said.spread**2
    assert mean.fine is not None
    enlarged = functional.interpolate(mean.fine.float(), (SQUARE, SQUARE), mode="bilinear")[0]
    sure = enlarged.softmax(dim=0).gather(0, said.chart[None])[0] * (FLOOR / apart.sqrt().clamp(min=FLOOR))
    values = torch.stack([said.chart.float(), said.uv[0] * 255, said.uv[1] * 255, sure * 255], dim=-1)
    labels = (values.round().clamp(0, 255) * (said.chart > 0)[..., None]).to(torch.uint8)
    return labels.cpu().numpy(), same.mean(dim=0).cpu().numpy()


def _surface(said: Detections) -> Surface:
    """I, U, V of one person at the pixels of the square."""
    assert said.fine is not None
    assert said.u is not None
    assert said.v is not None
    coarse = None if said.coarse is None else said.coarse[0]
    spread = None if said.spread is None else said.spread[0]
    return charts(coarse, said.fine[0], said.u[0], said.v[0], _SIDES, spread)
