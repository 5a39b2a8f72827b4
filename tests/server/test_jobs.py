"""Jobs over HTTP, and what each step does when it is done again."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from annotation.words import Role
from annotation_db.models import Job, JobState
from annotation_db.repositories import jobs
from cli.worker import worker
from server.bodies import geodesics
from server.exports import transfers
from server.jobs import child, crew, events, service, stepper, steps
from server.jobs.crew import EndedError, persist
from server.jobs.kinds import PassingError
from server.jobs.words import EndedTooOftenError, in_words, passes
from server.jobs.worker import Worker
from server.persons.rendered import RenderedPerson
from server.renders.job import RENDER
from server.state import State
from surface.body import Body
from synthesis import truth as truth_files
from synthesis.render import Options
from tests.server.people import Api, add_user, sign_in
from tests.server.renders import BOX, truth_of

SQUARES = "tests.server.job_kinds:SQUARES"


def _do(state: State, job_id: UUID) -> Job:
    """All that workers do for a job, each step twice, as if the first had been killed after its last write."""
    for _ in range(2):
        shards = steps.plan(state, job_id)
    for shard in shards or []:
        for _ in range(2):
            steps.step(state, job_id, shard)
    for _ in range(2):
        steps.finish(state, job_id)
    with state.database.read() as session:
        job = jobs.by_id(session, job_id)
    assert job is not None
    assert job.done == job.total
    return job


def test_rendered_persons_come_into_the_project_once(lead: Api, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.renders.job.render", _render)
    monkeypatch.setattr("server.renders.job.RenderedPerson.of", _described)
    project = lead.project()
    asked = {"count": 2, "size": 128, "seed": 5, "persons": [1, 2]}

    def do() -> Any:
        made = lead.ok("POST", f"/api/projects/{project}/renders", 201, json=asked)
        assert (made["state"], made["kind"], made["project_id"], made["title"]) == (
            "queued", "render", project, "Render 2 images",
        )  # fmt: skip
        return _do(state, UUID(made["id"])).result

    results = [do() for _ in range(2)]  # the same seed and options again add nothing
    persons = lead.ok("GET", f"/api/projects/{project}/persons")["items"]
    assert {person["source"] for person in persons} == {"rendered"}
    assert results == [{"images": 2, "persons": len(persons)}] * 2
    assert len(persons) == 3
    names = [image["file_name"] for image in lead.ok("GET", f"/api/projects/{project}/images")["items"]]
    assert names == ["renders/5/00000001.jpg", "renders/5/00000002.jpg"]
    lead.ok("DELETE", f"/api/persons/{persons[0]['id']}", params={"revision": persons[0]["revision"]})
    assert do() == {"images": 2, "persons": 2}  # a person that was deleted does not come again
    for wrong in ({"count": 0}, {"count": 20_001}, {"count": 1, "persons": [2, 1]}, {"count": 1, "size": 100}):
        lead.fails("POST", f"/api/projects/{project}/renders", 422, json=wrong)


def test_a_study_is_set_up_when_its_persons_are_rendered(
    lead: Api, state: State, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.renders.job.render", _render)
    body = state.bodies.by_name("anny").body
    monkeypatch.setattr("server.renders.job.RenderedPerson.of", lambda number: _with_truth(body, number))
    add_user(app, "ann", Role.annotator)
    ann, project = sign_in(app, "ann"), lead.project()

    def ask(seed: int, **change: Any) -> dict[str, Any]:
        study = {"name": "Spring", "annotators": [ann.user_id], "practice": 1, "again": 1} | change
        return {"count": 4, "size": 128, "seed": seed, "study": study, "open_study": True}

    for wrong in ({"practice": 4}, {"count": 2}, {"annotators": []}, {"annotators": [str(uuid4())]}, {"parts": [99]}):
        lead.fails("POST", f"/api/projects/{project}/renders", 422, json=ask(1, **wrong))
    lead.fails("POST", f"/api/projects/{project}/renders", 422, json={"count": 1, "open_study": True})
    assert lead.ok("GET", f"/api/projects/{project}/jobs")["items"] == []
    for seed in (1, 2):  # what was rendered before is no part of the second
        made = lead.ok("POST", f"/api/projects/{project}/renders", 201, json=ask(seed))
        assert (made["kind"], made["title"]) == ("study-renders", "Render 4 images for “Spring”")
        result = _do(state, UUID(made["id"])).result
        assert result is not None
        study = lead.ok("GET", f"/api/studies/{result['study']}")
        assert (study["state"], study["persons"], study["practice"], study["again"]) == ("open", 3, 1, 1)
        assert result == {"images": 4, "persons": 4, "study": study["id"]}
        assert len(lead.ok("GET", f"/api/projects/{project}/studies")["items"]) == seed
    assert len(ann.ok("GET", "/api/studies")["items"]) == 2


def _with_truth(body: Body, number: int) -> RenderedPerson:
    file = BytesIO()
    truth_files.write(file, truth_of(body, number))
    return RenderedPerson(BOX, None, None, file)


def _render(_body: object, seed: int, options: Options) -> Any:
    """Coloured noise with the fewest or the most persons, by turns: rendering has its own tests."""
    image = np.random.default_rng(seed).integers(0, 255, (options.size, options.size, 3), np.uint8)
    return SimpleNamespace(image=image, persons=range(options.persons[seed % 2]))


def _described(number: int) -> RenderedPerson:
    return RenderedPerson((1.0, 2.0, 30.0, 40.0), None, None, BytesIO(b"truth %d" % number))


@given(count=st.integers(1, 20_000))
def test_shards_of_a_render_hold_every_image_once(count: int) -> None:
    shards = RENDER.plan(None, {"count": count})  # type: ignore[arg-type]
    assert [number for shard in shards for number in range(*shard)] == list(range(1, count + 1))
    assert all(1 <= end - first <= 25 for first, end in shards)
    assert len(shards) >= min(16, count / 4)


def test_jobs_are_listed_by_age_and_can_be_cancelled(lead: Api, state: State) -> None:
    project = lead.project()
    made = [
        lead.ok("POST", f"/api/projects/{project}/renders", 201, json={"count": 1, "seed": n})["id"] for n in range(3)
    ]
    first = lead.ok("GET", f"/api/projects/{project}/jobs", params={"limit": 2})
    rest = lead.ok("GET", f"/api/projects/{project}/jobs", params={"limit": 2, "after": first["next"]})
    assert [job["id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
    for _ in range(2):
        cancelled = lead.ok("POST", f"/api/jobs/{made[0]}/cancel")
        assert (cancelled["state"], cancelled["finished_at"] is not None) == ("cancelled", True)
    assert steps.plan(state, UUID(made[0])) is None
    with state.database.write() as session:
        jobs.end(session, UUID(made[1]), JobState.done)
    assert lead.fails("POST", f"/api/jobs/{made[1]}/cancel", 409)["current"]["state"] == "done"
    lead.fails("GET", f"/api/jobs/{uuid4()}", 404)


def test_events_tell_every_change_until_the_end(lead: Api, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    project = lead.project()
    job = UUID(lead.ok("POST", f"/api/projects/{project}/renders", 201, json={"count": 1})["id"])
    look, seen = state.watching._look, {"": threading.Event(), "busy": threading.Event()}

    def noted(job_ids: list[UUID]) -> Any:
        found = look(job_ids)
        for each in found:
            seen[each.message].set()
        return found

    def change() -> None:
        seen[""].wait(60)
        with state.database.write() as session:
            jobs.say(session, job, "busy")
        seen["busy"].wait(60)
        with state.database.write() as session:
            jobs.end(session, job, JobState.failed, error="no paint left")

    monkeypatch.setattr(state.watching, "_look", noted)
    monkeypatch.setattr(events, "_EVERY", 0.1)
    changer = threading.Thread(target=change)
    changer.start()
    response = lead.client.get(f"/api/jobs/{job}/events")
    changer.join()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in response.headers
    told: list[dict[str, Any]] = [
        json.loads(event.removeprefix("data: ")) for event in response.text.split("\n\n")[:-1]
    ]
    assert [(job["state"], job["message"], job["error"]) for job in told] == [
        ("queued", "", None), ("queued", "busy", None), ("failed", "", "no paint left"),
    ]  # fmt: skip
    assert told[-1] == lead.ok("GET", f"/api/jobs/{job}")


def test_a_shard_that_never_comes_to_its_end_is_given_up(state: State, tmp_path: Any) -> None:
    with state.database.write() as session:
        args = {"count": 2, "file": str(tmp_path / "notes"), "fault": 1}
        job = service.start(session, SQUARES, args, title="squares")
    steps.plan(state, job.id)
    for _ in range(steps.MOST_ATTEMPTS):  # each is a process that was killed, as far as the database knows
        with pytest.raises(ValueError, match="fourth wall"):
            steps.step(state, job.id, 1)
    with pytest.raises(EndedTooOftenError, match="begun 5 times"):
        steps.step(state, job.id, 1)
    assert steps.step(state, job.id, 0) == 1
    with state.database.write() as session:  # by a worker that was taken for gone, and came back
        assert jobs.finish_shard(session, job.id, 0, "late") == 1
        assert jobs.results(session, job.id) == [0, None]


class _Queue:
    def __init__(self) -> None:
        self.done: list[tuple[str, UUID, int]] = []

    def cancel(self, job: UUID, shards: int) -> None:
        self.done.append(("cancel", job, shards))

    def delete(self, job: UUID, shards: int) -> None:
        self.done.append(("delete", job, shards))


@pytest.mark.parametrize("how", [JobState.cancelled, JobState.failed, JobState.done])
def test_the_queue_stops_what_ended_early_and_forgets_every_job_in_time(state: State, how: JobState) -> None:
    with state.database.write() as session:
        job = service.start(session, SQUARES, {"count": 2}, title="squares").id
        jobs.hand(session, [job], handed=True)
    steps.plan(state, job)
    worker, queue = Worker(state.settings), _Queue()
    worker._sweep(queue)
    with state.database.write() as session:
        jobs.end(session, job, how)
    for _ in range(2):
        worker._sweep(queue)
    stopped = [] if how == JobState.done else [("cancel", job, 2)]
    assert queue.done == stopped
    worker._settings = state.settings.model_copy(update={"job_days": 0})
    for _ in range(2):
        worker._sweep(queue)
    assert queue.done == [*stopped, ("delete", job, 2)]
    worker._lock.release()


def _tries(*outcomes: Any, over: bool = False) -> tuple[int, dict[str, Any] | None]:
    made = iter(outcomes)
    count = 0

    def attempt() -> dict[str, Any]:
        nonlocal count
        count += 1
        outcome = next(made)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    answer = persist(attempt, lambda: over)
    return count, answer


def test_only_passing_faults_are_tried_again() -> None:
    passing, lasting = {"failed": "busy", "passes": True}, {"failed": "wrong", "passes": False}
    died, done = EndedError("the process that did it ended with status -9"), {"done": 1}
    assert _tries(passing, died, done) == (3, done)
    assert _tries(lasting, done) == (1, lasting)
    assert _tries(died, died, died, done) == (3, {"failed": f"{died}; is there enough memory?", "passes": True})
    assert _tries(died, done, over=True) == (1, None)


@pytest.mark.parametrize(
    ("error", "text", "again"),
    [
        (ValueError("no  such\npart"), "no such part", False),
        (KeyError(), "KeyError", False),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero", False),
        (PassingError("later"), "later", True),
        (ConnectionResetError("gone"), "gone", True),
    ],
)
def test_failures_in_words(error: Exception, text: str, again: bool) -> None:
    assert (in_words(error), passes(error)) == (text, again)


def test_what_a_database_says_is_told_without_statements(state: State) -> None:
    with state.database.write() as session:
        job = service.start(session, SQUARES, {"count": 1}, title="squares").id
    told = []
    for statement in ("INSERT INTO jobs SELECT * FROM jobs", "SELECT secret FROM nowhere"):
        with pytest.raises(SQLAlchemyError) as raised, state.database.write() as session:
            session.execute(text(statement))
        told.append(in_words(raised.value))
    assert told == [
        "the database refused what was to be written: UNIQUE constraint failed: jobs.id",
        "the database could not answer: no such table: nowhere",
    ]
    assert in_words(PoolTimeout("QueuePool limit")) == "the database could not answer: the server's log says more"
    with state.database.write() as session:
        session.execute(text("ALTER TABLE jobs RENAME TO gone"))
    answer = stepper.answer(state, {"do": "plan", "job": str(job)})
    assert answer == {"failed": "the database could not answer: no such table: jobs", "passes": True}


def test_readiness_tells_of_workers_and_does_not_need_one(
    make_app: Callable[..., FastAPI], sqlite_url: str, lead: Api
) -> None:
    answered = lead.client.get("/readyz")
    assert (answered.status_code, answered.json()["worker"]) == (200, False)


@pytest.mark.parametrize("order", [child.ORDER, crew.ORDER, geodesics.BUILDER, transfers.BUILDER])
def test_no_process_runs_what_lies_in_the_folder_it_is_started_in(order: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit(99)")
    ended = subprocess.run([*order[:-1], "trap"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "No module named trap" in ended.stderr


def test_a_follower_who_does_not_read_is_told_the_newest_only(lead: Api, state: State) -> None:
    job = UUID(lead.ok("POST", f"/api/projects/{lead.project()}/renders", 201, json={"count": 1})["id"])

    async def follow() -> list[str]:
        told = state.watching.follow(job)
        first = await anext(told)
        held = next(iter(state.watching._followers[job]))
        for message in ("one", "two", "three"):
            with state.database.write() as session:
                jobs.say(session, job, message)
            async with asyncio.timeout(60):
                while not held.full() or held._queue[0].message != message:  # type: ignore[attr-defined]
                    await asyncio.sleep(events._EVERY)
        second = await anext(told)
        await told.aclose()
        return [json.loads(event.removeprefix(b"data: "))["message"] for event in (first, second)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_EVERY", 0.02)
        assert asyncio.run(follow()) == ["", "three"]


def test_a_worker_of_a_queue_that_nobody_uses_says_so(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DENSEMARK_DATABASE_URL", state.settings.database_url)
    monkeypatch.setattr("server.jobs.worker.work", lambda worker: worker._lock.release())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for queues, told in ((["nosuch", "default"], True), (["default"], False), (None, False)):
        worker(queues, None, 1, state.settings.data)
        assert ("no job was ever put in nosuch" in " ".join(capsys.readouterr().out.split())) == told
