"""Labels on photos that nobody annotated: what looks agree on, what is kept of it, and how a training takes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.data import dense
from model.data.batches import Key, image_seed, mixed, train_batches
from model.data.records import Images
from model.distillation.derived import Base
from model.distillation.filter import Limits, kept
from model.distillation.generated import Copies, generate, pasted
from model.distillation.merge import Merged, merged
from model.prediction.load import Loaded
from model.recipe import Data, Recipe, Schedule
from model.structures import Detections
from model.training.run import facts_of
from tests.model import seen

PERSONS = [[(10, 20, 50, 80), (90, 5, 60, 70)], [(30, 10, 100, 100)], [(3, 40, 70, 40)]]
OTHERS = [[(20, 10, 90, 90)], [(5, 5, 60, 100)], [(40, 30, 80, 60), (2, 2, 20, 20)]]
COPIES = Copies((0.8, 1.0), flip=False)  # the plate has no mirror
LIMITS = Limits(score=0.3)  # the reader is as sure of a person as it is wide
PLATE = seen.body()


def base_in(folder):
    if not folder.exists():
        folder.mkdir()
        seen.write(folder, PERSONS)
    return Base(Images(folder / "truth.json", folder / "photos", PLATE), None)


@pytest.fixture
def base(tmp_path):
    return base_in(tmp_path / "base")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "more/sub"
    folder.mkdir(parents=True)
    for number, boxes in enumerate(OTHERS):
        Image.fromarray(seen.photo(boxes)).save(folder / f"{number}.png")
    return folder.parent


def network_in(folder):
    (folder / "run").mkdir(exist_ok=True)
    (folder / "run/model.safetensors").write_bytes(b"weights")
    return Loaded(seen.Reader(), Recipe(data=Data(tested=(240, 400))), PLATE, 7, folder / "run/model.safetensors")


def test_persons_of_photos_are_learned_from(base, photos, tmp_path):
    (photos / "broken.jpg").write_bytes(b"no photo")
    out = tmp_path / "out"
    said = generate(network_in(tmp_path), base, photos, out, COPIES, LIMITS)
    assert {key: said[key] for key in ("photos", "refused", "images", "found", "persons")} == {
        "photos": 4, "refused": 1, "images": 3, "found": 4, "persons": 3,
    }  # fmt: skip
    assert (out / "train.json").read_bytes() == base.train.persons.path.read_bytes()
    images = Images(out / "train.json", out / "images", PLATE)
    more = images.generated
    assert [len(example.ids) for example in more] == [1, 1, 1]
    x, y, w, h = OTHERS[0][0]
    example = more[0]
    assert example.boxes[0].tolist() == pytest.approx([x, y, x + w, y + h], abs=1.5)
    assert example.outline[0][5:-5, 5:-5].all()
    data = Data(shortest=(120, 120), longest=200, flip=0, dense=40, generated=0.5)
    for batch in islice(train_batches(images, data, Schedule(batch=4), 0), 4):
        bare = [truth for truth in batch.targets if truth.ids[0] > 1000]
        assert len(bare) == 2
        for truth in bare:
            assert len(truth.point_xy) == 40
            box = truth.boxes[truth.point_person]
            place = (truth.point_xy - box[:, :2]) / (box[:, 2:] - box[:, :2])
            inner = ((place > 0.1) & (place < 0.9)).all(dim=1)
            assert (place - truth.point_uv)[inner].abs().max() < 0.03
    assert facts_of(images)["generated"] == more.dense.hash
    assert "generated" not in facts_of(base.train)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
def test_killed_it_goes_on_and_ends_the_same(base, photos, tmp_path):
    whole = generate(network_in(tmp_path), base, photos, tmp_path / "whole", COPIES, LIMITS, 1)
    killed = subprocess.run(
        [sys.executable, "-m", "tests.model.test_generated", str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "out").exists()
    network = network_in(tmp_path)
    assert generate(network, base, photos, tmp_path / "out", COPIES, LIMITS, 1) == whole
    assert 0 < len(network.network.seen) < 3 * 4  # two sizes, boxes and maps, for less than three photos
    for path in (tmp_path / "whole").rglob("*"):
        if path.is_file():
            assert (tmp_path / "out" / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()


def test_what_cannot_be_is_refused(base, photos, tmp_path):
    network, out = network_in(tmp_path), tmp_path / "out"
    fcn = replace(network.recipe, network=replace(network.recipe.network, kind="fcn"))
    with pytest.raises(ValueError, match="of kind 'fcn' finds nobody"):
        generate(replace(network, recipe=fcn), base, photos, out, COPIES, LIMITS)
    with pytest.raises(ValueError, match="no person is sure enough"):
        generate(network, base, photos, out, COPIES, Limits(score=1.0))
    with pytest.raises(ValueError, match="not symmetric"):
        generate(network, base, photos, out, Copies((1.0,)), LIMITS)
    assert not out.exists()


def said_of(chart, u):
    """One person, all of it of a chart and a U."""
    fine = torch.full((1, 3, 8, 8), -6.0)
    fine[:, chart] = 6.0
    flat = torch.full((1, 3, 8, 8), u)
    box, score = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([0.8])
    return Detections(box, score, fine=fine, u=flat, v=torch.full((1, 3, 8, 8), 0.5))


def test_where_looks_disagree_labels_are_less_sure():
    (same,) = merged([said_of(1, 0.4), said_of(1, 0.4)])
    assert same.labels[100, 100].tolist() == [1, 102, 128, 255]
    assert same.agreement.min() == 1
    (apart,) = merged([said_of(1, 0.0), said_of(1, 0.8)])
    assert apart.labels[100, 100].tolist() == pytest.approx([1, 102, 128, 255 * 0.1 / (0.16 / 2) ** 0.5], abs=1)
    (other,) = merged([said_of(1, 0.4), said_of(1, 0.4), said_of(2, 0.4)])
    assert other.labels[100, 100, 0] == 1
    assert other.agreement == pytest.approx(2 / 3)
    assert other.labels[100, 100, 3] == pytest.approx(255 * 2 / 3, abs=2)
    assert merged([said_of(1, 0.4).chosen(torch.zeros(0, dtype=torch.int64))]) == []


def test_what_is_not_sure_is_left_out():
    labels = np.zeros((256, 256, 4), np.uint8)
    labels[:128] = (1, 50, 50, 200)
    labels[:32, ..., 3] = 100
    agreement = np.ones((256, 256), np.float32)
    agreement[96:] = 0.5
    person = Merged(np.array([0, 0, 10, 10.0]), 0.8, labels, agreement)
    found = kept(person, Limits())
    assert found[32:96].tolist() == labels[32:96].tolist()
    assert not found[:32].any()
    assert not found[96:].any()
    assert kept(person._replace(score=0.6), Limits()) is None
    assert kept(person, Limits(coverage=0.51)) is None
    assert kept(person, Limits(confidence=0.9)) is None


def test_a_square_is_put_into_its_box():
    square = np.zeros((256, 256), bool)
    square[:128] = True
    shape = pasted(square, np.array([-2.0, 1.0, 4.0, 5.0]), (8, 6))
    assert np.argwhere(shape).tolist() == [[row, column] for row in (1, 2) for column in range(4)]


@pytest.mark.parametrize(("batch", "share"), [(4, 0.4), (16, 0.4), (5, 0.3), (2, 0.9)])
def test_steps_mix_what_they_should_from_any_step_on(batch, share):
    def plan(start):
        step = start
        while True:
            yield [Key(place, image_seed(0, step, place)) for place in range(batch)]
            step += 1

    through = list(islice(mixed(plan(0), 100, 7, share, 3, 0), 60))
    later = list(islice(mixed(plan(17), 100, 7, share, 3, 17), 43))
    assert later == through[17:]
    taken = Counter(key.unit - 100 for keys in through for key in keys if key.unit >= 100)
    assert taken.total() == int(60 * batch * share + 1e-9)
    assert sorted(taken) == list(range(7))
    assert max(taken.values()) - min(taken.values()) <= 1
    assert [[key.seed for key in keys] for keys in through] == [[k.seed for k in keys] for keys in islice(plan(0), 60)]
    assert len({tuple(key.unit >= 100 for key in keys) for keys in through}) > 1


def test_without_generated_images_nothing_changes(base, photos, tmp_path):
    out = tmp_path / "out"
    generate(network_in(tmp_path), base, photos, out, COPIES, LIMITS)
    images = Images(out / "train.json", out / "images", PLATE)
    data = Data(shortest=(120, 120), longest=200, flip=0)
    plain = next(train_batches(base.train, data, Schedule(batch=4), 0))
    none = next(train_batches(images, replace(data, generated=0.0), Schedule(batch=4), 0))
    assert none.images.equal(plain.images)
    (out / "generated/derived.json").write_text("[]")
    with pytest.raises(ValueError, match="does not describe generated images"):
        Images(out / "train.json", out / "images", PLATE)
    assert dense.generated(out / "generated") is None


def main() -> None:
    """Label, and be killed after the first photo."""

    def tell(what: str, done: int, of: int) -> None:
        if (what, done) == ("looking", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    generate(network_in(folder), base_in(folder / "base"), folder / "more", folder / "out", COPIES, LIMITS, 1, tell)


if __name__ == "__main__":
    main()
