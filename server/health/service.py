"""Whether the server can do its work."""

from sqlalchemy.exc import SQLAlchemyError

from annotation_db import current_revision, newest_revision
from server.health.schemas import Readiness
from server.jobs.service import a_worker_lives
from server.state import State


def readiness(state: State) -> Readiness:
    """Ask the database, its migrations, the blob store, and whether there is a worker."""
    worker = False
    try:
        state.database.check()
        database, migrations = True, current_revision(state.database.engine) == newest_revision()
        with state.database.read() as session:
            worker = migrations and a_worker_lives(session)
    except SQLAlchemyError:
        database = migrations = False
    try:
        state.blobs.check()
        blobs = True
    except OSError:
        blobs = False
    return Readiness(database=database, migrations=migrations, blobs=blobs, worker=worker)
