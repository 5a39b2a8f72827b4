"""Who works on what: the next task, and leases."""

from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import PersonState, Role, TaskKind
from annotation_db import models, utc_now
from annotation_db.repositories import persons, tasks
from server.persons import service as person_service
from server.problems import ConflictError, NotFoundError
from server.session.service import Caller
from server.settings import Settings
from server.tasks.leases import TO_DO, check_not_elsewhere, check_present, hold
from server.tasks.schemas import Task
from server.tasks.service import locked, out


def next_task(session: Session, settings: Settings, caller: Caller, project_id: UUID) -> Task | None:
    """Lease a task to the caller: the one in hand, else the first that nobody has; None when there is none."""
    task = _in_hand(session, caller, project_id) or _first_free(session, caller, project_id)
    if task is None:
        return None
    hold(session, settings, caller, task)
    return out(session, task)


def open_person(session: Session, settings: Settings, caller: Caller, person_id: UUID) -> Task:
    """Lease the present task of a person; a finished person's is its submitted points task, which nobody leases."""
    person = persons.by_id(session, person_id, lock=True)
    if person is None:
        raise NotFoundError("no such person")
    kind = TaskKind.mask if person.state in {PersonState.new, PersonState.mask} else TaskKind.points
    task = tasks.of_person(session, person_id, kind, lock=True)
    if task is None:
        raise ConflictError("this person has no task")
    _take(session, settings, caller, task)
    return out(session, task)


def renew(session: Session, settings: Settings, caller: Caller, task_id: UUID) -> Task:
    """Keep the caller's lease alive, or take a free one. A task with nothing to do needs none."""
    task, _ = locked(session, task_id)
    _take(session, settings, caller, task)
    return out(session, task)


def release_lease(session: Session, caller: Caller, task_id: UUID) -> Task:
    """Give a person's tasks back. Leads and administrators may take them from anyone."""
    task, person = locked(session, task_id)
    if caller.role not in {Role.lead, Role.admin}:
        check_not_elsewhere(session, caller, task)
    tasks.release_all(session, person.id)
    return out(session, task)


def _take(session: Session, settings: Settings, caller: Caller, task: models.Task) -> None:
    """Lease a task that is to be done; a lease on any other would keep everybody else off the person's work.

    Nobody begins on a person that a study shows before it is closed, as nobody should know it beforehand.
    """
    if task.lease_user_id != caller.id:
        person_service.check_no_study(session, persons.by_id(session, task.person_id))
    if task.state in TO_DO:
        hold(session, settings, caller, task)
    else:
        check_present(session, task)
        check_not_elsewhere(session, caller, task)


def _in_hand(session: Session, caller: Caller, project_id: UUID) -> models.Task | None:
    """The task that the caller had last, held until the transaction ends."""
    found = tasks.in_hand(session, project_id, caller.id)
    if found is None:
        return None
    task, _ = locked(session, found.id)  # waits for whoever writes on it, and may find it changed
    return task if task.lease_user_id == caller.id and task.state in TO_DO else None


def _first_free(session: Session, caller: Caller, project_id: UUID) -> models.Task | None:
    """The first task on whose person nobody works, held until the transaction ends."""
    while (task := tasks.first_free(session, project_id, caller.id, now := utc_now())) is not None:
        # The search sees other tasks of the person as they were when it began.
        if not tasks.leased_elsewhere(session, task.person_id, caller.id, now):
            return task
    return None
