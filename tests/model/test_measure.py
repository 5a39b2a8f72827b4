"""From photos to figures: a network that reads the truth from its images is worth 1."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as rle

import surface
from evaluation import boxes
from evaluation.detection import predictions
from evaluation.detection.distances import of_body
from export import formats
from export.records import ImageRecord, image_line, person_line
from model.data.records import Images
from model.prediction import photos, results, truth
from model.prediction.decode import Person, persons
from model.prediction.measure import figures, given_boxes, measure, surface_of
from model.prediction.photos import Photo
from model.recipe import Data, Network, Recipe
from surface import geodesic_build
from tests.export.people import person_of
from tests.model import seen

PERSONS = [[(10, 20, 50, 80), (90, 5, 60, 70)], [(30, 10, 100, 100)], [(3, 40, 70, 40)]]
RECIPE = Recipe(data=Data(tested=(240, 400)))


@pytest.fixture(scope="module")
def plate():
    """The body, with its geodesic table in the cache."""
    made = seen.body()
    geodesic_build.build(made.hash, made.vertices, made.faces, processes=1)
    return made


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seen")
    return seen.write(folder, PERSONS)


@pytest.fixture(scope="module")
def images(dataset, plate):
    return Images(dataset, dataset.parent / "photos", plate)


def test_what_reads_the_truth_is_worth_one(images, dataset, plate):
    told = []
    found = measure(seen.Reader(), images, dataset, plate, RECIPE, batch=2, progress=lambda *n: told.append(n))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (found["images"], found["persons"], found["detections"], found["boxes"]) == (3, 4, 4, "detected")
    for group in ("gps", "gpsm", "iou", "box", "keypoints"):
        assert found[group]["AP"] == pytest.approx(1), group
    assert found["gps_mean"] > 0.998
    assert found["auc10"] > 0.9  # 5 mm are 5% of the way to 10 cm
    assert found["keypoints"]["pdj"]["0.05"] == 1
    assert found["kappa"] == 0.255


def test_networks_without_a_detector_get_boxes_and_the_figures_say_so(images, dataset, plate):
    network = seen.Reader()
    recipe = dataclasses.replace(RECIPE, network=Network(kind="fcn"))
    found = measure(network, images, dataset, plate, recipe)
    assert found["boxes"] == "given"
    assert "box" not in found
    assert found["gps"]["AP"] == pytest.approx(1)
    assert all(batch.boxes is not None for batch in network.seen)


def test_annotations_of_other_categories_are_no_persons(images, dataset, plate, tmp_path):
    document = json.loads(dataset.read_text())
    dogs = [
        {**seen.annotation(900 + n, n, (100, 60, 30, 30), np.random.default_rng(n)), "category_id": 18} for n in (1, 3)
    ]
    bare = [{key: value for key, value in entry.items() if not key.startswith("dp_")} for entry in dogs]
    document["annotations"] += bare
    document["categories"].append({"id": 18, "name": "dog"})
    path = tmp_path / "dogs.json"
    path.write_text(json.dumps(document))
    with_dogs, without = (measure(seen.Reader(), images, truth, plate, RECIPE) for truth in (path, dataset))
    assert {**with_dogs, "seconds": 0} == {**without, "seconds": 0}
    assert {id_: len(boxes) for id_, boxes in given_boxes(document).items()} == {1: 2, 2: 1, 3: 1}
    assert boxes.evaluate(document, [])["AP"] == 0
    everyone = [
        {"image_id": entry["image_id"], "category_id": 1, "bbox": entry["bbox"], "score": 1.0}
        for entry in document["annotations"]
        if entry["category_id"] == 1
    ]
    assert boxes.evaluate(document, everyone)["AP"] == pytest.approx(1)


def test_persons_are_cut_out_where_training_was_on_crops(images, dataset, plate):
    network = seen.Reader()
    recipe = Recipe(Network(kind="fcn"), data=Data(tested=(96, 160), crops=True, margin=0.2))
    found = measure(network, images, dataset, plate, recipe, batch=8)
    assert found["gps"]["AP"] == found["keypoints"]["AP"] == pytest.approx(1)
    assert sum(len(batch.images) for batch in network.seen) == 4
    assert all((batch.sizes.min(dim=1).values == 96).all() for batch in network.seen)
    assert len({tuple(batch.images.shape[2:]) for batch in network.seen}) == len(network.seen)


def test_the_background_is_blanked_where_training_was_without_it(images, dataset, plate):
    network = seen.Reader()
    recipe = Recipe(Network(kind="fcn"), data=Data(tested=(120, 160), blank=True))
    measure(network, images, dataset, plate, recipe)
    assert (network.seen[0].images[0, :, 0, 0] == torch.tensor([124, 116, 104])).all()


def test_a_blind_network_is_worth_nothing(images, dataset, plate):
    class Blind(seen.Reader):
        def read(self, image, boxes):
            return super().read(image, boxes[:0])

    found = measure(Blind(), images, dataset, plate, RECIPE)
    assert found["gps"]["AP"] == found["box"]["AP"] == found["auc30"] == found["detections"] == 0


def test_results_in_a_file_are_worth_the_same(dataset, plate, tmp_path):
    """Written, read back and evaluated, the truth is worth 1."""
    document = json.loads(dataset.read_text())
    path = tmp_path / "results.json"
    listed = [Photo(n, str(n), seen.photo(boxes)) for n, boxes in enumerate(PERSONS, start=1)]
    found = [persons(each) for each in photos.look(seen.Reader(), listed, RECIPE.data)]
    with results.writing(path) as writer:
        for looked, people in zip(listed, found, strict=True):
            for person in people:
                writer.add(results.entry(person, looked.image_id, looked.size))
    back = predictions.read(path)
    direct = results.predictions((photo.image_id, people) for photo, people in zip(listed, found, strict=True))
    assert back.images == direct.images
    assert np.array_equal(back.boxes, direct.boxes)
    assert writer.count == len(back.scores) == 4
    said = figures([(p.image_id, people) for p, people in zip(listed, found, strict=True)], document, of_body(plate))
    assert said["gps"]["AP"] == pytest.approx(1)
    widest_first = [box for boxes in PERSONS for box in sorted(boxes, key=lambda box: -box[2])]
    for row, item in enumerate(json.loads(path.read_text())):
        assert item["segmentation"]["size"] == [seen.HEIGHT, seen.WIDTH]
        assert item["uv_shape"] == list(back.decode(row).shape)
        assert item["bbox"] == pytest.approx(widest_first[row], abs=0.6)


def test_a_file_of_results_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("before")

    def interrupted():
        with results.writing(path) as writer:
            writer.add({"image_id": 1})
            writer.add({"image_id": object()})

    with pytest.raises(TypeError):
        interrupted()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with results.writing(path):
        pass
    assert json.loads(path.read_text()) == []


@given(
    st.tuples(st.integers(0, 60), st.integers(0, 50), st.integers(20, 90), st.integers(20, 60)),
    st.integers(60, 300),
    st.integers(150, 400),
)
def test_boxes_are_in_the_photo_s_pixels(box, shortest, longest):
    """Whatever size the network sees; it finds them to about a pixel of its own."""
    x, y, w, h = box
    looked = Photo(1, "one", seen.photo([box]))
    network = seen.Reader()
    (found,) = photos.look(network, [looked], Data(tested=(shortest, longest)))
    height, width = network.seen[0].sizes[0].tolist()
    assert max(height, width) <= longest
    assert min(height, width) <= shortest
    assert len(found) == 1
    assert np.allclose(found.boxes[0], [x, y, x + w, y + h], atol=1.01 * max(160 / width, 1))


@given(st.lists(st.one_of(st.none(), st.integers(0, 2)), max_size=40), st.integers(1, 5))
def test_groups_are_of_one_kind_and_the_order_stays(kinds, most):
    taken, groups = [], []

    def items():
        for item in enumerate(kinds):
            taken.append(item)
            yield item

    def work(group):
        groups.append(group)
        return [number * number for number, _ in group]

    out = []
    for item, made in photos.in_groups(items(), lambda item: item[1], work, most):
        assert len(taken) - len(out) <= 2 * most
        out.append((item, made))
    assert out == [((n, kind), None if kind is None else n * n) for n, kind in enumerate(kinds)]
    assert all(len({kind for _, kind in group}) == 1 and len(group) <= most for group in groups)


def test_a_written_mask_is_where_the_mask_is():
    """Its pixels are the nearest to those of the mask, which begin at the box's corner."""
    for corner in (10.0, 10.4, 10.6, 10.9, -3.4):
        box = np.array([corner, corner + 1, corner + 20, corner + 21])
        person = Person(box, 1.0, mask=np.ones((20, 20), bool))
        written = rle.decode(results.entry(person, 1, (64, 64))["segmentation"])
        last = np.array([np.flatnonzero(written.any(axis=axis))[-1] + 1 for axis in (0, 1)])
        assert np.abs(last - box[2:]).max() <= 0.5


def test_a_photo_is_read_in_threads_in_order():
    def work(n):
        if n == 5:
            raise ValueError("five")
        return n * n

    found = list(photos.ahead(range(20), work))
    assert [n for n in found if not isinstance(n, ValueError)] == [n * n for n in range(20) if n != 5]
    assert str(found[5]) == "five"


def test_a_body_without_a_table_gets_a_coarse_one(plate, monkeypatch, tmp_path):
    monkeypatch.setenv("DENSEMARK_CACHE", str(tmp_path))
    other = seen.body()
    found = surface_of(other)
    assert "coarse" in found.name
    a, b = (found.locate(np.array([1]), np.array([u]), np.array([0.5])) for u in (0.2, 0.7))
    assert found.between(a, b) == pytest.approx([0.5], abs=1e-3)


def test_the_truth_of_images_that_were_not_looked_at_is_left_out(dataset, plate):
    found = truth.document(dataset, plate, ids={2})
    assert [entry["id"] for entry in found["images"]] == [2]
    assert [entry["image_id"] for entry in found["annotations"]] == [2]


def test_truth_that_cannot_be_read_is_named(plate, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"broken\.json"):
        truth.document(path, plate)
    path.write_text("[]")
    with pytest.raises(ValueError, match="no COCO file"):
        truth.document(path, plate)
    with pytest.raises(ValueError, match="no snapshot"):
        truth.document(tmp_path, plate)


def test_the_truth_of_a_snapshot_is_that_of_its_export(tmp_path):
    """A snapshot's folder gives what the file written from it says."""
    body = surface.load("anny")
    image, other = ImageRecord(1, "a.png", 80, 60), ImageRecord(2, "b.png", 80, 60)
    person = person_of(
        np.full((40, 40), 14, np.uint8), (10, 10), image,
        [[20.0, 20.0], [30.5, 44.0]], [[23, 0.5, 0.25], [24, 0.5, 1.0]], id=7,
        bbox=(10.0, 10.0, 40.0, 40.0), area=1600.0,
    )  # fmt: skip
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "images.jsonl").write_text(image_line(image) + "\n" + image_line(other) + "\n")
    (folder / "persons-train.jsonl").write_text(person_line(person) + "\n")
    formats.write("densepose-coco", tmp_path / "file.json", body, [image, other], [person])
    assert truth.document(folder, body) == truth.document(tmp_path / "file.json", body)
    assert [entry["id"] for entry in truth.document(folder, body, "train")["images"]] == [1]
    formats.write("densepose-cse", tmp_path / "cse.json", body, [image, other], [person])
    (entry,) = truth.document(tmp_path / "cse.json", body)["annotations"]
    places = body.position(*body.from_iuv(entry["dp_I"], entry["dp_U"], entry["dp_V"]))
    assert np.allclose(places, body.vertices[entry["dp_vertex"]], atol=1e-6)
