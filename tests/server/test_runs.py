"""Runs over HTTP, what is read of their folders, and what withdrawals and locks do to them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from annotation_db.models import RunState
from annotation_db.repositories import runs as rows
from server.jobs.kinds import kind_of
from server.problems import ConflictError, RefusedError
from server.runs import devices, ends, folder, service, withdrawn
from server.runs.follow import Metrics
from server.runs.schemas import RunResume
from server.runs.trainer import MARK, end_orphans
from server.withdrawals.service import withdraw
from tests.server.job_processes import lives, until
from tests.server.trainings import QUICK, Trainings


@pytest.fixture
def trainings(any_app: FastAPI) -> Trainings:
    """On SQLite and on PostgreSQL."""
    return Trainings(any_app)


def _end(trainings: Trainings, run: UUID, state: RunState, **values: Any) -> None:
    """Have it have ended like this."""
    with trainings.state.database.write() as session:
        assert rows.change(session, run, rows.OPEN, state=state, **values)


def test_a_run_from_its_beginning_to_its_removal(trainings: Trainings) -> None:
    api, path = trainings.api, f"/api/projects/{trainings.project}/runs"
    asked = {"id": str(uuid4()), "name": "first", "snapshot_id": str(trainings.snapshot), "recipe": "tiny"}
    asked |= {"changes": QUICK, "hours": 2, "tags": ["trial"]}
    made = api.ok("POST", path, 201, json=asked)
    assert (made["state"], made["step"], made["steps"]) == ("queued", 0, 24)
    assert made["waiting_for"].startswith("a worker")
    assert (made["snapshot_name"], made["job"]["title"]) == ("spring", "Train “first”")
    assert api.ok("POST", path, 201, json=asked)["id"] == made["id"]
    assert "already" in api.fails("POST", path, 409, json=asked | {"id": str(uuid4())})["detail"]
    for wrong, words in (
        ({"recipe": "tinny"}, "there is none called 'tinny'"),
        ({"recipe": "../tiny"}, "recipe"),
        ({"changes": ["schedule.rat=1"]}, "schedule.rat"),
        ({"changes": ["network.trunk.weights=/etc/passwd"]}, "only imagenet"),
        ({"changes": ["network.start=/etc/passwd"]}, "network.start"),
        ({"snapshot_id": str(uuid4())}, "no such snapshot"),
        ({"device": "tpu"}, "device"),
    ):
        problem = api.fails("POST", path, 422, json=asked | {"id": str(uuid4()), "name": "second"} | wrong)
        assert words in problem["detail"]

    run = f"/api/runs/{made['id']}"
    changed = api.ok("PATCH", run, json={"notes": "to see", "tags": ["trial", "trial", "cpu"]})
    assert (changed["notes"], changed["tags"], changed["name"]) == ("to see", ["trial", "cpu"], "first")
    assert "queued" in api.fails("DELETE", run, 409)["detail"]
    assert "queued" in api.fails("POST", f"{run}/resume", 409, json={})["detail"]
    for _ in range(2):
        assert api.ok("POST", f"{run}/stop")["state"] == "stopped"
    assert api.ok("GET", run)["job"]["state"] == "cancelled"

    refused = api.fails("POST", f"{run}/resume", 422, json={"changes": ["schedule.rate=1"]})
    assert "clone the run" in refused["detail"]
    again = api.ok("POST", f"{run}/resume", json={"changes": ["running.log=3"], "device": "cpu"})
    assert (again["state"], again["device"], again["hours"]) == ("queued", "cpu", 2)
    assert again["changes"] == [*QUICK, "running.log=3"]
    api.ok("POST", f"/api/jobs/{again['job']['id']}/cancel")  # whoever cancels the job stops the run
    assert api.ok("GET", run)["state"] == "stopped"

    cloned = api.ok("POST", f"{run}/clone", 201, json={"name": "second", "device": "auto"})
    assert (cloned["cloned_from"], cloned["changes"], cloned["device"]) == (made["id"], again["changes"], "auto")
    other = api.ok("POST", f"{run}/clone", 201, json={"name": "third", "recipe": "fcn_tiny"})
    assert other["changes"] == []
    assert api.fails("PATCH", f"/api/runs/{other['id']}", 409, json={"name": "second"})["detail"]
    assert [each["name"] for each in api.ok("GET", path)["items"]] == ["third", "second", "first"]
    assert [each["name"] for each in api.ok("GET", f"{path}?state=queued")["items"]] == ["third", "second"]

    place = trainings.folder(UUID(made["id"]))
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.safetensors").touch()
    api.ok("DELETE", run, 204)
    assert not place.exists()
    api.fails("GET", run, 404)


def test_what_is_missing_to_train_is_told(app: FastAPI) -> None:
    trainings = Trainings(app)
    told = until(lambda: found if (found := trainings.api.ok("GET", "/api/training"))["devices"] else None)
    assert "tiny" in [recipe["name"] for recipe in told["recipes"]]
    assert (told["worker"], told["devices"][-1]["name"]) == (False, "cpu")
    assert "densemark worker" in told["problems"][0]
    right = trainings.api.ok("POST", "/api/training/check", json={"recipe": "tiny", "changes": ["schedule.steps=7"]})
    assert (right["steps"], right["error"]) == (7, None)
    assert "steps = 7" in right["text"]
    wrong = trainings.api.ok("POST", "/api/training/check", json={"recipe": "tiny", "changes": ["schedule.stebs=7"]})
    assert wrong["text"] is None
    assert "did you mean" in wrong["error"]


def test_the_folder_is_read_as_it_stands(app: FastAPI) -> None:
    trainings = Trainings(app)
    run = trainings.begin("first")
    place, path = trainings.folder(run), f"/api/runs/{run}"
    assert trainings.api.ok("GET", f"{path}/metrics") == {"lines": [], "step": -1}
    assert trainings.api.ok("GET", f"{path}/log") == {"text": "", "next": 0, "end": True}
    (place / "samples" / "000016").mkdir(parents=True)
    (place / "samples" / "000016" / "7.jpg").write_bytes(b"jpeg")
    (place / "metrics.jsonl").write_text(
        '{"kind": "train", "step": 2, "loss": NaN}\n{"kind": "test", "step": 4, "figures": {"auc30": 0.5}}\n{"ki'
    )
    (place / "log.txt").write_text("x" * 70_000 + "\nend")
    (place / "model.safetensors").write_bytes(b"net")
    (place / "secret.txt").write_text("no")
    assert trainings.api.ok("GET", f"{path}/metrics?after=2") == {
        "lines": [{"kind": "test", "step": 4, "figures": {"auc30": 0.5}}], "step": 4
    }  # fmt: skip
    assert trainings.api.ok("GET", f"{path}/metrics")["lines"][0]["loss"] is None
    read, piece = "", {"next": 0, "end": False}
    while not piece["end"]:
        piece = trainings.api.ok("GET", f"{path}/log?after={piece['next']}")
        read += piece["text"]
    assert read == "x" * 70_000 + "\nend"
    assert trainings.api.ok("GET", f"{path}/samples") == [{"step": 16, "names": ["7.jpg"]}]
    assert trainings.api.client.get(f"{path}/samples/16/7.jpg").content == b"jpeg"
    named = [file["name"] for file in trainings.api.ok("GET", f"{path}/files")]
    assert named == ["model.safetensors", "log.txt", "metrics.jsonl"]
    assert trainings.api.client.get(f"{path}/files/model.safetensors").content == b"net"
    for wrong in ("files/secret.txt", "files/..%2Fdensemark.db", "files/.watched.lock", "samples/16/8.jpg"):
        trainings.api.fails("GET", f"{path}/{wrong}", 404)


@given(st.lists(st.sampled_from(["train", "train", "train", "test", "begin"]), max_size=60), st.integers(4, 30))
def test_thinned_metrics_keep_their_order_and_their_end(kinds: list[str], most: int) -> None:
    lines = [{"kind": kind, "step": n} for n, kind in enumerate(kinds)]
    kept = folder.thinned(lines, most)
    assert len(kept) == min(len(lines), most)
    assert [line["step"] for line in kept] == sorted({line["step"] for line in kept})
    assert kept[-1:] == lines[-1:]
    if len(lines) - kinds.count("train") <= most // 2:
        assert [line for line in lines if line["kind"] != "train"] == [x for x in kept if x["kind"] != "train"]


def test_metrics_are_followed_also_through_a_resume(tmp_path: Path) -> None:
    path, metrics = tmp_path / "metrics.jsonl", Metrics(tmp_path, 100)

    def lines(*steps: int) -> str:
        return "".join(
            json.dumps({"kind": "train", "step": s, "loss": 1 / s, "seconds": 2.0 * s, "memory": 0.0}) + "\n"
            for s in steps
        )

    assert not metrics.read()
    path.write_text('{"kind": "begin", "step": 0}\n' + lines(10, 20)[:-5])
    assert metrics.read()
    assert (metrics.step, metrics.left()) == (10, None)
    path.write_text('{"kind": "begin", "step": 0}\n' + lines(10, 20, 30) + '{"kind": "test", "step": 30, "figures": '
                    '{"auc30": 0.25, "gps": {"AP": 0.5, "curve": [1]}, "worst": [1], "body": "anny"}}\n')  # fmt: skip
    assert metrics.read()
    assert (metrics.step, metrics.left()) == (30, 140.0)
    values = metrics.values(None)
    assert values["newest"] == {"step": 30, "figures": {"auc30": 0.25, "gps": {"AP": 0.5}}}
    assert values["latest"]["loss"] == pytest.approx(1 / 30)
    cut = tmp_path / "cut"
    cut.write_text(lines(10))
    cut.replace(path)  # as a resumed run does
    assert metrics.read()
    assert (metrics.step, metrics.values(None)["newest"]) == (10, None)


def test_exit_statuses_become_plain_words(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("loss 3\nerror: not finite in step 3: loss\nerror: the GPU's memory\nbye\n")
    assert ends.told(0, tmp_path, None) == ends.End(RunState.finished)
    assert ends.told(3, tmp_path, "") == ends.End(RunState.stopped)
    assert ends.told(3, tmp_path, "its hours are used up") == ends.End(RunState.stopped, "its hours are used up")
    assert "from outside" in str(ends.told(3, tmp_path, None).error)
    assert ends.told(5, tmp_path, None) == ends.End(RunState.failed, "the GPU's memory")
    assert "status 7" in str(ends.told(7, tmp_path / "none", None).error)


def test_one_training_at_a_time_on_a_device(app: FastAPI) -> None:
    settings = app.state.densemark.settings
    first = devices.take(settings, "cpu")
    assert first is not None
    assert devices.take(settings, "cpu") is None
    other = devices.take(settings, "cuda:0")
    assert other is not None
    for _, lock in (first, other):
        lock.release()
    again = devices.take(settings, "cpu")
    assert again is not None
    again[1].release()


def test_orphans_are_ended() -> None:
    run = uuid4()
    program = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours, others = (
        subprocess.Popen(program, env=os.environ | {MARK: str(mark)}, start_new_session=True) for mark in (run, uuid4())
    )
    try:
        until(lambda: MARK.encode() in Path(f"/proc/{ours.pid}/environ").read_bytes())
        assert end_orphans(run) == 1
        assert not lives(ours.pid)
        assert lives(others.pid)
    finally:
        for process in (ours, others):
            process.kill()
            process.wait()


def test_a_trainer_ends_with_its_step(tmp_path: Path) -> None:
    """The lifeline prints what its command ended with; it ends with all below it when its input does."""
    lifeline = [sys.executable, "-m", "server.runs.lifeline", sys.executable, "-c"]
    root = Path(__file__).parents[2]
    both = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    short = subprocess.Popen([*lifeline, "raise SystemExit(5)"], cwd=root, start_new_session=True, **both)
    assert short.stdout is not None
    assert short.stdout.read() == b"5\n"
    short.wait()
    note = tmp_path / "pid"
    program = f"import os, time, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(600)"
    process = subprocess.Popen([*lifeline, program], cwd=root, stdin=subprocess.PIPE, start_new_session=True)
    pid = int(until(lambda: note.exists() and note.read_text()))
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    until(lambda: not lives(pid))


def test_a_withdrawal_ends_the_runs_that_learn_from_the_photo(trainings: Trainings) -> None:
    begun, waiting, done = (trainings.begin(name) for name in ("begun", "waiting", "done"))
    for run, state in ((begun, RunState.running), (done, RunState.finished)):
        _end(trainings, run, state, started_at=trainings.filling.at)
        for name in ("dataset/abc/images", "samples/000002", "failure-000003", "checkpoints/000002"):
            (trainings.folder(run) / name).mkdir(parents=True)
            (trainings.folder(run) / name / "7.jpg").touch()
    with folder.held(trainings.folder(begun), 0):
        withdraw(trainings.state, trainings.images[0], "", trainings.user)
    assert (trainings.row(begun).state, trainings.row(waiting).state) == (RunState.stopping, RunState.queued)
    assert [path.name for path in trainings.folder(done).iterdir() if path.is_dir()] == ["checkpoints"]
    assert (trainings.folder(begun) / "samples").is_dir()  # it is being trained: that is the job's
    assert kind_of("train").step(trainings.state, {"run": str(begun)}, 0) == {"state": "stopped"}
    assert [path.name for path in trainings.folder(begun).iterdir() if path.is_dir()] == ["checkpoints"]
    assert "withdrawn" in str(trainings.row(begun).error)
    listed = trainings.api.ok("GET", f"/api/projects/{trainings.project}/runs")["items"]
    told = {run["name"]: run["withdrawn"] for run in listed}
    assert told == {"begun": 1, "waiting": 0, "done": 1}
    with pytest.raises(ConflictError, match="clone it"):
        service.resume(trainings.state, begun, RunResume(), None)


def test_a_time_that_is_used_up_is_told(app: FastAPI) -> None:
    trainings = Trainings(app)
    run = trainings.begin("first", hours=1.0)
    _end(trainings, run, RunState.stopped, seconds=3600.0)
    with pytest.raises(RefusedError, match=r"1\.00 already"):
        service.resume(trainings.state, run, RunResume(), None)
    assert service.resume(trainings.state, run, RunResume(hours=2), None).hours == 2


def test_folders_of_no_run_go_at_the_next_start(app: FastAPI) -> None:
    trainings = Trainings(app)
    run, gone = trainings.begin("first"), uuid4()
    for each in (run, gone):
        (trainings.folder(each) / "checkpoints").mkdir(parents=True)
    withdrawn.drop_unnamed(trainings.state)
    assert trainings.folder(run).is_dir()
    assert not trainings.folder(gone).exists()
