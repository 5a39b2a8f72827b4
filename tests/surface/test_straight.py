"""Walking straight ahead on the surface."""

import numpy as np

import surface
from surface import geodesic
from surface.straight import neighbours, walk


def test_the_end_is_as_far_as_was_walked_or_nearer_by_a_shorter_way():
    body = surface.load("anny")
    rng = np.random.default_rng(2)
    face = rng.choice(len(body.faces), 12, p=body.face_area / body.face_area.sum()).astype(np.int32)
    bary, angle = rng.dirichlet(np.ones(3), 12), rng.uniform(-np.pi, np.pi, 12)
    for length in (0.004, 0.03):
        end, weights = walk(body, face, bary, angle, length)
        assert np.allclose(weights.sum(axis=1), 1)
        assert weights.min() >= 0
        apart = geodesic.pairs(body, (face, bary), (end, weights))
        assert apart.max() <= length * (1 + 1e-6)
        assert np.median(apart) > length * (1 - 1e-6)


def test_a_step_within_a_triangle_goes_the_way_it_is_told():
    body = surface.load("anny")
    face, bary = np.array([17], np.int32), np.full((1, 3), 1 / 3)
    a, b, _ = body.vertices[body.faces[17]]
    end, weights = walk(body, face, bary, 0.0, 1e-4)
    step = body.position(end, weights) - body.position(face, bary)
    assert end[0] == 17
    assert np.allclose(step[0], 1e-4 * (b - a) / np.linalg.norm(b - a))


def test_every_edge_is_shared_both_ways():
    faces = surface.load("anny").faces
    across = neighbours(faces)
    for k in range(3):
        own = np.flatnonzero(across[:, k] >= 0)
        shared = [set(faces[f]) & set(faces[across[f, k]]) for f in own[:500]]
        assert all(edge == {faces[f, k], faces[f, (k + 1) % 3]} for edge, f in zip(shared, own, strict=False))
    assert (across >= 0).mean() > 0.99
