"""What an annotator is told of a practice person: how far each mark is from the truth."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotation.words import MarkKind, PersonState, TaskKind
from annotation_db import models
from annotation_db.repositories import marks, persons, studies, tasks
from server.bodies import service as surfaces
from server.bodies.geodesics_routes import told
from server.bodies.registry import LoadedBody
from server.marks.schemas import SurfacePoint
from server.problems import ConflictError
from server.state import State
from server.studies.copies import open_source
from server.studies.schemas import Feedback, PointFeedback
from server.tasks.service import body_of, existing

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Row = tuple[models.Point, models.MarkRevision | None]


def feedback(state: State, task_id: UUID) -> Feedback:
    """The errors of a submitted practice task.

    Raises ConflictError for any task but one of a practice person, and before it is submitted.
    """
    with state.database.read() as session:
        task = existing(session, task_id)
        person = persons.by_id(session, task.person_id)
        study = studies.by_id(session, person.study_id) if person and person.study_id else None
        source = persons.by_id(session, person.source_person_id) if person and person.source_person_id else None
        if person is None or study is None or source is None or not person.practice:
            raise ConflictError("only persons for practice come with feedback")
        points_task = tasks.of_person(session, person.id, TaskKind.points)
        if person.state != PersonState.done or points_task is None:
            raise ConflictError("submit the points first")
        loaded = state.bodies.by_hash(body_of(session, task))
        said = {mark.point_id: revision for mark, revision in marks.current(session, person.id)}
        rows = [(point, said.get(point.id)) for point in marks.points(session, person.id)]
    truth = open_source(state, source, loaded)
    at = truth.rows([(point.x, point.y) for point, _ in rows])
    true_face = np.where(at >= 0, truth.face[at.clip(0)], -1).astype(np.int32)
    true_bary = truth.bary[at.clip(0)].astype(np.float64)
    true_bary /= true_bary.sum(axis=1, keepdims=True)
    face, bary = _marked(rows)
    errors = _errors(state, loaded, (true_face, true_bary), (face, bary))
    measured = errors is not None
    if not measured:
        with suppress(ConflictError):  # this server builds none; the page says that distances are missing
            state.geodesics.start(loaded)
    status = state.geodesics.status(loaded)
    own = np.full(len(rows), np.nan) if errors is None else errors
    known = own[np.isfinite(own)]
    shown, true = _surface(loaded, rows, face, bary), _surface(loaded, rows, true_face, true_bary)
    return Feedback(
        measured=measured,
        table=told(status),
        mean=float(known.mean()) if len(known) else None,
        median=float(np.median(known)) if len(known) else None,
        items=[
            PointFeedback(
                point_id=point.id,
                part=point.part,
                x=point.x,
                y=point.y,
                kind=revision.kind if revision else MarkKind.cleared,
                marked=shown[n],
                true=true[n],
                error=float(own[n]) if np.isfinite(own[n]) else None,
            )
            for n, (point, revision) in enumerate(rows)
        ],
    )


def _marked(rows: Sequence[Row]) -> tuple[Ints, Floats]:
    """Marked surface points, face -1 where there is none."""
    face, bary = np.full(len(rows), -1, np.int32), np.tile([1.0, 0, 0], (len(rows), 1))
    for n, (_, revision) in enumerate(rows):
        if revision is not None and revision.face is not None and revision.bary is not None:
            face[n], bary[n] = revision.face, revision.bary
    return face, bary


def _errors(state: State, loaded: LoadedBody, true: tuple[Ints, Floats], marked: tuple[Ints, Floats]) -> Floats | None:
    """Distances (N,) in metres, NaN where one of the two is missing; None while there is no table."""
    table = state.geodesics.table(loaded)
    if table is None:
        return None
    both = (true[0] >= 0) & (marked[0] >= 0)
    errors = np.full(len(both), np.nan)
    if both.any():
        errors[both] = table.distances((true[0][both], true[1][both]), (marked[0][both], marked[1][both]))
    return errors


def _surface(loaded: LoadedBody, rows: Sequence[Row], face: Ints, bary: Floats) -> list[SurfacePoint | None]:
    """Surface points as the API shows them, on the views of the part that each point was sampled in."""
    shown: list[SurfacePoint | None] = [None] * len(rows)
    parts = np.array([point.part for point, _ in rows])
    chart, u, v = loaded.body.to_iuv(face.clip(0), bary)
    for part in np.unique(parts).tolist():
        chosen = np.flatnonzero((parts == part) & (face >= 0))
        placed = surfaces.project(loaded, part, face[chosen].tolist(), bary[chosen].tolist())
        for n, projections in zip(chosen.tolist(), placed, strict=True):
            shown[n] = SurfacePoint(
                face=int(face[n]),
                bary=(float(bary[n, 0]), float(bary[n, 1]), float(bary[n, 2])),
                i=int(chart[n]),
                u=float(u[n]),
                v=float(v[n]),
                projections=projections,
            )
    return shown
