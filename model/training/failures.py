"""Failures of a training, told in plain words: too little memory, and losses that are no numbers."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from model import recipe_text
from model.recipe import Recipe
from model.structures import Batch, Targets
from model.training import checkpoints
from model.training.processes import Processes


class NonFiniteError(ArithmeticError):
    """A loss or gradient that is not finite; the message says which, and how to see it again."""


class OutOfMemoryError(MemoryError):
    """The memory did not suffice; the message says whose and what to change."""


def check_finite(
    values: Mapping[str, float],
    out: Path,
    step: int,
    network: nn.Module,
    parts: Sequence[Batch],
    recipe: Recipe,
    about: Mapping[str, Any],
    here: Processes,
) -> None:
    """Raise NonFiniteError where a value of a step is not finite, after writing what reproduces it to
    ``out/failure-NNNNNN``: weights before the step, the batches of each process, and what is known.

    :param values: losses and the gradient's norm, the same in all processes.
    :param step: steps that were done before.
    :param parts: this process's batches of the step.
    :param about: further values of failure.json.
    """
    bad = [name for name, value in values.items() if not math.isfinite(value)]
    if not bad:
        return
    folder = out / f"failure-{step + 1:06d}"
    if here.first and folder.exists():  # of an earlier try: its batches may be more than these
        shutil.rmtree(folder)
    here.wait()
    folder.mkdir(parents=True, exist_ok=True)
    for number, batch in enumerate(parts):
        torch.save(as_plain(batch.to("cpu")), folder / f"batch-{here.rank}-{number}.pt")
    if here.first:
        checkpoints.save_weights(folder / "weights.safetensors", network.state_dict())
        (folder / "recipe.toml").write_text(recipe_text.as_toml(recipe), encoding="utf-8")
        shown = {name: value if math.isfinite(value) else str(value) for name, value in values.items()}
        told = {**about, "step": step, "processes": here.world, "device": here.device.type, "values": shown}
        (folder / "failure.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    here.wait()
    raise NonFiniteError(
        f"not finite in step {step + 1}: {', '.join(bad)}. Nothing was learned from this step. Most often the rate is"
        f" too high: begin a new run with --set schedule.rate={recipe.schedule.rate / 2:g}, a longer schedule.warmup or"
        f" a lower schedule.clip. To see it again: densemark train --reproduce {folder}"
    )


def as_plain(batch: Batch) -> dict[str, Any]:
    """A batch as dictionaries and lists of tensors, which torch loads with weights_only."""
    targets = None if batch.targets is None else [dict(_fields(target)) for target in batch.targets]
    return {**dict(_fields(batch)), "targets": targets}


def of_plain(plain: Mapping[str, Any]) -> Batch:
    """The batch of what ``as_plain`` made."""
    targets = plain["targets"]
    return Batch(**{**plain, "targets": None if targets is None else [Targets(**target) for target in targets]})


def _fields(item: Any) -> Iterator[tuple[str, Any]]:
    return ((field.name, getattr(item, field.name)) for field in dataclasses.fields(item))


@contextmanager
def memory_told(recipe: Recipe, step: int, device: torch.device) -> Iterator[None]:
    """What the memory did not suffice for within the block is raised as OutOfMemoryError in plain words."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        whose = _exhausted(error, device)
        if whose is None:
            raise
        raise OutOfMemoryError(f"{whose} in step {step + 1}; {_advice(recipe)}") from error


def _exhausted(error: BaseException, device: torch.device) -> str | None:
    """Whose memory an error says is exhausted, in words; None where it says something else."""
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError) or "CUDA out of memory" in text:
        most = torch.cuda.get_device_properties(device).total_memory / 2**30 if device.type == "cuda" else 0
        return f"the GPU's memory ({most:.0f} GiB) does not suffice"
    if "DataLoader worker" in text and _starved(f"{text} {error.__cause__ or ''}"):
        return "a process that reads images was killed, most likely since the machine's memory does not suffice"
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "not enough memory" in text:
        return "the machine's memory does not suffice"
    return None


def _starved(text: str) -> bool:
    """Whether a process that reads images ended for lack of memory, as far as what torch says of its end tells: the
    kernel kills it, or its shared memory is not there. Whoever ends it on purpose sends another signal."""
    return "bus error" in text.lower() or "killed by signal: Killed" in text or "killed by signal" not in text


def _advice(recipe: Recipe) -> str:
    """What to change so that less memory is needed."""
    parts, batch = recipe.schedule.accumulate, recipe.schedule.batch
    more = next((n for n in range(2 * parts, batch + 1) if batch % n == 0), None)
    advice = [f"schedule.accumulate={more} (the same images a step, in smaller parts)"] if more else []
    low, high = (side * 3 // 4 for side in recipe.data.shortest)
    advice.append(f"data.shortest={low},{high} data.longest={recipe.data.longest * 3 // 4} (smaller images)")
    if recipe.running.precision == "fp32":
        advice.append("running.precision=bf16")
    if recipe.data.workers:
        advice.append("data.workers=0 if the machine's own memory is short")
    return "change by --set, with --resume where the change allows it: " + "; or ".join(advice)
