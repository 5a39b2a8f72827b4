"""`densemark import --renders`: a folder that `densemark render` made, into a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import console, counted, find_project, open_state, print_json, print_table, progress_bar, stop

if TYPE_CHECKING:
    from uuid import UUID

    from server.state import State


def import_renders(project: str, folder: Path, create: bool, body: str | None, data: Path, as_json: bool) -> None:
    """Bring the images and persons of a folder into a project; what is there already stays. Ends on bad input."""
    from server.problems import RefusedError
    from synthesis import dataset

    if not (folder / "render.json").is_file() or not (numbers := dataset.numbers_in(folder)):
        stop(f"{folder} holds no renders: `densemark render --out {folder}` makes some")
    about = dataset.about(folder)
    with open_state(data, create) as state:
        project_id, name = find_project(state, project, create=create, body=body)
        own = _body(state, project_id)
        if about["body_hash"] != own[1]:
            stop(
                f"{folder} shows the body {about['body']} ({about['body_hash'][:8]}), but {name} is on {own[0]}"
                f" ({own[1][:8]})"
            )
        persons, refused = 0, []
        with progress_bar() as bar:
            task = bar.add_task("importing", total=len(numbers))
            for number in numbers:
                try:
                    persons += _image(state, project_id, folder, dataset.record(folder, number))
                except (ValueError, OSError, RefusedError) as error:
                    refused.append((f"image {number}", str(error)))
                bar.advance(task)
    images = len(numbers) - len(refused)
    if as_json:
        problems = [{"file": what, "reason": why} for what, why in refused]
        print_json({"project": str(project_id), "images": images, "persons": persons, "refused": problems})
        return
    console.print(f"{name}: {counted(persons, 'rendered person')} in {counted(images, 'image')}")
    if refused:
        console.print(f"{len(refused)} refused:")
        print_table(("what", "why"), refused)


def _body(state: State, project_id: UUID) -> tuple[str, str]:
    from server.projects.service import get_project

    with state.database.read() as session:
        body = get_project(session, None, project_id).body
    return body.name, body.hash


def _image(state: State, project_id: UUID, folder: Path, record: dict[str, Any]) -> int:
    """Store one image and its persons; returns how many."""
    from server.persons.rendered import add_rendered_person

    for entry in record["annotations"]:
        add_rendered_person(
            state,
            project_id,
            folder / "images" / record["image"]["file_name"],
            entry["bbox"],
            entry.get("keypoints"),
            entry["segmentation"],
            folder / "truth" / entry["truth"],
        )
    return len(record["annotations"])
