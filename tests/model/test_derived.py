"""A teacher's labels: where they are, how sure, how far from points; and the dataset that is made of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

from model.data import dense
from model.data.batches import train_batches
from model.data.records import Images
from model.distillation.derived import Base, derive
from model.distillation.teacher import labels_of
from model.prediction.load import Loaded
from model.recipe import Data, Network, Recipe, Schedule
from model.structures import Detections
from surface import geodesic_build
from tests.model import seen

PERSONS = [[(10, 20, 50, 80), (90, 5, 60, 70)], [(30, 10, 100, 100)], [(3, 40, 70, 40)]]
RECIPE = Recipe(Network(kind="fcn"), data=Data(tested=(240, 400), crops=True, blank=True))


@pytest.fixture(scope="module")
def plate():
    """The body, with its geodesic table in the cache."""
    made = seen.body()
    geodesic_build.build(made.hash, made.vertices, made.faces, processes=1)
    return made


@pytest.fixture
def base(tmp_path, plate):
    (tmp_path / "base").mkdir()
    path = seen.write(tmp_path / "base", PERSONS)
    return Base(Images(path, path.parent / "photos", plate), None)


@pytest.fixture
def teacher(tmp_path, plate):
    return teacher_in(tmp_path, plate)


def teacher_in(folder, body):
    """One that reads from the photos what they say."""
    (folder / "run").mkdir(exist_ok=True)
    (folder / "run/model.safetensors").write_bytes(b"weights")
    return Loaded(seen.Reader(), RECIPE, body, 7, folder / "run/model.safetensors")


def test_labels_are_what_the_photo_says(base, teacher, tmp_path):
    told = []
    said = derive(teacher, base, tmp_path / "out", 3, lambda *at: told.append(at))
    assert [(what, of) for what, _, of in told if what == "labelling"] == [("labelling", 4)] * 2
    assert json.loads((tmp_path / "out/derived.json").read_bytes()) == said
    assert said["persons"] == 4
    assert said["coverage"] > 0.97
    agreement = said["agreement"]
    assert agreement["on"] == "labelled"
    assert agreement["points"] == 120
    assert agreement["labelled"] > 0.97
    assert agreement["median"] < 0.02  # of a plate a metre wide
    assert sum(said["confidence"]["tenths"]) == pytest.approx(1, abs=1e-3)
    labels = dense.read(tmp_path / "out/dense/20.png")
    inner = labels[20:-20, 20:-20].astype(float)
    places = (np.arange(256)[20:-20] + 0.5) / 256
    assert np.abs(inner[..., 1] / 255 - places).max() < 0.03
    assert np.abs(inner[..., 2] / 255 - places[:, None]).max() < 0.03
    assert "median" in (tmp_path / "out/README.md").read_text()


def test_a_student_learns_from_what_comes_out(base, teacher, tmp_path, plate):
    derive(teacher, base, tmp_path / "out")
    out = tmp_path / "out"
    assert (out / "train.json").read_bytes() == base.train.persons.path.read_bytes()
    images = Images(out / "train.json", out / "images", plate)
    batch = next(train_batches(images, Data(shortest=(120, 120), longest=200, flip=0, dense=40), Schedule(batch=3), 0))
    for truth in batch.targets:
        assert len(truth.point_xy) == len(truth.boxes) * (30 + 40)
        box = truth.boxes[truth.point_person]
        place = (truth.point_xy - box[:, :2]) / (box[:, 2:] - box[:, :2])
        inner = ((place > 0.1) & (place < 0.9)).all(dim=1)  # at its edges the reader sees what is around the person
        assert inner.sum() > 20
        assert (place - truth.point_uv)[inner].abs().max() < 0.03
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md", "dense", "derived.json", "images", "train.json"
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_was_held_out_is_measured_on_and_comes_along(base, teacher, tmp_path, plate):
    document = json.loads(base.train.persons.path.read_bytes())
    held = [entry for entry in document["annotations"] if entry["image_id"] == 3]
    test = tmp_path / "base/val.json"
    test.write_text(json.dumps(document | {"annotations": held}))
    both = Base(base.train, Images(test, tmp_path / "base/photos", plate))
    said = derive(teacher, both, tmp_path / "out")
    assert said["agreement"]["on"] == "held out"
    assert said["agreement"]["points"] == 30
    assert (tmp_path / "out/test.json").read_bytes() == test.read_bytes()
    assert not (tmp_path / "out/held-out").exists()
    run = tmp_path / "run/run.json"
    run.write_text(json.dumps({"dataset": {"hash": said["held_out"]["hash"]}}))  # it learned from these
    assert derive(teacher, both, tmp_path / "again")["agreement"]["on"] == "labelled"


def test_labels_end_at_the_outline_the_background_and_the_parts():
    fine = torch.full((1, 3, 4, 4), -4.0)
    fine[:, 1, :, :2] = 4
    fine[:, 2, :, 2:] = 4
    fine[:, 0, 3] = 20
    flat = torch.full((1, 3, 4, 4), 0.25)
    spread = torch.full((1, 3, 4, 4), 0.2)
    said = Detections(torch.zeros(1, 4), torch.ones(1), fine=fine, u=flat, v=flat, spread=spread)
    inside = np.zeros((256, 256), bool)
    inside[:, 10:200] = True
    parts = np.full((256, 256), 5, np.uint8)
    parts[:128] = 6
    part_of = np.array([5, 6], np.uint8)
    found = labels_of(said, inside, None, part_of, torch.device("cpu"))
    assert not found[~inside].any()
    assert not found[240:].any()  # the network sees background
    assert set(found[:150, 10:100, 0].ravel()) == {1}
    assert set(found[:150, 160:200, 0].ravel()) == {2}
    assert found[0, 10, 1:].tolist() == pytest.approx([64, 64, 127], abs=1)  # twice the least spread
    sorted_out = labels_of(said, inside, parts, part_of, torch.device("cpu"))
    assert not sorted_out[:128, 10:100].any()
    assert set(sorted_out[130:150, 10:100, 0].ravel()) == {1}
    sure = labels_of(replace(said, spread=None), inside, None, part_of, torch.device("cpu"))
    assert sure[0, 10, 3] == 255


def test_what_cannot_be_is_refused_and_nothing_is_left(base, teacher, tmp_path, plate):
    out = tmp_path / "out"
    other = replace(teacher, recipe=Recipe())
    with pytest.raises(ValueError, match=r"model\.safetensors: a teacher is a network of kind 'fcn'"):
        derive(other, base, out)
    moved = replace(plate, vertices=plate.vertices * 2)
    with pytest.raises(ValueError, match="on another one"):
        derive(replace(teacher, body=moved), base, out)
    with pytest.raises(ValueError, match="choose another folder"):
        derive(teacher, base, tmp_path / "base")
    assert not out.exists()
    document = json.loads(base.train.persons.path.read_bytes())
    document["images"][2]["file_name"] = "../photos/3.png"
    base.train.persons.path.write_text(json.dumps(document))
    path = base.train.persons.path
    with pytest.raises(ValueError, match=r"'\.\./photos/3\.png' lies outside"):
        derive(teacher, Base(Images(path, path.parent / "photos", plate), None), out)
    assert not out.exists()


def test_two_do_not_write_the_same(base, teacher, tmp_path):
    staged = tmp_path / ".out.distilling"
    staged.mkdir()
    with FileLock(staged / ".lock"), pytest.raises(ValueError, match="by another process"):
        derive(teacher, base, tmp_path / "out")


@pytest.mark.slow
def test_killed_it_goes_on_and_ends_the_same(base, teacher, tmp_path):
    path = base.train.persons.path
    whole = derive(teacher, base, tmp_path / "whole")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.model.test_derived", str(path), str(tmp_path / "out")],
        cwd=Path(__file__).parents[2], capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    staged = tmp_path / ".out.distilling"
    assert not (tmp_path / "out").exists()
    made = {png.name: png.stat().st_mtime_ns for png in (staged / "dense").glob("*.png")}
    assert 0 < len(made) < 4
    assert derive(teacher, base, tmp_path / "out") == whole
    for png in (tmp_path / "whole/dense").iterdir():
        again = tmp_path / "out/dense" / png.name
        assert again.read_bytes() == png.read_bytes()
        assert made.get(png.name, again.stat().st_mtime_ns) == again.stat().st_mtime_ns


def test_what_was_begun_by_another_teacher_is_thrown_away(base, teacher, tmp_path):
    staged = tmp_path / ".out.distilling"
    (staged / "dense").mkdir(parents=True)
    (staged / "begun.json").write_text("{}")
    (staged / "dense/10.png").write_bytes(b"of another one")
    derive(teacher, base, tmp_path / "out")
    assert dense.read(tmp_path / "out/dense/10.png").any()


def main() -> None:
    """Label, and be killed after the first persons."""

    def tell(what: str, done: int, of: int) -> None:
        if (what, done) == ("labelling", 2):
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    path, out = map(Path, sys.argv[1:])
    body = seen.body()
    derive(teacher_in(out.parent, body), Base(Images(path, path.parent / "photos", body), None), out, 2, tell)


if __name__ == "__main__":
    main()
