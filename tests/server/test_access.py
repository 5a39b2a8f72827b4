"""Every route, called by every role as member and as stranger, answers as its declared rule says."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from annotation.words import Role, StudyMasks
from annotation_db import models, utc_now
from annotation_db.repositories import render_files, runs, snapshots, studies
from server.access import ADMIN, ANNOTATE, EXPORT, LEADS, MANAGE, PUBLIC, READ, SIGNED_IN, STAFF, Of, Rule, declared
from server.app import routes_of
from server.jobs.service import cancel, start
from tests.server.people import ORIGIN, Api, add_user, sign_in

TABLE: dict[tuple[str, str], tuple[Rule, Of | None]] = {
    ("GET", "/healthz"): (PUBLIC, None),
    ("GET", "/readyz"): (PUBLIC, None),
    ("POST", "/api/session"): (PUBLIC, None),
    ("GET", "/api/session"): (SIGNED_IN, None),
    ("DELETE", "/api/session"): (PUBLIC, None),
    ("POST", "/api/session/password"): (SIGNED_IN, None),
    ("GET", "/api/users"): (LEADS, None),
    ("POST", "/api/users"): (ADMIN, None),
    ("PATCH", "/api/users/{user_id}"): (ADMIN, None),
    ("GET", "/api/projects"): (SIGNED_IN, None),
    ("POST", "/api/projects"): (LEADS, None),
    ("GET", "/api/projects/{project_id}"): (READ, Of.project),
    ("PATCH", "/api/projects/{project_id}"): (MANAGE, Of.project),
    ("GET", "/api/projects/{project_id}/members"): (MANAGE, Of.project),
    ("PUT", "/api/projects/{project_id}/members/{user_id}"): (MANAGE, Of.project),
    ("DELETE", "/api/projects/{project_id}/members/{user_id}"): (MANAGE, Of.project),
    ("POST", "/api/projects/{project_id}/images"): (MANAGE, Of.project),
    ("POST", "/api/projects/{project_id}/coco"): (MANAGE, Of.project),
    ("GET", "/api/projects/{project_id}/images"): (READ, Of.project),
    ("GET", "/api/images/{image_id}"): (READ, Of.image),
    ("DELETE", "/api/images/{image_id}"): (MANAGE, Of.image),
    ("GET", "/api/images/{image_id}/file"): (READ, Of.image),
    ("GET", "/api/images/{image_id}/thumbnail"): (READ, Of.image),
    ("GET", "/api/projects/{project_id}/persons"): (READ, Of.project),
    ("GET", "/api/persons/{person_id}"): (READ, Of.person),
    ("PUT", "/api/persons/{person_id}"): (ANNOTATE, Of.body),
    ("DELETE", "/api/persons/{person_id}"): (ANNOTATE, Of.person),
    ("POST", "/api/projects/{project_id}/tasks/next"): (ANNOTATE, Of.project),
    ("POST", "/api/persons/{person_id}/task"): (ANNOTATE, Of.person),
    ("GET", "/api/tasks/{task_id}"): (READ, Of.task),
    ("POST", "/api/tasks/{task_id}/lease"): (ANNOTATE, Of.task),
    ("DELETE", "/api/tasks/{task_id}/lease"): (ANNOTATE, Of.task),
    ("GET", "/api/tasks/{task_id}/mask"): (READ, Of.task),
    ("POST", "/api/tasks/{task_id}/mask/submit"): (ANNOTATE, Of.task),
    ("POST", "/api/tasks/{task_id}/reopen-mask"): (ANNOTATE, Of.task),
    ("GET", "/api/tasks/{task_id}/points"): (READ, Of.task),
    ("POST", "/api/tasks/{task_id}/submit"): (ANNOTATE, Of.task),
    ("POST", "/api/tasks/{task_id}/reopen"): (ANNOTATE, Of.task),
    ("PUT", "/api/masks/{mask_id}"): (ANNOTATE, Of.mask),
    ("GET", "/api/masks/{mask_id}/revisions"): (READ, Of.mask),
    ("GET", "/api/masks/{mask_id}/revisions/{revision}"): (READ, Of.mask),
    ("PUT", "/api/marks/{mark_id}"): (ANNOTATE, Of.body),
    ("GET", "/api/marks/{mark_id}/revisions"): (READ, Of.mark),
    ("GET", "/api/bodies"): (SIGNED_IN, None),
    ("GET", "/api/bodies/{body_hash}"): (SIGNED_IN, None),
    ("GET", "/api/bodies/{body_hash}/mesh"): (SIGNED_IN, None),
    ("GET", "/api/bodies/{body_hash}/geodesics"): (SIGNED_IN, None),
    ("POST", "/api/bodies/{body_hash}/geodesics"): (SIGNED_IN, None),
    ("POST", "/api/bodies/{body_hash}/distances"): (SIGNED_IN, None),
    ("POST", "/api/bodies/{body_hash}/path"): (SIGNED_IN, None),
    ("GET", "/api/bodies/{body_hash}/parts/{part}/views/{index}.webp"): (SIGNED_IN, None),
    ("POST", "/api/bodies/{body_hash}/parts/{part}/pick"): (SIGNED_IN, None),
    ("GET", "/api/projects/{project_id}/export"): (EXPORT, Of.project),
    ("GET", "/api/projects/{project_id}/jobs"): (EXPORT, Of.project),
    ("POST", "/api/projects/{project_id}/renders"): (MANAGE, Of.project),
    ("POST", "/api/projects/{project_id}/render-files"): (MANAGE, Of.project),
    ("GET", "/api/projects/{project_id}/render-files"): (MANAGE, Of.project),
    ("DELETE", "/api/projects/{project_id}/render-files/{file_id}"): (MANAGE, Of.project),
    ("GET", "/api/jobs/{job_id}"): (EXPORT, Of.job),
    ("GET", "/api/jobs/{job_id}/events"): (EXPORT, Of.job),
    ("POST", "/api/jobs/{job_id}/cancel"): (MANAGE, Of.job),
    ("GET", "/api/projects/{project_id}/studies"): (STAFF, Of.project),
    ("POST", "/api/projects/{project_id}/studies"): (MANAGE, Of.project),
    ("GET", "/api/studies"): (SIGNED_IN, None),
    ("GET", "/api/studies/{study_id}"): (STAFF, Of.study),
    ("PATCH", "/api/studies/{study_id}"): (MANAGE, Of.study),
    ("POST", "/api/studies/{study_id}/annotators"): (MANAGE, Of.study),
    ("POST", "/api/studies/{study_id}/open"): (MANAGE, Of.study),
    ("POST", "/api/studies/{study_id}/close"): (MANAGE, Of.study),
    ("GET", "/api/studies/{study_id}/progress"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/mine"): (READ, Of.study),
    ("POST", "/api/studies/{study_id}/next"): (ANNOTATE, Of.study),
    ("GET", "/api/tasks/{task_id}/feedback"): (READ, Of.task),
    ("GET", "/api/studies/{study_id}/points"): (STAFF, Of.study),
    ("PUT", "/api/studies/{study_id}/networks/{name}"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/report"): (STAFF, Of.study),
    ("POST", "/api/studies/{study_id}/report"): (MANAGE, Of.study),
    ("GET", "/api/studies/{study_id}/report.json"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/report.pdf"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/report.csv"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/figures/{name}.svg"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/heat.png"): (STAFF, Of.study),
    ("GET", "/api/studies/{study_id}/heat.bin"): (STAFF, Of.study),
    ("GET", "/api/projects/{project_id}/snapshots"): (EXPORT, Of.project),
    ("POST", "/api/projects/{project_id}/snapshots"): (EXPORT, Of.project),
    ("POST", "/api/projects/{project_id}/snapshots/preview"): (EXPORT, Of.project),
    ("GET", "/api/snapshots/{snapshot_id}"): (EXPORT, Of.snapshot),
    ("DELETE", "/api/snapshots/{snapshot_id}"): (MANAGE, Of.snapshot),
    ("GET", "/api/snapshots/{snapshot_id}/card.md"): (EXPORT, Of.snapshot),
    ("GET", "/api/snapshots/{snapshot_id}/export"): (EXPORT, Of.snapshot),
    ("GET", "/api/snapshots/{snapshot_id}/diff"): (EXPORT, Of.snapshot),
    ("GET", "/api/training"): (STAFF, None),
    ("POST", "/api/training/check"): (STAFF, None),
    ("GET", "/api/projects/{project_id}/runs"): (READ, Of.project),
    ("POST", "/api/projects/{project_id}/runs"): (EXPORT, Of.project),
    ("GET", "/api/runs/{run_id}"): (READ, Of.run),
    ("PATCH", "/api/runs/{run_id}"): (EXPORT, Of.run),
    ("DELETE", "/api/runs/{run_id}"): (MANAGE, Of.run),
    ("POST", "/api/runs/{run_id}/stop"): (EXPORT, Of.run),
    ("POST", "/api/runs/{run_id}/resume"): (EXPORT, Of.run),
    ("POST", "/api/runs/{run_id}/clone"): (EXPORT, Of.run),
    ("GET", "/api/runs/{run_id}/metrics"): (READ, Of.run),
    ("GET", "/api/runs/{run_id}/log"): (STAFF, Of.run),
    ("GET", "/api/runs/{run_id}/samples"): (STAFF, Of.run),
    ("GET", "/api/runs/{run_id}/samples/{step}/{name}"): (STAFF, Of.run),
    ("GET", "/api/runs/{run_id}/files"): (EXPORT, Of.run),
    ("GET", "/api/runs/{run_id}/files/{name}"): (EXPORT, Of.run),
    ("GET", "/api/projects/{project_id}/withdrawals"): (EXPORT, Of.project),
    ("GET", "/api/images/{photo_id}/withdraw"): (MANAGE, Of.photo),
    ("POST", "/api/images/{photo_id}/withdraw"): (MANAGE, Of.photo),
    ("GET", "/{path:path}"): (PUBLIC, None),
}


def _declared(app: FastAPI) -> dict[tuple[str, str], tuple[Rule, Of | None] | None]:
    return {
        (method, route.path): declared(route.dependencies)
        for route in routes_of(app)
        for method in route.methods - {"HEAD"}
    }


def test_every_route_declares_what_the_table_says(app: FastAPI) -> None:
    assert _declared(app) == TABLE


def test_an_app_with_an_undeclared_route_does_not_start(app: FastAPI) -> None:
    from server.app import check_declared

    check_declared(app)

    @app.get("/api/forgotten")
    def forgotten() -> None:
        """Nobody said who may."""

    with pytest.raises(RuntimeError, match="/api/forgotten"):
        check_declared(app)


@dataclass(frozen=True)
class World:
    """A project in full swing, and everyone who might look at it."""

    app: FastAPI
    ids: dict[str, str]
    people: dict[tuple[Role, bool], Api]


@pytest.fixture
def world(app: FastAPI) -> World:
    """One project with a marked point; per role one member and one stranger."""
    add_user(app, "owner", Role.lead)
    owner = sign_in(app, "owner")
    people = {}
    for role in Role:
        for member in (True, False):
            name = f"{role}-{'member' if member else 'stranger'}"
            add_user(app, name, role)
            people[role, member] = sign_in(app, name)
    project = owner.project(*(people[role, True].user_id for role in Role))
    image = owner.image(project)
    person = owner.person(image)
    task = owner.ok("POST", f"/api/persons/{person}/task")
    points_task = owner.submit_mask(task)
    mark = owner.put_mark(points_task, owner.points(points_task)[0]["id"]).json()["id"]
    with app.state.densemark.database.write() as session:
        job = start(session, "render", {}, title="Render", project_id=UUID(project))
        cancel(session, job.id)  # its events end at once
    ids = {
        "project_id": project,
        "job_id": str(job.id),
        "study_id": _study(app, project, [people[role, True].user_id for role in Role]),
        "name": "net",
        "image_id": image,
        "photo_id": image,
        "snapshot_id": _snapshot(app, project),
        "run_id": _run(app, project),
        "step": "1",
        "file_id": _render_file(app, project),
        "person_id": person,
        "task_id": points_task["id"],
        "mask_id": task["mask_id"],
        "mark_id": mark,
        "user_id": str(uuid4()),
        "body_hash": task["body"]["hash"],
        "part": "1",
        "index": "0",
        "revision": "1",
        "path": "page",
        "point_id": owner.points(points_task)[0]["id"],
    }
    return World(app, ids, people)


def _study(app: FastAPI, project: str, members: list[str]) -> str:
    """A draft in which every member takes part."""
    study = models.Study(
        project_id=UUID(project), name="Study", masks=StudyMasks.given, points_per_part=1, persons=0, practice=0,
        again=0, seed=0,
    )  # fmt: skip
    with app.state.densemark.database.write() as session:
        studies.add(session, study, [])
        for member in members:
            studies.add_annotator(session, study.id, UUID(member))
    return str(study.id)


def _snapshot(app: FastAPI, project: str) -> str:
    """A snapshot that nobody makes."""
    snapshot = models.Snapshot(
        project_id=UUID(project), name="Snapshot", settings={}, as_of=utc_now(), state=models.SnapshotState.making
    )
    with app.state.densemark.database.write() as session:
        snapshots.add(session, snapshot)
    return str(snapshot.id)


def _render_file(app: FastAPI, project: str) -> str:
    """A background that nobody renders with."""
    file = models.RenderFile(
        project_id=UUID(project), kind=models.RenderFileKind.backgrounds, name="sea.jpg", blob="0" * 64, bytes=1
    )
    with app.state.densemark.database.write() as session:
        render_files.add(session, file)
    return str(file.id)


def _run(app: FastAPI, project: str) -> str:
    """A run that was stopped before it began."""
    run = models.Run(
        project_id=UUID(project), name="Run", kind="train", snapshot_id=uuid4(), snapshot_name="Snapshot",
        snapshot_hash="0" * 64, recipe="tiny", changes=[], device="cpu", state=models.RunState.stopped, step=0,
        steps=10, seconds=0.0,
    )  # fmt: skip
    with app.state.densemark.database.write() as session:
        runs.add(session, run)
    return str(run.id)


def _body(method: str, path: str, ids: dict[str, str]) -> dict[str, object] | None:
    """A body for the routes whose access depends on it; the others are checked before theirs is read."""
    write = {"revision": 99, "write_id": str(uuid4())}
    if (method, path) == ("PUT", "/api/persons/{person_id}"):
        return write | {"image_id": ids["image_id"], "bbox": [1, 1, 10, 10]}
    if (method, path) == ("PUT", "/api/marks/{mark_id}"):
        marked = {"task_id": ids["task_id"], "point_id": ids["point_id"], "kind": "cleared", "seconds": 1}
        return write | marked
    return None


ENDING = {
    ("POST", "/api/session/password"),
    ("DELETE", "/api/images/{image_id}"),
    ("DELETE", "/api/snapshots/{snapshot_id}"),
    ("DELETE", "/api/runs/{run_id}"),
    ("DELETE", "/api/projects/{project_id}/render-files/{file_id}"),
    ("POST", "/api/images/{photo_id}/withdraw"),
}
"""These would end sessions, or what the world is made of; tests of their own look at them."""

ABSENT = (
    "user_id",
    "/report.",
    "/figures/",
    "/heat.",
    "/runs/{run_id}/samples/",
    "/runs/{run_id}/files/",
)  # what the world has not

CALLS = sorted(call for call, (rule, _) in TABLE.items() if not rule.public)


def test_strangers_and_members_of_every_role_get_what_the_rule_says(world: World) -> None:
    wrong = []
    for method, path in CALLS:
        if (method, path) in ENDING:
            continue
        rule, of = TABLE[method, path]
        url = path.format(**world.ids)
        for (role, member), api in world.people.items():
            status = api.client.request(method, url, json=_body(method, path, world.ids)).status_code
            if of is not None and not READ.permits(role, member):
                expected = {404}
            elif not rule.permits(role, member):
                expected = {403}
            else:
                expected = set(range(200, 500)) - {401, 403}
            if status not in expected or (
                status == 404 and expected != {404} and not any(word in path for word in ABSENT)
            ):
                wrong.append(f"{method} {path} as {role} ({'member' if member else 'stranger'}): {status}")
    assert wrong == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/api/images/{image_id}", 204),
        ("DELETE", "/api/snapshots/{snapshot_id}", 204),
        ("DELETE", "/api/runs/{run_id}", 204),
        ("DELETE", "/api/projects/{project_id}/render-files/{file_id}", 204),
        ("POST", "/api/images/{photo_id}/withdraw", 200),
    ],
)
def test_what_ends_something_is_for_leads(world: World, method: str, path: str, status: int) -> None:
    url = path.format(**world.ids)
    for (role, member), api in world.people.items():
        if role not in {Role.lead, Role.admin}:
            expected = 403 if READ.permits(role, member) else 404
            assert api.client.request(method, url, json={}).status_code == expected
    assert world.people[Role.lead, False].client.request(method, url, json={}).status_code == status


def test_nobody_gets_anywhere_without_signing_in(world: World) -> None:
    client = TestClient(world.app, base_url=ORIGIN)
    statuses = {
        f"{method} {path}": client.request(
            method, path.format(**world.ids), json=_body(method, path, world.ids)
        ).status_code
        for method, path in CALLS
    }
    assert {call: status for call, status in statuses.items() if status != 401} == {}


def test_what_is_not_there_looks_like_what_is_not_to_be_seen(world: World) -> None:
    stranger = world.people[Role.annotator, False]
    there = stranger.fails("GET", f"/api/projects/{world.ids['project_id']}", 404)
    nowhere = stranger.fails("GET", f"/api/projects/{uuid4()}", 404)
    assert there == nowhere


def test_path_parameters_name_their_resource(app: FastAPI) -> None:
    for route in routes_of(app):
        mark = declared(route.dependencies)
        assert mark is not None
        if mark[1] not in {None, Of.body}:
            assert f"{{{mark[1]}}}" in route.path


def test_routes_are_of_the_kind_that_is_walked(app: FastAPI) -> None:
    assert all(isinstance(route, APIRoute) for route in routes_of(app))
    assert len(routes_of(app)) == len(TABLE)
