"""Networks in a study: the points they are asked for, and what they predict."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotation.words import StudyMasks
from annotation_db import models, utc_now
from annotation_db.repositories import images, marks, projects, studies
from server.problems import RefusedError
from server.state import State
from server.studies.copies import given, open_source
from server.studies.schemas import Network, NetworkPoint
from server.studies.service import existing

POINTS = 4096
"""More points than a person has when masks are given: at most 14 on each of 255 parts."""


def given_id(person: int, order: int) -> int:
    """The number of a point that everybody gets, by its person's number and its own in the person's order."""
    return person * POINTS + order


def drawn_id(point_id: UUID) -> int:
    """The number of a point that one annotator's mask gave."""
    return point_id.int >> 65


def lines(state: State, study_id: UUID) -> Iterator[bytes]:
    """A line of JSON for each point of the measured persons: its number, image, box, position and part."""
    with state.database.read() as session:
        study = existing(session, study_id)
        rows = [
            (row.number, row.bbox, person) for row, person in studies.persons(session, study_id) if not row.practice
        ]
        shown = images.many(session, {person.image_id for _, _, person in rows})
        project = projects.by_id(session, study.project_id)
        assert project is not None
    loaded = state.bodies.by_hash(project.body_hash)
    for number, box, person in rows:
        if study.masks == StudyMasks.given:
            truth = open_source(state, person, loaded)
            sampled = given(loaded, truth, person.id, box, study.parts, study.points_per_part).points
            found = [(given_id(number, n), point.part, point.x, point.y) for n, point in enumerate(sampled)]
        else:
            with state.database.read() as session:
                found = [
                    (drawn_id(point.id), point.part, point.x, point.y)
                    for copy in studies.copies_of(session, study_id, person.id)
                    for point in marks.points(session, copy)
                ]
        image = shown[person.image_id]
        head = {
            "person": str(person.id),
            "image": str(image.id),
            "file_name": image.file_name,
            "bbox": list(box),
        }
        for id_, part, x, y in found:
            yield json.dumps({"point": id_, **head, "part": part, "x": x, "y": y}).encode() + b"\n"


def put(state: State, study_id: UUID, name: str, items: Sequence[NetworkPoint], user_id: UUID | None) -> Network:
    """Keep a network's predictions; raises RefusedError on a point given twice, points of which none is the study's,
    or what is no surface point. Those that are not the study's are left out, and not counted."""
    with state.database.read() as session:
        study = existing(session, study_id)
        project = projects.by_id(session, study.project_id)
        assert project is not None
    point = np.array([item.point for item in items], np.int64)
    if len(np.unique(point)) != len(point):
        raise RefusedError("a point is given twice")
    good = np.isin(point, _asked(state, study_id))
    if not good.any():
        raise RefusedError("none of these points is asked for by this study")
    items, point = [item for item, kept in zip(items, good, strict=True) if kept], point[good]
    face, bary = _surface(state.bodies.by_hash(project.body_hash).body, items)
    file = io.BytesIO()
    np.savez(file, point=point, face=face, bary=bary)
    row = models.StudyNetwork(
        study_id=study_id,
        name=name,
        blob=state.blobs.put(file),
        points=len(items),
        created_by=user_id,
        created_at=utc_now(),
    )
    with state.database.write() as session:
        studies.put_network(session, row)
    return Network(name=row.name, points=row.points, created_at=row.created_at)


def _asked(state: State, study_id: UUID) -> NDArray[np.int64]:
    """The numbers of all points that `lines` asks for."""
    return np.array([json.loads(line)["point"] for line in lines(state, study_id)], np.int64)


def read(state: State, blob: str) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Points, faces and barycentrics that were kept."""
    with state.blobs.open(blob) as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as arrays:
        return arrays["point"], arrays["face"], arrays["bary"]


def _surface(body: Any, items: Sequence[NetworkPoint]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Faces (N,), -1 where the network sees nobody, and barycentrics (N,3)."""
    face, bary = np.full(len(items), -1, np.int32), np.tile([1.0, 0, 0], (len(items), 1))
    charted = [n for n, item in enumerate(items) if item.I is not None]
    placed = [n for n, item in enumerate(items) if item.face is not None]
    try:
        if charted:
            chosen = [items[n] for n in charted]
            face[charted], bary[charted] = body.from_iuv(
                [item.I for item in chosen], [item.U for item in chosen], [item.V for item in chosen]
            )
        if placed:
            face[placed] = [items[n].face or 0 for n in placed]
            bary[placed] = [items[n].bary or (1, 0, 0) for n in placed]
            body.position(face[placed], bary[placed])
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return face, bary
