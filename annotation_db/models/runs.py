"""Trainings of networks on snapshots."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class RunState(StrEnum):
    """Waiting for a device, learning, asked to end; ended so that it can go on; done; given up."""

    queued = "queued"
    running = "running"
    stopping = "stopping"
    stopped = "stopped"
    finished = "finished"
    failed = "failed"


class Run(WithId, Base):
    """A training. Its files lie in the data folder, in `runs/` under its id; a job of the kind `kind` about it does it.

    `snapshot_id` is what it learns from, which may have been removed since: `snapshot_name` and `snapshot_hash` stay.
    `changes` are "key=value" for the recipe, `hours` the most that it may train, `seconds` how long it has.
    `latest` is what the newest line of metrics said, `newest` and `best` are evaluations: {"step", "figures"}.
    """

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        Index("ix_runs_project_id_created_at_id", "project_id", "created_at", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    snapshot_id: Mapped[UUID]
    snapshot_name: Mapped[str] = mapped_column(String(200))
    snapshot_hash: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[str] = mapped_column(String(100))
    changes: Mapped[list[str]] = mapped_column(JSON)
    device: Mapped[str] = mapped_column(String(32))
    hours: Mapped[float | None]
    state: Mapped[RunState] = mapped_column(words(RunState), default=RunState.queued)
    error: Mapped[str | None] = mapped_column(Text)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    seconds: Mapped[float] = mapped_column(default=0.0)
    latest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    newest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    best: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    notes: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    cloned_from: Mapped[UUID | None]
    worker: Mapped[str | None] = mapped_column(String(255))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RunImage(Base):
    """An image that a run learns from or is measured on; the row outlives image and snapshot."""

    __tablename__ = "run_images"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    image_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
