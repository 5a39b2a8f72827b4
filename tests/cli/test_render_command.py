"""`densemark render` and the import of what it made, as a person runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil
import pytest
from PIL import Image

import surface
from annotation_db.columns import utc_now
from annotation_db.repositories import persons
from cli.common import open_state
from cli.main import main
from cli.training_data import Part, find
from model.data.records import Images
from synthesis import film, truth
from tests.cli.commands import ROOT

COUNT = 48  # enough that a run is stopped before its end, however late a busy machine lets the test do so
WORDS = ("render", "--count", str(COUNT), "--size", "32", "--seed", "5", "--occluders", "0")
QUICK = (
    "network.trunk.channels=16", "network.fcn.channels=16", "data.shortest=64,64", "data.longest=64",
    "data.workers=0", "schedule.steps=1", "schedule.batch=2", "schedule.warmup=0",
)  # fmt: skip


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


@pytest.mark.slow
def test_points_to_train_on_whoever_made_them_and_however_often_it_was_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    words = ("render", "--size", "96", "--seed", "3", "--persons", "1-2", "--densepose")
    figures = json.loads(densemark(capsys, *words, "--count", "6", "--out", once, "--workers", "2", "--json")[1])
    document = json.loads((once / "densepose-coco.json").read_text())
    assert figures["images"] == len(document["images"]) == 6
    assert figures["persons"] == len(document["annotations"]) > 6
    dense = [entry for entry in document["annotations"] if "dp_x" in entry]
    assert figures["annotated persons"] == len(dense) >= 6
    assert figures["points"] == sum(len(entry["dp_x"]) for entry in dense) > 100
    check = densemark(capsys, "check", once / "densepose-coco.json", "--images", once / "images")
    assert check[0] == 0, check

    assert densemark(capsys, *words[:-1], "--count", "2", "--out", twice, "--workers", "1")[0] == 0
    assert not (twice / "densepose-coco.json").exists()
    assert densemark(capsys, *words, "--count", "2", "--out", twice, "--workers", "1")[0] == 0
    status, said, _ = densemark(capsys, *words[:-1], "--count", "6", "--out", twice, "--workers", "1")
    assert status == 0
    assert re.search(r"\ndensepose-coco\.json: \d+ points on \d+ persons\n", said)  # one that is there goes along
    assert contents(twice) == contents(once)

    source = find(str(once), None, None, None, tmp_path / "run", tmp_path / "data")
    assert source.train == Part(str(once / "densepose-coco.json"), str(once / "images"))
    images = Images(source.train.path, source.train.photos, surface.load("anny"))
    assert len(images) == 6
    example = images[0]
    seen = truth.read(once / "truth" / "00000001.1.npz")
    own = example.points.person == 0
    rows = seen.rows(example.points.xy[own])
    assert (seen.chart[rows] == example.points.chart[own]).all()
    assert example.points.uv[own] == pytest.approx(seen.uv[rows], abs=1e-5)
    labels = example.parts[0][np.nonzero(example.parts[0])]
    assert set(np.unique(labels)) <= set(np.unique(seen.part))

    run = [word for change in QUICK for word in ("--set", change)]
    run += ["--data", str(tmp_path), "--out", str(tmp_path / "run")]
    status, _, said = densemark(capsys, "train", "--recipe", "fcn_tiny", "--dataset", once, *run)
    assert status == 0, said
    assert "body anny: 1 steps of 2; 6 to learn from" in said
    assert "does not say which body" not in said


def test_points_need_the_charts_of_densepose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = surface.load("anny")
    replace(body, chart_part=body.chart_part[[2, *range(1, 24)]]).save(tmp_path / "other.npz")
    words = ("render", "--count", "1", "--size", "32", "--body", tmp_path / "other.npz", "--out", tmp_path / "out")
    status, _, complaint = densemark(capsys, *words, "--densepose")
    assert status == 1
    assert "needs the 24 charts of DensePose" in complaint
    assert not (tmp_path / "out").exists()


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
