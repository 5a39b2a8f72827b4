"""Bodies of /api/users."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from annotation.words import Role
from server.schemas import In, Name, Out
from server.session.schemas import Password

Username = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$")]


class User(Out):
    """An account; the password never leaves."""

    id: UUID
    username: str
    name: str
    role: Role
    active: bool
    simulated: bool = Field(description="a program works under this account, which reports of studies say")
    created_at: datetime


class UserCreate(In):
    """A new account."""

    username: Username
    name: Name
    password: Password
    role: Role
    simulated: bool = False


class UserPatch(In):
    """What to change; an absent or null field stays as it is."""

    name: Name | None = None
    role: Role | None = None
    password: Password | None = None
    active: bool | None = None
