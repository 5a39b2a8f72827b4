"""Every way a DensePose-COCO file can mislead its reader is found, by annotation and rule."""

import copy
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask

import surface
from export.check import RULES, WARNINGS, check, check_document
from export.coco import PERSON_CATEGORY
from export.densepose_coco import entry as annotation
from export.records import ImageRecord
from tests.export.people import person_of


def rle_of(pixels):
    """A COCO RLE as pycocotools writes it."""
    rle = coco_mask.encode(np.asfortranarray(pixels, np.uint8))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


IMAGE = ImageRecord(7, "a.jpg", 100, 90)
SEGMENTATION = rle_of(np.arange(90 * 100).reshape(90, 100) % 7 < 3)


def sound():
    """Two annotated persons and one without points."""
    label_map = np.zeros((60, 50), np.uint8)
    label_map[:30] = 1
    label_map[30:] = 14
    persons = [
        person_of(
            label_map, (5, 6), IMAGE, [[20.5, 20.5], [30.5, 50.5]], [[1, 0.5, 0.25], [23, 0.1, 0.9]],
            id=key, bbox=(5.0, 6.0, 50.0, 60.0), area=900.0,
        )
        for key in (4, 5)
    ]  # fmt: skip
    persons.append(person_of(image=IMAGE, id=6, bbox=(5.0, 6.0, 50.0, 60.0), area=900.0))
    return {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 90}],
        "categories": [PERSON_CATEGORY],
        "annotations": [json.loads(json.dumps(annotation(person, IMAGE))) for person in persons],
    }


def broken(**changes):
    """The sound file with the first person changed; None takes a key away."""
    document = copy.deepcopy(sound())
    entry = document["annotations"][0]
    for key, value in changes.items():
        if value is None:
            del entry[key]
        else:
            entry[key] = value
    return document


def mask(size, counts):
    return [{"size": size, "counts": counts}, *[[]] * 13]


def found(document):
    return {(problem.annotation_id, problem.rule) for problem in check_document(document).problems}


def test_a_segmentation_may_be_a_mask():
    assert found(broken(segmentation=SEGMENTATION)) == set()
    assert found(broken(segmentation={"size": [90, 100], "counts": [4000, 1000, 4000]})) == set()


def test_a_sound_file_has_no_problem():
    report = check_document(sound())
    assert report.problems == []
    assert report.ok
    assert report.counts == {"images": 1, "persons": 3, "annotated": 2, "points": 4, "masks": 4}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"id": "4"}, "id-integer"),
        ({"id": 4.0}, "id-integer"),
        ({"id": 0}, "id-positive"),
        ({"id": -3}, "id-positive"),
        ({"id": 5}, "id-unique"),
        ({"image_id": 99}, "image-missing"),
        ({"image_id": [7]}, "image-missing"),
        ({"bbox": None}, "key-missing"),
        ({"area": None}, "key-missing"),
        ({"iscrowd": None}, "key-missing"),
        ({"category_id": None}, "key-missing"),
        ({"segmentation": None}, "key-missing"),
        ({"image_id": None}, "key-missing"),
        ({"category_id": 2}, "category"),
        ({"category_id": [1]}, "category"),
        ({"bbox": [5.0, 6.0, float("nan"), 60.0]}, "bbox"),
        ({"bbox": [5.0, 6.0, 0.0, 60.0]}, "bbox"),
        ({"bbox": [5.0, 6.0, 60.0]}, "bbox"),
        ({"area": 0}, "area"),
        ({"area": float("nan")}, "area"),
        ({"iscrowd": 1}, "iscrowd"),
        ({"ignore": 1}, "ignore"),
        ({"segmentation": []}, "segmentation-empty"),
        ({"segmentation": "x"}, "segmentation-empty"),
        ({"segmentation": [[1.0, 2.0, 3.0, 4.0]]}, "segmentation-polygon"),
        ({"segmentation": [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]}, "segmentation-polygon"),
        ({"segmentation": [[1.0, 2.0, 3.0, 4.0, 5.0, float("nan")]]}, "segmentation-polygon"),
        ({"segmentation": [[1.0, 2.0, 3.0, 4.0, 5.0, 1e9]]}, "segmentation-polygon"),
        ({"segmentation": {"size": [90, 100], "counts": "0"}}, "segmentation-rle"),
        ({"segmentation": {"size": [10, 10], "counts": [100]}}, "segmentation-rle"),
        ({"segmentation": SEGMENTATION | {"size": [100, 90]}}, "segmentation-rle"),
        ({"segmentation": SEGMENTATION | {"size": [90.0, 100]}}, "segmentation-rle"),
        ({"segmentation": SEGMENTATION | {"counts": SEGMENTATION["counts"][:-1]}}, "segmentation-rle"),
        ({"segmentation": SEGMENTATION | {"counts": "é"}}, "segmentation-rle"),
        ({"keypoints": [1.0] * 50, "num_keypoints": 17}, "keypoints"),
        ({"segmentation": [[0.0, 0.0, 1e6, 1e6] * 40]}, "segmentation-polygon"),
        ({"bbox": [5.0, 6.0, 50.0, 1e308]}, "bbox"),
        ({"bbox": [5.0, 6.0, 50.0, 2e6]}, "bbox"),
        ({"bbox": [100.0, 6.0, 50.0, 60.0]}, "bbox-outside"),
        ({"bbox": [5.0, -60.0, 50.0, 60.0]}, "bbox-outside"),
        ({"keypoints": [1.0] * 51}, "num-keypoints"),
        ({"keypoints": [1.0] * 51, "num_keypoints": 17.0}, "num-keypoints"),
        ({"dp_U": None}, "points-incomplete"),
        ({"dp_x": None}, "points-incomplete"),
        ({"dp_x": [], "dp_y": [], "dp_I": [], "dp_U": [], "dp_V": []}, "points-empty"),
        ({"dp_x": [1.0]}, "points-length"),
        ({"dp_x": [1.0, float("nan")]}, "points-number"),
        ({"dp_x": [1.0, None]}, "points-number"),
        ({"dp_y": "12"}, "points-number"),
        ({"dp_U": [0, 1]}, "points-float"),
        ({"dp_I": [1, 23]}, "points-float"),
        ({"dp_x": [1.0, 256.5]}, "points-range"),
        ({"dp_y": [-0.5, 3.0]}, "points-range"),
        ({"dp_I": [1.0, 25.0]}, "chart-range"),
        ({"dp_I": [0.0, 1.0]}, "chart-range"),
        ({"dp_I": [1.5, 23.0]}, "chart-range"),
        ({"dp_U": [1.2, 0.5]}, "uv-range"),
        ({"dp_V": [0.5, -0.1]}, "uv-range"),
        ({"dp_vertex": [0.5, -1.0], "ref_model": "smpl_27554"}, "vertex"),
        ({"dp_vertex": [0, 27554], "ref_model": "smpl_27554"}, "vertex"),
        ({"dp_vertex": [0, 1], "ref_model": 27554}, "ref-model"),
        ({"dp_vertex": [0, 1], "ref_model": ""}, "ref-model"),
        ({"id": 2**63}, "id-integer"),
        ({"dp_masks": None}, "masks-missing"),
        ({"dp_masks": [[]] * 13}, "masks-count"),
        ({"dp_masks": mask([128, 128], "PPPP")}, "mask-size"),
        ({"dp_masks": mask([256, 256], "0")}, "mask-rle"),
        ({"dp_masks": mask([256, 256], [65536])}, "mask-rle"),
        ({"dp_masks": [[]] * 14}, "point-off-mask"),
        ({"dp_I": [2.0, 1.0]}, "chart-off-mask"),
    ],
)
def test_each_broken_rule_is_found_at_its_annotation(changes, rule):
    document = broken(**changes)
    expected = document["annotations"][0]["id"]
    assert (expected, rule) in found(document)
    others = {key for key, _ in found(document)} - {expected}
    assert others == set(), "the sound persons stay without a problem"
    assert check_document(document).ok == (rule in WARNINGS)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"categories": []}, "category"),
        ({"categories": [{"id": 1, "name": "person"}]}, "category"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "width": 100}]}, "image-entry"),
        ({"images": [{"id": "7", "file_name": "a.jpg", "width": 100, "height": 90}]}, "image-entry"),
        ({"images": [{"id": 7, "width": 100, "height": 90}]}, "image-entry"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 90}] * 2}, "image-entry"),
        ({"annotations": [3]}, "annotation-entry"),
    ],
)
def test_problems_of_the_file_as_a_whole(change, rule):
    assert (None, rule) in found(sound() | change)


def test_masks_without_points_and_points_without_masks_are_told_apart():
    without_points = broken(dp_x=None, dp_y=None, dp_I=None, dp_U=None, dp_V=None)
    assert found(without_points) == {(4, "points-incomplete")}
    assert found(broken(dp_masks=None)) == {(4, "masks-missing")}


def test_vertices_may_stand_in_place_of_charts():
    assert found(broken(dp_I=None, dp_U=None, dp_V=None, dp_vertex=[3, 400], ref_model="smpl_27554")) == set()
    assert found(broken(dp_I=None, dp_U=None, dp_V=None, dp_vertex=[3, 400])) == {(4, "points-incomplete")}
    assert found(broken(dp_I=None, dp_U=None, dp_V=None, dp_vertex=[3, -4], ref_model="m")) == {(4, "vertex")}
    vertices = {"dp_I": None, "dp_U": None, "dp_V": None, "dp_vertex": [3, 400], "ref_model": "m"}
    assert found(broken(**vertices, dp_masks=[[]] * 14)) == {(4, "point-off-mask")}
    assert found(broken(dp_vertex=[3, 400], ref_model="smpl_27554")) == set()  # the reader takes both


def test_a_problem_says_where_what_and_what_follows():
    (problem,) = check_document(broken(dp_U=[1.2, 0.5])).problems
    assert str(problem) == f"annotation 4: uv-range: dp_U[0] is 1.2, outside 0..1 (error: {RULES['uv-range']})"
    (problem,) = check_document(broken(dp_I=[2.0, 1.0])).problems
    assert problem.severity == "warning"
    assert problem.message == "point 1: chart 1 of part 1 is on part 14"


def test_files_are_read_and_no_coco_is_refused_in_one_line(tmp_path):
    path = tmp_path / "d.json"
    path.write_text(json.dumps(sound()))
    assert check(path).ok
    path.write_text(json.dumps(broken(dp_U=[float("nan"), 0.5])))
    assert [(p.annotation_id, p.rule) for p in check(path).errors] == [(4, "points-number")]
    for content in (b"{", b"[]", b"\xff", b'{"images": []}', b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"d\.json: is not") as error:
            check(path)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"gone\.json: cannot be read"):
        check(tmp_path / "gone.json")


def test_vertices_are_checked_against_the_body_they_are_on():
    body = surface.load("anny")
    last = len(body.vertices) - 1
    changes = {"dp_I": None, "dp_U": None, "dp_V": None}

    def rules(vertex, name):
        document = broken(**changes, dp_vertex=[0, vertex], ref_model=name)
        return {problem.rule for problem in check_document(document, body=body).problems}

    assert rules(last, body.name) == set()
    assert rules(last + 1, body.name) == {"vertex"}
    assert rules(last, "smpl_27554") == {"ref-model"}


def test_a_file_is_judged_the_same_whatever_the_order_of_its_keys(tmp_path):
    document = broken(category_id=3, id=5, dp_U=[1.2, 0.5])
    expected = sorted(map(str, check_document(document).problems))
    assert len(expected) == 3
    for order in itertools.permutations(document):
        path = tmp_path / "d.json"
        path.write_text(json.dumps({key: document[key] for key in order}))
        assert sorted(map(str, check(path).problems)) == expected
        assert check(path).counts == check_document(document).counts


def test_many_breaches_of_a_rule_are_counted_and_a_few_listed():
    document = sound()
    document["annotations"] = [broken(dp_U=[1.2, 1.3])["annotations"][0] | {"id": key} for key in range(1, 101)]
    report = check_document(document, limit=7)
    assert [problem.annotation_id for problem in report.problems] == [1, 1, 2, 2, 3, 3, 4]
    assert report.breaches == {"uv-range": 200}
    assert report.unlisted == {"uv-range": 193}
    assert not report.ok
    assert not check_document(document, limit=0).ok
    assert check_document(sound()).unlisted == {}


def test_images_that_are_missing_or_of_another_size_are_found(tmp_path):
    document = sound()
    document["images"] += [
        {"id": 8, "file_name": "gone.png", "width": 100, "height": 90},
        {"id": 9, "file_name": "turned.jpg", "width": 100, "height": 90},
        {"id": 10, "file_name": "small.png", "width": 100, "height": 90},
        {"id": 11, "file_name": "text.png", "width": 100, "height": 90},
    ]
    path = tmp_path / "d.json"
    path.write_text(json.dumps(document))
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (100, 90)).save(folder / "a.jpg")
    turned = Image.Exif()
    turned[274] = 6
    Image.new("RGB", (90, 100)).save(folder / "turned.jpg", exif=turned)
    Image.new("RGB", (99, 90)).save(folder / "small.png")
    (folder / "text.png").write_text("no image")
    assert check(path).ok
    problems = check(path, images=folder).problems
    assert [(p.rule, p.message.split(":")[0]) for p in problems] == [
        ("image-file", "image 8"),
        ("image-size", "image 10"),
        ("image-file", "image 11"),
    ]
    assert "99 x 90 pixels, the file says 100 x 90" in problems[1].message


def test_every_rule_is_explained_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in text] == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_judged_and_never_a_crash(data):
    document = sound()
    target = data.draw(st.sampled_from([document, *document["annotations"], *document["images"]]))
    key = data.draw(st.sampled_from(sorted(target)))
    value = data.draw(st.lists(json_values, max_size=3) if target is document and key != "categories" else json_values)
    target[key] = value
    report = check_document(document)
    assert all(problem.rule in RULES for problem in report.problems)
