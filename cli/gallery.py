"""`densemark gallery`, and `densemark export --open`: a dataset as one page that needs nothing else."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import DEFAULT_BODY, DEFAULT_DATA, DataDir, console, counted, errors

if TYPE_CHECKING:
    from uuid import UUID

    from export.gallery import Dataset, Photo
    from server.state import State
    from surface.body import Body

Most = Annotated[int, typer.Option("--most", min=1, help="Persons in the page; those with points come first.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Write the page, but do not open it.")]


def gallery(
    dataset: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A dataset file (COCO, DensePose).")],
    images: Annotated[Path, typer.Option(exists=True, file_okay=False, help="The folder that its photos are in.")],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The page; gallery.html beside the dataset if not given.")
    ] = None,
    body: Annotated[
        str | None, typer.Option(help="The body that the points are on; the one that the file names if not given.")
    ] = None,
    most: Most = 200,
    no_browser: NoBrowser = False,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Show a dataset file as one page: photos, masks, points, and the points on the body. Nothing is loaded from
    elsewhere, so the page can be sent on."""
    from export.gallery import read

    found = read([dataset], most)
    page = out or dataset.with_name("gallery.html")
    write_page(page, found, body_of(found, body, data), photos_in(images), dataset.stem, not no_browser)


def body_of(dataset: Dataset, name: str | None, data: Path) -> Body:
    """The body of a name, else the one that the file names by hash or `ref_model`, else the default one.

    Raises:
        ValueError: the file says that its points are on another body, or on one that is not here.
    """
    import surface
    from cli.body_names import load

    if name is not None:
        found = load(name, data)
        if dataset.body_hash not in ("", found.hash):
            raise ValueError(f"the dataset's points are on body {dataset.body_hash[:12]}, not on {found.name!r}")
        return found
    if dataset.body_hash:
        sources: list[str | Path] = [*surface.names(), *sorted((data / "bodies").glob("*.npz"))]
        for source in sources:
            if (there := surface.load(source)).hash == dataset.body_hash:
                return there
        raise ValueError(
            f"the dataset's points are on body {dataset.body_hash[:12]}, which is not here: name its --body"
        )
    models = {str(entry["ref_model"]) for _, entry, _ in dataset.persons if "ref_model" in entry}
    if len(models) > 1:
        raise ValueError(f"the dataset's points are on several bodies: {', '.join(sorted(models))}")
    if not models and dataset.annotated:
        errors.print(f"note: the dataset does not say which body its points are on: {DEFAULT_BODY}", style="yellow")
    return load(models.pop() if models else DEFAULT_BODY, data)


def photos_in(folder: Path) -> Photo:
    """Photos by the names that they have in a dataset: in a folder, or all directly in it."""

    def photo(name: str) -> bytes | None:
        for path in (folder / name, folder / Path(name).name):
            if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
                return path.read_bytes()
        return None

    return photo


def photos_of(state: State, project_id: UUID) -> Photo:
    """Photos of a project by file name."""
    from annotation_db.repositories import dataset_rows

    with state.database.read() as session:
        kept = {image.file_name: image.blob for image in dataset_rows.images(session, project_id, None)}

    def photo(name: str) -> bytes | None:
        if name not in kept:
            return None
        with state.blobs.open(kept[name]) as file:
            return file.read()

    return photo


def write_page(
    out: Path,
    dataset: Dataset,
    body: Body,
    photo: Photo,
    title: str,
    show: bool,
    say: Callable[[str], None] = console.print,
) -> None:
    """Write the page, say where it is, and open it in a browser where there is one and `show` is set."""
    from export.gallery import write

    with errors.status("writing the page"):
        write(out, dataset, body, photo, title)
    left = dataset.count - len(dataset.persons)
    more = f"; {left:,} more are left out, see --most" if left else ""
    say(f"wrote {out.absolute()}: {counted(len(dataset.persons), 'person')}, {out.stat().st_size / 1e6:.1f} MB{more}")
    if show and has_screen():
        webbrowser.open(out.absolute().as_uri())


def has_screen() -> bool:
    """Whether a browser could show anything."""
    elsewhere = sys.platform in ("darwin", "win32")
    return elsewhere or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_export(state: State, project_id: UUID, title: str, files: Sequence[Path], most: int, show: bool) -> None:
    """The page of a project's exported files, beside them."""
    from export.gallery import read

    found = read(files, most)
    body = state.bodies.by_hash(found.body_hash).body
    write_page(files[0].with_name("gallery.html"), found, body, photos_of(state, project_id), title, show, errors.print)
