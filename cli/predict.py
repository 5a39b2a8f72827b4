"""`densemark predict`: persons and their surface on photos, by a trained network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    counted,
    errors,
    model_needed,
    print_json,
    print_table,
    progress_bar,
    stop,
)

if TYPE_CHECKING:
    from model.prediction.drawing import Drawing
    from model.prediction.load import Loaded
    from model.prediction.predict import Broken, Looks, Seen, Wanted

_NAMED = 10
"""How many photos that cannot be read are named, where figures are not asked for."""

_FINISHED = 2
"""Photos, with the maps of all their persons, that are drawn and written at a time."""


def predict(
    run: Annotated[Path, typer.Option(help="A run's folder, one of its checkpoints, or a model.safetensors.")],
    images: Annotated[list[Path], typer.Option(help="A photo, or a folder of photos; repeatable.")],
    out: Annotated[Path | None, typer.Option(help="File for the results, in the DensePose challenge's format.")] = None,
    coco: Annotated[
        Path | None, typer.Option(help="Annotation file: look at its images, in the folder --images, by its ids.")
    ] = None,
    boxes: Annotated[
        bool, typer.Option("--boxes", help="Take the boxes of --coco instead of searching for persons.")
    ] = False,
    overlay: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for pictures: parts, lines of U and V, a texture.")
    ] = None,
    texture: Annotated[
        Path | None, typer.Option(help="Picture to put on: an atlas of the charts, six in a column.")
    ] = None,
    shown: Annotated[float, typer.Option(min=0, max=1, help="Score from which persons are in the pictures.")] = 0.5,
    scales: Annotated[
        str | None, typer.Option(help="Shortest sides of the images, averaged over: 480,640,800.")
    ] = None,
    flip: Annotated[bool, typer.Option("--flip", help="Look in the mirror, too, and average.")] = False,
    batch: Annotated[int, typer.Option(min=1, help="Photos at a time.")] = 4,
    most: Annotated[int, typer.Option(min=1, help="Persons of a photo, the best; given boxes are all looked at.")] = 20,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N; a GPU if there is one.")] = None,
    export_onnx: Annotated[
        Path | None, typer.Option(help="Write the network as an ONNX file, checked on the first photos, and end.")
    ] = None,
    onnx_size: Annotated[
        str | None, typer.Option(help="HEIGHTxWIDTH of its image; else as the first photo is looked at.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 where a photo could not be read.")] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Find persons on photos, and the surface point of each of their pixels. The results are written whole or not at
    all; photos that cannot be read are named and left out."""
    if (out is None) == (export_onnx is None):
        stop("give --out for results, or --export-onnx for a network: one of them")
    target = out or export_onnx
    assert target is not None
    if target.is_dir() or not target.absolute().parent.is_dir():
        stop(f"{target} cannot be written: it is a folder, or its folder is not there")
    if boxes and coco is None:
        stop("--boxes takes them from an annotation file: name it by --coco")
    if texture is not None and overlay is None:
        stop("--texture is for the pictures: name their folder by --overlay")
    sides = _sides(scales)
    with model_needed():
        from model.prediction.load import load
        from model.prediction.predict import Looks
        from model.training.processes import chosen_device
    chosen = chosen_device(device)
    with errors.status("loading the network"):
        loaded = load(run, "cpu" if export_onnx else chosen, [data / "bodies"])
    if export_onnx is not None:
        _export(loaded, export_onnx, _wanted(images, coco, False, loaded), onnx_size, as_json)
        return
    wanted = _wanted(images, coco, boxes or loaded.recipe.network.kind != "rcnn", loaded)
    drawing = None if overlay is None else _drawing(loaded, wanted, overlay, texture, shown)
    assert out is not None
    found = _predicted(loaded, wanted, Looks(sides, flip), batch, most, drawing)
    _run(loaded, wanted, found, out, drawing, strict, as_json)


def _sides(scales: str | None) -> tuple[int, ...]:
    """ "480,640" """
    try:
        sides = tuple(int(side) for side in (scales or "").split(",") if side.strip())
    except ValueError:
        sides = (0,)
    if any(not 32 <= side <= 4096 for side in sides) or (scales is not None and not sides):
        stop(f"--scales {scales!r}: sides in pixels, from 32 to 4096, such as 480,640,800")
    return sides


def _wanted(images: Sequence[Path], coco: Path | None, given: bool, loaded: Loaded) -> list[Wanted]:
    """The photos that are looked at."""
    from model.prediction.predict import of_coco, of_files

    if given and coco is None:
        kind = loaded.recipe.network.kind
        stop(f"a network of kind {kind!r} finds no persons: name an annotation file with their boxes by --coco")
    if coco is None:
        return of_files(images)
    if len(images) != 1 or not images[0].is_dir():
        stop("--coco: --images is the one folder in which its photos lie")
    if not coco.is_file():
        stop(f"--coco: no file {coco}")
    found = of_coco(coco, images[0], given)
    if not found:
        stop(f"--coco: {coco} lists no images")
    return found


def _drawing(loaded: Loaded, wanted: list[Wanted], folder: Path, texture: Path | None, shown: float) -> Drawing:
    from model.prediction.drawing import Drawing, places

    drawing = Drawing(folder, loaded.body, places(wanted), texture, shown)
    network = loaded.recipe.network
    if network.kind == "deeppose" or (network.kind == "rcnn" and network.densepose is None):
        stop("--overlay: the network has no surface to draw")
    _ = drawing.atlas  # read now: a bad one is told before anything is done
    folder.mkdir(parents=True, exist_ok=True)
    return drawing


def _predicted(
    loaded: Loaded, wanted: list[Wanted], looks: Looks, batch: int, most: int, drawing: Drawing | None
) -> Iterator[tuple[Seen | Broken, list[dict[str, Any]]]]:
    """Each photo with the entries of its persons; its pictures are drawn."""
    from model.prediction import photos, results
    from model.prediction.predict import Broken, predict

    def finished(seen: Seen | Broken) -> tuple[Seen | Broken, list[dict[str, Any]]]:
        """In a thread, while the network looks at others."""
        if isinstance(seen, Broken):
            return seen, []
        if drawing is not None:
            drawing.draw(seen)
        entries = [results.entry(person, seen.photo.image_id, seen.photo.size) for person in seen.persons]
        return seen, [entry | {"file_name": seen.wanted.name} for entry in entries]

    for done in photos.ahead(predict(loaded, wanted, looks, batch, most), finished, _FINISHED):
        if isinstance(done, ValueError):
            raise done
        yield done


def _run(
    loaded: Loaded,
    wanted: list[Wanted],
    found: Iterator[tuple[Seen | Broken, list[dict[str, Any]]]],
    out: Path,
    drawing: Drawing | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Write the results, and say what was found."""
    from model.prediction import results
    from model.prediction.predict import Broken

    broken: list[Broken] = []
    begin = perf_counter()
    with results.writing(out) as writer, progress_bar(transient=True) as bar:
        task = bar.add_task("photos", total=len(wanted))
        for seen, entries in found:
            if isinstance(seen, Broken):
                broken.append(seen)
            for entry in entries:
                writer.add(entry)
            bar.advance(task)
        if len(broken) == len(wanted):
            raise ValueError(f"none of {counted(len(wanted), 'photo')} can be read: {broken[0].reason}")
    seconds = perf_counter() - begin
    looked = len(wanted) - len(broken)
    if as_json:
        refused = [
            {"file": each.wanted.name, "image_id": each.wanted.image_id, "reason": each.reason} for each in broken
        ]
        print_json(
            {
                "out": str(out),
                "network": {"file": str(loaded.source), "step": loaded.step, "body": loaded.body.name},
                "images": looked,
                "persons": writer.count,
                "refused": refused,
                "overlay": None if drawing is None else str(drawing.folder),
                "seconds": round(seconds, 3),
                "images_a_second": round(looked / seconds, 2),
            }
        )
    else:
        rate = f"{looked / seconds:.1f} a second"
        console.print(f"{out}: {counted(writer.count, 'person')} on {counted(looked, 'photo')} ({rate})")
        if drawing is not None:
            console.print(f"{drawing.folder}: parts, lines and texture of each photo")
        if broken:
            console.print(
                f"{counted(len(broken), 'photo')} could not be read and {'is' if len(broken) == 1 else 'are'} left out:"
            )
            print_table(("photo", "why"), [(each.wanted.name, each.reason) for each in broken[:_NAMED]])
            if len(broken) > _NAMED:
                console.print(f"and {len(broken) - _NAMED:,} more; --json names them all")
    if strict and broken:
        raise typer.Exit(1)


def _export(loaded: Loaded, path: Path, wanted: Sequence[Wanted], size: str | None, as_json: bool) -> None:
    from model.prediction import onnx, photos

    pixels = [photos.read(each.path) for each in wanted[: onnx.CHECKED]]
    with errors.status("writing and checking the ONNX file"):
        sides = onnx.size_for(pixels[0].shape[:2], loaded.recipe.data.tested) if size is None else _size(size)
        done = onnx.export(loaded, path, pixels, sides)
    if as_json:
        print_json(
            {
                "out": str(path),
                "size": list(done.size),
                "outputs": list(done.outputs),
                "differences": dict(done.differences),
                "persons": done.persons,
            }
        )
        return
    console.print(
        f"{path}: images of {done.size[1]} x {done.size[0]}; compared with torch on {counted(len(pixels), 'photo')},"
        f" {counted(done.persons, 'person')}:"
    )
    print_table(("output", "largest difference"), list(done.differences.items()))
    if not done.persons:
        errors.print("note: the network found no one on these photos: only that was compared", style="yellow")


def _size(text: str) -> tuple[int, int]:
    """ "480x640" """
    found = re.fullmatch(r"(\d+)x(\d+)", text.strip())
    if not found:
        stop(f"--onnx-size {text!r} is no HEIGHTxWIDTH such as 480x640")
    return int(found[1]), int(found[2])
