"""The job that trains a run: one shard, which watches over the trainer as long as it takes.

Whatever ends this process ends the trainer (server.runs.lifeline); the next one to do the shard has the trainer go on
from its last checkpoint. The run's folder and its device are locked meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import time
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from annotation_db import models, utc_now
from annotation_db.models import RunState
from annotation_db.repositories import jobs, runs
from export.files import replacing
from server.jobs.kinds import Kind
from server.jobs.steps import say
from server.problems import RefusedError
from server.runs import devices, ends, folder, trainer
from server.runs.ends import End
from server.runs.follow import Metrics
from server.runs.service import KIND
from server.state import State

_LOOK = 0.25  # seconds between two looks at the trainer
_TELL = 1.0  # seconds between two looks at the row
_GPU = 5.0
GRACE = 300.0
"""Seconds that a trainer has to end its step after it was asked to; then it is killed."""
MOST_DEATHS = 3
"""So often a trainer may be killed without coming to a new checkpoint."""


def _plan(_state: State, _args: dict[str, Any]) -> list[int]:
    return [0]


def _step(state: State, args: dict[str, Any], _shard: int) -> dict[str, str]:
    run_id = UUID(args["run"])
    place = folder.of(state.settings, run_id)
    while True:
        row = _row(state, run_id)
        if row is None or row.state not in runs.OPEN:
            return {"state": "gone" if row is None else row.state}
        with folder.held(place, _TELL) as alone:
            if alone:
                return _alone(state, run_id, place)
        say("waiting for another process that has it")


def _finish(_state: State, _args: dict[str, Any], results: list[dict[str, str]]) -> dict[str, str]:
    return results[0]


def _alone(state: State, run_id: UUID, place: Path) -> dict[str, str]:
    """Train; the run's folder is held."""
    trainer.end_orphans(run_id)
    while True:
        row = _row(state, run_id)
        if row is None or row.state not in runs.OPEN:
            return {"state": "gone" if row is None else row.state}
        if row.state == RunState.stopping:
            return _ended(state, run_id, place, End(RunState.stopped, row.error))
        taken = devices.take(state.settings, row.device)
        if taken is not None:
            break
        say("waiting for the processor" if row.device == devices.CPU else "waiting for a free GPU")
        time.sleep(_TELL)
    device, lock = taken
    try:
        if not _begin(state, run_id):
            return {"state": "stopped"}
        end = _trained(state, run_id, place, device)
    finally:
        lock.release()
    return _ended(state, run_id, place, end)


def _trained(state: State, run_id: UUID, place: Path, device: str) -> End:
    """Have trainers at work until the run ends: one that was killed is followed by another."""
    deaths = 0
    newest = _newest_checkpoint(place)
    while True:
        row = _row(state, run_id)
        if row is None:
            return End(RunState.stopped)
        status, reason = _Watch(state, row, place, device).over()
        if status >= 0 or reason is not None:
            return ends.told(status if status >= 0 else ends.STOPPED, place, reason)
        reached = _newest_checkpoint(place)
        deaths, newest = (1 if reached != newest else deaths + 1), reached
        if deaths >= MOST_DEATHS:
            return End(RunState.failed, ends.died(-status))


class _Watch:
    """A trainer from its begin to its end, and the run's row meanwhile."""

    def __init__(self, state: State, row: models.Run, place: Path, device: str) -> None:
        self._state, self._run_id, self._hours, self._used = state, row.id, row.hours, row.seconds
        self._place, self._device = place, device
        self._metrics = Metrics(place, row.steps)
        self._checkpoint = _newest_checkpoint(place)
        self._gpu: dict[str, float | None] | None = None
        self._reason: str | None = None
        self._asked = self._told = self._looked = self._counted = 0.0
        words = _words(row, place, device)
        _write_environment(place, device, words)
        self._trainer = trainer.Trainer(state.settings, row.id, place, words)

    def over(self) -> tuple[int, str | None]:
        """What the trainer ended with, and why it was asked to end: None where it was not, "" where somebody wanted."""
        try:
            self._counted = time.monotonic()
            while not self._trainer.ended():
                time.sleep(_LOOK)
                now = time.monotonic()
                if now - self._told >= _TELL:
                    self._told = now
                    with contextlib.suppress(DBAPIError):  # it goes on while the database is away
                        self._tell()
                        self._look()
                if self._asked and now - self._asked > GRACE:
                    break
            status = self._trainer.status() if self._trainer.ended() else -9
        finally:
            self._trainer.end()
            trainer.end_orphans(self._run_id)  # processes that read images, say
        self._tell()
        return status, self._reason

    def _tell(self) -> None:
        """Have the row say how far it is."""
        now = time.monotonic()
        if now - self._looked >= _GPU:
            self._looked, self._gpu = now, devices.usage(self._device)
        self._metrics.read()
        values = self._metrics.values(self._gpu)
        self._used, self._counted = self._used + now - self._counted, now
        with self._state.database.write() as session:
            runs.change(session, self._run_id, runs.OPEN, seconds=self._used, **values)
            reached = _newest_checkpoint(self._place)
            if reached != self._checkpoint:
                self._checkpoint = reached
                job = jobs.latest(session, KIND, self._run_id)
                if job is not None:  # it comes on: what is begun again counts from here
                    jobs.forget_attempts(session, job.id)
        say(_message(self._metrics, self._asked > 0))

    def _look(self) -> None:
        """Ask the trainer to end where somebody wants that, or the time is used up."""
        if self._asked:
            return
        row = _row(self._state, self._run_id)
        if row is None or row.state not in (RunState.queued, RunState.running):
            self._reason = (row.error if row is not None else None) or ""
        elif self._hours is not None and self._used >= 3600 * self._hours:
            self._reason = f"its {self._hours:g} hours are used up; resume it with more"
        else:
            return
        self._asked = time.monotonic()
        self._trainer.ask()


def _begin(state: State, run_id: UUID) -> bool:
    """Note that it is trained; False where it was stopped in this moment."""
    with state.database.write() as session:
        row = runs.by_id(session, run_id, lock=True)
        if row is None or row.state not in (RunState.queued, RunState.running):
            return False
        row.state, row.worker, row.error = RunState.running, socket.gethostname(), None
        row.started_at = row.started_at or utc_now()
    return True


def _ended(state: State, run_id: UUID, place: Path, end: End) -> dict[str, str]:
    """Note the end; photos that were withdrawn meanwhile go. Raises RefusedError where it failed."""
    with state.database.read() as session:
        affected = bool(runs.withdrawn_counts(session, [run_id]))
    if affected:
        folder.drop_photos(place)
    with state.database.write() as session:
        runs.end(session, run_id, end.state, end.error)
    if end.state == RunState.failed:
        raise RefusedError(end.error or "it failed")
    return {"state": end.state}


def _words(row: models.Run, place: Path, device: str) -> list[str]:
    """The arguments of `densemark train`: to begin, or to go on."""
    words = ["--resume", "--out", str(place), "--device", device, *(f"--set={change}" for change in row.changes)]
    begun = (place / "run.json").is_file() and (place / "recipe.toml").is_file() and (place / "dataset").is_dir()
    return words if begun else ["--recipe", row.recipe, "--dataset", str(row.snapshot_id), *words]


def _write_environment(place: Path, device: str, words: list[str]) -> None:
    """What the trainer is begun with: docs/formats.md has the keys."""
    found = {each.metadata["Name"]: each.version for each in distributions() if each.metadata["Name"]}
    told = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "device": device,
        "gpu": devices.usage(device),
        "words": words,
        "packages": dict(sorted(found.items(), key=lambda item: item[0].lower())),
    }
    with replacing(place / folder.ENVIRONMENT) as file:
        json.dump(told, file, indent=1)
        file.write("\n")


def _message(metrics: Metrics, asked: bool) -> str:
    if asked:
        return f"ending after step {metrics.step:,}"
    if metrics.line is None and not metrics.step:
        return "preparing"
    left = metrics.left()
    return f"step {metrics.step:,}" + ("" if left is None else f", {_duration(left)} left")


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _newest_checkpoint(place: Path) -> str:
    return max((path.name for path in place.glob("checkpoints/[0-9]*") if path.name.isdecimal()), default="")


def _row(state: State, run_id: UUID) -> models.Run | None:
    with state.database.read() as session:
        return runs.by_id(session, run_id)


TRAIN = Kind(KIND, _plan, _step, _finish)
