"""Many annotators at once: nobody ever gets a person that somebody else has, and everybody gets one."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from annotation.words import Role
from tests.server.people import Api, add_user, label_map, sign_in

PEOPLE = 6


def _team(app: FastAPI, persons: int) -> tuple[str, list[Api]]:
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    users = [add_user(app, f"a{n}", Role.annotator) for n in range(PEOPLE)]
    project = lead.project(*map(str, users))
    image = lead.image(project)
    for _ in range(persons):
        lead.person(image)
    return project, [sign_in(app, f"a{n}") for n in range(PEOPLE)]


def test_a_rush_for_the_queue(any_app: FastAPI) -> None:
    project, team = _team(any_app, persons=PEOPLE + 2)
    barrier = Barrier(PEOPLE)

    def rush(api: Api) -> str:
        barrier.wait()
        task = api.next_task(project)
        assert task is not None
        return str(task["person"]["id"])

    with ThreadPoolExecutor(PEOPLE) as pool:
        got = list(pool.map(rush, team))
    assert max(Counter(got).values()) == 1


def test_a_rush_for_one_person(any_app: FastAPI) -> None:
    project, team = _team(any_app, persons=1)
    person = team[0].ok("GET", f"/api/projects/{project}/persons")["items"][0]["id"]
    barrier = Barrier(PEOPLE)

    def rush(api: Api) -> int:
        barrier.wait()
        return api.client.post(f"/api/persons/{person}/task").status_code

    with ThreadPoolExecutor(PEOPLE) as pool:
        statuses = list(pool.map(rush, team))
    assert sorted(statuses) == [200] + [409] * (PEOPLE - 1)


def test_a_project_is_worked_off_together(any_app: FastAPI) -> None:
    project, team = _team(any_app, persons=10)

    def work(api: Api) -> list[str]:
        done = []
        while (task := api.next_task(project)) is not None:
            if task["kind"] == "mask":
                task = api.submit_mask(task, label_map(task["region"], {14: (slice(4), slice(4))}))
            for point in api.points(task):
                assert api.put_mark(task, point["id"]).status_code == 200
            done.append(api.ok("POST", f"/api/tasks/{task['id']}/submit")["person"]["id"])
        return done

    with ThreadPoolExecutor(PEOPLE) as pool:
        done = [person for persons in pool.map(work, team) for person in persons]
    assert len(done) == len(set(done)) == 10
    progress = team[0].ok("GET", f"/api/projects/{project}")["progress"]
    assert (progress["points_done"], progress["marks"]) == (10, progress["points"])


def test_two_tabs_write_the_same_mark(any_app: FastAPI) -> None:
    project, team = _team(any_app, persons=1)
    task = team[0].next_task(project)
    assert task is not None
    points_task = team[0].submit_mask(task)
    point, mark = team[0].points(points_task)[0]["id"], str(uuid4())
    tabs = [sign_in(any_app, "a0") for _ in range(PEOPLE)]
    barrier = Barrier(PEOPLE)

    def write(api: Api) -> dict[str, Any]:
        barrier.wait()
        response = api.put_mark(points_task, point, mark)
        return {"status": response.status_code} | response.json()

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(write, tabs))
    (written,) = [answer for answer in answers if answer["status"] == 200]
    stale = [answer for answer in answers if answer["status"] == 409]
    assert len(stale) == PEOPLE - 1
    assert all(answer["current"]["revision"] == written["revision"] == 1 for answer in stale)
