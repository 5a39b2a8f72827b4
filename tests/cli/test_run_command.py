"""`densemark run`: a network is trained on a snapshot from the shell, without a worker."""

import json
import shutil
from pathlib import Path

import pytest

from server.app import create_app
from server.settings import Settings
from tests.annotation_db.conftest import sqlite_template
from tests.cli.commands import ok, refused
from tests.server.trainings import QUICK, Trainings

__all__ = ["sqlite_template"]


@pytest.mark.slow
def test_runs_from_the_shell(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "densemark.db")
    app = create_app(Settings(data=data))
    Trainings(app)
    app.state.densemark.database.close()
    changes = [word for change in (*QUICK, "schedule.steps=2") for word in ("--set", change)]
    words = ("run", "start", "Street", "first", "--snapshot", "spring", "--recipe", "tiny")
    assert "autumn" in refused(*words[:4], "--snapshot", "autumn", *words[6:], data=data)
    assert "device" in refused(*words, "--device", "tpu", data=data)
    made = json.loads(ok(*words, *changes, "--hours", "1", "--tag", "trial", "--json", data=data))
    assert (made["state"], made["steps"], made["tags"]) == ("queued", 2, ["trial"])
    assert "waiting for a worker" in ok("run", "show", "first", data=data)
    assert json.loads(ok("run", "stop", "first", "--json", data=data))["state"] == "stopped"
    done = json.loads(ok("run", "resume", "first", "--wait", "--json", data=data))
    assert (done["state"], done["step"], done["error"]) == ("finished", 2, None)
    assert "finished" in refused("run", "resume", "first", data=data)
    (row,) = json.loads(ok("run", "list", "Street", "--json", data=data))
    assert (row["name"], row["best"]["step"]) == ("first", 2)
    assert "first" in ok("run", "list", data=data)
    assert "to learn from" in ok("run", "log", "first", data=data)
    assert "no run 'second'" in refused("run", "log", "second", data=data)
