"""Jobs, their shards, and workers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, select, tuple_, update
from sqlalchemy.orm import Session

from annotation_db.columns import utc_now
from annotation_db.models.jobs import Job, JobShard, JobState, Worker
from annotation_db.repositories.place import Place

ENDED = (JobState.done, JobState.failed, JobState.cancelled)
OPEN = (JobState.queued, JobState.running)
_EARLY = (JobState.failed, JobState.cancelled)


class ToHand(NamedTuple):
    """A job whose workflows the queue lacks."""

    id: UUID
    queue: str


def add(session: Session, job: Job) -> None:
    """Insert."""
    session.add(job)
    session.flush()


def by_id(session: Session, job_id: UUID, lock: bool = False) -> Job | None:
    """One job; with `lock`, held until the transaction ends."""
    return session.get(Job, job_id, with_for_update=lock or None, populate_existing=lock)


def many(session: Session, job_ids: Collection[UUID]) -> Sequence[Job]:
    """Several jobs."""
    return session.scalars(select(Job).where(Job.id.in_(job_ids))).all()


def place_of(session: Session, job_id: UUID) -> Place | None:
    """Where a job of a project belongs."""
    project_id = session.scalar(select(Job.project_id).where(Job.id == job_id))
    return Place(project_id) if project_id else None


def page(session: Session, project_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> Sequence[Job]:
    """Up to `limit` jobs of a project, the youngest first."""
    query = select(Job).where(Job.project_id == project_id).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    if before:
        query = query.where(tuple_(Job.created_at, Job.id) < before)
    return session.scalars(query).all()


def latest(session: Session, kind: str, subject_id: UUID) -> Job | None:
    """The youngest job of a kind about one thing."""
    query = select(Job).where(Job.kind == kind, Job.subject_id == subject_id)
    return session.scalars(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(1)).first()


def open_subjects(session: Session, kind: str) -> set[UUID]:
    """What the jobs of a kind are about that have not ended."""
    found = session.scalars(select(Job.subject_id).where(Job.kind == kind, Job.state.in_(OPEN)))
    return {id_ for id_ in found if id_ is not None}


def open_args(session: Session, project_id: UUID) -> list[dict[str, Any]]:
    """What the jobs of a project were asked for that have not ended."""
    return list(session.scalars(select(Job.args).where(Job.project_id == project_id, Job.state.in_(OPEN))))


def plan(session: Session, job: Job, shards: Sequence[Any]) -> None:
    """Cut a queued job, which is locked, into shards; it runs from now on."""
    session.add_all(JobShard(job_id=job.id, index=index, args=args) for index, args in enumerate(shards))
    job.state, job.total, job.started_at = JobState.running, len(shards), utc_now()
    session.flush()


def shard(session: Session, job_id: UUID, index: int) -> JobShard | None:
    """One shard."""
    return session.get(JobShard, (job_id, index))


def unfinished(session: Session, job_id: UUID) -> Sequence[int]:
    """The shards that are still to be done."""
    query = select(JobShard.index).where(JobShard.job_id == job_id, JobShard.finished_at.is_(None))
    return session.scalars(query.order_by(JobShard.index)).all()


def results(session: Session, job_id: UUID) -> list[Any]:
    """What the shards gave, in their order."""
    query = select(JobShard.result).where(JobShard.job_id == job_id).order_by(JobShard.index)
    return list(session.scalars(query))


def begin_shard(session: Session, job_id: UUID, index: int) -> int:
    """Count an attempt; returns the how manyth it is."""
    statement = update(JobShard).where(JobShard.job_id == job_id, JobShard.index == index)
    return session.execute(statement.values(attempts=JobShard.attempts + 1).returning(JobShard.attempts)).scalar_one()


def begin(session: Session, job_id: UUID) -> int:
    """Count an attempt to plan or finish; returns the how manyth it is."""
    statement = update(Job).where(Job.id == job_id).values(attempts=Job.attempts + 1)
    return session.execute(statement.returning(Job.attempts)).scalar_one()


def forget_attempts(session: Session, job_id: UUID) -> None:
    """Count the attempts of a job's open shards anew: they come on."""
    statement = update(JobShard).where(JobShard.job_id == job_id, JobShard.finished_at.is_(None))
    session.execute(statement.values(attempts=0))
    session.execute(update(Job).where(Job.id == job_id).values(attempts=0))


def finish_shard(session: Session, job_id: UUID, index: int, result: Any) -> int:
    """Keep a shard's result, once; returns how many shards are left."""
    kept = session.execute(
        update(JobShard)
        .where(JobShard.job_id == job_id, JobShard.index == index, JobShard.finished_at.is_(None))
        .values(result=result, finished_at=utc_now())
        .returning(JobShard.index)
    ).first()
    counted = update(Job).where(Job.id == job_id).values(done=Job.done + (1 if kept else 0))
    return session.execute(counted.returning(Job.total - Job.done)).scalar_one()


def end(session: Session, job_id: UUID, state: JobState, result: Any = None, error: str | None = None) -> bool:
    """End a job that has not ended; returns whether it had not."""
    statement = update(Job).where(Job.id == job_id, Job.state.in_(OPEN))
    ended = statement.values(state=state, result=result, error=error, message="", finished_at=utc_now())
    return session.execute(ended.returning(Job.id)).first() is not None


def say(session: Session, job_id: UUID, message: str) -> None:
    """What the job is busy with."""
    session.execute(update(Job).where(Job.id == job_id, Job.state.in_(OPEN)).values(message=message))


def queues(session: Session) -> set[str]:
    """All that jobs were ever put in."""
    return set(session.scalars(select(Job.queue).distinct()))


def to_hand(session: Session) -> Sequence[ToHand]:
    """Open jobs that the queue has not been given, the oldest first."""
    query = select(Job.id, Job.queue).where(Job.state.in_(OPEN), Job.handed.is_(False)).order_by(Job.created_at)
    return [ToHand(*row) for row in session.execute(query)]


def to_stop(session: Session) -> Sequence[Job]:
    """Jobs that failed or were cancelled, of which the queue may still hold something to do."""
    query = select(Job).where(Job.state.in_(_EARLY), Job.handed.is_(True), Job.stopped.is_(False))
    return session.scalars(query.limit(20)).all()


def stop(session: Session, job_id: UUID) -> None:
    """Note that the queue has nothing more to do of a job."""
    session.execute(update(Job).where(Job.id == job_id).values(stopped=True))


def to_forget(session: Session, finished_before: datetime) -> Sequence[Job]:
    """Jobs that ended before a moment, however, and that the queue may know."""
    query = select(Job).where(Job.state.in_(ENDED), Job.handed.is_(True), Job.finished_at < finished_before)
    return session.scalars(query.limit(20)).all()


def hand(session: Session, job_ids: Collection[UUID], handed: bool) -> None:
    """Note that the queue may hold something of the jobs, or does not."""
    session.execute(update(Job).where(Job.id.in_(job_ids)).values(handed=handed))


def hand_again(session: Session) -> None:
    """Have all open jobs given to the queue once more, which takes nothing twice, should it have lost them."""
    session.execute(update(Job).where(Job.state.in_(OPEN)).values(handed=False))


def drop_shards(session: Session, finished_before: datetime) -> None:
    """Forget the shards of jobs that ended before a moment."""
    old = select(Job.id).where(Job.state.in_(ENDED), Job.finished_at < finished_before)
    session.execute(delete(JobShard).where(JobShard.job_id.in_(old)))


def ended(session: Session, job_ids: Collection[UUID]) -> set[UUID]:
    """Those of the jobs that have ended, or are not there."""
    going = set(session.scalars(select(Job.id).where(Job.id.in_(job_ids), Job.state.in_(OPEN))))
    return set(job_ids) - going


def given_up(session: Session, job_ids: Collection[UUID]) -> set[UUID]:
    """Those of the jobs that failed or were cancelled."""
    return set(session.scalars(select(Job.id).where(Job.id.in_(job_ids), Job.state.in_(_EARLY))))


def workers(session: Session) -> Sequence[Worker]:
    """All that are known."""
    return session.scalars(select(Worker).order_by(Worker.name)).all()


def worker(session: Session, name: str) -> Worker | None:
    """One worker."""
    return session.get(Worker, name)


def see(session: Session, worker: Worker) -> None:
    """Insert or renew a worker."""
    session.merge(worker)
    session.flush()


def forget(session: Session, name: str, seen_at: datetime | None = None) -> None:
    """Delete a worker; with `seen_at`, unless it was seen since."""
    statement = delete(Worker).where(Worker.name == name)
    session.execute(statement.where(Worker.seen_at == seen_at) if seen_at else statement)


def seen_since(session: Session, moment: datetime) -> bool:
    """Whether any worker was seen since a moment."""
    return bool(session.scalar(select(exists().where(Worker.seen_at >= moment))))
