"""How long an annotator's writes take, at a client of a real server on SQLite on the same machine."""

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from annotation.masks import encode_runs
from annotation.words import PersonSource, Role
from annotation_db.repositories import images, persons
from server import prepare
from server.images.service import import_paths
from server.persons.service import new_person
from server.projects.service import create_project
from server.settings import Settings
from server.startup import open_state
from server.users.service import create_user

WRITES = 100
PASSWORD = "benchmark only"

CHILD = """
import sys
from pathlib import Path
from server import run
from server.settings import Settings
run(Settings(data=Path(sys.argv[1])), port=int(sys.argv[2]))
"""


def measure() -> dict[str, float]:
    """Milliseconds by name."""
    with tempfile.TemporaryDirectory() as folder:
        project = _seed(Path(folder))
        with _serving(Path(folder)) as client:
            client.post("/api/session", json={"username": "bench", "password": PASSWORD}).raise_for_status()
            task = _ok(client.post(f"/api/projects/{project}/tasks/next"))
            masks = _time_masks(client, task)
            points_task = _ok(client.post(f"/api/tasks/{task['id']}/mask/submit", json={"revision": WRITES}))
            marks = _time_marks(client, points_task)
    return {
        f"{name} {what}": float(np.percentile(times, share) * 1000)
        for name, times in (("mask PUT", masks), ("mark PUT", marks))
        for what, share in (("median", 50), ("90th percentile", 90))
    }


def _seed(folder: Path) -> str:
    """A project with one photo and one person of 300 x 500 pixels."""
    settings = Settings(data=folder)
    prepare(settings)
    state = open_state(settings)
    Image.new("RGB", (640, 640), "grey").save(folder / "photo.jpg")
    body = state.bodies.by_name("anny")
    with state.database.write() as session:
        user = create_user(session, "bench", "Benchmark", PASSWORD, Role.lead)
        project = create_project(session, None, "Benchmark", "", body.name, body.hash)
    image = import_paths(state, project.id, user.id, [folder / "photo.jpg"]).stored[0].image
    with state.database.write() as session:
        row = images.by_id(session, image.id)
        assert row is not None
        persons.add(session, new_person(row, (100.0, 100.0, 300.0, 500.0), PersonSource.drawn, user.id), uuid4())
    state.database.close()
    return str(project.id)


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[httpx.Client]:
    """A client of a server process on the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(port)])
    try:
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"the server ended with {process.wait(timeout=0.1)}")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


def _time_masks(client: httpx.Client, task: dict[str, Any]) -> list[float]:
    """One more stroke at a time on an ellipse of a torso."""
    _, _, width, height = task["region"]
    y, x = np.mgrid[:height, :width]
    labels = (((x - width / 2) / 100) ** 2 + ((y - height / 2) / 180) ** 2 <= 1).astype(np.uint8)
    times = []
    for revision in range(WRITES):
        labels[revision : revision + 20, 10:60] = 14
        body = {"task_id": task["id"], "region": task["region"], "runs": encode_runs(labels), "revision": revision}
        began = perf_counter()
        _ok(client.put(f"/api/masks/{task['mask_id']}", json=body | {"write_id": str(uuid4()), "seconds": 1.0}))
        times.append(perf_counter() - began)
    return times


def _time_marks(client: httpx.Client, task: dict[str, Any]) -> list[float]:
    """The same point marked again and again, anywhere on the middle of the torso."""
    point = next(p for p in _ok(client.get(f"/api/tasks/{task['id']}/points"))["items"] if p["part"] == 1)
    rng, mark, times = np.random.default_rng(0), uuid4(), []
    for revision in range(WRITES):
        x, y = rng.uniform(0.45, 0.55, 2)
        body = {"task_id": task["id"], "point_id": point["id"], "revision": revision, "write_id": str(uuid4())}
        click = {"kind": "surface", "view": 0, "x": x, "y": y, "seconds": 1.0}
        began = perf_counter()
        _ok(client.put(f"/api/marks/{mark}", json=body | click))
        times.append(perf_counter() - began)
    return times


def _ok(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.1f} ms")
