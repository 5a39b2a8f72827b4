"""Persons: drawn, moved, taken out, brought back."""

import math
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import PersonSource, PersonState
from annotation_db import models, utc_now
from annotation_db.repositories import images, persons, studies, tasks
from annotation_db.repositories.place import Place
from server.access import ANNOTATE, is_staff, require
from server.paging import page_by_time
from server.persons.schemas import Person, PersonWrite
from server.problems import ConflictError, LeaseLostError, NotFoundError, RefusedError, StaleError
from server.schemas import Box, Page
from server.session.service import Caller

_LEAST_SIDE = 1.0  # pixels


def list_persons(
    session: Session, caller: Caller, project_id: UUID, after: str | None, limit: int, state: PersonState | None
) -> Page[Person]:
    """One page of the project's persons in the order they were added; those whose image a study that is not closed
    shows only for the staff."""
    staff = is_staff(caller)
    return page_by_time(
        lambda place, most: persons.page(session, project_id, place, most, state, staff),
        after,
        limit,
        lambda kept: out(kept, staff),
    )


def get_person(session: Session, caller: Caller, person_id: UUID) -> Person:
    """One person."""
    row = persons.by_id(session, person_id)
    if row is None:
        raise NotFoundError("no such person")
    return out([row], is_staff(caller))[0]


def put_person(session: Session, caller: Caller, person_id: UUID, body: PersonWrite) -> Person:
    """Draw, move or restore a person; raises RefusedError on an impossible box, StaleError, LeaseLostError."""
    image = images.by_id(session, body.image_id, lock=True)
    require(session, caller, ANNOTATE, Place(image.project_id) if image else None, "image")
    assert image is not None
    row = persons.by_id(session, person_id, lock=True)
    if row is not None and row.image_id != image.id:
        raise ConflictError("this id belongs to a person in another image")
    if row is not None and persons.has_write(session, person_id, body.write_id):
        return out([row], is_staff(caller))[0]
    _check_no_copy(row)
    check_no_study(session, row)
    _check_revision(row, body.revision)
    box = clip_box(body.bbox, image.width, image.height)
    if row is None:
        row = new_person(image, box, PersonSource.drawn, caller.id)
        row.id = person_id
        persons.add(session, row, body.write_id)
        return out([row], is_staff(caller))[0]
    _check_lease(session, row, caller)
    if box != row.bbox and row.source == PersonSource.drawn:
        row.area = box[2] * box[3]
    row.bbox = box
    row.deleted_at = None
    _record(session, row, body.write_id, caller)
    return out([row], is_staff(caller))[0]


def delete_person(session: Session, caller: Caller, person_id: UUID, write_id: UUID, revision: int) -> Person:
    """Take a person out; again is no error. Raises StaleError, LeaseLostError."""
    row = persons.by_id(session, person_id, lock=True)
    if row is None:
        raise NotFoundError("no such person")
    if row.deleted_at is not None:
        return out([row], is_staff(caller))[0]
    _check_no_copy(row)
    check_no_study(session, row)
    _check_revision(row, revision)
    _check_lease(session, row, caller)
    row.deleted_at = utc_now()
    _record(session, row, write_id, caller)
    return out([row], is_staff(caller))[0]


def new_person(image: models.Image, box: Box, source: PersonSource, user_id: UUID | None) -> models.Person:
    """A person not yet in the database."""
    person = models.Person(
        project_id=image.project_id,
        image_id=image.id,
        area=box[2] * box[3],
        source=source,
        created_by=user_id,
        created_at=utc_now(),
        state=PersonState.new,
        revision=1,
        parts=0,
        points=0,
        marks=0,
    )
    person.bbox = box
    return person


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the image; raises RefusedError when that is less than a pixel each way."""
    x, y, w, h = box
    if not all(map(math.isfinite, box)) or w <= 0 or h <= 0:
        raise RefusedError(f"the box {list(box)} has no area")
    x0, y0, x1, y1 = max(x, 0.0), max(y, 0.0), min(x + w, float(width)), min(y + h, float(height))
    if x1 - x0 < _LEAST_SIDE or y1 - y0 < _LEAST_SIDE:
        raise RefusedError(f"the box {list(box)} has less than a pixel inside the image of {width} x {height}")
    # Subtracting rounds: a side that was not cut stays exactly as it came.
    return x0, y0, w if (x0, x1) == (x, x + w) else min(w, x1 - x0), h if (y0, y1) == (y, y + h) else min(h, y1 - y0)


def check_no_study(session: Session, row: models.Person | None) -> None:
    """Raise ConflictError on a rendered person while a study that has it is not closed."""
    study = studies.waiting_for(session, row.id) if row and row.source == PersonSource.rendered else None
    if study is not None:
        raise ConflictError(f"the study {study.name!r} shows this person; close it first")


def out(rows: Sequence[models.Person], staff: bool = False) -> list[Person]:
    """Persons as the API shows them: what a renderer knows of its persons, which gives the truth away, to the staff."""
    return [
        Person(
            id=row.id,
            image_id=row.image_id,
            bbox=row.bbox,
            area=row.area,
            keypoints=row.keypoints if staff or row.source != PersonSource.rendered else None,
            segmentation=row.segmentation is not None and (staff or row.source != PersonSource.rendered),
            source=row.source,
            revision=row.revision,
            state=row.state,
            deleted=row.deleted_at is not None,
            masks=row.parts,
            points=row.points,
            marks=row.marks,
        )
        for row in rows
    ]


def _check_revision(row: models.Person | None, revision: int) -> None:
    if row is None and revision != 0:
        raise NotFoundError("no such person")
    if row is not None and row.revision != revision:
        raise StaleError("somebody else changed this person meanwhile", current=out([row])[0])


def _check_no_copy(row: models.Person | None) -> None:
    if row is not None and row.study_id is not None:
        raise ConflictError("this person belongs to a study, which shows everybody the same box")


def _check_lease(session: Session, row: models.Person, caller: Caller) -> None:
    if tasks.leased_elsewhere(session, row.id, caller.id, utc_now()):
        raise LeaseLostError("somebody else works on this person now", current=out([row])[0])


def _record(session: Session, row: models.Person, write_id: UUID, caller: Caller) -> None:
    row.revision += 1
    session.flush()
    persons.record(session, row, write_id, caller.id)
