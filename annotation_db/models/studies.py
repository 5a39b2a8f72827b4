"""Studies of how accurately people annotate: rendered persons, whose truth is known, given to chosen annotators.

What an annotator works on are copies: rows of `persons` of their own in the same image (see `Person.study_id`).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from annotation.words import StudyMasks, StudyState
from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class Study(WithId, Base):
    """A study in a project. `parts` are the labels that are marked, all when null.

    `practice` and `again` count its persons: those shown first, with feedback, and those shown twice.
    """

    __tablename__ = "studies"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[StudyState] = mapped_column(words(StudyState), default=StudyState.draft)
    masks: Mapped[StudyMasks] = mapped_column(words(StudyMasks))
    parts: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    points_per_part: Mapped[int]
    persons: Mapped[int]
    practice: Mapped[int]
    again: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StudyPerson(Base):
    """A rendered person of a study, by its number from 0, with the box that all its copies get."""

    __tablename__ = "study_persons"
    __table_args__ = (UniqueConstraint("study_id", "number"),)

    study_id: Mapped[UUID] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True, index=True)
    number: Mapped[int]
    practice: Mapped[bool] = mapped_column(default=False)
    again: Mapped[bool] = mapped_column(default=False)
    x: Mapped[float]
    y: Mapped[float]
    w: Mapped[float]
    h: Mapped[float]

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """The box as one value."""
        return self.x, self.y, self.w, self.h

    @bbox.setter
    def bbox(self, box: tuple[float, float, float, float]) -> None:
        self.x, self.y, self.w, self.h = box


class StudyAnnotator(Base):
    """Who takes part in a study, by number from 0."""

    __tablename__ = "study_annotators"
    __table_args__ = (UniqueConstraint("study_id", "number"),)

    study_id: Mapped[UUID] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    number: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class StudyNetwork(Base):
    """What a network predicts for a study's points, as a blob."""

    __tablename__ = "study_networks"

    study_id: Mapped[UUID] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    blob: Mapped[str] = mapped_column(String(64), index=True)
    points: Mapped[int]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
