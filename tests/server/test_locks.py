"""Transactions on the same person wait for each other and never end in a deadlock."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from annotation.words import Role
from tests.server.people import Api, add_user, label_map, sign_in

ROUNDS = 25


def test_writing_opening_and_going_back_do_not_deadlock(
    make_app: Callable[..., FastAPI], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(postgres_url)
    deadlocks: list[object] = []

    def note(error: object) -> bool:
        deadlocks.append(error)
        return True

    monkeypatch.setattr("server.problems.is_passing", note)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()
    person = lead.person(lead.image(project))
    task = lead.next_task(project)
    assert task is not None
    labels = label_map(task["region"], {14: (slice(4), slice(4))})
    points_task = lead.submit_mask(task, labels)
    point = lead.points(points_task)[0]["id"]
    start = Barrier(4)

    def marks(api: Api) -> list[int]:
        start.wait()
        return [api.put_mark(points_task, point).status_code for _ in range(ROUNDS)]

    def opens(api: Api) -> list[int]:
        start.wait()
        return [api.client.post(f"/api/persons/{person}/task").status_code for _ in range(ROUNDS)]

    def goes_back(api: Api) -> list[int]:
        start.wait()
        statuses = []
        for _ in range(ROUNDS):
            statuses.append(api.client.post(f"/api/tasks/{points_task['id']}/reopen-mask").status_code)
            revision = api.ok("GET", f"/api/tasks/{task['id']}/mask")["revision"]
            url = f"/api/tasks/{task['id']}/mask/submit"
            statuses.append(api.client.post(url, json={"revision": revision}).status_code)
        return statuses

    def draws(api: Api) -> list[int]:
        start.wait()
        return [api.put_mask(task, labels, 1).status_code for _ in range(ROUNDS)]

    work = (marks, opens, goes_back, draws)
    with ThreadPoolExecutor(len(work)) as pool:
        running = [pool.submit(job, sign_in(app, "lena")) for job in work]
        answers = [job.result() for job in running]
    assert deadlocks == []
    assert set(Counter(status for statuses in answers for status in statuses)) <= {200, 409}
    assert set(answers[1]) == {200}


def test_a_deadlock_asks_the_client_to_try_again(
    make_app: Callable[..., FastAPI], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(sqlite_url)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()

    def fail(error: Exception) -> None:
        def next_task(*_: object) -> None:
            raise OperationalError("UPDATE tasks", {}, error)

        monkeypatch.setattr("server.tasks.queue.next_task", next_task)

    fail(psycopg.errors.DeadlockDetected())
    response = lead.client.post(f"/api/projects/{project}/tasks/next")
    assert (response.status_code, response.json()["type"]) == (503, "/problems/busy")
    assert response.headers["retry-after"] == "1"
    fail(psycopg.errors.DiskFull())
    lead.fails("POST", f"/api/projects/{project}/tasks/next", 500)
