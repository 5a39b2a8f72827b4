"""Bodies of the job routes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from annotation_db.models import JobState
from server.schemas import Out


class Job(Out):
    """Work that takes long, and how far it is."""

    id: UUID
    kind: str
    project_id: UUID | None
    title: str
    state: JobState
    done: int = Field(description="Shards that are finished.")
    total: int = Field(description="Shards in all; 0 until the job is planned.")
    message: str = Field(description="What it is busy with, where a shard takes long.")
    error: str | None = Field(description="Why it failed.")
    result: Any | None = Field(
        description="What it gave; for renders {persons, images}, with `study` (its id) where one was set up."
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    created_by: UUID | None
