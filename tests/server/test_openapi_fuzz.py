"""Requests made up from the OpenAPI document never crash the server, and its answers are what the document says."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from annotation.words import Role
from server.app import create_app
from server.runs import known
from server.settings import Settings
from tests.server.people import Api, add_user, sign_in

# The shape of good answers need not be checked here: FastAPI holds them to the models that the document is made from.
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


class World:
    """An app with a project in full swing, its OpenAPI document, and ids of things that are there."""

    def __init__(self, folder: Path, template: Path) -> None:
        shutil.copy(template, folder / "fuzz.db")
        self.app = create_app(Settings(data=folder, database_url=f"sqlite:///{folder / 'fuzz.db'}"))
        add_user(self.app, "root", Role.admin)
        self.admin = sign_in(self.app, "root")
        self.schema = schemathesis.openapi.from_asgi("/api/openapi.json", self.app)
        self.ids = self._begin(self.admin)

    def _begin(self, api: Api) -> dict[str, str]:
        project = api.project()
        image = api.image(project)
        person = api.person(image)
        task = api.ok("POST", f"/api/persons/{person}/task")
        points_task = api.submit_mask(task)
        point = api.points(points_task)[0]["id"]
        mark = api.put_mark(points_task, point).json()["id"]
        return {
            "project_id": project,
            "image_id": image,
            "person_id": person,
            "task_id": points_task["id"],
            "mask_id": task["mask_id"],
            "mark_id": mark,
            "user_id": str(uuid4()),
            "body_hash": task["body"]["hash"],
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    """Shared by all requests, so that they build on each other."""
    known.recipes()  # asked once of another process, for which the requests here have not the patience
    known.devices()
    made = World(tmp_path_factory.mktemp("fuzz"), sqlite_template)
    yield made
    made.app.state.densemark.database.close()


DOCUMENT = json.loads((Path(__file__).parents[2] / "frontend" / "openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if method != "delete" and path != "/api/session/password"  # which would leave nothing to talk about
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_any_request_gets_a_documented_answer(world: World, method: str, path: str) -> None:
    operation = world.schema[path][method]
    name = world.app.state.densemark.settings.cookie_name
    cookies = {name: world.admin.client.cookies[name]}
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=right | wrong, real=st.booleans())
    def call(case: schemathesis.Case, real: bool) -> None:
        for parameter in set(case.path_parameters or {}) & set(world.ids):
            if real:
                case.path_parameters[parameter] = world.ids[parameter]
        case.call_and_validate(cookies=cookies, checks=CHECKS)

    call()
