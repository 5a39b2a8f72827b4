"""The folder of a run: what it is, who is writing it, its evaluations, and the network that comes out.

docs/formats.md tells what each file holds.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from torch import Tensor

from export.files import replacing
from model import recipe_text
from model.recipe import Recipe
from model.training import checkpoints

RECIPE, RUN, MODEL, CHECKPOINTS = "recipe.toml", "run.json", "model.safetensors", "checkpoints"
FORMAT = "densemark-model"
"""What the metadata of model.safetensors begin with."""
MAY_CHANGE = ("running.", "data.workers", "schedule.accumulate")
"""Beginnings of keys of a recipe that a resumed run may change: what another machine asks for. With other parts of a
step losses are averaged otherwise: a run like the one that began, and not the same."""
FIXED = ("running.seed",)
"""Those of them that it may not: order, augmentation and all draws follow from it."""


@dataclass(frozen=True)
class RunFolder:
    """A run's folder."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other training writes into the folder within the block. Raises ValueError where one does."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(f"{self.path}: another training is running in this folder") from None
        try:
            yield
        finally:
            lock.release()

    def begin(self, recipe: Recipe, about: Mapping[str, Any], resume: bool) -> None:
        """Write what the run is; of a resumed one, only what may change of it.

        :param about: further values of run.json.
        :raises ValueError: a run is there and shall not be resumed, or is another one than this.
        """
        there = bool(checkpoints.newest(self.checkpoints))  # before the first one nothing is lost
        if there and not resume:
            raise ValueError(f"{self.path} holds a run: --resume goes on with it; else choose another folder")
        now = {"argv": sys.argv, "time": datetime.now(UTC).isoformat(timespec="seconds"), **environment()}
        if there:
            check_resumed(self.recipe(), recipe)
            known = self.about()
            for key, value in about.items():
                if key in ("dataset", "test", "body") and _identity(known.get(key)) != _identity(value):
                    raise ValueError(f"{self.path}: the run's {key} is {_short(known.get(key))}, not {_short(value)}")
            written = {**known, "resumed": [*known.get("resumed", []), now]}
        else:
            written = {**about, **now}
        with replacing(self.path / RECIPE) as file:
            file.write(recipe_text.as_toml(recipe))
        with replacing(self.path / RUN) as file:
            json.dump(written, file, indent=1)
            file.write("\n")

    def recipe(self) -> Recipe:
        """The run's recipe; raises ValueError where it cannot be read."""
        return recipe_text.read(self.path / RECIPE)

    def about(self) -> dict[str, Any]:
        """What run.json says; raises ValueError where it cannot be read."""
        try:
            found = json.loads((self.path / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.path / RUN}: {error}") from error
        if not isinstance(found, dict):
            raise ValueError(f"{self.path / RUN}: is no object")
        return found

    def write_evaluation(self, step: int, figures: Mapping[str, Any]) -> None:
        """Keep the figures after ``step`` steps."""
        with replacing(self.path / f"evaluation-{step:06d}.json") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")

    def evaluations(self) -> dict[int, dict[str, Any]]:
        """Figures by step."""
        found = {}
        for path in self.path.glob("evaluation-*.json"):
            step = path.stem.removeprefix("evaluation-")
            if step.isdecimal():
                found[int(step)] = json.loads(path.read_text(encoding="utf-8"))
        return dict(sorted(found.items()))

    def forget_evaluations(self, after: int) -> None:
        """Remove those of steps that are to be done again."""
        for step in self.evaluations():
            if step > after:
                (self.path / f"evaluation-{step:06d}.json").unlink()

    def best(self) -> int | None:
        """The step with the best figures, the last of equals; None where there are none."""
        scores = {step: score(figures) for step, figures in self.evaluations().items()}
        known = {step: value for step, value in scores.items() if value is not None}
        return max(known, key=lambda step: (known[step], step), default=None)

    def write_model(self, weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
        """Write the network that comes out, whole or not at all."""
        staged = self.path / f".{MODEL}.{os.getpid()}.tmp"
        try:
            checkpoints.save_weights(staged, weights, {"format": FORMAT, **metadata})
            checkpoints.sync(staged)
            staged.replace(self.path / MODEL)
        finally:
            staged.unlink(missing_ok=True)


SCORES: Sequence[tuple[str, ...]] = (("gps", "AP"), ("auc30",), ("keypoints", "AP"), ("box", "AP"))
"""Figures by which evaluations are compared: the first that is defined."""


def score(figures: Mapping[str, Any]) -> float | None:
    """The figure by which an evaluation is compared with others; None where it has none."""
    for way in SCORES:
        value: Any = figures
        for name in way:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, int | float) and value >= 0:
            return float(value)
    return None


def check_resumed(before: Recipe, now: Recipe) -> None:
    """Raise ValueError where a resumed run would learn by another recipe than it began with."""
    for key, (old, new) in recipe_text.differences(before, now).items():
        if key in FIXED or not key.startswith(MAY_CHANGE):
            raise ValueError(
                f"{key} was {old} when the run began and cannot become {new}: only running.* except the seed, "
                "data.workers and schedule.accumulate may change on --resume; a new --out begins a new run"
            )


def environment() -> dict[str, Any]:
    """Versions of what computes, and the git revision of the code where it is a checkout."""
    parts = ("densemark", "torch", "torchvision", "numpy")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in parts},
        "git": _revision(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit that the code is of, with "+" where it was changed since; None outside a checkout."""
    git, here = shutil.which("git"), Path(__file__).resolve().parents[2]
    if git is None or not (here / ".git").exists():
        return None
    told = [
        subprocess.run([git, "-C", str(here), *asked], capture_output=True, text=True, check=False)  # noqa: S603
        for asked in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    ]
    if any(done.returncode for done in told):
        return None
    return told[0].stdout.strip() + ("+" if told[1].stdout.strip() else "")


_TELLING = ("hash", "images", "dense", "generated", "symmetry")
"""What of a dataset or body tells it from another one."""


def _identity(value: Any) -> tuple[Any, ...]:
    """What a dataset or body is, wherever it lies now."""
    return () if value is None else tuple(value.get(name) for name in _TELLING)


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        tables = f", mirrored by tables {value['symmetry'][:12]}" if "symmetry" in value else ""
        return f"{value.get('name') or value.get('path')} ({str(value.get('hash'))[:12]}{tables})"
    return repr(value)
