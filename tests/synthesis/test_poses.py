"""Poses: limbs point where the pose says, joints stay within their limits, bodies do not pass through themselves."""

from __future__ import annotations

import igl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from surface.rig import joints, pose, rodrigues, transforms
from synthesis.articulate import articulate
from synthesis.limits import clamp, excess
from synthesis.penetration import penetration
from synthesis.pose_forms import Limbs, Pose, between, leg, mirrored
from synthesis.pose_library import FAMILIES
from synthesis.poses import TOUCH, draw, sample
from synthesis.shapes import shape_of

LIBRARY = [chosen for family in FAMILIES for chosen in family.poses]
BONES = {
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
SEEDS = st.integers(0, 2**32 - 1)


def joints_of(body, betas, rotations):
    world = transforms(body.rig, joints(body.rig, betas), rotations)
    return dict(zip(body.rig.joint_names, world[:, :3, 3], strict=True))


def off(at, side, bone, way):
    """Degrees between a bone and where it should point."""
    along = at[f"{side}_{BONES[bone][1]}"] - at[f"{side}_{BONES[bone][0]}"]
    target = np.array(way) * [-1 if side == "right" else 1, 1, 1]
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(along, target)), along @ target))


def test_limbs_point_where_the_pose_says(anny):
    limbs = Limbs(*leg(50, 70), upper_arm=(0.5, -0.4, 0.6), forearm=(-0.2, 0.5, 0.8))
    at = joints_of(anny, [1.0], articulate(anny, Pose("", limbs, limbs, planted=False), np.ones(1)))
    for side in ("left", "right"):
        for bone in BONES:
            assert off(at, side, bone, getattr(limbs, bone)) < 0.01


def test_the_library_is_varied_and_limits_hardly_touch_it(anny):
    assert len({chosen.name for chosen in LIBRARY}) >= 60
    for chosen in LIBRARY:
        at = joints_of(anny, np.zeros(1), articulate(anny, replace_tip(chosen), np.zeros(1)))
        for side, limbs in (("left", chosen.left), ("right", chosen.right)):
            for bone in ("thigh", "shin"):
                assert off(at, side, bone, getattr(limbs, bone)) < (25 if chosen.planted else 18), (chosen.name, side)


def replace_tip(chosen):
    return Pose(**{**vars(chosen), "tip": (0, 0, 0)})


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_every_pose_is_within_the_limits_of_joints(anny, seed):
    rng = np.random.default_rng(seed)
    betas = shape_of(anny, rng)
    rotations = articulate(anny, draw(rng), betas, rng)
    assert excess(anny.rig, rotations).max() < 1e-6
    at = joints_of(anny, betas, rotations)
    for side in ("left", "right"):
        hip, knee, ankle = (at[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
        j = anny.rig.joint_names.index(f"{side}_hip")
        turned = rodrigues(rotations[0]) @ rodrigues(rotations[j])
        assert (ankle - knee) @ turned[:, 2] < 0.12 * np.linalg.norm(ankle - knee)  # knees bend backward alone
        assert np.linalg.norm(hip - knee) > 0.2


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_limits_take_the_nearest_pose_and_leave_it_there(anny, seed):
    matrices = Rotation.random(len(anny.rig.joint_names), random_state=seed).as_matrix()
    once = clamp(anny.rig, matrices)
    assert np.allclose(rodrigues(clamp(anny.rig, rodrigues(once))), rodrigues(once), atol=1e-7)
    assert np.allclose(rodrigues(once)[0], matrices[0])  # the root is free


def test_both_sides_have_the_same_limits(anny):
    rng = np.random.default_rng(4)
    names = anny.rig.joint_names
    other = [names.index(n.replace("left", "@").replace("right", "left").replace("@", "right")) for n in names]
    rotations = rng.normal(0, 1, (len(names), 3))
    assert np.allclose(excess(anny.rig, rotations[other] * [1, -1, -1]), excess(anny.rig, rotations)[other], atol=1e-6)


@pytest.mark.parametrize("name", ["knee", "elbow"])
def test_hinges_bend_one_way(anny, name):
    flat = np.tile(np.eye(3), (len(anny.rig.joint_names), 1, 1))
    j = anny.rig.joint_names.index(f"left_{name}")
    axis = np.array([1.0, 0, 0])
    if name == "elbow":
        at = joints(anny.rig)
        up, low = (at[anny.rig.joint_names.index(n)] for n in ("left_shoulder", "left_wrist"))
        axis = np.cross(at[j] - up, low - at[j])
        axis /= np.linalg.norm(axis)
    for angle, fits in ((1.2, True), (-1.2, False)):
        flat[j] = rodrigues(angle * axis)
        found = np.linalg.norm(clamp(anny.rig, flat)[j] - angle * axis)
        assert (found < 1e-6) if fits else (found > 0.3)


def test_depth_of_penetration_is_that_of_the_exact_mesh(anny):
    depths = []
    for inward in (-0.2, -0.6, -1.0, -1.4):
        limbs = Limbs(upper_arm=(0.25, -1, 0.05), forearm=(inward, -0.1, 0.8))
        vertices = pose(anny.rig, None, articulate(anny, Pose("", limbs, Limbs(), planted=False), np.zeros(0)))
        depths.append(slow(anny, vertices))
        assert penetration(anny, vertices) == pytest.approx(depths[-1], abs=0.006)
    assert depths[0] < 0.001
    assert depths[-1] > 0.02
    assert penetration(anny, pose(anny.rig)) < 0.001


def slow(body, vertices):
    """As `penetration`, of every vertex of lower arms, hands, shins and feet: winding numbers of the whole mesh."""
    deepest = 0.0
    for side in ("left", "right"):
        for own, tips in (
            ("upper arm|lower arm|hand", "lower arm|hand"),
            ("upper leg|lower leg|foot", "lower leg|foot"),
        ):
            parts = {p + 1: n.lower() for p, n in enumerate(body.part_names)}
            mine = [p for p, n in parts.items() if side in n and any(w in n for w in own.split("|"))]
            tip = [p for p, n in parts.items() if side in n and any(w in n for w in tips.split("|"))]
            limb = vertices[np.unique(body.faces[np.isin(body.face_part, tip)])]
            rest = body.faces[~np.isin(body.face_part, mine)].astype(np.int64)
            inside = limb[np.asarray(igl.fast_winding_number(vertices, rest, limb)) > 0.5]
            if len(inside):
                deepest = max(deepest, np.sqrt(igl.point_mesh_squared_distance(inside, vertices, rest)[0].max()))
    return deepest


def test_penetration_is_noticed(anny):
    through = Pose("through", Limbs(upper_arm=(0.1, -1, 0), forearm=(-1, -0.1, -0.05)))
    assert penetration(anny, pose(anny.rig, None, articulate(anny, through, np.zeros(0)))) > 0.05


def test_samples_differ_and_do_not_pass_through_themselves(anny):
    found = [sample(anny, np.random.default_rng(seed)) for seed in range(12)]
    assert len({one.name for one in found}) > 5
    for one in found:
        assert penetration(anny, pose(anny.rig, one.betas, one.rotations)) <= TOUCH
    again = sample(anny, np.random.default_rng(3))
    assert np.array_equal(again.rotations, found[3].rotations)


@pytest.mark.parametrize("bends", [(0, 30), (20, 55)])
def test_both_feet_stand_on_the_ground(anny, bends):
    chosen = Pose("", Limbs(*leg(bends[0], 5)), Limbs(*leg(bends[1], bends[1])))
    vertices = pose(anny.rig, None, articulate(anny, chosen, np.zeros(0)))
    lows = []
    for side in ("left", "right"):
        part = [n.lower() for n in anny.part_names].index(f"{side} foot") + 1
        lows.append(vertices[anny.faces[anny.face_part == part], 1].min())
    assert abs(lows[0] - lows[1]) < 0.008
    assert min(lows) == pytest.approx(vertices[:, 1].min(), abs=0.002)


def test_between_two_poses_and_mirrored():
    walk = next(family.poses for family in FAMILIES if family.poses[0].name == "walking")
    middle = between(walk[0], walk[1], 0.5)
    assert middle.left.thigh == pytest.approx((np.array(walk[0].left.thigh) + walk[1].left.thigh) / 2)
    assert mirrored(mirrored(walk[0])) == walk[0]
    assert mirrored(walk[0]).left == walk[0].right
