"""Pictures of what was found."""

import numpy as np
import pytest

import surface
from model.prediction import overlay
from model.prediction.decode import Person

BODY = surface.load("anny")
CHARTS = len(BODY.chart_names)
GREY = np.full((60, 80, 3), 128, np.uint8)


def person(box, chart, fraction=1.0, score=1.0):
    """All of a box on one chart, U to the right and V downwards; of the upper part of it alone."""
    x0, y0, x1, y1 = (round(side) for side in box)
    h, w = y1 - y0, x1 - x0
    on = np.arange(h)[:, None] < fraction * h
    uv = np.stack(np.meshgrid((np.arange(w) + 0.5) / w, (np.arange(h) + 0.5) / h)).astype(np.float32)
    return Person(np.array(box, np.float64), score, np.where(on, chart, np.zeros((h, w))).astype(np.uint8), uv)


def test_better_persons_stand_before_others_and_boxes_may_leave_the_photo():
    chart, uv, owner = overlay.painted(GREY, [person((10, 10, 40, 40), 3), person((-10, -10, 30, 30), 5)])
    assert (chart[10:40, 10:40] == 3).all()
    assert (owner[:10, :30] == 1).all()
    assert (chart[:10, :30] == 5).all()
    assert (owner[40:] == -1).all()
    assert uv[0][0, 0] == pytest.approx(10.5 / 40)
    assert overlay.painted(GREY, [person((90, 70, 99, 80), 3), person((-30, -30, -10, -10), 3)])[0].max() == 0


def test_only_persons_are_painted_over():
    people = [person((20, 10, 60, 50), 4, 0.5)]
    atlas = overlay.suit(BODY, 16)
    for picture in (
        overlay.parts(GREY, people, BODY),
        overlay.lines(GREY, people, BODY),
        overlay.texture(GREY, people, atlas, CHARTS),
    ):
        changed = (picture != GREY).any(axis=2)
        assert changed[11:29, 21:59].all()
        assert not changed[:8].any()
        assert not changed[33:].any()
        assert overlay.parts(GREY, [], BODY) is not GREY
        assert (overlay.parts(GREY, [], BODY) == GREY).all()


def test_lines_lie_where_u_and_v_are_tenths():
    pixels = np.zeros((200, 200, 3), np.uint8)
    drawn = overlay.lines(pixels, [person((0, 0, 200, 200), 2)], BODY).astype(int)
    red = drawn[:, 110, 0] - drawn[:, 110, 2]
    columns = np.flatnonzero(drawn[110, :, 0] > 50)
    assert {round(column / 20) for column in columns if 5 < column < 195} == set(range(1, 10))
    assert all(abs(column + 0.5 - 20 * round(column / 20)) <= 2 for column in columns if 5 < column < 195)
    assert red.min() < -50  # lines of equal V are blue


def test_a_texture_is_read_at_u_and_v():
    """An atlas whose colours are U and V comes out as the ramps that the person has, lit alike everywhere."""
    side, rows = 20, 6
    ramp = np.round(np.linspace(0, 255, side)).astype(np.uint8)
    tile = np.stack(np.broadcast_arrays(ramp, ramp[::-1, None], np.uint8(0)), axis=-1)
    atlas = np.tile(tile, (rows, CHARTS // rows, 1))
    drawn = overlay.texture(np.full((100, 100, 3), 128, np.uint8), [person((0, 0, 100, 100), 7)], atlas, CHARTS)
    lit = drawn[50, 98, 0] / 255 / 0.985
    across, down = drawn[50, :, 0] / 255 / lit, drawn[:, 50, 1] / 255 / lit
    assert np.allclose(across, (np.arange(100) + 0.5) / 100, atol=0.03)
    assert np.allclose(down, (np.arange(100) + 0.5) / 100, atol=0.03)


def test_an_atlas_has_the_charts_in_columns_of_six():
    atlas = np.zeros((6 * 4, 4 * 4, 3), np.uint8)
    atlas[4:8, 8:12] = 9  # second row, third column
    tiles = overlay.squares(atlas, 24)
    assert np.flatnonzero(tiles.any(axis=(1, 2, 3))).tolist() == [2 * 6 + 1]
    with pytest.raises(ValueError, match="4 x 6 squares"):
        overlay.squares(atlas[:-1], 24)
    suit = overlay.suit(BODY, 8)
    assert suit.shape == (48, 32, 3)
    assert len(np.unique(suit.reshape(-1, 3), axis=0)) > 4
