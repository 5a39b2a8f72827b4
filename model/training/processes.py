"""Several processes that train one network, as torchrun starts them; or one, which then needs nothing of this."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

_PATIENCE = timedelta(hours=6)
"""How long processes wait for each other: the first one evaluates while the others wait."""


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is.

    :param rank: of it; the first, 0, writes all files.
    :param world: how many there are.
    :param device: that it computes on.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this one writes files and shows progress."""
        return self.rank == 0

    @property
    def name(self) -> str:
        """What the device is called by those who made it."""
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type

    def summed(self, values: Tensor) -> Tensor:
        """Values summed over all processes."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def shared(self, network: nn.Module) -> nn.Module:
        """The network with gradients averaged over all processes."""
        if self.world == 1:
            return network
        return nn.parallel.DistributedDataParallel(network, broadcast_buffers=False)

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            dist.barrier()


@contextmanager
def processes(device: str | None = None) -> Iterator[Processes]:
    """The processes that torchrun has started, joined for the block; one where it has not.

    :param device: "cpu", "cuda" or "cuda:N"; the GPU of this process if there is one where None.
    :raises ValueError: there is no such device.
    """
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    here = chosen_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    joined = world > 1 and not dist.is_initialized()
    if here.type == "cuda":
        torch.cuda.set_device(here)
    if joined:
        dist.init_process_group("nccl" if here.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(rank, world, here)
    finally:
        if joined:
            dist.destroy_process_group()


def chosen_device(wanted: str | None, local: int = 0) -> torch.device:
    """A device by name, of several GPUs that with this process's number; raises ValueError if there is none."""
    there = torch.cuda.device_count()
    try:
        device = torch.device(wanted or ("cuda" if there else "cpu"))
    except RuntimeError:
        raise ValueError(f"no device {wanted!r}: cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"no device {wanted!r}: cpu, cuda or cuda:N")
    if device.type == "cpu":
        return device
    index = local if device.index is None else device.index
    if index >= there:
        raise ValueError(
            f"no device cuda:{index}: torch sees {there} GPUs here"
            + ("" if torch.version.cuda else "; this torch was built without CUDA")
        )
    return torch.device("cuda", index)
