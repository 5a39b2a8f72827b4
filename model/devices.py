"""The GPUs that torch can use on this machine, and why there are none."""

from __future__ import annotations

from typing import Any

import torch

TORCH = str(torch.__version__)


def gpus() -> list[dict[str, Any]]:
    """Each with ``name`` as ``--device`` takes it, ``title``, and ``memory`` in MiB."""
    found = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        about = torch.cuda.get_device_properties(number)
        found.append({"name": f"cuda:{number}", "title": about.name, "memory": about.total_memory / 2**20})
    return found


def why_no_gpu() -> str:
    """In words, with how to mend it."""
    if torch.version.cuda is None:
        return (
            f"this torch ({TORCH}) is built without CUDA: networks are trained on the processor, which is slow; where"
            " the machine has an NVIDIA GPU, install the build of torch for its CUDA"
        )
    return (
        f"torch {TORCH} finds no GPU: networks are trained on the processor, which is slow; where the machine has one,"
        " see whether nvidia-smi lists it and the driver suits CUDA " + torch.version.cuda
    )
