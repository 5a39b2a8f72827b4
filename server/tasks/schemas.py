"""Bodies of tasks and points."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from annotation.words import StudyMasks, TaskKind, TaskState
from server.images.schemas import Image
from server.marks.schemas import Mark
from server.persons.schemas import Person
from server.projects.schemas import BodyRef
from server.schemas import In, Out, Region, Revision


class Lease(Out):
    """Who works on a task, and until when without a sign of life."""

    user_id: UUID | None
    until: datetime | None


class StudyTask(Out):
    """The study that a task belongs to: the caller's `number`-th person of `total`, counted from 1."""

    id: UUID
    name: str
    number: int
    total: int
    practice: bool = Field(description="errors are shown when it is submitted, and do not count")
    masks: StudyMasks = Field(description="given masks cannot be changed")
    parts: list[int] | None = Field(description="labels of the parts that are wanted, null for all")


class Task(Out):
    """A piece of work on one person."""

    id: UUID
    kind: TaskKind
    project_id: UUID
    person: Person
    image: Image
    lease: Lease
    state: TaskState
    body: BodyRef
    mask_id: UUID
    region: Region = Field(description="x0, y0, width, height: the part of the image that masks are drawn in")
    study: StudyTask | None


class Point(Out):
    """A sampled image position, centre of a pixel, with the mark it has."""

    id: UUID
    part: int
    x: float
    y: float
    order: int
    mark: Mark | None


class Points(Out):
    """All points of a person, in the order to mark them."""

    items: list[Point]


class MaskSubmit(In):
    """Ends the mask: `revision` must be its current revision."""

    revision: Revision
