"""Part masks and their revisions."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation_db.models import Image, Mask, MaskRevision, Person, Project
from annotation_db.repositories.place import Place


def by_id(session: Session, mask_id: UUID, lock: bool = False) -> Mask | None:
    """One mask; with `lock`, held until the transaction ends."""
    return session.get(Mask, mask_id, with_for_update=lock or None, populate_existing=lock)


def of_person(session: Session, person_id: UUID) -> Mask:
    """The person's mask; every person has one."""
    return session.scalars(select(Mask).where(Mask.person_id == person_id)).one()


def place_of(session: Session, mask_id: UUID) -> Place | None:
    """Where a mask is whose image is not deleted."""
    row = session.execute(
        select(Person.project_id, Person.assigned_to)
        .join(Mask, Mask.person_id == Person.id)
        .join(Image, Image.id == Person.image_id)
        .where(Mask.id == mask_id, Image.deleted_at.is_(None))
    ).first()
    return Place(*row) if row else None


def body_hash(session: Session, mask_id: UUID) -> str:
    """The body whose parts a mask shows: that of its project."""
    return session.scalars(
        select(Project.body_hash)
        .join(Person, Person.project_id == Project.id)
        .join(Mask, Mask.person_id == Person.id)
        .where(Mask.id == mask_id)
    ).one()


def revision(session: Session, mask_id: UUID, number: int) -> MaskRevision | None:
    """One revision."""
    return session.get(MaskRevision, (mask_id, number))


def revisions(session: Session, mask_id: UUID) -> Sequence[MaskRevision]:
    """All revisions, newest first."""
    return session.scalars(
        select(MaskRevision).where(MaskRevision.mask_id == mask_id).order_by(MaskRevision.revision.desc())
    ).all()


def some_revisions(session: Session, mask_id: UUID, numbers: Collection[int]) -> dict[int, MaskRevision]:
    """Several revisions by number."""
    query = select(MaskRevision).where(MaskRevision.mask_id == mask_id, MaskRevision.revision.in_(numbers))
    return {row.revision: row for row in session.scalars(query)}


def current_of_persons(session: Session, person_ids: Collection[UUID]) -> dict[UUID, MaskRevision]:
    """The present mask of several persons, of those that have one."""
    rows = session.execute(
        select(Mask.person_id, MaskRevision)
        .join(MaskRevision, (MaskRevision.mask_id == Mask.id) & (MaskRevision.revision == Mask.revision))
        .where(Mask.person_id.in_(person_ids))
    )
    return {row[0]: row[1] for row in rows}


def has_write(session: Session, mask_id: UUID, write_id: UUID) -> bool:
    """Whether this write was done before."""
    query = select(MaskRevision.revision).where(MaskRevision.mask_id == mask_id, MaskRevision.write_id == write_id)
    return session.scalar(query) is not None


def append(session: Session, mask: Mask, row: MaskRevision) -> None:
    """Add the next revision and make it the current one."""
    session.add(row)
    mask.revision = row.revision
    session.flush()
