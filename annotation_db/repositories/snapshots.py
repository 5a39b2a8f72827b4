"""Snapshots and the images that they hold."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, tuple_
from sqlalchemy.orm import Session

from annotation_db.models import Snapshot, SnapshotImage, SnapshotState, Withdrawal
from annotation_db.repositories.place import Place

_CHUNK = 5000
_FILES = 0x736E617073686F74  # any number that no other lock of this database has


def by_id(session: Session, snapshot_id: UUID, lock: bool = False) -> Snapshot | None:
    """One snapshot; with `lock`, held until the transaction ends."""
    return session.get(Snapshot, snapshot_id, with_for_update=lock or None, populate_existing=lock)


def by_name(session: Session, project_id: UUID, name: str) -> Snapshot | None:
    """The project's snapshot of this name."""
    return session.scalar(select(Snapshot).where(Snapshot.project_id == project_id, Snapshot.name == name))


def place_of(session: Session, snapshot_id: UUID) -> Place | None:
    """The project of a snapshot."""
    project_id = session.scalar(select(Snapshot.project_id).where(Snapshot.id == snapshot_id))
    return Place(project_id) if project_id else None


def add(session: Session, snapshot: Snapshot) -> None:
    """Insert; raises IntegrityError when the name is taken."""
    session.add(snapshot)
    session.flush()


def page(session: Session, project_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> Sequence[Snapshot]:
    """Up to `limit` snapshots of a project, the newest first."""
    query = select(Snapshot).where(Snapshot.project_id == project_id)
    if before:
        query = query.where(tuple_(Snapshot.created_at, Snapshot.id) < before)
    return session.scalars(query.order_by(Snapshot.created_at.desc(), Snapshot.id.desc()).limit(limit)).all()


def with_hash(session: Session, hash_: str) -> Sequence[Snapshot]:
    """All snapshots of this content."""
    return session.scalars(select(Snapshot).where(Snapshot.hash == hash_)).all()


def hashes(session: Session) -> set[str]:
    """The contents of all snapshots that are ready."""
    return {hash_ for hash_ in session.scalars(select(Snapshot.hash).distinct()) if hash_}


def ready_ids(session: Session) -> set[UUID]:
    """All snapshots that are ready."""
    return set(session.scalars(select(Snapshot.id).where(Snapshot.state == SnapshotState.ready)))


def hold_files(session: Session) -> None:
    """Until this transaction ends nobody else puts the files of a snapshot in their place, or removes such. On SQLite
    that is so of any transaction that writes."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FILES})


def put_images(session: Session, snapshot_id: UUID, image_ids: Sequence[UUID]) -> None:
    """Note which images a snapshot holds, in place of what was noted before."""
    session.execute(delete(SnapshotImage).where(SnapshotImage.snapshot_id == snapshot_id))
    for start in range(0, len(image_ids), _CHUNK):
        rows = [{"snapshot_id": snapshot_id, "image_id": id_} for id_ in image_ids[start : start + _CHUNK]]
        session.execute(insert(SnapshotImage), rows)


def remove(session: Session, snapshot: Snapshot) -> None:
    """Delete a snapshot."""
    session.execute(delete(SnapshotImage).where(SnapshotImage.snapshot_id == snapshot.id))
    session.delete(snapshot)
    session.flush()


def withdrawn_counts(session: Session, snapshot_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many images of several snapshots were withdrawn, and how many persons were erased with them; of those that
    lost any."""
    rows = session.execute(
        select(SnapshotImage.snapshot_id, func.count(), func.sum(Withdrawal.persons))
        .join(Withdrawal, Withdrawal.image_id == SnapshotImage.image_id)
        .where(SnapshotImage.snapshot_id.in_(snapshot_ids))
        .group_by(SnapshotImage.snapshot_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def withdrawn_of(session: Session, snapshot_id: UUID) -> dict[UUID, str]:
    """The images of a snapshot that were withdrawn, with the hashes of the bytes that were kept of them."""
    rows = session.execute(
        select(SnapshotImage.image_id, Withdrawal.blob)
        .join(Withdrawal, Withdrawal.image_id == SnapshotImage.image_id)
        .where(SnapshotImage.snapshot_id == snapshot_id)
        .order_by(SnapshotImage.image_id)
    )
    return {row[0]: row[1] for row in rows}


def holding(session: Session, image_ids: Collection[UUID]) -> Sequence[Snapshot]:
    """The snapshots that hold any of the images, the newest first."""
    inside = select(SnapshotImage.snapshot_id).where(SnapshotImage.image_id.in_(image_ids))
    query = select(Snapshot).where(Snapshot.id.in_(inside))
    return session.scalars(query.order_by(Snapshot.created_at.desc(), Snapshot.id.desc())).all()


def holders(session: Session, image_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many snapshots hold each of the images."""
    rows = session.execute(
        select(SnapshotImage.image_id, func.count())
        .where(SnapshotImage.image_id.in_(image_ids))
        .group_by(SnapshotImage.image_id)
    )
    return {row[0]: row[1] for row in rows}
