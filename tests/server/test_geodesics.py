"""Distances and paths over HTTP: exact at first, from the table that is built in the background afterwards."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import numpy as np
import psutil
import pytest
from fastapi import FastAPI

from annotation.words import Role
from server.bodies.geodesics import Geodesics, corners
from surface import geodesic_file
from surface.body import Body
from surface.geodesic_build import build
from surface.geodesic_helper import BusyError, Helper
from tests.server.people import Api, add_user, sign_in
from tests.surface.closed_forms import plain, tube

PLACE = {"face": 3, "bary": [0.2, 0.3, 0.5]}


@pytest.fixture(scope="module")
def body() -> Body:
    """A tube, so that distances can be written down."""
    return tube().body


@pytest.fixture
def lead_on(make_app: Callable[..., FastAPI], sqlite_url: str, body: Body, tmp_path: Path) -> Callable[[int], Api]:
    """Signs a lead in to a server that has the tube and builds with so many processes."""

    def make(processes: int) -> Api:
        (tmp_path / "data" / "bodies").mkdir(parents=True, exist_ok=True)
        body.save(tmp_path / "data" / "bodies" / "tube.npz")
        app = make_app(sqlite_url, geodesic_processes=processes)
        add_user(app, "lena", Role.lead)
        return sign_in(app, "lena")

    return make


def wait_for(happened: Callable[[], bool]) -> None:
    """Asks until it has happened, for at most two minutes."""
    end, pause = monotonic() + 120, Event()
    while not happened():
        assert monotonic() < end
        pause.wait(0.05)  # the builder's priority is low: asking without pause would starve it


def test_exact_first_then_from_the_table_that_the_first_request_begins(
    lead_on: Callable[[int], Api], body: Body
) -> None:
    api, url = lead_on(1), f"/api/bodies/{body.hash}"
    assert api.ok("GET", f"{url}/geodesics") == {"state": "absent", "done": 0, "total": 0, "error": None}
    answers = []
    for expected in ("exact", "table"):
        answer = api.client.post(f"{url}/distances", json=PLACE)
        assert answer.headers["x-densemark-geodesics"] == expected
        answers.append(np.frombuffer(answer.content, "<f4"))
        wait_for(lambda: api.ok("GET", f"{url}/geodesics")["state"] == "ready")
    source = np.array([PLACE["face"]]), np.array([PLACE["bary"]])
    ends = corners(body)
    repeated = np.repeat(source[0], len(ends[0])), np.repeat(source[1], len(ends[0]), axis=0)
    true = tube().distance(body, repeated, ends)
    assert np.abs(answers[0] - true).max() < 1e-6
    assert np.abs(answers[1] - true).mean() < 1e-3
    assert api.ok("POST", f"{url}/geodesics")["state"] == "ready"


def test_a_path_is_as_long_as_its_points_say(lead_on: Callable[[int], Api], body: Body) -> None:
    api = lead_on(0)
    wanted = {"from": PLACE, "to": {"face": 500, "bary": [1, 0, 0]}}
    found = api.ok("POST", f"/api/bodies/{body.hash}/path", json=wanted)
    line = np.array(found["points"])
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).sum() == pytest.approx(found["length"])
    assert np.allclose(line[0], body.position([3], [PLACE["bary"]])[0])
    assert np.allclose(line[-1], body.vertices[body.faces[500, 0]])


@pytest.mark.parametrize(
    "place",
    [
        {"face": 10_000, "bary": [1, 0, 0]},
        {"face": -1, "bary": [1, 0, 0]},
        {"face": 0, "bary": [0.5, 0.2, 0.1]},
        {"face": 0, "bary": [1, 0]},
        {"face": 0},
    ],
)
def test_what_is_no_surface_point_is_refused(
    lead_on: Callable[[int], Api], body: Body, place: dict[str, object]
) -> None:
    api, url = lead_on(0), f"/api/bodies/{body.hash}"
    api.fails("POST", f"{url}/distances", 422, json=place)
    api.fails("POST", f"{url}/path", 422, json={"from": PLACE, "to": place})


def test_a_server_that_builds_none_says_so_and_stays_exact(lead_on: Callable[[int], Api], body: Body) -> None:
    api, url = lead_on(0), f"/api/bodies/{body.hash}"
    assert api.client.post(f"{url}/distances", json=PLACE).headers["x-densemark-geodesics"] == "exact"
    assert api.ok("GET", f"{url}/geodesics")["state"] == "absent"
    api.fails("POST", f"{url}/geodesics", 409)


class Loaded:
    """As much of a loaded body as distances need."""

    def __init__(self, body: Body) -> None:
        self.body, self.hash, self.name = body, body.hash, body.name


def test_a_damaged_table_is_set_aside_and_built_anew(body: Body, tmp_path: Path) -> None:
    loaded, table = Loaded(body), tmp_path / f"{body.hash}.geodesics"
    table.write_bytes(b"DMGEOD1\nnot much")
    geodesics = Geodesics(tmp_path, 1)
    assert geodesics.status(loaded).state == "absent"
    assert table.with_suffix(".damaged").read_bytes() == b"DMGEOD1\nnot much"
    geodesics.start(loaded)
    wait_for(lambda: geodesics.status(loaded).state == "ready")
    assert geodesics.distances(loaded, (3, PLACE["bary"]))[1] == "table"


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), ValueError("it seemed to be damaged")])
def test_a_good_table_that_once_cannot_be_read_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    body = tube().body  # not opened yet
    path = build(body.hash, body.vertices, body.faces, tmp_path, 1)
    geodesics, read_head, failing = Geodesics(tmp_path, 0), geodesic_file.read_head, [error]

    def read(path: Path) -> geodesic_file.Layout:
        if failing:
            raise failing.pop()
        return read_head(path)

    monkeypatch.setattr(geodesic_file, "read_head", read)
    assert geodesics._table(body) is None
    assert failing == []
    assert path.exists()
    assert geodesics.distances(Loaded(body), (3, PLACE["bary"]))[1] == "table"


def test_a_builder_that_ends_without_a_word_is_not_begun_again_by_every_request(
    body: Body, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, popen = [], subprocess.Popen

    def dying(_command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        begun.append(1)
        return popen([sys.executable, "-c", "raise SystemExit(1)"], **options)

    monkeypatch.setattr(subprocess, "Popen", dying)
    monkeypatch.setattr(Helper, "distances", lambda *_: np.zeros(1))
    (tmp_path / "file").touch()
    loaded, errors = Loaded(body), []
    for folder in (tmp_path, tmp_path / "file" / "folder"):  # the second cannot be written
        geodesics = Geodesics(folder, 1)
        for _ in range(3):
            assert geodesics.distances(loaded, (3, PLACE["bary"]))[1] == "exact"
            wait_for(lambda: geodesics.status(loaded).state != "building")  # noqa: B023
        assert geodesics.status(loaded).state == "failed"
        errors.append(geodesics.status(loaded).error or "")
    assert len(begun) == 3
    assert "ended 3 times without a word" in errors[0]
    assert "no builder could be started" in errors[1]
    monkeypatch.setattr(subprocess, "Popen", popen)
    geodesics = Geodesics(tmp_path, 1)
    assert geodesics.status(loaded).error == errors[0]
    geodesics.start(loaded)
    wait_for(lambda: geodesics.status(loaded).state == "ready")


@pytest.mark.slow
def test_of_two_bodies_one_is_built_at_a_time(tmp_path: Path) -> None:
    bodies = [Loaded(tube().body), Loaded(plain(tube().body.vertices * 2, tube().body.faces, "large tube"))]
    geodesics, at_once, others = Geodesics(tmp_path, 1), [], {builder.pid for builder in builders()}
    for loaded in bodies:
        assert geodesics.start(loaded).state == "building"

    def ready() -> bool:
        at_once.append(len([builder for builder in builders() if builder.pid not in others]))
        return all(geodesics.status(loaded).state == "ready" for loaded in bodies)

    wait_for(ready)
    assert max(at_once) == 1


def builders() -> list[psutil.Process]:
    """The builders that this process has started."""
    found = []
    for child in psutil.Process(os.getpid()).children():
        with contextlib.suppress(psutil.Error):
            found += [child] if "surface.geodesic_builder" in child.cmdline() else []
    return found


def test_a_builder_killed_with_9_is_started_again(anny_like: Body, tmp_path: Path) -> None:
    loaded, geodesics = Loaded(anny_like), Geodesics(tmp_path, 1)
    others = {builder.pid for builder in builders()}
    geodesics.start(loaded)
    wait_for(lambda: geodesics.status(loaded).done > 0)
    first = [builder for builder in builders() if builder.pid not in others]
    assert len(first) == 1
    reached = geodesics.status(loaded).done
    first[0].kill()
    wait_for(lambda: geodesics.status(loaded).state == "ready" or geodesics.status(loaded).done > reached)
    wait_for(lambda: geodesics.status(loaded).state == "ready")
    assert Geodesics(tmp_path, 1).distances(loaded, (3, PLACE["bary"]))[1] == "table"


@pytest.fixture(scope="module")
def anny_like() -> Body:
    """A tube of enough vertices for a build of a few seconds."""
    return plain(tube(16, 40).body.vertices, tube(16, 40).body.faces, "long tube")


def busy(*_: object) -> None:
    raise BusyError("many are waiting")


def test_who_would_wait_too_long_is_told_when_to_ask_again(
    lead_on: Callable[[int], Api], body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, url = lead_on(0), f"/api/bodies/{body.hash}"
    for what, wanted in (("distances", PLACE), ("path", {"from": PLACE, "to": PLACE})):
        monkeypatch.setattr(Helper, what, busy)
        answer = api.client.post(f"{url}/{what}", json=wanted)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/busy"


def test_with_a_table_nothing_is_measured(body: Body, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(body.hash, body.vertices, body.faces, tmp_path, 1)
    monkeypatch.setattr(Helper, "distances", busy)
    geodesics = Geodesics(tmp_path, 1)
    assert geodesics.distances(Loaded(body), (3, PLACE["bary"]))[1] == "table"
    geodesics.close()
