"""Datasets of a project."""

import re
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from annotation_db.repositories import projects
from export.project import ExportResult
from export.project import export_project as write_dataset
from server.problems import NotFoundError, RefusedError
from server.state import State
from surface.body import Body
from surface.transfer import Transfer
from surface.transfer_file import kept

_registering = threading.Lock()  # two requests for the same transfer would both take its half minute


def export_project(state: State, project_id: UUID, format_: str, body: str | None = None) -> tuple[str, bytes]:
    """File name and content of a project's dataset in one file; `body` as for `write`."""
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "project"
    with tempfile.TemporaryDirectory() as folder:
        try:
            written = write(state, project_id, Path(folder), format_, body)
        except ValueError as error:
            raise RefusedError(f"the project cannot be exported: {error}") from error
        return f"{stem}-{format_}.json", written.files[0].read_bytes()


def write(
    state: State,
    project_id: UUID,
    out: Path,
    format_: str,
    body: str | None = None,
    split: str | None = None,
    images: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ExportResult:
    """Write a project's dataset into a folder.

    :param body: name or hash of the body that marks are written on; None for the one they were made on.
    :param progress: of the registration of the two bodies, where it must be made first.
    :raises NotFoundError: no such project or body.
    :raises ValueError: the project cannot be written like this; the message says why.
    """
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        own = state.bodies.by_hash(project.body_hash).body
    transfer = None if body is None else transfer_to(state, own, body, progress)
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


def transfer_to(
    state: State, own: Body, name: str, progress: Callable[[int, int], None] | None = None
) -> Transfer | None:
    """The transfer to a body by name or hash, registered once and kept; None when it is the same body."""
    other = state.bodies.by_name(name).body
    if other.hash == own.hash:
        return None
    with _registering:
        return kept(state.settings.data / "bodies" / "transfers", own, other, progress)
