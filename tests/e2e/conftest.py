"""A real server process on a data folder of its own, and a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import surface
from cli.api import Api
from synthesis.render import Options, Render, render

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
PATIENCE_MS = 20_000  # machines are noisy; nothing waits so long unless it is broken
expect.set_options(timeout=PATIENCE_MS)


def browser_path() -> str:
    """The Chromium that the bootstrap found; a clear failure when there is none."""
    noted = Path(sys.prefix) / "chromium-path"
    candidates = [os.environ.get("DENSEMARK_CHROMIUM"), noted.read_text().strip() if noted.exists() else None]
    candidates += [shutil.which("chromium"), shutil.which("google-chrome")]
    found = next((c for c in candidates if c and Path(c).exists()), None)
    if found is None:
        pytest.fail("no Chromium for the end-to-end tests: run `python tools/bootstrap.py chromium`", pytrace=False)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """`densemark serve` as a process; it can be killed and started again on the same data and port."""

    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cli(self, *words: str, text: str | None = None) -> str:
        """Runs a `densemark` command on this server's data; returns what it printed."""
        command = [sys.executable, "-m", "cli", *words, "--data", str(self.data)]
        done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "cli", "serve", "--port", str(self.port), "--data", str(self.data)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended at start"
            try:
                if httpx.get(f"{self.url}/readyz").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the server was not ready within a minute")

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@dataclass
class Street:
    """A project "Street" with one rendered person, a lead and an annotator, on a running server."""

    server: Server
    render: Render
    person_id: str
    project_id: str

    def api(self, username: str) -> Api:
        return Api(self.server.url, username, PASSWORD)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Render]:
    """A data folder made by the commands a lead would use, to be copied; and the render in it."""
    folder = tmp_path_factory.mktemp("street")
    made = render(surface.load("anny"), 3, Options(size=480, occluders=0, cut=0))
    photo, persons = photo_of(made, folder)
    server = Server(folder / "data")
    for name in ("lead", "annotator"):
        server.cli("user", "add", name, "--role", name, text=PASSWORD + "\n")
    server.cli("import", "Street", "--images", str(photo), "--coco", str(persons), "--create")
    return server.data, made


def photo_of(made: Render, folder: Path) -> tuple[Path, Path]:
    """The picture of a rendered person in a folder, and the COCO file that says where they are."""
    photo, persons = folder / "person.png", folder / "persons.json"
    Image.fromarray(made.image).save(photo)
    height, width = made.image.shape[:2]
    person = made.person
    coco = {
        "images": [{"id": 1, "file_name": "person.png", "width": width, "height": height}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": list(person.box),
             "area": person.area, "segmentation": person.segmentation}
        ],
        "categories": [{"id": 1, "name": "person"}],
    }  # fmt: skip
    persons.write_text(json.dumps(coco))
    return photo, persons


@pytest.fixture
def street(seeded: tuple[Path, Render], tmp_path: Path) -> Iterator[Street]:
    yield from served(seeded, tmp_path)


def served(seeded: tuple[Path, Render], folder: Path) -> Iterator[Street]:
    """The project on a server of its own, with its data in a folder, for as long as the iterator is held."""
    data, made = seeded
    shutil.copytree(data, folder / "data")
    server = Server(folder / "data")
    server.start()
    try:
        with Api(server.url, "lead", PASSWORD) as lead:
            project = lead.items("/api/projects")[0]
            annotator = next(user for user in lead.items("/api/users") if user["username"] == "annotator")
            lead.put(f"/api/projects/{project['id']}/members/{annotator['id']}")
            person = lead.items(f"/api/projects/{project['id']}/persons")[0]
        yield Street(server, made, person["id"], project["id"])
    finally:
        server.kill()
