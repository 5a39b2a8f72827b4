"""What is true of made-up images."""

from __future__ import annotations

import torch
from torch import Tensor

from model.structures import SQUARE, Batch, Targets


def targets(
    boxes: list[list[float]],
    xy: list[list[float]] | None = None,
    person: list[int] | None = None,
    chart: list[int] | None = None,
    uv: list[list[float]] | None = None,
    weight: list[float] | None = None,
    parts: Tensor | None = None,
    crowd: list[bool] | None = None,
    keypoints: int = 17,
) -> Targets:
    """Persons in boxes with points, all of the first person and chart 1 at (.5, .5) where nothing else is said.

    :param parts: (P, 256, 256) labels; none has any where they are not given.
    """
    count, places = len(boxes), xy or []
    number = len(places)
    drawn = torch.zeros(count, SQUARE, SQUARE, dtype=torch.uint8) if parts is None else parts.to(torch.uint8)
    return Targets(
        image_id=torch.tensor(1),
        ids=torch.arange(1, count + 1),
        boxes=torch.tensor(boxes).reshape(-1, 4).float(),
        crowd=torch.tensor(crowd or [False] * count, dtype=torch.bool),
        parts=drawn,
        has_parts=torch.full((count,), parts is not None),
        outline=(drawn > 0).to(torch.uint8),
        has_outline=torch.full((count,), parts is not None),
        keypoints=torch.zeros(count, keypoints, 3),
        point_person=torch.tensor(person or [0] * number, dtype=torch.long),
        point_xy=torch.tensor(places).reshape(-1, 2).float(),
        point_chart=torch.tensor(chart or [1] * number, dtype=torch.long),
        point_uv=torch.tensor(uv or [[0.5, 0.5]] * number).reshape(-1, 2).float(),
        point_vertex=torch.full((number,), -1),
        point_weight=torch.tensor(weight or [1.0] * number),
    )


def batch(truths: list[Targets], height: int = 64, width: int = 96, first_seed: int = 0) -> Batch:
    """Noisy images with these truths."""
    images = [
        torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
        for seed in range(first_seed, first_seed + len(truths))
    ]
    sizes = torch.tensor([[height, width]] * len(truths)).reshape(-1, 2)
    return Batch(torch.stack(images), sizes, torch.arange(first_seed, first_seed + len(truths)), truths)
