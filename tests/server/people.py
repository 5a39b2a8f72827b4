"""What people do over HTTP, in a few words."""

import hashlib
import io
import secrets
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from PIL import Image

from annotation.masks import encode_runs
from annotation.words import Role
from annotation_db import utc_now
from annotation_db.models import User, UserSession
from annotation_db.repositories import users
from server.users.service import hash_password

PASSWORD = "correct horse"
ORIGIN = "http://localhost"


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def add_user(app: FastAPI, username: str, role: Role) -> UUID:
    """An account with the common password."""
    user = User(username=username, login=username, name=username.title(), role=role, password_hash=_hashed())
    with app.state.densemark.database.write() as session:
        users.add(session, user)
    return user.id


def sign_in(app: FastAPI, username: str) -> "Api":
    """A client with a session, which is written straight to the database: checking passwords takes its time."""
    state, token = app.state.densemark, secrets.token_urlsafe()
    api = Api(TestClient(app, base_url=ORIGIN))
    with state.database.write() as session:
        user = users.by_login(session, username)
        assert user is not None
        hashed = hashlib.sha256(token.encode()).hexdigest()
        life = utc_now() + timedelta(hours=state.settings.session_hours)
        users.add_session(session, UserSession(token_hash=hashed, user_id=user.id, expires_at=life))
    api.client.cookies.set(state.settings.cookie_name, token)
    api.user_id = str(user.id)
    return api


def png(width: int = 60, height: int = 80, seed: int = 0) -> bytes:
    """A photo of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def label_map(region: list[int], parts: dict[int, tuple[slice, slice]]) -> np.ndarray:
    """Labels over a region, parts painted as rectangles of rows and columns."""
    labels = np.zeros((region[3], region[2]), np.uint8)
    for part, place in parts.items():
        labels[place] = part
    return labels


TORSO_AND_HEAD = {14: (slice(2, 20), slice(10, 30)), 1: (slice(20, 55), slice(5, 40))}


class Api:
    """A signed-in person."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.user_id = ""

    def ok(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """A request that must go well; returns its JSON."""
        response = self.client.request(method, path, **options)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def fails(self, method: str, path: str, status: int, **options: Any) -> dict[str, Any]:
        """A request that must fail; returns its problem."""
        response = self.client.request(method, path, **options)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        assert response.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = response.json()
        assert problem["status"] == status
        assert problem["detail"]
        return problem

    def project(self, *members: str, name: str = "Project") -> str:
        """A new project with members."""
        project: str = self.ok("POST", "/api/projects", 201, json={"name": name})["id"]
        for member in members:
            self.ok("PUT", f"/api/projects/{project}/members/{member}")
        return project

    def upload(self, project: str, *files: tuple[str, bytes]) -> dict[str, Any]:
        """Send files."""
        result: dict[str, Any] = self.ok(
            "POST", f"/api/projects/{project}/images", files=[("files", file) for file in files]
        )
        return result

    def image(self, project: str, seed: int = 0) -> str:
        """A new image of 60 x 80 pixels."""
        stored = self.upload(project, (f"{seed}.png", png(seed=seed)))["stored"]
        image: str = stored[0]["image"]["id"]
        return image

    def put_person(self, image: str, person: str | None = None, **changes: Any) -> Response:
        """Write a person."""
        body = {"image_id": image, "bbox": [5, 5, 50, 70], "revision": 0, "write_id": str(uuid4())} | changes
        return self.client.put(f"/api/persons/{person or uuid4()}", json=body)

    def person(self, image: str) -> str:
        """A new person whose region is 50 x 70."""
        response = self.put_person(image)
        assert response.status_code == 200, response.text
        person: str = response.json()["id"]
        return person

    def put_mask(self, task: dict[str, Any], labels: np.ndarray, revision: int, **changes: Any) -> Response:
        """Write a mask."""
        body = {
            "task_id": task["id"],
            "region": task["region"],
            "runs": encode_runs(labels),
            "revision": revision,
            "write_id": str(uuid4()),
            "seconds": 1.5,
        }
        return self.client.put(f"/api/masks/{task['mask_id']}", json=body | changes)

    def submit_mask(self, task: dict[str, Any], labels: np.ndarray | None = None, revision: int = 0) -> dict[str, Any]:
        """Write a mask on top of a revision and submit it; returns the points task."""
        drawn = label_map(task["region"], TORSO_AND_HEAD) if labels is None else labels
        mask = self.put_mask(task, drawn, revision)
        assert mask.status_code == 200, mask.text
        points_task: dict[str, Any] = self.ok(
            "POST", f"/api/tasks/{task['id']}/mask/submit", json={"revision": mask.json()["revision"]}
        )
        return points_task

    def points(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        """The points of a task."""
        items: list[dict[str, Any]] = self.ok("GET", f"/api/tasks/{task['id']}/points")["items"]
        return items

    def put_mark(self, task: dict[str, Any], point: str, mark: str | None = None, **changes: Any) -> Response:
        """Write a mark; by default a flag."""
        body = {
            "task_id": task["id"],
            "point_id": point,
            "revision": 0,
            "write_id": str(uuid4()),
            "kind": "flag",
            "flag": "occluded",
            "seconds": 2.0,
        }
        return self.client.put(f"/api/marks/{mark or uuid4()}", json=body | changes)

    def next_task(self, project: str) -> dict[str, Any] | None:
        """The next task, None when there is none."""
        response = self.client.post(f"/api/projects/{project}/tasks/next")
        assert response.status_code in {200, 204}, response.text
        task: dict[str, Any] | None = response.json() if response.content else None
        return task


def expire_leases(app: FastAPI) -> None:
    """Let ten minutes pass."""
    from sqlalchemy import update

    from annotation_db.models import Task

    with app.state.densemark.database.write() as session:
        session.execute(update(Task).where(Task.lease_until.is_not(None)).values(lease_until=utc_now()))
