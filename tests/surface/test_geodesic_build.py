"""Builds that are killed, damaged half way, or begun twice end in the same table."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from surface import geodesic_build, geodesic_file
from surface.geodesic_build import build, status
from surface.geodesic_builder import message
from surface.geodesic_table import GeodesicTable, failure_path, table_path

TARGET = 800

CHILD = """
import sys
from pathlib import Path
import surface
from surface.geodesic_build import build
if __name__ == "__main__":
    body = surface.load("anny")
    say = lambda done, total: print(done, flush=True)
    build(body.hash, body.vertices, body.faces, Path(sys.argv[1]), 2, int(sys.argv[2]), say)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    script = folder / "child.py"
    script.write_text(CHILD)
    command = [sys.executable, str(script), str(folder), str(TARGET)]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_build_killed_with_9_goes_on_where_it_was(anny, tmp_path):
    reached = 0
    for beyond in (64, 192):
        builder = start(tmp_path)
        first = int(builder.stdout.readline())
        assert first >= reached  # nothing that was done is done again
        while reached < first + beyond:
            reached = int(builder.stdout.readline())
        workers = psutil.Process(builder.pid).children(recursive=True)
        assert len(workers) >= 2
        builder.kill()
        builder.wait()
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert alive == []
        assert status(anny.hash, tmp_path).state == "absent"
        assert status(anny.hash, tmp_path).done >= reached
    calls: list[tuple[int, int]] = []
    path = build(
        anny.hash, anny.vertices, anny.faces, tmp_path, 2, TARGET, lambda done, total: calls.append((done, total))
    )
    assert calls[0][0] >= reached
    assert calls[-1] == (TARGET, TARGET)
    GeodesicTable.open(path, anny)
    whole = build(anny.hash, anny.vertices, anny.faces, tmp_path / "whole", 1, TARGET)
    assert path.read_bytes() == whole.read_bytes()


def test_what_a_crash_left_half_written_is_done_again(tiny, tmp_path):
    path = build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000)
    whole = path.read_bytes()
    layout = geodesic_file.read_head(path)
    part = path.with_suffix(".part")
    spoiled = bytearray(whole)
    at, length = layout.span(5)
    spoiled[at + length // 2] ^= 255  # the record says done, the tiles are not all there
    spoiled[layout.done_at + 8 * 2 + 4] = 0  # not recorded
    path.unlink()
    for left in (spoiled, whole[: len(whole) // 2], b"", whole.replace(tiny.hash.encode(), b"0" * 64)):
        part.write_bytes(left)
        calls: list[int] = []
        build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000, lambda done, _: calls.append(done))  # noqa: B023
        assert path.read_bytes() == whole
        assert calls[0] == (len(tiny.vertices) // 32 - 1) * 32 if left is spoiled else calls[0] == 0
        assert not part.exists()
        path.unlink()
    path.write_bytes(whole[:-1])  # a damaged table is built anew
    build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000)
    assert path.read_bytes() == whole


def test_of_two_builders_one_measures(tiny, tmp_path, monkeypatch):
    measured = []
    measure = geodesic_build._measure
    monkeypatch.setattr(geodesic_build, "_measure", lambda *args: (measured.append(1), measure(*args)))
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(build, tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000, lambda *_: None)
            for _ in range(2)
        ]
        assert {job.result() for job in jobs} == {table_path(tiny.hash, tmp_path)}
    assert measured == [1]


def test_a_worker_that_dies_is_reported(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(geodesic_build, "_work", die)
    with pytest.raises(ValueError, match="died with exit status 7"):
        build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000)
    assert status(tiny.hash, tmp_path).state == "absent"


def die(*_: object) -> None:
    os._exit(7)


def test_the_background_builder_ends_with_whoever_started_it(anny, tmp_path):
    builder = subprocess.Popen([sys.executable, "-m", "surface.geodesic_builder"], stdin=subprocess.PIPE)
    builder.stdin.write(message(anny.hash, anny.vertices, anny.faces, tmp_path, 1, 6000))
    builder.stdin.flush()
    while status(anny.hash, tmp_path).state != "building":
        with pytest.raises(subprocess.TimeoutExpired):
            builder.wait(0.05)
    builder.stdin.close()
    assert builder.wait(60) == 0
    assert status(anny.hash, tmp_path).state == "absent"


def test_the_background_builder_leaves_word_of_what_went_wrong(tiny, tmp_path):
    torn = np.concatenate([tiny.faces, tiny.faces[:1]])
    for faces, state in ((torn, "failed"), (tiny.faces, "ready")):
        builder = subprocess.Popen([sys.executable, "-m", "surface.geodesic_builder"], stdin=subprocess.PIPE)
        builder.stdin.write(message(tiny.hash, tiny.vertices, faces, tmp_path, 1, 1000))
        builder.stdin.flush()
        assert builder.wait(120) == (1 if state == "failed" else 0)
        builder.stdin.close()
        found = status(tiny.hash, tmp_path)
        assert found.state == state
        assert ("several triangles" in (found.error or "")) == (state == "failed")
    assert not failure_path(tiny.hash, tmp_path).exists()


ENDED_BY = """
import sys
from surface import geodesic_build, geodesic_builder
def end(*_):
    raise {error}
geodesic_build.decimate = end
if __name__ == "__main__":
    sys.exit(geodesic_builder.main())
"""


@pytest.mark.parametrize(
    ("error", "told"),
    [("RuntimeError('row 3')", "unexpected error ended the build: RuntimeError: row 3"), ("MemoryError", "not enough")],
)
def test_the_background_builder_leaves_word_whatever_happens(tiny, tmp_path, error, told):
    command = [sys.executable, "-c", ENDED_BY.format(error=error)]
    builder = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE)
    builder.stdin.write(message(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000))
    builder.stdin.flush()
    assert builder.wait(120) == 1
    builder.stdin.close()
    found = status(tiny.hash, tmp_path)
    assert found.state == "failed"
    assert told in found.error


def test_what_a_compiled_library_raises_in_a_worker_is_told(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(geodesic_build, "_work", work_badly)
    with pytest.raises(ValueError, match="unexpected error ended the build: RuntimeError: from below"):
        build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000)


def work_badly(pipe, vertices, faces, step):
    geodesic_build.strip_rows = fail
    WORK(pipe, vertices, faces, step)


WORK = geodesic_build._work


def fail(*_: object) -> None:
    raise RuntimeError("from below")


def test_those_who_ask_do_not_take_one_another_for_builders(tiny, tmp_path):
    build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000).unlink()
    assert table_path(tiny.hash, tmp_path).with_suffix(".lock").exists()
    with ThreadPoolExecutor(8) as pool:
        states = {found.state for found in pool.map(lambda _: status(tiny.hash, tmp_path), range(4000))}
    assert states == {"absent"}
    with geodesic_build._held(table_path(tiny.hash, tmp_path), lambda *_: None):
        assert status(tiny.hash, tmp_path).state == "building"
    assert status(tiny.hash, tmp_path).state == "absent"


def test_asking_writes_nothing(tiny, tmp_path):
    assert status(tiny.hash, tmp_path).state == "absent"
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_another_size_is_built_anew(tiny, tmp_path):
    for target in (1000, 100, 1000):
        path = build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, target)
        assert geodesic_file.read_head(path).vertices == min(target, len(tiny.vertices))


def test_a_build_that_cannot_be_read_just_now_is_not_begun_anew(tiny, tmp_path, monkeypatch):
    part = table_path(tiny.hash, tmp_path).with_suffix(".part")
    part.write_bytes(build(tiny.hash, tiny.vertices, tiny.faces, tmp_path / "whole", 1, 1000).read_bytes())
    before, opened = part.read_bytes(), Path.open

    def no_more(path, *arguments, **options):
        if path == part:
            raise OSError(24, "Too many open files")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", no_more)
    with pytest.raises(OSError, match="Too many"):
        build(tiny.hash, tiny.vertices, tiny.faces, tmp_path, 1, 1000)
    monkeypatch.undo()
    assert part.read_bytes() == before
