"""What is read off the shape of a mesh: its plane of symmetry, axes, patches and limbs."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.builders import mesh_pose, mesh_symmetry
from surface.builders.mesh_patches import FLAT, cut_fans, disks, flatness, is_disk, smooth_normals
from surface.builders.mesh_segment import parts
from tests.surface.meshes import box, sphere
from tests.surface.shapes import animal


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-1, 1))
@settings(max_examples=3, deadline=None)
def test_the_plane_of_symmetry_is_found_askew(a, b, shift):
    v, f = animal(0.07)
    turn = trimesh.transformations.euler_matrix(0, a, b)[:3, :3]
    plane = mesh_symmetry.plane(v @ turn.T + [shift, 0, 0], f)
    assert plane is not None
    wanted = turn @ [1, 0, 0]
    assert np.degrees(np.arccos(min(1, abs(plane.normal @ wanted)))) < 1.0
    assert plane.offset == pytest.approx(wanted[0] * shift * np.sign(plane.normal @ wanted), abs=0.02)


def test_a_mesh_without_symmetry_has_none():
    shape = sphere()
    v = np.asarray(shape.vertices)
    v = v * (1 + 0.4 * np.sin(v @ [19, 14, 9] + 0.3) + 0.3 * np.cos(v @ [12, 21, 5]))[:, None]
    assert mesh_symmetry.plane(v, np.asarray(shape.faces)) is None


@pytest.mark.parametrize(("up", "front"), [("z", None), ("x", "-y"), ("-y", "x"), (None, "-z")])
def test_axes_are_a_rotation_that_puts_up_and_front_right(up, front):
    turn = mesh_pose.axes(up, front)
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)
    axis = {s + a: np.eye(3)[k] * (-1 if s else 1) for s in ("", "-") for k, a in enumerate("xyz")}
    assert (turn @ axis[up or "y"]).tolist() == [0, 1, 0]
    assert (turn @ axis[front or ("-y" if up == "z" else "z")]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("up", "front", "message"), [("q", None, "'q' is no axis"), ("y", "-y", "same line")])
def test_axes_that_are_none_are_refused(up, front, message):
    with pytest.raises(ValueError, match=message):
        mesh_pose.axes(up, front)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["sphere", "torus", "box"]))
@settings(max_examples=10, deadline=None)
def test_any_set_of_triangles_is_parted_into_disks(seed, name):
    shape = {"sphere": sphere(), "torus": trimesh.creation.torus(0.3, 0.1, 16, 10), "box": box()}[name]
    rng = np.random.default_rng(seed)
    v, f = np.asarray(shape.vertices), np.asarray(shape.faces)
    f = f[rng.random(len(f)) < rng.uniform(0.3, 1.0)]
    normals = smooth_normals(v, f, 0.02)
    number = disks(v, f, normals)
    for k in range(number.max() + 1):
        own = number == k
        assert is_disk(f[own])
        area = np.linalg.norm(np.cross(v[f[own][:, 1]] - v[f[own][:, 0]], v[f[own][:, 2]] - v[f[own][:, 0]]), axis=1)
        assert own.sum() <= 16 or flatness(normals[own], area) >= FLAT


def test_fans_that_meet_in_a_vertex_are_cut():
    bow = np.array([[0, 1, 2], [0, 3, 4]])
    origin, faces = cut_fans(bow)
    assert len(origin) == 6
    assert np.array_equal(origin[faces], bow)
    assert not set(faces[0]) & set(faces[1])


def test_a_ball_has_no_limbs():
    shape = sphere()
    assert parts(np.asarray(shape.vertices), np.asarray(shape.faces), None, None).names == ("Body",)
