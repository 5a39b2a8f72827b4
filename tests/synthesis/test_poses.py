"""Poses: limbs point where the pose says, bodies do not pass through themselves, cameras see the whole person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.rig import pose, shape, transforms
from synthesis.camera import Camera, around
from synthesis.poses import POSES, Limbs, Pose, articulate, penetration, sample

BONES = {"thigh": ("hip", "knee"), "shin": ("knee", "ankle"), "upper_arm": ("shoulder", "elbow")}


def joints_of(body, betas, rotations):
    rest = body.rig.J_regressor @ shape(body.rig, betas)
    world = transforms(body.rig, rest, rotations)
    return dict(zip(body.rig.joint_names, world[:, :3, 3], strict=True))


@pytest.mark.parametrize("chosen", POSES, ids=lambda p: p.name)
def test_limbs_point_where_the_pose_says(anny, chosen):
    betas = np.zeros(2)
    at = joints_of(anny, betas, articulate(anny, chosen, betas))
    for side, limbs, sign in (("left", chosen.left, 1), ("right", chosen.right, -1)):
        for bone in ("thigh", "shin"):  # the arms hang on the chest, which may be bent
            start, end = BONES[bone]
            along = at[f"{side}_{end}"] - at[f"{side}_{start}"]
            target = np.array(getattr(limbs, bone)) * [sign, 1, 1]
            assert along @ target / np.linalg.norm(along) / np.linalg.norm(target) > 0.9999


@pytest.mark.parametrize("chosen", POSES, ids=lambda p: p.name)
def test_no_pose_passes_through_itself(anny, chosen):
    betas = np.zeros(2)
    assert penetration(anny, pose(anny.rig, betas, articulate(anny, chosen, betas))) < 0.03


def test_penetration_is_noticed(anny):
    through = Pose("through", Limbs(upper_arm=(0.1, -1, 0), forearm=(-1, -0.1, -0.05)))
    assert penetration(anny, pose(anny.rig)) < 0.001
    assert penetration(anny, pose(anny.rig, [0], articulate(anny, through, np.zeros(1)))) > 0.05


def test_samples_differ_and_do_not_pass_through_themselves(anny):
    rng = np.random.default_rng(0)
    names = set()
    for _ in range(8):
        chosen, betas, rotations = sample(anny, rng)
        names.add(chosen.name)
        assert penetration(anny, pose(anny.rig, betas, rotations)) < 0.02
    assert len(names) > 3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_camera_sees_the_whole_person(anny, seed):
    rng = np.random.default_rng(seed)
    vertices = anny.vertices * rng.uniform(0.8, 1.2, 3)
    camera = around(vertices, rng, 300)
    assert np.allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    xy, depth = camera.project(vertices)
    assert (depth > 0.3).all()
    assert (xy >= 0).all()
    assert (xy <= 300).all()
    assert np.ptp(xy, axis=0).max() > 150
    assert camera.axes[1, 1] < -0.8  # upright: down in the image is down in the world


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
