"""A tiny mirrored body: an ellipsoid cut by x = 0 into two parts of one chart each, with a two-bone rig. No file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import KDTree

import surface
from surface.body import Body


def _arrays(subdivisions: int = 3) -> dict[str, Any]:
    """The arrays of the tiny body's file."""
    octahedron = trimesh.Trimesh(
        [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]],
        [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]],
    )
    for _ in range(subdivisions):
        octahedron = octahedron.subdivide()
    sphere = np.asarray(octahedron.vertices)
    sphere = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    faces = np.asarray(octahedron.faces)
    vertices = sphere * [0.1, 0.2, 0.08]
    left = vertices[faces].mean(axis=1)[:, 0] > 0
    # Each half is seen whole along x, so its flat image is a bijective chart.
    uv = (sphere[:, 1:] * 0.49 + 0.5)[faces]
    flip = KDTree(vertices).query(vertices * [-1, 1, 1])[1]
    index = {tuple(sorted(face)): f for f, face in enumerate(faces.tolist())}
    mirror_face = np.array([index[tuple(sorted(flip[face].tolist()))] for face in faces])
    mirror_corner = np.array(
        [
            next(p for p in permutations(range(3)) if all(faces[g][p[k]] == flip[face[k]] for k in range(3)))
            for face, g in zip(faces, mirror_face, strict=True)
        ]
    )
    top = (vertices[:, 1] / 0.4 + 0.5).clip(0, 1)
    out: dict[str, Any] = {
        "format": np.int64(1),
        "name": np.array("tiny"),
        "vertices": vertices,
        "faces": faces,
        "face_chart": np.where(left, 2, 1),
        "face_uv": uv,
        "chart_names": np.array(["Right Hand", "Left Hand"]),
        "chart_part": np.array([1, 2]),
        "part_names": np.array(["Right Hand", "Left Hand"]),
        "part_mirror": np.array([0, 2, 1]),
        "chart_mirror": np.array([0, 2, 1]),
        "mirror_face": mirror_face,
        "mirror_corner": mirror_corner,
        "keypoint_names": np.array(["nose"]),
        "shapedirs": np.stack([vertices * [1, 0, 0], vertices * [0, 1, 0]], axis=-1).astype(np.float32),
        "shape_names": np.array(["wide", "tall"]),
        "kintree_table": np.array([[-1, 0], [0, 1]]),
        "joint_names": np.array(["root", "tip"]),
    }
    first = np.zeros((1, len(vertices)))
    first[0, int(np.argmax(vertices[:, 2]))] = 1
    joints = np.zeros((2, len(vertices)))
    joints[0, int(np.argmin(vertices[:, 1]))] = joints[1, int(np.argmax(vertices[:, 2]))] = 1
    weights = np.stack([1 - top, top], axis=1)
    for key, matrix in (("keypoint_regressor", first), ("J_regressor", joints), ("weights", weights)):
        sparse = csr_array(matrix)
        out |= {f"{key}_{part}": getattr(sparse, part) for part in ("data", "indices", "indptr")}
    return out


@pytest.fixture(scope="session")
def tiny() -> Body:
    """The tiny body, 512 faces."""
    return Body.from_arrays(_arrays(), "tiny")


@pytest.fixture(scope="session")
def tiniest() -> Body:
    """The same of 128 faces, for tests that unfold it anew."""
    return Body.from_arrays(_arrays(2), "tiniest")


@pytest.fixture
def tiny_arrays() -> dict[str, Any]:
    """The arrays of the tiny body's file, for the test to spoil."""
    return _arrays()


@pytest.fixture(scope="session")
def anny() -> Body:
    """The body that ships with the package."""
    return surface.load("anny")


@pytest.fixture(scope="session")
def random_points() -> Callable[..., tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """A function (body, count, seed) giving surface points, face (N,) and bary (N,3)."""

    def draw(body: Body, count: int, seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        rng = np.random.default_rng(seed)
        return rng.integers(len(body.faces), size=count).astype(np.int32), rng.dirichlet(np.ones(3), size=count)

    return draw
