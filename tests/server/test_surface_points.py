"""A click in a view becomes the surface point under it, in both forms, on all six views; and the export has it."""

import io
import json
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from server.state import State
from tests.server.people import Api


@pytest.fixture
def points_task(app: FastAPI, lead: Api) -> dict[str, Any]:
    """A points task with points on torso and head."""
    project = lead.project()
    lead.person(lead.image(project))
    task = lead.next_task(project)
    assert task is not None
    return lead.submit_mask(task)


def clicks_on(state: State, part: int, count: int = 20) -> list[tuple[int, float, float, int, np.ndarray]]:
    """Places in the views of a part where surface points of it are visible: view, x, y, and the point."""
    from surface import views

    body = state.bodies.by_name("anny").body
    faces = np.flatnonzero(body.part(np.arange(len(body.faces))) == part)
    rng = np.random.default_rng(0)
    found = []
    for face in rng.choice(faces, len(faces), replace=False):
        bary = rng.dirichlet([1, 1, 1])
        for view in views.views(body, part):
            x, y, visible = views.project(body, view, np.array([face]), bary[None])
            if visible[0] and 0 <= x[0] <= 1 and 0 <= y[0] <= 1:
                found.append((view.index, float(x[0]), float(y[0]), int(face), bary))
                break
        if len(found) == count:
            break
    return found


def test_clicks_become_surface_points(app: FastAPI, lead: Api, state: State, points_task: dict[str, Any]) -> None:
    body = state.bodies.by_name("anny").body
    points = lead.points(points_task)
    for part in (1, 14):
        here = [point for point in points if point["part"] == part]
        for point, (view, x, y, face, bary) in zip(here, clicks_on(state, part, len(here)), strict=True):
            response = lead.put_mark(points_task, point["id"], kind="surface", flag=None, view=view, x=x, y=y)
            assert response.status_code == 200, response.text
            mark = response.json()
            at = np.array([mark["bary"]])
            clicked = body.position(np.array([face]), bary[None])
            assert np.linalg.norm(body.position(np.array([mark["face"]]), at) - clicked) < 1e-6
            i, u, v = body.to_iuv(np.array([mark["face"]]), at)
            assert (mark["i"], mark["u"], mark["v"]) == (i[0], u[0], v[0])
            shown = {p["view"]: p for p in mark["projections"]}
            assert sorted(shown) == [0, 1, 2, 3, 4, 5]
            assert (shown[view]["x"], shown[view]["y"]) == pytest.approx((x, y), abs=1e-9)
            assert shown[view]["visible"]
    listed = {point["id"]: point["mark"] for point in lead.points(points_task)}
    assert all(mark["kind"] == "surface" and len(mark["projections"]) == 6 for mark in listed.values())
    history = lead.ok("GET", f"/api/marks/{mark['id']}/revisions")["items"]
    assert (history[0]["face"], history[0]["bary"], history[0]["seconds"]) == (mark["face"], mark["bary"], 2.0)


def test_a_click_beside_the_part_is_refused(lead: Api, points_task: dict[str, Any]) -> None:
    point = next(p for p in lead.points(points_task) if p["part"] == 14)
    response = lead.put_mark(points_task, point["id"], kind="surface", flag=None, view=0, x=0.001, y=0.001)
    assert response.status_code == 422
    assert "Head" in response.json()["detail"]
    assert lead.points(points_task)[0]["mark"] is None


def test_the_export_holds_the_marks(app: FastAPI, lead: Api, state: State, points_task: dict[str, Any]) -> None:
    points = lead.points(points_task)
    marks = []
    for part in (1, 14):
        here = [point for point in points if point["part"] == part]
        for point, (view, x, y, _, _) in zip(here, clicks_on(state, part, len(here)), strict=True):
            marks.append(lead.put_mark(points_task, point["id"], kind="surface", flag=None, view=view, x=x, y=y).json())
    flagged = marks.pop()
    lead.put_mark(points_task, flagged["point_id"], flagged["id"], revision=1)
    lead.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    response = lead.client.get(f"/api/projects/{points_task['project_id']}/export")
    assert response.status_code == 200
    assert response.headers["content-disposition"] == 'attachment; filename="Project-densepose-coco.json"'
    (person,) = json.loads(response.content)["annotations"]
    exported = np.array(sorted(zip(person["dp_I"], person["dp_U"], person["dp_V"], strict=True)))
    assert exported == pytest.approx(np.array(sorted((m["i"], m["u"], m["v"]) for m in marks)))
    lead.fails("GET", f"/api/projects/{points_task['project_id']}/export", 422, params={"format": "other"})


def test_picking_is_what_marking_does(lead: Api, state: State, points_task: dict[str, Any]) -> None:
    view, x, y, _, _ = clicks_on(state, 14, 1)[0]
    url = f"/api/bodies/{points_task['body']['hash']}/parts/14/pick"
    picked = lead.ok("POST", url, json={"view": view, "x": x, "y": y})
    point = next(p for p in lead.points(points_task) if p["part"] == 14)
    mark = lead.put_mark(points_task, point["id"], kind="surface", flag=None, view=view, x=x, y=y).json()
    assert {key: mark[key] for key in picked} == picked
    lead.fails("POST", url, 422, json={"view": 0, "x": 0.001, "y": 0.001})


def test_bodies_describe_their_parts(lead: Api, points_task: dict[str, Any]) -> None:
    body = lead.ok("GET", f"/api/bodies/{points_task['body']['hash']}")
    parts = {part["label"]: part for part in body["parts"]}
    assert sorted(parts) == list(range(1, 15))
    assert (parts[2]["name"], parts[2]["side"], parts[2]["mirror"], parts[2]["charts"]) == (
        "Right Hand",
        "right",
        3,
        [3],
    )
    assert (parts[4]["name"], parts[4]["side"]) == ("Left Foot", "left")
    assert (parts[1]["side"], parts[1]["mirror"], parts[1]["charts"]) == (None, 1, [1, 2])
    assert sorted(chart for part in body["parts"] for chart in part["charts"]) == list(range(1, 25))
    assert all([view["index"] for view in part["views"]] == [0, 1, 2, 3, 4, 5] for part in body["parts"])
    lead.fails("GET", f"/api/bodies/{'0' * 64}", 404)


def test_view_pictures_are_made_once_and_kept_by_the_browser(
    lead: Api, state: State, points_task: dict[str, Any]
) -> None:
    url = f"/api/bodies/{points_task['body']['hash']}/parts/14/views/0.webp"
    first = lead.client.get(url, params={"size": 256, "theme": "dark"})
    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(first.content)).size == (256, 256)
    assert "immutable" in first.headers["cache-control"]
    (kept,) = (state.settings.data / "cache" / "views").glob("*.webp")
    changed = kept.stat().st_mtime_ns
    assert lead.client.get(url, params={"size": 256, "theme": "dark"}).content == first.content
    assert kept.stat().st_mtime_ns == changed
    light = lead.client.get(url, params={"size": 256, "theme": "light"})
    assert light.content != first.content
    same = lead.client.get(url, headers={"If-None-Match": light.headers["etag"]}, params={"size": 256})
    assert (same.status_code, same.content) == (304, b"")
    for wrong in ({"size": 9}, {"size": 99999}, {"theme": "pink"}):
        lead.fails("GET", url, 422, params=wrong)
    lead.fails("GET", url.replace("/14/", "/15/"), 422)
    lead.fails("GET", url.replace("/0.webp", "/6.webp"), 422)


def test_projects_name_a_body_that_is_there(lead: Api) -> None:
    problem = lead.fails("POST", "/api/projects", 422, json={"name": "P", "body": "nobody"})
    assert problem["detail"] == "there is no body 'nobody'; there are: anny"


def test_projects_are_changed_on_the_revision_that_was_seen(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    url = f"/api/projects/{project}"
    changed = lead.ok("PATCH", url, json={"revision": 1, "name": "New name"})
    assert (changed["name"], changed["description"], changed["revision"]) == ("New name", "", 2)
    stale = lead.fails("PATCH", url, 409, json={"revision": 1, "description": "x"})
    assert stale["current"] == changed
    lead.fails("PATCH", url, 422, json={"revision": 2, "name": ""})


def test_members_see_their_projects_only(app: FastAPI, lead: Api, annotator: Api) -> None:
    mine, other = lead.project(annotator.user_id, name="B"), lead.project(name="A")
    assert [p["id"] for p in annotator.ok("GET", "/api/projects")["items"]] == [mine]
    assert [p["id"] for p in lead.ok("GET", "/api/projects")["items"]] == [other, mine]
    assert annotator.ok("GET", f"/api/projects/{mine}")["can"] == {"manage": False, "annotate": True, "export": False}
    assert lead.ok("GET", f"/api/projects/{mine}")["can"] == {"manage": True, "annotate": True, "export": True}
    assert [m["username"] for m in lead.ok("GET", f"/api/projects/{mine}/members")["items"]] == ["ann"]
    lead.ok("PUT", f"/api/projects/{mine}/members/{annotator.user_id}")
    lead.ok("DELETE", f"/api/projects/{mine}/members/{annotator.user_id}", 204)
    annotator.fails("GET", f"/api/projects/{mine}", 404)
    lead.fails("PUT", f"/api/projects/{mine}/members/{uuid4()}", 404)
