"""Persons: drawn, moved, taken out, brought back; idempotent and never silently overwritten."""

from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from annotation.words import Role
from annotation_db.repositories import persons
from server.persons.rendered import add_rendered_person, truth_of
from server.persons.service import clip_box
from server.problems import RefusedError
from server.state import State
from tests.server.people import Api, add_user, png, sign_in


def test_draw_move_delete_restore(any_app: FastAPI) -> None:
    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    image, person = lead.image(lead.project()), str(uuid4())
    drawn = lead.put_person(image, person).json()
    assert (drawn["revision"], drawn["state"], drawn["area"], drawn["source"]) == (1, "new", 3500, "drawn")
    moved = lead.put_person(image, person, revision=1, bbox=[6, 6, 20, 20]).json()
    assert (moved["revision"], moved["bbox"], moved["area"]) == (2, [6, 6, 20, 20], 400)
    gone = lead.ok("DELETE", f"/api/persons/{person}", params={"revision": 2})
    assert (gone["revision"], gone["deleted"]) == (3, True)
    assert lead.ok("DELETE", f"/api/persons/{person}", params={"revision": 2}) == gone
    assert lead.ok("GET", f"/api/images/{image}")["persons"] == []
    assert lead.ok("GET", f"/api/persons/{person}") == gone
    back = lead.put_person(image, person, revision=3, bbox=[6, 6, 20, 20]).json()
    assert (back["revision"], back["deleted"]) == (4, False)
    with any_app.state.densemark.database.read() as session:
        history = [(row.revision, row.w, row.deleted) for row in persons.revisions(session, UUID(person))]
    assert history == [(4, 20, False), (3, 20, True), (2, 20, False), (1, 50, False)]


def test_the_same_write_again_changes_nothing(app: FastAPI, lead: Api) -> None:
    image, person, write = lead.image(lead.project()), str(uuid4()), str(uuid4())
    first = lead.put_person(image, person, write_id=write)
    lead.put_person(image, person, revision=1, bbox=[1, 1, 9, 9])
    again = lead.put_person(image, person, write_id=write)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == lead.ok("GET", f"/api/persons/{person}")
    assert again.json()["revision"] == 2


def test_a_stale_write_gets_the_present_person(app: FastAPI, lead: Api) -> None:
    image = lead.image(lead.project())
    person = lead.person(image)
    for revision in (0, 2, 7):
        response = lead.put_person(image, person, revision=revision, bbox=[1, 1, 9, 9])
        assert response.status_code == 409
        assert response.json()["type"] == "/problems/stale"
        assert response.json()["current"] == lead.ok("GET", f"/api/persons/{person}")
    lead.fails("DELETE", f"/api/persons/{person}", 409, params={"revision": 5})
    assert lead.put_person(image, str(uuid4()), revision=3).status_code == 404


def test_a_person_stays_in_its_image(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    person = lead.person(lead.image(project, 1))
    assert lead.put_person(lead.image(project, 2), person, revision=1).status_code == 409


def test_nobody_moves_a_box_under_somebody_elses_hands(app: FastAPI, lead: Api, annotator: Api) -> None:
    project = lead.project(annotator.user_id)
    image = lead.image(project)
    person = lead.person(image)
    annotator.ok("POST", f"/api/persons/{person}/task")
    problem = lead.put_person(image, person, revision=1, bbox=[1, 1, 9, 9]).json()
    assert problem["type"] == "/problems/lease"
    lead.fails("DELETE", f"/api/persons/{person}", 409, params={"revision": 1})
    assert annotator.put_person(image, person, revision=1, bbox=[1, 1, 9, 9]).status_code == 200


@pytest.mark.parametrize(
    "bbox",
    [[0, 0, 0, 5], [0, 0, -3, 5], [100, 100, 5, 5], [-9, -9, 9, 9], [59.5, 5, 50, 5], [1, 2, 3], "box", [1e308] * 4],
)
def test_impossible_boxes_are_refused(app: FastAPI, lead: Api, bbox: object) -> None:
    assert lead.put_person(lead.image(lead.project()), bbox=bbox).status_code == 422


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(app: FastAPI, lead: Api, value: str) -> None:
    image = lead.image(lead.project())
    body = f'{{"image_id": "{image}", "bbox": [1, 1, {value}, 5], "revision": 0, "write_id": "{uuid4()}"}}'
    lead.fails("PUT", f"/api/persons/{uuid4()}", 422, content=body, headers={"Content-Type": "application/json"})


def test_unknown_fields_are_refused(app: FastAPI, lead: Api) -> None:
    response = lead.put_person(lead.image(lead.project()), truth="x")
    assert response.json()["errors"][0]["where"] == ["body", "truth"]


coordinates = st.floats(-1e4, 1e4)


@given(coordinates, coordinates, st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.integers(1, 5000), st.integers(1, 5000))
def test_clipped_boxes_lie_in_the_image(x: float, y: float, w: float, h: float, width: int, height: int) -> None:
    inside = min(x + w, width) - max(x, 0), min(y + h, height) - max(y, 0)
    try:
        cx, cy, cw, ch = clip_box((x, y, w, h), width, height)
    except RefusedError:
        assert min(inside) < 1  # pixels
        return
    assert 0 <= cx < width
    assert 0 <= cy < height
    assert cx + cw <= width * (1 + 1e-12)
    assert cy + ch <= height * (1 + 1e-12)
    assert cw <= w
    assert ch <= h
    assert clip_box((cx, cy, cw, ch), width, height) == pytest.approx((cx, cy, cw, ch))


def test_persons_page_by_key_and_filter_by_state(any_app: FastAPI) -> None:
    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    project = lead.project()
    image = lead.image(project)
    made = [lead.person(image) for _ in range(5)]
    lead.submit_mask(lead.ok("POST", f"/api/persons/{made[2]}/task"))
    url = f"/api/projects/{project}/persons"
    seen, after = [], None
    while True:
        page = lead.ok("GET", url, params={"limit": 2} | ({"after": after} if after else {}))
        seen += [person["id"] for person in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made
    assert [p["id"] for p in lead.ok("GET", url, params={"state": "points"})["items"]] == [made[2]]
    lead.fails("GET", url, 422, params={"state": "unknown"})
    lead.fails("GET", url, 422, params={"after": "AAAA"})


def test_rendered_persons_keep_their_truth_to_themselves(
    app: FastAPI, lead: Api, annotator: Api, state: State, tmp_path: Path
) -> None:
    project = lead.project(annotator.user_id)
    (tmp_path / "render.png").write_bytes(png())
    np.savez(tmp_path / "truth.npz", face=np.arange(6))
    arguments = (state, UUID(project), tmp_path / "render.png", (5.0, 5.0, 20.0, 30.0), None, [[1.0, 1, 9, 1, 9, 9]])
    person = add_rendered_person(*arguments, tmp_path / "truth.npz")
    assert add_rendered_person(*arguments, tmp_path / "truth.npz") == person
    assert truth_of(state, person) == (tmp_path / "truth.npz").read_bytes()
    shown = annotator.ok("GET", f"/api/persons/{person}")
    assert shown["source"] == "rendered"
    assert "truth" not in str(annotator.next_task(project))
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(RefusedError, match=r"bad\.png"):
        add_rendered_person(
            state, UUID(project), tmp_path / "bad.png", (1.0, 1, 5, 5), None, None, tmp_path / "truth.npz"
        )
