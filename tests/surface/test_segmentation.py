"""Minimum cuts over triangles."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.segmentation import halve, minimum_cut, straighten
from surface.topology import edge_faces, euler_characteristic, face_components


def grid(columns: int, rows: int, size: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """A flat sheet of squares, each two triangles."""
    y, x = np.mgrid[: rows + 1, : columns + 1]
    vertices = np.stack([x.ravel() * size, y.ravel() * size, np.zeros(x.size)], axis=1)
    at = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)[None]).ravel()
    corner = np.stack([at, at + 1, at + columns + 2, at + columns + 1], axis=1)
    return vertices, np.concatenate([corner[:, [0, 1, 2]], corner[:, [0, 2, 3]]])


def energy(vertices: np.ndarray, faces: np.ndarray, cost: np.ndarray, inside: np.ndarray) -> float:
    edges, sides = edge_faces(faces)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    return float(cost[inside].sum() + length[inside[sides[:, 0]] != inside[sides[:, 1]]].sum())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.3, 0.3), min_size=8, max_size=8))
def test_the_cut_is_the_cheapest_of_all(costs: list[float]) -> None:
    vertices, faces = grid(2, 2)
    cost = np.array(costs)
    inside = minimum_cut(vertices, faces, cost)
    best = min(energy(vertices, faces, cost, np.array(choice)) for choice in product([False, True], repeat=8))
    assert energy(vertices, faces, cost, inside) <= best + 1e-6


def test_fixed_triangles_stay_where_they_are_and_the_seam_takes_the_shortest_way() -> None:
    vertices, faces = grid(6, 4)
    # An hourglass: the sheet is pulled in at x = 0.3, so the shortest seam runs there.
    vertices[:, 1] = (vertices[:, 1] - 0.2) * (0.4 + 2.0 * np.abs(vertices[:, 0] - 0.3))
    x = vertices[faces].mean(axis=1)[:, 0]
    fixed = np.where(x < 0.1, 1, np.where(x > 0.5, -1, 0))
    inside = minimum_cut(vertices, faces, np.zeros(len(faces)), fixed)
    assert inside[fixed > 0].all()
    assert not inside[fixed < 0].any()
    np.testing.assert_array_equal(inside, x < 0.3)


def test_straighten_shortens_a_ragged_seam_and_touches_no_other_part() -> None:
    vertices, faces = grid(12, 8)
    x = vertices[faces].mean(axis=1)[:, 0]
    labels = np.where(x < 0.4, 0, np.where(x < 0.8, 1, 2))
    ragged = labels.copy()
    flip = np.flatnonzero((np.abs(x - 0.4) < 0.06) & (labels < 2))[::3]
    ragged[flip] = 1 - ragged[flip]
    score = np.eye(3)[labels] * 0.2 + 0.4
    result = straighten(vertices, faces, ragged, score, [(0, 1)], rate=1.0)
    seam = [energy(vertices, faces, np.zeros(len(faces)), part == 0) for part in (ragged, result)]
    assert seam[1] <= 0.8 + 1e-9 < seam[0]  # the sheet is 0.8 wide
    np.testing.assert_array_equal(result == 2, ragged == 2)


def test_a_tube_falls_into_two_disks() -> None:
    vertices, faces = grid(24, 10)
    angle = vertices[:, 0] / 2.4 * 2.0 * np.pi
    tube = np.stack([0.1 * np.cos(angle), vertices[:, 1], 0.1 * np.sin(angle)], axis=1)
    # Columns 0 and 24 are the same line of the tube.
    index = np.arange(len(tube)).reshape(11, 25)
    index[:, 24] = index[:, 0]
    faces = index.ravel()[faces]
    front = halve(tube, faces, tube[:, 2], rate=2000.0)
    for half in (faces[front], faces[~front]):
        assert (face_components(half)[0], euler_characteristic(half)) == (1, 1)
    np.testing.assert_array_equal(front, tube[faces].mean(axis=1)[:, 2] > 0)
