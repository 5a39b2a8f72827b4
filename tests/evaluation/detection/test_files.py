from __future__ import annotations

import base64
import copy
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from evaluation.detection import groundtruth, predictions
from tests.evaluation.detection import made

IUV = np.random.default_rng(0).integers(0, 256, (12, 10, 3)).astype(np.uint8)
DETECTION = {
    "image_id": 4, "category_id": 1, "bbox": [1.5, 2, 10.9, 12.0], "score": 0.5, "uv_shape": [3, 12, 10],
    "uv_data": made.png(IUV),
}  # fmt: skip
PERSON = {
    "id": 7, "image_id": 4, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 5, "iscrowd": 0, "segmentation": [],
    "dp_x": [1.0, 2], "dp_y": [3.0, 4.0], "dp_I": [1.0, 2.0], "dp_U": [0.1, 0.2], "dp_V": [0.3, 1.0], "dp_masks": [],
}  # fmt: skip
DATASET = {
    "images": [{"id": 4, "width": 20, "height": 30, "file_name": "four.jpg"}, {"id": 3, "width": 1, "height": 2}],
    "annotations": [PERSON, PERSON | {"id": 1}, PERSON | {"id": 9, "image_id": 3}, PERSON | {"id": 5, "image_id": 99}],
    "categories": [{"id": 1, "name": "person"}],
}


def test_ground_truth_comes_by_image_and_keeps_the_order_of_the_file(tmp_path):
    (tmp_path / "gt.json").write_text(json.dumps(DATASET))
    truth = groundtruth.read(tmp_path / "gt.json")
    assert truth.image_ids.tolist() == [3, 4]
    assert truth.file_names == ("", "four.jpg")
    assert truth.image_sizes.tolist() == [[2, 1], [30, 20]]
    assert truth.ids.tolist() == [9, 7, 1]
    assert truth.image.tolist() == [0, 1, 1]
    assert truth.start.tolist() == [0, 2, 4, 6]
    assert truth.V.tolist() == [0.3, 1.0] * 3
    assert truth.entries[1] == PERSON


def dropped(key):
    return lambda entry: entry.pop(key)


def put(key, value):
    return lambda entry: entry.update({key: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropped("image_id"), "annotation 7: 'image_id' is None, not a whole number"),
        (put("id", "7"), r"annotation 0 \(counted from 0\): 'id' is 7, not a whole number"),
        (put("id", 1), "annotation 1 is there 2 times"),
        (dropped("bbox"), "annotation 7: 'bbox' is None, not four finite numbers"),
        (put("bbox", [1, 2, 3]), "annotation 7: 'bbox'"),
        (put("bbox", [1, 2, 3, float("inf")]), "annotation 7: 'bbox'"),
        (put("area", None), "annotation 7: 'area' is None, not a finite number"),
        (put("area", 10**400), "annotation 7: 'area' is 1000.*, not a finite number"),
        (put("bbox", [1, 2, 3, 10**400]), "annotation 7: 'bbox'"),
        (put("dp_U", [0.5, 10**400]), "annotation 7: its points are not all"),
        (dropped("dp_U"), "annotation 7: 'dp_U' is missing, or not a list"),
        (put("dp_U", [0.5]), "annotation 7: its lists differ in length .*dp_U 1, dp_V 2"),
        (put("dp_U", [0.5, None]), "annotation 7: its points are not all"),
        (put("dp_U", [0.5, [1]]), "annotation 7: its points are not all"),
        (put("dp_U", [0.5, float("nan")]), "annotation 7: its points are not all finite numbers"),
    ],
)
def test_broken_annotations_are_named(change, message):
    dataset = copy.deepcopy(DATASET)
    change(dataset["annotations"][0])
    with pytest.raises(ValueError, match=message):
        groundtruth.from_coco(dataset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropped("annotations"), "no COCO dataset: 'annotations' is not a list of objects"),
        (put("images", [4]), "no COCO dataset: 'images' is not a list of objects"),
        (put("images", [{"id": 4, "width": 0, "height": 2}]), "image 4: a size of 0 x 2 pixels"),
        (put("images", [{"id": 4, "width": 5}]), "image 4: 'height' is None"),
        (put("images", [DATASET["images"][0]] * 2), "image 4 is there 2 times"),
        (put("images", [DATASET["images"][0] | {"ignore_regions_x": [[1]]}]), "image 4: it has regions to ignore"),
    ],
)
def test_broken_datasets_are_named(change, message):
    dataset = copy.deepcopy(DATASET)
    change(dataset)
    with pytest.raises(ValueError, match=message):
        groundtruth.from_coco(dataset)


@pytest.mark.parametrize("text", ["", "[1, 2", "[" * 100_000, "\udcff"])
def test_a_broken_file_is_named(tmp_path, text):
    path = tmp_path / "some.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    for read in (groundtruth.read, predictions.read):
        with pytest.raises(ValueError, match=r"some\.json"):
            read(path)


@given(st.lists(st.integers(0, 9), max_size=5), st.integers(1, 40), st.sampled_from([None, 1]))
@settings(max_examples=60, deadline=None)
def test_results_are_read_piece_by_piece(tmp_path_factory, scores, piece, indent):
    path = tmp_path_factory.mktemp("results") / "results.json"
    path.write_text("\n " + json.dumps([DETECTION | {"score": s} for s in scores], indent=indent) + " \n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictions, "_PIECE", piece)
        found = predictions.read(path)
    assert found.scores.tolist() == scores
    assert found.boxes.shape == (len(scores), 4)
    for row in range(len(scores)):
        assert (found.decode(row) == np.moveaxis(IUV, -1, 0)).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "no list of detections"),
        ("[1]", "detection 1 is no object"),
        ("[] x", "something follows the list"),
        ("[{} {}]", "detection 1: 'image_id' is None"),
        (json.dumps([DETECTION]) + "]", "something follows the list"),
        (json.dumps([DETECTION])[:-1], "damaged or cut off"),
        (json.dumps([DETECTION])[:-9], "damaged or cut off"),
        (json.dumps([DETECTION])[:-1] + " " + json.dumps(DETECTION) + "]", "damaged or cut off"),
        (json.dumps([DETECTION])[:-1] + ",]", "damaged or cut off"),
    ],
)
def test_broken_lists_of_results(tmp_path, text, message):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        predictions.read(tmp_path / "results.json")


def coded(image, kind="PNG"):
    file = io.BytesIO()
    image.save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropped("image_id"), "detection 1: 'image_id' is None"),
        (put("category_id", 1.5), "detection 1: 'category_id' is 1.5, not a whole number"),
        (put("score", float("nan")), "detection 1: 'score' is nan, not a finite number"),
        (put("score", True), "detection 1: 'score' is True, not a finite number"),
        (put("bbox", "1234"), "detection 1: 'bbox' is 1234, not four"),
        (dropped("uv_data"), "detection 1: 'uv_data' is missing, or no text"),
        (put("uv_data", "abcde"), "detection 1: 'uv_data' is not base64"),
        (put("uv_data", "é"), "detection 1: 'uv_data' is not base64"),
        (put("uv_data", "abcd"), "detection 1: 'uv_data' is no PNG, or a damaged one"),
        (put("uv_data", DETECTION["uv_data"][:231]), "detection 1: 'uv_data' is no PNG, or a damaged one"),
        (put("uv_data", coded(Image.fromarray(IUV), "BMP")), "detection 1: 'uv_data' is no PNG"),
        (put("uv_data", coded(Image.fromarray(IUV[..., 0]))), "PNG of mode L, 10 x 12; expected RGB"),
        (put("uv_data", coded(Image.new("RGB", (9000, 9000)))), "PNG of mode RGB, 9000 x 9000"),
        (put("bbox", [0, 0, 11, 12]), r"detection 1: its PNG is 10 x 12, its box 11 x 12 \(whole pixels\)"),
        (put("bbox", [0, 0, 10, 13.5]), "detection 1: its PNG is 10 x 12, its box 10 x 13"),
    ],
)
def test_broken_detections_are_named(change, message):
    entry = copy.deepcopy(DETECTION)
    change(entry)
    with pytest.raises(ValueError, match=message):
        predictions.from_entries([entry]).decode(0)
