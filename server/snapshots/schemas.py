"""Bodies of the snapshot routes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from annotation.words import PersonState
from annotation_db.models import SnapshotState
from export.card import Card
from export.near import DISTANCE, MOST
from export.splits import checked
from server.jobs.schemas import Job
from server.projects.schemas import BodyRef
from server.schemas import In, Name, Out

Choice = Literal["with", "without", "only"]
Tag = Annotated[str, Field(min_length=1, max_length=100)]
_Tags = Annotated[list[Tag], Field(max_length=100)]


class Selection(BaseModel):
    """What is taken into a snapshot, and how it is split."""

    states: list[PersonState] = Field(
        default=[PersonState.done], min_length=1, description="Persons in these states carry their masks and points."
    )
    others: bool = Field(
        default=True,
        description="Other persons in the same images stay, as not annotated; without them, people are to be seen in"
        " images of which the dataset knows nothing.",
    )
    annotators: list[UUID] | None = Field(
        default=None, min_length=1, max_length=1000, description="Whose marks count; null for everybody's."
    )
    max_error_cm: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Only marks of annotators whose mean error in the study is at most this; who was not measured is"
        " left out.",
    )
    study_id: UUID | None = Field(
        default=None,
        description="The study that tells how well people annotate; null for the one with the newest report: of this"
        " project, else of another on the same body that measured people who marked here.",
    )
    max_flagged: float | None = Field(
        default=None, ge=0, le=1, description="Only persons of whose points at most this share is flagged."
    )
    max_spread_cm: float | None = Field(
        default=None, gt=0, le=100, description="Only points whose marks lie at most this far from the chosen one."
    )
    min_marks: int = Field(default=1, ge=1, le=100, description="Only points that so many annotators marked.")
    tags: _Tags = Field(default=[], description="Only images with one of these tags.")
    without_tags: _Tags = Field(default=[], description="No images with any of these tags.")
    rendered: Choice = Field(default="with", description="Rendered persons.")
    gold: Choice = Field(default="with", description="Persons whose truth is known.")
    marks: Literal["consensus", "single"] = Field(
        default="consensus",
        description="Of several marks on a point the one nearest to all others, or the latest one.",
    )
    splits: dict[str, float] | None = Field(
        default=None, min_length=1, max_length=20, description="Shares of images by name, which add up to 1."
    )
    near_distance: int = Field(
        default=DISTANCE,
        ge=0,
        le=MOST,
        description="With splits: photos whose perceptual hashes differ in at most so many of 64 bits stay together.",
    )


class SnapshotSettings(Selection, In):
    """What is taken into a snapshot, how it is split, and on which body. The defaults take all finished persons,
    unsplit, on the body that they were marked on."""

    body: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Name or hash of the body that points are to be on, to which marks are transferred; null for the"
        " project's own, on which they are made and compared.",
    )

    @field_validator("splits")
    @classmethod
    def _shares(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        return None if value is None else checked(value)


class SnapshotSettingsUsed(Selection, Out):
    """The settings that a snapshot was made with."""

    body: BodyRef | None = Field(default=None, description="Where it is not the project's: the marks are transferred.")


class SnapshotCreate(In):
    """A new snapshot; `id` is made by the client, so that the same request sent again makes no second one."""

    id: UUID | None = None
    name: Name
    settings: SnapshotSettings = Field(default_factory=SnapshotSettings)


class SnapshotCounts(Out):
    """`annotated` persons have part masks and marked points."""

    images: int
    persons: int
    annotated: int
    points: int


class SplitCounts(SnapshotCounts):
    """The same of one split; its name is empty where there is no split."""

    name: str


class Snapshot(Out):
    """An immutable version of a project's work."""

    id: UUID
    project_id: UUID
    name: str
    state: SnapshotState
    error: str | None = Field(description="Why it failed.")
    settings: SnapshotSettingsUsed
    as_of: datetime = Field(description="The moment whose work it holds.")
    body: BodyRef
    hash: str | None = Field(description="Of its content; null until it is ready.")
    counts: SnapshotCounts | None = Field(description="Null until it is ready.")
    splits: list[SplitCounts] = Field(description="Empty until it is ready; one entry without a name where unsplit.")
    bytes: int | None = Field(description="Size of its content files; null until it is ready.")
    withdrawn: int = Field(description="Images that were withdrawn since: no export of it has them any more.")
    withdrawn_persons: int = Field(description="Persons that were erased with these images.")
    job: Job | None = Field(description="The job that makes it.")
    created_by: UUID | None
    created_at: datetime
    finished_at: datetime | None


class SnapshotDetail(Snapshot):
    """One snapshot with its card, and the ids of images that were withdrawn since."""

    card: Card | None
    withdrawn_images: list[UUID]


class StudyUsed(Out):
    """The study whose report tells how well people annotate."""

    id: UUID
    name: str
    measured: int = Field(description="So many people.")
    good_enough: int | None = Field(description="Those within `max_error_cm`; null where that is not asked for.")


class SnapshotPreview(Out):
    """What a snapshot with these settings would hold, at most: single marks are looked at when it is made."""

    images: int
    persons: int
    annotated: int
    points: int
    splits: list[SplitCounts]
    left_out: dict[str, int] = Field(description="Counts by reason.")
    not_hashed: int = Field(
        description="Photos that were not compared with the others yet; where some are, splits are an estimate."
    )
    study: StudyUsed | None
    tags: dict[str, int] = Field(description="The tags of the project's images, and how many have each.")


class Change(Out):
    """A person or an image that differs between two snapshots, by its id in their files."""

    id: int
    image: str = Field(description="File name of the image.")
    how: Literal["added", "removed", "changed"]
    what: list[str] = Field(description="Of a change: points, mask, box, keypoints, split, licence, ...")


class Changes(Out):
    """How two snapshots differ in their images, or in their persons."""

    added: int
    removed: int
    changed: int
    same: int
    what: dict[str, int] = Field(description="How many of those changed differ in what.")
    items: list[Change] = Field(description="The first of them, by id.")


class SnapshotDiff(Out):
    """From `other` to this snapshot."""

    snapshot_id: UUID
    other_id: UUID
    same_content: bool
    same_body: bool
    images: Changes
    persons: Changes
