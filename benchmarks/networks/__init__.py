"""FCN, DensePose-RCNN on points, with keypoints, and with cross-cascade: one budget for each, on rendered persons.

`densemark benchmark networks`, or `python -m benchmarks.networks --help` for other budgets and one network at a time.
It takes hours; whatever was interrupted goes on where it was. ``benchmarks.networks.scenes`` says what of the test is
unseen.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import surface
from benchmarks.networks import runs, scenes
from benchmarks.networks.runs import GIVEN, NETWORKS, PAPER, Budget
from surface.geodesic_table import cache_folder

Figures = dict[str, Any]

STEPS = ("scenes", *NETWORKS)
"""What is done, one after another, each in a process of its own."""

COMPARED = ("AUC10", "AUC30", "GPS AP")
_EVERY = 10.0  # seconds between two lines that tell how far a step is


def measure() -> Figures:
    """Figures by name, beside the paper's. What is made is kept in the cache, in ``benchmark-networks``."""
    return run(cache_folder().parent / "benchmark-networks", Budget())


def run(folder: Path, budget: Budget) -> Figures:
    """All steps in a folder; what is there of them is not done again."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: _apart(name, folder, budget) for name in STEPS}
    return table(found)


def table(found: Mapping[str, Figures]) -> Figures:
    """The figures of all steps, each that the paper has beside the paper's, and whether their order is the paper's."""
    flat: Figures = {}
    for step, figures in found.items():
        for key, value in figures.items():
            flat[f"{step}: {key}"] = value
            if figure := PAPER.get(step, {}).get(key.removesuffix(GIVEN if step == "fcn" else "")):
                flat[f"{step}: {key}, the paper's"] = figure
    for key in COMPARED:
        ours = [found[name][key + GIVEN if name == "fcn" else key] for name in NETWORKS if key in PAPER[name]]
        flat[f"order of {key} as the paper's"] = ours == sorted(ours)
    return flat


def here(name: str, folder: Path, budget: Budget) -> Figures:
    """A step in this process."""
    body = surface.load("anny")
    tell = _Teller().tell
    if name != "scenes":
        return runs.compare(name, folder, budget, body, tell)
    counts: Figures = {}
    for split, images in (("test", budget.test), ("train", budget.train)):
        made = scenes.prepare(body, folder, split, images, budget.size, tell)
        counts |= {f"{split}, {key}": value for key, value in made.items()}
    return counts


class _Teller:
    """Tells how far a step is, every few seconds, on standard error."""

    def __init__(self) -> None:
        self._told = perf_counter()

    def tell(self, what: str) -> None:
        """Print what is going on, unless that was done a moment ago."""
        if perf_counter() - self._told > _EVERY:
            self._told = perf_counter()
            print(f"networks: {what}", file=sys.stderr, flush=True)


def _apart(name: str, folder: Path, budget: Budget) -> Figures:
    options = [f"--{key}={value}" for key, value in dataclasses.asdict(budget).items()]
    command = [sys.executable, "-m", "benchmarks.networks", "--step", name, "--data", str(folder), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"networks: {name} ended with {done.returncode}; the same command goes on where it was")
    found: Figures = json.loads(done.stdout)
    return found
