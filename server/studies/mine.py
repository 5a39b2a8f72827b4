"""A study as its annotators see it: what is theirs, and what comes next."""

from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import PersonState, StudyMasks, StudyState, TaskKind
from annotation_db import models
from annotation_db.repositories import persons, studies, tasks
from server.access import is_staff
from server.problems import ConflictError, NotFoundError
from server.session.service import Caller
from server.state import State
from server.studies import copies
from server.studies.schemas import MyStudies, MyStudy
from server.studies.service import existing
from server.tasks.leases import TO_DO, hold
from server.tasks.schemas import Task
from server.tasks.service import out


def list_mine(session: Session, caller: Caller) -> MyStudies:
    """The open studies that the caller takes part in."""
    return MyStudies(items=[_mine(session, row, caller) for row in studies.open_of(session, caller.id)])


def get_mine(session: Session, caller: Caller, study_id: UUID) -> MyStudy:
    """How far the caller is."""
    row = existing(session, study_id)
    _check_part(session, caller, row)
    return _mine(session, row, caller)


def next_task(state: State, caller: Caller, study_id: UUID) -> Task | None:
    """Lease the caller's next task: the first person in their order that is not done; None when all are.

    Raises ConflictError when the study is not open.
    """
    while True:
        with state.database.read() as session:
            row = existing(session, study_id)
            _check_part(session, caller, row)
            if row.state != StudyState.open:
                raise ConflictError(f"the study {row.name!r} is {'closed' if row.closed_at else 'not open yet'}")
            copy = studies.next_copy(session, study_id, caller.id)
        if copy is None:
            return None
        copies.prepare(state, copy.id, caller.id)
        with state.database.write() as session:
            held = persons.by_id(session, copy.id, lock=True)
            found = [tasks.of_person(session, copy.id, kind, lock=True) for kind in TaskKind]
            waiting = [task for task in found if task is not None and task.state in TO_DO]
            if held is None or held.state == PersonState.done or not waiting:
                continue  # it was submitted in another tab meanwhile
            hold(session, state.settings, caller, waiting[0])
            return out(session, waiting[0])


def _mine(session: Session, row: models.Study, caller: Caller) -> MyStudy:
    found = studies.done(session, [row.id], caller.id)
    mine = found[0] if found else studies.Done(row.id, caller.id, row.persons + row.again, practice=row.practice)
    return MyStudy(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        state=row.state,
        masks=row.masks,
        done=mine.done,
        total=mine.total,
        practice_left=mine.practice - mine.practice_done,
        practice=mine.practice,
        next=_next_kind(session, row, caller),
    )


def _next_kind(session: Session, row: models.Study, caller: Caller) -> TaskKind | None:
    copy = studies.next_copy(session, row.id, caller.id) if row.state == StudyState.open else None
    if copy is None:
        return None
    begun = copy.state in {PersonState.new, PersonState.mask} and row.masks == StudyMasks.drawn
    return TaskKind.mask if begun else TaskKind.points


def _check_part(session: Session, caller: Caller, row: models.Study) -> None:
    """Raise NotFoundError to those who do not take part; the staff, who may know of the study, are told so."""
    if studies.takes_part(session, row.id, caller.id):
        return
    if is_staff(caller):
        raise ConflictError("you do not take part in this study")
    raise NotFoundError("no such study")
