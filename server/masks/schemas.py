"""Bodies of masks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from server.schemas import In, Out, Region, Revision, Seconds

Run = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Mask(Out):
    """A person's part mask: row-major runs [label, length, ...] over `region`."""

    id: UUID
    person_id: UUID
    revision: int
    region: Region
    runs: list[int]
    updated_at: datetime | None


class MaskWrite(In):
    """A new revision of a mask."""

    task_id: UUID
    region: Region
    runs: list[Run] = Field(max_length=2_000_000)
    revision: Revision
    write_id: UUID
    seconds: Seconds


class MaskRevision(Out):
    """One kept revision of a mask, without its pixels."""

    revision: int
    user_id: UUID
    parts: int
    area: int
    seconds: float
    created_at: datetime


class MaskRevisions(Out):
    """All revisions, newest first."""

    items: list[MaskRevision]
