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
