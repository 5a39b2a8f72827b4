"""Poses: limbs point where the pose says, bodies do not pass through themselves."""

from __future__ import annotations

import numpy as np
import pytest

from surface.rig import pose, shape, transforms
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
        found = sample(anny, rng)
        names.add(found.name)
        assert penetration(anny, pose(anny.rig, found.betas, found.rotations)) < 0.02
    assert len(names) > 3
