"""Dataset files become batches that follow from the seed and the step, whatever was interrupted or shared out."""

import json
import pickle
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask
from torch import Tensor

import surface
from export.records import ImageRecord, image_line, person_line
from model.data.batches import image_seed, steps, train_batches
from model.data.records import Images
from model.networks import build
from model.recipe import Data, Schedule
from model.recipe_text import read
from model.training.run import shape_of
from tests.export.people import person_of
from tests.server.dense_files import CATEGORY, cse, document, entry

BODY = surface.load("anny")
DATA = Data(shortest=(60, 90), longest=160, colour=0.1)
SIZES = {1: (60, 80), 2: (90, 70), 3: (60, 80), 4: (64, 64), 5: (100, 70), 6: (60, 80), 7: (60, 90)}


def photo(path, width, height, seed=0):
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(small).resize((width, height)).save(path)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Seven images: one without persons, one with a person without points, and a crowd beside one with points."""
    folder = tmp_path_factory.mktemp("dataset")
    persons = [entry(10 * k, k, points=k, seed=k) for k in (1, 2, 3, 5)] + [entry(11, 1, points=4, seed=8)]
    bare = {key: value for key, value in entry(60, 6).items() if not key.startswith("dp_")}
    crowd = bare | {
        "id": 51, "image_id": 5, "iscrowd": 1, "segmentation": {"counts": [100, 6900], "size": [70, 100]},
    }  # fmt: skip
    flat = bare | {"id": 12, "image_id": 1, "bbox": [3.0, 3.0, 0.0, 5.0]}
    car = bare | {"id": 13, "image_id": 1, "category_id": 3}
    images = [{"id": k, "file_name": f"{k}.png", "width": w, "height": h} for k, (w, h) in SIZES.items()]
    for k, (w, h) in SIZES.items():
        photo(folder / f"{k}.png", w, h, k)
    found = document([*persons, bare, crowd, flat, car], images, categories=[CATEGORY, {"id": 3, "name": "car"}])
    (folder / "d.json").write_text(json.dumps(found))
    return folder / "d.json"


def plain(value):
    """What a batch holds, comparable."""
    if isinstance(value, Tensor):
        return value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if value is None else {name: plain(item) for name, item in vars(value).items()}


def schedule(batch=4, accumulate=1):
    return Schedule(batch=batch, accumulate=accumulate)


def test_an_image_comes_with_all_its_persons(path):
    images = Images(path, path.parent, BODY)
    assert images.ids == [1, 2, 3, 5]
    example = images[0]
    assert example.pixels.shape == (80, 60, 3)
    assert example.ids.tolist() == [10, 11]
    assert example.boxes[0].tolist() == pytest.approx([5.25, 7.5, 45.375, 67.8])
    assert np.bincount(example.points.person).tolist() == [1, 4]
    assert example.has_parts.tolist() == [True, True]
    assert np.array_equal(example.outline, example.parts > 0)
    given = entry(10, points=1, seed=1)
    assert example.points.xy[0].tolist() == pytest.approx(
        [5.25 + given["dp_x"][0] * 40.125 / 256, 7.5 + given["dp_y"][0] * 60.3 / 256], abs=1e-4
    )
    points = example.points
    where = BODY.position(points.face, points.bary)
    assert np.linalg.norm(BODY.vertices[points.vertex] - where, axis=1).max() < 0.05
    crowded = images[3]
    assert crowded.crowd.tolist() == [False, True]
    assert crowded.has_parts.tolist() == [True, False]
    assert crowded.has_outline.tolist() == [True, False]
    whole = Images(path, path.parent, BODY, annotated=False)
    assert whole.ids == [1, 2, 3, 4, 5, 6, 7]
    assert [len(whole[k].ids) for k in (3, 5)] == [0, 1]
    assert whole[3].points.xy.shape == (0, 2)
    bare = whole[5]
    assert bare.has_parts.tolist() == [False]
    assert bare.has_outline.tolist() == [True]
    assert 0.1 < bare.outline[0].mean() < 0.6
    with pytest.raises(IndexError, match="none at 7"):
        whole[7]


def test_outlines_are_the_same_however_they_are_written(path, tmp_path):
    polygon = [[10.0, 10.0, 50.0, 12.0, 40.0, 60.0, 15.0, 55.0]]
    rle = coco_mask.merge(coco_mask.frPyObjects(polygon, 80, 60))
    pixels = coco_mask.decode(rle)
    runs = np.flatnonzero(np.diff(np.concatenate([[0], pixels.T.ravel(), [0]])))
    counts = np.diff(np.concatenate([[0], runs, [pixels.size]])).tolist()
    forms = [
        polygon,
        {"size": [80, 60], "counts": rle["counts"].decode()},
        {"size": [80, 60], "counts": counts},
    ]
    bare = {key: value for key, value in entry(1).items() if not key.startswith("dp_")}
    persons = [bare | {"id": k + 1, "segmentation": form} for k, form in enumerate(forms)]
    (tmp_path / "d.json").write_text(json.dumps(document(persons)))
    photo(tmp_path / "a.png", 60, 80)
    drawn, packed, counted = Images(tmp_path / "d.json", tmp_path, annotated=False)[0].outline
    assert np.array_equal(packed, counted)
    assert (drawn & packed).sum() / (drawn | packed).sum() > 0.93  # pixels of the photo against those of the square
    for form, why in (
        ({"size": [9, 9], "counts": [81]}, "of an image of 9 x 9 pixels"),
        ({"size": [80, 60]}, "cannot be read"),
        ([["a", 1, 2, 3, 4, 5]], "cannot be read"),
    ):
        (tmp_path / "d.json").write_text(json.dumps(document([bare | {"segmentation": form}])))
        with pytest.raises(ValueError, match=rf"d\.json: annotation 1: its segmentation .*{why}"):
            Images(tmp_path / "d.json", tmp_path, annotated=False)[0]


def test_the_folder_of_a_snapshot_gives_the_same(tmp_path):
    labels = np.zeros((60, 50), np.uint8)
    labels[:30], labels[30:] = 1, 14
    image = ImageRecord(7, "a.png", 100, 90, split="val")
    face, bary = np.array([5, 900]), np.array([[0.2, 0.3, 0.5], [1, 0, 0]])
    iuv = np.stack(BODY.to_iuv(face, bary), axis=1)
    known = {"id": 4, "bbox": (5.0, 6.0, 50.0, 60.0), "area": 9.0}
    person = person_of(labels, (5, 6), image, [[20.5, 20.5], [30.5, 44.5]], iuv, face, bary, **known)
    photo(tmp_path / "a.png", 100, 90)
    (tmp_path / "images.jsonl").write_text(image_line(image) + "\n")
    (tmp_path / "persons-val.jsonl").write_text(person_line(person) + "\n")
    (example,) = Images(tmp_path, tmp_path, BODY, split="val")
    assert example.points.face.tolist() == [5, 900]
    assert example.points.uv == pytest.approx(iuv[:, 1:], abs=1e-6)
    assert example.boxes.tolist() == [[5, 6, 55, 66]]
    for strange, off in ((face + 10**6, iuv), (face, iuv + np.array([0, 0.01, 0]))):
        other = person_of(labels, (5, 6), image, [[20.5, 20.5], [30.5, 44.5]], off, strange, bary, **known)
        (tmp_path / "persons-val.jsonl").write_text(person_line(other) + "\n")
        with pytest.raises(ValueError, match="annotation 4: its points are not on body anny"):
            Images(tmp_path, tmp_path, BODY, split="val")[0]


def test_vertices_of_a_body_have_charts(tmp_path):
    photo(tmp_path / "a.png", 60, 80)
    (tmp_path / "d.json").write_text(json.dumps(document([cse(entry(3, points=3), [4, 0, 9])])))
    (example,) = Images(tmp_path / "d.json", tmp_path, BODY)
    assert example.points.vertex.tolist() == [4, 0, 9]
    points = example.points
    where = BODY.position(*BODY.from_iuv(points.chart, *points.uv.astype(float).T))
    assert where == pytest.approx(BODY.vertices[[4, 0, 9]], abs=1e-4)
    (example,) = Images(tmp_path / "d.json", tmp_path)
    assert example.points.chart.tolist() == [0, 0, 0]
    for found, why in (
        (cse(entry(3, points=1), [10**6]), "vertex 1000000 is none of"),
        (cse(entry(3, points=1), [1], "smpl_27554"), "of the mesh 'smpl_27554', not of 'anny'"),
    ):
        (tmp_path / "d.json").write_text(json.dumps(document([found])))
        with pytest.raises(ValueError, match=rf"d\.json: annotation 3: .*{why}"):
            Images(tmp_path / "d.json", tmp_path, BODY)[0]


@pytest.mark.parametrize("crops", [False, True])
def test_training_goes_on_as_if_it_had_not_ended(path, crops):
    images = Images(path, path.parent, BODY)
    data = Data(shortest=(60, 90), longest=160, colour=0.1, crops=crops, blank=crops)
    through = [plain(batch) for batch in islice(train_batches(images, data, schedule(), 3), 6)]
    later = [plain(batch) for batch in islice(train_batches(images, data, schedule(), 3, start_step=4), 2)]
    assert later == through[4:]
    other = next(train_batches(images, data, schedule(), 4))
    assert plain(other) != through[0]


@pytest.mark.parametrize("crops", [False, True])
def test_processes_see_together_what_one_sees(path, crops):
    images = Images(path, path.parent, BODY)
    data = Data(shortest=(60, 90), longest=160, colour=0.1, crops=crops)
    for world, accumulate in ((2, 1), (4, 1), (2, 2)):
        wanted = schedule(8, accumulate)
        alone = list(islice(train_batches(images, data, wanted, 3), 2 * accumulate))
        assert len({seed for whole in alone for seed in whole.seeds.tolist()}) == 16
        shares = [
            list(islice(train_batches(images, data, wanted, 3, 0, rank, world), len(alone))) for rank in range(world)
        ]
        for whole, *parts in zip(alone, *shares, strict=True):
            assert len({size for part in parts for size in map(tuple, part.sizes.tolist())}) > 1
            assert torch.equal(torch.cat([part.images for part in parts]), whole.images)  # so is the padding
            assert torch.equal(torch.cat([part.sizes for part in parts]), whole.sizes)
            assert [k for part in parts for k in part.seeds.tolist()] == whole.seeds.tolist()
            assert [plain(t) for part in parts for t in part.targets] == [plain(t) for t in whole.targets]


@pytest.mark.parametrize("name", ["fcn_tiny", "tiny_cascade"])
def test_losses_of_unequal_images_add_up_over_processes(path, name):
    images = Images(path, path.parent, BODY)
    data = Data(shortest=(60, 90), longest=160)
    torch.manual_seed(0)
    network = build(read(name).network, **shape_of(BODY)).train()
    whole = next(train_batches(images, data, schedule(), 3))
    shares = [next(train_batches(images, data, schedule(), 3, 0, rank, 2)) for rank in (0, 1)]
    with torch.no_grad():
        together, apart = network(whole), [network(share) for share in shares]
    for name, loss in together.items():
        for part in ("total", "number"):
            added = sum(getattr(losses[name], part) for losses in apart)
            torch.testing.assert_close(added, getattr(loss, part), rtol=1e-5, atol=1e-5)


def test_parts_of_a_step_are_read_one_after_another(path):
    images = Images(path, path.parent, BODY)
    whole = next(train_batches(images, DATA, schedule(), 3))
    parts = list(islice(train_batches(images, DATA, schedule(4, 2), 3), 2))
    assert [k for part in parts for k in part.seeds.tolist()] == whole.seeds.tolist()
    assert [plain(t) for part in parts for t in part.targets] == [plain(t) for t in whole.targets]


def test_an_image_that_cannot_be_used_is_told_by_the_process_that_reads_it(tmp_path):
    persons = [entry(1, 1), entry(2, 2, bbox=[500.0, 500.0, 20.0, 20.0])]
    images = [{"id": k, "file_name": f"{k}.png", "width": 60, "height": 80} for k in (1, 2)]
    (tmp_path / "d.json").write_text(json.dumps(document(persons, images)))
    for k in (1, 2):
        photo(tmp_path / f"{k}.png", 60, 80)
    found = Images(tmp_path / "d.json", tmp_path, BODY)
    data = Data(shortest=(60, 90), longest=160, crops=True)
    told = []
    for rank in (0, 1):
        try:
            assert len(next(train_batches(found, data, schedule(2), 0, 0, rank, 2)).targets) == 1
        except ValueError as error:
            told.append(str(error))
    assert told == ["annotation 2: its box lies outside the image"]


def test_workers_give_what_one_process_gives(path):
    images = Images(path, path.parent, BODY)
    torch.manual_seed(7)
    state = torch.random.get_rng_state()
    alone = [plain(batch) for batch in islice(train_batches(images, DATA, schedule(), 3), 3)]
    working = train_batches(images, DATA, schedule(), 3, workers=2)
    assert [plain(next(working)) for _ in range(3)] == alone
    assert torch.equal(torch.random.get_rng_state(), state)
    sent = pickle.loads(pickle.dumps(images))  # as to workers that are not forked
    assert plain(next(train_batches(sent, DATA, schedule(), 3))) == alone[0]


def test_a_batch_is_as_the_networks_take_it(path):
    images = Images(path, path.parent, BODY, annotated=False)
    batch = next(train_batches(images, DATA, schedule(7), 1))
    assert batch.images.dtype == torch.uint8
    assert batch.images.shape[:2] == (7, 3)
    assert [side % 32 for side in batch.images.shape[2:]] == [0, 0]
    assert len(set(batch.seeds.tolist())) == 7
    for image, (h, w) in zip(batch.images, batch.sizes.tolist(), strict=True):
        for padding in (image[:, h:], image[:, :, w:]):
            assert (padding == torch.tensor((124, 116, 104))[:, None, None]).all()
    empty = next(t for t in batch.targets if t.image_id == 4)
    assert empty.boxes.shape == (0, 4)
    assert empty.parts.shape == (0, 256, 256)
    assert empty.keypoints.shape == (0, 17, 3)
    assert empty.point_uv.shape == (0, 2)
    assert {t.image_id.item() for t in batch.targets} <= set(SIZES)


@given(wide=st.integers(0, 20), high=st.integers(0, 20), batch=st.integers(1, 8), seed=st.integers(0, 99))
def test_every_image_is_seen_in_every_round(wide, high, batch, seed):
    if not wide + high:
        return
    kind = np.arange(wide + high) < wide
    rest = wide % batch + high % batch
    each = wide // batch + high // batch + -(-rest // batch)
    found = [[key.unit for key in keys] for keys in islice(steps(kind, batch, seed, 0), 2 * each)]
    for once in (found[:each], found[each:]):
        seen = np.bincount(np.concatenate(once), minlength=wide + high)
        assert seen.min() >= 1
        assert seen.max() <= 2 or wide + high < batch
        assert seen.sum() == each * batch < wide + high + batch
        mixed = [units for units in once if len(set(kind[units].tolist())) > 1]
        assert len(mixed) <= -(-rest // batch)
    later = next(steps(kind, batch, seed, each + each // 2))
    assert [key.unit for key in later] == found[each + each // 2]
    assert [key.seed for key in later] == [image_seed(seed, each + each // 2, k) for k in range(batch)]


def test_what_cannot_be_trained_on_is_told_before(path, tmp_path):
    images = Images(path, path.parent, BODY)
    with pytest.raises(ValueError, match="4 images a step do not divide among 3 processes"):
        train_batches(images, DATA, schedule(), 0, world=3)
    with pytest.raises(ValueError, match=r"d\.json: images cannot be mirrored.*data\.flip=0"):
        train_batches(Images(path, path.parent), DATA, schedule(), 0)
    next(train_batches(Images(path, path.parent), Data(shortest=(60, 80), flip=0), schedule(), 0))
    bare = tmp_path / "d.json"
    bare.write_text(json.dumps(document([])))
    with pytest.raises(ValueError, match=r"d\.json: holds no image"):
        train_batches(Images(bare, tmp_path, BODY), DATA, schedule(), 0)
    bare.write_text(json.dumps(document([entry(1)], info={"densemark": {"body_hash": "0" * 64}})))
    with pytest.raises(ValueError, match=r"d\.json: has its points on body 000000000000, not on anny"):
        Images(bare, tmp_path, BODY)
    bare.write_text(json.dumps(document([entry(1, 9)])))
    with pytest.raises(ValueError, match=r"d\.json: annotation 1: image 9 is not in the dataset"):
        Images(bare, tmp_path, BODY)
    bare.write_text(json.dumps(document([entry(1, keypoints=[1.0, 2.0, 2])])))
    photo(tmp_path / "a.png", 60, 80)
    with pytest.raises(ValueError, match=r"d\.json: annotation 1: has 1 keypoints, not 17"):
        Images(bare, tmp_path, BODY)[0]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_photo_is_named(tmp_path, workers):
    persons = [entry(k, k) for k in (1, 2)]
    images = [{"id": k, "file_name": f"{k}.png", "width": 60, "height": 80} for k in (1, 2)]
    (tmp_path / "d.json").write_text(json.dumps(document(persons, images)))
    photo(tmp_path / "1.png", 60, 80)
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    found = train_batches(Images(tmp_path / "d.json", tmp_path, BODY), DATA, schedule(2), 0, workers=workers)
    with pytest.raises(ValueError, match=r"^2\.png: cannot be read \(.*\)$"):
        next(found)
