"""Meshes are repaired: orientation, holes, fins, duplicates, shared edges; crossings are found."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.builders.mesh_clean import clean
from surface.builders.mesh_report import Report
from surface.self_crossing import crossings
from surface.topology import euler_characteristic
from tests.surface.meshes import sphere


def cleaned(vertices, faces, **options):
    report = Report()
    return clean(np.asarray(vertices, dtype=float), np.asarray(faces), report, **options), report


def volume(mesh):
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume


@pytest.mark.parametrize(("level", "below", "small"), [(3, 0.2, True), (2, 0.0, False)])
def test_small_holes_are_filled_and_large_ones_only_if_asked(level, below, small):
    shape = sphere(level=level)
    faces = shape.faces[1:][np.asarray(shape.triangles_center)[1:, 1] < below]  # one face less, or half the ball
    _, report = cleaned(shape.vertices, faces)
    assert report.holes == 1
    assert report.filled_holes == small
    assert (report.largest_open == 0) == small
    everything, _ = cleaned(shape.vertices, faces, holes="all")
    assert euler_characteristic(everything.faces) == 2
    assert (everything.origin == -1).sum() == len(everything.faces) - len(faces)
    assert euler_characteristic(cleaned(shape.vertices, faces, holes="none")[0].faces) == 1


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_any_orientation_of_the_triangles_becomes_outward(seed):
    rng = np.random.default_rng(seed)
    shape = sphere(level=1)
    turned = rng.random(len(shape.faces)) < rng.random()
    faces = np.where(turned[:, None], shape.faces[:, ::-1], shape.faces)
    faces = np.array([np.roll(face, k) for face, k in zip(faces, rng.integers(3, size=len(faces)), strict=True)])
    mesh, report = cleaned(shape.vertices, faces)
    assert volume(mesh) == pytest.approx(shape.volume)
    assert report.flipped_faces == turned.sum()


def test_a_shared_edge_of_two_equal_boxes_is_parted():
    a = trimesh.creation.box((1, 1, 1)).subdivide()
    v = np.concatenate([a.vertices, a.vertices + np.array([1, 0, 1])])
    mesh, report = cleaned(v, np.concatenate([a.faces, a.faces + len(a.vertices)]), largest=True)
    assert report.nonmanifold_edges == 2
    assert report.nonmanifold_at[0] == report.nonmanifold_at[2] == pytest.approx(0.5)
    assert volume(mesh) == pytest.approx(1.0)


def test_fins_are_removed_and_walls_refused():
    shape = sphere(1.0)
    a, b, _ = shape.faces[0]
    tip = len(shape.vertices)
    v = np.concatenate([shape.vertices, [shape.triangles_center[0] * 1.05]])
    mesh, report = cleaned(v, np.concatenate([shape.faces, [[a, b, tip]]]))
    assert report.fin_faces == 1
    assert volume(mesh) == pytest.approx(shape.volume)
    cube = trimesh.creation.box((1, 1, 1)).subdivide()
    corner = {tuple(p): k for k, p in enumerate(np.round(np.asarray(cube.vertices), 6).tolist())}
    ring = [
        corner[p]
        for p in [(0.5, 0, 0.5), (0.5, 0, 0), (0.5, 0, -0.5), (-0.5, 0, -0.5), (-0.5, 0, 0), (-0.5, 0, 0.5)]
        if p in corner
    ]
    wall = [[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)]
    with pytest.raises(ValueError, match=r"non-manifold edge at \("):
        cleaned(cube.vertices, np.concatenate([cube.faces, wall]))


def test_duplicates_and_flat_faces_go_without_a_tear():
    shape = sphere()
    f = np.asarray(shape.faces)
    # A vertex in the middle of an edge, known to one side only: closed by a face without area.
    a, b, c = f[0]
    middle = len(shape.vertices)
    v = np.concatenate([shape.vertices, [(shape.vertices[a] + shape.vertices[b]) / 2]])
    faces = np.concatenate([f[1:], [[a, middle, c], [middle, b, c], [a, b, middle]], f[5:8], [[a, a, b]]])
    mesh, report = cleaned(v, faces)
    assert report.duplicate_faces == 3
    assert report.degenerate_faces == 2
    assert euler_characteristic(mesh.faces) == 2
    assert volume(mesh) == pytest.approx(shape.volume)
    assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).area_faces.min() > 1e-6


def test_a_surface_that_touches_itself_in_a_point_is_split_there():
    a = sphere(level=1)
    v, f = np.asarray(a.vertices), np.asarray(a.faces)
    top = int(v[:, 1].argmax())
    low = int(v[:, 1].argmin())
    w = v.copy()
    w[low] = w[top]  # the lowest vertex is drawn through to the highest
    mesh, report = cleaned(w, f)
    assert report.split_vertices == 1
    assert euler_characteristic(mesh.faces) == 2


def test_self_intersections_are_found_where_they_are():
    a, b = sphere(1.0), sphere(0.3).apply_translation([1, 0, 0])
    v, f = np.concatenate([a.vertices, b.vertices]), np.concatenate([a.faces, b.faces + len(a.vertices)])
    pairs = crossings(v, f)
    middles = v[f[pairs]].mean(axis=(1, 2))
    assert len(pairs) > 10
    assert np.abs(np.linalg.norm(middles - [1, 0, 0], axis=1) - 0.3).max() < 0.15
    assert len(crossings(np.asarray(a.vertices), np.asarray(a.faces))) == 0


@given(st.floats(0.05, 0.6), st.floats(0, 2 * np.pi))
@settings(max_examples=10, deadline=None)
def test_crossings_agree_with_a_search_over_all_pairs(size, turn):
    a = trimesh.creation.icosahedron()
    b = trimesh.creation.icosahedron().apply_scale(size)
    b.apply_transform(trimesh.transformations.rotation_matrix(turn, [1, 2, 3]))
    b.apply_translation([0.8, 0.1, 0.05])
    v, f = np.concatenate([a.vertices, b.vertices]), np.concatenate([a.faces, b.faces + len(a.vertices)])

    # Another way: an edge of one passes through a triangle of the other if the signs of five volumes say so.
    def six(p, q, r, s):
        return np.linalg.det(np.stack([q - p, r - p, s - p]))

    def through(p, q, t):
        if six(*t, p) * six(*t, q) >= 0:
            return False
        signs = [np.sign(six(p, q, t[k], t[(k + 1) % 3])) for k in range(3)]
        return abs(sum(signs)) == 3

    want = {
        (i, j)
        for i in range(20)
        for j in range(20, 40)
        if any(through(v[f[x][k]], v[f[x][(k + 1) % 3]], v[f[y]]) for x, y in ((i, j), (j, i)) for k in range(3))
    }
    assert {tuple(pair) for pair in crossings(v, f).tolist()} == want
