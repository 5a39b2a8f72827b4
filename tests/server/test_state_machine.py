"""The whole life of persons, in any order of steps by several people, against a simple model of what must hold."""

import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy.orm import Session

from annotation.words import Role, TaskKind
from annotation_db import utc_now
from annotation_db.repositories import marks, masks, persons, tasks
from server.app import create_app
from server.settings import Settings
from tests.server.people import Api, add_user, expire_leases, label_map, sign_in

PARTS = {part: (slice(10 * row, 10 * row + 8), slice(2, 12)) for row, part in enumerate((1, 6, 14))}


STATES = {  # of the mask task and the points task, by that of the person
    "new": {("open", None)},
    "mask": {("open", None), ("open", "waiting")},
    "points": {("submitted", "open")},
    "done": {("submitted", "submitted")},
}


class Work(RuleBasedStateMachine):
    """Three people, two persons. The model knows the marks of every point ever sampled, and every mask revision."""

    template: Path
    opened = Bundle("opened")
    who = st.sampled_from(("lena", "ann", "bob"))

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="densemark-machine-"))
        shutil.copy(self.template, self.folder / "test.db")
        self.app = create_app(Settings(data=self.folder, database_url=f"sqlite:///{self.folder / 'test.db'}"))
        self.people: dict[str, Api] = {}
        for name, role in (("lena", Role.lead), ("ann", Role.annotator), ("bob", Role.annotator)):
            add_user(self.app, name, role)
            self.people[name] = sign_in(self.app, name)
        lead = self.people["lena"]
        self.project = lead.project(*(api.user_id for api in self.people.values()))
        image = lead.image(self.project)
        self.persons = [lead.person(image) for _ in range(2)]
        self.masks: dict[str, list[np.ndarray]] = {person: [] for person in self.persons}
        self.marks: dict[str, dict[str, Any]] = {}
        self.known: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.app.state.densemark.database.close()
        shutil.rmtree(self.folder)

    def _know(self, task: dict[str, Any]) -> dict[str, Any]:
        self.known[task["id"]] = task
        return task

    @rule(target=opened, who=who)
    def take_next(self, who: str) -> Any:
        task = self.people[who].next_task(self.project)
        if task is None:
            return None
        assert task["lease"]["user_id"] == self.people[who].user_id
        return self._know(task)["id"]

    @rule(target=opened, who=who, which=st.integers(0, 1))
    def open_person(self, who: str, which: int) -> Any:
        response = self.people[who].client.post(f"/api/persons/{self.persons[which]}/task")
        assert response.status_code in {200, 409}
        if response.status_code == 409:
            return None
        return self._know(response.json())["id"]

    @rule(who=who, task=opened, parts=st.sets(st.sampled_from(sorted(PARTS))), stale=st.booleans())
    def draw(self, who: str, task: str | None, parts: set[int], stale: bool) -> None:
        if task is None or self.known[task]["kind"] != "mask":
            return
        api, drawn = self.people[who], self.known[task]
        revisions = self.masks[drawn["person"]["id"]]
        labels = label_map(drawn["region"], {part: PARTS[part] for part in parts})
        response = api.put_mask(drawn, labels, len(revisions) + stale)
        assert response.status_code in {200, 409}
        if response.status_code == 200:
            assert not stale
            assert response.json()["revision"] == len(revisions) + 1
            revisions.append(labels)

    @rule(target=opened, who=who, task=opened)
    def submit_mask(self, who: str, task: str | None) -> Any:
        if task is None or self.known[task]["kind"] != "mask":
            return None
        api = self.people[who]
        revisions = self.masks[self.known[task]["person"]["id"]]
        response = api.client.post(f"/api/tasks/{task}/mask/submit", json={"revision": len(revisions)})
        if not revisions or not revisions[-1].any():
            assert response.status_code == 422
            return None
        assert response.status_code in {200, 409}
        if response.status_code == 409:
            return None
        return self._know(response.json())["id"]

    @rule(who=who, task=opened, choice=st.randoms(use_true_random=False), kind=st.sampled_from(("flag", "cleared")))
    def mark(self, who: str, task: str | None, choice: Any, kind: str) -> None:
        if task is None or self.known[task]["kind"] != "points":
            return
        api = self.people[who]
        points = api.points(self.known[task])
        if not points:
            return
        point = choice.choice(points)
        shown = point["mark"] or {"id": str(uuid4()), "revision": 0}
        flag = "occluded" if kind == "flag" else None
        response = api.put_mark(
            self.known[task], point["id"], shown["id"], revision=shown["revision"], kind=kind, flag=flag
        )
        assert response.status_code in {200, 409}, response.text
        if response.status_code == 200:
            assert response.json()["revision"] == shown["revision"] + 1
            self.marks[shown["id"]] = response.json()

    @rule(who=who, task=opened)
    def mark_the_rest_and_submit(self, who: str, task: str | None) -> None:
        if task is None or self.known[task]["kind"] != "points":
            return
        api = self.people[who]
        for point in api.points(self.known[task]):
            if point["mark"] is None:
                response = api.put_mark(self.known[task], point["id"])
                if response.status_code == 200:
                    self.marks[response.json()["id"]] = response.json()
        left = [
            p["id"] for p in api.points(self.known[task]) if (p["mark"] or {"kind": "cleared"})["kind"] == "cleared"
        ]
        response = api.client.post(f"/api/tasks/{task}/submit")
        assert response.status_code in ({422, 409, 200} if left else {200, 409}), response.text
        if response.status_code == 422:
            assert response.json()["unmarked"] == left
        if response.status_code == 200:
            assert response.json()["person"]["state"] == "done"

    @rule(who=who, task=opened, how=st.sampled_from(("reopen-mask", "reopen", "lease")))
    def go_back(self, who: str, task: str | None, how: str) -> None:
        if task is not None:
            response = self.people[who].client.post(f"/api/tasks/{task}/{how}")
            assert response.status_code in {200, 409, 422}

    @rule(who=who, task=opened)
    def give_back(self, who: str, task: str | None) -> None:
        if task is not None:
            assert self.people[who].client.delete(f"/api/tasks/{task}/lease").status_code in {200, 409}

    @rule()
    def time_passes(self) -> None:
        expire_leases(self.app)

    @invariant()
    def nothing_is_lost_and_all_counts_are_true(self) -> None:
        with self.app.state.densemark.database.read() as session:
            for person, drawings in self.masks.items():
                kept = masks.revisions(session, masks.of_person(session, UUID(person)).id)
                assert [row.area for row in kept] == [np.count_nonzero(labels) for labels in reversed(drawings)]
                self._check_person(session, UUID(person))
            for id_, written in self.marks.items():
                newest = marks.revisions(session, UUID(id_))[0]
                assert (newest.revision, newest.kind) == (written["revision"], written["kind"])

    def _check_person(self, session: Session, person_id: UUID) -> None:
        person = persons.by_id(session, person_id)
        assert person is not None
        by_kind = {kind: tasks.of_person(session, person_id, kind) for kind in TaskKind}
        held = {t.lease_user_id for t in by_kind.values() if t and t.lease_until and t.lease_until > utc_now()}
        assert len(held) <= 1
        assert person.points == len(marks.points(session, person_id))
        marked = {mark.point_id for mark, row in marks.current(session, person_id) if row.kind != "cleared"}
        assert person.marks == len(marked)
        states = tuple(task.state if task else None for task in (by_kind[TaskKind.mask], by_kind[TaskKind.points]))
        assert states in STATES[person.state]


@pytest.fixture(autouse=True)
def _template(sqlite_template: Path) -> None:
    Work.template = sqlite_template


class TestWork(Work.TestCase):
    """Runs the machine."""

    settings = settings(
        max_examples=8,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
