"""Label maps survive every form they are stored in, and whatever does not fit is refused by name."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from annotation.masks import decode_rle, decode_runs, encode_runs, from_coco_rle, merge, region_of, to_coco_rle

label_maps = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 255))
blocky_maps = st.builds(
    lambda coarse, factor: np.kron(coarse, np.ones((factor, factor), np.uint8)),
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.integers(0, 255)),
    st.integers(1, 5),
)


@given(label_maps | blocky_maps)
def test_runs_round_trip_through_json(label_map):
    runs = json.loads(json.dumps(encode_runs(label_map)))
    assert np.array_equal(decode_runs(runs, *label_map.shape), label_map)
    assert all(a != b for a, b in zip(runs[::2], runs[2::2], strict=False)), "runs are as long as they can be"


@given(label_maps | blocky_maps, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_coco_rle_equals_the_one_of_the_painted_image(label_map, left, top, right, bottom):
    h, w = label_map.shape
    height, width = top + h + bottom, left + w + right
    rles = to_coco_rle(label_map, (left, top), width, height)
    image = np.zeros((height, width), np.uint8)
    image[top : top + h, left : left + w] = label_map
    assert set(rles) == set(np.unique(label_map).tolist()) - {0}
    for label, rle in rles.items():
        painted = coco_mask.encode(np.asfortranarray(image == label))
        assert rle == {"size": [height, width], "counts": painted["counts"].decode()}
        assert np.array_equal(decode_rle(rle), coco_mask.decode(painted).astype(bool))
    assert np.array_equal(from_coco_rle(rles, (left, top, w, h)), label_map)


def test_runs_of_large_images_are_those_of_pycocotools():
    label_map = np.kron(np.arange(6, dtype=np.uint8).reshape(2, 3), np.ones((700, 500), np.uint8))
    rles = to_coco_rle(label_map, (6_500, 900), 8_000, 2_300)
    image = np.zeros((2_300, 8_000), np.uint8)
    image[900:, 6_500:] = label_map
    for label in range(1, 6):
        assert rles[label]["counts"] == coco_mask.encode(np.asfortranarray(image == label))["counts"].decode()
    assert np.array_equal(from_coco_rle(rles, (6_500, 900, 1_500, 1_400)), label_map)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([1], "pairs"),
        ([15, 6], r"run 0: label 15 is outside 0\.\.14"),
        ([256, 6], r"run 0: label 256 is outside 0\.\.14"),
        ([0, 3, -1, 3], "run 1: label -1"),
        ([0, 0, 1, 6], "run 0: length 0"),
        ([0, 3, 1, -1], "run 1: length -1"),
        ([0, 5], "runs cover 5 pixels"),
        ([0, 6, 1, 1], "runs cover 7 pixels"),
        ([0, 2**70], "run 0: length .* is outside"),
        ([True, 6], "run 0: True is not an integer"),
        ([0.0, 6], "run 0: 0.0 is not an integer"),
        ([0, "6"], "run 0: '6' is not an integer"),
        ([], "runs cover 0 pixels"),
    ],
)
def test_broken_runs_are_refused_by_number(runs, message):
    with pytest.raises(ValueError, match=message):
        decode_runs(runs, 2, 3, parts=14)


@pytest.mark.parametrize("parts", [1, 3, 14, 40, 255])
def test_a_body_has_its_own_range_of_labels(parts):
    assert decode_runs([parts, 6], 2, 3, parts).max() == parts
    with pytest.raises(ValueError, match=rf"label {parts + 1} is outside 0\.\.{parts}$"):
        decode_runs([parts + 1, 6], 2, 3, parts)


@pytest.mark.parametrize(
    ("label_map", "message"),
    [
        (np.zeros((0, 3), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((2, 2), np.int32), "uint8"),
    ],
)
def test_only_label_maps_are_encoded(label_map, message):
    with pytest.raises(ValueError, match=message):
        encode_runs(label_map)


@pytest.mark.parametrize(
    ("bbox", "region"),
    [
        ([1.5, 2.5, 3, 4], (1, 2, 4, 5)),
        ([0, 0, 10, 8], (0, 0, 10, 8)),
        ([-3.2, -1, 6, 6], (0, 0, 3, 5)),
        ([8.5, 7.5, 30, 30], (8, 7, 2, 1)),
        ([0.1, 0.2, 9.9, 7.8], (0, 0, 10, 8)),
        ([2.3, 0, 4.7, 1], (2, 0, 5, 1)),  # 2.3 + 4.7 is 7.000000000000001 in floats for some such pairs
    ],
)
def test_region_is_the_integer_hull_in_the_image(bbox, region):
    assert region_of(bbox, 10, 8) == region


@pytest.mark.parametrize(
    ("bbox", "message"),
    [
        ([0, 0, float("nan"), 1], "finite"),
        ([0, 0, 1], "four"),
        ([0, 0, 0, 1], "no area"),
        ([3, 3, -1, 1], "no area"),
        ([10, 0, 5, 5], "outside the image of 10x8"),
        ([-5, 0, 5, 5], "outside the image"),
    ],
)
def test_boxes_without_pixels_are_refused(bbox, message):
    with pytest.raises(ValueError, match=message):
        region_of(bbox, 10, 8)


def test_later_masks_overwrite_earlier_ones():
    torso = np.array([[1, 1, 0]], bool)
    hand = np.array([[0, 1, 1]], bool)
    assert merge({2: hand, 1: torso}).tolist() == [[1, 2, 2]]
    assert merge({255: torso, 3: hand}).tolist() == [[255, 255, 3]]
    with pytest.raises(ValueError, match="label 256"):
        merge({256: torso})
    with pytest.raises(ValueError, match="one shape"):
        merge({1: torso, 2: hand.T})


@pytest.mark.parametrize(
    ("rle", "message"),
    [
        ({"size": [60, 60], "counts": "0T^2"}, "cover 2500 pixels, its size .* has 3600"),
        ({"size": [10, 10], "counts": "0T^2"}, "cover 2500"),
        ({"size": [5, 5], "counts": "\x01"}, "character"),
        ({"size": [5, 5], "counts": "P"}, "middle of a number"),
        ({"size": [5, 5], "counts": "é"}, "middle|character|cover"),
        ({"size": [5, 5], "counts": "P" * 90}, "character"),
        ({"size": [5, 5], "counts": [30, -5]}, "below zero"),
        ({"size": [5, 5], "counts": 3}, "neither"),
        ({"size": [5], "counts": "0i0"}, "size"),
        ({"counts": "0i0"}, "size"),
    ],
)
def test_broken_rle_is_refused(rle, message):
    with pytest.raises(ValueError, match=message):
        decode_rle(rle)


def test_regions_outside_the_image_are_refused():
    label_map = np.ones((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"region \[8, 0, 3, 2\] reaches outside the image of 10x8"):
        to_coco_rle(label_map, (8, 0), 10, 8)
    rles = to_coco_rle(label_map, (0, 0), 10, 8)
    with pytest.raises(ValueError, match="outside the mask"):
        from_coco_rle(rles, (8, 0, 3, 2))
    with pytest.raises(ValueError, match="label 0"):
        from_coco_rle({0: rles[1]}, (0, 0, 3, 2))
