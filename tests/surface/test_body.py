"""The body: files, I,U,V and back, nearest points, mirror; every complaint names what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as np_arrays

import surface
from surface.body import Body, barycentric

COORDINATE = st.floats(-0.5, 1.5, allow_nan=False, width=32)


def test_file_round_trip_keeps_everything(tmp_path, tiny):
    path = tmp_path / "tiny.npz"
    tiny.save(path)
    again = surface.load(path)
    assert again.hash == tiny.hash
    assert again.name == "tiny"
    assert again.rig is not None
    assert again.rig.joint_names == ("root", "tip")
    assert np.array_equal(again.rig.weights.toarray(), tiny.rig.weights.toarray())
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.npz"]


def test_the_same_body_is_the_same_file(tmp_path, tiny):
    for name in ("a", "b"):
        tiny.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_hash_names_the_content(tiny_arrays):
    before = Body.from_arrays(tiny_arrays).hash
    assert Body.from_arrays(tiny_arrays | {"faces": tiny_arrays["faces"].astype(np.int64)}).hash == before
    tiny_arrays["face_uv"] = tiny_arrays["face_uv"].copy()
    tiny_arrays["face_uv"][3, 1, 0] += 1e-9
    assert Body.from_arrays(tiny_arrays).hash != before


def test_arrays_are_read_only(tiny):
    for array in (tiny.vertices, tiny.faces, tiny.face_uv, tiny.face_part, tiny.rig.shapedirs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_body_without_a_rig(tmp_path, tiny_arrays):
    bare = {
        k: v
        for k, v in tiny_arrays.items()
        if not k.startswith(("shape", "joint", "kintree", "weights", "J_regressor"))
    }
    body = Body.from_arrays(bare)
    body.save(tmp_path / "bare.npz")
    assert body.rig is None
    assert surface.load(tmp_path / "bare.npz").rig is None


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: a.pop("faces"), r"here: not a body file: 'faces' is missing"),
        (lambda a: a.update(format=np.int64(9)), r"here: body file format 9; this version reads format 1"),
        (lambda a: a["faces"].__setitem__((5, 2), 999), r"here: faces\[5, 2\] is 999; expected 0\.\.257"),
        (lambda a: a["face_uv"].__setitem__((7, 0, 1), 1.5), r"here: face_uv\[7, 0, 1\] is 1\.5; expected 0\.\.1"),
        (lambda a: a["vertices"].__setitem__((3, 1), np.nan), r"here: vertices holds a value that is not finite"),
        (
            lambda a: a.update(face_chart=a["face_chart"][:-1]),
            r"here: face_chart has shape \(511,\); expected \(512,\)",
        ),
        (lambda a: a["mirror_corner"].__setitem__((0, 0), a["mirror_corner"][0, 1]), r"here: mirror_corner must hold"),
        (lambda a: a.update(chart_names=np.array([1, 2])), r"here: chart_names must be a list of names"),
        (lambda a: a["kintree_table"].__setitem__((0, 1), 1), r"here: kintree_table: joint 1 must have a parent"),
        (lambda a: a.update(weights_indptr=a["weights_indptr"][::-1]), r"here: weights is not a compressed sparse row"),
    ],
)
def test_spoilt_arrays_are_refused(tiny_arrays, spoil, message):
    tiny_arrays["faces"] = tiny_arrays["faces"].copy()
    spoil(tiny_arrays)
    with pytest.raises(ValueError, match=message):
        Body.from_arrays(tiny_arrays, "here")


def test_other_files_are_refused(tmp_path):
    text, empty = tmp_path / "text.npz", tmp_path / "empty.npz"
    text.write_text("no body")
    empty.write_bytes(b"")
    for path in (text, empty):
        with pytest.raises(ValueError, match=f"{path.name}: not a body file"):
            surface.load(path)
    with pytest.raises(FileNotFoundError, match="no body 'nobody': not a file"):
        surface.load("nobody")


def test_iuv_round_trip(tiny, random_points):
    face, bary = random_points(tiny, 20_000)
    I, U, V = tiny.to_iuv(face, bary)
    assert np.array_equal(I, tiny.face_chart[face])
    again = tiny.from_iuv(I, U, V)
    assert np.linalg.norm(tiny.position(*again) - tiny.position(face, bary), axis=1).max() < 1e-12


def test_shipped_body_round_trips_below_a_micrometre(anny, random_points):
    face, bary = random_points(anny, 200_000)
    again = anny.from_iuv(*anny.to_iuv(face, bary))
    assert np.linalg.norm(anny.position(*again) - anny.position(face, bary), axis=1).max() < 1e-6


def test_iuv_of_corners_is_the_corners_uv(tiny):
    every = np.arange(len(tiny.faces))
    for corner in range(3):
        _, U, V = tiny.to_iuv(every, np.tile(np.eye(3)[corner], (len(every), 1)))
        assert np.allclose(np.stack([U, V], axis=1), tiny.face_uv[:, corner], atol=0)


@given(np_arrays(np.float32, st.tuples(st.integers(1, 30), st.just(2)), elements=COORDINATE), st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_outside_the_chart_its_nearest_point_is_taken(tiny, uv, chart):
    uv = uv.astype(np.float64)
    face, bary = tiny.from_iuv(np.full(len(uv), chart), uv[:, 0], uv[:, 1])
    assert (tiny.face_chart[face] == chart).all()
    assert np.allclose(bary.sum(axis=1), 1)
    assert (bary >= 0).all()
    found = np.einsum("nk,nkc->nc", bary, tiny.face_uv[face])
    # By brute force: the nearest point on any edge of the chart, or the point itself where a triangle holds it.
    corners = tiny.face_uv[tiny.face_chart == chart]
    a, b = corners.reshape(-1, 2), np.roll(corners, -1, axis=1).reshape(-1, 2)
    t = np.einsum("nec,ec->ne", uv[:, None] - a, b - a) / ((b - a) ** 2).sum(axis=1)
    edge = np.linalg.norm(a + np.clip(t, 0, 1)[..., None] * (b - a) - uv[:, None], axis=2).min(axis=1)
    distance = np.linalg.norm(found - uv, axis=1)
    inside = distance < 1e-9
    assert np.allclose(distance[~inside], edge[~inside], atol=1e-9)
    outside_square = ((uv < 0) | (uv > 1)).any(axis=1)
    assert not inside[outside_square].any()


def test_from_iuv_refuses_nonsense(tiny):
    with pytest.raises(ValueError, match=r"I must be a whole number in 1\.\.2: item 1 is 3"):
        tiny.from_iuv([1, 3], [0.5, 0.5], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"U and V must be finite: item 0"):
        tiny.from_iuv([1], [np.nan], [0.5])
    with pytest.raises(ValueError, match="must be equal and flat"):
        tiny.from_iuv([1, 1], [0.5], [0.5])


def test_points_are_checked(tiny):
    with pytest.raises(ValueError, match=r"faces must be in 0\.\.511: item 1 is 512"):
        tiny.position([0, 512], [[1, 0, 0], [1, 0, 0]])
    with pytest.raises(ValueError, match=r"sum to 1: item 0 is \[1\.0, 0\.5, 0\.0\]"):
        tiny.position([0], [[1, 0.5, 0]])
    with pytest.raises(ValueError, match=r"must be \(N,\) and \(N, 3\)"):
        tiny.to_iuv([0, 1], [[1, 0, 0]])
    with pytest.raises(ValueError, match="must be integers"):
        tiny.to_iuv([0.5], [[1, 0, 0]])


def test_part_of_faces_and_background(tiny):
    assert tiny.part([-1, 0]).tolist() == [0, int(tiny.chart_part[tiny.face_chart[0] - 1])]
    with pytest.raises(ValueError, match=r"faces must be in -1\.\.511: item 0 is -2"):
        tiny.part([-2])


def test_nearest_finds_the_surface_and_the_distance(tiny, random_points):
    face, bary = random_points(tiny, 500)
    on = tiny.position(face, bary)
    a, b, c = np.moveaxis(tiny.vertices[tiny.faces[face]], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    found, weights, distance = tiny.nearest(on + 0.01 * normal)
    # Convex and outside: the foot of the normal is the nearest point.
    assert np.allclose(distance, 0.01, atol=1e-12)
    assert np.allclose(tiny.position(found, weights), on, atol=1e-9)
    with pytest.raises(ValueError, match="positions must be finite: item 0"):
        tiny.nearest([[np.inf, 0, 0]])


def test_mirror_is_an_involution_in_space(tiny, random_points):
    face, bary = random_points(tiny, 2000)
    mirrored = tiny.mirror(face, bary)
    assert np.allclose(tiny.position(*mirrored), tiny.position(face, bary) * [-1, 1, 1], atol=1e-12)
    assert np.array_equal(tiny.part(mirrored[0]), tiny.part_mirror[tiny.part(face)])
    again = tiny.mirror(*mirrored)
    assert np.array_equal(again[0], face)
    assert np.array_equal(again[1], bary)


def test_shipped_body_is_mirrored_exactly(anny, random_points):
    face, bary = random_points(anny, 5000)
    mirrored = anny.mirror(face, bary)
    assert np.abs(anny.position(*mirrored) - anny.position(face, bary) * [-1, 1, 1]).max() < 1e-9
    assert np.array_equal(anny.to_iuv(*mirrored)[0], anny.chart_mirror[anny.to_iuv(face, bary)[0]])


@given(np_arrays(np.float64, (4, 3, 3), elements=st.floats(-1, 1)), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_barycentric_recovers_weights(triangles, seed):
    weights = np.random.default_rng(seed).dirichlet(np.ones(3), size=4)
    points = np.einsum("nk,nkc->nc", weights, triangles)
    found = barycentric(points, triangles)
    assert np.allclose(found.sum(axis=1), 1)
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    fat = area > 1e-3
    assert np.allclose(found[fat], weights[fat], atol=1e-6)


def test_vertex_normals_point_outwards(tiny):
    assert np.allclose(np.linalg.norm(tiny.vertex_normals, axis=1), 1)
    assert (np.einsum("nc,nc->n", tiny.vertex_normals, tiny.vertices) > 0).all()
