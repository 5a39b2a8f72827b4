"""The z-buffer: no cracks, no pixel twice, exact barycentrics in both projections, the triangles of a ray cast."""

from __future__ import annotations

import igl
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.raster import NEAR, cast, rasterize


def _sphere(subdivisions: int = 3) -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions=subdivisions)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_triangulated_square_is_covered_exactly_once(seed, on_grid):
    """Any triangulation of a rectangle: every centre in it belongs to one triangle, also when centres lie on edges."""
    rng = np.random.default_rng(seed)
    inner = rng.uniform(2, 30, (12, 2))
    if on_grid:
        inner = np.floor(inner) + 0.5
    corners = [[0.5, 0.5], [31.5, 0.5], [31.5, 31.5], [0.5, 31.5]]
    points = np.unique(np.concatenate([corners, inner]), axis=0)
    from scipy.spatial import Delaunay

    triangles = Delaunay(points).simplices
    flipped = rng.random(len(triangles)) < 0.5
    triangles[flipped] = triangles[flipped][:, ::-1]
    count = np.zeros((32, 32), int)
    for triangle in triangles:
        count += rasterize(points, np.zeros(len(points)), triangle[None], 32, 32)[0] == 0
    # Top-left rule: the top row and left column of centres are in, the bottom and right ones are out.
    assert (count[:31, :31] == 1).all()
    assert (count[31] == 0).all()
    assert (count[:, 31] == 0).all()


def test_the_front_most_triangle_wins_whatever_the_order():
    xy = np.array([[0, 0], [20, 0], [0, 20]] * 2, float)
    depth = np.array([2, 2, 2, 1, 1, 1], float)
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    for order in ([0, 1], [1, 0]):
        face, _, front = rasterize(xy, depth, faces[order], 10, 10)
        assert (face == order.index(1)).all()
        assert np.allclose(front, 1, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=40, deadline=None)
def test_barycentrics_give_back_the_pixel_and_the_depth(seed, perspective):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1, 4, 9)
    xy = rng.uniform(-10, 40, (9, 2))
    faces = np.arange(9).reshape(3, 3)
    face, bary, front = rasterize(xy, depth, faces, 30, 30, perspective)
    there = face >= 0
    assert np.allclose(bary[there].sum(axis=1), 1, atol=1e-6)
    assert (bary[~there] == 0).all()
    assert np.isinf(front[~there]).all()
    weights, corners = bary[there].astype(float), faces[face[there]]
    centre = np.argwhere(there)[:, ::-1] + 0.5
    if perspective:
        space = np.concatenate([xy * depth[:, None], depth[:, None]], axis=1)
        point = np.einsum("nk,nkc->nc", weights, space[corners])
        assert np.allclose(point[:, :2] / point[:, 2:], centre, atol=1e-4)
        assert np.allclose(point[:, 2], front[there], atol=1e-5)
    else:
        assert np.allclose(np.einsum("nk,nkc->nc", weights, xy[corners]), centre, atol=1e-4)
        assert np.allclose(np.einsum("nk,nk->n", weights, depth[corners]), front[there], atol=1e-5)


def test_same_triangles_as_a_ray_cast():
    sphere = _sphere()
    xy, depth = sphere.vertices[:, :2] * 60 + 64, -sphere.vertices[:, 2]
    face, bary, front = rasterize(xy, depth, sphere.faces, 128, 128)
    rows, columns = np.nonzero(face >= 0)
    start = np.stack([(columns + 0.5 - 64) / 60, (rows + 0.5 - 64) / 60, np.full(len(rows), 5.0)], axis=1)
    vertices, faces, tree = np.array(sphere.vertices), np.array(sphere.faces, np.int64), igl.AABB()
    tree.init(vertices, faces)
    hits = tree.intersect_ray_first(vertices, faces, start, np.tile([0, 0, -1.0], (len(rows), 1)))[0]
    assert (hits == face[rows, columns]).mean() > 0.999
    found, weights, near = cast(xy, depth, sphere.faces, columns + 0.5, rows + 0.5)
    assert np.array_equal(found, face[rows, columns])
    assert np.allclose(weights, bary[rows, columns], atol=1e-6)
    assert np.allclose(near, front[rows, columns], atol=1e-12)


def test_a_closed_surface_has_no_hole_and_the_sphere_its_area():
    sphere = _sphere(4)
    face, _, _ = rasterize(sphere.vertices[:, :2] * 100 + 128.3, -sphere.vertices[:, 2], sphere.faces, 256, 256)
    rows = np.arange(256)[:, None] + 0.5 - 128.3
    columns = np.arange(256)[None] + 0.5 - 128.3
    assert (face[np.hypot(rows, columns) < 98] >= 0).all()
    assert (face[np.hypot(rows, columns) > 100] == -1).all()


def test_cast_hits_edges_and_corners_and_misses_outside():
    xy = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    face, bary, depth = cast(xy, np.arange(4.0), faces, [5, 0, 10, 5, 10.001], [5, 0, 10, 0, 5])
    assert (face[:4] >= 0).all()
    assert face[4] == -1
    assert np.isinf(depth[4])
    assert np.allclose(bary[:4].sum(axis=1), 1)
    assert depth[1] == 0
    assert depth[2] == 2


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_cast_of_many_is_cast_of_each(seed, count):
    sphere = _sphere(1)
    xy, depth = sphere.vertices[:, :2], sphere.vertices[:, 2]
    at = np.random.default_rng(seed).uniform(-1.2, 1.2, (count, 2))
    face, _, near = cast(xy, depth, sphere.faces, at[:, 0], at[:, 1])
    for n in range(0, count, 37):
        one = cast(xy, depth, sphere.faces, at[n, 0], at[n, 1])
        assert one[0][0] == face[n]
        assert one[2][0] == near[n]


def test_what_lies_behind_the_camera_is_cut():
    """A floor from behind the camera to far before it: below the horizon there is floor, above there is none."""
    points = np.array([[-50, 1, -5], [50, 1, -5], [50, 1, 60], [-50, 1, 60]], float)
    xy = points[:, :2] / points[:, 2:] * 20 + 16
    face, bary, depth = rasterize(xy, points[:, 2], [[0, 1, 2], [0, 2, 3]], 32, 32, perspective=True)
    rows = np.arange(32) + 0.5 - 16
    expected = np.where(rows > 0, 20 / np.where(rows > 0, rows, 1), np.inf)
    assert (face[rows > 20 / 60] >= 0).all()
    assert (face[rows < 0] == -1).all()
    seen = face >= 0
    assert np.allclose(depth[seen], np.broadcast_to(expected[:, None], (32, 32))[seen], rtol=1e-9)
    corners = np.array([[0, 1, 2], [0, 2, 3]])[face[seen]]
    point = np.einsum("nk,nkc->nc", bary[seen].astype(float), points[corners])
    assert np.allclose(point[:, 1], 1, atol=1e-5)
    assert (depth >= NEAR).all()


def test_wholly_behind_the_camera_is_not_drawn():
    xy = np.array([[0, 0], [30, 0], [0, 30]], float)
    face, _, _ = rasterize(xy, [-1.0, -1.0, -1.0], [[0, 1, 2]], 16, 16, perspective=True)
    assert (face == -1).all()


def test_degenerate_and_endless_triangles_are_skipped():
    xy = np.array([[1, 1], [5, 5], [9, 9], [np.inf, 0], [0, np.nan]], float)
    face, _, _ = rasterize(xy, np.zeros(5), [[0, 1, 2], [0, 0, 1], [0, 1, 3], [0, 1, 4]], 16, 16)
    assert (face == -1).all()


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="an image of 0 x 4 pixels has no pixel"):
        rasterize(np.zeros((3, 2)), np.zeros(3), [[0, 1, 2]], 4, 0)
    with pytest.raises(ValueError, match=r"do not fit \(V,2\), \(V,\), \(F,3\)"):
        rasterize(np.zeros((3, 3)), np.zeros(3), [[0, 1, 2]], 4, 4)
    with pytest.raises(ValueError, match="faces must index the 3 vertices"):
        cast(np.zeros((3, 2)), np.zeros(3), [[0, 1, 3]], 0, 0)
    with pytest.raises(ValueError, match="position 1 is not finite"):
        cast(np.zeros((3, 2)), np.zeros(3), [[0, 1, 2]], [0, np.nan], [0, 0])
