"""Persons come out of COCO files as they are meant; what cannot be annotated is refused by id."""

import copy
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.coco_in import CocoImage, CocoPerson, persons, survey


def document():
    keypoints = [0, 0, 0] * 16 + [30, 40, 2]
    person = {"image_id": 7, "category_id": 1, "iscrowd": 0, "area": 600.0, "segmentation": [[1, 1, 20, 1, 20, 30]]}
    return {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 100, "height": 80},
            {"id": 8, "file_name": "sub/b.jpg", "width": 50, "height": 50},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
        "annotations": [
            person | {"id": 1, "bbox": [10.5, 20.25, 30, 40], "keypoints": keypoints},
            person | {"id": 2, "bbox": [0, 0, 5, 5], "image_id": 8},
            person | {"id": 3, "bbox": [0, 0, 5, 5], "category_id": 18},
        ],
    }


class Read:
    """All that a file holds."""

    def __init__(self, path):
        coco = survey(path)
        found = list(persons(coco))
        self.images = list(coco.images.values())
        self.persons = [person for person in found if isinstance(person, CocoPerson)]
        self.refused = [tuple(person) for person in found if not isinstance(person, CocoPerson)]
        self.notes = [(person.id, note) for person in self.persons for note in person.notes]


def read(path):
    return Read(path)


def parse(document):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coco.json"
        path.write_text(json.dumps(document))
        return read(path)


def one(**changes):
    """The file with the first person changed."""
    changed = document()
    changed["annotations"][0] |= changes
    return parse(changed)


def test_images_and_persons_are_read_and_other_categories_passed_over():
    result = parse(document())
    assert result.images == [CocoImage(7, "a.jpg", 100, 80), CocoImage(8, "sub/b.jpg", 50, 50)]
    assert [(p.id, p.image_id, p.bbox) for p in result.persons] == [
        (1, 7, (10.5, 20.25, 30.0, 40.0)),
        (2, 8, (0.0, 0.0, 5.0, 5.0)),
    ]
    first, second = result.persons
    assert first.area == 600.0
    assert first.segmentation == [[1, 1, 20, 1, 20, 30]]
    assert first.keypoints[-3:] == [30, 40, 2]
    assert second.keypoints is None
    assert result.refused == []
    assert result.notes == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bbox": [float("nan"), 0, 5, 5]}, "four finite numbers"),
        ({"bbox": [0, 0, float("inf"), 5]}, "four finite numbers"),
        ({"bbox": [0, 0, 10**400, 5]}, "four finite numbers"),
        ({"bbox": [0, 0, "5", 5]}, "four finite numbers"),
        ({"bbox": [0, 0, True, 5]}, "four finite numbers"),
        ({"bbox": [0, 0, 5]}, "four finite numbers"),
        ({"bbox": None}, "four finite numbers"),
        ({"bbox": [10, 10, -5, 5]}, "has no area"),
        ({"bbox": [10, 10, 0, 5]}, "has no area"),
        ({"bbox": [100, 10, 5, 5]}, "outside its image of 100x80"),
        ({"bbox": [-20, 10, 20, 5]}, "outside its image"),
        ({"bbox": [10, 10, 0.5, 5]}, "less than a pixel"),
        ({"bbox": [99.5, 10, 30, 5]}, "less than a pixel"),
        ({"iscrowd": 1}, "crowd"),
        ({"image_id": 99}, "image 99 is not in the file"),
        ({"image_id": "7"}, "image_id '7' is not an integer"),
        ({"id": "x"}, "id 'x' is not an integer"),
        ({"id": None}, "id None is not an integer"),
        ({"id": 0}, "id-positive: id is 0"),
        ({"id": -3}, "id-positive: id is -3"),
    ],
)
def test_persons_that_cannot_be_annotated_are_refused_with_a_reason(changes, reason):
    result = one(**changes)
    assert [person.id for person in result.persons] == [2]
    assert len(result.refused) == 1
    assert result.refused[0][0] == changes.get("id", 1)
    assert reason in result.refused[0][1]


@pytest.mark.parametrize(
    ("changes", "mended", "note"),
    [
        ({"bbox": [-5, 70, 20, 20]}, {"bbox": (0.0, 70.0, 15.0, 10.0)}, "is clipped"),
        ({"area": float("nan")}, {"area": 1200.0}, "no usable area"),
        ({"area": 0}, {"area": 1200.0}, "no usable area"),
        ({"segmentation": [[1, 1, 2, 2]]}, {"segmentation": None}, "polygon 0 has 4 numbers"),
        ({"segmentation": [[0, 0, 2e6, 0, 2e6, 2e6]]}, {"segmentation": None}, "more than 1000000 pixels"),
        ({"segmentation": [[0, 0, 1e6, 1e6] * 40]}, {"segmentation": None}, "an outline of more than"),
        ({"id": 10**15}, {"id": 10**15}, "more than 15 digits"),
        ({"area": 10**305}, {"area": 1200.0}, "no usable area"),
        ({"segmentation": {"size": [80, 100], "counts": "0"}}, {"segmentation": None}, "unusable segmentation"),
        ({"segmentation": {"size": [5, 5], "counts": [25]}}, {"segmentation": None}, "its size is [5, 5]"),
        ({"segmentation": {"size": [80, 100], "counts": [10**30]}}, {"segmentation": None}, "unusable segmentation"),
        ({"segmentation": "x"}, {"segmentation": None}, "neither polygons nor RLE"),
        ({"keypoints": [1, 2, 2]}, {"keypoints": None}, "17 times"),
        ({"keypoints": [1, 2, 7] * 17}, {"keypoints": None}, "17 times"),
    ],
)
def test_what_can_be_mended_is_taken_with_a_note(changes, mended, note):
    result = one(**changes)
    assert result.refused == []
    (key, text) = result.notes[0]
    assert key == changes.get("id", 1)
    assert note in text
    for name, value in mended.items():
        assert getattr(result.persons[0], name) == value


def test_a_whole_box_of_two_decimals_is_not_called_clipped():
    result = one(bbox=[40.04, 48.81, 59.96, 31.19])  # 40.04 + 59.96 may end a rounding error beyond 100
    assert result.notes == []
    x, y, w, h = result.persons[0].bbox
    assert x + w <= 100
    assert y + h <= 80


def test_nothing_labelled_means_no_keypoints():
    assert one(keypoints=[0] * 51).persons[0].keypoints is None


def test_duplicate_ids_keep_the_first():
    changed = document()
    changed["annotations"][1]["id"] = 1
    result = parse(changed)
    assert [p.image_id for p in result.persons] == [7]
    assert result.refused == [(1, "id-unique: id 1 appears twice; the first one is taken")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"file_name": "../a.jpg"}, "no usable file_name"),
        ({"file_name": "/etc/a.jpg"}, "no usable file_name"),
        ({"file_name": "..\\a.jpg"}, "no usable file_name"),
        ({"file_name": ""}, "no usable file_name"),
        ({"file_name": None}, "no usable file_name"),
        ({"width": 0}, "no usable size"),
        ({"height": 80.5}, "no usable size"),
        ({"id": 8}, "appears twice"),
    ],
)
def test_persons_of_broken_images_say_what_the_image_lacks(change, reason):
    changed = document()
    changed["images"][0] |= change
    result = parse(changed)
    assert not any(image.id == change.get("id", 7) for image in result.images)
    assert reason in " ".join(text for _, text in result.refused)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xd8\xff", "coco.json: is not JSON"),
        (b"{", "coco.json: is not JSON"),
        (b'{"images": ' + b"[" * 100_000, "coco.json: is not JSON"),
        (b"[]", "coco.json: is not a COCO file"),
        (b'{"images": []}', "no list of annotations"),
        (b'{"images": {}, "annotations": []}', "no list of images"),
        (b'{"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}', "named person, only cat"),
        (b'{"images": [], "annotations": [], "categories": [3]}', "categories"),
    ],
)
def test_files_that_are_no_coco_are_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "coco.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone.json: cannot be read"):
        read(tmp_path / "gone.json")


def test_a_file_without_categories_holds_persons_as_1(tmp_path):
    bare = document()
    del bare["categories"]
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(bare))
    assert [p.id for p in read(path).persons] == [1, 2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_taken_or_refused_but_never_a_crash(data):
    changed = copy.deepcopy(document())
    entry = data.draw(st.sampled_from([*changed["annotations"], *changed["images"]]))
    entry[data.draw(st.sampled_from(sorted(entry)))] = data.draw(json_values)
    result = parse(changed)
    sizes = {image.id: (image.width, image.height) for image in result.images}
    for person in result.persons:
        x, y, w, h = person.bbox
        width, height = sizes[person.image_id]
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
