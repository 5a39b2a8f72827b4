"""Jobs: start, list, cancel. Nothing here waits for a worker."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from server.jobs.schemas import Job
from server.paging import page_by_time
from server.problems import ConflictError, NotFoundError
from server.schemas import Page

SEEN_LATELY = timedelta(seconds=30)


def start(
    session: Session,
    kind: str,
    args: dict[str, Any],
    *,
    title: str,
    project_id: UUID | None = None,
    subject_id: UUID | None = None,
    user_id: UUID | None = None,
    queue: str = "default",
) -> models.Job:
    """Note a job, within the caller's transaction: a worker finds it as soon as that is committed.

    `kind` is a name in `server.jobs.kinds`, `args` JSON, `subject_id` what `latest` finds it by.
    """
    job = models.Job(
        kind=kind,
        queue=queue,
        project_id=project_id,
        subject_id=subject_id,
        title=title,
        args=args,
        state=JobState.queued,
        done=0,
        total=0,
        message="",
        handed=False,
        stopped=False,
        attempts=0,
        created_by=user_id,
        created_at=utc_now(),
    )
    jobs.add(session, job)
    return job


def latest(session: Session, kind: str, subject_id: UUID) -> models.Job | None:
    """The youngest job of a kind about one thing."""
    return jobs.latest(session, kind, subject_id)


def list_jobs(session: Session, project_id: UUID, after: str | None, limit: int) -> Page[Job]:
    """One page of a project's jobs, the youngest first."""
    return page_by_time(lambda place, most: jobs.page(session, project_id, place, most), after, limit, outs)


def get_job(session: Session, job_id: UUID) -> Job:
    """One job; raises NotFoundError."""
    row = jobs.by_id(session, job_id)
    if row is None:
        raise NotFoundError("no such job")
    return out(row)


def cancel(session: Session, job_id: UUID) -> Job:
    """Cancel a job; what of it is under way is ended within seconds. Again is no error; raises ConflictError when it
    has ended otherwise."""
    jobs.end(session, job_id, JobState.cancelled)
    row = jobs.by_id(session, job_id, lock=True)
    if row is None:
        raise NotFoundError("no such job")
    if row.state != JobState.cancelled:
        raise ConflictError(f"the job has ended already: {row.state}", current=out(row))
    return out(row)


def a_worker_lives(session: Session) -> bool:
    """Whether any worker was seen lately."""
    return jobs.seen_since(session, utc_now() - SEEN_LATELY)


def outs(rows: Sequence[models.Job]) -> list[Job]:
    """Jobs as the API shows them."""
    return [out(row) for row in rows]


def out(row: models.Job) -> Job:
    """A job as the API shows it."""
    return Job(
        id=row.id,
        kind=row.kind,
        project_id=row.project_id,
        title=row.title,
        state=row.state,
        done=row.done,
        total=row.total,
        message=row.message,
        error=row.error,
        result=row.result,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        created_by=row.created_by,
    )
