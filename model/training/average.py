"""The exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Weights averaged over the steps (Polyak and Juditsky, 1992; as a teacher: Tarvainen and Valpola, NeurIPS 2017).

    The decay grows to its full value as (1 + n) / (10 + n) of the step n, so that the weights at the start are soon
    forgotten.

    :param network: whose weights these are.
    :param decay: in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {
            name: value.detach().clone(memory_format=torch.preserve_format)
            for name, value in network.state_dict().items()
        }

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after a step, the first being 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        state = network.state_dict()
        moving = [name for name, value in state.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.weights[name] for name in moving], [state[name] for name in moving], 1 - decay)
        for name in state.keys() - set(moving):
            self.weights[name].copy_(state[name])

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a checkpoint."""
        for name, value in self.weights.items():
            value.copy_(weights[name])

    @contextmanager
    def within(self, network: nn.Module) -> Iterator[None]:
        """The network has the averaged weights inside the block, and its own again after it."""
        own = {name: value.detach().clone() for name, value in network.state_dict().items()}
        network.load_state_dict(self.weights)
        try:
            yield
        finally:
            network.load_state_dict(own)
