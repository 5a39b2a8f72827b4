"""Long work: jobs, the shards they are cut into, and the workers that do them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class JobState(StrEnum):
    """A job is queued until it is planned, and ends in one of the last three."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


class Job(WithId, Base):
    """Work that somebody asked for. This row is what people see and what counts; the queue of the workers (dbos) only
    distributes it.

    `done` counts the finished ones of `total` shards. `handed` says that the queue may hold workflows of the job,
    `stopped` that none of them is to be done any more, since it ended early.
    `attempts` counts how often planning and finishing were begun. `subject_id` is what the job is about, if anything.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_project_id_created_at_id", "project_id", "created_at", "id"),
        Index("ix_jobs_state", "state"),
        Index("ix_jobs_subject_id", "subject_id"),
    )

    kind: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(100))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("projects.id"))
    subject_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(300))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(words(JobState), default=JobState.queued)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    handed: Mapped[bool] = mapped_column(default=False)
    stopped: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class JobShard(Base):
    """A part of a job that is done at a stretch; kept until some days after the job has ended."""

    __tablename__ = "job_shards"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    args: Mapped[Any] = mapped_column(JSON)
    result: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Worker(Base):
    """A worker process, by its name; the row goes when the worker ends, or when another takes over what it held.

    `lock` is a file on `host` that the process keeps locked: whoever can lock it on that host knows that it is gone.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    lock: Mapped[str] = mapped_column(Text)
    queues: Mapped[list[str]] = mapped_column(JSON)
    concurrency: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
