"""From mask to points to done: revisions, idempotence, leases, and nothing lost on the way back."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastapi import FastAPI

from annotation.masks import decode_runs, encode_runs
from annotation.words import Role
from annotation_db.models import Point
from tests.server.people import TORSO_AND_HEAD, Api, add_user, expire_leases, label_map, sign_in


@pytest.fixture
def work(any_app: FastAPI) -> tuple[FastAPI, Api, str, dict[str, Any]]:
    """A lead with a leased mask task, on both databases."""
    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    project = lead.project()
    lead.person(lead.image(project))
    task = lead.next_task(project)
    assert task is not None
    return any_app, lead, project, task


Work = tuple[FastAPI, Api, str, dict[str, Any]]


def _annotator(app: FastAPI, lead: Api, project: str, name: str = "ann") -> Api:
    user = add_user(app, name, Role.annotator)
    lead.ok("PUT", f"/api/projects/{project}/members/{user}")
    return sign_in(app, name)


def _runs(mask: dict[str, Any]) -> np.ndarray:
    return decode_runs(mask["runs"], mask["region"][3], mask["region"][2])


def test_a_mask_is_read_back_as_drawn(work: Work) -> None:
    _, lead, _, task = work
    empty = lead.ok("GET", f"/api/tasks/{task['id']}/mask")
    assert (empty["id"], empty["revision"], empty["runs"]) == (task["mask_id"], 0, [])
    labels = np.random.default_rng(0).integers(0, 15, (70, 50)).astype(np.uint8)
    written = lead.put_mask(task, labels, 0).json()
    assert written == lead.ok("GET", f"/api/tasks/{task['id']}/mask")
    assert (_runs(written) == labels).all()
    assert written["revision"] == 1
    person = lead.ok("GET", f"/api/persons/{task['person']['id']}")
    assert (person["state"], person["masks"]) == ("mask", 14)


def test_every_revision_of_a_mask_is_kept(work: Work) -> None:
    _, lead, _, task = work
    drawings = [label_map(task["region"], {part: (slice(0, 10 * part), slice(0, 9))}) for part in (1, 2, 3)]
    for revision, labels in enumerate(drawings):
        assert lead.put_mask(task, labels, revision).status_code == 200
    url = f"/api/masks/{task['mask_id']}/revisions"
    listed = lead.ok("GET", url)["items"]
    assert [(row["revision"], row["area"], row["parts"]) for row in listed] == [(3, 270, 1), (2, 180, 1), (1, 90, 1)]
    for revision, labels in enumerate(drawings, start=1):
        assert (_runs(lead.ok("GET", f"{url}/{revision}")) == labels).all()
    lead.fails("GET", f"{url}/4", 404)
    lead.fails("GET", f"{url}/99999999999999", 404)


def test_mask_writes_are_idempotent_and_never_silent(work: Work) -> None:
    _, lead, _, task = work
    labels, write = label_map(task["region"], TORSO_AND_HEAD), str(uuid4())
    first = lead.put_mask(task, labels, 0, write_id=write)
    second = lead.put_mask(task, np.zeros_like(labels), 1)
    again = lead.put_mask(task, labels, 0, write_id=write)
    assert (first.status_code, second.status_code, again.status_code) == (200, 200, 200)
    assert again.json() == second.json()
    stale = lead.put_mask(task, labels, 1)
    assert (stale.status_code, stale.json()["current"]) == (409, second.json())


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"runs": [0, 10]}, 422),
        ({"runs": [15, 3500]}, 422),
        ({"runs": [0, 3500, 1]}, 422),
        ({"runs": [-1, 3500]}, 422),
        ({"runs": "x"}, 422),
        ({"seconds": -1}, 422),
        ({"seconds": 1e300}, 422),
        ({"write_id": "x"}, 422),
        ({"region": [0, 0, 50, 70]}, 409),
        ({"region": [5, 5, 2**31, 2**31]}, 409),
        ({"task_id": str(uuid4())}, 422),
        ({"note": "x"}, 422),
    ],
)
def test_wrong_masks_are_refused(app: FastAPI, lead: Api, change: dict[str, Any], status: int) -> None:
    project = lead.project()
    lead.person(lead.image(project))
    task = lead.next_task(project)
    assert task is not None
    response = lead.put_mask(task, label_map(task["region"], TORSO_AND_HEAD), 0, **change)
    assert response.status_code == status, response.text
    assert lead.ok("GET", f"/api/tasks/{task['id']}/mask")["revision"] == 0


def test_submitting_samples_points_on_their_parts(work: Work) -> None:
    _, lead, _, task = work
    labels = label_map(task["region"], TORSO_AND_HEAD)
    points_task = lead.submit_mask(task, labels)
    assert (points_task["kind"], points_task["state"]) == ("points", "open")
    assert points_task["lease"]["user_id"] == lead.user_id
    points = lead.points(points_task)
    assert {point["part"] for point in points} == {1, 14}
    assert [point["order"] for point in points] == list(range(len(points)))
    for point in points:
        column, row = int(point["x"]) - task["region"][0], int(point["y"]) - task["region"][1]
        assert labels[row, column] == point["part"]
        assert (point["x"] % 1, point["y"] % 1) == (0.5, 0.5)
    assert points_task["person"]["points"] == len(points)
    again = lead.ok("POST", f"/api/tasks/{task['id']}/mask/submit", json={"revision": 1})
    assert again["id"] == points_task["id"]
    assert lead.points(points_task) == points


def test_an_empty_mask_is_not_submitted(work: Work) -> None:
    _, lead, _, task = work
    url = f"/api/tasks/{task['id']}/mask/submit"
    lead.fails("POST", url, 422, json={"revision": 0})
    lead.put_mask(task, label_map(task["region"], {}), 0)
    lead.fails("POST", url, 422, json={"revision": 1})
    stale = lead.fails("POST", url, 409, json={"revision": 0})
    assert stale["current"]["revision"] == 1
    assert lead.ok("GET", f"/api/tasks/{task['id']}")["state"] == "open"


def test_a_submitted_mask_is_not_drawn_on(work: Work) -> None:
    _, lead, _, task = work
    lead.submit_mask(task)
    response = lead.put_mask(task, label_map(task["region"], {2: (slice(5), slice(5))}), 1)
    assert response.status_code == 409


def test_points_are_submitted_when_all_are_marked(work: Work) -> None:
    _, lead, project, task = work
    points_task = lead.submit_mask(task)
    points = lead.points(points_task)
    for point in points[1:]:
        assert lead.put_mark(points_task, point["id"]).status_code == 200
    cleared = str(uuid4())
    lead.put_mark(points_task, points[0]["id"], cleared)
    lead.put_mark(points_task, points[0]["id"], cleared, revision=1, kind="cleared", flag=None)
    problem = lead.fails("POST", f"/api/tasks/{points_task['id']}/submit", 422)
    assert (problem["type"], problem["unmarked"]) == ("/problems/unmarked", [points[0]["id"]])
    lead.put_mark(points_task, points[0]["id"], cleared, revision=2)
    done = lead.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    assert (done["state"], done["person"]["state"]) == ("submitted", "done")
    assert lead.ok("POST", f"/api/tasks/{points_task['id']}/submit") == done
    progress = lead.ok("GET", f"/api/projects/{project}")["progress"]
    assert progress == {
        "images": 1,
        "persons": 1,
        "masks_done": 1,
        "points_done": 1,
        "points": len(points),
        "marks": len(points),
    }
    assert lead.next_task(project) is None
    late = lead.put_mark(points_task, points[0]["id"], cleared, revision=3)
    assert late.status_code == 409
    reopened = lead.ok("POST", f"/api/tasks/{points_task['id']}/reopen")
    assert (reopened["state"], reopened["person"]["state"]) == ("open", "points")
    assert lead.put_mark(points_task, points[0]["id"], cleared, revision=3).status_code == 200


def test_mark_writes_are_idempotent_and_never_silent(work: Work) -> None:
    _, lead, _, task = work
    points_task = lead.submit_mask(task)
    point, mark, write = lead.points(points_task)[0]["id"], str(uuid4()), str(uuid4())
    lead.put_mark(points_task, point, mark, write_id=write)
    second = lead.put_mark(points_task, point, mark, revision=1, flag="ambiguous").json()
    assert lead.put_mark(points_task, point, mark, write_id=write).json() == second
    stale = lead.put_mark(points_task, point, mark, revision=1)
    assert (stale.status_code, stale.json()["current"]) == (409, second)
    other_id = lead.put_mark(points_task, point)
    assert (other_id.status_code, other_id.json()["current"]) == (409, second)
    assert lead.put_mark(points_task, lead.points(points_task)[1]["id"], mark).status_code == 409
    history = lead.ok("GET", f"/api/marks/{mark}/revisions")["items"]
    assert [(row["revision"], row["flag"]) for row in history] == [(2, "ambiguous"), (1, "occluded")]


@pytest.mark.parametrize(
    "change",
    [
        {"flag": None},
        {"flag": "no such flag"},
        {"kind": "surface", "flag": None},
        {"kind": "surface", "flag": None, "view": 0, "x": 1.5, "y": 0.5},
        {"kind": "surface", "flag": None, "view": 6, "x": 0.5, "y": 0.5},
        {"kind": "cleared"},
        {"view": 0, "x": 0.5, "y": 0.5},
        {"point_id": str(uuid4())},
        {"face": 3},
    ],
)
def test_wrong_marks_are_refused(app: FastAPI, lead: Api, change: dict[str, Any]) -> None:
    project = lead.project()
    lead.person(lead.image(project))
    task = lead.next_task(project)
    assert task is not None
    points_task = lead.submit_mask(task)
    point = lead.points(points_task)[0]["id"]
    assert lead.put_mark(points_task, point, **change).status_code == 422
    assert lead.put_mark(task, point).status_code == 422


def test_going_back_to_the_mask_keeps_the_marks_of_unchanged_parts(work: Work) -> None:
    app, lead, _, task = work
    labels = label_map(task["region"], TORSO_AND_HEAD)
    points_task = lead.submit_mask(task, labels)
    before = lead.points(points_task)
    for point in before:
        lead.put_mark(points_task, point["id"])
    before = lead.points(points_task)
    assert lead.ok("POST", f"/api/tasks/{points_task['id']}/reopen-mask")["id"] == task["id"]
    assert lead.ok("GET", f"/api/tasks/{points_task['id']}")["state"] == "waiting"
    changed = labels.copy()
    changed[56:66, 5:40] = 1
    lead.submit_mask(task, changed, revision=1)
    after = lead.points(points_task)
    head = [(p["id"], p["mark"]["id"]) for p in before if p["part"] == 14]
    assert [(p["id"], p["mark"]["id"]) for p in after if p["part"] == 14] == head
    assert {p["id"] for p in after if p["part"] == 1}.isdisjoint(p["id"] for p in before)
    assert all(p["mark"] is None for p in after if p["part"] == 1)
    assert [p["order"] for p in after] == list(range(len(after)))
    person = lead.ok("GET", f"/api/persons/{task['person']['id']}")
    assert (person["points"], person["marks"]) == (len(after), len(head))
    with app.state.densemark.database.read() as session:
        assert session.query(Point).count() == len(before) + sum(p["part"] == 1 for p in after)
    lead.ok("POST", f"/api/tasks/{points_task['id']}/reopen-mask")
    lead.submit_mask(task, labels, revision=2)
    restored = lead.points(points_task)
    assert [(p["id"], p["mark"]["id"]) for p in restored] == [(p["id"], p["mark"]["id"]) for p in before]


def test_a_late_mark_on_a_superseded_point_is_kept(work: Work) -> None:
    _, lead, _, task = work
    points_task = lead.submit_mask(task)
    point = next(p for p in lead.points(points_task) if p["part"] == 1)
    lead.ok("POST", f"/api/tasks/{points_task['id']}/reopen-mask")
    waiting = lead.put_mark(points_task, point["id"])
    assert waiting.status_code == 200
    lead.submit_mask(task, label_map(task["region"], {14: TORSO_AND_HEAD[14]}), revision=1)
    mark = waiting.json()
    late = lead.put_mark(points_task, point["id"], mark["id"], revision=1, flag="ambiguous")
    assert (late.status_code, late.json()["revision"]) == (200, 2)


def test_one_annotator_at_a_time(work: Work) -> None:
    app, lead, project, task = work
    ann = _annotator(app, lead, project)
    labels = label_map(task["region"], TORSO_AND_HEAD)
    person = task["person"]["id"]
    assert ann.next_task(project) is None
    for response in (
        ann.client.post(f"/api/persons/{person}/task"),
        ann.client.post(f"/api/tasks/{task['id']}/lease"),
        ann.client.delete(f"/api/tasks/{task['id']}/lease"),
        ann.put_mask(task, labels, 0),
    ):
        assert (response.status_code, response.json()["type"]) == (409, "/problems/lease")
    released = lead.ok("DELETE", f"/api/tasks/{task['id']}/lease")
    assert released["lease"] == {"user_id": None, "until": None}
    assert ann.next_task(project) is not None
    assert lead.put_mask(task, labels, 0).status_code == 409
    lead.ok("DELETE", f"/api/tasks/{task['id']}/lease")  # leads may
    assert lead.put_mask(task, labels, 0).status_code == 200


def test_an_expired_lease_is_still_good_until_somebody_takes_over(work: Work) -> None:
    app, lead, project, task = work
    ann = _annotator(app, lead, project)
    labels = label_map(task["region"], TORSO_AND_HEAD)
    expire_leases(app)
    assert lead.put_mask(task, labels, 0).status_code == 200  # unsent work arrives late, and renews
    assert ann.next_task(project) is None
    expire_leases(app)
    taken = ann.next_task(project)
    assert taken is not None
    assert taken["id"] == task["id"]
    assert lead.put_mask(task, labels, 1).status_code == 409
    assert ann.put_mask(task, labels, 1).status_code == 200


def test_who_takes_over_goes_on_from_the_marks_that_are_there(work: Work) -> None:
    app, lead, project, task = work
    ann = _annotator(app, lead, project)
    points_task = lead.submit_mask(task)
    first, second = (point["id"] for point in lead.points(points_task)[:2])
    marks = [lead.put_mark(points_task, point).json() for point in (first, second)]
    expire_leases(app)
    assert ann.next_task(project) is not None
    seen = {point["id"]: point["mark"] for point in ann.points(points_task)}
    assert (seen[first]["id"], seen[first]["annotator_id"]) == (marks[0]["id"], lead.user_id)
    changed = ann.put_mark(points_task, first, marks[0]["id"], revision=1, flag="ambiguous").json()
    assert (changed["revision"], changed["annotator_id"]) == (2, ann.user_id)
    assert {p["id"]: p["mark"] for p in lead.points(points_task)}[second]["annotator_id"] == lead.user_id


def test_work_in_hand_comes_first_and_points_follow_their_mask(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    image = lead.image(project)
    persons = [lead.person(image) for _ in range(3)]
    ann = _annotator(app, lead, project)
    first = ann.next_task(project)
    assert first is not None
    assert first["person"]["id"] == persons[0]
    assert ann.next_task(project) == first | {"lease": first["lease"]}
    second = lead.next_task(project)
    assert second is not None
    assert second["person"]["id"] == persons[1]
    points_task = ann.submit_mask(first)
    following = ann.next_task(project)
    assert following is not None
    assert (following["id"], following["kind"]) == (points_task["id"], "points")
    for point in ann.points(points_task):
        ann.put_mark(points_task, point["id"])
    ann.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    third = ann.next_task(project)
    assert third is not None
    assert third["person"]["id"] == persons[2]


def test_what_somebody_left_comes_after_what_nobody_began(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    image = lead.image(project)
    persons = [lead.person(image) for _ in range(2)]
    left = lead.next_task(project)
    assert left is not None
    expire_leases(app)
    ann = _annotator(app, lead, project)
    taken = ann.next_task(project)
    assert taken is not None
    assert taken["person"]["id"] == persons[1]


def test_a_deleted_person_is_no_work(work: Work) -> None:
    _, lead, project, task = work
    person = task["person"]["id"]
    gone = lead.ok("DELETE", f"/api/persons/{person}", params={"revision": 1})
    assert lead.next_task(project) is None
    lead.fails("POST", f"/api/persons/{person}/task", 409)
    assert lead.put_mask(task, label_map(task["region"], TORSO_AND_HEAD), 0).status_code == 409
    lead.put_person(task["image"]["id"], person, revision=gone["revision"])
    assert lead.put_mask(task, label_map(task["region"], TORSO_AND_HEAD), 0).status_code == 200


def test_a_moved_box_shows_the_same_mask_through_another_window(work: Work) -> None:
    _, lead, _, task = work
    labels = label_map(task["region"], TORSO_AND_HEAD)
    lead.put_mask(task, labels, 0)
    lead.put_person(task["image"]["id"], task["person"]["id"], revision=1, bbox=[0, 5, 60, 70])
    mask = lead.ok("GET", f"/api/tasks/{task['id']}/mask")
    assert mask["region"] == [0, 5, 60, 70]
    assert (_runs(mask)[:, 5:55] == labels).all()
    stale = lead.put_mask(task, labels, 1)
    assert (stale.status_code, stale.json()["current"]) == (409, mask)


def test_a_wide_photo_costs_no_more_than_its_person(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    from tests.server.people import png

    app = make_app(sqlite_url)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()
    image = lead.upload(project, ("wide.png", png(12_000, 60)))["stored"][0]["image"]["id"]
    lead.put_person(image, bbox=[11_900, 5, 200, 50])
    task = lead.next_task(project)
    assert task is not None
    assert task["region"] == [11_900, 5, 100, 50]
    labels = label_map(task["region"], {14: (slice(0, 50), slice(90, 100))})
    written = lead.put_mask(task, labels, 0).json()
    assert written["runs"] == encode_runs(labels)
    assert lead.ok("GET", f"/api/tasks/{task['id']}/mask")["runs"] == encode_runs(labels)
