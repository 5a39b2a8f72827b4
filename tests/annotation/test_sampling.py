"""Sampled points lie in their part, stay put, spread evenly, and come in an order the eye can follow."""

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotation.sampling import (
    MAX_POINTS,
    _snap,
    nearest_variation,
    point_count,
    sample_mask,
    sample_points,
    short_path,
)

ORDER = (14, 1, 11, 13, 2, 10, 12, 3, 6, 8, 5, 7, 9, 4)
"""The parts of the default body from head to foot."""

blocky_maps = st.builds(
    lambda coarse, factor: np.kron(coarse, np.ones((factor, factor), np.uint8)),
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 14)),
    st.integers(1, 20),
)


@settings(max_examples=40, deadline=None)
@given(blocky_maps, st.integers(0, 2**64), st.tuples(st.integers(0, 500), st.integers(0, 500)))
def test_points_are_distinct_pixel_centres_of_their_part(label_map, seed, origin):
    points = sample_points(label_map, origin, seed, ORDER)
    assert points == sample_points(label_map.copy(order="F"), origin, seed, ORDER)
    assert len({(p.x, p.y) for p in points}) == len(points)
    for point in points:
        column, row = point.x - 0.5 - origin[0], point.y - 0.5 - origin[1]
        assert column == int(column)
        assert row == int(row)
        assert label_map[int(row), int(column)] == point.part
    person = np.count_nonzero(label_map)
    for part in range(1, 15):
        area = np.count_nonzero(label_map == part)
        assert sum(p.part == part for p in points) == point_count(area, person) <= MAX_POINTS
    order = [part for part, _ in itertools.groupby(p.part for p in points)]
    assert order == [part for part in ORDER if part in label_map]


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7)).filter(np.any), st.data())
def test_even_where_points_are_as_dense_as_pixels_none_falls_twice(mask, data):
    count = data.draw(st.integers(1, min(MAX_POINTS, int(mask.sum()))))
    points = sample_mask(mask, count, (0,))
    assert len(np.unique(points, axis=0)) == len(points) == count
    assert mask[points[:, 1], points[:, 0]].all()


def test_two_centres_beside_a_concave_part_take_two_pixels():
    pixels = np.array([[0, 0], [9, 0], [9, 9]])
    assert _snap(np.array([[7.0, 1.0], [6.9, 1.0], [2.0, 2.0]]), pixels).tolist() == [[9, 0], [0, 0], [9, 9]]


def test_points_move_with_the_region_and_only_with_it():
    label_map = figure()
    here, there = sample_points(label_map, (0, 0), 7, ORDER), sample_points(label_map, (100, 40), 7, ORDER)
    assert [(p.part, p.x + 100, p.y + 40) for p in here] == there
    padded = np.pad(label_map, ((9, 3), (5, 8)))
    assert sample_points(padded, (0, 0), 7, ORDER) == [(p.part, p.x + 5, p.y + 9) for p in here]
    assert sample_points(label_map, (0, 0), 8, ORDER) != here


def test_points_are_the_same_on_every_machine():
    """The digest was made on Linux x86-64; elsewhere a different one means different points for the same seed."""
    points = sample_points(figure(), (3, 4), 2018, ORDER)
    digest = hashlib.sha256(repr([tuple(p) for p in points]).encode()).hexdigest()
    assert digest.startswith("67c956608165bac0b2d8e6ef")


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_count_grows_with_the_part_and_falls_with_the_person(area, more, rest):
    count = point_count(area, area + rest)
    assert 1 <= count <= MAX_POINTS
    assert count <= point_count(area + more, area + more + rest)
    assert count >= point_count(area, area + rest + more)
    assert count == 1 or count * 36 <= area


def test_count_of_a_standing_person_is_that_of_the_paper():
    shares = {"torso": 0.28, "thigh": 0.10, "shin": 0.07, "head": 0.08, "arm": 0.05, "forearm": 0.035, "hand": 0.015}
    person = 60_000
    counts = {name: point_count(int(share * person), person) for name, share in shares.items()}
    assert counts == {"torso": 14, "thigh": 14, "shin": 12, "head": 13, "arm": 10, "forearm": 9, "hand": 6}
    assert point_count(0, person) == 0
    assert point_count(30, 200) == 1, "a speck of a distant person gets one point"


def grid(height, width):
    y, x = np.mgrid[:height, :width]
    return y - (height - 1) / 2, x - (width - 1) / 2


def ellipse(area, aspect):
    a, b = np.sqrt(area / np.pi / aspect), np.sqrt(area / np.pi * aspect)
    y, x = grid(2 * int(a) + 3, 2 * int(b) + 3)
    return (x / b) ** 2 + (y / a) ** 2 <= 1


def rectangle(area, aspect):
    return np.ones((round(np.sqrt(area / aspect)), round(np.sqrt(area * aspect))), bool)


def rounded(area, aspect):
    mask = rectangle(area, aspect)
    y, x = grid(*mask.shape)
    radius = min(mask.shape) / 3
    beyond_y = np.maximum(np.abs(y) - (mask.shape[0] / 2 - radius), 0)
    beyond_x = np.maximum(np.abs(x) - (mask.shape[1] / 2 - radius), 0)
    return beyond_x**2 + beyond_y**2 <= radius**2


def tapered(area, aspect):
    """A limb: narrows to .6 of its width along its length."""
    height, width = round(np.sqrt(area * aspect) * 1.1), round(np.sqrt(area / aspect) * 1.1)
    y, x = grid(height, width)
    return np.abs(x) <= width / 2 * (0.8 - 0.4 * y / height)


@pytest.mark.parametrize("area", [1000, 4000, 20_000])
@pytest.mark.parametrize("aspect", [1, 1.5, 2, 3])
@pytest.mark.parametrize("shape", [ellipse, rectangle, rounded, tapered])
def test_nearest_distances_vary_by_at_most_15_percent_on_compact_shapes(shape, aspect, area):
    mask = shape(area, aspect)
    for count in range(3, MAX_POINTS + 1):
        if count * 36 <= area:
            points = sample_mask(mask, count, (0, count))
            assert len(points) == count
            assert nearest_variation(points) <= 0.15, f"{count} points"


def test_pieces_share_points_in_proportion_and_concave_parts_keep_theirs():
    mask = np.zeros((60, 100), bool)
    mask[5:35, 5:45] = True  # 1200 pixels
    mask[5:35, 60:80] = True  # 600 pixels
    mask[50, 50] = True  # a speck
    points = sample_mask(mask, 9, (1,))
    assert (points[:, 0] < 50).sum() == 6
    assert (points[:, 0] >= 60).sum() == 3
    y, x = grid(81, 81)
    ring = (np.hypot(x, y) <= 40) & (np.hypot(x, y) >= 34)
    column, row = sample_mask(ring, 1, (1,))[0]
    assert ring[row, column], "the centre of a ring is not on it"


def test_paths_are_shortest_for_few_points_and_begin_where_the_last_ended():
    rng = np.random.default_rng(5)
    for _ in range(10):
        points = rng.integers(0, 100, (6, 2))
        start = rng.integers(0, 100, 2)
        route = short_path(points, start)
        assert sorted(route) == list(range(6))

        def length(order, points=points, start=start):
            stops = np.vstack([start, points[list(order)]])
            return np.linalg.norm(np.diff(stops, axis=0), axis=1).sum()

        shortest = min(map(length, itertools.permutations(range(6))))
        assert length(route) <= 1.1 * shortest


def test_a_person_is_walked_through_without_leaps():
    points = np.array([(p.x, p.y) for p in sample_points(figure(), (0, 0), 3, ORDER)])
    travel = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    shuffled = np.random.default_rng(0).permutation(points)
    assert travel < 0.35 * np.linalg.norm(np.diff(shuffled, axis=0), axis=1).sum()


def test_what_is_no_label_map_is_refused():
    for bad, message in (
        (np.zeros((3, 3), np.int64), "uint8"),
        (np.zeros(3, np.uint8), "uint8"),
        (np.full((3, 3), 15, np.uint8), "label 15"),
    ):
        with pytest.raises(ValueError, match=message):
            sample_points(bad, (0, 0), 0, ORDER)
    with pytest.raises(ValueError, match="seed -1"):
        sample_points(np.ones((3, 3), np.uint8), (0, 0), -1, ORDER)
    assert sample_points(np.zeros((3, 3), np.uint8), (0, 0), 0, ORDER) == []
    assert sample_points(np.zeros((0, 3), np.uint8), (0, 0), 0, ORDER) == []


def figure():
    """A standing figure of all 14 parts, 200 x 120 pixels."""
    label_map = np.zeros((200, 120), np.uint8)
    for label, (top, bottom, left, right) in {
        1: (35, 95, 42, 78),
        2: (100, 112, 12, 22), 3: (100, 112, 98, 108), 4: (186, 198, 62, 80), 5: (186, 198, 40, 58),
        6: (95, 140, 42, 59), 7: (95, 140, 61, 78), 8: (140, 186, 44, 58), 9: (140, 186, 62, 76),
        10: (38, 70, 79, 92), 11: (38, 70, 28, 41), 12: (70, 100, 90, 102), 13: (70, 100, 18, 30), 14: (5, 34, 48, 72),
    }.items():  # fmt: skip
        label_map[top:bottom, left:right] = label
    return label_map


def test_another_body_has_its_own_parts_in_its_own_order():
    stripes = np.repeat(np.array([255, 0, 2, 7], np.uint8), 20)[:, None].repeat(20, axis=1)
    points = sample_points(stripes, (0, 0), 5, (2, 7, 100, 255))
    assert [part for part, _ in itertools.groupby(p.part for p in points)] == [2, 7, 255]
    back = sample_points(stripes, (0, 0), 5, (255, 7, 2))
    assert {(p.part, p.x, p.y) for p in back} == {(p.part, p.x, p.y) for p in points}
    with pytest.raises(ValueError, match="label 7 is none of the 2 parts"):
        sample_points(stripes, (0, 0), 5, (2, 255))
