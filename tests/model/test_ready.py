"""What would end a training late, or make it learn nothing, is told before its first step."""

import json

import pytest
from PIL import Image

import surface
from export.read import Dataset
from export.records import ImageRecord, PersonRecord, image_line, person_line
from model import recipe_text
from model.data.records import Images
from model.training import ready
from model.training.run import train
from tests.server.dense_files import document, entry

BODY = surface.load("anny")
FCN = recipe_text.read("fcn_tiny")
JOINTS = recipe_text.changed(FCN, ["network.kind=deeppose"])
BRANCHES = recipe_text.read("tiny_cascade")
LISTED = [{"id": k, "file_name": f"{k}.png", "width": 60, "height": 80} for k in (1, 2)]
DENSE = ("dp_masks", "dp_x", "dp_y", "dp_I", "dp_U", "dp_V")


def images(folder, *persons, photos=(1, 2), annotated=True, name="d.json"):
    (folder / name).write_text(json.dumps(document(persons, LISTED)))
    for k in photos:
        Image.new("RGB", (60, 80)).save(folder / f"{k}.png")
    return Images(folder / name, folder, BODY, annotated=annotated)


def without(person, *keys):
    return {key: value for key, value in person.items() if key not in keys}


def test_what_can_be_learned_from_is_not_complained_of(tmp_path):
    found = images(tmp_path, entry(1), entry(2, 2))
    for recipe in (FCN, JOINTS, BRANCHES):
        assert ready.check(recipe, found, found) == []
    assert ready.check(recipe_text.changed(BRANCHES, ["network.densepose=false"]), found, None) == []


def test_nothing_to_be_measured_on_ends_it_before_it_begins(tmp_path):
    found = images(tmp_path, entry(1))
    held = images(tmp_path, without(entry(1), *DENSE), name="held.json")
    with pytest.raises(ValueError, match=r"^held\.json: holds no image to be measured on.*--test"):
        train(FCN, found, held, BODY, tmp_path / "run")
    with pytest.raises(ValueError, match=r"^held\.json: holds no image to train on"):
        train(FCN, held, found, BODY, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_missing_photos_end_it_before_it_begins(tmp_path):
    found = images(tmp_path, entry(1), entry(2, 2), photos=[2])
    with pytest.raises(ValueError, match=r"^d\.json: 1 of 2 photos are missing: .*/1\.png$"):
        ready.check(FCN, found, None)
    whole = images(tmp_path, entry(2, 2), name="whole.json")  # the other image is none that is learned from
    (tmp_path / "1.png").unlink()
    assert ready.check(FCN, whole, None) == []
    with pytest.raises(ValueError, match="photos are missing"):
        ready.check(FCN, whole, found)


@pytest.mark.parametrize(
    ("lacking", "recipe", "told"),
    [
        ("keypoints", JOINTS, "no person has a keypoint: nothing"),
        ("keypoints", BRANCHES, ["no person has a keypoint: network.keypoints learns nothing"]),
        ("keypoints", FCN, []),
        ("dense", FCN, "no person has a point: nothing"),
        ("dense", JOINTS, []),
        ("dense", BRANCHES, ["no person has a point: network.densepose learns nothing"]),
        ("segmentation dense", BRANCHES, ["no person has a point: network.densepose learns nothing",
                                        "no person has an outline: network.masks learns nothing"]),
        ("segmentation dense keypoints", BRANCHES, "no person has a point or an outline or a keypoint: nothing"),
    ],
)  # fmt: skip
def test_branches_that_nothing_is_known_for(tmp_path, lacking, recipe, told):
    persons = [without(entry(k, k), *lacking.replace("dense", " ".join(DENSE)).split()) for k in (1, 2)]
    crowd = entry(3, 2, iscrowd=1)  # of which nothing is learned
    points = {"keypoints": [0.0] * 51} if "keypoints" in lacking else {}
    found = images(tmp_path, *({**person, **points} for person in persons), without(crowd, *DENSE), annotated=False)
    if isinstance(told, str):
        with pytest.raises(ValueError, match=f"^d\\.json: {told}"):
            ready.check(recipe, found, None)
    else:
        assert ready.check(recipe, found, None) == [f"d.json: {each}" for each in told]


def test_lines_of_a_snapshot_tell_what_is_known_of_a_person(tmp_path):
    (tmp_path / "images.jsonl").write_text(image_line(ImageRecord(1, "1.png", 60, 80)) + "\n")
    common = {"image_id": 1, "bbox": (1.0, 2.0, 30.0, 40.0), "area": 9.0}
    persons = [
        PersonRecord(id=1, **common),
        PersonRecord(id=2, keypoints=[1.0, 2.0, 2.0] * 17, **common),
        PersonRecord(id=3, segmentation=[[1.0, 2.0, 9.0, 2.0, 9.0, 9.0]], **common),
        PersonRecord(id=4, masks={3: "0"}, **common),
    ]
    (tmp_path / "persons-train.jsonl").write_text("".join(person_line(person) + "\n" for person in persons))
    found = Dataset(tmp_path, tmp_path, annotated=False)
    assert [found.jointed(row) for row in range(4)] == [False, True, False, False]
    assert [found.outlined(row) for row in range(4)] == [False, False, True, True]
