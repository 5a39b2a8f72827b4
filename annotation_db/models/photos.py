"""Projects, their members, images and persons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from annotation.words import PersonSource, PersonState
from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class Project(WithId, Base):
    """Images annotated on one body."""

    __tablename__ = "projects"

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    body_name: Mapped[str] = mapped_column(String(200))
    body_hash: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class Member(Base):
    """A user who works in a project."""

    __tablename__ = "members"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class Image(WithId, Base):
    """A photo: `sha256` is that of the bytes as they came, `blob` that of the bytes as they are kept.

    `source_id` is its id in the file it was imported from, `phash` its perceptual hash (16 hex digits; null until it
    is needed), by which near-duplicates are kept in one split.
    """

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256"),
        UniqueConstraint("project_id", "file_name"),
        Index("ix_images_project_id_file_name_id", "project_id", "file_name", "id"),
        Index("ix_images_sha256", "sha256"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    file_name: Mapped[str] = mapped_column(String(400))
    sha256: Mapped[str] = mapped_column(String(64))
    blob: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(50))
    width: Mapped[int]
    height: Mapped[int]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    source_id: Mapped[str | None] = mapped_column(String(100))
    source_url: Mapped[str | None] = mapped_column(String(2000))
    licence: Mapped[str | None] = mapped_column(String(300))
    licence_url: Mapped[str | None] = mapped_column(String(2000))
    attribution: Mapped[str | None] = mapped_column(String(500))
    phash: Mapped[str | None] = mapped_column(String(16))
    tags: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class Person(WithId, Base):
    """One person in an image. The box is x, y, w, h in pixels of the upright image.

    `parts`, `points` and `marks` count what the current mask and its points have, so that lists and progress need not.
    `truth` is the blob of a rendered person's true surface points; no annotator sees it.

    With a `study_id` it is the copy of a rendered person, `source_person_id`, for one annotator, `assigned_to`, who
    gets copies by `study_order`; `again` is 1 when it is shown to them the second time. Copies belong to their study
    alone: whatever lists, counts, hands out or exports a project's persons leaves them out.
    """

    __tablename__ = "persons"
    __table_args__ = (
        UniqueConstraint("image_id", "source_id"),
        Index("ix_persons_project_id_created_at_id", "project_id", "created_at", "id"),
        Index("ix_persons_study_id_assigned_to_study_order", "study_id", "assigned_to", "study_order"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id"), index=True)
    x: Mapped[float]
    y: Mapped[float]
    w: Mapped[float]
    h: Mapped[float]
    area: Mapped[float]
    keypoints: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    segmentation: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[PersonSource] = mapped_column(words(PersonSource))
    source_id: Mapped[str | None] = mapped_column(String(100))
    truth: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[PersonState] = mapped_column(words(PersonState), default=PersonState.new)
    parts: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)
    marks: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    study_id: Mapped[UUID | None] = mapped_column(ForeignKey("studies.id"))
    source_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    study_order: Mapped[int] = mapped_column(default=0, server_default="0")
    practice: Mapped[bool] = mapped_column(default=False, server_default=false())
    again: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """The box as one value."""
        return self.x, self.y, self.w, self.h

    @bbox.setter
    def bbox(self, box: tuple[float, float, float, float]) -> None:
        self.x, self.y, self.w, self.h = box


class PersonRevision(Base):
    """Every box a person ever had, and every deletion."""

    __tablename__ = "person_revisions"
    __table_args__ = (UniqueConstraint("person_id", "write_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    write_id: Mapped[UUID]
    x: Mapped[float]
    y: Mapped[float]
    w: Mapped[float]
    h: Mapped[float]
    deleted: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
