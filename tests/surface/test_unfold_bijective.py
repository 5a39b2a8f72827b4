"""Lowering the stress of a patch whose triangles would turn over, or whose boundary would run into itself."""

from __future__ import annotations

import numpy as np
import pytest

from surface.bijective import Energy, Pairs, descend, is_bijective, stress
from surface.crossing import crossings, overlaps
from surface.topology import boundary_loops, compact, vertex_areas
from tests.surface.test_segmentation import grid

Horseshoe = tuple[np.ndarray, np.ndarray, Pairs]


@pytest.fixture
def horseshoe() -> Horseshoe:
    """A flat horseshoe (vertices, faces), and distances by which the ends of its arms lie beyond one another."""
    vertices, faces = grid(9, 12)
    centre = vertices[faces].mean(axis=1)
    used, faces = compact(faces[~((np.abs(centre[:, 0] - 0.45) < 0.15) & (centre[:, 1] < 0.8))])
    vertices = vertices[used]
    low = vertices[:, 1] < 0.75
    wanted = vertices[:, :2].copy()
    wanted[low, 0] += np.where(wanted[low, 0] < 0.45, 0.3, -0.3)
    distance = np.linalg.norm(wanted[:, None] - wanted[None], axis=2)
    area = vertex_areas(vertices, faces)
    return vertices, faces, Pairs(np.arange(len(vertices)), distance, area, area)


def test_gradient_is_the_slope_of_the_energy(horseshoe: Horseshoe) -> None:
    vertices, faces, pairs = horseshoe
    energy = Energy(vertices, faces, pairs, mu=0.3, gap=0.5)
    rng = np.random.default_rng(0)
    flat = vertices[:, :2] / energy.size + rng.normal(scale=0.01, size=(len(vertices), 2))
    value, gradient = energy(flat)
    without = Energy(vertices, faces, pairs, mu=0.3, gap=1e-6)(flat)[0]
    assert value > without + 0.01  # the barrier acts
    for _ in range(20):
        step = rng.normal(size=flat.shape) * 1e-6
        slope = (energy(flat + step)[0] - energy(flat - step)[0]) / 2.0
        assert slope == pytest.approx((gradient * step).sum(), rel=1e-4, abs=1e-12)


def test_arms_pulled_through_each_other_touch_but_do_not_cross(horseshoe: Horseshoe) -> None:
    vertices, faces, pairs = horseshoe
    (loop,) = boundary_loops(faces)
    start = vertices[:, :2].copy()
    before, flat = stress(start, pairs), start
    for mu in (1e-2, 1e-3, 1e-4):
        flat = descend(Energy(vertices, faces, pairs, mu), flat)
    assert is_bijective(flat, faces, loop)
    assert crossings(flat, np.stack([loop, np.roll(loop, -1)], axis=1)) == 0
    assert overlaps(flat[faces]) == 0
    assert stress(flat, pairs) < 0.5 * before
    # Nothing but the barrier holds them: the gap between the arms is next to nothing.
    left, right = (np.flatnonzero((vertices[:, 1] < 0.65) & side) for side in (start[:, 0] < 0.45, start[:, 0] > 0.45))
    assert np.linalg.norm(flat[left][:, None] - flat[right][None], axis=2).min() < 0.02


def test_a_start_that_is_not_bijective_is_refused(horseshoe: Horseshoe) -> None:
    vertices, faces, pairs = horseshoe
    with pytest.raises(ValueError, match="not bijective"):
        descend(Energy(vertices, faces, pairs, 1e-3), vertices[:, :2] * [0.0, 1.0])


def test_stress_is_the_mean_square_of_what_is_off(horseshoe: Horseshoe) -> None:
    vertices, _, pairs = horseshoe
    flat = vertices[:, :2]
    weight = pairs.area / pairs.area.sum()
    off = (np.linalg.norm(flat[:, None] - flat[None], axis=2) - pairs.distance) ** 2
    assert stress(flat, pairs) == pytest.approx(weight @ off @ weight)
