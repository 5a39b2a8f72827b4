"""The user's own files for rendering."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from annotation_db.models import RenderFile, RenderFileKind


def add(session: Session, file: RenderFile) -> None:
    """Insert."""
    session.add(file)
    session.flush()


def of_project(session: Session, project_id: UUID) -> Sequence[RenderFile]:
    """All of a project, by kind and name."""
    query = select(RenderFile).where(RenderFile.project_id == project_id)
    return session.scalars(query.order_by(RenderFile.kind, RenderFile.name, RenderFile.blob)).all()


def by_id(session: Session, project_id: UUID, file_id: UUID) -> RenderFile | None:
    """One file of a project."""
    return session.scalar(select(RenderFile).where(RenderFile.id == file_id, RenderFile.project_id == project_id))


def same(session: Session, project_id: UUID, kind: RenderFileKind, blob: str) -> RenderFile | None:
    """The project's file of these very bytes."""
    query = select(RenderFile).where(RenderFile.project_id == project_id, RenderFile.kind == kind)
    return session.scalar(query.where(RenderFile.blob == blob))


def count(session: Session, project_id: UUID, kind: RenderFileKind) -> int:
    """How many of a kind a project has."""
    query = select(func.count()).where(RenderFile.project_id == project_id, RenderFile.kind == kind)
    return session.scalar(query) or 0


def remove(session: Session, file: RenderFile) -> None:
    """Delete the row."""
    session.delete(file)
    session.flush()


def remove_bytes(session: Session, keys: Collection[str]) -> set[str]:
    """Delete the rows, of all projects, whose bytes have one of these hashes; returns the blobs they had."""
    return set(session.scalars(delete(RenderFile).where(RenderFile.blob.in_(keys)).returning(RenderFile.blob)))
