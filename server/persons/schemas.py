"""Bodies of /api/persons."""

from uuid import UUID

from pydantic import Field

from annotation.words import PersonSource, PersonState
from server.schemas import Box, In, Out, Revision


class Person(Out):
    """One person in an image."""

    id: UUID
    image_id: UUID
    bbox: Box = Field(description="x, y, width, height in pixels of the upright image")
    area: float
    keypoints: list[float] | None = Field(description="COCO's 17 keypoints as x, y, visibility")
    segmentation: bool = Field(description="whether the person came with a segmentation")
    source: PersonSource
    revision: int
    state: PersonState
    deleted: bool
    masks: int = Field(description="parts in the current mask")
    points: int = Field(description="points to mark")
    marks: int = Field(description="points marked or flagged")


class PersonWrite(In):
    """A person's box; writing to a deleted person brings it back."""

    image_id: UUID
    bbox: Box
    revision: Revision
    write_id: UUID
