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


class Withdrawn(Out):
    """What a withdrawal did: in every project that had the very same bytes."""

    withdrawals: list[Withdrawal]
    snapshots: list[AffectedSnapshot]
