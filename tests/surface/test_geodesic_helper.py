"""Exact distances from a process of their own: the same answers, few who wait, and no end of it by kill -9."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from time import monotonic

import numpy as np
import psutil
import pytest

import surface.geodesic
from surface.geodesic import to_vertices
from surface.geodesic_helper import BusyError, Helper
from surface.paths import path
from tests.surface.closed_forms import SHAPES, plain

PLACE = 3, np.array([0.2, 0.3, 0.5])
OTHER = 200, np.array([0.5, 0.3, 0.2])


@pytest.fixture(scope="module")
def helper():
    made = Helper(wait=60)
    yield made
    made.close()


def measuring() -> list[psutil.Process]:
    """The processes that measure for this one."""
    children = psutil.Process(os.getpid()).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_it_answers_as_measuring_here_does_and_remembers(helper, tiny):
    found = helper.distances(tiny, PLACE)
    assert np.abs(found - to_vertices(tiny, PLACE)).max() < 1e-6
    assert helper.distances(tiny, (3, PLACE[1] + [1e-9, 0, -1e-9])) is found
    length, line = helper.path(tiny, PLACE, OTHER)
    expected = path(tiny, PLACE, OTHER)
    assert length == expected[0]
    assert np.array_equal(line, expected[1])
    apart = plain(
        np.concatenate([tiny.vertices, tiny.vertices + 1]),
        np.concatenate([tiny.faces, tiny.faces + len(tiny.vertices)]),
    )
    with pytest.raises(ValueError, match="different pieces"):
        helper.path(apart, PLACE, (PLACE[0] + len(tiny.faces), PLACE[1]))


def test_nothing_is_measured_in_this_process(helper, monkeypatch):
    monkeypatch.setattr(surface.geodesic, "measure", None)
    monkeypatch.setattr("surface.paths.trace", None)
    body = SHAPES["plate"]().body
    assert np.isfinite(helper.distances(body, PLACE)).all()
    assert helper.path(body, PLACE, (0, PLACE[1]))[0] > 0


def test_few_wait_and_the_others_are_told_at_once(anny):
    helper, together = Helper(wait=60, waiting=2), Barrier(6)

    def ask(n: int) -> bool:
        together.wait()
        try:
            helper.distances(anny, (1000 * n, PLACE[1]))
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 2
    helper.close()


def test_who_has_waited_long_enough_is_told_and_finds_the_answer_later(anny):
    helper, pause, end = Helper(wait=0.001), Event(), monotonic() + 60
    with pytest.raises(BusyError, match="takes long"):
        helper.distances(anny, PLACE)
    found = None
    while found is None:
        assert monotonic() < end
        pause.wait(0.05)
        try:
            found = helper.distances(anny, PLACE)
        except BusyError as error:
            assert "takes long" in str(error)  # noqa: PT017
    assert helper.distances(anny, PLACE) is found
    helper.close()


def test_a_killed_process_is_replaced_and_an_ended_one_gone(tiny):
    before = {child.pid for child in measuring()}
    helper = Helper(wait=60)
    first = helper.distances(tiny, PLACE)
    (child,) = (child for child in measuring() if child.pid not in before)
    child.kill()
    psutil.wait_procs([child], timeout=60)
    assert not np.array_equal(helper.distances(tiny, OTHER), first)
    (another,) = (child for child in measuring() if child.pid not in before)
    assert another.pid != child.pid
    helper.close()
    assert psutil.wait_procs([another], timeout=60)[1] == []


PARENT = """
import multiprocessing, sys
import numpy as np
import surface
from surface.geodesic_helper import Helper
if __name__ == "__main__":
    helper = Helper(wait=60)
    helper.path(surface.load("anny"), (0, np.array([1.0, 0, 0])), (0, np.array([0, 1.0, 0])))
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    sys.stdin.read()
"""


def test_it_ends_with_whoever_started_it_also_by_kill_9(tmp_path):
    root, script = Path(__file__).parents[2], tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=60)[1] == []
