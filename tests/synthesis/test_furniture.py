"""Seats carry the seated without running into them; things stand before persons where that is asked for."""

from __future__ import annotations

import igl
import numpy as np
import pytest

from surface.rig import pose
from synthesis.furniture import seat
from synthesis.poses import sample
from synthesis.props import Things
from synthesis.render import Options, render
from synthesis.stage import act, spread, stood


@pytest.fixture(scope="module")
def sitting(anny):
    """Six seated persons, each by itself."""
    out, seed = [], 0
    while len(out) < 6:
        found = sample(anny, np.random.default_rng(seed))
        seed += 1
        if found.seated:
            actor = act(anny, found, 0.3 * seed)
            out.append(stood(actor, actor.vertices, found.lift))
    return out


def test_seats_touch_the_seated_and_do_not_run_into_them(anny, sitting):
    for n, actor in enumerate(sitting):
        things = Things.of(seat(anny, actor, np.random.default_rng(n)))
        inside = igl.fast_winding_number(actor.vertices, anny.faces.astype(np.int64), things.vertices)
        assert (np.asarray(inside) > 0.5).mean() < 0.01
        away = np.sqrt(igl.point_mesh_squared_distance(things.vertices, actor.vertices, anny.faces.astype(np.int64))[0])
        assert away.min() < 0.03
        assert things.vertices[:, 1].min() == pytest.approx(0, abs=1e-9)


def test_a_turned_and_moved_person_is_what_the_rig_makes_of_it(anny, sitting):
    placed = spread(sitting[:3], np.random.default_rng(0), 0.7)
    for actor in placed:
        again = pose(anny.rig, actor.betas, actor.rotations, actor.translation)
        assert np.allclose(again, actor.vertices, atol=1e-9)
    for n, actor in enumerate(placed):
        for other in placed[:n]:
            apart = igl.fast_winding_number(other.vertices, anny.faces.astype(np.int64), actor.vertices)
            assert (np.asarray(apart) < 0.5).all()


def test_something_hides_a_part_of_a_person_where_asked(anny):
    hid = 0
    for seed in range(8):
        open_, behind = (render(anny, seed, Options(size=96, occluders=share, cut=0)) for share in (0.0, 1.0))
        assert np.allclose(open_.camera.position, behind.camera.position)
        hid += behind.person.area < 0.97 * open_.person.area
    assert hid >= 4
