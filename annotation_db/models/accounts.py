"""Users, their sessions, and failed sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from annotation.words import Role
from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class User(WithId, Base):
    """An account; `username` is kept as written, `login` is its case-folded form.

    `simulated`: a program works under it, which reports of studies say.
    """

    __tablename__ = "users"

    username: Mapped[str] = mapped_column(String(64))
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(words(Role))
    password_hash: Mapped[str] = mapped_column(String(500))
    active: Mapped[bool] = mapped_column(default=True)
    simulated: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)


class UserSession(Base):
    """A signed-in browser or script, found by the SHA-256 of its token; the token itself is nowhere."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SignInFailure(WithId, Base):
    """One failed sign-in, kept for the length of the throttling window."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_key_at", "key", "at"),)

    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
