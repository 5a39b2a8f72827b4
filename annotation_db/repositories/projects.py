"""Projects, members and progress."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, select, tuple_
from sqlalchemy.orm import Session

from annotation.words import PersonState
from annotation_db.models import Image, Member, Person, Project, User
from annotation_db.repositories.images import kept_back_in
from annotation_db.repositories.place import Place


class ProgressRow(NamedTuple):
    """Counts of one project."""

    images: int = 0
    persons: int = 0
    masks_done: int = 0
    points_done: int = 0
    points: int = 0
    marks: int = 0


def by_id(session: Session, project_id: UUID, lock: bool = False) -> Project | None:
    """One project; with `lock`, held until the transaction ends."""
    return session.get(Project, project_id, with_for_update=lock or None)


def place_of(session: Session, project_id: UUID) -> Place | None:
    """The project itself, if there is one."""
    found = session.scalar(select(Project.id).where(Project.id == project_id))
    return Place(found) if found else None


def add(session: Session, project: Project) -> None:
    """Insert."""
    session.add(project)
    session.flush()


def remove_empty(session: Session, project_id: UUID, since: datetime) -> None:
    """Delete a project that was made at this time or later and never had an image."""
    used = exists().where(Image.project_id == project_id)
    session.execute(delete(Project).where(Project.id == project_id, Project.created_at >= since, ~used))


def page(session: Session, member: UUID | None, after: tuple[str, UUID] | None, limit: int) -> Sequence[Project]:
    """Up to `limit` projects by name, those of one member or all."""
    query = select(Project).order_by(Project.name, Project.id).limit(limit)
    if member:
        query = query.where(exists().where(Member.project_id == Project.id, Member.user_id == member))
    if after:
        query = query.where(tuple_(Project.name, Project.id) > after)
    return session.scalars(query).all()


def is_member(session: Session, project_id: UUID, user_id: UUID) -> bool:
    """Whether the user works in the project."""
    return session.get(Member, (project_id, user_id)) is not None


def memberships(session: Session, user_id: UUID, project_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the projects that the user is a member of."""
    query = select(Member.project_id).where(Member.user_id == user_id, Member.project_id.in_(project_ids))
    return set(session.scalars(query))


def members(session: Session, project_id: UUID, after: tuple[str, UUID] | None, limit: int) -> Sequence[User]:
    """Up to `limit` members by login."""
    query = (
        select(User)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project_id)
        .order_by(User.login, User.id)
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(User.login, User.id) > after)
    return session.scalars(query).all()


def add_member(session: Session, project_id: UUID, user_id: UUID) -> None:
    """Insert, unless it is there."""
    session.merge(Member(project_id=project_id, user_id=user_id))
    session.flush()


def remove_member(session: Session, project_id: UUID, user_id: UUID) -> None:
    """Delete, if it is there."""
    session.execute(delete(Member).where(Member.project_id == project_id, Member.user_id == user_id))


def progress(session: Session, project_ids: Sequence[UUID], kept_back: bool = True) -> dict[UUID, ProgressRow]:
    """Counts of several projects at once, with those or without those images that a study keeps back; deleted images
    and persons, and copies for studies, do not count."""
    there: ColumnElement[bool] = Image.deleted_at.is_(None)
    if not kept_back:
        there = and_(there, Image.id.not_in(kept_back_in(*project_ids)))
    images = session.execute(
        select(Image.project_id, func.count())
        .where(Image.project_id.in_(project_ids), there)
        .group_by(Image.project_id)
    )
    counts = {project_id: ProgressRow(images=count) for project_id, count in images}
    masks_done = case((Person.state.in_([PersonState.points, PersonState.done]), 1), else_=0)
    points_done = case((Person.state == PersonState.done, 1), else_=0)
    persons = session.execute(
        select(
            Person.project_id,
            func.count(),
            func.sum(masks_done),
            func.sum(points_done),
            func.sum(Person.points),
            func.sum(Person.marks),
        )
        .join(Image, Image.id == Person.image_id)
        .where(
            Person.project_id.in_(project_ids),
            Person.deleted_at.is_(None),
            Person.study_id.is_(None),
            there,
        )
        .group_by(Person.project_id)
    )
    for project_id, *rest in persons:
        counts[project_id] = ProgressRow(counts[project_id].images, *map(int, rest))
    return counts
