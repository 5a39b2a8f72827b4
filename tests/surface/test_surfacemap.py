"""Points between mapped vertices come back to the surface on the side that they belong to."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.surfacemap import SurfaceMap, walk
from surface.transfer_figures import corners


def test_the_identity_maps_every_point_to_itself(anny, random_points):
    face, bary = random_points(anny, 20_000)
    found = SurfaceMap(*corners(anny)).apply(anny, anny, face, bary)
    assert np.abs(anny.position(*found) - anny.position(face, bary)).max() < 1e-12
    assert np.array_equal(found[0], face)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.0, 0.3))
def test_outside_a_convex_body_walking_finds_the_nearest_point(tiny, seed, height):
    rng = np.random.default_rng(seed)
    face = rng.integers(len(tiny.faces), size=20).astype(np.int32)
    bary = rng.dirichlet(np.ones(3), 20)
    point = tiny.position(face, bary) * (1 + height)
    starts = rng.integers(len(tiny.faces), size=(20, 1)).astype(np.int32)
    # From the far side the way over the rim leads away at first; from near by it does not.
    begin = tiny.position(starts[:, 0], bary)
    cosine = (begin * point).sum(axis=1) / np.linalg.norm(begin, axis=1) / np.linalg.norm(point, axis=1)
    near = np.where(cosine > 0.9, starts[:, 0], face)[:, None]
    found, weights, distance = walk(tiny, point, near.astype(np.int32))
    assert np.abs(distance - tiny.nearest(point)[2]).max() < 1e-9
    assert np.abs(np.linalg.norm(tiny.position(found, weights) - point, axis=1) - distance).max() < 1e-12


def test_a_point_does_not_jump_over_a_thin_gap(tiny):
    sheet = replace(tiny, vertices=tiny.vertices * [1.0, 1.0, 0.01])  # .8 mm thick halves, back to back
    back = np.flatnonzero(sheet.vertices[sheet.faces].mean(axis=1)[:, 2] < -5e-4).astype(np.int32)
    bary = np.full((len(back), 3), 1 / 3)
    beyond = sheet.position(back, bary) * [1.0, 1.0, -1.2]
    assert (sheet.vertices[sheet.faces[sheet.nearest(beyond)[0]]].mean(axis=1)[:, 2] > 0).all()
    found = walk(sheet, beyond, back[:, None])[0]
    assert (sheet.vertices[sheet.faces[found]].mean(axis=1)[:, 2] < 0).all()


def test_an_edge_goes_the_same_way_from_both_of_its_triangles(anny):
    rng = np.random.default_rng(0)
    # Every vertex to the corner of a triangle near by, so that images are no longer a smooth surface.
    shaken = anny.nearest(anny.vertices + rng.normal(scale=0.004, size=anny.vertices.shape))[:2]
    way = SurfaceMap(*shaken)
    sides = {}
    for face, triangle in enumerate(anny.faces.tolist()):
        for k in range(3):
            sides.setdefault(frozenset((triangle[k], triangle[(k + 1) % 3])), []).append((face, k))
    pairs = [pair for pair in sides.values() if len(pair) == 2][:5000]
    ends = []
    for side in (0, 1):
        face = np.array([pair[side][0] for pair in pairs], np.int32)
        bary = np.zeros((len(pairs), 3))
        corner = np.array([pair[side][1] for pair in pairs])
        bary[np.arange(len(pairs)), corner] = bary[np.arange(len(pairs)), (corner + 1) % 3] = 0.5
        ends.append(anny.position(*way.apply(anny, anny, face, bary)))
    assert np.abs(ends[0] - ends[1]).max() < 1e-9
