"""Many rows at once, for imports."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from annotation.words import MarkKind, TaskKind
from annotation_db.models import (
    Image,
    Mark,
    MarkRevision,
    Mask,
    MaskRevision,
    Person,
    PersonRevision,
    PersonSource,
    Point,
    Task,
)
from annotation_db.models.base import Base

TABLES: tuple[type[Base], ...] = (
    Person,
    PersonRevision,
    PersonSource,
    Task,
    Mask,
    MaskRevision,
)
"""What persons and the work on them are kept in, those first that others refer to."""

Rows = Mapping[type[Base], Sequence[Mapping[str, Any]]]
"""Rows by table, as values by column; all rows of one table name the same columns."""


def insert_rows(session: Session, rows: Rows) -> None:
    """Insert rows of any of `TABLES`; columns with a default in the models may be left out, at the price of time."""
    connection = session.connection()
    for table in TABLES:
        if rows.get(table):
            connection.execute(insert(table), rows[table])


@dataclass(frozen=True)
class Marked:
    """Points of a person with a surface mark on each, as columns; see `annotation_db.models.work`. Ids are hex without
    dashes, which every database takes."""

    person: Sequence[str]
    point: Sequence[str]
    mark: Sequence[str]
    order: Sequence[int]
    part: Sequence[int]
    x: Sequence[float]
    y: Sequence[float]
    face: Sequence[int]
    bary_0: Sequence[float]
    bary_1: Sequence[float]
    bary_2: Sequence[float]
    i: Sequence[int]
    u: Sequence[float]
    v: Sequence[float]


def insert_marked(session: Session, marked: Sequence[Marked], annotator: UUID, body_hash: str, now: datetime) -> None:
    """Insert points sampled from the first revision of their persons' masks, and an annotator's first marks on them."""
    every = {name: list(chain.from_iterable(getattr(own, name) for own in marked)) for name in vars(marked[0])}
    points = {"id": "point", "person_id": "person"} | {name: name for name in ("part", "x", "y", "order")}
    marks = {"id": "mark", "point_id": "point"}
    placed = {name: name for name in ("face", "bary_0", "bary_1", "bary_2", "i", "u", "v")}
    for table, columns, same in (
        (Point, points, {"mask_revision": 1, "created_at": now}),
        (Mark, marks, {"annotator_id": annotator, "revision": 1}),
        (
            MarkRevision,
            {"mark_id": "mark", "write_id": "mark"} | placed,
            {
                "revision": 1,
                "kind": MarkKind.surface,
                "body_hash": body_hash,
                "annotator_id": annotator,
                "seconds": 0.0,
                "created_at": now,
            },
        ),
    ):
        _insert_columns(session, table, {column: every[name] for column, name in columns.items()}, same)


def _insert_columns(
    session: Session, table: type[Base], columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
) -> None:
    """Insert rows given as columns of what the driver takes, and the values that are the same in all. SQLAlchemy's own
    way takes a dict for each row, which for millions of marks is most of the time."""
    connection = session.connection()
    dialect = connection.dialect
    types = table.__table__.c

    def bound(name: str, value: Any) -> Any:
        process = types[name].type.dialect_impl(dialect).bind_processor(dialect)
        return value if process is None else process(value)

    names = ", ".join(dialect.identifier_preparer.quote(name) for name in [*columns, *same])
    values = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * (len(columns) + len(same)))
    rows = zip(*columns.values(), *(repeat(bound(name, value)) for name, value in same.items()), strict=False)
    connection.exec_driver_sql(f"INSERT INTO {table.__tablename__} ({names}) VALUES ({values})", list(rows))  # noqa: S608


def images_to_fill(session: Session, image_ids: Collection[UUID]) -> set[UUID]:
    """Those of the images that are not deleted; none of them goes before the transaction ends."""
    query = select(Image.id).where(Image.id.in_(image_ids), Image.deleted_at.is_(None)).order_by(Image.id)
    return set(session.scalars(query.with_for_update(read=True)))


@dataclass(frozen=True)
class Present:
    """A person that is there already, deleted or not, its entry in the file it came from, its mask and its tasks."""

    person: Person
    source: PersonSource | None
    mask: Mask
    tasks: Mapping[TaskKind, Task]


def there_already(session: Session, person_ids: Collection[UUID], lock: bool = False) -> dict[UUID, Present]:
    """Those of the ids that are persons already; with `lock`, held until the transaction ends."""
    query = select(Person).where(Person.id.in_(person_ids)).order_by(Person.id)
    people = session.scalars(query.with_for_update() if lock else query).all()
    ids = [person.id for person in people]
    if not ids:
        return {}
    sources = {
        row.person_id: row for row in session.scalars(select(PersonSource).where(PersonSource.person_id.in_(ids)))
    }
    masks = {row.person_id: row for row in session.scalars(select(Mask).where(Mask.person_id.in_(ids)))}
    tasks: dict[UUID, dict[TaskKind, Task]] = {id_: {} for id_ in ids}
    for row in session.scalars(select(Task).where(Task.person_id.in_(ids))):
        tasks[row.person_id][row.kind] = row
    return {row.id: Present(row, sources.get(row.id), masks[row.id], tasks[row.id]) for row in people}
