"""Tasks, leases and the queue."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, case, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from annotation.words import StudyState, TaskKind, TaskState
from annotation_db.models import Image, Person, Study, StudyPerson, Task
from annotation_db.repositories.place import Place

_TO_DO = (TaskState.open, TaskState.returned)


def by_id(session: Session, task_id: UUID, lock: bool = False) -> Task | None:
    """One task; with `lock`, held until the transaction ends."""
    return session.get(Task, task_id, with_for_update=lock or None, populate_existing=lock)


def of_person(session: Session, person_id: UUID, kind: TaskKind, lock: bool = False) -> Task | None:
    """A person's task of one kind."""
    query = select(Task).where(Task.person_id == person_id, Task.kind == kind)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def place_of(session: Session, task_id: UUID) -> Place | None:
    """Where a task is whose image is not deleted."""
    row = session.execute(
        select(Task.project_id, Person.assigned_to)
        .join(Person, Person.id == Task.person_id)
        .join(Image, Image.id == Person.image_id)
        .where(Task.id == task_id, Image.deleted_at.is_(None))
    ).first()
    return Place(*row) if row else None


def add(session: Session, task: Task) -> None:
    """Insert."""
    session.add(task)
    session.flush()


def leased_elsewhere(session: Session, person_id: UUID, user_id: UUID, now: datetime) -> bool:
    """Whether somebody else holds an unexpired lease on a task of the person."""
    query = select(Task.id).where(Task.person_id == person_id, Task.lease_user_id != user_id, Task.lease_until > now)
    return session.scalar(query.limit(1)) is not None


def release_all(session: Session, person_id: UUID) -> None:
    """Nobody has any task of the person any more."""
    session.execute(update(Task).where(Task.person_id == person_id).values(lease_user_id=None, lease_until=None))


def in_hand(session: Session, project_id: UUID, user_id: UUID) -> Task | None:
    """The task that the user had last and nobody took since; not locked."""
    query = _to_do(project_id).where(Task.lease_user_id == user_id).order_by(Task.lease_until.desc(), Task.id)
    return session.scalars(query.limit(1)).first()


def first_free(session: Session, project_id: UUID, user_id: UUID, now: datetime) -> Task | None:
    """Lock the first task, with its person, on whose person nobody else works: what nobody has begun before what
    somebody left, masked persons before new ones, older before younger. Persons that another transaction is taking are
    passed over, and so are those that a study shows before it is closed: nobody should know them beforehand."""
    other = aliased(Task)
    elsewhere = exists().where(
        other.person_id == Task.person_id, other.lease_user_id != user_id, other.lease_until > now
    )
    in_study = exists().where(
        StudyPerson.person_id == Task.person_id, Study.id == StudyPerson.study_id, Study.state != StudyState.closed
    )
    left = case((Task.lease_user_id.is_(None), 0), else_=1)
    new = case((Task.kind == TaskKind.points, 0), else_=1)
    query = (
        _to_do(project_id)
        .where(or_(Task.lease_user_id.is_(None), Task.lease_until <= now), ~elsewhere, ~in_study)
        .order_by(left, new, Person.created_at, Person.id)
    )
    locked = query.limit(1).with_for_update(skip_locked=True, of=(Task, Person))
    return session.scalars(locked.execution_options(populate_existing=True)).first()


def _to_do(project_id: UUID) -> Select[Task]:
    """The project's own tasks that wait; those of a study's copies are handed out by the study."""
    return (
        select(Task)
        .join(Person, Person.id == Task.person_id)
        .join(Image, Image.id == Person.image_id)
        .where(
            Task.project_id == project_id,
            Task.state.in_(_TO_DO),
            Person.deleted_at.is_(None),
            Person.study_id.is_(None),
            Image.deleted_at.is_(None),
        )
    )
