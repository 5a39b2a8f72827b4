"""Files of snapshots that no row names any more, or does not name yet."""

from annotation_db.repositories import snapshots
from server.snapshots import places
from server.state import State


def drop_unused(state: State, hash_: str) -> None:
    """Remove the files of a content that no snapshot has any more."""
    with state.database.write() as session:
        snapshots.hold_files(session)  # nobody comes to have it meanwhile
        if not snapshots.with_hash(session, hash_):
            places.drop(state.settings, hash_)


def drop_unnamed(state: State) -> None:
    """Remove the files of all contents that no snapshot has, and cards of snapshots that are not there: a job was
    killed between its files and its row."""
    with state.database.write() as session:
        snapshots.hold_files(session)
        places.drop_but(state.settings, snapshots.hashes(session), snapshots.ready_ids(session))
