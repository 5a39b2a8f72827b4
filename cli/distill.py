"""`densemark distill`: labels of a teacher, from which a student learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

if TYPE_CHECKING:
    from cli.training_data import Part
    from model.data.records import Images
    from surface.body import Body


def distill(
    dataset: Annotated[
        str, typer.Option(help="What is learned from: a dataset file, a folder with some, or a snapshot's name.")
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder of the derived dataset; not there yet.")],
    teacher: Annotated[
        Path | None,
        typer.Option(help="Label the dataset's persons by this teacher: a run's folder, or a model.safetensors."),
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="Label further photos (--photos) by this network, for it to learn from.")
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of photos that nobody has annotated.")
    ] = None,
    score: Annotated[float, typer.Option(min=0, max=1, help="With --network: least score of a person.")] = 0.7,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="With --network: least confidence of a pixel.")] = 0.5,
    flip: Annotated[bool, typer.Option(help="With --network: look in the mirror, too.")] = True,
    train: Annotated[str | None, typer.Option(help="The split or file whose persons are labelled: train.")] = None,
    test: Annotated[
        str | None, typer.Option(help="The split or file that was held out from the teacher: val or test; or 'none'.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of the dataset's photos, if it is elsewhere."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Persons at a time; of --photos, photos.")] = 4,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N; a GPU if there is one.")] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Label by a network, for a network to learn from. --teacher labels every pixel of a dataset's persons; --network
    with --photos labels photos that nobody has annotated. What is written is the dataset with the labels beside it:
    `densemark train` on it learns from both. Interrupted, the same command goes on."""
    from cli.training_data import find

    if (teacher is None) == (network is None) or (network is None) != (photos is None):
        stop("give --teacher to label the dataset's persons, or --network and --photos to label others: one of them")
    if out.exists():
        stop(f"--out: {out} is there already: choose another folder")
    with model_needed():
        from model.distillation.derived import Base, derive
        from model.distillation.filter import Limits
        from model.distillation.generated import Copies, generate
        from model.prediction.load import load
        from model.training.processes import chosen_device
    source = find(dataset, images, train, test, out.with_name(f".{out.name}.snapshot"), data)
    with errors.status("loading the network"):
        loaded = load(teacher or network or Path(), chosen_device(device), [data / "bodies"])
    held = None if source.test is None else _images(source.test, loaded.body)
    base = Base(_images(source.train, loaded.body), held)
    with _bar() as tell:
        if photos is None:
            said = derive(loaded, base, out, batch, tell)
        else:
            limits = Limits(score=score, confidence=confidence)
            said = generate(loaded, base, photos, out, Copies(flip=flip), limits, batch, tell)
    _forget(out)
    if as_json:
        print_json({"out": str(out), **said})
        return
    console.print(f"{out}: {said['persons']:,} persons with dense labels; densemark train --dataset {out}")
    print_table(("figure", "value"), _rows(said) if photos is None else _counts(said))


def _images(part: Part, body: Body) -> Images:
    from model.data.records import Images

    return Images(part.path, part.photos, body, split=part.split)


def _forget(out: Path) -> None:
    """Remove the files of a snapshot that were written to be labelled: the derived dataset has them now."""
    import shutil

    shutil.rmtree(out.with_name(f".{out.name}.snapshot"), ignore_errors=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar of persons with the time left."""
    with progress_bar(transient=True) as bar:
        task = bar.add_task("preparing", total=None)

        def tell(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of)

        yield tell


def _counts(said: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Figures of generated/derived.json for people."""
    return [
        ("photos", f"{said['photos']:,}"),
        ("that cannot be read", f"{said['refused']:,}"),
        ("with persons that were kept", f"{said['images']:,}"),
        ("persons found", f"{said['found']:,}"),
        ("persons kept", f"{said['persons']:,}"),
    ]


def _rows(said: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Figures of derived.json for people."""
    agreement = said["agreement"]
    rows = [
        ("pixels with a label", f"{said['coverage']:.1%}"),
        ("mean confidence", f"{said['confidence']['mean']:.3f}"),
        (f"points ({agreement['on']})", f"{agreement['points']:,}"),
        ("of them with a label", f"{agreement['labelled']:.1%}"),
    ]
    if agreement["median"] is not None:
        rows.append(("median error", f"{agreement['median'] * 100:.1f} cm"))
        rows += [(f"below {float(m) * 100:g} cm", f"{share:.1%}") for m, share in agreement["below"].items()]
    return rows
