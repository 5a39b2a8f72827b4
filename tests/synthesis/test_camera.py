"""Cameras see the persons, from far enough, and project as their rays go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.camera import Camera, frame


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_the_camera_sees_the_whole_person_unless_it_is_to_be_cut(anny, seed, count):
    rng = np.random.default_rng(seed)
    people = [anny.vertices * rng.uniform(0.8, 1.2, 3) + [1.1 * n, 0.9, 0.4 * n] for n in range(count)]
    camera = frame(people, rng, rng.uniform(0, 7), 300, 0)
    assert np.allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    xy = camera.project(people[0])[0]
    assert (xy >= -1).all()
    assert (xy <= 301).all()
    assert np.ptp(xy, axis=0).max() > (150 if count == 1 else 30)
    assert camera.project(np.concatenate(people))[1].min() > 0.3
    assert camera.axes[2, 1] >= -np.sin(np.radians(27)) - 1e-9  # nobody is hidden under a head and shoulders
    assert camera.axes[1, 1] < -0.4  # upright: down in the image is down in the world


def test_the_border_cuts_the_person_off_where_asked(anny):
    cut = 0
    for seed in range(40):
        xy = frame([anny.vertices], np.random.default_rng(seed), 0.3, 300, 1).project(anny.vertices)[0]
        cut += bool(((xy < 0) | (xy > 300)).any())
        assert ((xy > 0) & (xy < 300)).all(axis=1).mean() > 0.15
    assert cut >= 38


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_rays_go_through_their_pixels(seed):
    rng = np.random.default_rng(seed)
    camera = Camera(np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.normal(size=3), rng.uniform(50, 500), (40.0, 60.0))
    xy, depth = rng.uniform(0, 100, (20, 2)), rng.uniform(0.5, 9, 20)
    points = camera.position + camera.rays(xy[:, 0], xy[:, 1]) * depth[:, None]
    found = camera.project(points)
    assert np.allclose(found[0], xy)
    assert np.allclose(found[1], depth)
    assert np.allclose(camera.scaled(3).project(points)[0], 3 * xy)
