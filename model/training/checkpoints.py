"""Checkpoints: folders that are there whole or not at all.

    checkpoints/002500/weights.safetensors   of the network
                       average.safetensors   their moving average, where the recipe has one
                       state.pt              of the optimiser; read with weights_only
                       step.json             the step, written last

A checkpoint is written beside its place and moved there when all of it is on the disk; what a crash leaves is removed
by the next one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model.training.average import Average

_UNUSABLE = (OSError, ValueError, RuntimeError, KeyError, EOFError, SafetensorError)
"""What reading a damaged checkpoint may raise."""


@dataclass(frozen=True)
class Learning:
    """What a checkpoint holds.

    :param network: not wrapped for processes or compiling.
    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    average: Average | None


def write(folder: Path, step: int, learning: Learning, more: Mapping[str, Any]) -> Path:
    """Write the checkpoint after ``step`` steps into a run's folder of checkpoints.

    :param more: JSON values that the run wants back.
    """
    place = folder / f"{step:06d}"
    staged = folder / f".{step:06d}.{os.getpid()}.tmp"
    for left in folder.glob(".*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    staged.mkdir(parents=True)
    save_weights(staged / "weights.safetensors", learning.network.state_dict())
    if learning.average is not None:
        save_weights(staged / "average.safetensors", learning.average.weights)
    torch.save(learning.optimiser.state_dict(), staged / "state.pt")
    (staged / "step.json").write_text(json.dumps({"step": step, **more}) + "\n", encoding="utf-8")
    for path in staged.iterdir():
        sync(path)
    sync(staged)
    if place.exists():  # of this very step, after a resume from an older one
        shutil.rmtree(place)
    staged.replace(place)
    sync(folder)
    return place


def save_weights(path: Path, weights: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> None:
    """Write weights as safetensors; each tensor for itself, whatever memory they share.

    :param about: metadata.
    """
    apart = {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
    save_file(apart, path, dict(about or {}))


def newest(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the newest first."""
    found = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def load(folder: Path, learning: Learning) -> tuple[dict[str, Any], list[str]]:
    """Take the newest usable checkpoint of a folder.

    :return: what its step.json says, and the names of newer ones that could not be read.
    :raises ValueError: none of them can be used.
    """
    refused: list[str] = []
    for path in newest(folder):
        try:
            about = json.loads((path / "step.json").read_text(encoding="utf-8"))
            weights = load_file(path / "weights.safetensors")
            average = load_file(path / "average.safetensors") if learning.average is not None else {}
            state = torch.load(path / "state.pt", map_location="cpu", weights_only=True)
            learning.network.load_state_dict(weights)
            learning.optimiser.load_state_dict(state)
            if learning.average is not None:
                learning.average.load(average)
        except _UNUSABLE as error:
            refused.append(f"{path.name} ({' '.join(str(error).split()):.120})")
            continue
        return about, refused
    raise ValueError(f"{folder}: no checkpoint can be used: {'; '.join(refused) or 'there is none'}")


def prune(folder: Path, kept: int, best: int | None) -> None:
    """Remove checkpoints but the ``kept`` newest and that of step ``best``."""
    for path in newest(folder)[kept:]:
        if int(path.name) != best:
            gone = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # never half a checkpoint under its name
            path.replace(gone)
            shutil.rmtree(gone)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
