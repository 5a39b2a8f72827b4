"""Persons and their boxes' history."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.orm import Session

from annotation.words import PersonState, TaskKind
from annotation_db.models import Image, Mask, Person, PersonRevision, Task
from annotation_db.repositories.images import kept_back_in
from annotation_db.repositories.place import Place


def by_id(session: Session, person_id: UUID, lock: bool = False) -> Person | None:
    """One person, deleted or not; with `lock`, held until the transaction ends."""
    return session.get(Person, person_id, with_for_update=lock or None, populate_existing=lock)


def place_of(session: Session, person_id: UUID) -> Place | None:
    """Where a person is whose image is not deleted."""
    row = session.execute(
        select(Person.project_id, Person.assigned_to)
        .join(Image, Image.id == Person.image_id)
        .where(Person.id == person_id, Image.deleted_at.is_(None))
    ).first()
    return Place(*row) if row else None


def of_image(session: Session, image_id: UUID) -> Sequence[Person]:
    """The image's own persons that are not deleted, in the order they were added; copies for studies are not."""
    return session.scalars(
        select(Person)
        .where(Person.image_id == image_id, Person.deleted_at.is_(None), Person.study_id.is_(None))
        .order_by(Person.created_at, Person.id)
    ).all()


def of_project(session: Session, project_id: UUID) -> Iterator[tuple[Person, Image]]:
    """All persons of a project that are not deleted, with their images, by file name; without copies for studies."""
    rows = session.execute(
        select(Person, Image)
        .join(Image, Image.id == Person.image_id)
        .where(_own(project_id), Image.deleted_at.is_(None))
        .order_by(Image.file_name, Image.id, Person.created_at, Person.id)
    )
    return ((row[0], row[1]) for row in rows)


def page(
    session: Session,
    project_id: UUID,
    after: tuple[datetime, UUID] | None,
    limit: int,
    state: PersonState | None,
    kept_back: bool = True,
) -> Sequence[Person]:
    """Up to `limit` persons in the order they were added; without copies for studies, and with those or without those
    whose image a study keeps back."""
    query = (
        select(Person)
        .join(Image, Image.id == Person.image_id)
        .where(_own(project_id), Image.deleted_at.is_(None))
        .order_by(Person.created_at, Person.id)
        .limit(limit)
    )
    if not kept_back:
        query = query.where(Image.id.not_in(kept_back_in(project_id)))
    if state:
        query = query.where(Person.state == state)
    if after:
        query = query.where(tuple_(Person.created_at, Person.id) > after)
    return session.scalars(query).all()


def _own(project_id: UUID) -> ColumnElement[bool]:
    """The project's persons that are not deleted and no copies for a study."""
    return and_(Person.project_id == project_id, Person.deleted_at.is_(None), Person.study_id.is_(None))


def add(session: Session, person: Person, write_id: UUID) -> None:
    """Insert a person with its first revision, its mask (empty) and the task to draw it."""
    session.add(person)
    session.flush()
    record(session, person, write_id, person.created_by)
    session.add(Task(project_id=person.project_id, person_id=person.id, kind=TaskKind.mask))
    session.add(Mask(person_id=person.id))
    session.flush()


def record(session: Session, person: Person, write_id: UUID, user_id: UUID | None) -> None:
    """Append the person's present state to its history."""
    session.add(
        PersonRevision(
            person_id=person.id,
            revision=person.revision,
            write_id=write_id,
            x=person.x,
            y=person.y,
            w=person.w,
            h=person.h,
            deleted=person.deleted_at is not None,
            user_id=user_id,
        )
    )
    session.flush()


def box_at(session: Session, person_id: UUID, moment: datetime) -> tuple[float, float, float, float] | None:
    """The box that a person had at a moment."""
    row = session.scalar(
        select(PersonRevision)
        .where(PersonRevision.person_id == person_id, PersonRevision.created_at <= moment)
        .order_by(PersonRevision.revision.desc())
        .limit(1)
    )
    return (row.x, row.y, row.w, row.h) if row else None


def has_write(session: Session, person_id: UUID, write_id: UUID) -> bool:
    """Whether this write was done before."""
    query = select(PersonRevision.revision).where(
        PersonRevision.person_id == person_id, PersonRevision.write_id == write_id
    )
    return session.scalar(query) is not None


def revisions(session: Session, person_id: UUID) -> Sequence[PersonRevision]:
    """The history, newest first."""
    return session.scalars(
        select(PersonRevision).where(PersonRevision.person_id == person_id).order_by(PersonRevision.revision.desc())
    ).all()
