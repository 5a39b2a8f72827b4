"""Meshes to build bodies from, and what must hold of every body that is built."""

from __future__ import annotations

import numpy as np
import trimesh

from surface.check import check, problems
from surface.topology import face_components, half_edges
from surface.views import views
from tests.surface.shapes import animal


def saved(folder, mesh, name="shape.ply"):
    path = folder / name
    mesh.export(path)
    return path


def box():
    return trimesh.creation.box((0.3, 0.2, 0.4)).subdivide().subdivide()


def sphere(radius=0.2, level=2):
    return trimesh.creation.icosphere(level, radius)


def moebius(n=40):
    """A strip with half a turn, two triangles wide."""
    t = np.arange(n) * 2 * np.pi / n
    w = np.array([-0.1, 0.0, 0.1])
    v = np.stack(
        [(1 + w * np.cos(t / 2)[:, None]) * np.cos(t)[:, None], (1 + w * np.cos(t / 2)[:, None]) * np.sin(t)[:, None],
         w * np.sin(t / 2)[:, None]], axis=2,
    ).reshape(-1, 3)  # fmt: skip
    f = []
    for i in range(n):
        here = [3 * i + k for k in range(3)]
        there = [3 * (i + 1) + k for k in range(3)] if i < n - 1 else [2, 1, 0]
        for k in range(2):
            f += [[here[k], there[k], here[k + 1]], [here[k + 1], there[k], there[k + 1]]]
    return trimesh.Trimesh(v, f, process=False)


def sound(body):
    """Closed or bounded, edge-manifold, consistently oriented, in one piece; every chart a bijective disk."""
    faces = body.faces.astype(np.int64)
    directed = half_edges(faces)
    assert len(np.unique(directed, axis=0)) == len(directed)
    assert face_components(faces)[0] == 1
    assert len(np.unique(faces)) == len(body.vertices)
    assert problems(check(body, sources=5, points=500)) == []
    for part in range(1, len(body.part_names) + 1):
        assert len({view.title for view in views(body, part)}) == 6


def assert_mirrored(body):
    """Mirrored points have mirrored positions, paired charts, and the same U and V."""
    rng = np.random.default_rng(0)
    face, bary = rng.integers(len(body.faces), size=500), rng.dirichlet(np.ones(3), 500)
    other = body.mirror(face, bary)
    assert np.abs(body.position(face, bary) * [-1, 1, 1] - body.position(*other)).max() < 1e-4
    i, u, v = body.to_iuv(face, bary)
    j, s, t = body.to_iuv(*other)
    assert np.array_equal(body.chart_mirror[i], j)
    assert max(np.abs(u - s).max(), np.abs(v - t).max()) < 1e-4
    assert np.array_equal(body.part_mirror[body.part(face)], body.part(other[0]))


def sideways_animal(faces_minus):
    """The animal turned to face +x or -x, and which of its faces (F,) are on its own left."""
    v, f = animal(0.07)
    v = v[:, [2, 1, 0]] * ([-1, 1, 1] if faces_minus else [1, 1, -1])
    return trimesh.Trimesh(v, f, process=False), (v[f].mean(axis=1)[:, 2] > 0) == faces_minus
