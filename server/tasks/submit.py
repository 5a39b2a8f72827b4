"""From mask to points to done, and back again."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from annotation.sampling import MAX_POINTS, SampledPoint, sample_points
from annotation.words import PersonState, TaskKind, TaskState
from annotation_db import Database, models, utc_now
from annotation_db.repositories import marks, masks, persons, studies, tasks
from server.bodies.registry import Bodies
from server.masks import service as mask_service
from server.problems import ConflictError, RefusedError, StaleError, UnmarkedError
from server.session.service import Caller
from server.settings import Settings
from server.studies.order import most_points
from server.tasks.leases import TO_DO, check_open, hold, release
from server.tasks.schemas import Task
from server.tasks.service import body_of, existing, locked, out


def submit_mask(
    database: Database, settings: Settings, bodies: Bodies, caller: Caller, task_id: UUID, revision: int
) -> Task:
    """End a mask and sample its points; returns the points task, leased to the caller. Again is no error.

    Raises RefusedError on an empty mask, StaleError unless `revision` is the current one.
    """
    with database.read() as session:  # sampling takes its time, so it is done before anything is locked
        task = existing(session, task_id)
        mask = masks.of_person(session, task.person_id)
        _check_mask_task(task)
        _check_revision(session, mask, revision)
        label_map, origin = mask_service.label_map(session, mask)
        body_hash = body_of(session, task)
        person = persons.by_id(session, task.person_id)
        study = studies.by_id(session, person.study_id) if person and person.study_id else None
    most, seed = MAX_POINTS, task.person_id
    if study is not None and person is not None and person.source_person_id is not None:
        most, seed = most_points(study.points_per_part, person.practice), person.source_person_id
        if study.parts is not None:
            label_map = np.where(np.isin(label_map, study.parts), label_map, 0).astype(np.uint8)
    order = bodies.by_hash(body_hash).order
    sampled = sample_points(label_map, origin, seed.int % 2**63, order, most)
    if not sampled:
        raise RefusedError("the mask is empty: paint at least one part" + (" of the study's" if study else ""))
    with database.write() as session:
        task, person = locked(session, task_id)
        mask = masks.of_person(session, person.id)
        _check_revision(session, mask, revision)
        points_task = tasks.of_person(session, person.id, TaskKind.points, lock=True)
        if task.state == TaskState.submitted and points_task and mask.sampled_revision == revision:
            hold(session, settings, caller, points_task)
            return out(session, points_task)
        check_open(task)
        hold(session, settings, caller, task)
        mask_service.check_window(session, mask)
        _replace_points(session, mask, sampled, order)
        mask.sampled_revision = revision
        _finish(session, task, caller)
        person.state = PersonState.points
        _recount(session, person)
        if points_task is None:
            points_task = models.Task(project_id=task.project_id, person_id=person.id, kind=TaskKind.points)
            tasks.add(session, points_task)
        points_task.state = TaskState.open
        session.flush()
        hold(session, settings, caller, points_task)
        return out(session, points_task)


def reopen_mask(session: Session, settings: Settings, caller: Caller, task_id: UUID) -> Task:
    """Go back to the mask of a person; returns the mask task, leased to the caller."""
    given = existing(session, task_id)
    person = persons.by_id(session, given.person_id, lock=True)
    mask_task = tasks.of_person(session, given.person_id, TaskKind.mask, lock=True)
    points_task = tasks.of_person(session, given.person_id, TaskKind.points, lock=True)
    if person is None or mask_task is None:
        raise ConflictError("this person's masks are given" if person and person.study_id else "no mask task here")
    hold(session, settings, caller, mask_task)
    if mask_task.state == TaskState.submitted:
        mask_task.state = TaskState.open
        person.state = PersonState.mask
        if points_task is not None:
            points_task.state = TaskState.waiting
            release(points_task)
    session.flush()
    return out(session, mask_task)


def submit_points(session: Session, settings: Settings, caller: Caller, task_id: UUID) -> Task:
    """End the points of a person; raises UnmarkedError while any has neither mark nor flag. Again is no error."""
    task, person = locked(session, task_id)
    if task.kind != TaskKind.points:
        raise RefusedError("this is not a points task")
    if task.state == TaskState.submitted:
        return out(session, task)
    check_open(task)
    hold(session, settings, caller, task)
    left = marks.unmarked(session, person.id)
    if left:
        raise UnmarkedError(f"{len(left)} points have neither a mark nor a flag", unmarked=left)
    _finish(session, task, caller)
    person.state = PersonState.done
    session.flush()
    return out(session, task)


def reopen_points(session: Session, settings: Settings, caller: Caller, task_id: UUID) -> Task:
    """Take submitted points up again."""
    task, person = locked(session, task_id)
    if task.kind != TaskKind.points:
        raise RefusedError("this is not a points task; use reopen-mask")
    check_open(task, (TaskState.submitted, *TO_DO))
    hold(session, settings, caller, task)
    if task.state == TaskState.submitted:
        task.state = TaskState.open
        person.state = PersonState.points
    session.flush()
    return out(session, task)


def _check_mask_task(task: models.Task) -> None:
    if task.kind != TaskKind.mask:
        raise RefusedError("this is not a mask task")


def _check_revision(session: Session, mask: models.Mask, revision: int) -> None:
    if mask.revision != revision:
        raise StaleError("the mask was changed meanwhile", current=mask_service.current(session, mask))
    if revision == 0:
        raise RefusedError("the mask is empty: paint at least one part")


def _finish(session: Session, task: models.Task, caller: Caller) -> None:
    task.state, task.submitted_at, task.submitted_by = TaskState.submitted, utc_now(), caller.id
    tasks.release_all(session, task.person_id)


def _recount(session: Session, person: models.Person) -> None:
    session.flush()
    person.points = len(marks.points(session, person.id))
    person.marks = marks.count_marked(session, person.id)


def _replace_points(session: Session, mask: models.Mask, sampled: Sequence[SampledPoint], order: Sequence[int]) -> None:
    """Make the sampled points the present ones, but keep what was made before for every part that is as it was.

    A part whose pixels equal those that points were sampled from before, in whichever earlier mask, gets those points
    back, with their marks. All others are superseded, never deleted.
    """
    everything = marks.all_points(session, mask.person_id)
    revisions = masks.some_revisions(session, mask.id, {mask.revision, *(point.mask_revision for point in everything)})
    now_counts = revisions[mask.revision].counts
    kept: dict[int, list[models.Point]] = {}
    for part in {point.part for point in sampled}:
        same = [
            point
            for point in everything
            if point.part == part and revisions[point.mask_revision].counts.get(str(part)) == now_counts[str(part)]
        ]
        if same:
            newest = max(point.mask_revision for point in same)
            kept[part] = [point for point in same if point.mask_revision == newest]
    chosen: list[models.Point] = []
    for part in order:
        chosen += kept.get(part) or [
            models.Point(person_id=mask.person_id, part=point.part, x=point.x, y=point.y, mask_revision=mask.revision)
            for point in sampled
            if point.part == part
        ]
    for place, point in enumerate(chosen):
        point.order, point.superseded_at = place, None
    ids = {point.id for point in chosen if point.id is not None}
    marks.supersede(session, [p.id for p in everything if p.superseded_at is None and p.id not in ids], utc_now())
    marks.add_points(session, chosen)
