"""Copies of rendered persons for annotators: made when a study opens, filled when they are handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy.orm import Session

from annotation.masks import region_of, to_coco_rle
from annotation.sampling import SampledPoint, sample_points
from annotation.words import PersonState, StudyMasks, TaskKind, TaskState
from annotation_db import models, utc_now
from annotation_db.repositories import marks, masks, persons, projects, studies, tasks
from annotation_db.repositories.study_marks import Rendered
from server.bodies.registry import LoadedBody
from server.problems import NotFoundError, RefusedError
from server.schemas import Box
from server.state import State
from server.studies.order import most_points, order
from server.studies.truths import open_truth
from synthesis.truth import Truth


@dataclass(frozen=True)
class Given:
    """A true part mask, compressed RLE counts by label, with its points."""

    width: int
    height: int
    counts: dict[str, str]
    area: int
    points: tuple[SampledPoint, ...]


@dataclass(frozen=True)
class Source:
    """A rendered person of a study, and what all its copies have of it."""

    practice: bool
    again: bool
    columns: dict[str, Any]


def sources(session: Session, study: models.Study) -> list[Source]:
    """The study's persons by number; they never change."""
    return [
        Source(row.practice, row.again, {
            "image_id": person.image_id, "source": person.source, "area": person.area, "source_person_id": person.id,
            "x": row.x, "y": row.y, "w": row.w, "h": row.h,
        })
        for row, person in studies.persons(session, study.id)
    ]  # fmt: skip


def make(session: Session, study: models.Study, shown: Sequence[Source], annotator: models.StudyAnnotator) -> None:
    """Give an annotator copies of all of the study's persons, in an order of their own; again does nothing."""
    if studies.has_copies(session, study.id, annotator.user_id):
        return
    practice = [number for number, source in enumerate(shown) if source.practice]
    measured = [number for number, source in enumerate(shown) if not source.practice]
    again = [number for number, source in enumerate(shown) if source.again]
    common = {
        "project_id": study.project_id, "study_id": study.id, "assigned_to": annotator.user_id,
        "created_by": study.created_by, "created_at": utc_now(),
    }  # fmt: skip
    studies.add_copies(
        session,
        [
            common | shown[it.person].columns | {"study_order": place, "practice": it.practice, "again": it.again}
            for place, it in enumerate(order(practice, measured, again, study.seed, annotator.number))
        ],
    )


def prepare(state: State, person_id: UUID, user_id: UUID) -> None:
    """Make sure that a copy has a task, and where masks are given its mask and points."""
    with state.database.read() as session:
        copy = persons.by_id(session, person_id)
        study = studies.by_id(session, copy.study_id) if copy and copy.study_id else None
        source = persons.by_id(session, copy.source_person_id) if copy and copy.source_person_id else None
        if copy is None or study is None or source is None:
            raise NotFoundError("no such person")
        if _has_task(session, person_id):
            return
        project = projects.by_id(session, study.project_id)
        assert project is not None
    filled = None
    if study.masks == StudyMasks.given:  # pixels are worked on before anything is locked
        loaded = state.bodies.by_hash(project.body_hash)
        truth, most = open_source(state, source, loaded), most_points(study.points_per_part, copy.practice)
        filled = given(loaded, truth, source.id, copy.bbox, study.parts, most)
    with state.database.write() as session:
        locked = persons.by_id(session, person_id, lock=True)
        if locked is None or _has_task(session, person_id):
            return
        if filled is None:
            session.add(models.Mask(person_id=person_id))
            tasks.add(session, models.Task(project_id=study.project_id, person_id=person_id, kind=TaskKind.mask))
        else:
            _fill(session, locked, filled, user_id)


def open_source(state: State, source: models.Person | Rendered, loaded: LoadedBody) -> Truth:
    """The truth of a rendered person; raises RefusedError when it cannot be read or is of another body."""
    try:
        if source.truth is None:
            raise ValueError("it has no truth")
        found = open_truth(state.blobs, source.truth)
        if found.body != loaded.hash:
            raise ValueError(f"it was rendered of the body {found.body[:12]}, not of {loaded.name}")
    except (ValueError, OSError) as error:
        raise RefusedError(f"the truth of the rendered person {source.id} cannot be used: {error}") from error
    return found


def given(loaded: LoadedBody, truth: Truth, source_id: UUID, box: Box, parts: Sequence[int] | None, most: int) -> Given:
    """The mask and points, ``most`` of a part, that everybody gets of a rendered person; the same every time."""
    region = region_of(box, truth.width, truth.height)
    x0, y0, w, h = region
    labels = np.ascontiguousarray(truth.part_map()[y0 : y0 + h, x0 : x0 + w])
    if parts is not None:
        labels = np.where(np.isin(labels, parts), labels, 0).astype(np.uint8)
    points = sample_points(labels, (x0, y0), source_id.int % 2**63, loaded.order, most)
    rles = to_coco_rle(labels, (x0, y0), truth.width, truth.height)
    counts = {str(label): rle["counts"] for label, rle in rles.items()}
    return Given(truth.width, truth.height, counts, int(np.count_nonzero(labels)), tuple(points))


def shows(truth: Truth, parts: Sequence[int] | None) -> bool:
    """Whether a rendered person shows anything that is to be marked."""
    return bool(len(truth.part)) if parts is None else bool(np.isin(truth.part, parts).any())


def _has_task(session: Session, person_id: UUID) -> bool:
    return any(tasks.of_person(session, person_id, kind) for kind in TaskKind)


def _fill(session: Session, copy: models.Person, filled: Given, user_id: UUID) -> None:
    mask = models.Mask(person_id=copy.id, revision=0, sampled_revision=1)
    session.add(mask)
    session.flush()
    row = models.MaskRevision(
        mask_id=mask.id,
        revision=1,
        write_id=uuid4(),
        width=filled.width,
        height=filled.height,
        counts=filled.counts,
        parts=len(filled.counts),
        area=filled.area,
        user_id=copy.created_by or user_id,
        seconds=0.0,
    )
    masks.append(session, mask, row)
    marks.add_points(
        session,
        [
            models.Point(person_id=copy.id, part=point.part, x=point.x, y=point.y, order=place, mask_revision=1)
            for place, point in enumerate(filled.points)
        ],
    )
    tasks.add(
        session,
        models.Task(project_id=copy.project_id, person_id=copy.id, kind=TaskKind.points, state=TaskState.open),
    )
    copy.state, copy.parts, copy.points = PersonState.points, len(filled.counts), len(filled.points)
    session.flush()
