"""The mirror image of a body: found by walking where its triangles have one, a map where they have none."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from surface.builders import smpl_mirror


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.004))
@settings(max_examples=15, deadline=None)
def test_symmetric_triangles_are_found_however_uneven_the_shape(tiny, seed, noise):
    rng = np.random.default_rng(seed)
    order, turn = rng.permutation(len(tiny.vertices)), rng.permutation(len(tiny.faces))
    rank = np.argsort(order)
    vertices = tiny.vertices[order] + rng.uniform(-noise, noise, tiny.vertices.shape)
    faces = rank[tiny.faces[turn].astype(np.int64)]
    found = smpl_mirror.exact(vertices, faces)
    assert found is not None
    assert np.array_equal(found.vertex[found.vertex], np.arange(len(vertices)))
    assert np.array_equal(found.face, np.argsort(turn)[tiny.mirror_face[turn]])
    image = np.take_along_axis(faces[found.face], found.corner.astype(np.int64), axis=1)
    assert np.array_equal(image, found.vertex[faces])
    assert found.error.max() <= 2 * noise * 3**0.5 + 1e-12


def test_triangles_that_are_no_mirror_images_are_not_called_so(tiny):
    faces = tiny.faces.astype(np.int64)
    # One edge flipped: the diagonal of two triangles runs the other way on one side.
    edge = next(k for k in range(1, len(faces)) if np.isin(faces[k], faces[0]).sum() == 2)
    a = int(np.setdiff1d(faces[0], faces[edge])[0])
    b = int(np.setdiff1d(faces[edge], faces[0])[0])
    at = faces[0].tolist().index(a)
    p, q = int(faces[0, (at + 1) % 3]), int(faces[0, (at + 2) % 3])
    faces[0], faces[edge] = [a, p, b], [a, b, q]
    assert smpl_mirror.exact(tiny.vertices, faces) is None


def test_a_body_that_is_far_from_symmetric_is_not_called_so(tiny):
    stretched = tiny.vertices * np.where(tiny.vertices[:, :1] > 0, [1.3, 1, 1], 1.0)
    assert smpl_mirror.exact(stretched, tiny.faces.astype(np.int64)) is None


def test_the_map_goes_to_the_nearest_point_of_the_mirrored_part(tiny):
    part = tiny.face_part.astype(np.int64)
    mapped, distance = smpl_mirror.surface_map(
        tiny.vertices, tiny.faces.astype(np.int64), part, tiny.part_mirror.astype(np.int64)
    )
    at = np.einsum("vk,vkc->vc", mapped.bary, tiny.vertices[tiny.faces[mapped.face]])
    assert np.abs(at - tiny.vertices * [-1, 1, 1]).max() < 1e-9
    assert distance.max() < 1e-9
    inner = np.abs(tiny.vertices[:, 0]) > 1e-6
    own = np.where(tiny.vertices[:, 0] > 0, 2, 1)
    assert np.array_equal(part[mapped.face][inner], (3 - own)[inner])


def test_the_map_does_not_jump_between_sheets():
    # Two parallel plates 2 mm apart that face away from each other; the right side has only one edge shifted 3 mm.
    x, y = np.meshgrid(np.linspace(0.01, 0.05, 9), np.linspace(0, 0.04, 9), indexing="ij")
    grid = np.column_stack([x.ravel(), y.ravel()])
    at = np.arange(81).reshape(9, 9)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    up = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    front, back = np.column_stack([grid, np.full(81, 0.001)]), np.column_stack([grid, np.full(81, -0.001)])
    left = np.concatenate([front, back])
    faces = np.concatenate([up, up[:, ::-1] + 81])
    right = left * [-1, 1, 1] + [0, 0, 0.0015]  # deeper than half of their distance
    vertices = np.concatenate([left, right])
    faces = np.concatenate([faces, faces[:, ::-1] + 162])
    part = np.repeat([1, 2], len(faces) // 2)
    mapped, _ = smpl_mirror.surface_map(vertices, faces, part, np.array([0, 2, 1]))
    image = np.einsum("vk,vkc->vc", mapped.bary, vertices[faces[mapped.face]])
    assert np.allclose(image[:81, 2], 0.0025)  # front to front
    assert np.allclose(image[81:162, 2], 0.0005)
    by_distance = KDTree(vertices[162:]).query(left * [-1, 1, 1])[1]
    assert (by_distance[:81] >= 81).all()  # by distance alone all would go to the other plate
