"""kill -9 of the trainer and of the worker, stopping and going on: the run ends as an undisturbed one."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI

from annotation_db import models
from annotation_db.models import JobState, RunState
from server.runs import folder, service
from server.runs.schemas import RunResume
from tests.server.job_processes import jobs_in, lives, until
from tests.server.trainings import Trainings, marked

pytestmark = pytest.mark.slow


def _numbers(run: models.Run) -> dict[str, float]:
    """The figures of the newest evaluation, but for the time that it took."""
    assert run.newest is not None
    told = {name: value if isinstance(value, dict) else {"": value} for name, value in run.newest["figures"].items()}
    del told["seconds"]
    return {f"{name} {key}": value for name, table in told.items() for key, value in table.items()}


def test_a_run_that_is_killed_in_every_way_ends_as_one_that_is_not(
    make_app: Callable[..., FastAPI], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with jobs_in(tmp_path / "data") as jobs:
        trainings = Trainings(make_app("", data=jobs.settings.data))
        undisturbed, disturbed = trainings.begin("undisturbed"), trainings.begin("disturbed")
        hopeless = trainings.begin("hopeless", "schedule.rate=1e30", "schedule.clip=0")
        first = jobs.worker("first")
        done = until(lambda: trainings.ended(undisturbed))
        assert (done.state, done.error, done.step, done.steps) == (RunState.finished, None, 24, 24)
        assert trainings.row(hopeless).state == RunState.queued  # one after the other on a processor

        until(lambda: trainings.reached(disturbed) >= 4)
        (trainer,) = marked(disturbed, "train")[-1:]
        trainer.send_signal(signal.SIGKILL)
        until(lambda: trainings.reached(disturbed) >= 8 and not lives(trainer.pid))

        service.stop(trainings.state, disturbed)
        stopped = until(lambda: trainings.ended(disturbed))
        assert (stopped.state, stopped.error) == (RunState.stopped, None)
        assert 8 <= stopped.step < 24
        assert marked(disturbed, "train") == []

        failed = until(lambda: trainings.ended(hopeless))
        assert failed.state == RunState.failed
        assert "not finite" in str(failed.error)
        assert "schedule.rate=5e+29" in str(failed.error)

        service.resume(trainings.state, disturbed, RunResume(changes=["running.log=2"]), None)
        until(lambda: trainings.reached(disturbed) > stopped.step)
        below = psutil.Process(first.pid).children(recursive=True)
        assert any("train" in process.cmdline() for process in below)
        first.send_signal(signal.SIGKILL)
        first.wait()
        until(lambda: not any(lives(process.pid) for process in below))  # the trainer is no orphan
        jobs.worker("second")
        ended = until(lambda: trainings.ended(disturbed))
        assert (ended.state, ended.error, ended.step) == (RunState.finished, None, 24)

        assert len(trainings.losses(undisturbed)) == 12
        for one, other in zip(trainings.losses(undisturbed), trainings.losses(disturbed), strict=True):
            assert one[0] == other[0]
            assert other[1] == pytest.approx(one[1], rel=1e-6)
            assert other[2] == pytest.approx(one[2], rel=1e-6)
        for row in (done, ended):
            assert row.newest is not None
            assert row.newest["step"] == 24
            assert row.best is not None
            assert row.best["step"] == folder.model_step(trainings.folder(row.id))
        assert _numbers(ended) == pytest.approx(_numbers(done))
        told = json.loads((trainings.folder(disturbed) / "environment.json").read_text())
        assert "torch" in told["packages"]
        until(lambda: trainings.job(disturbed).state == JobState.done)  # a moment after the run
        assert trainings.job(disturbed).result == {"state": "finished"}
