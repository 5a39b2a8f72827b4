"""All that was marked in a study, as plain rows: there may be a million of them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Float, String, case, cast, extract, func, literal, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotation.words import MarkKind, PersonState
from annotation_db.models import Image, Mark, MarkRevision, Mask, MaskRevision, Person, Point

_CHUNK = 50_000


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


def file_names(session: Session, image_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of images, deleted ones too."""
    ids = list(image_ids)
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), 5000):
        rows = session.execute(select(Image.id, Image.file_name).where(Image.id.in_(ids[start : start + 5000])))
        found.update((row[0], row[1]) for row in rows)
    return found


def revisions(session: Session, study_id: UUID, ids: bool) -> Iterator[Sequence[Any]]:
    """All revisions of marks on present points, practice left out, in chunks of rows

        person, point's id (0 unless ``ids``), order, part, revision, kind, face, x, y, bary_0-2, seconds, time

    where kind is 0 for a surface point, 1 for a flag, 2 for a mark taken back; ids are as the driver gives them (hex
    without dashes, or UUID), a missing face is -1, and times are seconds since some moment, or text in UTC.
    """
    kind = case((MarkRevision.kind == MarkKind.surface, 0), (MarkRevision.kind == MarkKind.flag, 1), else_=2)
    query = (
        select(
            type_coerce(Point.person_id, String),
            type_coerce(Point.id, String) if ids else literal("0"),
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
            _seconds_of(session, MarkRevision.created_at),
        )
        .join(Person, Person.id == Point.person_id)
        .join(Mark, Mark.point_id == Point.id)
        .join(MarkRevision, MarkRevision.mark_id == Mark.id)
        .where(Person.study_id == study_id, Person.practice.is_(False), Point.superseded_at.is_(None))
    )
    # The connection's own rows: what the session would make of each takes as long as reading it.
    yield from session.connection().execute(query, execution_options={"yield_per": _CHUNK}).partitions()


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


def _seconds_of(session: Session, column: InstrumentedAttribute[Any]) -> Any:
    """A moment as a number of seconds; of SQLite as its text, which numpy reads faster."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, String)
    return cast(extract("epoch", column), Float(53))
