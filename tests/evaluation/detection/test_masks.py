from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from scipy.ndimage import zoom

from evaluation.detection import masks
from tests.evaluation.detection import literal, made

SIDES = st.one_of(st.floats(0, 600), st.integers(1, 600).map(float), st.sampled_from([0.4, 1.5, 2.5, 256.0, 511.0]))


def whole(crop, height, width):
    """The crop in its image."""
    out = np.zeros((height, width), bool)
    h, w = crop.pixels.shape
    out[crop.y : crop.y + h, crop.x : crop.x + w] = crop.pixels
    return out


@given(st.integers(0, 2**32 - 1), SIDES, SIDES, st.booleans())
@settings(max_examples=80, deadline=None)
def test_resized_as_scipy_does_it(seed, height, width, noise):
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 2, (256, 256)).astype(np.uint8) if noise else made.blob(rng, 256, 256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale = max(height, 1.0) / 256, max(width, 1.0) / 256
        expected = zoom(mask.astype(float), scale, order=1, prefilter=False) > 0.5
    entry = {"bbox": [0.0, 0.0, width, height], "dp_masks": [made.rle(mask)]}
    found = masks.of_person(entry, 700, 700)
    # Pasted, the last row and column of a rounded-up box are cut off.
    expected[int(height) :], expected[:, int(width) :] = False, False
    assert (whole(found, 700, 700)[: expected.shape[0], : expected.shape[1]] == expected).all()
    assert found.area == np.count_nonzero(expected)


def test_resized_to_every_size_as_scipy_does_it():
    mask = np.random.default_rng(1).integers(0, 2, (256, 256)).astype(np.uint8)
    for size in range(1, 520, 3):
        expected = zoom(mask[:, :3].astype(float), (size / 256, 1.0), order=1, prefilter=False) > 0.5
        wide = np.zeros((256, 256), np.uint8)
        wide[:, :3] = mask[:, :3]
        found = masks.of_person({"bbox": [0, 0, 256, size], "dp_masks": [made.rle(wide)]}, 520, 256)
        assert (whole(found, 520, 256)[:size, :2] == expected[:, :2]).all(), size


@given(st.lists(st.integers(0, 2**32 - 1), max_size=16), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_first_fourteen_masks_are_one(seeds, uncompressed):
    parts = [made.blob(np.random.default_rng(seed), 256, 256) for seed in seeds]
    entries = [made.rle(part) if part.any() else [] for part in parts]
    if uncompressed and entries:
        flat = parts[0].T.ravel()
        changes = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
        entries[0] = {"size": [256, 256], "counts": np.diff([0, *changes, flat.size]).tolist()}
    expected = np.zeros((256, 256), bool)
    for part in parts[:14]:
        expected |= part > 0
    assert (masks.union(entries) == expected).all()


GOOD = made.rle(np.eye(256, dtype=np.uint8))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"size": [256, 256], "counts": GOOD["counts"][:-3]}, "RLE counts"),
        ({"size": [256, 256], "counts": GOOD["counts"] + "1"}, "RLE counts"),
        ({"size": [256, 256], "counts": GOOD["counts"] + "\n" + GOOD["counts"]}, "a character that no RLE has"),
        ({"size": [256, 256], "counts": "~é"}, "a character that no RLE has"),
        ({"size": [256, 256], "counts": "P" * 40}, "RLE counts"),
        ({"size": [256, 256]}, "neither a string nor a list"),
        ({"size": [128, 128], "counts": [128 * 128]}, r"size \[128, 128\], not \[256, 256\]"),
        ({"counts": "0"}, "size None is not two positive integers"),
        ("text", "is no RLE"),
        (7, "is no RLE"),
    ],
)
def test_damaged_masks_are_named(bad, message):
    with pytest.raises(ValueError, match=rf"dp_masks\[1\].*{message}"):
        masks.of_person({"bbox": [0, 0, 9, 9], "dp_masks": [GOOD, bad]}, 50, 50)


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ([[0, 0, 5, 5]] * 2 + [[0, 0, 5, 5, 5]], "polygon 0 has 4 numbers"),
        ([[0, 0, 5, 5, float("nan"), 5]], "polygon 0 is not a list of finite"),
        (["text"], "polygon 0 is not a list"),
        ([[0, 0, 1e9, 0, 1e9, 1e9]], "polygon 0 reaches more than 1000000 pixels"),
        ([[0, 0, 10**400, 0, 5, 5]], "polygon 0 reaches more than"),
        ({"size": None, "counts": ""}, "segmentation has size None"),
        ({"size": [50, 49], "counts": [50 * 49]}, r"size \[50, 49\], its image \[50, 50\]"),
        ({"size": [50, 50], "counts": [7]}, "RLE counts cover 7 pixels"),
    ],
)
def test_damaged_segmentations_are_named(segmentation, message):
    with pytest.raises(ValueError, match=message):
        masks.of_person({"bbox": [0, 0, 9, 9], "segmentation": segmentation}, 50, 50)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_pasted_masks_and_their_overlaps(seed):
    rng = np.random.default_rng(seed)
    persons = [made.person(rng, k, 1) for k in range(3)]
    boxes = np.array([made.box(rng) for _ in range(4)])
    labels = [made.blob(rng, max(int(h), 1), max(int(w), 1)) * np.uint8(25) for _, _, w, h in boxes]
    size = made.HEIGHT, made.WIDTH
    ours = [masks.of_detection(lab, box, *size) for lab, box in zip(labels, boxes, strict=True)]
    theirs = [masks.of_person(person, *size) for person in persons]
    crowd = rng.random(3) < 0.5
    for crop, lab, box in zip(ours, labels, boxes, strict=True):
        assert (whole(crop, *size) == literal.paste(lab > 0, box, *size)).all()
    for crop, person in zip(theirs, persons, strict=True):
        assert (whole(crop, *size) == literal.person_mask(person, *size)).all()
    encoded = [[coco_mask.encode(np.asfortranarray(whole(c, *size).view(np.uint8))) for c in g] for g in (ours, theirs)]
    assert (masks.overlaps(ours, theirs, crowd) == coco_mask.iou(*encoded, crowd.astype(int).tolist())).all()
    places = np.array([person["bbox"] for person in persons])
    found = masks.box_overlaps(boxes, places, crowd)
    assert (found == coco_mask.iou(boxes.tolist(), places.tolist(), crowd.astype(int).tolist())).all()


@pytest.mark.parametrize("masks_", [None, 5, {"a": 1}])
def test_masks_that_are_no_list_are_named(masks_):
    with pytest.raises(ValueError, match=r"dp_masks is .*, no list"):
        masks.of_person({"bbox": [0, 0, 9, 9], "dp_masks": masks_}, 50, 50)


@given(st.integers(0, 2**32 - 1), st.integers(300, 2000), st.integers(300, 2000), st.integers(-900, 50))
@settings(max_examples=25, deadline=None)
def test_what_an_image_cuts_off_changes_nothing(seed, height, width, start):
    mask = made.blob(np.random.default_rng(seed), 256, 256)
    entry = {"dp_masks": [made.rle(mask)]}
    full = whole(masks.of_person(entry | {"bbox": [0.0, 0.0, float(width), float(height)]}, 2100, 2100), 2100, 2100)
    cut = whole(
        masks.of_person(entry | {"bbox": [float(start), float(start), float(width), float(height)]}, 80, 90), 80, 90
    )
    expected = np.zeros((80, 90), bool)
    y, x = max(start, 0), max(start, 0)
    piece = full[y - start : 80 - start, x - start : 90 - start]
    expected[y:, x:] = piece[: 80 - y, : 90 - x]
    assert (cut == expected).all()


def test_a_box_larger_than_any_memory_takes_none():
    entry = {"bbox": [-1e9, -1e9, 2e9, 2e9], "dp_masks": [made.rle(np.ones((256, 256), np.uint8))]}
    assert masks.of_person(entry, 50, 60).area == 50 * 60
