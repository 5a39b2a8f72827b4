"""The learning rate of each step, and the optimiser."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from model.recipe import Schedule

_START = 1e-3
"""Share of the rate at which the warm-up begins."""
_DROP = 0.1


def rate(schedule: Schedule, step: int) -> float:
    """The learning rate of a step, the first being 0: linear warm-up (Goyal et al., arXiv 1706.02677), then drops, or a
    half cosine to 0 (Loshchilov and Hutter, ICLR 2017)."""
    warm = _START + (1 - _START) * min(step / schedule.warmup, 1) if schedule.warmup else 1.0
    if schedule.shape == "cosine":
        begun = min(schedule.warmup, schedule.steps - 1)
        shape = 0.5 + 0.5 * math.cos(math.pi * max(step - begun, 0) / (schedule.steps - begun))
    else:
        shape = _DROP ** bisect_right([share * schedule.steps for share in schedule.drops], step)
    return schedule.rate * warm * shape


def optimiser(parameters: Iterable[nn.Parameter], schedule: Schedule) -> torch.optim.Optimizer:
    """SGD or AdamW of a recipe over those parameters that learn. Weight decay is for weights of convolutions and linear
    layers, not for biases and norms."""
    learning = [parameter for parameter in parameters if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in learning if parameter.ndim > 1], "weight_decay": schedule.decay},
        {"params": [parameter for parameter in learning if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    if schedule.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=schedule.rate)
    return torch.optim.SGD(groups, lr=schedule.rate, momentum=schedule.momentum)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The rate of the optimiser's next step."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def clip(parameters: Iterable[nn.Parameter], most: float) -> Tensor:
    """() the norm of all gradients together, which are scaled down where it is above ``most``; 0 never scales."""
    return nn.utils.clip_grad_norm_(parameters, most or math.inf)
