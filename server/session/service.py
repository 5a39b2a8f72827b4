"""Signing in and out. Tokens are opaque; the database knows only their SHA-256."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

from pwdlib import PasswordHash

from annotation.words import Role
from annotation_db import Database, utc_now
from annotation_db.models import User, UserSession
from annotation_db.repositories import users
from server.problems import RefusedError, TooManyError, UnauthenticatedError
from server.session.schemas import Me, MeUser
from server.settings import Settings
from server.version import version

PASSWORDS = PasswordHash.recommended()  # argon2id

_RENEW_AFTER = timedelta(minutes=10)  # a session's life is written down again no more often than this
_PER_ADDRESS = 5  # times the limit per name and address, for one address trying many names


@dataclass(frozen=True)
class Caller:
    """Who makes a request."""

    id: UUID
    username: str
    name: str
    role: Role


def sign_in(database: Database, settings: Settings, username: str, password: str, address: str) -> tuple[str, Caller]:
    """Check a password and start a session; returns its token.

    Raises TooManyError after repeated failures, else UnauthenticatedError, which takes as long for unknown names.
    """
    login = username.strip().casefold()
    keys = [_digest(f"{login}\n{address}"), _digest(f"\n{address}")]
    attempts = _count_attempt(database, settings, keys)
    with database.read() as session:
        user = users.by_login(session, login)
    known = user is not None and user.active
    fits, better_hash = PASSWORDS.verify_and_update(password, user.password_hash if user and known else _nobodys_hash())
    if user is None or not known or not fits:
        raise UnauthenticatedError("name or password is wrong")
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        users.forget_failures(session, keys[0])
        users.forget_attempts(session, attempts)
        users.add_session(
            session,
            UserSession(
                token_hash=_digest(token),
                user_id=user.id,
                expires_at=utc_now() + timedelta(hours=settings.session_hours),
            ),
        )
        if better_hash and (stored := users.by_id(session, user.id)):
            stored.password_hash = better_hash
    return token, _caller(user)


def caller_of(database: Database, settings: Settings, token: str) -> Caller | None:
    """The user of a token, None when it is unknown or over. Use prolongs the session."""
    now, token_hash = utc_now(), _digest(token)
    life = timedelta(hours=settings.session_hours)
    with database.read() as session:
        found = users.session_with_user(session, token_hash, now)
    if found is None:
        return None
    user_session, user = found
    if user_session.expires_at < now + life - _RENEW_AFTER:
        with database.write() as session:
            if again := users.session_with_user(session, token_hash, now):
                again[0].expires_at = now + life
    return _caller(user)


def sign_out(database: Database, token: str | None) -> None:
    """End the session of a token, if there is one."""
    if token:
        with database.write() as session:
            users.delete_session(session, _digest(token))


def change_password(database: Database, caller: Caller, token: str, current: str, new: str) -> None:
    """Set the caller's password and end the caller's other sessions; RefusedError when `current` is wrong."""
    with database.read() as session:
        user = users.by_id(session, caller.id)
    if user is None or not PASSWORDS.verify(current, user.password_hash):
        raise RefusedError("the current password is wrong")
    hashed = PASSWORDS.hash(new)
    with database.write() as session:
        stored = users.by_id(session, caller.id)
        if stored is None:
            raise UnauthenticatedError("the account is gone")
        stored.password_hash = hashed
        users.delete_sessions_of(session, caller.id, besides=_digest(token))


def me(caller: Caller) -> Me:
    """What a signed-in browser is told about itself."""
    return Me(
        user=MeUser(id=caller.id, username=caller.username, name=caller.name, role=caller.role), version=version()
    )


def _count_attempt(database: Database, settings: Settings, keys: list[str]) -> list[UUID]:
    """Write the attempt down before the password is looked at, so that many at once cannot slip through. Returns what
    was written, which a success takes back."""
    now = utc_now()
    window = timedelta(minutes=settings.sign_in_window_minutes)
    with database.write() as session:
        users.delete_expired(session, now, now - window)
        for key, limit in zip(keys, (settings.sign_in_failures, settings.sign_in_failures * _PER_ADDRESS), strict=True):
            times = users.failures(session, key, now - window)
            if len(times) >= limit:
                wait = max(1, round((times[-limit] + window - now).total_seconds()))
                raise TooManyError(
                    f"too many failed sign-ins; try again in {wait} seconds", headers={"Retry-After": str(wait)}
                )
        return [users.add_failure(session, key, now) for key in keys]


@cache
def _nobodys_hash() -> str:
    return PASSWORDS.hash(secrets.token_urlsafe())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _caller(user: User) -> Caller:
    return Caller(user.id, user.username, user.name, user.role)
