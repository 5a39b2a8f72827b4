"""A student of dense labels against the same network on points alone, at the same budget, on rendered persons.

`densemark benchmark distillation`, or `python -m benchmarks.distillation --help` for other budgets. Images, points and
the network on points are those of ``benchmarks.networks``, from the same folder; the student differs from it in the
labels alone, which a teacher (``teacher_tiny``) gives the same points' persons. It takes hours; whatever was
interrupted goes on where it was, and what is finished is not done again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import surface
from benchmarks.networks import runs, scenes
from benchmarks.networks.runs import Budget, StoppedError
from export.files import replacing
from model import recipe_text
from model.data.records import Images
from model.distillation.derived import Base, derive
from model.distillation.teacher import people
from model.prediction.load import load
from model.recipe import Recipe
from model.training.folder import RunFolder
from model.training.run import train
from surface.body import Body
from surface.geodesic_table import cache_folder

Figures = dict[str, Any]
Tell = Callable[[str], None]

PAPER = {"points": {"AUC10": 0.315, "AUC30": 0.567}, "student": {"AUC10": 0.381, "AUC30": 0.645}}
"""DensePose-RCNN on points, and on a teacher's labels (Güler et al., CVPR 2018)."""

_EVERY = 10.0  # seconds between two lines that tell how far it is


def measure() -> Figures:
    """Figures by name, beside the paper's."""
    return run(cache_folder().parent / "benchmark-networks", Budget(), _Teller().tell)


def run(folder: Path, budget: Budget, tell: Tell) -> Figures:
    """All of it in a folder, which may be that of ``benchmarks.networks``.

    :raises ValueError: the folder has it with another budget.
    :raises StoppedError: a training was asked to end; it can be gone on with.
    """
    body = surface.load("anny")
    folder.mkdir(parents=True, exist_ok=True)
    for split, images in (("test", budget.test), ("train", budget.train)):
        scenes.prepare(body, folder, split, images, budget.size, tell)
    found = {"points": runs.compare("points", folder, budget, body, tell)}
    found["student"] = student(folder, budget, body, tell)
    return table(found)


def table(found: dict[str, Figures]) -> Figures:
    """Figures of both networks, beside the paper's where it has them, and what the student wins."""
    flat: Figures = {}
    for name, figures in found.items():
        for key, value in figures.items():
            flat[f"{name}: {key}"] = value
            if key in PAPER[name]:
                flat[f"{name}: {key}, the paper's"] = PAPER[name][key]
    for key in PAPER["points"]:
        flat[f"{key}, student less points"] = round(found["student"][key] - found["points"][key], 4)
    return flat


def teacher_recipe(budget: Budget) -> Recipe:
    """As many steps as the others have, on crops of about half an image's side."""
    size = budget.size
    return recipe_text.read(
        "teacher_tiny",
        [
            f"network.trunk.name={budget.trunk}",
            f"data.shortest=[{size * 3 // 8}, {size * 9 // 16}]",
            f"data.longest={size * 5 // 4}",
            f"data.tested=[{size // 2}, {size * 5 // 4}]",
            f"schedule.steps={budget.steps}",
            f"schedule.batch={2 * budget.batch}",
            f"schedule.rate={budget.rate}",
        ],
    )


def student(folder: Path, budget: Budget, body: Body, tell: Tell) -> Figures:
    """Trains teacher and student, or goes on where that was interrupted, and measures the student."""
    kept = folder / "student.json"
    if kept.exists():
        known: Figures = json.loads(kept.read_text())
        if known.pop("budget") != vars(budget):
            raise ValueError(f"{kept} was made with another budget: choose another folder")
        return known
    learned, test = runs.split(folder, "train", body), runs.split(folder, "test", body)
    _train("teacher", teacher_recipe(budget), learned, None, folder, tell)
    derived = folder / "derived"
    if not derived.exists():
        teacher = load(folder / "runs/teacher")
        derive(teacher, Base(learned, test), derived, 8, lambda what, done, of: tell(f"{what} {done} of {of}"))
    said = json.loads((derived / "derived.json").read_bytes())
    dense = Images(derived / said["file"], derived / "images", body)
    _train("student", runs.recipe("points", budget), dense, test, folder, tell)
    figures = RunFolder(folder / "runs/student").evaluations()[budget.steps]
    agreement = said["agreement"]
    found: Figures = {
        "AUC10": round(figures["auc10"], 4),
        "AUC30": round(figures["auc30"], 4),
        "GPS AP": round(figures["gps"]["AP"], 4),
        "labelled persons": len(people(dense)),
        "coverage": said["coverage"],
        f"teacher's median error m ({agreement['on']})": agreement["median"],
    }
    with replacing(kept) as file:
        json.dump({**found, "budget": vars(budget)}, file, indent=1)
    return found


def _train(name: str, recipe: Recipe, learned: Images, test: Images | None, folder: Path, tell: Tell) -> None:
    """Train a network, or go on with it."""
    out, body = folder / "runs" / name, learned.body
    assert body is not None

    def progress(step: int, of: int, what: str) -> None:
        tell(f"{name}: step {step} of {of}, {what}")

    done = train(recipe, learned, test, body, out, resume=out.exists(), progress=progress)
    if done.state == "stopped":
        raise StoppedError(f"{name}: stopped after step {done.step}; the same command goes on")


class _Teller:
    """Tells how far it is, every few seconds, on standard error."""

    def __init__(self) -> None:
        self._told = perf_counter()

    def tell(self, what: str) -> None:
        """Print what is going on, unless that was done a moment ago."""
        if perf_counter() - self._told > _EVERY:
            self._told = perf_counter()
            print(f"distillation: {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Prints the figures of a budget."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.distillation")
    for field in dataclasses.fields(Budget):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    parser.add_argument("--data", type=Path, required=True, help="a folder for what is made, or to go on in")
    options = parser.parse_args()
    budget = Budget(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Budget)})
    try:
        found = run(options.data, budget, _Teller().tell)
    except (StoppedError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
