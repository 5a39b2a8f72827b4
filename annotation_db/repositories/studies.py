"""Studies, who and what takes part in them, and how far they are."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from annotation.words import PersonSource, PersonState, StudyState
from annotation_db.models import (
    Image,
    Mark,
    MarkRevision,
    Mask,
    MaskRevision,
    Member,
    Person,
    Point,
    Study,
    StudyAnnotator,
    StudyNetwork,
    StudyPerson,
    Task,
    User,
)
from annotation_db.repositories.place import Place


class Done(NamedTuple):
    """How far one annotator is, in copies of persons; `marks` counts points with a mark or a flag."""

    study_id: UUID
    user_id: UUID
    total: int = 0
    done: int = 0
    practice: int = 0
    practice_done: int = 0
    points: int = 0
    marks: int = 0


def by_id(session: Session, study_id: UUID, lock: bool = False) -> Study | None:
    """One study; with `lock`, held until the transaction ends."""
    return session.get(Study, study_id, with_for_update=lock or None, populate_existing=lock)


def held(session: Session, study_id: UUID) -> Study | None:
    """One study, whose state stays what it is until the transaction ends; others may do the same meanwhile."""
    query = select(Study).where(Study.id == study_id).with_for_update(read=True)
    return session.scalar(query.execution_options(populate_existing=True))


def place_of(session: Session, study_id: UUID) -> Place | None:
    """The project of a study."""
    project_id = session.scalar(select(Study.project_id).where(Study.id == study_id))
    return Place(project_id) if project_id else None


def add(session: Session, study: Study, persons: Sequence[StudyPerson]) -> None:
    """Insert a study with its persons."""
    session.add(study)
    session.flush()
    for person in persons:
        person.study_id = study.id
    session.add_all(persons)
    session.flush()


def page(session: Session, project_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Study]:
    """Up to `limit` studies of a project, the newest first."""
    query = select(Study).where(Study.project_id == project_id).order_by(Study.created_at.desc(), Study.id.desc())
    if after:
        query = query.where(tuple_(Study.created_at, Study.id) < after)
    return session.scalars(query.limit(limit)).all()


def everything(session: Session) -> Sequence[Study]:
    """All studies, the newest first."""
    return session.scalars(select(Study).order_by(Study.created_at.desc(), Study.id.desc())).all()


def open_of(session: Session, user_id: UUID) -> Sequence[Study]:
    """The open studies that a user takes part in, of projects that the user is in; the oldest first."""
    return session.scalars(
        select(Study)
        .join(StudyAnnotator, StudyAnnotator.study_id == Study.id)
        .where(
            StudyAnnotator.user_id == user_id,
            Study.state == StudyState.open,
            exists().where(Member.project_id == Study.project_id, Member.user_id == user_id),
        )
        .order_by(Study.opened_at, Study.id)
    ).all()


def showing(session: Session, image_id: UUID) -> Study | None:
    """A study, not closed yet, that shows the image."""
    return session.scalars(
        select(Study)
        .join(StudyPerson, StudyPerson.study_id == Study.id)
        .join(Person, Person.id == StudyPerson.person_id)
        .where(Person.image_id == image_id, Study.state != StudyState.closed)
        .limit(1)
    ).first()


def waiting_for(session: Session, person_id: UUID) -> Study | None:
    """A study, not closed yet, that has the rendered person among its own; not locked."""
    return session.scalars(
        select(Study)
        .join(StudyPerson, StudyPerson.study_id == Study.id)
        .where(StudyPerson.person_id == person_id, Study.state != StudyState.closed)
        .limit(1)
    ).first()


def rendered(session: Session, project_id: UUID) -> Sequence[Person]:
    """The project's own rendered persons, in the order they were added."""
    query = (
        select(Person)
        .join(Image, Image.id == Person.image_id)
        .where(
            Person.project_id == project_id,
            Person.source == PersonSource.rendered,
            Person.truth.is_not(None),
            Person.study_id.is_(None),
            Person.deleted_at.is_(None),
            Image.deleted_at.is_(None),
        )
        .order_by(Person.created_at, Person.id)
    )
    return session.scalars(query).all()


def persons(session: Session, study_id: UUID) -> Sequence[tuple[StudyPerson, Person]]:
    """The rendered persons of a study by number."""
    rows = session.execute(
        select(StudyPerson, Person)
        .join(Person, Person.id == StudyPerson.person_id)
        .where(StudyPerson.study_id == study_id)
        .order_by(StudyPerson.number)
    )
    return [(row[0], row[1]) for row in rows]


def annotators(session: Session, study_ids: Collection[UUID]) -> dict[UUID, list[User]]:
    """Who takes part in several studies, by number."""
    found: dict[UUID, list[User]] = {study_id: [] for study_id in study_ids}
    rows = session.execute(
        select(StudyAnnotator.study_id, User)
        .join(User, User.id == StudyAnnotator.user_id)
        .where(StudyAnnotator.study_id.in_(study_ids))
        .order_by(StudyAnnotator.number)
    )
    for study_id, user in rows:
        found[study_id].append(user)
    return found


def takes_part(session: Session, study_id: UUID, user_id: UUID) -> bool:
    """Whether the user is one of the study's annotators."""
    return session.get(StudyAnnotator, (study_id, user_id)) is not None


def add_annotator(session: Session, study_id: UUID, user_id: UUID) -> StudyAnnotator:
    """Insert, with the next number."""
    taken = session.scalar(select(func.max(StudyAnnotator.number)).where(StudyAnnotator.study_id == study_id))
    row = StudyAnnotator(study_id=study_id, user_id=user_id, number=0 if taken is None else taken + 1)
    session.add(row)
    session.flush()
    return row


def numbered(session: Session, study_id: UUID) -> Sequence[StudyAnnotator]:
    """The annotators with their numbers."""
    query = select(StudyAnnotator).where(StudyAnnotator.study_id == study_id).order_by(StudyAnnotator.number)
    return session.scalars(query).all()


def add_copies(session: Session, copies: Sequence[dict[str, Any]]) -> None:
    """Insert copies of persons by their columns; tasks, masks and points come when they are handed out."""
    if copies:
        session.execute(insert(Person), copies)


def has_copies(session: Session, study_id: UUID, user_id: UUID) -> bool:
    """Whether an annotator was given copies."""
    query = select(Person.id).where(Person.study_id == study_id, Person.assigned_to == user_id)
    return session.scalar(query.limit(1)) is not None


def without_copies(session: Session, study_id: UUID) -> Sequence[StudyAnnotator]:
    """The annotators who were given no copies yet, by number."""
    given = exists().where(Person.study_id == study_id, Person.assigned_to == StudyAnnotator.user_id)
    query = select(StudyAnnotator).where(StudyAnnotator.study_id == study_id, ~given).order_by(StudyAnnotator.number)
    return session.scalars(query).all()


def copies_of(session: Session, study_id: UUID, source_id: UUID) -> Sequence[UUID]:
    """The copies of one rendered person."""
    query = select(Person.id).where(Person.study_id == study_id, Person.source_person_id == source_id)
    return session.scalars(query.order_by(Person.assigned_to, Person.again)).all()


def next_copy(session: Session, study_id: UUID, user_id: UUID) -> Person | None:
    """The first copy in the annotator's order that is not done and whose image is not deleted; not locked."""
    query = (
        select(Person)
        .join(Image, Image.id == Person.image_id)
        .where(
            Person.study_id == study_id,
            Person.assigned_to == user_id,
            Person.state != PersonState.done,
            Image.deleted_at.is_(None),
        )
        .order_by(Person.study_order, Person.id)
    )
    return session.scalars(query.limit(1)).first()


def done(session: Session, study_ids: Collection[UUID], user_id: UUID | None = None) -> Sequence[Done]:
    """How far the annotators of several studies are, or one of them is. Practice is counted apart.

    What is not done of an image that was deleted cannot be done any more, and is in no total.
    """
    finished, real = Person.state == PersonState.done, Person.practice.is_(False)
    there = or_(finished, Image.deleted_at.is_(None))

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(
            Person.study_id,
            Person.assigned_to,
            count(and_(real, there)),
            count(and_(real, finished)),
            count(and_(~real, there)),
            count(and_(~real, finished)),
            func.sum(case((real, Person.points), else_=0)),
            func.sum(case((real, Person.marks), else_=0)),
        )
        .join(Image, Image.id == Person.image_id)
        .where(Person.study_id.in_(study_ids))
        .group_by(Person.study_id, Person.assigned_to)
    )
    if user_id:
        query = query.where(Person.assigned_to == user_id)
    return [Done(row[0], row[1], *map(int, row[2:])) for row in session.execute(query)]


def handed_in(session: Session, study_id: UUID) -> Sequence[tuple[UUID, UUID]]:
    """Who has handed in which persons: the user and the rendered person of each copy that is done, without practice."""
    rows = session.execute(
        select(Person.assigned_to, Person.source_person_id).where(
            Person.study_id == study_id,
            Person.state == PersonState.done,
            Person.practice.is_(False),
            Person.again == 0,
        )
    )
    return [(user, source) for user, source in rows if user and source]


def seconds(session: Session, study_id: UUID) -> dict[UUID, float]:
    """Working time of each annotator on marks and masks, practice left out."""
    spent: dict[UUID, float] = {}
    mine = (Person.study_id == study_id, Person.practice.is_(False))
    for query in (
        select(Person.assigned_to, func.sum(MarkRevision.seconds))
        .join(Point, Point.person_id == Person.id)
        .join(Mark, Mark.point_id == Point.id)
        .join(MarkRevision, MarkRevision.mark_id == Mark.id)
        .where(*mine)
        .group_by(Person.assigned_to),
        select(Person.assigned_to, func.sum(MaskRevision.seconds))
        .join(Mask, Mask.person_id == Person.id)
        .join(MaskRevision, MaskRevision.mask_id == Mask.id)
        .where(*mine)
        .group_by(Person.assigned_to),
    ):
        for user_id, total in session.execute(query):
            if user_id is not None:
                spent[user_id] = spent.get(user_id, 0.0) + float(total or 0.0)
    return spent


def last_submitted(session: Session, study_id: UUID, only_done: bool) -> dict[UUID, datetime]:
    """When each annotator last submitted something of a measured person, or of those that are done."""
    query = (
        select(Person.assigned_to, func.max(Task.submitted_at))
        .join(Task, Task.person_id == Person.id)
        .where(Person.study_id == study_id, Person.practice.is_(False), Task.submitted_at.is_not(None))
        .group_by(Person.assigned_to)
    )
    if only_done:
        query = query.where(Person.state == PersonState.done)
    return {user_id: at for user_id, at in session.execute(query) if user_id is not None and at is not None}


def last_seen(session: Session, study_id: UUID) -> dict[UUID, tuple[datetime | None, datetime | None]]:
    """The last submission and the end of the last lease of each annotator."""
    rows = session.execute(
        select(Person.assigned_to, func.max(Task.submitted_at), func.max(Task.lease_until))
        .join(Task, Task.person_id == Person.id)
        .where(Person.study_id == study_id)
        .group_by(Person.assigned_to)
    )
    return {user_id: (submitted, until) for user_id, submitted, until in rows if user_id is not None}


def networks(session: Session, study_id: UUID) -> Sequence[StudyNetwork]:
    """What networks predicted, by name."""
    query = select(StudyNetwork).where(StudyNetwork.study_id == study_id).order_by(StudyNetwork.name)
    return session.scalars(query).all()


def put_network(session: Session, row: StudyNetwork) -> None:
    """Insert, or take the place of the one of that name."""
    session.merge(row)
    session.flush()
