"""A patch whose boundary would run into itself."""

from __future__ import annotations

import numpy as np
import pytest

from surface.bijective import Energy, descend, is_bijective
from surface.check import crossings, overlaps
from surface.topology import boundary_loops, compact
from surface.unfold import slim
from tests.surface.test_segmentation import grid


@pytest.fixture
def horseshoe() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A flat horseshoe (vertices, faces), the ends of its arms, and targets that lie beyond one another."""
    vertices, faces = grid(9, 12)
    centre = vertices[faces].mean(axis=1)
    used, faces = compact(faces[~((np.abs(centre[:, 0] - 0.45) < 0.15) & (centre[:, 1] < 0.8))])
    vertices = vertices[used]
    held = np.flatnonzero(vertices[:, 1] < 0.05)
    inward = np.where(vertices[held, 0] < 0.45, 0.35, -0.35)
    return vertices, faces, held, vertices[held, :2] + np.stack([inward, np.zeros_like(inward)], axis=1)


def test_gradient_is_the_slope_of_the_energy(horseshoe: tuple[np.ndarray, ...]) -> None:
    vertices, faces, held, target = horseshoe
    energy = Energy(vertices, faces, held, target, pull=5.0, gap=0.35)
    rng = np.random.default_rng(0)
    flat = vertices[:, :2] + rng.normal(scale=0.01, size=(len(vertices), 2))
    value, gradient = energy(flat)
    assert value > energy.share.sum() * 4.0  # the barrier acts: isometry alone would cost about 4
    for _ in range(20):
        step = rng.normal(size=flat.shape) * 1e-6
        slope = (energy(flat + step)[0] - energy(flat - step)[0]) / 2.0
        assert slope == pytest.approx((gradient * step).sum(), rel=1e-4, abs=1e-12)


def test_arms_pulled_through_each_other_touch_but_do_not_cross(horseshoe: tuple[np.ndarray, ...]) -> None:
    vertices, faces, held, target = horseshoe
    (loop,) = boundary_loops(faces)
    start = vertices[:, :2].copy()
    careless = slim(vertices, faces, start, held, target, 1000.0, 100)
    assert crossings(careless[loop], careless[np.roll(loop, -1)]) > 0
    assert not is_bijective(careless, faces, loop)

    energy = Energy(vertices, faces, held, target, pull=1000.0, gap=0.02)
    careful = descend(energy, start)
    assert is_bijective(careful, faces, loop)
    assert crossings(careful[loop], careful[np.roll(loop, -1)]) == 0
    assert overlaps(careful[faces]) == 0
    before, after = (np.linalg.norm(layout[held] - target, axis=1).mean() for layout in (start, careful))
    assert after < 0.7 * before
    assert np.abs(energy(careful)[1]).max() < 1e-3  # it stopped because it arrived


def test_a_start_that_is_not_bijective_is_refused(horseshoe: tuple[np.ndarray, ...]) -> None:
    vertices, faces, held, target = horseshoe
    energy = Energy(vertices, faces, held, target, pull=1.0, gap=0.02)
    with pytest.raises(ValueError, match="not bijective"):
        descend(energy, vertices[:, :2] * [0.0, 1.0])
