"""Marks: a click in a view becomes a surface point; every revision is kept."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import TaskKind, TaskState
from annotation_db import Database, models
from annotation_db.repositories import marks
from server.access import ANNOTATE, require
from server.bodies import service as surfaces
from server.bodies.registry import Bodies
from server.marks.schemas import Mark, MarkRevision, MarkRevisions, MarkWrite, Projection, SurfacePoint
from server.problems import ConflictError, NotFoundError, RefusedError, StaleError
from server.session.service import Caller
from server.settings import Settings
from server.tasks.leases import TO_DO, check_open, hold, lock


def put_mark(
    database: Database, settings: Settings, bodies: Bodies, caller: Caller, mark_id: UUID, body: MarkWrite
) -> Mark:
    """Write the next revision. The same `write_id` again changes nothing.

    Raises RefusedError on a click beside the part, ConflictError when the points are submitted, StaleError,
    LeaseLostError.
    """
    with database.read() as session:
        point, body_hash = _point_of_task(session, caller, body)
    surface_point = None
    if body.view is not None and body.x is not None and body.y is not None:
        surface_point = surfaces.pick(bodies.by_hash(body_hash), point.part, body.view, body.x, body.y)
    with database.write() as session:
        found = lock(session, body.task_id)
        assert found is not None
        task, person = found
        mark = marks.by_id(session, mark_id)
        if mark is not None and mark.point_id != point.id:
            raise ConflictError("this id belongs to the mark of another point")
        if mark is not None and marks.has_write(session, mark_id, body.write_id):
            return _current(session, bodies, body_hash, point, mark)
        check_open(task, (*TO_DO, TaskState.waiting))
        hold(session, settings, caller, task)
        if mark is None or mark.annotator_id != caller.id:
            _check_no_other(session, bodies, body_hash, caller, point)
        mark = mark or _new_mark(caller, point, mark_id, body)
        if mark.revision != body.revision:
            raise StaleError(
                "the mark was changed meanwhile", current=_current(session, bodies, body_hash, point, mark)
            )
        row = _revision(mark, body, surface_point, body_hash, caller)
        marks.append(session, mark, row)
        person.marks = marks.count_marked(session, person.id)
    return _out(mark, row, surface_point.projections if surface_point else [])


def out(
    bodies: Bodies, body_hash: str, part: int, pairs: Sequence[tuple[models.Mark, models.MarkRevision]]
) -> list[Mark]:
    """Marks on points of one part as the API shows them, projected together."""
    placed = [row for _, row in pairs if row.face is not None and row.body_hash == body_hash]
    projections = {}
    if placed:
        faces, barys = [row.face or 0 for row in placed], [row.bary or (0, 0, 0) for row in placed]
        projected = surfaces.project(bodies.by_hash(body_hash), part, faces, barys)
        projections = {row.mark_id: items for row, items in zip(placed, projected, strict=True)}
    return [_out(mark, row, projections.get(mark.id, [])) for mark, row in pairs]


def list_revisions(session: Session, mark_id: UUID) -> MarkRevisions:
    """The history, newest first."""
    return MarkRevisions(
        items=[
            MarkRevision(
                revision=row.revision,
                kind=row.kind,
                flag=row.flag,
                face=row.face,
                bary=row.bary,
                i=row.i,
                u=row.u,
                v=row.v,
                annotator_id=row.annotator_id,
                seconds=row.seconds,
                created_at=row.created_at,
            )
            for row in marks.revisions(session, mark_id)
        ]
    )


def _point_of_task(session: Session, caller: Caller, body: MarkWrite) -> tuple[models.Point, str]:
    """The point of a write, and the hash of the project's body; superseded points are taken too, since a late write
    must not be lost."""
    found = marks.point_in_task(session, body.task_id, body.point_id)
    require(session, caller, ANNOTATE, found[2] if found else None, "task")
    assert found is not None
    task, project, _, point = found
    if task.kind != TaskKind.points:
        raise RefusedError("the task is not a points task")
    if point is None:
        raise RefusedError("the point is not one of this task's person")
    return point, project.body_hash


def _check_no_other(session: Session, bodies: Bodies, body_hash: str, caller: Caller, point: models.Point) -> None:
    """Raise StaleError when the caller, who is about to make or take over a mark, has one on this point already."""
    other = marks.of_point(session, point.id, caller.id)
    if other is not None:
        current = _current(session, bodies, body_hash, point, other)
        raise StaleError("you have a mark on this point already", current=current)


def _new_mark(caller: Caller, point: models.Point, mark_id: UUID, body: MarkWrite) -> models.Mark:
    """A mark yet to be written; raises NotFoundError for a revision of a mark that is not there."""
    if body.revision != 0:
        raise NotFoundError("no such mark")
    return models.Mark(id=mark_id, point_id=point.id, annotator_id=caller.id, revision=0)


def _revision(
    mark: models.Mark, body: MarkWrite, at: SurfacePoint | None, body_hash: str, caller: Caller
) -> models.MarkRevision:
    row = models.MarkRevision(
        mark_id=mark.id,
        revision=mark.revision + 1,
        write_id=body.write_id,
        kind=body.kind,
        flag=body.flag,
        view=body.view,
        x=body.x,
        y=body.y,
        annotator_id=caller.id,
        seconds=body.seconds,
    )
    if at is not None:
        row.face, row.i, row.u, row.v, row.body_hash = at.face, at.i, at.u, at.v, body_hash
        row.bary_0, row.bary_1, row.bary_2 = at.bary
    return row


def _current(session: Session, bodies: Bodies, body_hash: str, point: models.Point, mark: models.Mark) -> Mark:
    row = marks.revision(session, mark.id, mark.revision)
    assert row is not None
    return out(bodies, body_hash, point.part, [(mark, row)])[0]


def _out(mark: models.Mark, row: models.MarkRevision, projections: list[Projection]) -> Mark:
    return Mark(
        id=mark.id,
        point_id=mark.point_id,
        revision=row.revision,
        kind=row.kind,
        flag=row.flag,
        view=row.view,
        x=row.x,
        y=row.y,
        face=row.face,
        bary=row.bary,
        i=row.i,
        u=row.u,
        v=row.v,
        projections=projections,
        annotator_id=row.annotator_id,
        updated_at=row.created_at,
    )
