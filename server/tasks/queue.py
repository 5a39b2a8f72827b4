"""Who works on what: the next task, and leases."""

from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import PersonState, Role, TaskKind
from annotation_db import utc_now
from annotation_db.repositories import persons, tasks
from server.problems import ConflictError, LeaseLostError, NotFoundError
from server.session.service import Caller
from server.settings import Settings
from server.tasks.leases import hold, release
from server.tasks.schemas import Task
from server.tasks.service import locked, out


def next_task(session: Session, settings: Settings, caller: Caller, project_id: UUID) -> Task | None:
    """Lease a task to the caller: the one in hand, else the first that nobody has; None when there is none."""
    task = tasks.in_hand(session, project_id, caller.id) or tasks.first_free(session, project_id, utc_now())
    if task is None:
        return None
    hold(session, settings, caller, task)
    return out(session, task)


def open_person(session: Session, settings: Settings, caller: Caller, person_id: UUID) -> Task:
    """Lease the present task of a person; a finished person's is its submitted points task."""
    person = persons.by_id(session, person_id, lock=True)
    if person is None:
        raise NotFoundError("no such person")
    kind = TaskKind.mask if person.state in {PersonState.new, PersonState.mask} else TaskKind.points
    task = tasks.of_person(session, person_id, kind, lock=True)
    if task is None:
        raise ConflictError("this person has no task")
    hold(session, settings, caller, task)
    return out(session, task)


def renew(session: Session, settings: Settings, caller: Caller, task_id: UUID) -> Task:
    """Keep the caller's lease alive, or take a free one."""
    task, _ = locked(session, task_id)
    hold(session, settings, caller, task)
    return out(session, task)


def release_lease(session: Session, caller: Caller, task_id: UUID) -> Task:
    """Give a task back. Leads and administrators may take it from anyone."""
    task, _ = locked(session, task_id)
    others = task.lease_user_id not in {None, caller.id} and task.lease_until and task.lease_until > utc_now()
    if others and caller.role not in {Role.lead, Role.admin}:
        raise LeaseLostError("somebody else works on this person now")
    release(task)
    session.flush()
    return out(session, task)
