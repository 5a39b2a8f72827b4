"""From settings to a state; what must be done once before serving."""

from dataclasses import dataclass

from annotation_db import BlobStore, Database, LocalBlobs, Migrated, migrate, open_blobs
from annotation_db.repositories import images
from server.bodies.registry import Bodies
from server.settings import Settings
from server.state import State

_BATCH = 500


@dataclass(frozen=True)
class Prepared:
    """What `prepare` did."""

    migrated: Migrated
    orphans: int


def prepare(settings: Settings) -> Prepared:
    """Make the data folder, migrate the database (after a backup), and remove what interrupted uploads left."""
    settings.data.mkdir(parents=True, exist_ok=True)
    migrated = migrate(settings.resolved_database_url())
    state = open_state(settings)
    try:
        return Prepared(migrated, remove_orphans(state))
    finally:
        state.database.close()


def open_state(settings: Settings) -> State:
    """Open database, blobs and bodies. The database must have been prepared."""
    return State(
        settings=settings,
        database=Database(settings.resolved_database_url()),
        blobs=open_blobs(settings.resolved_blob_url()),
        bodies=Bodies(settings.data / "bodies"),
    )


def remove_orphans(state: State) -> int:
    """Delete blobs that no row refers to: a blob is stored first, its row after, and a crash can fall between.

    Younger ones than the grace period stay, since another process may be about to write the row.
    """
    grace = state.settings.orphan_grace_minutes * 60
    old = [key for key, age in state.blobs.ages() if age >= grace]
    orphans = 0
    for start in range(0, len(old), _BATCH):
        batch = old[start : start + _BATCH]
        with state.database.read() as session:
            referenced = images.referenced_blobs(session, batch)
        orphans += _delete(state.blobs, set(batch) - referenced)
    if isinstance(state.blobs, LocalBlobs):
        state.blobs.drop_partial(grace)
    return orphans


def _delete(blobs: BlobStore, keys: set[str]) -> int:
    for key in keys:
        blobs.delete(key)
    return len(keys)
