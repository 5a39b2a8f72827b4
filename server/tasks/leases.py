"""Whose turn it is: one annotator at a time works on a person, under a lease that runs out."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import StudyState, TaskState
from annotation_db import models, utc_now
from annotation_db.repositories import persons, studies, tasks
from server.problems import ConflictError, LeaseLostError
from server.session.service import Caller
from server.settings import Settings

TO_DO = (TaskState.open, TaskState.returned)

_FRESH = 0.8  # a lease with more than this share of its life left is not written again


def lock(session: Session, task_id: UUID) -> tuple[models.Task, models.Person] | None:
    """A task and its person, held until the transaction ends; None when there is no such task.

    The person comes first, and then its tasks and its mask: whoever works on a person takes them in this order, so
    that no two transactions wait for each other.
    """
    task = tasks.by_id(session, task_id)
    if task is None:
        return None
    person = persons.by_id(session, task.person_id, lock=True)
    task = tasks.by_id(session, task_id, lock=True)
    return (task, person) if task and person else None


def hold(session: Session, settings: Settings, caller: Caller, task: models.Task) -> None:
    """Make sure that the caller may write on a task whose person is locked: has its lease, or takes a free or expired
    one.

    Raises LeaseLostError while somebody else has one on the person, ConflictError when the person was taken out, or
    belongs to a study that is not open.
    """
    now, life = utc_now(), timedelta(minutes=settings.lease_minutes)
    check_present(session, task)
    check_study(session, task)
    if task.lease_user_id == caller.id and task.lease_until and task.lease_until > now + life * _FRESH:
        return
    check_not_elsewhere(session, caller, task)
    task.lease_user_id, task.lease_until = caller.id, now + life
    session.flush()


def release(task: models.Task) -> None:
    """Nobody has the task any more."""
    task.lease_user_id = task.lease_until = None


def check_present(session: Session, task: models.Task) -> None:
    """Raise ConflictError when the task's person was taken out."""
    person = persons.by_id(session, task.person_id)
    if person is None or person.deleted_at is not None:
        raise ConflictError("this person was taken out of the project")


def check_study(session: Session, task: models.Task) -> None:
    """Raise ConflictError when the task's person is a copy for a study that is not open; while this transaction lasts,
    the study stays open."""
    person = persons.by_id(session, task.person_id)
    study = studies.held(session, person.study_id) if person and person.study_id else None
    if study is not None and study.state != StudyState.open:
        words = "is closed; what was saved is kept" if study.state == StudyState.closed else "is not open yet"
        raise ConflictError(f"the study {study.name!r} {words}")


def check_not_elsewhere(session: Session, caller: Caller, task: models.Task) -> None:
    """Raise LeaseLostError while somebody else has a lease on any task of the person."""
    if tasks.leased_elsewhere(session, task.person_id, caller.id, utc_now()):
        raise LeaseLostError("somebody else works on this person now")


def check_open(task: models.Task, states: tuple[TaskState, ...] = TO_DO) -> None:
    """Raise ConflictError unless the task is in one of the states."""
    if task.state not in states:
        raise ConflictError(f"this {task.kind} task is {task.state}")
