"""Where something is, which decides who may see it."""

from typing import NamedTuple
from uuid import UUID


class Place(NamedTuple):
    """The project, and for what is on a study's copy of a person the one annotator it is for."""

    project_id: UUID
    assigned_to: UUID | None = None
