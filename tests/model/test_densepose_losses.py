"""Losses of S, I, U and V, against closed forms and finite differences."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.losses.coarse import UNKNOWN, coarse_labels, coarse_loss
from model.losses.points import fine_loss, inside, sampled, sampled_charts, uv_loss
from model.structures import SQUARE
from tests.model.truths import targets

BOX = [10.0, 20.0, 50.0, 100.0]
share = st.floats(0.0, 0.999)


def points(xy, chart=None, uv=None, weight=None, regions=1):
    """Points at shares of the box's sides, as ``regions`` equal regions see them."""
    places = [[10 + 40 * x, 20 + 80 * y] for x, y in xy]
    truth = targets([BOX], places, chart=chart, uv=uv, weight=weight)
    return inside([torch.tensor([BOX] * regions)], [torch.zeros(regions, dtype=torch.long)], [truth])


def test_points_count_in_each_region_of_their_person_that_they_are_in():
    truth = targets([BOX, BOX], [[11, 21], [40, 90], [30, 60]], person=[0, 0, 1])
    boxes = torch.tensor([BOX, [30.0, 60, 50, 100], BOX])
    empty = targets([])
    found = inside([boxes[:0], boxes], [torch.zeros(0, dtype=torch.long), torch.tensor([0, 0, 1])], [empty, truth])
    assert found.region.tolist() == [0, 0, 1, 2]
    torch.testing.assert_close(
        found.xy, torch.tensor([[1 / 40, 1 / 80], [30 / 40, 70 / 80], [10 / 20, 30 / 40], [20 / 40, 40 / 80]])
    )


def test_rows_of_regions_go_on_over_the_images_of_a_batch():
    truth = targets([BOX], [[30, 60]])
    boxes, rows = torch.tensor([BOX, BOX]), torch.zeros(2, dtype=torch.long)
    assert inside([boxes, boxes], [rows, rows], [truth, truth]).region.tolist() == [0, 1, 2, 3]


@given(st.lists(st.tuples(share, share), min_size=1, max_size=5), st.integers(2, 9), st.integers(2, 9))
def test_planes_are_sampled_exactly_between_the_outermost_centres(xy, height, width):
    x, y = (torch.arange(width) + 0.5) / width, (torch.arange(height) + 0.5) / height
    plane = 1 + 2 * x[None, :] - 3 * y[:, None]
    found = sampled(plane[None, None], points(xy))
    at = torch.tensor(xy)
    held = [at[:, 0].clamp(0.5 / width, 1 - 0.5 / width), at[:, 1].clamp(0.5 / height, 1 - 0.5 / height)]
    torch.testing.assert_close(found[:, 0], 1 + 2 * held[0] - 3 * held[1], atol=1e-4, rtol=0)


def test_sampling_is_that_of_torch():
    maps = torch.randn(1, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    xy = [(0.03, 0.98), (0.5, 0.5), (0.77, 0.2), (0.99, 0.01)]
    grid = (torch.tensor(xy) * 2 - 1)[None, :, None]
    wanted = torch.nn.functional.grid_sample(maps, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(sampled(maps, points(xy)), wanted[0, :, :, 0].T, atol=1e-5, rtol=0)


def test_each_point_reads_its_own_chart():
    maps = torch.arange(2.0 * 4)[None, :, None, None].expand(1, 8, 6, 6).reshape(1, 2, 4, 6, 6)
    found = sampled_charts(maps, points([(0.3, 0.3), (0.6, 0.1)], chart=[3, 1]))
    assert found.tolist() == [[3, 7], [1, 5]]


def test_of_equal_logits_each_point_costs_the_logarithm_of_their_number():
    found = fine_loss(torch.zeros(1, 25, 8, 8), points([(0.1, 0.2), (0.9, 0.8)], chart=[4, 24], weight=[1.0, 0.5]))
    assert found.number == 1.5
    torch.testing.assert_close(found.total, torch.tensor(1.5 * math.log(25)))


def test_vertices_without_a_chart_teach_no_chart():
    assert fine_loss(torch.zeros(1, 3, 4, 4), points([(0.1, 0.2)], chart=[0])).number == 0


def test_uv_is_smooth_l1_summed_over_points_by_half_the_images():
    uv = torch.zeros(1, 2, 3, 8, 8)
    uv[0, 0, 2], uv[0, 1, 2] = 0.75, 3.0
    found = uv_loss(uv, points([(0.5, 0.5)], chart=[2], uv=[[0.25, 0.5]], weight=[0.5]), images=6)
    assert found.number == 3
    torch.testing.assert_close(found.total, torch.tensor(0.5 * (0.5 * 0.5**2 + (2.5 - 0.5))))


def test_uv_teaches_the_true_chart_alone():
    uv = torch.zeros(1, 2, 4, 8, 8, requires_grad=True)
    uv_loss(uv, points([(0.4, 0.4)], chart=[2]), images=1).total.backward()
    assert uv.grad.abs().amax(dim=(0, 1, 3, 4)).gt(0).tolist() == [False, False, True, False]


@pytest.mark.parametrize(("confidence", "numbers"), [("", 0), ("isotropic", 1), ("anisotropic", 3)])
def test_gradients_of_uv_are_finite_differences(confidence, numbers):
    draw = torch.Generator().manual_seed(1)
    known = points([(0.1, 0.2), (0.55, 0.91)], chart=[1, 2], uv=[[0.1, 0.9], [0.4, 0.3]], regions=2)
    uv = torch.rand(2, 2, 3, 3, 3, generator=draw, dtype=torch.float64, requires_grad=True)
    given = [uv]
    if numbers:
        given.append(torch.randn(2, numbers, 3, 3, 3, generator=draw, dtype=torch.float64, requires_grad=True))
    assert torch.autograd.gradcheck(lambda *maps: uv_loss(maps[0], known, 2, confidence, *maps[1:]).total, given)


def test_gradients_of_charts_and_parts_are_finite_differences():
    draw = torch.Generator().manual_seed(2)
    known = points([(0.1, 0.2), (0.55, 0.91)], chart=[1, 2], weight=[1.0, 0.3])
    logits = torch.randn(1, 3, 4, 4, generator=draw, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 3, (1, 4, 4), generator=draw)
    assert torch.autograd.gradcheck(lambda maps: fine_loss(maps, known).total, [logits])
    assert torch.autograd.gradcheck(lambda maps: coarse_loss(maps, labels).total, [logits])


def test_coarse_costs_the_logarithm_of_the_labels_where_something_is_known():
    labels = torch.zeros(2, 8, 8, dtype=torch.long)
    labels[1] = UNKNOWN
    found = coarse_loss(torch.zeros(2, 15, 8, 8), labels)
    assert found.number == 64
    torch.testing.assert_close(found.total, torch.tensor(64 * math.log(15)))


def test_coarse_labels_are_the_nearest_pixels_of_the_square():
    square = torch.arange(SQUARE)[None, :].expand(SQUARE, SQUARE) // 64 + 1  # 1..4 from left to right
    truth = targets([[0.0, 0, 80, 40]], parts=square[None])
    boxes = torch.tensor([[0.0, 0, 80, 40], [40, 0, 120, 40], [0, -40, 80, 40]])
    found = coarse_labels([boxes], [torch.zeros(3, dtype=torch.long)], [truth], 4, parts=True)
    assert found[0].tolist() == [[1, 2, 3, 4]] * 4
    assert found[1].tolist() == [[3, 4, 0, 0]] * 4
    assert found[2].tolist() == [[0] * 4] * 2 + [[1, 2, 3, 4]] * 2
    person = coarse_labels([boxes], [torch.zeros(3, dtype=torch.long)], [truth], 4, parts=False)
    assert (person == (found > 0)).all()


def test_persons_without_parts_have_no_labels():
    found = coarse_labels([torch.tensor([BOX])], [torch.zeros(1, dtype=torch.long)], [targets([BOX])], 4, parts=True)
    assert (found == UNKNOWN).all()
