"""Any disk is laid flat without a fold, or refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from surface import flatten, unfold
from surface.bijective import Pairs, is_bijective, stress, turned
from surface.topology import boundary_loops, compact
from tests.surface.test_segmentation import grid
from tests.surface.test_unfold import cap, rolled


def lies_flat(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    layout = flatten.disk(vertices, faces)
    (loop,) = boundary_loops(np.asarray(faces))
    assert layout.shape == (len(vertices), 2)
    assert is_bijective(layout, np.asarray(faces), loop)
    return layout


def bumpy(seed: int, count: int, height: float) -> tuple[np.ndarray, np.ndarray]:
    """A square of random triangles, many of them slivers, with hills on it."""
    flat = np.random.default_rng(seed).random((count, 2))
    z = height * np.sin(9.0 * flat[:, 0]) * np.cos(7.0 * flat[:, 1])
    return np.c_[flat, z], Delaunay(flat).simplices.astype(np.int64)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 100), st.integers(4, 60), st.floats(0.0, 0.6), st.sampled_from([1e-4, 1.0, 3e3]))
def test_hills_of_any_size_lie_flat_alike(seed: int, count: int, height: float, unit: float) -> None:
    vertices, faces = bumpy(seed, count, height)
    layout = lies_flat(vertices * unit, faces)
    assert turned(layout, faces) > 0


def test_what_is_flat_already_stays_as_it_is() -> None:
    flat, bent, faces = rolled(9, 4, 2.5)
    layout = lies_flat(bent, faces)
    true = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(layout[:, None] - layout[None], axis=2), true, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_triangles_lie_flat(count: int) -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.5], [2, 1, 0]])[: 2 + count]
    faces = np.array([[0, 1, 2], [1, 3, 2], [1, 4, 3]])[:count]
    layout = lies_flat(vertices, faces)
    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert np.linalg.norm(layout[a] - layout[b]) == pytest.approx(
            np.linalg.norm(vertices[a] - vertices[b]), rel=0.05
        )


def test_a_ball_with_a_triangle_missing_lies_flat() -> None:
    ball = trimesh.creation.icosphere(1)
    lies_flat(np.asarray(ball.vertices), np.asarray(ball.faces)[1:])


@pytest.mark.parametrize("how", ["in one place", "on a line", "squashed"])
def test_triangles_without_area_lie_flat(how: str) -> None:
    vertices, faces = bumpy(0, 60, 0.1)
    rng = np.random.default_rng(0)
    for a, b, c in faces[rng.choice(len(faces), 6, replace=False)]:
        if how == "in one place":
            vertices[b] = vertices[a]
        elif how == "on a line":
            vertices[c] = 0.5 * (vertices[a] + vertices[b])
    lies_flat(vertices * [1.0, 1e-4 if how == "squashed" else 1.0, 1.0], faces)


def test_where_scaling_folds_the_stress_is_still_near_its_own() -> None:
    vertices, faces = bumpy(0, 120, 0.3)
    (loop,) = boundary_loops(faces)
    chosen, distance, near, area = unfold.landmarks(vertices, faces, len(vertices))
    pairs = Pairs(chosen, distance, near, area)
    plain = flatten.scaled(pairs)
    plain = plain * [1.0, np.sign(turned(plain, faces))]
    distance_only = unfold.smacof(unfold.classical_scaling(distance, near), distance, near)
    assert stress(plain, pairs) <= stress(distance_only, pairs) * 1.001
    assert not is_bijective(plain, faces, loop)
    assert stress(lies_flat(vertices, faces), pairs) < 1.2 * stress(plain, pairs)


def test_landmarks_are_enough_for_scaling(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces = cap(2)
    every, distance, near, area = unfold.landmarks(vertices, faces, len(vertices))
    all_pairs = Pairs(every, distance, near, area)
    monkeypatch.setattr(flatten, "ALL", 10)
    monkeypatch.setattr(flatten, "LANDMARKS", 30)
    few = stress(flatten.disk(vertices, faces), all_pairs)
    assert few < 1.1 * stress(flatten.scaled(all_pairs), all_pairs)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (np.zeros((3, 3)), [[0, 1, 2]], "no area"),
        ([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], "no area"),
        ([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]], [[0, 1, 2]], "vertex 2 is not finite"),
        (np.eye(3), np.zeros((0, 3), int), "no patch"),
        (np.eye(4)[:, :3], [[0, 1, 2]], "use each of the 4 vertices"),
        (np.eye(4)[:, :3], [[0, 1, 2], [0, 1, 3]], "turned against each other"),
        (np.eye(6)[:, :3] + 1, [[0, 1, 2], [3, 4, 5]], "2 piece"),
        (np.eye(4)[:, :3], [[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]], "0 boundaries"),
    ],
)
def test_what_is_no_disk_is_refused_with_the_reason(vertices: np.ndarray, faces: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flatten.disk(vertices, faces)


def test_a_ring_is_refused() -> None:
    vertices, faces = grid(5, 5)
    centre = vertices[faces].mean(axis=1)
    used, ring = compact(faces[(np.abs(centre[:, :2] - 0.25) > 0.06).any(axis=1)])
    with pytest.raises(ValueError, match="2 boundaries, Euler characteristic 0"):
        flatten.disk(vertices[used], ring)
