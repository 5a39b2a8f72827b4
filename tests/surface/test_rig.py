"""Posing: SMPL's formula, against one written out vertex by vertex and against rigid motions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from surface.rig import joints, pose, rodrigues, shape, transforms

ANGLES = arrays(np.float64, (2, 3), elements=st.floats(-7, 7))


@given(arrays(np.float64, (5, 3), elements=st.floats(-7, 7)))
@settings(max_examples=80, deadline=None)
def test_rodrigues_agrees_with_scipy(rotations):
    assert np.allclose(rodrigues(rotations), Rotation.from_rotvec(rotations).as_matrix(), atol=1e-12)


def test_rest_pose_is_the_template(tiny):
    assert np.allclose(pose(tiny.rig), tiny.vertices, atol=1e-15)
    wider = pose(tiny.rig, [0.5])
    assert np.allclose(wider, tiny.vertices * [1.5, 1, 1], atol=1e-8)
    assert np.allclose(shape(tiny.rig, [0, 1]), tiny.vertices * [1, 2, 1], atol=1e-8)


@given(ANGLES, arrays(np.float64, 2, elements=st.floats(-1, 1)))
@settings(max_examples=40, deadline=None)
def test_pose_is_smpls_formula(tiny, rotations, betas):
    rng = np.random.default_rng(0)
    rig = replace(tiny.rig, posedirs=rng.normal(0, 0.01, (len(tiny.vertices), 3, 9)))
    found = pose(rig, betas, rotations, [1.0, 2.0, 3.0])
    rest = rig.v_template + rig.shapedirs @ betas
    joints = rig.J_regressor.toarray() @ rest
    local = Rotation.from_rotvec(rotations).as_matrix()
    rest = rest + rig.posedirs @ (local[1] - np.eye(3)).reshape(-1)
    world = [np.eye(4), np.eye(4)]
    world[0][:3, :3], world[0][:3, 3] = local[0], joints[0]
    step = np.eye(4)
    step[:3, :3], step[:3, 3] = local[1], joints[1] - joints[0]
    world[1] = world[0] @ step
    weights = rig.weights.toarray()
    for v in range(0, len(rest), 17):
        expected = np.array([1.0, 2.0, 3.0])
        for j in range(2):
            expected += weights[v, j] * (world[j][:3, :3] @ (rest[v] - joints[j]) + world[j][:3, 3])
        assert np.allclose(found[v], expected, atol=1e-9)


def test_a_whole_body_is_posed_as_with_matrices(anny):
    rng, rig = np.random.default_rng(1), anny.rig
    betas, rotations = rng.normal(size=16), rng.normal(size=(len(rig.joint_names), 3))
    rest = rig.v_template + rig.shapedirs @ betas
    at = rig.J_regressor @ rest
    assert np.allclose(joints(rig, betas), at, rtol=0, atol=1e-12)
    world = transforms(rig, at, rotations)
    world[:, :3, 3] -= np.einsum("jab,jb->ja", world[:, :3, :3], at)
    blend = (rig.weights @ world[:, :3].reshape(len(at), 12)).reshape(-1, 3, 4)
    expected = np.einsum("vab,vb->va", blend[:, :, :3], rest) + blend[:, :, 3]
    assert np.allclose(pose(rig, betas, rotations), expected, rtol=0, atol=1e-9)


def test_turning_the_root_is_a_rigid_motion(anny):
    turn = np.zeros((len(anny.rig.joint_names), 3))
    turn[0] = [0.3, -1.2, 0.5]
    moved = pose(anny.rig, None, turn, [0.1, 0.2, 0.3])
    matrix = Rotation.from_rotvec(turn[0]).as_matrix()
    root = (anny.rig.J_regressor @ anny.rig.v_template)[0]
    assert np.allclose(moved, (anny.rig.v_template - root) @ matrix.T + root + [0.1, 0.2, 0.3], atol=1e-9)


def test_a_bent_left_elbow_leaves_the_right_side_alone(anny):
    bend = np.zeros((len(anny.rig.joint_names), 3))
    bend[anny.rig.joint_names.index("left_elbow")] = [0, -1.0, 0]
    shift = np.linalg.norm(pose(anny.rig, None, bend) - pose(anny.rig), axis=1)
    moved = np.unique(anny.face_part[(shift[anny.faces] > 1e-3).any(axis=1)])
    names = {anny.part_names[p - 1] for p in moved}
    assert {"Lower Arm Left", "Left Hand"} <= names <= {"Lower Arm Left", "Left Hand", "Upper Arm Left"}


def test_wrong_input_is_named(tiny):
    with pytest.raises(ValueError, match=r"betas has shape \(3,\); the rig has 2 shape directions"):
        pose(tiny.rig, [0, 0, 0])
    with pytest.raises(ValueError, match=r"betas\[1\] is not finite"):
        pose(tiny.rig, [0, np.nan])
    with pytest.raises(ValueError, match=r"rotations has shape \(3, 3\); the rig needs \(2, 3\)"):
        pose(tiny.rig, None, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="rotations of joint 1 are not finite"):
        pose(tiny.rig, None, [[0, 0, 0], [0, np.inf, 0]])
    with pytest.raises(ValueError, match=r"translation has shape \(2,\)"):
        pose(tiny.rig, None, None, [0, 0])
