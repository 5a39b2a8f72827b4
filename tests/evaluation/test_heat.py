"""The body coloured by its errors."""

import numpy as np
import pytest

import surface
from evaluation import heat


def test_the_persons_left_is_on_the_viewers_right_in_front() -> None:
    body = surface.load("anny")
    error = np.where(body.vertices[:, 0] > 0, 0.05, 0.0)
    made = heat.picture(body, error, "light", 800).astype(int)
    yellow = (made[..., 0] > 150) & (made[..., 1] > 150) & (made[..., 2] < 110)
    front = yellow[:, : made.shape[1] // 5]
    columns = np.flatnonzero((made[:, : front.shape[1]] < 200).any(axis=(0, 2)))
    middle = int(columns.mean())
    assert front[:, middle + 5 :].sum() > 20 * max(front[:, : middle - 5].sum(), 1)


def test_what_is_unseen_is_grey_and_the_bar_ends_at_whole_halves() -> None:
    error = np.array([np.nan, 0.0, 0.02])
    tints = heat.colours(error, 0.02)
    assert np.ptp(tints[0]) < 0.08
    assert np.ptp(tints[2]) > 0.5
    assert heat.limit(error) == pytest.approx(0.02)
    assert heat.limit(np.full(4, np.nan)) == pytest.approx(0.01)


def test_shading_does_not_change_what_a_colour_says() -> None:
    body = surface.load("anny")
    made = heat.picture(body, np.full(len(body.vertices), 0.03), "light", 600).astype(float)
    full = 255 * heat.colours(np.array([0.03]), 0.03)[0]
    front = made[:, :100].reshape(-1, 3)
    inside = front[np.abs(front / front.sum(axis=1, keepdims=True) - full / full.sum()).max(axis=1) < 0.01]
    inside = inside[inside.sum(axis=1) < 0.98 * 765]
    assert len(inside) > 1000
    assert (inside.sum(axis=1) / full.sum()).min() > 0.89


def test_bad_input_is_refused() -> None:
    body = surface.load("anny")
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        heat.picture(body, np.zeros(3))
    with pytest.raises(ValueError, match="theme"):
        heat.picture(body, np.zeros(len(body.vertices)), "pink")
    with pytest.raises(ValueError, match="size 20"):
        heat.picture(body, np.zeros(len(body.vertices)), "light", 20)


@pytest.mark.parametrize(
    ("top", "ticks"),
    [(31.5, [0, 10, 20, 30]), (9.5, [0, 2, 4, 6, 8]), (1.5, [0, 0.5, 1, 1.5]), (0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5])],
)
def test_the_bars_ticks_are_round_like_the_pages(top: float, ticks: list[float]) -> None:
    assert heat.ticks(top) == ticks
