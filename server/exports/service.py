"""Datasets of a project."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from fastapi.responses import FileResponse

from annotation_db.repositories import projects
from export.project import ExportResult
from export.project import export_project as write_dataset
from server.exports.downloads import download_of
from server.problems import NotFoundError
from server.state import State
from surface.body import Body
from surface.transfer import Transfer
from surface.transfer_file import kept

Transferring = Callable[[Body, Body], Transfer]


def export_project(state: State, project_id: UUID, format_: str, body: str | None = None) -> FileResponse:
    """A project's dataset as one file; `body` as for `write`.

    :raises BeingMadeError: the transfer to that body is not there yet.
    """
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "project"

    def made(path: Path) -> None:
        written = write(state, project_id, path.parent, format_, body, transfers=state.transfers.ready)
        written.files[0].replace(path)

    return download_of(state, f"{stem}-{format_}.json", made)


def write(
    state: State,
    project_id: UUID,
    out: Path,
    format_: str,
    body: str | None = None,
    split: str | None = None,
    images: bool = False,
    progress: Callable[[int, int], None] | None = None,
    transfers: Transferring | None = None,
) -> ExportResult:
    """Write a project's dataset into a folder.

    :param body: name or hash of the body that marks are written on; None for the one they were made on.
    :param progress: of the registration of the two bodies, where it must be made first.
    :param transfers: finds the transfer between two bodies; by default it is registered here if none is kept.
    :raises NotFoundError: no such project or body.
    :raises ValueError: the project cannot be written like this; the message says why.
    """
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        own = state.bodies.by_hash(project.body_hash).body
    finding = transfers or partial(kept, state.transfers.folder, progress=progress)
    transfer = None if body is None else _transfer(state, own, body, finding)
    with state.database.read() as session:
        return write_dataset(
            session,
            project_id,
            out,
            format_,
            split=split,
            blobs=state.blobs if images else None,
            body=own,
            transfer=transfer,
        )


def _transfer(state: State, own: Body, name: str, transfers: Transferring) -> Transfer | None:
    """The transfer to a body by name or hash; None when it is the same body."""
    other = state.bodies.by_name(name).body
    return None if other.hash == own.hash else transfers(own, other)
