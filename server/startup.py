"""From settings to a state; what must be done once before serving."""

import shutil

from annotation_db import Database, LocalBlobs, Migrated, migrate, open_blobs
from annotation_db.repositories import images
from server.settings import Settings
from server.state import State

_BATCH = 500


def prepare(settings: Settings) -> Migrated:
    """Make the data folder and migrate the database (SQLite after a backup)."""
    settings.data.mkdir(parents=True, exist_ok=True)
    return migrate(settings.resolved_database_url())


def clean(settings: Settings) -> int:
    """Remove what interrupted uploads, downloads, snapshots, withdrawals and removals of runs left; returns how many
    blobs of uploads. The database must have been prepared."""
    from server.runs import withdrawn  # here: step processes need nothing of it
    from server.snapshots import unused
    from server.withdrawals import service as withdrawals

    state = open_state(settings)
    try:
        withdrawals.complete(state)
        unused.drop_unnamed(state)
        withdrawn.drop_unnamed(state)
        shutil.rmtree(settings.data / "cache" / "exports", ignore_errors=True)
        return remove_orphans(state)
    finally:
        state.database.close()


def open_state(settings: Settings) -> State:
    """Open database, blobs and bodies. The database must have been prepared."""
    state = open_lazily(settings)
    _ = state.bodies, state.geodesics, state.transfers, state.watching
    return state


def open_lazily(settings: Settings) -> State:
    """The same for one thread that may need little of it."""
    return State(settings, Database(settings.resolved_database_url()), open_blobs(settings.resolved_blob_url()))


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
        for key in set(batch) - referenced:
            age = state.blobs.age(key)
            if age is not None and age >= grace:  # the same file may have been put again since the list was made
                state.blobs.delete(key)
                orphans += 1
    if isinstance(state.blobs, LocalBlobs):
        state.blobs.drop_partial(grace)
    return orphans
