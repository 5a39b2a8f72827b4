"""Geodesics, scaling and SLIM."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.bijective import is_bijective
from surface.check import flips
from surface.topology import boundary_loops, compact, face_areas, vertex_areas
from surface.unfold import align, classical_scaling, geodesics, landmarks, slim, smacof, tutte
from tests.surface.test_segmentation import grid


def rolled(columns: int, rows: int, turn: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A sheet bent along x through `turn` radians without stretching its edges: flat vertices, bent ones, faces."""
    flat, faces = grid(columns, rows)
    step = turn / columns
    heading = step * (np.arange(columns) - 0.5 * (columns - 1))
    x = np.concatenate([[0.0], np.cumsum(np.cos(heading) * 0.1)])
    z = np.concatenate([[0.0], np.cumsum(np.sin(heading) * 0.1)])
    column = np.rint(flat[:, 0] / 0.1).astype(int)
    return flat, np.stack([x[column], flat[:, 1], z[column]], axis=1), faces


def cap(subdivisions: int = 3, depth: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The part of a unit sphere above a height, as a disk."""
    ball = trimesh.creation.icosphere(subdivisions)
    above = np.asarray(ball.faces)[ball.triangles_center[:, 1] > depth]
    used, faces = compact(above)
    return np.asarray(ball.vertices)[used], faces


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 3.0), st.integers(3, 7), st.integers(2, 5))
def test_a_rolled_sheet_unrolls_exactly(turn: float, columns: int, rows: int) -> None:
    flat, bent, faces = rolled(columns, rows, turn)
    distance = geodesics(bent, faces)
    true = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    np.testing.assert_allclose(distance, true, atol=1e-9)
    area = vertex_areas(bent, faces)
    layout = smacof(classical_scaling(distance, area), distance, area)
    np.testing.assert_allclose(np.linalg.norm(layout[:, None] - layout[None], axis=2), true, atol=1e-6)


def test_distances_stay_inside_the_patch() -> None:
    vertices, faces = grid(6, 6)
    centre = vertices[faces].mean(axis=1)
    # A horseshoe: the way from foot to foot leads around the slot.
    faces = faces[~((np.abs(centre[:, 0] - 0.3) < 0.1) & (centre[:, 1] < 0.4))]
    used, faces = compact(faces)
    vertices = vertices[used]
    a, b = (int(np.linalg.norm(vertices - [x, 0.0, 0.0], axis=1).argmin()) for x in (0.2, 0.4))
    assert geodesics(vertices, faces, np.array([a]))[0, b] == pytest.approx(0.4 + 0.2 + 0.4)


def test_smacof_lowers_the_stress_and_keeps_symmetry() -> None:
    vertices, faces = cap()
    distance, area = geodesics(vertices, faces), vertex_areas(vertices, faces)
    weight = area / area.sum()

    def stress(layout: np.ndarray) -> float:
        return float(weight @ (np.linalg.norm(layout[:, None] - layout[None], axis=2) - distance) ** 2 @ weight)

    start = vertices[:, [0, 2]]
    end = smacof(start, distance, area)
    assert stress(end) < 0.5 * stress(start)
    other = np.linalg.norm(vertices[:, None] * [-1.0, 1.0, 1.0] - vertices[None], axis=2).argmin(axis=1)
    np.testing.assert_allclose(end[other] * [-1.0, 1.0], end, atol=1e-9)


def test_tutte_is_bijective_where_projection_is_not() -> None:
    vertices, faces = cap(depth=-0.7)  # most of a ball: seen from above it lies double
    (loop,) = boundary_loops(faces)
    assert flips(vertices[:, [0, 2]][faces]) > 0
    assert is_bijective(tutte(vertices, faces), faces, loop)


def test_slim_has_no_flips_and_a_stronger_pull_comes_nearer() -> None:
    vertices, faces = cap(depth=-0.3)
    start = tutte(vertices, faces)
    held, table, area, _ = landmarks(vertices, faces, 40)
    distance = table[:, held]
    scaled = smacof(classical_scaling(distance, area), distance, area)
    either = [align(start[held], scaled * [1.0, sign]) for sign in (1.0, -1.0)]
    target = min(either, key=lambda t: float(((t - start[held]) ** 2).sum()))
    off = []
    for pull in (0.1, 1000.0):
        layout = slim(vertices, faces, start, held, target, pull, 60)
        assert flips(layout[faces]) == 0
        off.append(np.linalg.norm(layout[held] - target, axis=1).mean())
    assert off[1] < 0.5 * off[0]


def test_landmarks_spread_and_share_the_whole_area() -> None:
    vertices, faces = cap()
    chosen, distance, near, area = landmarks(vertices, faces, 25)
    assert len(set(chosen.tolist())) == 25
    assert near.sum() == pytest.approx(face_areas(vertices, faces).sum())
    np.testing.assert_allclose(area, vertex_areas(vertices, faces))
    np.testing.assert_allclose(distance, geodesics(vertices, faces)[chosen], atol=1e-9)
    among = distance[:, chosen] + 10.0 * np.eye(25)
    assert among.min() > 0.25  # a random choice of 25 has two much nearer


@settings(deadline=None)
@given(st.floats(-3.0, 3.0), st.floats(-1.0, 1.0), st.integers(0, 1000))
def test_align_turns_and_shifts_but_never_reflects(angle: float, shift: float, seed: int) -> None:
    layout = np.random.default_rng(seed).normal(size=(12, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(align(layout, layout @ turn + shift), layout, atol=1e-9)
    reflected = layout * [1.0, -1.0]
    assert np.abs(align(layout, reflected) - layout).max() > 0.1
