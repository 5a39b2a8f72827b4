"""Projects and members."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import Role
from annotation_db import models
from annotation_db.repositories import projects, users
from server.access import ANNOTATE, EXPORT, MANAGE, READ, is_staff
from server.paging import page
from server.problems import NotFoundError, StaleError
from server.projects.schemas import BodyRef, Can, Member, Progress, Project
from server.schemas import Page, decode_cursor
from server.session.service import Caller


def list_projects(session: Session, caller: Caller, after: str | None, limit: int) -> Page[Project]:
    """One page of the projects the caller may see, by name."""
    member = None if READ.permits(caller.role, member=False) else caller.id
    rows = projects.page(session, member, decode_cursor(after), limit + 1)
    return page(rows, limit, lambda row: (row.name, row.id), lambda kept: _out(session, caller, kept))


def create_project(
    session: Session, caller: Caller | None, name: str, description: str, body_name: str, body_hash: str
) -> Project:
    """Make a project; without a caller (scripts) nobody is named as its maker."""
    row = models.Project(
        name=name,
        description=description,
        body_name=body_name,
        body_hash=body_hash,
        created_by=caller.id if caller else None,
    )
    projects.add(session, row)
    return _out(session, caller, [row])[0]


def get_project(session: Session, caller: Caller | None, project_id: UUID) -> Project:
    """One project."""
    return _out(session, caller, [_existing(session, project_id)])[0]


def update_project(
    session: Session, caller: Caller, project_id: UUID, revision: int, name: str | None, description: str | None
) -> Project:
    """Change name or description; raises StaleError unless `revision` is the current one."""
    row = _existing(session, project_id, lock=True)
    if row.revision != revision:
        current = _out(session, caller, [row])[0]
        raise StaleError("somebody else changed the project meanwhile", current=current)
    row.name = name if name is not None else row.name
    row.description = description if description is not None else row.description
    row.revision += 1
    session.flush()
    return _out(session, caller, [row])[0]


def list_members(session: Session, project_id: UUID, after: str | None, limit: int) -> Page[Member]:
    """One page of the members by name."""
    rows = projects.members(session, project_id, decode_cursor(after), limit + 1)
    return page(rows, limit, lambda user: (user.login, user.id), lambda kept: [_member(user) for user in kept])


def add_member(session: Session, project_id: UUID, user_id: UUID) -> Member:
    """Let a user work in the project; raises NotFoundError."""
    _existing(session, project_id)
    user = users.by_id(session, user_id)
    if user is None:
        raise NotFoundError("no such user")
    projects.add_member(session, project_id, user_id)
    return _member(user)


def remove_member(session: Session, project_id: UUID, user_id: UUID) -> None:
    """End a membership, if there is one."""
    projects.remove_member(session, project_id, user_id)


def _existing(session: Session, project_id: UUID, lock: bool = False) -> models.Project:
    row = projects.by_id(session, project_id, lock)
    if row is None:
        raise NotFoundError("no such project")
    return row


def _member(user: models.User) -> Member:
    return Member(user_id=user.id, username=user.username, name=user.name, role=user.role)


def _out(session: Session, caller: Caller | None, rows: Sequence[models.Project]) -> list[Project]:
    ids = [row.id for row in rows]
    # What a study keeps back is no work of those who annotate: the queue does not hand it out.
    progress = projects.progress(session, ids, kept_back=caller is None or is_staff(caller))
    role = caller.role if caller else Role.admin
    joined = projects.memberships(session, caller.id, ids) if caller else set()
    return [
        Project(
            id=row.id,
            name=row.name,
            description=row.description,
            body=BodyRef(name=row.body_name, hash=row.body_hash),
            created_at=row.created_at,
            revision=row.revision,
            progress=Progress(**progress.get(row.id, projects.ProgressRow())._asdict()),
            can=Can(
                manage=MANAGE.permits(role, row.id in joined),
                annotate=ANNOTATE.permits(role, row.id in joined),
                export=EXPORT.permits(role, row.id in joined),
            ),
        )
        for row in rows
    ]
