"""Part masks of the square come out as pycocotools decodes them, and broken ones not at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from annotation.masks import rle_lengths
from export.reference import read_masks
from export.square_in import label_map, labels_at, runs

coarse = arrays(np.uint8, st.tuples(*[st.integers(1, 40)] * 2), elements=st.integers(0, 3))


def entry(mask):
    rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"counts": rle["counts"].decode(), "size": [256, 256]}


def enlarged(small):
    return small[np.arange(256)[:, None] * small.shape[0] // 256, np.arange(256) * small.shape[1] // 256]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | coarse, max_size=14))
def test_masks_of_a_person_are_read_at_once_as_one_by_one(small):
    masks = [[] if one is None else entry(enlarged(one) == 1) for one in small]
    found = runs(masks)
    assert found is not None
    expected = read_masks(masks)
    assert np.array_equal(label_map(found), expected)
    cell = np.arange(0, 256 * 256, 37)
    x, y = cell % 256 + 0.7, cell // 256 + 0.2
    assert np.array_equal(labels_at(found, x, y), expected[cell // 256, cell % 256])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12), min_size=1, max_size=4))
def test_what_is_taken_is_what_the_slow_reader_takes(strings):
    masks = [{"counts": string, "size": [256, 256]} for string in [*strings, "PPPP2"]]
    try:
        expected = [rle_lengths(mask)[2].cumsum().tolist() for mask in masks]
    except ValueError:
        expected = None
    found = runs(masks)
    assert (found is None) == (expected is None)
    if found is not None:
        assert [ends.tolist() for ends in found.values()] == expected


@pytest.mark.parametrize(
    "mask",
    [{"counts": "PPPP2", "size": [256, 255]}, {"counts": [65536], "size": [256, 256]}, {}, None, 3,
     {"counts": "é", "size": [256, 256]}, {"counts": "", "size": [256, 256]}, {"counts": "P", "size": [256, 256]}],
)  # fmt: skip
def test_what_is_no_square_mask_is_not_read(mask):
    assert runs([[], mask]) is None
    assert runs([[], []]) == {}
