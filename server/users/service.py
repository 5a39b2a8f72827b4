"""Accounts."""

import re
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from annotation.words import Role
from annotation_db import models
from annotation_db.repositories import users
from server.paging import page
from server.problems import ConflictError, NotFoundError, RefusedError
from server.schemas import Page, decode_cursor
from server.session.service import PASSWORDS
from server.users.schemas import User

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


def hash_password(password: str) -> str:
    """Argon2id; takes tens of milliseconds, so do it outside a transaction."""
    return PASSWORDS.hash(password)


def create_user(session: Session, username: str, name: str, password: str, role: Role, simulated: bool = False) -> User:
    """Make an account, for scripts. Raises RefusedError on a bad name or password, ConflictError on a taken name."""
    if not _USERNAME.fullmatch(username):
        raise RefusedError(f"{username!r} cannot be a user name: letters, digits and . _ @ + - only, at most 64")
    if not 8 <= len(password) <= 200:
        raise RefusedError("a password has 8 to 200 characters")
    return create_user_hashed(session, username, name, hash_password(password), role, simulated)


def create_user_hashed(
    session: Session, username: str, name: str, password_hash: str, role: Role, simulated: bool = False
) -> User:
    """Make an account with an already hashed password; raises ConflictError when the name is taken."""
    user = models.User(
        username=username,
        login=username.casefold(),
        name=name,
        password_hash=password_hash,
        role=role,
        active=True,
        simulated=simulated,
    )
    try:
        users.add(session, user)
    except IntegrityError as error:
        raise ConflictError(f"there is a user {username} already") from error
    return _out(user)


def set_password(session: Session, username: str, password: str) -> User:
    """Give a user a new password and end all sessions, for scripts; raises NotFoundError, RefusedError."""
    user = users.by_login(session, username.strip().casefold())
    if user is None:
        raise NotFoundError(f"no user {username}")
    if not 8 <= len(password) <= 200:
        raise RefusedError("a password has 8 to 200 characters")
    return update_user(session, user.id, password_hash=hash_password(password))


def list_users(session: Session, after: str | None = None, limit: int = 100) -> Page[User]:
    """One page of accounts by name."""
    rows = users.page(session, decode_cursor(after), limit + 1)
    return page(rows, limit, lambda user: (user.login, user.id), lambda kept: [_out(user) for user in kept])


def update_user(
    session: Session,
    user_id: UUID,
    *,
    name: str | None = None,
    role: Role | None = None,
    password_hash: str | None = None,
    active: bool | None = None,
) -> User:
    """Change an account; the last active administrator stays one (ConflictError)."""
    takes_admin = (role is not None and role != Role.admin) or active is False
    admins = users.lock_admins(session) if takes_admin else []
    user = users.by_id(session, user_id)
    if user is None:
        raise NotFoundError("no such user")
    if [admin.id for admin in admins] == [user.id]:
        raise ConflictError("this is the only active administrator")
    user.name = name if name is not None else user.name
    user.role = role if role is not None else user.role
    user.active = active if active is not None else user.active
    if password_hash is not None:
        user.password_hash = password_hash
    if password_hash is not None or active is False:
        users.delete_sessions_of(session, user.id)
    session.flush()
    return _out(user)


def _out(user: models.User) -> User:
    return User(
        id=user.id,
        username=user.username,
        name=user.name,
        role=user.role,
        active=user.active,
        simulated=user.simulated,
        created_at=user.created_at,
    )
