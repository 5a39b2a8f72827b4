"""`densemark import --images / --coco / --densepose`: photos, and the persons of dataset files, into a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.common import console, counted, find_project, open_state, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from uuid import UUID

    from server.images.schemas import CocoResult, ImportResult
    from server.state import State

_LISTED = 50  # refusals and notes that are shown; --json has all


@dataclass(frozen=True)
class Wanted:
    """What is to be imported into which project; see the options of `densemark import`."""

    project: str
    images: Sequence[Path]
    file: Path | None
    dense: bool
    as_project_body: bool
    tags: Sequence[str]
    create: bool
    body: str | None
    strict: bool = False


def import_dataset(wanted: Wanted, data: Path, as_json: bool) -> None:
    """Import, and tell what became of it. What cannot be read is named; the rest goes through. With `strict`, exits 1
    at the end when anything was refused. A project that was made for an import that fails does not stay."""
    from server.images.coco import Options, import_coco_file
    from server.images.schemas import CocoResult
    from server.images.service import import_paths

    options = Options(wanted.as_project_body, tuple(wanted.tags), wanted.dense)
    with (
        open_state(data, wanted.create) as state,
        _steps() as progress,
        making_project(state, wanted.project, wanted.create, wanted.body) as (project_id, name),
    ):
        if wanted.file is None:
            result: ImportResult = import_paths(state, project_id, None, wanted.images, wanted.tags, progress)
        else:
            result = import_coco_file(state, project_id, None, wanted.file, wanted.images, options, progress)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print_result(name, result)
    if wanted.strict and (result.refused or (isinstance(result, CocoResult) and result.refused_persons)):
        raise typer.Exit(1)


@contextmanager
def making_project(state: State, project: str, create: bool, body: str | None) -> Iterator[tuple[UUID, str]]:
    """Id and name of the project to import into; see `find_project`. One that is made here is taken away again when
    the import fails before it has stored an image."""
    from annotation_db import utc_now
    from annotation_db.repositories import projects

    begin = utc_now()
    project_id, name = find_project(state, project, create=create, body=body)
    try:
        yield project_id, name
    except BaseException:
        if create:
            with state.database.write() as session:
                projects.remove_empty(session, project_id, begin)
        raise


def _print_result(name: str, result: ImportResult) -> None:
    from server.images.schemas import CocoResult

    persons = f", {result.persons:,} persons" if isinstance(result, CocoResult) else ""
    console.print(f"{name}: {len(result.stored):,} photos stored{persons}, {len(result.duplicates):,} there already")
    refused = [(file.file, file.reason) for file in result.refused]
    if isinstance(result, CocoResult):
        _print_notes(result)
        refused += [(f"person {person.id}", person.reason) for person in result.refused_persons]
    if refused:
        console.print(f"{len(refused):,} refused:")
        print_table(("what", "why"), refused[:_LISTED])
        _print_rest(len(refused))


def _print_notes(result: CocoResult) -> None:
    if result.dense:
        console.print(f"with masks and points: {counted(result.dense, 'person')}, {counted(result.points, 'point')}")
    if result.persons_present:
        console.print(f"{counted(result.persons_present, 'person')} there already")
    for remark in result.remarks:
        console.print(f"note: {remark}", markup=False)
    for note in result.notes[:_LISTED]:
        console.print(f"note: person {note.id}: {note.note}", markup=False)
    _print_rest(len(result.notes))


def _print_rest(count: int) -> None:
    if count > _LISTED:
        console.print(f"... and {count - _LISTED:,} more; --json lists all")


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar that follows one step after the other."""
    with progress_bar(transient=True) as bar:  # a refusal is one line
        tasks = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield tell
