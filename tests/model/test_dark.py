"""Keypoints as heatmaps and back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.dark import decode, encode

SIZES = st.sampled_from([3, 7, 14, 28, 56])


@st.composite
def places(draw: st.DrawFn) -> tuple[Tensor, int]:
    """Points (n, 2) anywhere in a heatmap, borders and corners among them, and its size."""
    size = draw(SIZES)
    part = st.one_of(st.floats(0, 1, width=32), st.sampled_from([0.0, 1.0, 0.5, 0.5 / size, 1 - 0.5 / size, 2 / size]))
    return torch.tensor(draw(st.lists(st.tuples(part, part), min_size=1, max_size=20))) * size, size


@settings(deadline=None, max_examples=150)
@given(places(), st.floats(0.8, 3))
def test_dark_gives_back_any_place_below_a_fiftieth_of_a_pixel(points: tuple[Tensor, int], sigma: float) -> None:
    at, size = points
    heat = encode(at, size, sigma)
    assert heat.sum((1, 2)).sub(1).abs().max() < 1e-5
    assert (decode(heat, sigma)[:, :2] - at).norm(dim=1).max() < 0.02


@settings(deadline=None, max_examples=50)
@given(places(), st.floats(0.8, 3))
def test_plain_coding_gives_back_the_pixel(points: tuple[Tensor, int], sigma: float) -> None:
    at, size = points
    found = decode(encode(at, size, sigma, "plain"), sigma, "plain")
    pixel = at.floor().clamp(0, size - 1)
    assert ((found[:, :2] - pixel - 0.5).abs() <= 0.25).all()
    assert torch.equal(found[:, :2].floor(), pixel)


@settings(deadline=None, max_examples=50)
@given(places(), st.floats(0.8, 3), st.sampled_from(["dark", "plain"]))
def test_turned_and_mirrored_heatmaps_give_turned_and_mirrored_points(
    points: tuple[Tensor, int], sigma: float, coding: str
) -> None:
    at, size = points
    noise = torch.rand(size, size, generator=torch.Generator().manual_seed(len(at)))
    heat = encode(at, size, sigma) + 1e-3 * noise
    found = decode(heat, sigma, coding)
    x, y, height = found.unbind(1)
    assert decode(heat.mT, sigma, coding).allclose(torch.stack([y, x, height], 1), atol=2e-3)
    assert decode(heat.flip(2), sigma, coding).allclose(torch.stack([size - x, y, height], 1), atol=2e-3)
    assert decode(heat * 7, sigma, coding).allclose(torch.stack([x, y, 7 * height], 1), atol=2e-3)


def test_smoothing_keeps_a_keypoint_where_the_heatmap_is_rough() -> None:
    """A spike beside the top: of the raw heatmap a parabola would see only the spike."""
    heat = encode(torch.tensor([14.3, 15.7]), 28, 2.0)
    heat[16, 14] = 1.5 * heat.max()
    assert (decode(heat, 2.0)[:2] - torch.tensor([14.3, 15.7])).norm() < 0.2
    assert (decode(heat, 2.0, "plain")[:2] - torch.tensor([14.3, 15.7])).norm() > 0.5


def test_ties() -> None:
    between = encode(torch.tensor([[10.0, 12.0], [10.0, 12.3]]), 28, 2.0)
    assert (decode(between, 2.0)[:, :2] - torch.tensor([[10.0, 12.0], [10.0, 12.3]])).abs().max() < 1e-3
    flat = decode(torch.full((2, 9, 9), 1 / 81), 2.0)  # no maximum: the first pixel's centre
    assert flat.allclose(torch.tensor([0.5, 0.5, 1 / 81]).expand(2, 3))
    twins = torch.zeros(9, 9)
    twins[2, 6] = twins[6, 2] = 1.0
    assert decode(twins, 1.0, "plain").tolist() == [6.5, 2.5, 1.0]


def test_what_is_no_heatmap_of_a_keypoint_still_has_a_finite_place() -> None:
    ridge = torch.zeros(1, 9, 9)
    ridge[:, 4] = 1.0
    saddle = torch.zeros(1, 9, 9)
    saddle[:, 0, 0] = 1.0
    for heat in (ridge, saddle, torch.zeros(1, 9, 9), torch.rand(50, 9, 9, generator=torch.Generator().manual_seed(3))):
        for sigma in (0.3, 2.0):
            found = decode(heat, sigma)[:, :2]
            assert found.isfinite().all()
            assert ((found >= 0) & (found <= 9)).all()


def test_a_maximum_beyond_the_border_is_not_gone_after() -> None:
    """It rises to the right all over the map, ever less: a parabola's top lies at 50."""
    pixel = torch.arange(9) + 0.5
    heat = (-((pixel - 50) ** 2) / 500).softmax(0) * (-((pixel - 4.2) ** 2) / 8).softmax(0)[:, None]
    assert decode(heat, 2.0)[:2].tolist() == [8.5, 4.25]


def test_shapes_and_refusals() -> None:
    heat = encode(torch.full((2, 17, 2), 5.0), 12, 2.0)
    assert heat.shape == (2, 17, 12, 12)
    assert decode(heat, 2.0).shape == (2, 17, 3)
    assert decode(torch.zeros(0, 17, 12, 12), 2.0).shape == (0, 17, 3)
    with pytest.raises(ValueError, match="too small"):
        encode(torch.zeros(1, 2), 2, 2.0)
    with pytest.raises(ValueError, match="no squares"):
        decode(torch.zeros(1, 4, 5), 2.0)
