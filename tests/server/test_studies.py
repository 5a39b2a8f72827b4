"""Studies: set up, handed out in an order of one's own, hidden from everything else, closed."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI

from annotation.words import Role
from server.studies.order import Shown, order
from tests.server.people import Api, add_user, expire_leases, sign_in
from tests.server.renders import HAND, TORSO, add_renders


class Lab:
    """A lead with rendered persons, and annotators."""

    def __init__(self, app: FastAPI, folder: Path, renders: int = 6) -> None:
        self.app = app
        for name, role in (("lena", Role.lead), ("ann", Role.annotator), ("bob", Role.annotator)):
            add_user(app, name, role)
        self.lead, self.ann, self.bob = (sign_in(app, name) for name in ("lena", "ann", "bob"))
        self.project = self.lead.project(name="Lab")
        self.persons = add_renders(app, self.project, folder, renders)

    def study(self, **options: Any) -> dict[str, Any]:
        body = {"name": "Accuracy", "annotators": [self.ann.user_id, self.bob.user_id], "seed": 7} | options
        made: dict[str, Any] = self.lead.ok("POST", f"/api/projects/{self.project}/studies", 201, json=body)
        return made

    def opened(self, **options: Any) -> str:
        study: str = self.study(**options)["id"]
        self.lead.ok("POST", f"/api/studies/{study}/open")
        return study


def next_of(api: Api, study: str) -> dict[str, Any] | None:
    response = api.client.post(f"/api/studies/{study}/next")
    assert response.status_code in {200, 204}, response.text
    return response.json() if response.content else None


def mark(api: Api, task: dict[str, Any]) -> None:
    """Mark every point of a task at the middle of a view that shows its part there, else flag it."""
    for point in api.points(task):
        click = {"kind": "surface", "flag": None, "view": 0, "x": 0.5, "y": 0.5}
        if api.put_mark(task, point["id"], **click).status_code != 200:
            assert api.put_mark(task, point["id"]).status_code == 200


def finish(api: Api, study: str) -> list[dict[str, Any]]:
    """Do all that is left; returns the tasks in the order they came."""
    done = []
    while (task := next_of(api, study)) is not None:
        if task["kind"] == "mask":
            task = api.submit_mask(task)
        mark(api, task)
        api.ok("POST", f"/api/tasks/{task['id']}/submit")
        done.append(task)
    return done


@pytest.fixture
def lab(app: FastAPI, tmp_path: Path) -> Lab:
    """On SQLite."""
    return Lab(app, tmp_path)


def test_a_study_from_set_up_to_the_last_point(any_app: FastAPI, tmp_path: Path) -> None:
    lab = Lab(any_app, tmp_path)
    study = lab.study(practice=1, again=2, points_per_part=3)
    assert (study["state"], study["persons"], study["practice"], study["again"]) == ("draft", 5, 1, 2)
    url = f"/api/studies/{study['id']}"
    assert lab.ann.fails("POST", f"{url}/next", 409)["detail"].endswith("not open yet")
    assert lab.ann.ok("GET", "/api/studies")["items"] == []
    lab.lead.ok("POST", f"{url}/open")
    mine = lab.ann.ok("GET", "/api/studies")["items"][0]
    assert (mine["total"], mine["practice_left"], mine["next"]) == (7, 1, "points")
    first = next_of(lab.ann, study["id"])
    assert first is not None
    assert first["study"] == {
        "id": study["id"], "name": "Accuracy", "number": 1, "total": 8, "practice": True, "masks": "given", "parts": None,
    }  # fmt: skip
    assert next_of(lab.ann, study["id"]) == first | {"lease": next_of(lab.ann, study["id"])["lease"]}  # type: ignore[index]
    assert first["person"]["keypoints"] is None
    done = finish(lab.ann, study["id"])
    assert [task["study"]["number"] for task in done] == list(range(1, 9))
    assert next_of(lab.ann, study["id"]) is None
    progress = lab.lead.ok("GET", f"{url}/progress")
    ann, bob = progress["annotators"]
    assert (ann["done"], ann["total"], ann["practice_done"], ann["points"]) == (7, 7, 1, ann["marks"])
    assert ann["seconds"] == pytest.approx(2.0 * ann["marks"])
    assert ann["last_seen"] is not None
    assert (bob["done"], bob["total"], bob["seconds"], bob["last_seen"]) == (0, 7, 0, None)
    assert (progress["done"], progress["total"]) == (7, 14)
    assert lab.ann.ok("GET", f"{url}/mine")["next"] is None
