"""`densemark render`: a folder of rendered persons with the truth of every pixel."""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.common import (
    DEFAULT_BODY,
    DEFAULT_DATA,
    AsJson,
    DataDir,
    LoggedProgress,
    console,
    counted,
    errors,
    print_json,
    stop,
)

if TYPE_CHECKING:
    from synthesis.dataset import Recipe
    from synthesis.pose_files import UserPose

_MOTIONS = (".npz", ".bvh")
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
_NAMED = 5  # how many bad pictures an error names


def render(
    count: Annotated[int, typer.Option(min=1, help="How many images.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write into, or to go on in.")],
    body: Annotated[str, typer.Option(help="A body's name, or a body file (.npz).")] = DEFAULT_BODY,
    size: Annotated[int, typer.Option(min=32, max=4096, help="Pixels of the square image.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same images.")] = 0,
    start: Annotated[int, typer.Option(min=1, help="Number of the first image; for several machines.")] = 1,
    persons: Annotated[str, typer.Option(help="Persons in an image: 2, or from 1-3.")] = "1",
    occluders: Annotated[
        float, typer.Option(min=0, max=1, help="Share of images where something stands before a person.")
    ] = 0.3,
    cut: Annotated[float, typer.Option(min=0, max=1, help="Share of images whose border cuts the person off.")] = 0.25,
    poses: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="Your own poses: AMASS or SMPL .npz, .bvh, or a folder of them; repeatable."),
    ] = None,
    backgrounds: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of photos to stand before.")
    ] = None,
    textures: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of pictures of fabrics.")
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="PNG instead of JPEG of quality 95.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes; one per processor if not given.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Render persons in clothes, with the exact surface point of every pixel, and a COCO file.

    A run that was stopped goes on where it was: give the same command again. A higher --count adds images.
    """
    from cli.body_names import load
    from synthesis import dataset, film
    from synthesis.pool import make_all
    from synthesis.render import Options

    if start + count - 1 > dataset.LAST:
        stop(f"images are numbered up to {dataset.LAST:,}: use another --seed for more")
    loaded = load(body, data)
    photos, fabrics = _pictures(backgrounds, "--backgrounds"), _pictures(textures, "--textures")
    _check(photos + fabrics)
    recipe = dataset.Recipe(
        seed,
        Options(
            size=size,
            persons=_range(persons),
            occluders=occluders,
            cut=cut,
            poses=_poses(poses or []),
            backgrounds=photos,
            textures=fabrics,
        ),
        png,
    )
    processes = workers or os.cpu_count() or 1
    _begin(loaded, out, recipe)
    if not film.compiled():
        errors.print("compiling the renderer, once after an install (about a minute)…")
    numbers = range(start, start + count)
    begin, made = perf_counter(), 0
    with _bar() as bar, closing(make_all(loaded, out, numbers, recipe, processes)) as images:
        task = bar.add_task("rendering", total=count, rate="")
        for done, (_, new) in enumerate(images, start=1):
            made += new
            seconds = perf_counter() - begin
            bar.update(task, completed=done, rate=f"{made / seconds:.1f} images/s" if made else "there already")
    seconds = perf_counter() - begin
    with _bar() as bar:
        task = bar.add_task("annotations.json", total=None, rate="")
        counts = dataset.finish(out, lambda done, total: bar.update(task, completed=done, total=total))
    figures = {
        "images": counts["images"],
        "persons": counts["persons"],
        "made": made,
        "there already": count - made,
        "seconds": round(seconds, 2),
        "images a second": round(made / seconds, 2),
        "workers": processes,
    }
    if as_json:
        print_json({"out": str(out), "body": loaded.name, "body_hash": loaded.hash, "seed": seed, **figures})
        return
    there = f", {count - made:,} were there already" if count > made else ""
    console.print(f"made {counted(made, 'image')} in {seconds:.1f} s ({made / seconds:.1f} a second){there}")
    console.print(f"{out} holds {counted(counts['images'], 'image')} of {counted(counts['persons'], 'person')}")


def _begin(body: object, out: Path, recipe: Recipe) -> None:
    from synthesis.dataset import begin

    try:
        begin(body, out, recipe)  # type: ignore[arg-type]
    except OSError as error:
        stop(f"cannot write into {out}: {error.strerror or error}")


def _range(text: str) -> tuple[int, int]:
    """ "2", "1-3"."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    if not found:
        stop(f"--persons {text!r} is neither a number nor a range such as 1-3")
    return int(found[1]), int(found[2] or found[1])


def _poses(paths: list[Path]) -> tuple[UserPose, ...]:
    """The poses of files and of all files in folders, in the order of their names."""
    if not paths:
        return ()
    from synthesis.pose_files import read_poses

    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    files = [file for file in files if file in paths or file.suffix.lower() in _MOTIONS]
    if not files:
        stop(f"--poses {paths[0]} holds no {' or '.join(_MOTIONS)} file")
    with errors.status("reading poses"):
        return tuple(pose for file in files for pose in read_poses(file))


def _pictures(folder: Path | None, option: str) -> tuple[Path, ...]:
    """The pictures of a folder and the folders in it, in the order of their names."""
    if folder is None:
        return ()
    with errors.status(f"looking at {folder}"):
        found = tuple(sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PHOTOS))
    if not found:
        stop(f"{option} {folder} holds no picture ({', '.join(_PHOTOS)})")
    return found


def _check(pictures: tuple[Path, ...]) -> None:
    """Ends the command unless all can be read: better now than in the middle of the run."""
    if not pictures:
        return
    from synthesis.fabrics import readable

    with errors.status(f"looking at {counted(len(pictures), 'picture')}"):
        bad = [path for path in pictures if not readable(path)]
    if bad:
        more = f" and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
        named = ", ".join(map(str, bad[:_NAMED]))
        stop(f"{counted(len(bad), 'picture')} of {len(pictures):,} cannot be read: {named}{more}")


def _bar() -> Progress:
    return LoggedProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
