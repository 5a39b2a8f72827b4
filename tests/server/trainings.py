"""A project with a snapshot to train on, and runs that take seconds."""

from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from annotation.words import Role
from annotation_db import models
from annotation_db.models import RunState
from annotation_db.repositories import jobs, runs
from server.jobs import here
from server.runs import folder, service
from server.runs.schemas import RunCreate
from server.runs.trainer import MARK
from server.snapshots import service as snapshots
from server.snapshots.schemas import SnapshotCreate, SnapshotSettings
from server.state import State
from tests.server.filled import Filling
from tests.server.people import add_user, sign_in

QUICK = [
    "network.kind=fcn", "network.trunk.name=tiny", "network.trunk.channels=16", "network.fcn.channels=16",
    "data.shortest=32,32", "data.longest=64", "data.tested=32,64", "data.workers=0", "data.flip=0",
    "schedule.steps=24", "schedule.batch=2", "schedule.warmup=0", "running.log=2", "running.checkpoint=2",
    "running.evaluate=16",
]  # fmt: skip
ENDED = (RunState.stopped, RunState.finished, RunState.failed)


class Trainings:
    """A project whose snapshot has the splits train and val."""

    def __init__(self, app: Any) -> None:
        self.state: State = app.state.densemark
        self.user = add_user(app, "eva", Role.lead)
        self.api = sign_in(app, "eva")
        self.project = self.api.project(name="Street")
        self.filling = Filling(self.state, self.project, [str(add_user(app, "nan", Role.annotator))])
        self.images = [self.filling.image(f"{n}.png") for n in range(6)]
        self.filling.persons(self.images)
        settings = SnapshotSettings(splits={"train": 0.5, "val": 0.5})
        made = snapshots.create(self.state, UUID(self.project), SnapshotCreate(name="spring", settings=settings), None)
        assert made.job is not None
        here.do(self.state, made.job.id)
        self.snapshot = made.id

    def begin(self, name: str, *changes: str, **more: Any) -> UUID:
        """A run that waits for a worker."""
        asked = RunCreate(
            name=name, snapshot_id=self.snapshot, recipe="tiny", changes=[*QUICK, *changes], device="cpu", **more
        )
        return service.create(self.state, UUID(self.project), asked, self.user).id

    def row(self, run: UUID) -> models.Run:
        """The run as it is now."""
        with self.state.database.read() as session:
            row = runs.by_id(session, run)
        assert row is not None
        return row

    def ended(self, run: UUID) -> models.Run | None:
        """The run, once it has."""
        row = self.row(run)
        return row if row.state in ENDED else None

    def job(self, run: UUID) -> models.Job:
        """The newest job about the run."""
        with self.state.database.read() as session:
            job = jobs.latest(session, "train", run)
        assert job is not None
        return job

    def folder(self, run: UUID) -> Path:
        """Where its files are."""
        return folder.of(self.state.settings, run)

    def reached(self, run: UUID) -> int:
        """The last step that its metrics tell of."""
        return folder.lines(self.folder(run), -1)[1]

    def losses(self, run: UUID) -> list[tuple[int, float, dict[str, float]]]:
        """What the lines of training say."""
        found, _ = folder.lines(self.folder(run), -1)
        return [(line["step"], line["loss"], line["losses"]) for line in found if line["kind"] == "train"]


def marked(run: UUID, word: str) -> list[psutil.Process]:
    """The living processes of a run's trainer whose command has a word."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(run) and word in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found
