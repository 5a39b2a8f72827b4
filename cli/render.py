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
    from synthesis.pose_files import PoseFile, UserPose

_NAMED = 5  # how many files are named, of bad pictures or of poses


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
    densepose: Annotated[
        bool,
        typer.Option(
            "--densepose", help="Also write densepose-coco.json: points and part masks to train on, all true."
        ),
    ] = False,
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
    from export.formats import require_format
    from export.rendered import FILE, FORMAT, annotate
    from synthesis import dataset, film
    from synthesis.pool import TOGETHER, make_all
    from synthesis.render import Options

    if start + count - 1 > dataset.LAST:
        stop(f"images are numbered up to {dataset.LAST:,}: use another --seed for more")
    loaded = load(body, data)
    if densepose:
        require_format(FORMAT, loaded)
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
    dataset.check(loaded, recipe, start)
    _begin(loaded, out, recipe)
    if not film.compiled():
        errors.print("compiling the renderer, once after an install (about a minute)…")
    numbers = range(start, start + count)
    pace = _Pace(TOGETHER * processes if processes > 1 else 1)
    with _bar() as bar, closing(make_all(loaded, out, numbers, recipe, processes)) as images:
        task = bar.add_task("rendering", total=count, rate="")
        for done, (_, new) in enumerate(images, start=1):
            pace.count(new)
            bar.update(task, completed=done, rate=f"{pace.rate:.1f} images/s" if pace.rate else "")
    with _bar() as bar:
        task = bar.add_task("annotations.json", total=None, rate="")
        counts = dataset.finish(out, lambda done, total: bar.update(task, completed=done, total=total))
        if densepose or (out / FILE).exists():  # one that is there has all images, too
            task = bar.add_task(FILE, total=None, rate="")
            counts |= annotate(
                loaded, out, dataset.numbers_in(out), FILE, processes,
                lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    figures: dict[str, float | None] = {
        "images": counts["images"],
        "persons": counts["persons"],
        "made": pace.made,
        "there already": count - pace.made,
        "seconds": round(pace.seconds, 2),
        "images a second": round(pace.rate, 2) if pace.rate else None,
        "workers": processes,
    }
    if "points" in counts:
        figures |= {"annotated persons": counts["annotated"], "points": counts["points"]}
    if as_json:
        print_json({"out": str(out), "body": loaded.name, "body_hash": loaded.hash, "seed": seed, **figures})
        return
    console.print(_summary(pace, count - pace.made))
    console.print(f"{out} holds {counted(counts['images'], 'image')} of {counted(counts['persons'], 'person')}")
    if "points" in counts:
        console.print(f"{FILE}: {counted(counts['points'], 'point')} on {counted(counts['annotated'], 'person')}")


class _Pace:
    """How many images were made, and how fast once every process was at it.

    :param settled: so many images are made while processes start and compile; the pace is that of the others.
    """

    def __init__(self, settled: int) -> None:
        self.made, self.seconds, self.rate = 0, 0.0, 0.0
        self._settled, self._begin, self._since = settled, perf_counter(), 0.0

    def count(self, new: bool) -> None:
        """An image is there, made now or not."""
        self.made += new
        self.seconds = perf_counter() - self._begin
        if self.made < self._settled or not new:
            return
        if self.made == self._settled:
            self._since = self.seconds
        elif self.seconds > self._since:
            self.rate = (self.made - self._settled) / (self.seconds - self._since)


def _summary(pace: _Pace, there: int) -> str:
    """What was done, in one line."""
    if not pace.made:
        return f"nothing to make: {counted(there, 'image')} {'was' if there == 1 else 'were'} there already"
    rate = f" ({pace.rate:.1f} a second after the start)" if pace.rate else ""
    already = f"; {there:,} {'was' if there == 1 else 'were'} there already" if there else ""
    return f"made {counted(pace.made, 'image')} in {pace.seconds:.1f} s{rate}{already}"


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
    from synthesis.pose_files import MOTIONS, read_pose_file

    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    files = [file for file in files if file in paths or file.suffix.lower() in MOTIONS]
    if not files:
        stop(f"--poses {paths[0]} holds no {' or '.join(MOTIONS)} file")
    with errors.status("reading poses"):
        read = [read_pose_file(file) for file in files]
    _tell(read)
    return tuple(pose for file in read for pose in file.poses)


def _tell(read: list[PoseFile]) -> None:
    """Say how many poses of each file are kept."""
    from synthesis.pose_files import kept

    for file in read[:_NAMED]:
        errors.print(f"{file.name}: {kept(len(file.poses), file.frames)}", highlight=False)
    if len(read) > _NAMED:
        poses, frames = sum(len(file.poses) for file in read), sum(file.frames for file in read)
        errors.print(f"all {len(read):,} files: {kept(poses, frames)}", highlight=False)


def _pictures(folder: Path | None, option: str) -> tuple[Path, ...]:
    """The pictures of a folder and the folders in it, in the order of their names."""
    if folder is None:
        return ()
    from synthesis.fabrics import PHOTOS

    with errors.status(f"looking at {folder}"):
        found = tuple(sorted(p for p in folder.rglob("*") if p.suffix.lower() in PHOTOS))
    if not found:
        stop(f"{option} {folder} holds no picture ({', '.join(PHOTOS)})")
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
