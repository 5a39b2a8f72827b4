"""The networks that are compared, each trained with the same budget and measured on the same images."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.networks.scenes import FILE
from export.files import replacing
from model import recipe_text
from model.data.records import Images
from model.prediction.load import load
from model.prediction.measure import measure
from model.recipe import KeypointBranch, Recipe
from model.training.folder import RunFolder
from model.training.run import train
from surface.body import Body

PAPER = {
    "fcn": {"AUC10": 0.253, "AUC30": 0.418},
    "points": {"AUC10": 0.315, "AUC30": 0.567, "GPS AP": 0.510},
    "keypoints": {"GPS AP": 0.528},
    "cascade": {"AUC10": 0.390, "AUC30": 0.664, "GPS AP": 0.558},
}
"""What Güler et al. (CVPR 2018) report on DensePose-COCO with ResNet-50 for several persons in an image; their AP is
with .255 m for every part."""

NETWORKS = tuple(PAPER)
"""FCN; DensePose-RCNN on points alone; with keypoints; with keypoints and cross-cascade."""

GIVEN = " in given boxes"
"""Behind the names of figures of persons that the network need not find; the FCN cannot, and has no others."""


class StoppedError(RuntimeError):
    """A training was asked to end before its last step."""


@dataclass(frozen=True)
class Budget:
    """What each network is given.

    :param steps: of training.
    :param batch: images a step.
    :param train, test: images.
    :param size: pixels of their side.
    :param trunk: "tiny", or a name of ``recipe.Trunk``, then from scratch with group normalisation.
    :param rate: of learning.
    """

    steps: int = 6000
    batch: int = 4
    train: int = 2000
    test: int = 300
    size: int = 256
    trunk: str = "tiny"
    rate: float = 0.002


def recipe(name: str, budget: Budget) -> Recipe:
    """What a network is trained by: ``fcn_tiny`` or ``tiny``, which differ in the network alone, with the budget."""
    size = budget.size
    base = recipe_text.read(
        "fcn_tiny" if name == "fcn" else "tiny",
        [
            f"network.trunk.name={budget.trunk}",
            f"data.shortest=[{size * 7 // 8}, {size * 9 // 8}]",
            f"data.longest={2 * size}",
            f"data.tested=[{size}, {2 * size}]",
            f"schedule.steps={budget.steps}",
            f"schedule.batch={budget.batch}",
            f"schedule.rate={budget.rate}",
        ],
    )
    if name in ("fcn", "points"):
        return base
    densepose = base.network.densepose
    assert densepose is not None
    joints = KeypointBranch(layers=densepose.layers, channels=densepose.channels)
    return replace(base, network=replace(base.network, keypoints=joints, cascade=name == "cascade"))


def split(folder: Path, name: str, body: Body) -> Images:
    """The images of a split that ``scenes.prepare`` made."""
    own = folder / name
    return Images(own / FILE, own / "images", body, annotated=name == "train")


def compare(name: str, folder: Path, budget: Budget, body: Body, tell: Callable[[str], None]) -> dict[str, Any]:
    """Trains a network, or goes on where that was interrupted, and measures it; what is known already is read again.

    :return: figures in [0, 1], processor seconds a step, and parameters.
    :raises ValueError: the folder has it with another budget.
    :raises StoppedError: the training was asked to end; it can be gone on with.
    """
    kept, run = folder / f"{name}.json", folder / "runs" / name
    if kept.exists():
        known: dict[str, Any] = json.loads(kept.read_text())
        if known.pop("budget") != vars(budget):
            raise ValueError(f"{kept} was made with another budget: choose another folder")
        return known
    clock: list[tuple[int, float]] = []  # steps that are done, processor seconds until then

    def progress(step: int, of: int, what: str) -> None:
        if what.startswith("loss"):
            clock[1:] = [(step, process_time())]
        tell(f"{name}: step {step} of {of}, {what}")

    test = split(folder, "test", body)
    chosen = recipe(name, budget)
    outcome = train(chosen, split(folder, "train", body), test, body, run, resume=run.exists(), progress=progress)
    if outcome.state == "stopped":
        raise StoppedError(f"{name}: stopped after step {outcome.step}; the same command goes on")
    figures = {GIVEN if name == "fcn" else "": RunFolder(run).evaluations()[budget.steps]}
    loaded = load(run)
    if name != "fcn":
        figures[GIVEN] = measure(loaded.network, test, test.persons.path, body, chosen, given=True)
    found: dict[str, Any] = {
        **{f"{key}{boxes}": value for boxes, own in figures.items() for key, value in _flat(own).items()},
        "steps": budget.steps,
        "images a step": budget.batch,
        "processor s a step": _pace(clock),
        "parameters": sum(parameter.numel() for parameter in loaded.network.parameters()),
    }
    with replacing(kept) as file:
        json.dump({**found, "budget": vars(budget)}, file, indent=1)
    return found


def _pace(clock: list[tuple[int, float]]) -> float | None:
    """Processor seconds a step, as far as this process took any."""
    steps, seconds = (clock[-1][k] - clock[0][k] for k in (0, 1)) if clock else (0, 0.0)
    return round(seconds / steps, 3) if steps else None


def _flat(figures: dict[str, Any]) -> dict[str, float]:
    """The figures that are compared."""
    out = {"AUC10": figures["auc10"], "AUC30": figures["auc30"]}
    out |= {f"GPS {key}": figures["gps"][key] for key in ("AP", "AP50", "AP75")}
    if "box" in figures:
        out["box AP"] = figures["box"]["AP"]
    if "keypoints" in figures:
        out["keypoint AP"] = figures["keypoints"]["AP"]
    return {key: round(float(value), 4) for key, value in out.items()}
