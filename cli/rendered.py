"""`densemark import --renders`: a folder that `densemark render` made, into a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.common import console, counted, open_state, print_json, print_table, progress_bar, stop
from cli.imported import making_project

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from server.state import State


def import_renders(
    project: str, folder: Path, create: bool, body: str | None, data: Path, as_json: bool, strict: bool = False
) -> None:
    """Bring the images and persons of a folder into a project; what is there already stays. Ends on bad input."""
    from annotation_db.columns import utc_now
    from server.problems import RefusedError
    from synthesis import dataset

    if not (folder / "render.json").is_file() or not (numbers := dataset.numbers_in(folder)):
        stop(f"{folder} holds no renders: `densemark render --out {folder}` makes some")
    about = dataset.about(folder)
    with open_state(data, create) as state, making_project(state, project, create, body) as (project_id, name):
        own = _body(state, project_id)
        if about["body_hash"] != own[1]:
            stop(
                f"{folder} shows the body {about['body']} ({about['body_hash'][:8]}), but {name} is on {own[0]}"
                f" ({own[1][:8]})"
            )
        begin = utc_now()
        ids: list[UUID] = []
        refused = []
        with progress_bar() as bar:
            task = bar.add_task("importing", total=len(numbers))
            for number in numbers:
                try:
                    ids += _image(state, project_id, folder, dataset.record(folder, number))
                except (ValueError, OSError, RefusedError) as error:
                    refused.append((f"image {number}", str(error)))
                bar.advance(task)
        added, present, deleted = _told_apart(state, ids, begin)
    images = len(numbers) - len(refused)
    if as_json:
        problems = [{"file": what, "reason": why} for what, why in refused]
        figures = {"images": images, "persons": added, "persons_present": present, "persons_deleted": deleted}
        print_json({"project": str(project_id), **figures, "refused": problems})
    else:
        _print_result(name, images, (added, present, deleted), refused)
    if strict and refused:
        raise typer.Exit(1)


def _print_result(name: str, images: int, persons: tuple[int, int, int], refused: list[tuple[str, str]]) -> None:
    added, present, deleted = persons
    there = f", {present:,} were there already" if present else ""
    gone = f", {deleted:,} were deleted in the project and stay out" if deleted else ""
    console.print(f"{name}: added {counted(added, 'rendered person')} of {counted(images, 'image')}{there}{gone}")
    if refused:
        console.print(f"{len(refused)} refused:")
        print_table(("what", "why"), refused)


def _body(state: State, project_id: UUID) -> tuple[str, str]:
    from server.projects.service import get_project

    with state.database.read() as session:
        body = get_project(session, None, project_id).body
    return body.name, body.hash


def _image(state: State, project_id: UUID, folder: Path, record: dict[str, Any]) -> list[UUID]:
    """Store one image and its persons; returns their ids."""
    from server.persons.rendered import add_rendered_person

    return [
        add_rendered_person(
            state,
            project_id,
            folder / "images" / record["image"]["file_name"],
            entry["bbox"],
            entry.get("keypoints"),
            entry["segmentation"],
            folder / "truth" / entry["truth"],
        )
        for entry in record["annotations"]
    ]


def _told_apart(state: State, ids: list[UUID], begin: datetime) -> tuple[int, int, int]:
    """How many of the persons are new since `begin`, were there already, and are deleted."""
    from annotation_db.repositories import persons

    added = deleted = 0
    with state.database.read() as session:
        for person_id in ids:
            person = persons.by_id(session, person_id)
            if person is None or person.deleted_at is not None:
                deleted += 1
            elif person.created_at >= begin:
                added += 1
    return added, len(ids) - added - deleted, deleted
