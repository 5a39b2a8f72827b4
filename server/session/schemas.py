"""Bodies of /api/session."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from annotation.words import Role
from server.schemas import In, Out

Password = Annotated[str, Field(min_length=8, max_length=200)]


class SignIn(In):
    """Name and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=200)


class PasswordChange(In):
    """The caller's own new password."""

    current: str = Field(max_length=200)
    new: Password


class MeUser(Out):
    """The signed-in user."""

    id: UUID
    username: str
    name: str
    role: Role


class Me(Out):
    """Who is signed in, and the version of the server."""

    user: MeUser
    version: str
