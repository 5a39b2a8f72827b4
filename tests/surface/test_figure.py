"""Pictures of a body: what they show stands where it should."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surface import figure_body, figure_charts, figure_views
from surface.body import Body
from surface.colours import chart_colours
from surface.figure import figure
from surface.figure_body import SIDES
from surface.figure_charts import RAMP, scales, stretch
from surface.figure_type import U_COLOUR, V_COLOUR, WIDTH
from tests.surface.test_segmentation import grid


@pytest.fixture(scope="module", autouse=True)
def coarse() -> Iterator[None]:
    """Smaller pictures, one sample to a pixel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_body, "SAMPLES", 1)
        patch.setattr(figure_body, "TALLEST", 600)
        patch.setattr(figure_charts, "SAMPLES", 1)
        patch.setattr(figure_views, "SAMPLES", 1)
        yield


@pytest.fixture(scope="module")
def body_sheet(coarse: None, tiny: Body) -> np.ndarray:
    return np.asarray(figure(tiny, "body"))


def near(picture: np.ndarray, colour: np.ndarray | tuple[int, ...], within: int = 12) -> np.ndarray:
    return (np.abs(picture.astype(int) - np.asarray(colour)).max(axis=-1) <= within).nonzero()


def test_the_persons_right_is_on_the_left_of_the_front_view(tiny: Body, body_sheet: np.ndarray) -> None:
    assert body_sheet.shape[1] == WIDTH
    right, left = np.round(255 * chart_colours(tiny)).astype(int)
    front = body_sheet[260:-200, : WIDTH // 4]

    def share(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
        # Light and shade change how bright a colour is, not its hue.
        own, wanted = pixels / np.maximum(pixels.sum(-1, keepdims=True), 1), colour / colour.sum()
        return (np.abs(own - wanted).max(-1) < 0.03) & (pixels.max(-1) < 250)

    where = [share(front, colour).nonzero()[1].mean() for colour in (right, left)]
    assert where[0] < where[1] - 20


def test_arrows_point_where_u_and_v_grow(body_sheet: np.ndarray) -> None:
    # On the tiny body U grows up and V towards the front: in the view of the left side, V runs to the left.
    third = body_sheet[260:-200, WIDTH // 2 : 3 * WIDTH // 4]
    up, forward = near(third, U_COLOUR), near(third, V_COLOUR)
    assert len(up[0]) > 50
    assert len(forward[0]) > 50
    assert np.ptp(up[0]) > 1.3 * np.ptp(up[1])
    assert np.ptp(forward[1]) > 1.3 * np.ptp(forward[0])
    assert up[0].mean() < forward[0].mean()  # up from the number
    assert forward[1].mean() < up[1].mean()  # to the left of it


def test_cameras_look_at_the_side_that_they_name() -> None:
    person_left, front = np.array([1, 0, 0]), np.array([0, 0, 1])
    for name, axes in SIDES:
        right, down, forward = np.array(axes)
        np.testing.assert_array_equal(np.cross(right, down), forward, err_msg=name)
        towards = {"Front": front, "Back": -front, "Left side": person_left, "Right side": -person_left}[name]
        np.testing.assert_array_equal(forward, -towards, err_msg=name)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 20.0), st.floats(0.05, 20.0))
def test_scales_bring_u_and_v_back_to_metres(u: float, v: float) -> None:
    vertices, faces = grid(6, 3)
    np.testing.assert_allclose(scales(vertices, faces, vertices[:, :2] / [u, v]), [u, v], rtol=1e-6)


def test_scales_go_by_area_not_by_the_number_of_tiny_edges() -> None:
    vertices, faces = grid(6, 3)
    tiny_vertices, tiny_faces = grid(20, 20, 2e-6)  # more edges than all else, laid out far too large
    flat = np.concatenate([vertices[:, :2] / [0.7, 0.4], tiny_vertices[:, :2] * 50.0])
    together = np.concatenate([faces, tiny_faces + len(vertices)])
    found = scales(np.concatenate([vertices, tiny_vertices]), together, flat)
    np.testing.assert_allclose(found, [0.7, 0.4], rtol=1e-3)


def test_stretch_is_the_logarithm_of_area_on_the_chart_over_area_on_the_body() -> None:
    vertices, faces = grid(6, 3)
    np.testing.assert_allclose(stretch(vertices, faces, vertices[:, :2] * [4.0, 0.5]), 1.0)
    # To the right of the middle the chart is four times as wide.
    flat = vertices[:, :2].copy()
    flat[:, 0] += 3.0 * np.maximum(flat[:, 0] - 0.3, 0.0)
    value = stretch(vertices, faces, flat)
    np.testing.assert_allclose(value[vertices[:, 0] < 0.25], 0.0, atol=1e-9)
    np.testing.assert_allclose(value[vertices[:, 0] > 0.35], 2.0)


def test_where_the_chart_is_small_it_is_blue(tiny: Body) -> None:
    # Seen along x, the halves of the ellipsoid are small towards their rim.
    picture = np.asarray(figure(tiny, "charts"))[300:]
    y, x = near(picture, RAMP[0])
    own = x < WIDTH // 3
    pale = near(picture[:, : WIDTH // 3], RAMP[3])
    assert own.sum() > 100
    centre = np.array([y[own].mean(), x[own].mean()])
    off = [np.linalg.norm(np.stack(at, axis=1) - centre, axis=1).mean() for at in ((y[own], x[own]), pale)]
    assert off[0] > 1.2 * off[1]


def test_no_two_charts_of_parts_with_many_charts_share_a_colour(tiny: Body) -> None:
    body = copy(tiny)
    names = tuple(f"Chart {n}" for n in range(12))
    vars(body).update(chart_names=names, chart_part=np.repeat([1, 2], 6).astype(np.uint8))
    colours = chart_colours(body)
    apart = np.abs(colours[:, None] - colours).max(axis=2) + np.eye(12)
    assert apart.min() > 0.1


def test_every_part_has_its_views(tiny: Body) -> None:
    one, all_of_it = figure(tiny, "views"), figure(tiny)
    assert all_of_it.height > one.height + 1500
    with pytest.raises(ValueError, match="sheet 'heads' is not one of all, body, charts, views"):
        figure(tiny, "heads")


def test_long_captions_are_broken_where_two_words_meet_near_the_middle() -> None:
    assert figure_views.two_lines("Front") == ["Front"]
    assert figure_views.two_lines("Front, outer side, from above") == ["Front, outer", "side, from above"]
    assert figure_views.two_lines("Unbreakablecaptionword") == ["Unbreakablecaptionword"]
