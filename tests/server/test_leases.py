"""Leases keep others off a person while somebody works on it, and no longer."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from annotation.words import Role
from annotation_db import utc_now
from annotation_db.models import Task
from tests.server.people import TORSO_AND_HEAD, Api, add_user, expire_leases, label_map, sign_in


@pytest.fixture
def team(any_app: FastAPI) -> tuple[FastAPI, str, dict[str, Any], tuple[Api, Api, Api]]:
    """Three annotators of a project; the first has a leased mask task."""
    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    users = [add_user(any_app, name, Role.annotator) for name in ("a", "b", "c")]
    project = lead.project(*map(str, users))
    lead.person(lead.image(project))
    a, b, c = (sign_in(any_app, name) for name in ("a", "b", "c"))
    task = a.next_task(project)
    assert task is not None
    return any_app, project, task, (a, b, c)


Team = tuple[FastAPI, str, dict[str, Any], tuple[Api, Api, Api]]
NOBODY = {"user_id": None, "until": None}


def test_looking_at_a_submitted_mask_keeps_nobody_off(team: Team) -> None:
    _, project, task, (a, b, c) = team
    points_task = a.submit_mask(task)
    a.ok("DELETE", f"/api/tasks/{points_task['id']}/lease")
    assert b.ok("POST", f"/api/tasks/{task['id']}/lease")["lease"] == NOBODY
    taken = c.next_task(project)
    assert taken is not None
    assert taken["id"] == points_task["id"]
    assert b.fails("POST", f"/api/tasks/{task['id']}/lease", 409)["type"] == "/problems/lease"


def test_opening_a_finished_person_takes_no_lease(team: Team) -> None:
    _, _, task, (a, b, c) = team
    points_task = a.submit_mask(task)
    for point in a.points(points_task):
        a.put_mark(points_task, point["id"])
    a.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    opened = b.ok("POST", f"/api/persons/{task['person']['id']}/task")
    assert (opened["id"], opened["state"], opened["lease"]) == (points_task["id"], "submitted", NOBODY)
    c.ok("POST", f"/api/tasks/{points_task['id']}/reopen")
    b.fails("POST", f"/api/persons/{task['person']['id']}/task", 409)


def test_a_person_with_a_lease_on_any_task_is_passed_over(team: Team) -> None:
    app, project, task, (a, b, c) = team
    points_task = a.submit_mask(task)
    a.ok("DELETE", f"/api/tasks/{points_task['id']}/lease")
    with app.state.densemark.database.write() as session:
        row = session.get(Task, UUID(task["id"]))
        assert row is not None
        row.lease_user_id, row.lease_until = UUID(b.user_id), utc_now().replace(year=2999)
    assert c.next_task(project) is None
    mine = b.next_task(project)
    assert mine is not None
    assert mine["id"] == points_task["id"]


def test_finishing_gives_all_tasks_of_the_person_back(team: Team) -> None:
    app, _, task, (a, _, c) = team
    points_task = a.submit_mask(task)
    with app.state.densemark.database.write() as session:
        row = session.get(Task, UUID(task["id"]))
        assert row is not None
        row.lease_user_id, row.lease_until = UUID(a.user_id), utc_now().replace(year=2999)
    for point in a.points(points_task):
        a.put_mark(points_task, point["id"])
    a.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    assert c.ok("GET", f"/api/tasks/{task['id']}")["lease"] == NOBODY
    c.ok("POST", f"/api/tasks/{points_task['id']}/reopen")


def test_a_mask_whose_window_moved_is_looked_at_before_it_is_submitted(team: Team) -> None:
    _, _, task, (a, _, _) = team
    labels = label_map(task["region"], TORSO_AND_HEAD)
    assert a.put_mask(task, labels, 0).status_code == 200
    moved = a.put_person(task["image"]["id"], task["person"]["id"], revision=1, bbox=[15, 5, 40, 70]).json()
    url = f"/api/tasks/{task['id']}/mask/submit"
    stale = a.fails("POST", url, 409, json={"revision": 1})
    assert (stale["type"], stale["current"]["region"]) == ("/problems/stale", [15, 5, 40, 70])
    a.put_person(task["image"]["id"], task["person"]["id"], revision=moved["revision"], bbox=[5, 5, 50, 70])
    assert a.ok("POST", url, json={"revision": 1})["kind"] == "points"
    a.ok("POST", f"/api/tasks/{task['id']}/reopen-mask")
    a.put_person(task["image"]["id"], task["person"]["id"], revision=moved["revision"] + 1, bbox=[15, 5, 40, 70])
    a.fails("POST", url, 409, json={"revision": 1})
    assert a.put_mask(task, labels[:, 10:], 1, region=[15, 5, 40, 70]).status_code == 200
    assert a.ok("POST", url, json={"revision": 2})["kind"] == "points"


def test_who_has_a_mark_of_ones_own_cannot_take_over_another(team: Team) -> None:
    app, _, task, (a, b, _) = team
    points_task = a.submit_mask(task)
    first, second = (point["id"] for point in a.points(points_task)[:2])
    theirs = a.put_mark(points_task, first).json()
    free = a.put_mark(points_task, second).json()
    expire_leases(app)
    own = b.put_mark(points_task, first, str(uuid4())).json()
    refused = b.put_mark(points_task, first, theirs["id"], revision=1)
    assert (refused.status_code, refused.json()["current"]) == (409, own)
    taken = b.put_mark(points_task, second, free["id"], revision=1)
    assert taken.status_code == 200
    history = b.ok("GET", f"/api/marks/{free['id']}/revisions")["items"]
    assert [row["annotator_id"] for row in history] == [b.user_id, a.user_id]
