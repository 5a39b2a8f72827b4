"""All that was marked in a study, as plain rows: there may be a million of them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, case, cast, func, literal, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotation.words import MarkKind, PersonState
from annotation_db.models import Image, Mark, MarkRevision, Mask, MaskRevision, Person, Point, StudyPerson

_CHUNK = 20_000

REVISION = np.dtype(
    [
        ("person", "S36"), ("point", "S36"), ("order", "i4"), ("part", "i4"), ("revision", "i4"), ("kind", "i4"),
        ("face", "i4"), ("x", "f8"), ("y", "f8"), ("bary_0", "f8"), ("bary_1", "f8"), ("bary_2", "f8"),
        ("seconds", "f8"), ("at", "S26"),
    ]
)  # fmt: skip
"""A revision of a mark. Ids are hex, with dashes or without; ``kind`` is 0 for a surface point, 1 for a flag, 2 for a
mark taken back; a missing face is -1; ``at`` is a moment in UTC that numpy reads."""


class Rendered(NamedTuple):
    """A rendered person that a study shows, by its number there, and the blob of its truth."""

    number: int
    id: UUID
    image_id: UUID
    truth: str | None


class Copy(NamedTuple):
    """A copy of a person that is no practice."""

    id: UUID
    source_person_id: UUID
    assigned_to: UUID
    again: int
    state: PersonState


class DrawnMask(NamedTuple):
    """The present mask of a copy: size, compressed RLE counts by label, and the seconds spent on all its revisions."""

    person_id: UUID
    width: int
    height: int
    counts: dict[str, str]
    seconds: float


def copies(session: Session, study_id: UUID) -> Sequence[Copy]:
    """The copies of a study without those for practice, by annotator and order."""
    rows = session.execute(
        select(Person.id, Person.source_person_id, Person.assigned_to, Person.again, Person.state)
        .where(Person.study_id == study_id, Person.practice.is_(False))
        .order_by(Person.assigned_to, Person.study_order)
    )
    return [Copy(id_, source, user, again, state) for id_, source, user, again, state in rows if source and user]


def rendered(session: Session, study_id: UUID) -> Sequence[Rendered]:
    """The rendered persons of a study by number."""
    rows = session.execute(
        select(StudyPerson.number, Person.id, Person.image_id, Person.truth)
        .join(Person, Person.id == StudyPerson.person_id)
        .where(StudyPerson.study_id == study_id)
        .order_by(StudyPerson.number)
    )
    return [Rendered(*row) for row in rows]


def file_names(session: Session, image_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of images, deleted ones too."""
    ids = list(image_ids)
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), 5000):
        rows = session.execute(select(Image.id, Image.file_name).where(Image.id.in_(ids[start : start + 5000])))
        found.update((row[0], row[1]) for row in rows)
    return found


def revisions(session: Session, study_id: UUID, ids: bool) -> Iterator[NDArray[np.void]]:
    """All revisions of marks on present points, practice left out, as arrays (K,) of ``REVISION``.

    :param ids: whether ``point`` is wanted; it is empty otherwise.
    """
    kind = case((MarkRevision.kind == MarkKind.surface, 0), (MarkRevision.kind == MarkKind.flag, 1), else_=2)
    query = (
        select(
            _text_of(session, Point.person_id),
            _text_of(session, Point.id) if ids else literal(""),
            Point.order,
            Point.part,
            MarkRevision.revision,
            kind,
            func.coalesce(MarkRevision.face, -1),
            Point.x,
            Point.y,
            func.coalesce(MarkRevision.bary_0, 1.0),
            func.coalesce(MarkRevision.bary_1, 0.0),
            func.coalesce(MarkRevision.bary_2, 0.0),
            MarkRevision.seconds,
            _moment_of(session, MarkRevision.created_at),
        )
        .join(Person, Person.id == Point.person_id)
        .join(Mark, Mark.point_id == Point.id)
        .join(MarkRevision, MarkRevision.mark_id == Mark.id)
        .where(Person.study_id == study_id, Person.practice.is_(False), Point.superseded_at.is_(None))
    )
    # The connection's own rows: what the session would make of each takes as long as reading it.
    found = session.connection().execute(query, execution_options={"yield_per": _CHUNK})
    for rows in found.partitions():
        yield np.fromiter(map(tuple, rows), REVISION, len(rows))


def masks(session: Session, study_id: UUID) -> Sequence[DrawnMask]:
    """The present masks of the copies that are no practice."""
    spent = (
        select(MaskRevision.mask_id, func.sum(MaskRevision.seconds).label("seconds"))
        .group_by(MaskRevision.mask_id)
        .subquery()
    )
    rows = session.execute(
        select(Person.id, MaskRevision.width, MaskRevision.height, MaskRevision.counts, spent.c.seconds)
        .join(Mask, Mask.person_id == Person.id)
        .join(MaskRevision, (MaskRevision.mask_id == Mask.id) & (MaskRevision.revision == Mask.revision))
        .join(spent, spent.c.mask_id == Mask.id)
        .where(Person.study_id == study_id, Person.practice.is_(False))
        .order_by(Person.assigned_to, Person.study_order)
    )
    return [DrawnMask(*row) for row in rows]


def _text_of(session: Session, column: InstrumentedAttribute[UUID]) -> ColumnElement[str]:
    """An id as text; SQLite keeps it so."""
    return type_coerce(column, String) if _on_sqlite(session) else cast(column, String)


def _moment_of(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """A moment as text in UTC; SQLite keeps it so."""
    if _on_sqlite(session):
        return type_coerce(column, String)
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
