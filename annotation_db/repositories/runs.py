"""Trainings of networks, and the images that they learn from."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.orm import Session

from annotation_db.columns import utc_now
from annotation_db.models import Job, JobState, Run, RunImage, RunState, SnapshotImage, Withdrawal
from annotation_db.repositories.place import Place

_CHUNK = 5000
OPEN = (RunState.queued, RunState.running, RunState.stopping)
"""States of a run that has not ended."""


def by_id(session: Session, run_id: UUID, lock: bool = False) -> Run | None:
    """One run; with `lock`, held until the transaction ends."""
    return session.get(Run, run_id, with_for_update=lock or None, populate_existing=lock)


def by_name(session: Session, project_id: UUID, name: str) -> Run | None:
    """The project's run of this name."""
    return session.scalar(select(Run).where(Run.project_id == project_id, Run.name == name))


def place_of(session: Session, run_id: UUID) -> Place | None:
    """The project of a run."""
    project_id = session.scalar(select(Run.project_id).where(Run.id == run_id))
    return Place(project_id) if project_id else None


def page(
    session: Session,
    project_id: UUID,
    before: tuple[datetime, UUID] | None,
    limit: int,
    state: RunState | None = None,
) -> Sequence[Run]:
    """Up to `limit` runs of a project, of one state if one is named, the newest first. A run under way whose job was
    cancelled or failed has ended with it."""
    query = select(Run).where(Run.project_id == project_id)
    if state is not None:
        query = query.where(_state() == state)
    if before:
        query = query.where(tuple_(Run.created_at, Run.id) < before)
    return session.scalars(query.order_by(Run.created_at.desc(), Run.id.desc()).limit(limit)).all()


def _state() -> ColumnElement[RunState]:
    kind = Run.__table__.c.state.type
    job = select(Job.state).where(Job.subject_id == Run.id, Job.kind == Run.kind)
    latest = job.order_by(Job.created_at.desc(), Job.id.desc()).limit(1).scalar_subquery()
    is_open = Run.state.in_(OPEN)
    return case(
        (is_open & (latest == JobState.cancelled), literal(RunState.stopped, kind)),
        (is_open & (latest == JobState.failed), literal(RunState.failed, kind)),
        else_=Run.state,
    )


def everything(session: Session) -> Sequence[Run]:
    """The runs of all projects, the newest first."""
    return session.scalars(select(Run).order_by(Run.created_at.desc(), Run.id.desc())).all()


def add(session: Session, run: Run) -> None:
    """Insert, with the images of its snapshot that are not withdrawn; raises IntegrityError when the name is taken."""
    session.add(run)
    session.flush()
    gone = select(Withdrawal.image_id)
    images = select(SnapshotImage.image_id).where(
        SnapshotImage.snapshot_id == run.snapshot_id, SnapshotImage.image_id.not_in(gone)
    )
    rows = [{"run_id": run.id, "image_id": image_id} for image_id in session.scalars(images)]
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(RunImage), rows[start : start + _CHUNK])


def forget_images(session: Session, run_id: UUID, image_ids: Collection[UUID]) -> None:
    """Have a run not learn from these images: nothing was written of it yet."""
    session.execute(delete(RunImage).where(RunImage.run_id == run_id, RunImage.image_id.in_(image_ids)))


def change(session: Session, run_id: UUID, states: Collection[RunState], **values: Any) -> bool:
    """Set values of a run, if it is in one of these states; returns whether it was."""
    statement = update(Run).where(Run.id == run_id, Run.state.in_(states)).values(**values)
    return session.execute(statement.returning(Run.id)).first() is not None


def end(session: Session, run_id: UUID, state: RunState, error: str | None = None) -> bool:
    """End a run that has not ended; returns whether it had not."""
    return change(session, run_id, OPEN, state=state, error=error, finished_at=utc_now())


def remove(session: Session, run: Run) -> None:
    """Delete a run."""
    session.execute(delete(RunImage).where(RunImage.run_id == run.id))
    session.delete(run)
    session.flush()


def holding(session: Session, image_ids: Collection[UUID]) -> Sequence[Run]:
    """The runs that learn from any of the images, the newest first."""
    inside = select(RunImage.run_id).where(RunImage.image_id.in_(image_ids))
    query = select(Run).where(Run.id.in_(inside))
    return session.scalars(query.order_by(Run.created_at.desc(), Run.id.desc())).all()


def withdrawn_counts(session: Session, run_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many images of several runs were withdrawn; of those that lost any."""
    query = select(RunImage.run_id, func.count()).join(Withdrawal, Withdrawal.image_id == RunImage.image_id)
    rows = session.execute(query.where(RunImage.run_id.in_(run_ids)).group_by(RunImage.run_id))
    return {row[0]: row[1] for row in rows}


def ids(session: Session) -> set[UUID]:
    """All runs."""
    return set(session.scalars(select(Run.id)))
