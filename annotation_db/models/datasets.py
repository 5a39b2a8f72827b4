"""Snapshots of a project's accepted work, what imported persons looked like, and what was withdrawn."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class SnapshotState(StrEnum):
    """Being written by its job, readable, or given up with that job."""

    making = "making"
    ready = "ready"
    failed = "failed"


class Snapshot(WithId, Base):
    """An immutable version of a project's accepted work as it stood at `as_of`.

    Its files lie in a folder named by `hash`, which is that of their content; `settings` are what it was asked for
    (filters, splits, choice of marks, body), `card` what it holds and how it was measured. Both are set once.
    """

    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(200))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    as_of: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[SnapshotState] = mapped_column(words(SnapshotState), default=SnapshotState.making)
    hash: Mapped[str | None] = mapped_column(String(64))
    card: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SnapshotImage(Base):
    """An image that a snapshot holds; the row outlives the image, so that the snapshot can say what it lost."""

    __tablename__ = "snapshot_images"

    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    image_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class PersonSource(Base):
    """A person's entry in the file it was imported from, as it stood there.

    While the person's box and mask are those of the revisions named here, it is written out again from this entry.
    """

    __tablename__ = "person_sources"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    entry: Mapped[dict[str, Any]] = mapped_column(JSON)
    person_revision: Mapped[int]
    mask_revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class Withdrawal(WithId, Base):
    """An image that its subject withdrew: gone from disk and database, known by its hashes so that it cannot come back.

    `sha256` is that of the bytes as they came, `blob` that of the bytes as they were kept.
    `reason` is the lead's own words; nothing of the image, its name or its persons is kept, but for the integer ids
    that they had from a COCO file, `number` and `person_numbers`, so that nothing else gets these in later datasets.

    Its files are gone since `files_gone_at`; until then `truths` (blobs) and `studies` (ids) say which there are beside
    the photo and its thumbnails.
    """

    __tablename__ = "withdrawals"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), index=True)
    image_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    blob: Mapped[str] = mapped_column(String(64), index=True)
    persons: Mapped[int]
    number: Mapped[int | None] = mapped_column(BigInteger)
    person_numbers: Mapped[list[int]] = mapped_column(JSON, default=list)
    truths: Mapped[list[str]] = mapped_column(JSON, default=list)
    studies: Mapped[list[str]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    files_gone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
