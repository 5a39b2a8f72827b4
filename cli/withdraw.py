"""`densemark withdraw`: what erases a photo that its subject withdrew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import DEFAULT_DATA, AsJson, DataDir, console, counted, errors, find_project, open_state, print_json

if TYPE_CHECKING:
    from uuid import UUID

    from server.state import State
    from server.withdrawals.schemas import Reach


def withdraw(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="A project's name or id.")],
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="The image's id or file name.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept, so name nobody.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Erase a photo that its subject withdrew, with everything made on it, in every project that has its bytes. It
    cannot be brought back, nor imported again. How far that reaches is told before it asks."""
    from server.withdrawals import service

    with open_state(data) as state:
        image_id = _image(state, find_project(state, project)[0], image)
        if not yes:
            with state.database.read() as session:
                _print_reach(service.reach(session, image_id))
            typer.confirm(f"Erase {image} and everything on it for good?", abort=True, err=True)
        done = service.withdraw(state, image_id, reason, None)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    persons = sum(item.persons for item in done.withdrawals)
    console.print(f"erased {counted(len(done.withdrawals), 'image')} with {counted(persons, 'person')}")
    for snapshot in done.snapshots:
        console.print(
            f"the snapshot {snapshot.name!r} ({snapshot.id}) held it: no export of it has it any more", markup=False
        )
    console.print("backups made before still hold it: delete them, or make new ones")


def _print_reach(reach: Reach) -> None:
    """Tell, on standard error, what a withdrawal will erase and affect."""
    for project in reach.projects:
        what = f"{counted(project.images, 'image')}, {counted(project.persons, 'person')}"
        errors.print(f"project {project.name!r}: {what if project.images else 'erased before'}", markup=False)
    for study in reach.studies:
        errors.print(f"study {study.name!r} shows it, and loses its persons with their marks", markup=False)
    for snapshot in reach.snapshots:
        errors.print(f"snapshot {snapshot.name!r} holds it; no export of it will have it any more", markup=False)


def _image(state: State, project_id: UUID, name: str) -> UUID:
    """The id of an image of a project, taken out ones too, or of one that was withdrawn."""
    from uuid import UUID

    from annotation_db.repositories import dataset_rows, withdrawals

    with state.database.read() as session:
        rows = dataset_rows.images(session, project_id, None)
        found = [row.id for row in rows if name in (row.file_name, str(row.id))]
        if found:
            return found[0]
        try:
            known = withdrawals.of_image(session, UUID(name))
        except ValueError:
            known = None
    if known is None:
        raise ValueError(f"the project has no image {name!r}")
    return known.image_id
