"""The HTTP server, and its Python interface for the command line.

    from server.settings import Settings
    from server import prepare, run
    from server.startup import open_state

    settings = Settings(data=Path("densemark-data"))
    prepare(settings)                                   # folder, migrations (SQLite with a backup)
    state = open_state(settings)
    with state.database.write() as session:
        user = server.users.service.create_user(session, "ada", "Ada", "a password", Role.admin)
        body = state.bodies.keep("anny")
        project = server.projects.service.create_project(session, None, "Demo", "", body.name, body.hash)
        server.projects.service.add_member(session, project.id, user.id)
    server.images.service.import_paths(state, project.id, user.id, [Path("photos")])
    server.images.coco.import_coco_file(state, project.id, user.id, Path("persons.json"), [Path("photos")])
    server.persons.rendered.add_rendered_person(state, project.id, image, bbox, keypoints, segmentation, truth)
    run(settings, host="127.0.0.1", port=8000, workers=1)

Services raise `server.problems.ProblemError`, whose text is made for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotation_db import Migrated
    from server.settings import Settings

__all__ = ["prepare", "run"]


def prepare(settings: Settings) -> Migrated:
    """See `server.startup.prepare`."""
    from server.startup import prepare

    return prepare(settings)


def run(settings: Settings, host: str = "127.0.0.1", port: int = 8000, workers: int = 1, jobs: bool = True) -> None:
    """See `server.running.run`."""
    from server.running import run

    run(settings, host, port, workers, jobs)
