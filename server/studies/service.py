"""Studies: set up, open, close, and how far they are."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from annotation.words import StudyState
from annotation_db import models, utc_now
from annotation_db.repositories import projects, studies, users
from evaluation.compare import LEAST
from server.bodies.registry import LoadedBody
from server.paging import page_by_time
from server.problems import ConflictError, NotFoundError, RefusedError, StaleError
from server.projects.schemas import BodyRef
from server.schemas import Page
from server.settings import Settings
from server.state import State
from server.studies import copies
from server.studies.choose import choose
from server.studies.schemas import (
    MOST_COPIES,
    AnnotatorProgress,
    Common,
    Study,
    StudyAnnotator,
    StudyCreate,
    StudyDetail,
    StudyPatch,
    StudyProgress,
)


def create(
    state: State,
    project_id: UUID,
    body: StudyCreate,
    user_id: UUID | None,
    *,
    study_id: UUID | None = None,
    among: Collection[UUID] | None = None,
) -> StudyDetail:
    """Set a study up, as a draft.

    :param study_id: its id, where it may be set up already; nothing is done then.
    :param among: the rendered persons to take it from; None for all of the project.
    :raises RefusedError: persons that are no rendered ones of the project, parts that the body does not have, or
        fewer persons than are needed.
    """
    with state.database.read() as session:
        if study_id is not None and studies.by_id(session, study_id) is not None:
            return get(session, study_id)
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        candidates = studies.rendered(session, project_id)
    if among is not None:
        candidates = [person for person in candidates if person.id in among]
    loaded = state.bodies.by_hash(project.body_hash)
    parts = _parts(loaded, body.parts)
    chosen = choose(state, loaded, candidates, body, parts)
    with state.database.write() as session:
        row = models.Study(
            **({"id": study_id} if study_id else {}),
            project_id=project_id,
            name=body.name,
            description=body.description,
            masks=body.masks,
            parts=parts,
            points_per_part=body.points_per_part,
            persons=sum(not person.practice for person in chosen.persons),
            practice=sum(person.practice for person in chosen.persons),
            again=sum(person.again for person in chosen.persons),
            seed=chosen.seed,
            created_by=user_id,
        )
        studies.add(session, row, chosen.persons)
        _add_annotators(session, row, body.annotators)
        return _detail(session, row)


def check(state: State, project_id: UUID, body: StudyCreate) -> None:
    """Raise RefusedError on parts or annotators that are not there: such a study cannot be set up."""
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        for user_id in body.annotators:
            _active(session, user_id)
    _parts(state.bodies.by_hash(project.body_hash), body.parts)


def list_studies(session: Session, project_id: UUID, after: str | None, limit: int) -> Page[Study]:
    """One page of a project's studies, the newest first."""
    return page_by_time(
        lambda place, most: studies.page(session, project_id, place, most),
        after,
        limit,
        lambda kept: out(session, kept),
    )


def get(session: Session, study_id: UUID) -> StudyDetail:
    """One study with its persons."""
    return _detail(session, existing(session, study_id))


def update(session: Session, study_id: UUID, body: StudyPatch) -> StudyDetail:
    """Rename or describe a study; raises StaleError unless the revision is the current one."""
    row = existing(session, study_id, lock=True)
    if row.revision != body.revision:
        raise StaleError("somebody else changed the study meanwhile", current=_detail(session, row))
    row.name = body.name if body.name is not None else row.name
    row.description = body.description if body.description is not None else row.description
    row.revision += 1
    session.flush()
    return _detail(session, row)


def add_annotators(state: State, study_id: UUID, user_ids: Sequence[UUID]) -> StudyDetail:
    """Let more people take part, at once if the study is open; raises ConflictError when it is closed."""
    with state.database.write() as session:
        row = existing(session, study_id, lock=True)
        if row.state == StudyState.closed:
            raise ConflictError("this study is closed")
        _add_annotators(session, row, user_ids)
    if row.state == StudyState.open:
        _hand_out(state, row)
    with state.database.read() as session:
        return get(session, study_id)


def open_study(state: State, study_id: UUID) -> StudyDetail:
    """Let the annotators begin, or go on after the study was closed. Again is no error.

    Many copies take a while: each annotator's are a transaction of their own, and the study opens when all are there.
    """
    with state.database.read() as session:
        row = existing(session, study_id)
    _hand_out(state, row)
    with state.database.write() as session:
        row = existing(session, study_id, lock=True)
        if not studies.numbered(session, study_id):
            raise RefusedError("nobody takes part in this study yet; add annotators")
        for annotator in studies.without_copies(session, study_id):  # who came in this moment
            copies.make(session, row, copies.sources(session, row), annotator)
        row.opened_at = row.opened_at or utc_now()
        row.state, row.closed_at = StudyState.open, None
        session.flush()
        return _detail(session, row)


def close(session: Session, study_id: UUID) -> StudyDetail:
    """End the work on a study; what was saved stays. Raises ConflictError on a draft; again is no error."""
    row = existing(session, study_id, lock=True)
    if row.state == StudyState.draft:
        raise ConflictError("this study was not opened yet")
    if row.state == StudyState.open:
        row.state, row.closed_at = StudyState.closed, utc_now()
    session.flush()
    return _detail(session, row)


def progress(session: Session, settings: Settings, study_id: UUID) -> StudyProgress:
    """How far each annotator is."""
    row = existing(session, study_id)
    done = {found.user_id: found for found in studies.done(session, [study_id])}
    spent, seen = studies.seconds(session, study_id), studies.last_seen(session, study_id)
    lease = timedelta(minutes=settings.lease_minutes)
    items = []
    for user in studies.annotators(session, [study_id])[study_id]:
        mine = done.get(user.id, studies.Done(study_id, user.id, row.persons + row.again, practice=row.practice))
        submitted, until = seen.get(user.id, (None, None))
        moments = [moment for moment in (submitted, until - lease if until else None) if moment]
        items.append(
            AnnotatorProgress(
                **_annotator(user).model_dump(),
                done=mine.done,
                total=mine.total,
                practice_done=mine.practice_done,
                practice=mine.practice,
                points=mine.points,
                marks=mine.marks,
                seconds=spent.get(user.id, 0.0),
                last_seen=max(moments, default=None),
            )
        )
    return StudyProgress(
        done=sum(item.done for item in items),
        total=sum(item.total for item in items),
        annotators=items,
        common=in_common(studies.handed_in(session, study_id), len(items)),
    )


def in_common(handed_in: Sequence[tuple[UUID, UUID]], annotators: int) -> Common | None:
    """What annotators have in common, by who has handed in which persons."""
    if annotators < 2:
        return None
    pairs = annotators * (annotators - 1) // 2
    if not handed_in:
        return Common(pairs=pairs, enough=0, most=0, needed=LEAST)
    users, persons = (
        {key: n for n, key in enumerate(dict.fromkeys(column))} for column in zip(*handed_in, strict=True)
    )
    table = np.zeros((len(users), len(persons)), np.float32)
    for user, person in handed_in:
        table[users[user], persons[person]] = 1
    shared = (table @ table.T)[np.triu_indices(len(users), 1)]
    return Common(pairs=pairs, enough=int((shared >= LEAST).sum()), most=int(shared.max(initial=0)), needed=LEAST)


def existing(session: Session, study_id: UUID, lock: bool = False) -> models.Study:
    """The row of a study; raises NotFoundError."""
    row = studies.by_id(session, study_id, lock)
    if row is None:
        raise NotFoundError("no such study")
    return row


def out(session: Session, rows: Sequence[models.Study]) -> list[Study]:
    """Studies as the API shows them."""
    ids = [row.id for row in rows]
    people = studies.annotators(session, ids)
    counted = {row.id: [0, 0] for row in rows}
    for found in studies.done(session, ids):
        counted[found.study_id][0] += found.done
        counted[found.study_id][1] += found.total
    for row in rows:
        if row.state == StudyState.draft:  # copies are made when it opens
            counted[row.id][1] = (row.persons + row.again) * len(people[row.id])
    bodies = {row.project_id: projects.by_id(session, row.project_id) for row in rows}
    shown = []
    for row in rows:
        project = bodies[row.project_id]
        assert project is not None
        shown.append(
            Study(
                id=row.id,
                project_id=row.project_id,
                name=row.name,
                description=row.description,
                state=row.state,
                body=BodyRef(name=project.body_name, hash=project.body_hash),
                masks=row.masks,
                parts=row.parts,
                points_per_part=row.points_per_part,
                persons=row.persons,
                practice=row.practice,
                again=row.again,
                seed=row.seed,
                annotators=[_annotator(user) for user in people[row.id]],
                done=counted[row.id][0],
                total=counted[row.id][1],
                created_at=row.created_at,
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                revision=row.revision,
            )
        )
    return shown


def _detail(session: Session, row: models.Study) -> StudyDetail:
    rows = studies.persons(session, row.id)
    ids = [person.id for entry, person in rows if not entry.practice]
    return StudyDetail(**dict(out(session, [row])[0]), person_ids=ids)


def _annotator(user: models.User) -> StudyAnnotator:
    return StudyAnnotator(user_id=user.id, username=user.username, name=user.name, simulated=user.simulated)


def _active(session: Session, user_id: UUID) -> None:
    user = users.by_id(session, user_id)
    if user is None:
        raise RefusedError(f"no user {user_id}")
    if not user.active:
        raise RefusedError(f"the account {user.username!r} is not active")


def _add_annotators(session: Session, study: models.Study, user_ids: Sequence[UUID]) -> None:
    """Enter those who are not in it yet, as members of the project, too; raises RefusedError on too many."""
    for user_id in dict.fromkeys(user_ids):
        _active(session, user_id)
        projects.add_member(session, study.project_id, user_id)
        if not studies.takes_part(session, study.id, user_id):
            studies.add_annotator(session, study.id, user_id)
    number, shown = len(studies.numbered(session, study.id)), study.practice + study.persons + study.again
    if number * shown > MOST_COPIES:
        raise RefusedError(
            f"{number} annotators with {shown} persons each are {number * shown} showings; {MOST_COPIES} at most"
        )


def _hand_out(state: State, study: models.Study) -> None:
    """Give copies to the annotators who have none yet, each in a transaction of their own."""
    with state.database.read() as session:
        waiting = studies.without_copies(session, study.id)
        shown = copies.sources(session, study) if waiting else []
    for annotator in waiting:
        with state.database.write() as session:
            locked = existing(session, study.id, lock=True)  # so that nobody else does the same
            copies.make(session, locked, shown, annotator)


def _parts(loaded: LoadedBody, parts: Sequence[int] | None) -> list[int] | None:
    """The labels in order, None for all; raises RefusedError for one that the body does not have."""
    if parts is None:
        return None
    for part in parts:
        if not 1 <= part <= loaded.parts:
            raise RefusedError(f"part {part} is outside 1..{loaded.parts}, the parts of {loaded.name}")
    chosen = sorted(set(parts))
    return None if len(chosen) == loaded.parts else chosen
