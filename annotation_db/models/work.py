"""Tasks, part masks, points and marks. Masks and marks are append-only revisions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from annotation.words import MarkFlag, MarkKind, TaskKind, TaskState
from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class Task(WithId, Base):
    """Work on one person. Whoever holds an unexpired lease is the only one who writes."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("person_id", "kind"),
        Index("ix_tasks_project_id_state_lease_until", "project_id", "state", "lease_until"),
        Index("ix_tasks_lease_user_id_project_id", "lease_user_id", "project_id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    kind: Mapped[TaskKind] = mapped_column(words(TaskKind))
    state: Mapped[TaskState] = mapped_column(words(TaskState), default=TaskState.open)
    lease_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class Mask(WithId, Base):
    """A person's part mask; its pixels are in the revision numbered `revision` (none at 0).

    `sampled_revision` is the revision that the points were last sampled from.
    """

    __tablename__ = "masks"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), unique=True)
    revision: Mapped[int] = mapped_column(default=0)
    sampled_revision: Mapped[int] = mapped_column(default=0)


class MaskRevision(Base):
    """One state of a mask: compressed COCO RLE counts by part label, in whole-image coordinates."""

    __tablename__ = "mask_revisions"
    __table_args__ = (UniqueConstraint("mask_id", "write_id"),)

    mask_id: Mapped[UUID] = mapped_column(ForeignKey("masks.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    write_id: Mapped[UUID]
    width: Mapped[int]
    height: Mapped[int]
    counts: Mapped[dict[str, str]] = mapped_column(JSON)
    parts: Mapped[int]
    area: Mapped[int]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class Point(WithId, Base):
    """A sampled image position; superseded points and their marks are kept."""

    __tablename__ = "points"
    __table_args__ = (Index("ix_points_person_id_order", "person_id", "order"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    part: Mapped[int]
    x: Mapped[float]
    y: Mapped[float]
    order: Mapped[int]
    mask_revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    superseded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Mark(WithId, Base):
    """A mark on a point; what it says is in the revision numbered `revision`, by `annotator_id`."""

    __tablename__ = "marks"
    __table_args__ = (UniqueConstraint("point_id", "annotator_id"),)

    point_id: Mapped[UUID] = mapped_column(ForeignKey("points.id"))
    annotator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    revision: Mapped[int] = mapped_column(default=0)


class MarkRevision(Base):
    """One state of a mark: where it was clicked, the surface point in both forms, on which body, how long it took."""

    __tablename__ = "mark_revisions"
    __table_args__ = (UniqueConstraint("mark_id", "write_id"),)

    mark_id: Mapped[UUID] = mapped_column(ForeignKey("marks.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    write_id: Mapped[UUID]
    kind: Mapped[MarkKind] = mapped_column(words(MarkKind))
    flag: Mapped[MarkFlag | None] = mapped_column(words(MarkFlag))
    view: Mapped[int | None]
    x: Mapped[float | None]
    y: Mapped[float | None]
    face: Mapped[int | None]
    bary_0: Mapped[float | None]
    bary_1: Mapped[float | None]
    bary_2: Mapped[float | None]
    i: Mapped[int | None]
    u: Mapped[float | None]
    v: Mapped[float | None]
    body_hash: Mapped[str | None] = mapped_column(String(64))
    annotator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)

    @property
    def bary(self) -> tuple[float, float, float] | None:
        """Barycentric coordinates as one value."""
        if self.bary_0 is None or self.bary_1 is None or self.bary_2 is None:
            return None
        return self.bary_0, self.bary_1, self.bary_2
