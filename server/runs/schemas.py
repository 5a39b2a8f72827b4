"""Bodies of the run routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from annotation_db.models import RunState
from server.jobs.schemas import Job
from server.schemas import In, Name, Out

Change = Annotated[str, Field(max_length=300, pattern=r"^[a-z][a-z0-9_.]*=[^\x00-\x1f\x7f]*$")]
Changes = Annotated[list[Change], Field(max_length=200, description="key=value, as `densemark train --set` takes.")]
RecipeName = Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9_]+$", description="A recipe that ships.")]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda:[0-9]{1,2})$", description="auto: a free GPU, else the CPU.")]
Hours = Annotated[float, Field(gt=0, le=10_000, description="The most that it may train; then it stops.")]
Tag = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")]
Tags = Annotated[list[Tag], Field(max_length=20)]
Notes = Annotated[str, Field(max_length=20_000)]


class RunCreate(In):
    """What to train; the same `id` again changes nothing."""

    id: UUID | None = None
    name: Name
    snapshot_id: UUID
    recipe: RecipeName
    changes: Changes = Field(default_factory=list)
    device: Device = "auto"
    hours: Hours | None = None
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class RunClone(In):
    """Another run like this one; what is left out is as there."""

    id: UUID | None = None
    name: Name
    snapshot_id: UUID | None = None
    recipe: RecipeName | None = None
    changes: Changes | None = None
    device: Device | None = None
    hours: Hours | None = None


class RunChange(In):
    """What may be changed at any time."""

    name: Name | None = None
    notes: Notes | None = None
    tags: Tags | None = None


class RunResume(In):
    """How it shall go on: keys of `running`, `data.workers` and `schedule.accumulate` may be changed on the way."""

    changes: Changes = Field(default_factory=list)
    device: Device | None = None
    hours: Hours | None = Field(default=None, description="The most that it may train in all; as before if left out.")


class Evaluation(Out):
    """Figures on the held-out images after so many steps, in the form of `densemark evaluate --json`."""

    step: int
    figures: dict[str, Any]


class Gpu(Out):
    """A GPU as nvidia-smi sees it, whoever uses it; in MiB and in [0,1]."""

    used: float
    total: float
    use: float | None


class Latest(Out):
    """What the newest line of metrics says."""

    loss: float | None
    rate: float | None
    images_per_second: float | None
    waiting: float | None = Field(description="Share of the time in which no image was ready.")
    memory: float | None = Field(description="MiB of the GPU that the training has had at most; 0 on a processor.")
    seconds_left: float | None
    gpu: Gpu | None


class Run(Out):
    """A training of a network."""

    id: UUID
    project_id: UUID
    name: str
    kind: Literal["train"]
    snapshot_id: UUID
    snapshot_name: str
    snapshot_hash: str
    recipe: str
    changes: list[str]
    device: str
    hours: float | None
    state: RunState
    error: str | None = Field(description="Why it ended early, and what to change.")
    waiting_for: str | None = Field(description="While it is queued: what for.")
    step: int
    steps: int
    seconds: float = Field(description="So long it has trained, in all.")
    latest: Latest | None
    newest: Evaluation | None
    best: Evaluation | None
    notes: str
    tags: list[str]
    withdrawn: int = Field(description="So many photos that it learnt from were withdrawn since.")
    cloned_from: UUID | None
    worker: str | None
    job: Job | None = Field(description="Its events say when to look again.")
    created_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Metrics(Out):
    """Lines of metrics.jsonl, thinned where there are many; numbers that are not finite are null."""

    lines: list[dict[str, Any]]
    step: int = Field(description="Of the last line; `after` of the next request.")


class Log(Out):
    """A piece of the trainer's output."""

    text: str
    next: int = Field(description="`after` of the next request, in bytes.")
    end: bool = Field(description="Whether there is nothing more at the moment.")


class Samples(Out):
    """Pictures of what the network found in held-out images after so many steps."""

    step: int
    names: list[str]


class RunFile(Out):
    """A file of the run that can be downloaded."""

    name: str
    bytes: int


class Recipe(Out):
    """A recipe that ships; `text` is complete, as TOML."""

    name: str
    text: str


class TrainingDevice(Out):
    """Where a training can run."""

    name: str
    title: str
    memory: float | None = Field(description="MiB of the GPU.")


class Training(Out):
    """What can be trained with here, and what is missing."""

    recipes: list[Recipe]
    devices: list[TrainingDevice]
    torch: str | None = Field(description="Its version where the server runs; null where it is not installed.")
    worker: bool = Field(description="Whether a worker that trains was seen lately.")
    problems: list[str] = Field(description="What is missing, each with how to mend it.")


class RecipeCheck(In):
    """A recipe with changes."""

    recipe: RecipeName
    changes: Changes = Field(default_factory=list)


class RecipeChecked(Out):
    """The complete recipe, or why there is none."""

    text: str | None
    steps: int | None
    error: str | None
