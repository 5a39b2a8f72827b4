"""What a training tells while it runs: lines of JSON, TensorBoard's events, and how far it is.

``metrics.jsonl`` has a line for each of these, told apart by ``kind``:

    begin   at the start and at each resume: step, time, device, processes
    train   every ``running.log`` steps: step, loss, losses (unweighted, by name), rate, gradient (its norm before
            clipping), each the mean of the steps since the last line; images_per_second, waiting (share of the time in
            which no image was ready), memory (MiB of the GPU at most; 0 on the CPU), seconds since the start or resume
    test    at each evaluation: step, figures, seconds
    end     step, state (finished, stopped, failed), reason, time

A resumed run cuts off what came after its checkpoint, so that the lines are those of an undisturbed one, but for times.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from export.files import replacing
from model.training.processes import Processes

METRICS = "metrics.jsonl"
EVENTS = "events"


class Journal:
    """The journal of a run, from a step on; one process writes it.

    :param out: folder of the run.
    :param step: how many steps are done; lines of later ones are cut off.
    :param window: of the checkpoint: what was summed up since the last line.
    :param here: whose device and number is told.
    """

    def __init__(self, out: Path, step: int, window: Mapping[str, float], here: Processes) -> None:
        self._path = out / METRICS
        if self._path.exists():
            _cut(self._path, step)
        self._events = SummaryWriter(out / EVENTS, purge_step=step + 1)
        self._device = here.device
        self._window = Counter(window)
        self._begun = self._since = monotonic()
        self._images, self._waited = 0, 0.0
        self._line("begin", step, time=_now(), device=here.name, processes=here.world)

    @property
    def window(self) -> dict[str, float]:
        """What was summed up since the last line; goes into checkpoints."""
        return dict(self._window)

    def stepped(self, values: Mapping[str, float], images: int, waited: float) -> None:
        """Take in a step: its values by name, and its images over all processes.

        :param waited: seconds in which no image was ready.
        """
        self._window.update({**values, "steps": 1})
        self._images += images
        self._waited += waited

    def told(self, step: int, rate: float) -> None:
        """Write the line of the steps since the last one."""
        steps = self._window.pop("steps")
        means = {name: total / steps for name, total in self._window.items()}
        passed = max(monotonic() - self._since, 1e-9)
        figures = {
            "rate": rate,
            "gradient": means.pop("gradient"),
            "images_per_second": self._images / passed,
            "waiting": self._waited / passed,
            "memory": _memory(self._device),
        }
        loss = means.pop("loss")
        self._line("train", step, loss=loss, losses=means, **figures, seconds=monotonic() - self._begun)
        scalars = {"train/loss": loss, **{f"losses/{name}": mean for name, mean in means.items()}}
        scalars |= {f"train/{name}": value for name, value in figures.items()}
        self._scalars(scalars, step)
        self._window.clear()
        self._images, self._waited, self._since = 0, 0.0, monotonic()

    def tested(self, step: int, figures: Mapping[str, Any], seconds: float) -> None:
        """Write the figures of an evaluation; the time it took is not counted as training."""
        self._line("test", step, figures=figures, seconds=seconds)
        self._scalars({f"test/{name}": value for name, value in flat(figures).items()}, step)
        self._since += seconds

    def ended(self, step: int, state: str, reason: str = "") -> None:
        """Write the last line and close the files."""
        self._line("end", step, state=state, reason=reason, time=_now())
        self._events.close()

    def _scalars(self, scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._events.add_scalar(name, value, step)
        self._events.flush()

    def _line(self, kind: str, step: int, **values: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
            file.flush()
            os.fsync(file.fileno())  # before any checkpoint that follows


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file of metrics; a last one that was cut in half by a crash is none."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def flat(figures: Mapping[str, Any], where: str = "") -> dict[str, float]:
    """Finite numbers of nested figures by "outer/inner"; others, such as texts and lists, are left out."""
    found: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{where}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[f"{where}{name}"] = float(value)
    return found


def _cut(path: Path, step: int) -> None:
    """Leave what an undisturbed run would have written in its first steps, and earlier beginnings."""
    kept = [line for line in read(path) if line.get("step", step + 1) <= step and line.get("kind") != "end"]
    with replacing(path) as file:
        file.writelines(json.dumps(line) + "\n" for line in kept)


def _memory(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else 0.0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
