"""Users, sessions and failed sign-ins."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from annotation.words import Role
from annotation_db.models import SignInFailure, User, UserSession


def by_id(session: Session, user_id: UUID) -> User | None:
    """One user."""
    return session.get(User, user_id)


def by_login(session: Session, login: str) -> User | None:
    """The user of a case-folded name."""
    return session.scalar(select(User).where(User.login == login))


def add(session: Session, user: User) -> None:
    """Insert; raises IntegrityError when the login is taken."""
    session.add(user)
    session.flush()


def page(session: Session, after: tuple[str, UUID] | None, limit: int) -> Sequence[User]:
    """Up to `limit` users by login."""
    query = select(User).order_by(User.login, User.id).limit(limit)
    if after:
        query = query.where(tuple_(User.login, User.id) > after)
    return session.scalars(query).all()


def lock_admins(session: Session) -> Sequence[User]:
    """All active administrators, held until the transaction ends, so that none of them can cease to be one meanwhile.
    Writes that refer to them go on."""
    query = select(User).where(User.role == Role.admin, User.active.is_(True)).order_by(User.id)
    return session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def session_with_user(session: Session, token_hash: str, now: datetime) -> tuple[UserSession, User] | None:
    """An unexpired session of an active user."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == token_hash, UserSession.expires_at > now, User.active.is_(True))
    ).first()
    return (row[0], row[1]) if row else None


def add_session(session: Session, user_session: UserSession) -> None:
    """Insert a session."""
    session.add(user_session)


def delete_session(session: Session, token_hash: str) -> None:
    """End one session."""
    session.execute(delete(UserSession).where(UserSession.token_hash == token_hash))


def delete_sessions_of(session: Session, user_id: UUID, besides: str | None = None) -> None:
    """End all sessions of a user, but for the one with the token hash `besides`."""
    query = delete(UserSession).where(UserSession.user_id == user_id)
    session.execute(query.where(UserSession.token_hash != besides) if besides else query)


def delete_expired(session: Session, now: datetime, failures_before: datetime) -> None:
    """Forget ended sessions and old failures."""
    session.execute(delete(UserSession).where(UserSession.expires_at <= now))
    session.execute(delete(SignInFailure).where(SignInFailure.at <= failures_before))


def add_failure(session: Session, key: str, now: datetime) -> UUID:
    """Note a failed sign-in; returns its id."""
    failure = SignInFailure(id=uuid4(), key=key, at=now)
    session.add(failure)
    return failure.id


def failures(session: Session, key: str, since: datetime) -> Sequence[datetime]:
    """Times of the failed sign-ins since then, oldest first."""
    return session.scalars(
        select(SignInFailure.at).where(SignInFailure.key == key, SignInFailure.at > since).order_by(SignInFailure.at)
    ).all()


def forget_attempts(session: Session, ids: Collection[UUID]) -> None:
    """Take back what was noted of an attempt that then succeeded."""
    session.execute(delete(SignInFailure).where(SignInFailure.id.in_(ids)))


def forget_failures(session: Session, key: str) -> None:
    """After a successful sign-in."""
    session.execute(delete(SignInFailure).where(SignInFailure.key == key))
