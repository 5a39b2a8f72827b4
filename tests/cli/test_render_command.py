"""`densemark render` and the import of what it made, as a person runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil
import pytest
from PIL import Image

from annotation_db.columns import utc_now
from annotation_db.repositories import persons
from cli.common import open_state
from cli.main import main
from synthesis import film
from tests.cli.commands import ROOT

COUNT = 48  # enough that a run is stopped before its end, however late a busy machine lets the test do so
WORDS = ("render", "--count", str(COUNT), "--size", "32", "--seed", "5", "--occluders", "0")


def contents(folder: Path) -> dict[str, bytes]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def interrupted(out: Path, data: Path, how: signal.Signals, workers: int) -> int:
    """Render until there is one image more than before, then send a signal; returns the exit status."""
    before = len(list(out.glob("records/*.json")))
    command = [sys.executable, "-m", "cli", *WORDS, "--out", str(out), "--workers", str(workers)]
    command += ["--data", str(data)]
    # What runs in the background of a shell is born deaf to Ctrl+C.
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, preexec_fn=listen)
    while len(list(out.glob("records/*.json"))) == before:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.005)
    os.kill(process.pid, signal.SIGSTOP)  # so that it does not come to its end meanwhile
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= (workers if workers > 1 else 0)
    os.kill(process.pid, how)
    os.kill(process.pid, signal.SIGCONT)
    status = process.wait(60)
    assert not psutil.wait_procs(children, timeout=30)[1], "processes were left behind"
    return status


def densemark(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """The command in this process, which has imported everything already: exit status, output, errors."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["densemark", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0), *capsys.readouterr()


def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, whole, data = tmp_path / "stopped", tmp_path / "whole", tmp_path / "data"
    assert interrupted(out, tmp_path, signal.SIGINT, 1) == 130
    assert interrupted(out, tmp_path, signal.SIGKILL, 2) == -signal.SIGKILL
    status, printed, said = densemark(capsys, *WORDS, "--out", out, "--workers", "1", "--json")
    assert "compiling" not in said  # the stopped runs have done so
    figures = json.loads(printed)
    assert status == 0
    assert figures["images"] == figures["persons"] == COUNT
    assert 2 <= figures["there already"] == COUNT - figures["made"]
    assert densemark(capsys, *WORDS, "--out", whole, "--workers", "1")[0] == 0
    assert contents(out) == contents(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "compiled", lambda: False)  # as after an install
        assert "compiling the renderer" in densemark(capsys, *WORDS, "--out", whole, "--workers", "1")[2]

    words = ("import", "Renders", "--renders", whole, "--data", data, "--json")
    first = json.loads(densemark(capsys, *words, "--create")[1])
    assert (first["images"], first["persons"], first["persons_present"], first["refused"]) == (COUNT, COUNT, 0, [])
    (whole / "images" / "00000003.jpg").write_bytes(b"no picture")
    with open_state(data) as state, state.database.write() as session:
        next(persons.of_project(session, UUID(first["project"])))[0].deleted_at = utc_now()
    again = json.loads(densemark(capsys, *words)[1])
    assert [problem["file"] for problem in again["refused"]] == ["image 3"]
    assert [again[key] for key in ("images", "persons", "persons_present", "persons_deleted")] == [
        COUNT - 1,
        0,
        COUNT - 2,
        1,
    ]
    assert f"added 0 rendered persons of {COUNT - 1} images, " in densemark(capsys, *words[:-1])[1]


def test_all_pictures_are_looked_at_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, fabrics, out = tmp_path / "photos", tmp_path / "fabrics", tmp_path / "out"
    photos.mkdir()
    fabrics.mkdir()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    noise.save(photos / "whole.jpg")
    noise.save(photos / "whole.png")
    whole = (photos / "whole.jpg").read_bytes()
    (photos / "more behind.jpg").write_bytes(whole + bytes(10_000))
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray((photos / "whole.png").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (photos / "flipped.png").write_bytes(flipped)
    for number in range(5):
        (fabrics / f"{number}.png").write_bytes(b"no picture")
    words = ("render", "--count", "1", "--out", out, "--backgrounds", photos, "--textures", fabrics)
    status, _, complaint = densemark(capsys, *words)
    assert status == 1
    assert "7 pictures of 10 cannot be read: " in complaint
    assert complaint.strip().endswith("2.png and 2 more")
    for name in ("cut.jpg", "flipped.png", "0.png", "1.png", "2.png"):
        assert name in complaint
    assert not out.exists()


def test_poses_that_cannot_be_leave_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    poses, out = tmp_path / "knot.npz", tmp_path / "out"
    knot = np.zeros((4, 156))
    knot[:, 0], knot[:, 1 * 3], knot[:, 4 * 3], knot[:, 5 * 3], knot[:, 9 * 3] = np.pi / 2, 2.5, -2.9, -2.9, 2
    words = ("render", "--count", "2", "--size", "32", "--workers", "1", "--poses", poses, "--out", out)
    np.savez(poses, poses=knot, trans=np.zeros((4, 3)), mocap_framerate=15.0)
    status, _, complaint = densemark(capsys, *words)
    assert status == 1
    assert "knot.npz: 1 of 4 frames kept (distinct: joints turned 4° on average since the last)" in complaint
    assert "image 1: every one of 1 poses goes more than 3 cm through itself" in complaint
    assert not out.exists()
    np.savez(poses, poses=knot * ([1] * 3 + [0] * 153), trans=np.zeros((4, 3)), mocap_framerate=15.0)
    assert re.match(r"made 2 images in [\d.]+ s \([\d.]+ a second after the start\)\n", densemark(capsys, *words)[1])
    assert densemark(capsys, *words)[1].startswith("nothing to make: 2 images were there already\n")
    more = [word if word != "2" else "3" for word in words]
    assert re.match(r"made 1 image in [\d.]+ s; 2 were there already\n", densemark(capsys, *more)[1])


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    for words, message in (
        (("render", "--count", "1", "--body", "nobody", "--out", out), "no body 'nobody'"),
        (("render", "--count", "1", "--persons", "3-1", "--out", out), "no range"),
        (("render", "--count", "1", "--persons", "few", "--out", out), "neither a number nor a range"),
        (("render", "--count", "1", "--backgrounds", empty, "--out", out), "holds no picture"),
        (("render", "--count", "2", "--start", str(10**8 - 1), "--out", out), "another --seed"),
        (("import", "P", "--renders", empty, "--data", tmp_path / "data"), "holds no renders"),
    ):
        status, _, complaint = densemark(capsys, *words)
        assert status == 1
        assert message in complaint
        assert len(complaint.strip().splitlines()) == 1
    assert not out.exists()
