"""`densemark train`: a network from a recipe and a dataset."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    errors,
    model_needed,
    print_json,
    print_table,
    progress_bar,
    stop,
)
from cli.train_facts import print_devices, print_recipes

if TYPE_CHECKING:
    from cli.training_data import Part, Source
    from model.data.records import Images
    from model.recipe import Recipe
    from surface.body import Body

STOPPED, NOT_FINITE, OUT_OF_MEMORY = 3, 4, 5
"""Exit statuses: asked to end, can be resumed; a loss that is no number; too little memory."""


_SHOWN = ("AP", "AP50", "AP75")


def train(
    recipe: Annotated[str | None, typer.Option(help="A recipe's name, or a TOML file.")] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="A dataset file, a folder with some, a snapshot's folder, or its name in the data folder."),
    ] = None,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Folder of the run.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value: change the recipe, schedule.rate=.02; repeatable.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, or begin it where there is none yet.")
    ] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N; a GPU if there is one.")] = None,
    train_: Annotated[str | None, typer.Option("--train", help="The split or file to learn from: train.")] = None,
    test: Annotated[
        str | None, typer.Option(help="The split or file to be measured on: val or test; 'none' measures nothing.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of the photos, if it is elsewhere.")
    ] = None,
    body: Annotated[
        str | None, typer.Option(help="The body that the points are on, if the dataset does not say.")
    ] = None,
    symmetry: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="UV_symmetry_transforms.mat: mirror charts by its tables, where the points' body is not at hand.",
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe completely and end; with --json alone, all that ship.")
    ] = False,
    devices: Annotated[bool, typer.Option("--devices", help="Print what it could train on here and end.")] = False,
    reproduce: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Take a failed step again: RUN/failure-NNNNNN.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Train a network. Ctrl+C ends it after its step, with a checkpoint: exit status 3, and --resume goes on. 4: a loss
    is not finite; 5: the memory does not suffice."""
    if reproduce is not None:
        _reproduce(reproduce, device, data, as_json)
        return
    if devices:
        print_devices(as_json)
        return
    if show and as_json and recipe is None:
        print_recipes()
        return
    going_on = resume and out is not None and (out / "run.json").is_file() and (out / "recipe.toml").is_file()
    if recipe is None and resume and out is not None and not going_on:
        stop(f"--resume: {out} holds no run; to begin one there, give --recipe and --dataset, too")
    if recipe is None and not (going_on and out is not None):
        stop("--recipe: name a recipe; these ship: " + ", ".join(_shipped()))
    from model import recipe_text

    chosen = recipe_text.read(out / "recipe.toml" if recipe is None and out is not None else str(recipe), set_ or [])
    if show:
        if as_json:
            print_json({"text": recipe_text.as_toml(chosen), "steps": chosen.schedule.steps})
        else:
            console.file.write(recipe_text.as_toml(chosen))
        return
    if out is None:
        stop("--out: name a folder for the run")
    if dataset is None and not going_on:
        stop("--dataset: name what to train on")
    if not resume and any((out / "checkpoints").glob("[0-9]*")):
        stop(f"{out} holds a run: --resume goes on with it; else choose another --out")
    source = _source(dataset, images, train_, test, symmetry, out, data)
    with model_needed():
        from model.training.failures import NonFiniteError, OutOfMemoryError
        from model.training.folder import RunFolder
        from model.training.run import train as run
    first = os.environ.get("RANK", "0") == "0"
    on = _body(source, body, data)
    learned, held = _images(source.train, on, chosen, source.symmetry), None
    if source.test is not None:
        held = _images(source.test, on, chosen)
    if first:
        _tell(chosen, learned, held, on)
    try:
        with _bar(first) as progress:
            done = run(
                chosen, learned, held, on, out, device, resume, progress, about={"source": source.plain()},
                warn=lambda text: errors.print(f"warning: {text}", style="yellow"),
            )  # fmt: skip
    except NonFiniteError as error:
        _failed(error, NOT_FINITE)
    except OutOfMemoryError as error:
        _failed(error, OUT_OF_MEMORY)
    if not first:
        raise typer.Exit(0 if done.state == "finished" else STOPPED)
    figures = RunFolder(out).evaluations().get(done.best) if done.best is not None else None
    if as_json:
        print_json({"state": done.state, "step": done.step, "best": done.best, "figures": figures, "out": str(out)})
    elif done.state == "stopped":
        console.print(f"stopped after step {done.step:,}; go on with: densemark train --resume --out {out}")
    else:
        console.print(f"trained {done.step:,} steps: {out / 'model.safetensors'}")
        if figures is not None:
            _print_figures(done.best or 0, figures)
    if done.state == "stopped":
        raise typer.Exit(STOPPED)


def _shipped() -> list[str]:
    from model import recipe_text

    return recipe_text.names()


def _source(
    dataset: str | None,
    images: Path | None,
    train: str | None,
    test: str | None,
    symmetry: Path | None,
    out: Path,
    data: Path,
) -> Source:
    """What is given, else what the run in ``out`` was begun with."""
    from cli.training_data import find

    found = _begun_with(out) if dataset is None else find(dataset, images, train, test, out, data)
    return found if symmetry is None else replace(found, symmetry=str(symmetry.absolute()))


def _begun_with(out: Path) -> Source:
    """What the run in ``out`` was begun with; ends the command where that is not said, as of runs begun in Python."""
    from cli.training_data import Source

    try:
        return Source.of_plain(json.loads((out / "run.json").read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        stop(f"{out / 'run.json'} does not say what the run learns from: name it by --dataset")


def _body(source: Source, name: str | None, data: Path) -> Body:
    """The body that the dataset's points are on."""
    from cli.body_names import of_info
    from export.stream import items

    info: Mapping[str, Any] = {}
    path = Path(source.train.path)
    if path.is_file():
        said = next((item.value for item in items(path) if item.key in ("info", "images")), None)
        info = said if isinstance(said, dict) else {}
    return of_info(info, name, data, "the dataset")


def _images(part: Part, body: Body, recipe: Recipe, symmetry: str | None = None) -> Images:
    """The images of a part: those with annotated persons, where the surface is learned."""
    from model.data.records import Images

    branch = recipe.network.densepose
    if symmetry is not None and branch is not None and branch.surface == "embedding":
        stop("--symmetry: its tables mirror charts; this recipe learns embeddings (--set data.flip=0 mirrors nothing)")
    surface = recipe.network.kind == "fcn" or (recipe.network.kind == "rcnn" and recipe.network.densepose is not None)
    return Images(part.path, part.photos, body, annotated=surface, split=part.split, symmetry=symmetry)


def _tell(recipe: Recipe, learned: Images, held: Images | None, body: Body) -> None:
    """What is about to happen, in a line or two."""
    schedule, network = recipe.schedule, recipe.network
    errors.print(
        f"{network.kind} on {network.trunk.name}, body {body.name}: {schedule.steps:,} steps of {schedule.batch};"
        f" {len(learned):,} to learn from, {0 if held is None else len(held):,} held out"
    )
    if held is None:
        errors.print("note: nothing is held out: the network will not be measured (--test)", style="yellow")


@contextmanager
def _bar(shown: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar of the steps with the time left; None in processes that show nothing."""
    if not shown:
        yield None
        return
    with progress_bar() as bar:
        task = bar.add_task("preparing", total=None)

        def tell(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield tell


def _failed(error: Exception, status: int) -> None:
    errors.print(f"error: {error}", style="red")
    raise typer.Exit(status)


def _print_figures(step: int, figures: Mapping[str, Any]) -> None:
    """The best evaluation's figures in a small table."""
    rows = []
    for name in ("gps", "gpsm", "box", "keypoints", "auc10", "auc30", "gps_mean"):
        given = figures.get(name)
        parts = {f"{name} {key}": given.get(key) for key in _SHOWN} if isinstance(given, Mapping) else {name: given}
        rows += [(key, value) for key, value in parts.items() if isinstance(value, float) and value >= 0]
    print_table(("figure", "value"), rows, title=f"the best evaluation, after {step:,} steps")


def _reproduce(folder: Path, device: str | None, data: Path, as_json: bool) -> None:
    with model_needed():
        from model.training.reproduce import reproduce
    values = reproduce(folder, device, [data / "bodies"])
    if as_json:
        print_json({name: value if math.isfinite(value) else str(value) for name, value in values.items()})
    else:
        print_table(("of the step", "value"), [(name, f"{value:.6g}") for name, value in values.items()])
