"""Files of the user's own that persons are rendered with."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from annotation_db.columns import UTCDateTime, utc_now, words
from annotation_db.models.base import Base, WithId


class RenderFileKind(StrEnum):
    """Motion or pose files, photos to stand before, pictures of fabrics."""

    poses = "poses"
    backgrounds = "backgrounds"
    textures = "textures"


class RenderFile(WithId, Base):
    """A file that a project can render persons with; its content is the blob, byte for byte as it was sent.

    `frames` are those of a motion, `poses` those of them that are kept; both are null for pictures.
    """

    __tablename__ = "render_files"
    __table_args__ = (UniqueConstraint("project_id", "kind", "blob"),)

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[RenderFileKind] = mapped_column(words(RenderFileKind))
    name: Mapped[str] = mapped_column(String(300))
    blob: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int]
    frames: Mapped[int | None]
    poses: Mapped[int | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
