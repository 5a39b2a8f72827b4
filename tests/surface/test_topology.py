"""Triangles, holes, seams and mirror images."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.builders.anny_mesh import close_polygon, directions, visibility
from surface.builders.book import open_book, seam
from surface.topology import (
    boundary_loops,
    compact,
    edge_faces,
    euler_characteristic,
    face_areas,
    face_components,
    mirror_vertices,
    triangulate_symmetric,
    vertex_areas,
)
from tests.surface.test_segmentation import grid
from tests.surface.test_unfold import cap


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6))
def test_a_sheet_is_a_disk_with_one_boundary(columns: int, rows: int) -> None:
    vertices, faces = grid(columns, rows)
    assert euler_characteristic(faces) == 1
    (loop,) = boundary_loops(faces)
    assert len(loop) == 2 * (columns + rows)
    assert len(edge_faces(faces)[0]) == (3 * len(faces) - len(loop)) // 2
    assert vertex_areas(vertices, faces).sum() == pytest.approx(face_areas(vertices, faces).sum())
    # The loop runs with its triangles: the sheet lies to its left.
    x, y = vertices[loop, 0], vertices[loop, 1]
    assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0


def test_pieces_and_holes_are_counted() -> None:
    vertices, faces = grid(8, 8)
    centre = vertices[faces].mean(axis=1)
    hole = (np.abs(centre - [0.4, 0.4, 0.0])[:, :2] < 0.1).all(axis=1)
    assert euler_characteristic(faces[~hole]) == 0
    assert len(boundary_loops(faces[~hole])) == 2
    apart = faces[np.abs(centre[:, 0] - 0.4) > 0.1]
    assert face_components(apart)[0] == 2


def test_a_boundary_that_touches_itself_is_refused() -> None:
    vertices, faces = grid(2, 2)
    centre = vertices[faces].mean(axis=1)
    diagonal = faces[(centre[:, 0] < 0.1) == (centre[:, 1] < 0.1)]
    with pytest.raises(ValueError, match="touches itself"):
        boundary_loops(diagonal)


def test_symmetric_quads_give_symmetric_triangles() -> None:
    vertices, triangles = grid(6, 5)
    vertices = (vertices - [0.3, 0.0, 0.0]) * [1.0, 1.0, 0.0]
    vertices[:, 1] += 0.05 * np.abs(vertices[:, 0])  # slanted, so that one diagonal is shorter
    quads = np.concatenate([triangles[: len(triangles) // 2], triangles[len(triangles) // 2 :, 2:]], axis=1)
    mirror = mirror_vertices(vertices)
    faces = triangulate_symmetric(vertices, quads, mirror)
    half = len(faces) // 2
    assert half == len(quads)
    np.testing.assert_allclose(
        vertices[faces[half:]], vertices[faces[:half]][:, [0, 2, 1]] * [-1.0, 1.0, 1.0], atol=1e-12
    )
    normal = np.cross(vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]])
    assert (normal[:, 2] > 0).all()
    assert face_areas(vertices, faces).sum() == pytest.approx(face_areas(vertices, triangles).sum())


def test_an_asymmetric_mesh_is_refused() -> None:
    vertices, _ = grid(4, 4)
    vertices = vertices - [0.2, 0.0, 0.0]
    vertices[3, 0] += 0.01
    with pytest.raises(ValueError, match="not symmetric"):
        mirror_vertices(vertices)


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 7), st.integers(0, 10_000))
def test_a_polygon_is_closed_with_the_shortest_diagonals(n: int, seed: int) -> None:
    angle = np.sort(np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, n))
    points = np.stack([np.cos(angle), 0.3 * np.sin(angle), 0.1 * np.cos(3.0 * angle)], axis=1)
    triangles = close_polygon(points)
    assert len(triangles) == n - 2
    sides = {frozenset((i, (i + 1) % n)) for i in range(n)}
    used = {frozenset(pair) for t in triangles for pair in combinations(t.tolist(), 2)}
    assert sides <= used
    assert len(used - sides) == n - 3

    def length(diagonals: set[frozenset[int]]) -> float:
        return float(sum(np.linalg.norm(points[min(d)] - points[max(d)]) for d in diagonals))

    def cross(a: frozenset[int], b: frozenset[int]) -> bool:
        (i, j), (k, m) = sorted(a), sorted(b)
        return i < k < j < m or k < i < m < j

    every = [frozenset(pair) for pair in combinations(range(n), 2) if frozenset(pair) not in sides]
    best = min(
        length(set(choice))
        for choice in combinations(every, n - 3)
        if not any(cross(a, b) for a, b in combinations(choice, 2))
    )
    assert length(used - sides) == pytest.approx(best)


def test_a_cap_opens_as_a_book() -> None:
    vertices, faces = cap(2, -0.3)
    side = vertices[faces].mean(axis=1)[:, 0] > 0
    path = seam(faces, side)
    (rim,) = boundary_loops(faces)
    assert {int(path[0]), int(path[-1])} <= set(rim.tolist())
    hinge = len(path) // 2
    origin, opened = open_book(faces, side, path, hinge)
    assert euler_characteristic(opened) == 1
    (loop,) = boundary_loops(opened)
    assert len(loop) == len(rim) + 2 * hinge
    np.testing.assert_array_equal(origin[opened], faces)


def test_sides_that_make_no_book_are_refused() -> None:
    vertices, faces = grid(8, 8)
    x, y = np.abs(vertices[faces].mean(axis=1)[:, :2] - 0.4).T
    with pytest.raises(ValueError, match="2 and 1 boundaries"):
        seam(faces, x > 0.2)
    ring = (x > 0.1) | (y > 0.1)
    with pytest.raises(ValueError, match="2 paths"):
        seam(faces[ring], vertices[faces[ring]].mean(axis=1)[:, 0] > 0.4)


def test_what_lies_inside_a_ball_is_not_seen() -> None:
    outer, inner = trimesh.creation.icosphere(2), trimesh.creation.icosphere(1, radius=0.5)
    vertices = np.concatenate([outer.vertices, inner.vertices])
    faces = np.concatenate([outer.faces, np.asarray(inner.faces) + len(outer.vertices)])
    seen = visibility(vertices, faces, np.zeros(3), 1.1, count=60, size=200)
    assert (seen[len(outer.faces) :] == 0).all()
    assert seen[: len(outer.faces)].min() > 0.3
    assert seen.max() < 0.6
    np.testing.assert_allclose(np.linalg.norm(directions(60), axis=1), 1.0)


def test_compact_keeps_the_triangles() -> None:
    vertices, faces = grid(4, 4)
    used, local = compact(faces[5:9])
    np.testing.assert_array_equal(used[local], faces[5:9])
    assert len(used) == len(np.unique(faces[5:9]))
    assert len(vertices) > len(used)
