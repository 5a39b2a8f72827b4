"""Points and marks."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from annotation.words import MarkKind
from annotation_db.models import Image, Mark, MarkRevision, Person, Point, Project, Task
from annotation_db.repositories.place import Place


def point_in_task(session: Session, task_id: UUID, point_id: UUID) -> tuple[Task, Project, Place, Point | None] | None:
    """A task whose image is not deleted, its project, where it is, and the point if it is one of the task's person,
    superseded or not; all in one query, since every click asks for them."""
    row = session.execute(
        select(Task, Project, Person.assigned_to, Point)
        .join(Project, Project.id == Task.project_id)
        .join(Person, Person.id == Task.person_id)
        .join(Image, Image.id == Person.image_id)
        .outerjoin(Point, (Point.person_id == Task.person_id) & (Point.id == point_id))
        .where(Task.id == task_id, Image.deleted_at.is_(None))
    ).first()
    return (row[0], row[1], Place(row[0].project_id, row[2]), row[3]) if row else None


def points(session: Session, person_id: UUID) -> Sequence[Point]:
    """The person's present points in their order."""
    return session.scalars(
        select(Point).where(Point.person_id == person_id, Point.superseded_at.is_(None)).order_by(Point.order)
    ).all()


def all_points(session: Session, person_id: UUID) -> Sequence[Point]:
    """All points the person ever had, by the mask they were sampled from and in their order."""
    return session.scalars(
        select(Point).where(Point.person_id == person_id).order_by(Point.mask_revision, Point.order)
    ).all()


def add_points(session: Session, new: Sequence[Point]) -> None:
    """Insert."""
    session.add_all(new)
    session.flush()


def supersede(session: Session, point_ids: Collection[UUID], now: datetime) -> None:
    """Take points out of the work; they and their marks are kept."""
    session.execute(update(Point).where(Point.id.in_(point_ids)).values(superseded_at=now))


def by_id(session: Session, mark_id: UUID) -> Mark | None:
    """One mark."""
    return session.get(Mark, mark_id)


def of_point(session: Session, point_id: UUID, annotator_id: UUID) -> Mark | None:
    """An annotator's mark on a point."""
    return session.scalar(select(Mark).where(Mark.point_id == point_id, Mark.annotator_id == annotator_id))


def place_of(session: Session, mark_id: UUID) -> Place | None:
    """Where a mark is whose image is not deleted."""
    row = session.execute(
        select(Person.project_id, Person.assigned_to)
        .join(Point, Point.person_id == Person.id)
        .join(Mark, Mark.point_id == Point.id)
        .join(Image, Image.id == Person.image_id)
        .where(Mark.id == mark_id, Image.deleted_at.is_(None))
    ).first()
    return Place(*row) if row else None


def current(session: Session, person_id: UUID) -> Iterator[tuple[Mark, MarkRevision]]:
    """The present marks on the person's present points, oldest first."""
    rows = session.execute(
        select(Mark, MarkRevision)
        .join(Point, Point.id == Mark.point_id)
        .join(MarkRevision, (MarkRevision.mark_id == Mark.id) & (MarkRevision.revision == Mark.revision))
        .where(Point.person_id == person_id, Point.superseded_at.is_(None))
        .order_by(MarkRevision.created_at, Mark.id)
    )
    return ((row[0], row[1]) for row in rows)


def revision(session: Session, mark_id: UUID, number: int) -> MarkRevision | None:
    """One revision."""
    return session.get(MarkRevision, (mark_id, number))


def revisions(session: Session, mark_id: UUID) -> Sequence[MarkRevision]:
    """All revisions, newest first."""
    return session.scalars(
        select(MarkRevision).where(MarkRevision.mark_id == mark_id).order_by(MarkRevision.revision.desc())
    ).all()


def has_write(session: Session, mark_id: UUID, write_id: UUID) -> bool:
    """Whether this write was done before."""
    query = select(MarkRevision.revision).where(MarkRevision.mark_id == mark_id, MarkRevision.write_id == write_id)
    return session.scalar(query) is not None


def append(session: Session, mark: Mark, row: MarkRevision) -> None:
    """Add the next revision and make it, and who wrote it, the current one."""
    mark.revision, mark.annotator_id = row.revision, row.annotator_id
    session.add(mark)
    session.flush()
    session.add(row)
    session.flush()


def count_marked(session: Session, person_id: UUID) -> int:
    """Present points of the person that have a mark or a flag."""
    query = (
        select(func.count(Point.id.distinct()))
        .join(Mark, Mark.point_id == Point.id)
        .join(MarkRevision, (MarkRevision.mark_id == Mark.id) & (MarkRevision.revision == Mark.revision))
        .where(Point.person_id == person_id, Point.superseded_at.is_(None), MarkRevision.kind != MarkKind.cleared)
    )
    return session.scalar(query) or 0


def unmarked(session: Session, person_id: UUID) -> Sequence[UUID]:
    """Present points of the person that have neither mark nor flag, in their order."""
    marked = (
        select(Mark.point_id)
        .join(MarkRevision, (MarkRevision.mark_id == Mark.id) & (MarkRevision.revision == Mark.revision))
        .where(MarkRevision.kind != MarkKind.cleared, Mark.point_id == Point.id)
        .exists()
    )
    query = select(Point.id).where(Point.person_id == person_id, Point.superseded_at.is_(None), ~marked)
    return session.scalars(query.order_by(Point.order)).all()
