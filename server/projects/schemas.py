"""Bodies of /api/projects."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from annotation.words import Role
from server.schemas import In, Name, Out, Revision


class BodyRef(Out):
    """The body a project is annotated on."""

    name: str
    hash: str


class Progress(Out):
    """How far a project is; `masks_done` and `points_done` count persons, `points` and `marks` points."""

    images: int
    persons: int
    masks_done: int
    points_done: int
    points: int
    marks: int


class Can(Out):
    """What the caller may do in a project."""

    manage: bool
    annotate: bool
    export: bool


class Project(Out):
    """A project as the caller sees it."""

    id: UUID
    name: str
    description: str
    body: BodyRef
    created_at: datetime
    revision: int
    progress: Progress
    can: Can


class ProjectCreate(In):
    """A new project."""

    name: Name
    description: str = Field(default="", max_length=10_000)
    body: str = Field(default="anny", max_length=200, description="Name or hash of a body.")


class ProjectPatch(In):
    """What to change; an absent or null field stays as it is."""

    revision: Revision
    name: Name | None = None
    description: str | None = Field(default=None, max_length=10_000)


class Member(Out):
    """A user who works in a project."""

    user_id: UUID
    username: str
    name: str
    role: Role
