"""kill -9 of a real server: what it acknowledged is there afterwards, what it had not finished leaves no trace."""

import contextlib
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from sqlalchemy import select, text

from annotation.words import Role
from annotation_db import Database, LocalBlobs, migrate
from annotation_db.models import Image
from server.users.service import create_user
from tests.server.people import PASSWORD, Api, label_map, png

CHILD = """
import sys
from pathlib import Path
from server import run
from server.settings import Settings
run(Settings(data=Path(sys.argv[1]), orphan_grace_minutes=0), port=int(sys.argv[2]))
"""


class RealServer:
    """A server process over a data folder; survives being killed by being started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Start and wait until it listens."""
        root = Path(__file__).parents[2]
        arguments = [sys.executable, "-c", CHILD, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(arguments, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"the server ended with {self.process.wait(timeout=0.1)}")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def sign_in(self) -> Api:
        """A client with a session."""
        client: Any = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        api = Api(client)
        api.ok("POST", "/api/session", json={"username": "lena", "password": PASSWORD})
        return api


@pytest.fixture
def real_server(tmp_path: Path) -> Iterator[RealServer]:
    """A running server with one lead."""
    folder = tmp_path / "data"
    migrate(f"sqlite:///{folder / 'densemark.db'}")
    database = Database(f"sqlite:///{folder / 'densemark.db'}")
    with database.write() as session:
        create_user(session, "lena", "Lena", PASSWORD, Role.lead)
    database.close()
    server = RealServer(folder)
    yield server
    server.kill()


def test_acknowledged_masks_and_marks_outlive_kill_9(real_server: RealServer) -> None:
    api = real_server.sign_in()
    project = api.project()
    image = api.image(project)
    api.person(image)
    api.person(image)
    task = api.next_task(project)
    assert task is not None
    points_task = api.submit_mask(task)
    point = api.points(points_task)[0]["id"]
    other = api.ok("GET", f"/api/projects/{project}/persons", params={"state": "new"})["items"][0]
    mask_task = api.ok("POST", f"/api/persons/{other['id']}/task")
    mark, acknowledged, written = str(uuid4()), {"mark": 0, "mask": 0}, threading.Event()

    def write() -> None:
        with contextlib.suppress(httpx.TransportError):
            while True:
                n = acknowledged["mark"]
                assert api.put_mark(points_task, point, mark, revision=n).status_code == 200
                acknowledged["mark"] = n + 1
                labels = label_map(mask_task["region"], {1: (slice(0, n % 50 + 1), slice(0, 10))})
                assert api.put_mask(mask_task, labels, n).status_code == 200
                acknowledged["mask"] = n + 1
                if n == 10:
                    written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(timeout=60)
    real_server.kill()
    writer.join()
    real_server.start()
    api = real_server.sign_in()
    marks = [row["revision"] for row in api.ok("GET", f"/api/marks/{mark}/revisions")["items"]]
    masks = api.ok("GET", f"/api/masks/{mask_task['mask_id']}/revisions")["items"]
    assert acknowledged["mark"] <= marks[0] <= acknowledged["mark"] + 1  # the last one may lack its answer only
    assert acknowledged["mask"] <= masks[0]["revision"] <= acknowledged["mask"] + 1
    assert marks == list(range(marks[0], 0, -1))
    assert [row["area"] for row in reversed(masks)] == [10 * (n % 50 + 1) for n in range(len(masks))]
    current = api.ok("GET", f"/api/tasks/{mask_task['id']}/mask")
    assert np.sum(current["runs"][1::2]) == 50 * 70


def test_an_upload_killed_half_way_leaves_whole_photos_only(real_server: RealServer) -> None:
    api = real_server.sign_in()
    project = api.project()
    photos = {f"{n:02}.png": png(300, 300, seed=n) for n in range(60)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        for name, content in photos.items():
            out.writestr(name, content)

    def send() -> None:
        with contextlib.suppress(httpx.TransportError):
            api.upload(project, ("all.zip", archive.getvalue()))

    sender = threading.Thread(target=send)
    watcher = real_server.sign_in()
    sender.start()
    while watcher.ok("GET", f"/api/projects/{project}")["progress"]["images"] < 5:
        assert sender.is_alive()
    real_server.kill()
    sender.join()

    real_server.start()
    api = real_server.sign_in()
    listed = api.ok("GET", f"/api/projects/{project}/images")["items"]
    assert 5 <= len(listed) < len(photos)
    for image in listed:
        content = api.client.get(f"/api/images/{image['id']}/file").content
        assert hashlib.sha256(content).digest() == hashlib.sha256(photos[image["file_name"]]).digest()
    database = Database(f"sqlite:///{real_server.folder / 'densemark.db'}")
    with database.read() as session:
        referenced = set(session.scalars(select(Image.blob)))
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    database.close()
    store = LocalBlobs(real_server.folder / "blobs")
    assert {key for key, _ in store.ages()} == referenced
    assert list(store.partial.iterdir()) == []
    again = api.upload(project, ("all.zip", archive.getvalue()))
    assert (len(again["stored"]), len(again["duplicates"])) == (len(photos) - len(listed), len(listed))
