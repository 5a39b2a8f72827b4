"""Bodies of the withdrawal routes."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from server.schemas import In, Out


class WithdrawRequest(In):
    """Why an image is withdrawn, in the lead's own words; name nobody here, it is kept."""

    reason: str = Field(default="", max_length=2000)


class Withdrawal(Out):
    """An image that was withdrawn; nothing of it is kept but the hashes of its bytes, by which it is refused."""

    id: UUID
    project_id: UUID
    image_id: UUID
    persons: int = Field(description="So many persons went with it, copies for studies not counted.")
    reason: str
    created_by: UUID | None
    created_at: datetime
    snapshots: int = Field(description="Snapshots made before it, which have lost this image.")


class AffectedSnapshot(Out):
    """A snapshot that holds an image withdrawn since."""

    id: UUID
    project_id: UUID
    name: str


class ReachedProject(Out):
    """A project that has the very same bytes, or had them."""

    id: UUID
    name: str
    images: int = Field(description="Images of it that go, those taken out too; 0 if they went before.")
    persons: int = Field(description="Persons that go with them, deleted ones too, copies for studies not counted.")


class ReachedStudy(Out):
    """A study that shows the image, which will have a person less, and its marks."""

    id: UUID
    project_id: UUID
    name: str


class Reach(Out):
    """What a withdrawal will erase, and which snapshots it will affect."""

    projects: list[ReachedProject]
    persons: int
    studies: list[ReachedStudy]
    snapshots: list[AffectedSnapshot]


class Withdrawn(Out):
    """What a withdrawal did: in every project that had the very same bytes."""

    withdrawals: list[Withdrawal]
    snapshots: list[AffectedSnapshot]
