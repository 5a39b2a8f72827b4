"""What datasets are made of, as plain rows of one moment: there may be millions.

`as_of` is that moment; None is now. What is kept as revisions (boxes, masks, marks) is given as it was then.
Ids of marks, and of what they belong to, are hex without dashes or UUID, as the driver gives them: much faster.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    String,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from annotation.words import MarkKind, PersonSource, PersonState, TaskKind
from annotation_db import models
from annotation_db.models import Image, Mark, MarkRevision, Mask, MaskRevision, Person, PersonRevision, Point, Task

SURFACE, FLAG, CLEARED = 0, 1, 2
"""Kinds of marks in `MarkRow`."""
_CHUNK = 2000


class ImageRow(NamedTuple):
    """An image; see `annotation_db.models.Image`."""

    id: UUID
    file_name: str
    sha256: str
    blob: str
    width: int
    height: int
    source_id: str | None
    source_url: str | None
    licence: str | None
    licence_url: str | None
    attribution: str | None
    phash: str | None
    tags: list[str] | None
    deleted: bool


class PersonKey(NamedTuple):
    """A person of a project; `deleted` ones keep their ids."""

    id: UUID
    image_id: UUID
    source: PersonSource
    source_id: str | None
    state: PersonState
    gold: bool
    deleted: bool
    points: int
    marks: int


class PersonRow(NamedTuple):
    """A person's values, and its entry in the file it was imported from."""

    id: UUID
    source: PersonSource
    area: float
    keypoints: list[float] | None
    segmentation: Any | None
    truth: str | None
    box: tuple[float, float, float, float]
    entry: dict[str, Any] | None
    entry_person_revision: int | None
    entry_mask_revision: int | None


class BoxRow(NamedTuple):
    """A person's box at the moment."""

    revision: int
    box: tuple[float, float, float, float]
    deleted: bool


class MaskRow(NamedTuple):
    """A person's mask at the moment; `changed`: there are later revisions."""

    id: UUID
    revision: int
    counts: dict[str, str]
    changed: bool


class PointRow(NamedTuple):
    """A point."""

    person_id: Any
    id: Any
    part: int
    x: float
    y: float
    mask_revision: int


class MarkRow(NamedTuple):
    """A mark at the moment: its kind (a number of this module), and where it is a surface point, which."""

    point_id: Any
    kind: int
    face: int
    bary_0: float
    bary_1: float
    bary_2: float
    i: int
    u: float
    v: float
    body_hash: str | None
    annotator_id: Any
    seconds: float


def images(session: Session, project_id: UUID, as_of: datetime | None) -> list[ImageRow]:
    """All images of a project, deleted ones too, in the order they came."""
    deleted = and_(Image.deleted_at.is_not(None), _until(Image.deleted_at, as_of))
    query = select(
        Image.id,
        Image.file_name,
        Image.sha256,
        Image.blob,
        Image.width,
        Image.height,
        Image.source_id,
        Image.source_url,
        Image.licence,
        Image.licence_url,
        Image.attribution,
        Image.phash,
        Image.tags,
        case((deleted, 1), else_=0),
    ).where(Image.project_id == project_id, _until(Image.created_at, as_of))
    rows: Any = session.execute(query.order_by(Image.created_at, Image.id))
    return [ImageRow._make((*row[:-1], bool(row[-1]))) for row in rows]


def put_phashes(session: Session, found: dict[UUID, str]) -> None:
    """Keep perceptual hashes."""
    if found:
        session.execute(update(Image), [{"id": id_, "phash": phash} for id_, phash in found.items()])


def persons(session: Session, project_id: UUID, as_of: datetime | None) -> Iterator[PersonKey]:
    """All persons of a project in the order they were added, deleted ones too, but no copies for studies.

    A person counts as done if it is, and was handed in by then.
    """
    late = exists().where(Task.person_id == Person.id, Task.kind == TaskKind.points, ~_until(Task.submitted_at, as_of))
    deleted = and_(Person.deleted_at.is_not(None), _until(Person.deleted_at, as_of))
    query = (
        select(
            Person.id,
            Person.image_id,
            Person.source,
            Person.source_id,
            Person.state,
            case((Person.truth.is_not(None), 1), else_=0),
            case((deleted, 1), else_=0),
            Person.points,
            Person.marks,
            case((late, 1), else_=0) if as_of is not None else case((true(), 0)),
        )
        .where(Person.project_id == project_id, Person.study_id.is_(None), _until(Person.created_at, as_of))
        .order_by(Person.created_at, Person.id)
    )
    for row in session.execute(query, execution_options={"yield_per": _CHUNK}):
        id_, image_id, source, source_id, state, gold, gone, points, marks, handed_in_late = row
        now = PersonState.points if state == PersonState.done and handed_in_late else state
        yield PersonKey(id_, image_id, source, source_id, now, bool(gold), bool(gone), points, marks)


def several_marks(session: Session, project_id: UUID) -> bool:
    """Whether any point of the project's own persons has marks of several annotators."""
    other = aliased(Mark)
    query = (
        select(Mark.id)
        .join(other, and_(other.point_id == Mark.point_id, other.id > Mark.id))
        .join(Point, Point.id == Mark.point_id)
        .join(Person, Person.id == Point.person_id)
        .where(Person.project_id == project_id, Person.study_id.is_(None))
    )
    return session.scalar(query.limit(1)) is not None


def person_rows(session: Session, person_ids: Collection[UUID]) -> dict[UUID, PersonRow]:
    """The values of several persons."""
    query = (
        select(
            Person.id,
            Person.source,
            Person.area,
            Person.keypoints,
            Person.segmentation,
            Person.truth,
            Person.x,
            Person.y,
            Person.w,
            Person.h,
            models.PersonSource.entry,
            models.PersonSource.person_revision,
            models.PersonSource.mask_revision,
        )
        .outerjoin(models.PersonSource, models.PersonSource.person_id == Person.id)
        .where(Person.id.in_(person_ids))
    )
    rows: Any = session.execute(query)
    return {row[0]: PersonRow._make((*row[:6], tuple(row[6:10]), *row[10:])) for row in rows}


def boxes(session: Session, person_ids: Collection[UUID], as_of: datetime | None) -> dict[UUID, BoxRow]:
    """The boxes of several persons."""
    query = (
        select(
            PersonRevision.person_id,
            PersonRevision.revision,
            PersonRevision.x,
            PersonRevision.y,
            PersonRevision.w,
            PersonRevision.h,
            PersonRevision.deleted,
        )
        .where(PersonRevision.person_id.in_(person_ids), _until(PersonRevision.created_at, as_of))
        .order_by(PersonRevision.person_id, PersonRevision.revision)
    )
    return {row[0]: BoxRow(row[1], (row[2], row[3], row[4], row[5]), row[6]) for row in session.execute(query)}


def masks(session: Session, person_ids: Collection[UUID], as_of: datetime | None) -> dict[UUID, MaskRow]:
    """The masks of several persons, of those that have one."""
    if as_of is None:
        wanted: ColumnElement[int] | InstrumentedAttribute[int] = Mask.revision
    else:
        newest = select(func.max(MaskRevision.revision)).where(
            MaskRevision.mask_id == Mask.id, MaskRevision.created_at <= as_of
        )
        wanted = newest.correlate(Mask).scalar_subquery()
    query = (
        select(Mask.person_id, Mask.id, MaskRevision.revision, MaskRevision.counts, Mask.revision)
        .join(MaskRevision, MaskRevision.mask_id == Mask.id)
        .where(Mask.person_id.in_(person_ids), MaskRevision.revision == wanted)
    )
    return {row[0]: MaskRow(row[1], row[2], row[3], row[4] != row[2]) for row in session.execute(query)}


def mask_counts(session: Session, mask_id: UUID, revisions: Collection[int]) -> dict[int, dict[str, str]]:
    """Runs by part label of several revisions of a mask."""
    query = select(MaskRevision.revision, MaskRevision.counts)
    rows = session.execute(query.where(MaskRevision.mask_id == mask_id, MaskRevision.revision.in_(revisions)))
    return {row[0]: row[1] for row in rows}


def points(session: Session, person_ids: Collection[UUID], as_of: datetime | None) -> Sequence[PointRow]:
    """The present points of several persons, in the order of their work."""
    present: ColumnElement[bool] = Point.superseded_at.is_(None)
    if as_of is not None:
        present = and_(or_(present, Point.superseded_at > as_of), Point.created_at <= as_of)
    return _points(session, person_ids, present)


def points_ever(session: Session, person_id: UUID, as_of: datetime) -> Sequence[PointRow]:
    """All points that a person had by the moment, superseded ones too."""
    return _points(session, [person_id], Point.created_at <= as_of)


def _points(session: Session, person_ids: Collection[UUID], which: ColumnElement[bool]) -> Sequence[PointRow]:
    query = (
        select(
            type_coerce(Point.person_id, String),
            type_coerce(Point.id, String),
            Point.part,
            Point.x,
            Point.y,
            Point.mask_revision,
        )
        .where(Point.person_id.in_(person_ids), which)
        .order_by(Point.person_id, Point.order, Point.mask_revision, Point.id)
    )
    return list(map(PointRow._make, _rows(session, query)))


def marks(session: Session, person_ids: Collection[UUID], as_of: datetime | None) -> Sequence[MarkRow]:
    """The marks on all points of several persons that were not taken back, the oldest first."""
    kind = case(
        (MarkRevision.kind == MarkKind.surface, SURFACE), (MarkRevision.kind == MarkKind.flag, FLAG), else_=CLEARED
    )
    query = (
        select(
            type_coerce(Mark.id, String),
            type_coerce(Mark.point_id, String),
            kind,
            func.coalesce(MarkRevision.face, -1),
            func.coalesce(MarkRevision.bary_0, 1.0),
            func.coalesce(MarkRevision.bary_1, 0.0),
            func.coalesce(MarkRevision.bary_2, 0.0),
            func.coalesce(MarkRevision.i, 0),
            func.coalesce(MarkRevision.u, 0.0),
            func.coalesce(MarkRevision.v, 0.0),
            MarkRevision.body_hash,
            type_coerce(MarkRevision.annotator_id, String),
            MarkRevision.seconds,
            MarkRevision.revision,
        )
        .join(Point, Point.id == Mark.point_id)
        .join(MarkRevision, MarkRevision.mark_id == Mark.id)
        .where(Point.person_id.in_(person_ids))
    )
    if as_of is None:
        query = query.where(MarkRevision.revision == Mark.revision)
        rows = _rows(session, query.order_by(MarkRevision.created_at, Mark.id))
        return [MarkRow._make(row[1:-1]) for row in rows if row[2] != CLEARED]
    query = query.where(MarkRevision.created_at <= as_of)
    latest: dict[Any, Any] = {}
    for row in _rows(session, query.order_by(MarkRevision.created_at, Mark.id, MarkRevision.revision)):
        known = latest.get(row[0])
        if known is None or known[-1] < row[-1]:
            latest.pop(row[0], None)  # put in anew, the later revision stands behind marks that are older
            latest[row[0]] = row
    return [MarkRow._make(row[1:-1]) for row in latest.values() if row[2] != CLEARED]


def _rows(session: Session, query: Executable) -> Sequence[Any]:
    """The connection's own rows, all at once: what the session would make of each, and asking for each, take as long as
    reading them."""
    return session.connection().execute(query).all()


def _until(column: InstrumentedAttribute[Any], as_of: datetime | None) -> ColumnElement[bool]:
    """By the moment; what has no time was before it."""
    return true() if as_of is None else or_(column.is_(None), column <= as_of)
