"""Datasets of a project."""

import re
import tempfile
from uuid import UUID

from annotation_db.repositories import projects
from export.project import export_project as write_dataset
from server.problems import NotFoundError, RefusedError
from server.state import State


def export_project(state: State, project_id: UUID, format_: str) -> tuple[str, bytes]:
    """File name and content of a project's dataset in one file."""
    with tempfile.TemporaryDirectory() as folder, state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        try:
            written = write_dataset(session, project_id, folder, format_)
        except ValueError as error:
            raise RefusedError(f"the project cannot be exported: {error}") from error
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "project"
        return f"{stem}-{format_}.json", written.files[0].read_bytes()
