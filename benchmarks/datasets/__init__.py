"""Datasets at DensePose-COCO's size: a database made up, snapshots, files, checks, import, export again, evaluation.

`densemark benchmark datasets`, or `python -m benchmarks.datasets --help` for other sizes. Each step runs in a process
of its own, so that its peak of memory is its own. At full size it takes about 25 GB of disk while it runs.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.datasets.size import Size
from benchmarks.datasets.steps import STEPS
from benchmarks.report import peak

Figures = dict[str, Any]
Runner = Callable[[str, Path, Size], Figures]

MOST_MEMORY = 600
"""MB that any step may take but those that make things up or evaluate."""
_FREE = ("generate", "evaluate")
_COUNTED = ("check", "import", "export imported")
_SAME = ("images", "persons", "annotated", "points")


def measure() -> Figures:
    """Figures by name, of a dataset made for it in a temporary folder; "failed" tells what does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), Size(), apart)


def run(folder: Path, size: Size, runner: Runner) -> Figures:
    """All steps in a folder, which is empty before; "failed" is a list where something does not hold."""
    found: dict[str, Figures] = {}
    for name in STEPS:
        _tell(f"datasets: {name}")
        found[name] = runner(name, folder, size)
    flat = {f"{name}: {figure}": value for name, own in found.items() for figure, value in own.items()}
    failed = list(_failures(found))
    return {figure: value for figure, value in flat.items() if value != []} | ({"failed": failed} if failed else {})


def apart(name: str, folder: Path, size: Size) -> Figures:
    """A step in a process of its own, whose progress goes to standard error."""
    options = [f"--{field}={value}" for field, value in dataclasses.asdict(size).items()]
    command = [sys.executable, "-m", "benchmarks.datasets", "--step", name, "--data", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            _tell(line.rstrip())
        told = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"datasets: {name} ended with {process.returncode}")
    figures: Figures = json.loads(told)
    return figures


def here(name: str, folder: Path, size: Size) -> Figures:
    """A step in this process: its figures, how long it took, and the most memory that this process has held."""
    begin = perf_counter(), process_time()
    figures = STEPS[name](folder, size, _Progress(name).tell)
    spent = perf_counter() - begin[0], process_time() - begin[1]
    times = {"s": round(spent[0], 1), "processor s": round(spent[1], 1)}
    return figures | times | {"peak memory, MB": round(peak())}


class _Progress:
    """Tells how far a step is, every few seconds."""

    _EVERY = 5.0  # seconds

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = perf_counter()

    def tell(self, what: str) -> None:
        """Print what the step is at, unless that was done a moment ago."""
        if perf_counter() - self._told > self._EVERY:
            self._told = perf_counter()
            _tell(f"datasets: {self._name}: {what}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _failures(found: Mapping[str, Figures]) -> list[str]:
    """What must hold and does not."""
    failed = [f"{name}: {problem}" for name, own in found.items() for problem in own.get("problems", ())]
    for name, own in found.items():
        if name not in _FREE and own["peak memory, MB"] > MOST_MEMORY:
            failed.append(f"{name}: took {own['peak memory, MB']} MB of memory, more than {MOST_MEMORY}")
    if found["snapshot"]["hash"] != found["snapshot again"]["hash"]:
        failed.append("two snapshots of the same work have different bytes")
    made = found["generate"]
    if found["snapshot"]["points"] != made["points"] or found["snapshot"]["persons"] != made["persons"]:
        failed.append("the snapshot does not hold all persons and points of the database")
    written = {key: found["export densepose-coco"][key] for key in _SAME}
    others = [name for name in _COUNTED if {key: found[name][key] for key in _SAME} != written]
    return failed + [f"{name}: counts other images, persons or points than were exported" for name in others]
