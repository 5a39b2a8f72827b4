"""The points of a person with their marks."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db import models
from annotation_db.repositories import marks
from server.bodies.registry import Bodies
from server.marks import service as mark_service
from server.session.service import Caller
from server.tasks.schemas import Point, Points
from server.tasks.service import body_of, existing


def list_points(session: Session, bodies: Bodies, caller: Caller, task_id: UUID) -> Points:
    """The person's points in order. Each has the caller's own mark, or else the latest of anyone: who takes over a
    task goes on from what is there."""
    task = existing(session, task_id)
    body_hash = body_of(session, task)
    rows = marks.points(session, task.person_id)
    chosen: dict[UUID, tuple[models.Mark, models.MarkRevision]] = {}
    for mark, revision in marks.current(session, task.person_id):  # oldest first
        before = chosen.get(mark.point_id)
        if before is None or before[0].annotator_id != caller.id:
            chosen[mark.point_id] = (mark, revision)
    by_part = defaultdict(list)
    for row in rows:
        if row.id in chosen:
            by_part[row.part].append(chosen[row.id])
    shown = {
        mark.point_id: mark
        for part, pairs in by_part.items()
        for mark in mark_service.out(bodies, body_hash, part, pairs)
    }
    return Points(
        items=[
            Point(id=row.id, part=row.part, x=row.x, y=row.y, order=row.order, mark=shown.get(row.id)) for row in rows
        ]
    )
