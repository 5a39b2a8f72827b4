"""Studies: set up, handed out in an order of one's own, hidden from everything else, closed."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from annotation.words import Role
from server.studies import copies, service
from server.studies.order import Shown, order
from tests.server.people import Api, add_user, sign_in
from tests.server.renders import HAND, TORSO, add_renders


class Lab:
    """A lead with rendered persons, and annotators."""

    def __init__(self, app: FastAPI, folder: Path, renders: int = 4) -> None:
        self.app = app
        for name, role in (("lena", Role.lead), ("ann", Role.annotator), ("bob", Role.annotator)):
            add_user(app, name, role)
        self.lead, self.ann, self.bob = (sign_in(app, name) for name in ("lena", "ann", "bob"))
        self.project = self.lead.project(name="Lab")
        self.persons = add_renders(app, self.project, folder, renders)

    def study(self, **options: Any) -> dict[str, Any]:
        body = {
            "name": "Accuracy",
            "annotators": [self.ann.user_id, self.bob.user_id],
            "seed": 7,
            "points_per_part": 1,
        } | options
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
    """Say something of every point: the first is flagged, the others are clicked where a view shows their part."""
    for n, point in enumerate(api.points(task)):
        click: dict[str, Any] = {"kind": "surface", "flag": None, "view": 0, "x": 0.5, "y": 0.5} if n else {}
        assert api.put_mark(task, point["id"], **click).status_code == 200


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
    study = lab.study(practice=1, again=1, points_per_part=2)
    assert (study["state"], study["persons"], study["practice"], study["again"]) == ("draft", 3, 1, 1)
    url = f"/api/studies/{study['id']}"
    assert lab.ann.fails("POST", f"{url}/next", 409)["detail"].endswith("not open yet")
    assert lab.ann.ok("GET", "/api/studies")["items"] == []
    lab.lead.ok("POST", f"{url}/open")
    mine = lab.ann.ok("GET", "/api/studies")["items"][0]
    assert (mine["total"], mine["practice_left"], mine["next"]) == (4, 1, "points")
    first = next_of(lab.ann, study["id"])
    assert first is not None
    assert first["study"] == {
        "id": study["id"], "name": "Accuracy", "number": 1, "total": 5, "practice": True, "masks": "given",
        "parts": None,
    }  # fmt: skip
    assert next_of(lab.ann, study["id"]) == first | {"lease": next_of(lab.ann, study["id"])["lease"]}  # type: ignore[index]
    assert first["person"]["keypoints"] is None
    done = finish(lab.ann, study["id"])
    assert [task["study"]["number"] for task in done] == list(range(1, 6))
    assert next_of(lab.ann, study["id"]) is None
    progress = lab.lead.ok("GET", f"{url}/progress")
    ann, bob = progress["annotators"]
    assert (ann["done"], ann["total"], ann["practice_done"], ann["points"]) == (4, 4, 1, ann["marks"])
    assert ann["seconds"] == pytest.approx(2.0 * ann["marks"])
    assert ann["last_seen"] is not None
    assert (bob["done"], bob["total"], bob["seconds"], bob["last_seen"]) == (0, 4, 0, None)
    assert (progress["done"], progress["total"]) == (4, 8)
    assert progress["common"] == {"pairs": 1, "enough": 0, "most": 0, "needed": 6}  # only one has handed in anything
    assert lab.ann.ok("GET", f"{url}/mine")["next"] is None


def test_what_a_study_keeps_back_is_no_work_of_those_who_annotate(lab: Lab, tmp_path: Path) -> None:
    study = lab.opened(practice=0, again=0, persons=lab.persons[:3], annotators=[lab.ann.user_id])

    def seen(api: Api) -> tuple[int, int]:
        (project,) = api.ok("GET", "/api/projects")["items"]
        return project["progress"]["images"], project["progress"]["persons"]

    assert (seen(lab.lead), seen(lab.ann)) == ((4, 4), (1, 1))
    lab.lead.ok("POST", f"/api/studies/{study}/close")
    assert seen(lab.ann) == (4, 4)


@pytest.mark.parametrize("masks", ["given", "drawn"])
def test_a_person_for_practice_has_few_points(lab: Lab, masks: str) -> None:
    study = lab.opened(practice=1, again=0, points_per_part=5, parts=[TORSO], masks=masks, annotators=[lab.ann.user_id])
    done = finish(lab.ann, study)
    points = [len(lab.ann.points(task)) for task in done]
    assert [task["study"]["practice"] for task in done] == [True, False, False, False]
    assert points == [2, 5, 5, 5]


def test_copies_are_in_no_list_count_export_or_queue(app: FastAPI, tmp_path: Path) -> None:
    lab = Lab(app, tmp_path, renders=3)
    add_user(app, "eva", Role.engineer)
    eva = sign_in(app, "eva")
    image = lab.lead.image(lab.project, seed=1)
    lab.lead.person(image)
    urls = [
        f"/api/projects/{lab.project}", "/api/projects", f"/api/projects/{lab.project}/persons?limit=500",
        f"/api/projects/{lab.project}/images", f"/api/projects/{lab.project}/export",
        *(f"/api/images/{item['id']}" for item in lab.lead.ok("GET", f"/api/projects/{lab.project}/images")["items"]),
    ]  # fmt: skip

    def seen(api: Api) -> list[Any]:
        return [api.ok("GET", url) for url in urls]

    before = seen(eva)
    study = lab.opened(practice=0, again=1)
    finish(lab.ann, study)
    assert seen(eva) == before
    own = lab.bob.next_task(lab.project)
    assert own is not None
    assert own["image"]["id"] == image  # nor are the persons that the study shows
    lab.bob.client.delete(f"/api/tasks/{own['id']}/lease")
    assert next_of(lab.bob, study)["study"]["id"] == study  # type: ignore[index]
    again = lab.bob.next_task(lab.project)
    assert again is not None
    assert again["study"] is None
    lab.lead.ok("POST", f"/api/studies/{study}/close")
    assert lab.ann.next_task(lab.project)["person"]["id"] in lab.persons  # type: ignore[index]


def test_a_copy_is_its_annotators_alone(lab: Lab) -> None:
    study = lab.opened(practice=0)
    task = next_of(lab.ann, study)
    assert task is not None
    person, mask = task["person"], task["mask_id"]
    point = lab.ann.points(task)[0]["id"]
    made = lab.ann.put_mark(task, point).json()["id"]
    urls = [f"/api/tasks/{task['id']}", f"/api/persons/{person['id']}", f"/api/tasks/{task['id']}/points",
            f"/api/masks/{mask}/revisions", f"/api/marks/{made}/revisions"]  # fmt: skip
    for url in urls:
        lab.bob.fails("GET", url, 404)
        assert "truth" not in str(lab.ann.ok("GET", url))
        lab.lead.ok("GET", url)
    assert lab.bob.put_mark(task, point).status_code == 404
    assert lab.lead.put_mark(task, point).status_code == 403
    lab.bob.fails("POST", f"/api/tasks/{task['id']}/submit", 404)
    lab.bob.fails("POST", f"/api/persons/{person['id']}/task", 404)
    lab.lead.fails("POST", f"/api/persons/{person['id']}/task", 403)
    lab.ann.fails("GET", f"/api/tasks/{task['id']}/feedback", 409)
    lab.ann.fails("POST", f"/api/tasks/{task['id']}/reopen-mask", 409)
    moved = lab.ann.put_person(task["image"]["id"], person["id"], revision=1)
    assert moved.status_code == 409
    lab.ann.fails("DELETE", f"/api/persons/{person['id']}?revision=1", 409)
    assert lab.lead.client.delete(f"/api/images/{task['image']['id']}").status_code == 409
    add_user(lab.app, "cy", Role.annotator)
    cy = sign_in(lab.app, "cy")
    lab.lead.ok("PUT", f"/api/projects/{lab.project}/members/{cy.user_id}")
    cy.fails("POST", f"/api/studies/{study}/next", 404)
    cy.fails("GET", f"/api/studies/{study}/mine", 404)
    cy.fails("GET", f"/api/studies/{study}", 403)
    lab.lead.fails("POST", f"/api/studies/{study}/next", 409)


def test_closing_keeps_what_is_saved_and_says_so(lab: Lab) -> None:
    study = lab.opened(practice=0)
    task = next_of(lab.ann, study)
    assert task is not None
    first, second = (point["id"] for point in lab.ann.points(task)[:2])
    write = str(uuid4())
    made = lab.ann.put_mark(task, first, write_id=write)
    lab.lead.ok("POST", f"/api/studies/{study}/close")
    assert lab.ann.put_mark(task, first, made.json()["id"], write_id=write).status_code == 200  # the same write again
    late = lab.ann.put_mark(task, second)
    assert (late.status_code, "is closed; what was saved is kept" in late.json()["detail"]) == (409, True)
    assert "is closed" in lab.ann.fails("POST", f"/api/tasks/{task['id']}/submit", 409)["detail"]
    assert "closed" in lab.ann.fails("POST", f"/api/studies/{study}/next", 409)["detail"]
    assert [point["mark"] is not None for point in lab.ann.points(task)[:2]] == [True, False]
    lab.lead.ok("POST", f"/api/studies/{study}/open")
    assert next_of(lab.ann, study)["id"] == task["id"]  # type: ignore[index]
    assert lab.ann.put_mark(task, second).status_code == 200
    lab.lead.ok("POST", f"/api/studies/{study}/close")
    before = lab.lead.ok("GET", f"/api/studies/{study}")["total"]
    lab.lead.ok("DELETE", f"/api/images/{task['image']['id']}", 204)
    after = lab.lead.ok("POST", f"/api/studies/{study}/open")["total"]
    progress = lab.lead.ok("GET", f"/api/studies/{study}/progress")
    assert after == progress["total"] < before  # an image that was deleted cannot be done any more


def test_annotators_may_join_later_and_names_may_change(lab: Lab) -> None:
    study = lab.study(annotators=[])
    url = f"/api/studies/{study['id']}"
    assert "add annotators" in lab.lead.fails("POST", f"{url}/open", 422)["detail"]
    lab.lead.ok("POST", f"{url}/annotators", json={"annotators": [lab.ann.user_id]})
    lab.lead.ok("POST", f"{url}/open")
    lab.lead.ok("POST", f"{url}/annotators", json={"annotators": [lab.bob.user_id, lab.ann.user_id]})
    assert next_of(lab.bob, study["id"]) is not None
    assert lab.lead.ok("GET", url)["total"] == 2 * (study["persons"] + study["again"])
    lab.lead.ok("PATCH", url, json={"revision": 1, "name": "Other"})
    assert lab.lead.fails("PATCH", url, 409, json={"revision": 1, "name": "Late"})["current"]["name"] == "Other"
    lab.lead.fails("PATCH", url, 422, json={"revision": 2, "points_per_part": 3})
    assert [item["name"] for item in lab.lead.ok("GET", f"/api/projects/{lab.project}/studies")["items"]] == ["Other"]


def test_a_person_that_moves_moves_in_no_study(lab: Lab) -> None:
    source = lab.persons[0]
    study = lab.opened(persons=[source], practice=0, again=0, masks="given")
    url = f"/api/studies/{study}"
    task = next_of(lab.ann, study)
    assert task is not None
    asked = lab.lead.client.get(f"{url}/points").text
    image = task["image"]["id"]
    for api in (lab.bob, lab.lead):
        moved = api.put_person(image, source, bbox=[5, 5, 50, 30], revision=1)
        assert (moved.status_code, "close it first" in moved.json()["detail"]) == (409, True)
        api.fails("DELETE", f"/api/persons/{source}?revision=1", 409)
    lab.lead.ok("POST", f"{url}/close")
    assert lab.lead.put_person(image, source, bbox=[5, 5, 50, 30], revision=1).status_code == 200
    lab.lead.ok("POST", f"{url}/open")
    add_user(lab.app, "cy", Role.annotator)
    cy = sign_in(lab.app, "cy")
    lab.lead.ok("POST", f"{url}/annotators", json={"annotators": [cy.user_id]})
    places = [(point["x"], point["y"]) for point in lab.ann.points(task)]
    for api in (lab.bob, cy):
        other = next_of(api, study)
        assert other is not None
        assert other["person"]["bbox"] == task["person"]["bbox"]
        assert [(point["x"], point["y"]) for point in api.points(other)] == places
    assert lab.lead.client.get(f"{url}/points").text == asked


def test_a_study_whose_opening_was_interrupted_opens_whole(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    study = lab.study(practice=1, again=1)
    url, make, served = f"/api/studies/{study['id']}", copies.make, []

    def killed(session: Session, *given: Any) -> None:
        if served:
            raise KeyboardInterrupt
        make(session, *given)
        served.append(given)

    with monkeypatch.context() as patch:
        patch.setattr(copies, "make", killed)
        with pytest.raises(KeyboardInterrupt):
            service.open_study(lab.app.state.densemark, UUID(study["id"]))
    assert lab.lead.ok("GET", url)["state"] == "draft"  # the first annotator's copies are there, and nobody begins
    assert lab.ann.fails("POST", f"{url}/next", 409)["detail"].endswith("not open yet")
    for _ in range(2):
        lab.lead.ok("POST", f"{url}/open")
    progress = lab.lead.ok("GET", f"{url}/progress")["annotators"]
    assert [(item["total"], item["practice"]) for item in progress] == [(4, 1), (4, 1)]
    monkeypatch.setattr(service, "MOST_COPIES", 14)
    add_user(lab.app, "cy", Role.annotator)
    cy = sign_in(lab.app, "cy").user_id
    assert "15 showings" in lab.lead.fails("POST", f"{url}/annotators", 422, json={"annotators": [cy]})["detail"]


def test_nobody_who_annotates_knows_the_persons_beforehand(lab: Lab) -> None:
    study = lab.study(persons=lab.persons[:1], practice=0, again=0)["id"]
    lists = [f"/api/projects/{lab.project}/images", f"/api/projects/{lab.project}/persons"]

    def listed(api: Api) -> list[int]:
        return [len(api.ok("GET", url)["items"]) for url in lists]

    source = lab.lead.ok("GET", f"/api/persons/{lab.persons[0]}")
    assert len(source["keypoints"]) == 51
    assert (listed(lab.lead), listed(lab.ann)) == ([4, 4], [3, 3])
    for api in (lab.ann, lab.lead):
        api.fails("POST", f"/api/persons/{source['id']}/task", 409)
    for url in (f"/api/images/{source['image_id']}", f"/api/persons/{source['id']}", lists[1]):
        assert "'keypoints': [" in str(lab.lead.ok("GET", url))
        assert "'keypoints': [" not in str(lab.ann.ok("GET", url))
        assert "'segmentation': True" not in str(lab.ann.ok("GET", url))
    for state in ("open", "close"):
        lab.lead.ok("POST", f"/api/studies/{study}/{state}")
    assert listed(lab.ann) == [4, 4]
    assert lab.ann.ok("POST", f"/api/persons/{source['id']}/task")["person"]["keypoints"] is None


def test_what_cannot_be_studied_is_refused(lab: Lab) -> None:
    def refused(**options: Any) -> str:
        body = {"name": "x", "seed": 1} | options
        detail: str = lab.lead.fails("POST", f"/api/projects/{lab.project}/studies", 422, json=body)["detail"]
        return detail

    assert "rendered" in refused(count=7)
    assert "rendered" in refused(persons=[str(uuid4())])
    assert "rendered" in refused(persons=lab.persons, practice=1)
    assert "twice" in refused(count=2, again=3)
    assert "part 99" in refused(parts=[99])
    assert "shows none" in refused(persons=[lab.persons[1]], parts=[HAND])  # a person without a hand
    refused(persons=[lab.persons[0]], count=1)
    refused(annotators=[str(uuid4())])
    chosen = lab.study(persons=lab.persons[:2], practice=2, again=0)
    assert set(chosen["person_ids"]) == set(lab.persons[:2])
    assert lab.study(parts=[HAND], practice=0)["persons"] == 2


def test_drawn_masks_are_sampled_in_the_parts_that_are_asked_for(lab: Lab) -> None:
    study = lab.opened(practice=0, masks="drawn", parts=[TORSO], points_per_part=2)
    task = next_of(lab.ann, study)
    assert task is not None
    assert (task["kind"], task["study"]["parts"]) == ("mask", [TORSO])
    points = lab.ann.submit_mask(task)
    assert [point["part"] for point in lab.ann.points(points)] == [TORSO, TORSO]
    assert next_of(lab.ann, study)["id"] == points["id"]  # type: ignore[index]
    back = lab.ann.ok("POST", f"/api/tasks/{points['id']}/reopen-mask")
    assert next_of(lab.ann, study)["id"] == back["id"]  # type: ignore[index]


def test_everybody_gets_the_same_points_in_another_order(lab: Lab) -> None:
    study = lab.opened(practice=0, again=2, persons=lab.persons[:2])
    shown = [
        {(task["image"]["id"], tuple((p["part"], p["x"], p["y"]) for p in api.points(task))) for task in tasks}
        for api in (lab.ann, lab.bob)
        if (tasks := finish(api, study))
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 2  # the second time as the first


def test_orders_differ_and_second_showings_come_late() -> None:
    for seed in range(30):
        for persons, again in ((30, 5), (12, 12), (7, 1), (2, 2), (1, 1), (9, 0)):
            everyone = list(range(2, 2 + persons))
            found = order([0, 1], everyone, everyone[:again], seed, 0)
            assert found == order([0, 1], everyone, everyone[:again], seed, 0)
            assert found[:2] == [Shown(0, True, 0), Shown(1, True, 0)]
            assert sorted(shown.person for shown in found if shown.again == 0) == list(range(2 + persons))
            twice = [shown.person for shown in found if shown.again]
            assert sorted(twice) == everyone[:again]
            for person in twice:
                at = [n for n, shown in enumerate(found) if shown.person == person]
                assert at[1] - at[0] > (persons - 1) // 4
    begun = time.process_time()
    assert len(order([], range(10_000), range(10_000), 3, 0)) == 20_000
    assert time.process_time() - begun < 1.0  # it grows with the number of persons, not with its square
    assert len({tuple(order([], range(9), [], 3, annotator)) for annotator in range(9)}) == 9


def test_annotators_have_in_common_what_both_handed_in() -> None:
    users, persons = [uuid4() for _ in range(4)], [uuid4() for _ in range(9)]
    handed_in = [(users[0], person) for person in persons]
    handed_in += [(users[1], person) for person in persons[:6]] + [(users[2], person) for person in persons[4:]]
    found = service.in_common(handed_in, len(users))
    assert found is not None
    assert (found.pairs, found.enough, found.most, found.needed) == (6, 1, 6, 6)
    assert service.in_common(handed_in, 1) is None
