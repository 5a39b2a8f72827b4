"""Many rows at once, for imports."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

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
    Point,
    Mark,
    MarkRevision,
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


def images_to_fill(session: Session, image_ids: Collection[UUID]) -> set[UUID]:
    """Those of the images that are not deleted; none of them goes before the transaction ends."""
    query = select(Image.id).where(Image.id.in_(image_ids), Image.deleted_at.is_(None)).order_by(Image.id)
    return set(session.scalars(query.with_for_update(read=True)))


def persons_present(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are persons already, deleted or not."""
    return set(session.scalars(select(Person.id).where(Person.id.in_(person_ids))))
