"""Snapshots over HTTP: asked for, made by their job, looked at, compared, taken home."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from annotation.words import PersonState, Role
from annotation_db import utc_now
from annotation_db.models import JobState
from annotation_db.repositories import jobs, snapshots
from export.check import check
from export.snapshots import damage
from server.jobs import steps
from server.jobs.here import do as do_here
from server.state import State
from server.withdrawals import service as withdrawals
from tests.server.filled import Filling
from tests.server.people import Api, add_user, sign_in


@pytest.fixture
def project(lead: Api) -> str:
    """A project of the lead's."""
    return lead.project()


@pytest.fixture
def filling(app: FastAPI, state: State, project: str) -> Filling:
    """Fills it."""
    users = [str(add_user(app, name, Role.annotator)) for name in ("ann", "bob", "cid")]
    return Filling(state, project, users)


def ask(lead: Api, project: str, name: str = "first", **settings: Any) -> dict[str, Any]:
    """Ask for a snapshot."""
    body = {"name": name, "settings": settings}
    made: dict[str, Any] = lead.ok("POST", f"/api/projects/{project}/snapshots", 201, json=body)
    return made


def do(state: State, made: dict[str, Any], order: int = 1, twice: bool = False) -> None:
    """All that workers do for its job; each step twice, as if the first had been killed after its last write."""
    job_id = UUID(made["job"]["id"])
    again = 2 if twice else 1
    for _ in range(again):
        shards = steps.plan(state, job_id)
    for shard in (shards or [])[::order]:
        for _ in range(again):
            steps.step(state, job_id, shard)
    for _ in range(again):
        steps.finish(state, job_id)
    with state.database.read() as session:
        job = jobs.by_id(session, job_id)
    assert job is not None
    assert job.state == JobState.done


def make(lead: Api, state: State, project: str, name: str = "first", **settings: Any) -> dict[str, Any]:
    """A snapshot that is ready."""
    made = ask(lead, project, name, **settings)
    do(state, made)
    found: dict[str, Any] = lead.ok("GET", f"/api/snapshots/{made['id']}")
    assert found["state"] == "ready"
    return found


def folder_of(state: State, found: dict[str, Any]) -> Path:
    folder: Path = state.settings.data / "snapshots" / found["hash"]
    return folder


def test_from_the_request_to_the_file(lead: Api, state: State, project: str, filling: Filling) -> None:
    images = [filling.image(f"{n}.png", licence="CC BY 4.0", attribution="Ada") for n in range(4)]
    done = filling.persons(images[:3], points=5)
    filling.person(images[0], state=PersonState.mask)
    filling.person(images[3], state=PersonState.points)
    made = ask(lead, project)
    assert (made["state"], made["hash"], made["job"]["kind"], made["counts"]) == ("making", None, "snapshot", None)
    lead.fails("GET", f"/api/snapshots/{made['id']}/export", 409)
    do(state, made, twice=True)
    found = lead.ok("GET", f"/api/snapshots/{made['id']}")
    assert found["state"] == "ready"
    assert found["counts"] == {"images": 3, "persons": 4, "annotated": 3, "points": 15}
    assert [split["name"] for split in found["splits"]] == [""]
    folder = folder_of(state, found)
    assert damage(folder, found["hash"]) == []
    assert not (state.settings.data / "snapshots" / ".making" / UUID(made["id"]).hex).exists()
    card = found["card"]
    assert card["left_out"] == {"persons: in the state mask": 1, "persons: in the state points": 1}
    assert [part["points"] for part in card["parts"] if part["points"]] == [15]
    assert [(a["name"], a["points"], a["persons"]) for a in card["annotators"]] == [("annotator 1", 15, 3)]
    assert (card["study"], card["gold"], card["agreement"]) == (None, None, None)
    assert card["licences"] == [{"name": "CC BY 4.0", "url": "", "images": 3, "attributions": ["Ada"]}]
    text = lead.client.get(f"/api/snapshots/{made['id']}/card.md").text
    assert "not measured" in text
    assert "Ada" in text
    response = lead.client.get(f"/api/snapshots/{made['id']}/export")
    assert response.headers["content-disposition"] == 'attachment; filename="first-densepose-coco.json"'
    path = state.settings.data / "out.json"
    path.write_bytes(response.content)
    assert check(path).problems == []
    entries = json.loads(response.content)
    assert len(entries["images"]) == 3
    assert sum(len(entry.get("dp_x", ())) for entry in entries["annotations"]) == 15
    assert len(done) == sum("dp_x" in entry for entry in entries["annotations"])
    assert list((state.settings.data / "cache" / "exports").iterdir()) == []
    assert [item["id"] for item in lead.ok("GET", f"/api/projects/{project}/snapshots")["items"]] == [made["id"]]


def content(state: State, found: dict[str, Any]) -> dict[str, bytes]:
    """The content files of a snapshot."""
    return {path.name: path.read_bytes() for path in folder_of(state, found).glob("*.jsonl")}


def test_the_same_content_has_the_same_bytes_in_whatever_order_it_is_made(
    lead: Api, state: State, project: str, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling.persons([filling.image(f"{n}.png") for n in range(12)])
    monkeypatch.setattr("server.snapshots.job._FEWEST", 3)
    found = make(lead, state, project, splits={"train": 0.5, "val": 0.5})
    again = ask(lead, project, "again", splits={"train": 0.5, "val": 0.5})
    do(state, again, order=-1, twice=True)
    again = lead.ok("GET", f"/api/snapshots/{again['id']}")
    assert again["hash"] == found["hash"]
    assert content(state, again) == content(state, found)
    assert set(content(state, found)) == {"images.jsonl", "persons-train.jsonl", "persons-val.jsonl"}
    assert sum(split["persons"] for split in found["splits"]) == 12
    for snapshot in (found, again):  # the files stay until nobody has them any more
        assert folder_of(state, found).is_dir()
        lead.ok("DELETE", f"/api/snapshots/{snapshot['id']}", 204)
    assert not folder_of(state, found).exists()


def test_a_snapshot_is_of_the_moment_it_was_asked_for(
    lead: Api, state: State, project: str, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [filling.image(f"{n}.png") for n in range(4)]
    people = filling.persons(images)
    monkeypatch.setattr("server.snapshots.job._FEWEST", 1)
    before = make(lead, state, project)
    later = ask(lead, project, "later")
    job = UUID(later["job"]["id"])
    shards = steps.plan(state, job) or []
    for n, shard in enumerate(shards):
        steps.step(state, job, shard)
        if n == 0:  # the work goes on
            for person in people:
                for mark in filling.marks_of(person):
                    filling.revise(mark, flag=person == people[0])
            filling.person(filling.image("new.png"))
            lead.ok("DELETE", f"/api/persons/{people[1]}", params={"revision": 1})
            moved = {"bbox": [6, 6, 48, 68], "revision": 1}
            assert lead.put_person(str(images[2]), str(people[2]), **moved).status_code == 200
            lead.ok("DELETE", f"/api/images/{images[3]}", 204)
    steps.finish(state, job)
    later = lead.ok("GET", f"/api/snapshots/{later['id']}")
    assert later["hash"] == before["hash"]
    now = make(lead, state, project, "now")
    assert now["counts"] == {"images": 3, "persons": 3, "annotated": 2, "points": 8}
    found = lead.ok("GET", f"/api/snapshots/{now['id']}/diff", params={"other": before["id"]})
    assert not found["same_content"]
    assert {key: found["persons"][key] for key in ("added", "removed", "changed", "same")} == {
        "added": 1, "removed": 2, "changed": 2, "same": 0,
    }  # fmt: skip
    assert found["persons"]["what"] == {"points": 2, "box": 1, "outline": 1}
    assert {(item["image"], item["how"]) for item in found["images"]["items"]} == {
        ("new.png", "added"), ("1.png", "removed"), ("3.png", "removed"),
    }  # fmt: skip
    assert lead.ok("GET", f"/api/snapshots/{later['id']}/diff", params={"other": before["id"]})["same_content"]


def test_a_snapshot_that_is_killed_goes_on_and_has_the_same_bytes(
    lead: Api, state: State, project: str, filling: Filling
) -> None:
    images = [filling.image(f"{n}.png") for n in range(30)]
    for _ in range(12):
        filling.persons(images, points=2)
    root = Path(__file__).parents[2]
    env = os.environ | {"PYTHONPATH": str(root), "DENSEMARK_DATABASE_URL": state.settings.database_url}
    order = ["snapshot", "create", project, "killed", "--split", "a=.5,b=.5", "--data", str(state.settings.data)]
    process = subprocess.Popen([sys.executable, "-m", "cli", *order], cwd=root, env=env, stderr=subprocess.DEVNULL)
    while not (found := lead.ok("GET", f"/api/projects/{project}/snapshots")["items"]) or found[0]["job"]["done"] < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = lead.ok("GET", f"/api/snapshots/{found[0]['id']}")
    assert (killed["state"], killed["job"]["state"]) == ("making", "running")
    before = killed["job"]["done"]
    assert 3 <= before < killed["job"]["total"]
    filling.at = utc_now()
    for row in (filling.marks_of(person)[0] for person in filling.persons(images[:2])):
        filling.revise(row)  # work that goes on meanwhile is no part of it
    row = do_here(state, UUID(killed["job"]["id"]))
    assert (row.state, row.done) == (JobState.done, row.total)
    killed = lead.ok("GET", f"/api/snapshots/{killed['id']}")
    assert damage(folder_of(state, killed), killed["hash"]) == []
    assert killed["counts"] == {"images": 30, "persons": 360, "annotated": 360, "points": 720}
    first = content(state, killed)
    lead.ok("DELETE", f"/api/snapshots/{killed['id']}", 204)
    whole = ask(lead, project, "whole", splits={"a": 0.5, "b": 0.5})
    with state.database.write() as session:
        found_row = snapshots.by_id(session, UUID(whole["id"]))
        assert found_row is not None
        found_row.as_of = datetime.fromisoformat(killed["as_of"])
    do(state, whole, order=-1)
    assert content(state, lead.ok("GET", f"/api/snapshots/{whole['id']}")) == first


def test_a_finish_that_is_interrupted_is_done_again(
    lead: Api, state: State, project: str, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling.person(filling.image("a.png"))
    made = ask(lead, project)
    with monkeypatch.context() as patch:
        patch.setattr("server.snapshots.assemble.said_by", _interrupted)
        with pytest.raises(KeyboardInterrupt):  # the folder is in its place, the row does not know
            do(state, made)
    assert lead.ok("GET", f"/api/snapshots/{made['id']}")["state"] == "making"
    steps.finish(state, UUID(made["job"]["id"]))
    found = lead.ok("GET", f"/api/snapshots/{made['id']}")
    assert found["state"] == "ready"
    assert damage(folder_of(state, found), found["hash"]) == []


def _interrupted(_card: object) -> None:
    raise KeyboardInterrupt


def test_what_is_damaged_is_told(lead: Api, state: State, project: str, filling: Filling) -> None:
    filling.person(filling.image("a.png"))
    found = make(lead, state, project)
    folder = folder_of(state, found)
    (folder / "persons-all.jsonl").write_bytes((folder / "persons-all.jsonl").read_bytes() + b" ")
    assert damage(folder, found["hash"]) == ["persons-all.jsonl is not what it was"]
    (folder / "persons-all.jsonl").unlink()
    (folder / "more").touch()
    assert damage(folder, found["hash"]) == ["persons-all.jsonl is missing", "more is not one of its files"]


def test_a_preview_names_the_tags_there_are(lead: Api, project: str, filling: Filling) -> None:
    for number, tags in enumerate((["street", "night"], ["street"], None)):
        filling.person(filling.image(f"{number}.png", tags=tags), points=2)
    said = lead.ok("POST", f"/api/projects/{project}/snapshots/preview", json={"tags": ["night"]})
    assert said["tags"] == {"night": 1, "street": 2}
    assert (said["images"], said["left_out"]) == (1, {"images: by their tags": 2})


def test_requests_that_cannot_be_met(lead: Api, state: State, project: str, filling: Filling) -> None:
    url = f"/api/projects/{project}/snapshots"
    assert "no person fits" in lead.fails("POST", url, 422, json={"name": "empty"})["detail"]
    assert lead.ok("GET", url)["items"] == []
    gone = filling.image("gone.png")
    filling.person(gone)
    made = ask(lead, project)
    withdrawals.withdraw(state, gone, "", None)
    do_fails(state, made, "no person fits")
    failed = lead.ok("GET", f"/api/snapshots/{made['id']}")
    assert (failed["state"], failed["error"]) == ("failed", "nothing is in it: no person fits these settings")
    lead.fails("GET", f"/api/snapshots/{made['id']}/card.md", 409)
    filling.person(filling.image("a.png"))
    again = make(lead, state, project)  # what failed makes room for its name
    lead.fails("GET", f"/api/snapshots/{made['id']}", 404)
    lead.fails("POST", url, 409, json={"name": "first"})
    for settings in (
        {"splits": {"a": 0.5}}, {"splits": {"a/b": 1.0}}, {"splits": {}}, {"near_distance": 11}, {"states": []},
        {"max_error_cm": 2.0}, {"study_id": again["id"]}, {"marks": "mean"},
    ):  # fmt: skip
        lead.fails("POST", url, 422, json={"name": "second", "settings": settings})
    same = {"id": "00000000-0000-4000-8000-000000000001", "name": "second"}
    first = lead.ok("POST", url, 201, json=same)
    assert lead.ok("POST", url, 201, json=same)["job"]["id"] == first["job"]["id"]
    lead.fails("GET", f"/api/snapshots/{again['id']}/export", 422, params={"split": "train"})
    lead.ok("DELETE", f"/api/snapshots/{first['id']}", 204)
    assert lead.ok("GET", f"/api/jobs/{first['job']['id']}")["state"] == "cancelled"


def do_fails(state: State, made: dict[str, Any], words: str) -> None:
    """Its job fails with these words."""
    with pytest.raises(ValueError, match=words):
        do_here(state, UUID(made["job"]["id"]))


def test_a_snapshot_on_postgresql(make_app: Callable[..., FastAPI], postgres_url: str) -> None:
    app = make_app(postgres_url)
    state: State = app.state.densemark
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()
    filling = Filling(state, project, [str(add_user(app, "ann", Role.annotator))])
    images = [filling.image(f"{n}.png") for n in range(3)]
    people = filling.persons(images)
    before = make(lead, state, project, splits={"a": 1.0})
    assert before["counts"] == {"images": 3, "persons": 3, "annotated": 3, "points": 12}
    later = ask(lead, project, "later", splits={"a": 1.0})
    filling.revise(filling.marks_of(people[0])[0])
    do(state, later)
    assert lead.ok("GET", f"/api/snapshots/{later['id']}")["hash"] == before["hash"]
    lead.ok("POST", f"/api/images/{images[1]}/withdraw", json={})
    assert lead.ok("GET", f"/api/snapshots/{later['id']}")["withdrawn_images"] == [str(images[1])]
    now = make(lead, state, project, "now", splits={"a": 1.0})
    found = lead.ok("GET", f"/api/snapshots/{now['id']}/diff", params={"other": before["id"]})
    assert found["persons"]["what"] == {"points": 1}
    written = lead.ok("GET", f"/api/snapshots/{later['id']}/export", params={"format": "coco", "split": "a"})
    assert len(written["annotations"]) == 2
