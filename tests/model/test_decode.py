"""From maps to the surface at a box's pixels."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from model.prediction import decode
from model.prediction.decode import Vertices
from model.structures import Detections

CHARTS = 6
SIDES = st.floats(0.5, 70.0)


def field(seed, side):
    """I (side, side) with background, U and V (2, side, side) of their own at each pixel."""
    draw = torch.Generator().manual_seed(seed)
    chart = torch.randint(0, CHARTS + 1, (side, side), generator=draw)
    return chart, torch.rand(2, side, side, generator=draw)


def maps(chart, uv):
    """Maps of a network that says I, U, V: each chart's channels know U and V where it is and nothing elsewhere."""
    one = functional.one_hot(chart, CHARTS + 1).permute(2, 0, 1).float()
    coarse = torch.stack([(chart == 0).float(), (chart > 0).float()])
    return coarse, one * 9, one * uv[0], one * uv[1]


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_a_field_comes_back_from_its_maps(seed, side):
    chart, uv = field(seed, side)
    found = decode.charts(*maps(chart, uv), (float(side), float(side)))
    assert torch.equal(found.chart, chart)
    assert torch.equal(found.uv, uv * (chart > 0))
    assert found.spread is None


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 60))
def test_whole_boxes_are_read_as_the_reference_does(seed, height, width):
    """The reference enlarges all channels to the box and then chooses."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.randn(3, 14, 14, generator=draw)
    fine, u, v = torch.randn(3, CHARTS + 1, 14, 14, generator=draw).unbind()
    found = decode.charts(coarse, fine, u, v, (float(height), float(width)))
    large = [functional.interpolate(each[None], (height, width), mode="bilinear")[0] for each in (coarse, fine, u, v)]
    chart = large[1].argmax(dim=0) * (large[0].argmax(dim=0) > 0)
    assert (found.chart == chart).float().mean() > 0.999  # where two are equal but for rounding, either is right
    same = found.chart == chart
    for mine, theirs in zip(found.uv, large[2:], strict=True):
        expected = theirs.gather(0, chart[None])[0].clamp(0, 1) * (chart > 0)
        assert torch.allclose(mine[same], expected[same], atol=1e-5)


@given(SIDES, SIDES)
def test_a_ramp_over_the_box_is_read_at_the_centres_of_its_pixels(height, width):
    """Also where the box has no whole number of pixels."""
    cells = (torch.arange(56) + 0.5) / 56
    ones = torch.ones(2, 56, 56)
    fine = torch.stack([torch.zeros(56, 56), torch.ones(56, 56)])
    u, v = ones * cells, ones * cells[:, None]
    found = decode.charts(None, fine, u, v, (height, width))
    h, w = decode.whole((height, width))
    x, y = (torch.arange(w) + 0.5) / max(width, 1), (torch.arange(h) + 0.5) / max(height, 1)
    assert found.uv.shape == (2, h, w)
    assert torch.allclose(found.uv[0], x.clamp(cells[0], cells[-1]).expand(h, w), atol=1e-5)
    assert torch.allclose(found.uv[1], y.clamp(cells[0], cells[-1])[:, None].expand(h, w), atol=1e-5)


def test_large_boxes_are_read_in_bands(monkeypatch):
    draw = torch.Generator().manual_seed(0)
    coarse, fine, u, v = torch.randn(4, CHARTS + 1, 20, 20, generator=draw).unbind()
    at_once = decode.charts(coarse, fine, u, v, (90.3, 41.7), fine.abs())
    monkeypatch.setattr(decode, "_AT_ONCE", 1000)
    in_bands = decode.charts(coarse, fine, u, v, (90.3, 41.7), fine.abs())
    assert all(torch.equal(a, b) for a, b in zip(at_once, in_bands, strict=True))
    probability = torch.rand(20, 20, generator=draw)
    expected = functional.interpolate(probability[None, None], (90, 41), mode="bilinear")[0, 0] >= 0.5
    assert torch.equal(decode.mask(probability, (90.0, 41.0)), expected)


def test_the_nearest_vertex_of_an_embedding():
    draw = torch.Generator().manual_seed(0)
    table = functional.normalize(torch.randn(50, 8, generator=draw), dim=1)
    iuv = torch.cat([torch.randint(1, 4, (50, 1), generator=draw), torch.rand(50, 2, generator=draw)], dim=1)
    vertex = torch.randint(0, 50, (12, 12), generator=draw)
    inside = torch.rand(12, 12, generator=draw) < 0.7
    coarse = torch.stack([(~inside).float(), inside.float()])
    found = decode.embedded(coarse, 3 * table[vertex].permute(2, 0, 1), Vertices(table, iuv), (12.0, 12.0))
    expected = iuv[vertex] * inside[..., None]
    assert torch.equal(found.chart, expected[..., 0].long())
    assert torch.allclose(found.uv, expected[..., 1:].permute(2, 0, 1))


def test_persons_have_what_the_network_gives():
    chart, uv = field(1, 10)
    coarse, fine, u, v = (each[None].repeat(2, 1, 1, 1) for each in maps(chart, uv))
    boxes = torch.tensor([[5.0, 7.0, 15.0, 17.0], [0.0, 0.0, 20.0, 30.0]])
    found = Detections(boxes, torch.tensor([0.9, 0.8]), coarse, fine, u, v, keypoints=torch.rand(2, 17, 3))
    first, second = decode.persons(found, surfaces=1)
    assert np.array_equal(first.chart, chart.numpy())
    assert first.mask is first.spread is None
    assert second.chart is None
    assert second.keypoints.shape == (17, 3)
    assert (first.score, second.box.tolist()) == (pytest.approx(0.9), [0, 0, 20, 30])


def test_an_embedding_without_its_vertices_is_refused():
    found = Detections(torch.zeros(1, 4), torch.ones(1), embedding=torch.zeros(1, 8, 4, 4))
    with pytest.raises(ValueError, match="vertices"):
        decode.persons(found)


@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES))
def test_scaled_detections_are_where_the_photo_has_them(scale, offset):
    draw = torch.Generator().manual_seed(3)
    photo = torch.rand(4, 2, generator=draw) * 100
    seen = (photo - torch.tensor(offset)) * torch.tensor(scale)
    keypoints = torch.cat([seen, torch.ones(4, 1)], dim=1)[None]
    boxes = torch.cat([seen[0], seen[1]])[None]
    found = decode.scaled(Detections(boxes, torch.ones(1), keypoints=keypoints), scale, offset)
    assert torch.allclose(found.keypoints[0, :, :2], photo, atol=1e-2)
    assert torch.allclose(found.boxes[0], torch.cat([photo[0], photo[1]]), atol=1e-2)
