"""Snapshots over HTTP: asked for, made by their job, looked at, compared, taken home."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from annotation.words import PersonState, Role
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from export.check import check
from export.snapshots import damage
from server.jobs import steps
from server.state import State
from tests.server.filled import Filling
from tests.server.people import Api, add_user


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
    monkeypatch.setattr("server.snapshots.job._PERSONS", 3)
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
    monkeypatch.setattr("server.snapshots.job._PERSONS", 1)
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
