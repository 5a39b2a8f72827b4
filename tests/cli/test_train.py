"""`densemark train`: recipes are shown, datasets found, and ends told by their exit status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from scipy.io import savemat

from annotation.words import Role
from cli.training_data import Part, Source, find
from model.recipe_text import parse, read
from model.training.journal import METRICS
from model.training.journal import read as read_lines
from server.app import create_app
from server.settings import Settings
from tests.annotation_db.conftest import sqlite_template
from tests.cli.commands import ROOT, here, ok, one_line, refused
from tests.server.dense_files import document, entry
from tests.server.filled import Filling
from tests.server.people import add_user, sign_in

__all__ = ["sqlite_template"]

QUICK = (
    "network.kind=fcn", "network.trunk.name=tiny", "network.trunk.channels=16", "network.fcn.channels=16",
    "data.shortest=32,32", "data.longest=64", "data.tested=32,64", "data.workers=0", "data.flip=0",
    "schedule.steps=3", "schedule.batch=2", "schedule.warmup=0", "running.log=1", "running.checkpoint=1",
)  # fmt: skip


def dataset(folder: Path, *names: str, images: str = "images") -> Path:
    """Files of two photos each."""
    (folder / images).mkdir(parents=True)
    listed = [{"id": k, "file_name": f"{k}.png", "width": 48, "height": 64} for k in (1, 2)]
    for k in (1, 2):
        Image.new("RGB", (48, 64), (90 * k, 80, 70)).save(folder / images / f"{k}.png")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(
            json.dumps(document([entry(10 * k, k, points=k + 2, seed=k) for k in (1, 2)], listed))
        )
    return folder


def found(folder: Path | str, train: str | None = None, test: str | None = None, images: Path | None = None) -> Source:
    return find(str(folder), images, train, test, Path(folder) / "out", Path(folder) / "no data")


def names(source: Source) -> tuple[str, str | None]:
    return Path(source.train.path).name, None if source.test is None else Path(source.test.path).name


def test_a_recipe_is_shown_completely(tmp_path: Path) -> None:
    shown = ok("train", "--recipe", "tiny", "--set", "schedule.rate=.5", "--show", data=tmp_path)
    assert parse(shown) == read("tiny", ["schedule.rate=.5"])


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    assert "these ship: " in refused("train", data=tmp_path)
    assert "did you mean 'tiny'" in refused("train", "--recipe", "tinny", "--show", data=tmp_path)
    assert "no key 'schedule.rat'" in refused("train", "--recipe", "tiny", "--set", "schedule.rat=1", data=tmp_path)
    assert "--out" in refused("train", "--recipe", "tiny", data=tmp_path)
    out = tmp_path / "run"
    assert "--dataset" in refused("train", "--recipe", "tiny", "--out", out, data=tmp_path)
    assert "has no snapshots" in refused("train", "--recipe", "tiny", "--out", out, "--dataset", "none", data=tmp_path)
    assert not out.exists()


def test_without_torch_it_says_how_to_install_it(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "d", "densepose-coco-train.json")
    words = ["train", "--recipe", "tiny", "--dataset", str(folder), "--out", str(tmp_path / "run")]
    program = (
        f"import sys; sys.modules['torch'] = None; sys.argv = ['densemark', *{words}]; import cli.main as m; m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "DENSEMARK_DATA": str(tmp_path)},
    )  # fmt: skip
    assert "pip install 'densemark[model]'" in one_line(done)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            ("densepose-coco-train.json", "densepose-coco-val.json"),
            ("densepose-coco-train.json", "densepose-coco-val.json"),
        ),
        (("densepose-coco.json",), ("densepose-coco.json", None)),
        (("annotations.json",), ("annotations.json", None)),
        (
            ("densepose-coco-train.json", "densepose-coco-test.json", "coco-train.json"),
            ("densepose-coco-train.json", "densepose-coco-test.json"),
        ),
        (
            ("annotations/densepose_train2014.json", "annotations/densepose_coco_2014_train.json",
             "annotations/densepose_coco_2014_minival.json"),
            ("densepose_coco_2014_train.json", "densepose_coco_2014_minival.json"),
        ),
    ],
)  # fmt: skip
def test_a_folder_with_files(tmp_path: Path, files: tuple[str, ...], expected: tuple[str, str | None]) -> None:
    folder = dataset(tmp_path / "d", *files)
    source = found(folder)
    assert names(source) == expected
    assert source.train.photos == str(folder / "images")
    assert Source.of_plain(json.loads(json.dumps(source.plain()))) == source


def test_parts_are_named(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "d", "densepose-coco-a.json", "densepose-coco-b.json", images="photos")
    photos = folder / "photos"
    assert names(found(folder, "a", "b", photos)) == ("densepose-coco-a.json", "densepose-coco-b.json")
    assert names(found(folder, "a", None, photos)) == ("densepose-coco-a.json", None)
    file = folder / "densepose-coco-b.json"
    assert names(found(folder, "a", str(file), photos)) == ("densepose-coco-a.json", "densepose-coco-b.json")
    assert names(found(file, None, "none", photos)) == ("densepose-coco-b.json", None)
    for wrong in (lambda: found(folder), lambda: found(folder, "a"), lambda: found(folder, "a", "c", photos)):
        with pytest.raises(typer.Exit):
            wrong()


def test_the_folder_of_a_snapshot(tmp_path: Path) -> None:
    folder, photos = tmp_path / "hash", tmp_path / "photos"
    folder.mkdir()
    for name in ("images.jsonl", "persons-train.jsonl", "persons-val.jsonl"):
        (folder / name).touch()
    source = found(folder, images=photos)
    assert (source.train.split, source.test and source.test.split) == ("train", "val")
    assert found(folder, "val", "none", photos) == Source(Part(str(folder), str(photos), "val"), None)
    (folder / "persons-train.jsonl").rename(folder / "persons-all.jsonl")
    (folder / "persons-val.jsonl").unlink()
    assert found(folder, images=photos) == Source(Part(str(folder), str(photos), None), None)
    with pytest.raises(typer.Exit):
        found(folder)


def test_a_snapshot_by_its_name(tmp_path: Path, sqlite_template: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    shutil.copy(sqlite_template, data / "densemark.db")
    app = create_app(Settings(data=data))
    add_user(app, "lena", Role.lead)
    users = [str(add_user(app, "ann", Role.annotator))]
    filling = Filling(app.state.densemark, sign_in(app, "lena").project(name="Street"), users)
    filling.persons([filling.image(f"{n}.png") for n in range(8)])
    app.state.densemark.database.close()
    ok("snapshot", "create", "Street", "spring", "--split", "train=.5,val=.5", data=data)
    leave_half_written("spring", out, data)
    for name in ("spring", "Street/spring"):
        source = find(name, None, None, None, out, data)
        assert names(source) == ("densepose-coco-train.json", "densepose-coco-val.json")
        assert Path(source.train.photos).is_dir()
        assert Path(source.train.path).is_relative_to(out / "dataset")
        assert len(list(Path(source.train.photos).iterdir())) == 8
        assert [path for path in (out / "dataset").iterdir() if path.is_dir()] == [Path(source.train.path).parent]
    with pytest.raises(ValueError, match=r"no snapshot; snapshots: Street/spring"):
        find("autumn", None, None, None, out, data)


def leave_half_written(name: str, out: Path, data: Path) -> None:
    """Begin to write a snapshot for a run, and kill that."""
    program = "import sys; from pathlib import Path; from cli.training_data import find; "
    program += "find(sys.argv[1], None, None, None, *map(Path, sys.argv[2:]))"
    process = subprocess.Popen([sys.executable, "-c", program, name, str(out), str(data)], cwd=ROOT)
    while not any(path.is_dir() for path in (out / "dataset").glob("*")):
        assert process.poll() is None
    process.kill()
    process.wait()


def test_a_network_is_trained_and_the_run_goes_on(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "d", "densepose-coco-train.json")
    out, changes = tmp_path / "run", [word for change in QUICK for word in ("--set", change)]
    words = ("train", "--recipe", "tiny", "--dataset", folder, "--body", "anny", "--out", out, *changes)
    done = json.loads(ok(*words, "--json", data=tmp_path))
    assert (done["state"], done["step"], done["best"]) == ("finished", 3, None)
    assert (out / "model.safetensors").is_file()
    assert "--resume goes on with it" in refused(*words, data=tmp_path)
    (out / "checkpoints" / "000003").rename(tmp_path / "gone")
    told = (out / "run.json").read_text()
    for text in (json.dumps({key: value for key, value in json.loads(told).items() if key != "source"}), "[]"):
        (out / "run.json").write_text(text)
        assert "name it by --dataset" in refused("train", "--resume", "--out", out, data=tmp_path)
    (out / "run.json").write_text(told)
    again = json.loads(ok("train", "--resume", "--out", out, "--body", "anny", "--json", data=tmp_path))
    assert (again["state"], again["step"]) == ("finished", 3)
    failed = here(*words[: -len(changes)], "--resume", "--set", "schedule.rate=.9", data=tmp_path)
    assert failed.returncode == 1


def test_tables_mirror_what_is_on_a_body_that_is_not_at_hand(tmp_path: Path) -> None:
    folder, out = dataset(tmp_path / "d", "densepose-coco-train.json"), tmp_path / "run"
    for name, swap in (("tables.mat", False), ("other.mat", True)):
        tables = {f"{x}_transforms": np.empty((1, 24), object) for x in "UV"}
        v, u = np.mgrid[:256, :256] / 255
        for k in range(24):
            tables["U_transforms"][0, k], tables["V_transforms"][0, k] = (v, u) if swap else (1 - u, v)
        savemat(tmp_path / name, tables)
    changes = [word for change in (*QUICK, "data.flip=1") for word in ("--set", change)]
    words = ("train", "--recipe", "tiny", "--dataset", folder, "--out", out, *changes)
    cse = ("train", "--recipe", "cse_tiny", "--dataset", folder, "--out", out)
    assert "learns embeddings" in here(*cse, "--symmetry", tmp_path / "tables.mat", data=tmp_path).stderr
    assert not out.exists()
    bad = here(*words, "--symmetry", folder / "densepose-coco-train.json", data=tmp_path)
    assert "densepose-coco-train.json: is no table of symmetries" in bad.stderr
    ok(*words, "--symmetry", tmp_path / "tables.mat", data=tmp_path)
    first = [line["loss"] for line in metrics(out)]
    run = json.loads((out / "run.json").read_text())
    assert run["source"]["symmetry"] == str(tmp_path / "tables.mat")
    shutil.rmtree(out / "checkpoints" / "000003")
    again = ("train", "--resume", "--out", out)
    other = here(*again, "--symmetry", tmp_path / "other.mat", data=tmp_path)
    assert other.returncode == 1
    assert other.stderr.count("mirrored by tables") == 2
    ok(*again, data=tmp_path)
    assert [line["loss"] for line in metrics(out)] == pytest.approx(first, abs=1e-6)
    ok(*words[:5], "--out", tmp_path / "plain", *changes, data=tmp_path)
    assert [line["loss"] for line in metrics(tmp_path / "plain")] != pytest.approx(first, abs=1e-6)


def metrics(out: Path) -> list[dict[str, Any]]:
    """The lines about learning."""
    return [line for line in read_lines(out / METRICS) if line["kind"] == "train"]


def test_a_loss_that_is_no_number_has_a_status_of_its_own(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "d", "densepose-coco-train.json")
    out = tmp_path / "run"
    changes = [word for change in (*QUICK, "schedule.rate=1e30", "schedule.clip=0") for word in ("--set", change)]
    done = here(
        "train", "--recipe", "tiny", "--dataset", folder, "--body", "anny", "--out", out, *changes, data=tmp_path
    )
    assert done.returncode == 4
    assert "--reproduce" in done.stderr
    (failure,) = out.glob("failure-*")
    values = json.loads(ok("train", "--reproduce", failure, "--json", data=tmp_path))
    assert values["loss"] in ("nan", "inf")
