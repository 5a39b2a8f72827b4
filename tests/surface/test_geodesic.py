"""Exact geodesics between arbitrary surface points, by both algorithms."""

from __future__ import annotations

import importlib.util

import igl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surface.geodesic


@pytest.fixture(params=["pygeodesic", "libigl"])
def both(request, monkeypatch):
    """Runs a test with the first choice and with what serves where it has no wheel."""
    if request.param == "libigl":
        find = importlib.util.find_spec
        monkeypatch.setattr(
            surface.geodesic.importlib.util, "find_spec", lambda name: None if name == "pygeodesic" else find(name)
        )
    return request.param


def test_within_a_triangle_it_is_the_straight_line(tiny, random_points, both):
    face, bary = random_points(tiny, 60)
    other = random_points(tiny, 60, seed=1)[1]
    # Also from corners and edges, also to the same point, also a micrometre away.
    bary[:20, 0] = 0
    bary[:10, 1] = 0
    bary /= bary.sum(axis=1, keepdims=True)
    other[20:30] = bary[20:30]
    other[30:40] = bary[30:40] + 1e-5 * (other[30:40] - bary[30:40])
    straight = np.linalg.norm(tiny.position(face, bary) - tiny.position(face, other), axis=1)
    assert np.abs(tiny.geodesic((face, bary), (face, other)) - straight).max() < 2.5e-7


def test_symmetric_and_never_shorter_than_the_chord(tiny, random_points, both):
    a, b = random_points(tiny, 25, seed=2), random_points(tiny, 25, seed=3)
    there, back = tiny.geodesic(a, b), tiny.geodesic(b, a)
    assert np.abs(there - back).max() < 1e-7
    chord = np.linalg.norm(tiny.position(*a) - tiny.position(*b), axis=1)
    assert (there >= chord - 1e-9).all()
    assert (there <= np.pi / 2 * chord * 2.5).all()


def test_across_an_edge_it_is_the_straight_line_of_the_unfolded_pair(tiny):
    """Two neighbouring triangles, unfolded into a plane by hand."""
    shared: dict[tuple[int, ...], list[int]] = {}
    for f, face in enumerate(tiny.faces.tolist()):
        for k in range(3):
            shared.setdefault(tuple(sorted((face[k], face[(k + 1) % 3]))), []).append(f)
    for (i, j), (f, g) in list(shared.items())[::40]:
        p, q = tiny.vertices[i], tiny.vertices[j]
        along = (q - p) / np.linalg.norm(q - p)

        def flat(point, sign, p=p, along=along):
            x = (point - p) @ along
            return np.array([x, sign * np.linalg.norm(point - p - x * along)])

        a, b = tiny.position([f], [[1 / 3] * 3])[0], tiny.position([g], [[1 / 3] * 3])[0]
        expected = np.linalg.norm(flat(a, 1) - flat(b, -1))
        found = tiny.geodesic(([f], [[1 / 3] * 3]), ([g], [[1 / 3] * 3]))[0]
        assert abs(found - expected) < 1e-9


def test_both_algorithms_agree_on_the_shipped_body(anny, random_points, monkeypatch):
    face, bary = random_points(anny, 6, seed=5)
    near = anny.nearest(anny.position(face, bary) + 0.03)[:2]
    first = anny.geodesic((face, bary), near)
    monkeypatch.setattr(surface.geodesic, "_pygeodesic", surface.geodesic._libigl)
    second = anny.geodesic((face, bary), near)
    assert np.abs(first - second).max() < 1e-7
    assert (first > 0).all()


def test_detours_are_taken_into_account(anny):
    """Between fingers and round the arm the shortest path leaves the neighbourhood: as on the whole mesh at once."""
    hand = np.unique(anny.faces[anny.face_part == anny.part_names.index("Left Hand") + 1])
    source = int(hand[np.argmin(anny.vertices[hand, 1])])
    near = np.linalg.norm(anny.vertices - anny.vertices[source], axis=1) < 0.12
    targets = np.flatnonzero(near)[::150]
    none = np.zeros(0, np.int64)
    whole = igl.exact_geodesic(
        np.array(anny.vertices), anny.faces.astype(np.int64), np.array([source], np.int64), none, targets, none
    )

    def corner(vertex):
        face, k = np.argwhere(anny.faces == vertex)[0]
        return [int(face)], np.eye(3)[[k]]

    found = [anny.geodesic(corner(source), corner(target))[0] for target in targets]
    straight = np.linalg.norm(anny.vertices[targets] - anny.vertices[source], axis=1)
    assert (whole > 1.5 * straight).sum() > 3  # the case in hand does occur
    assert np.abs(found - whole).max() < 1e-7


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_many_targets_at_once_are_the_same_as_one_by_one(tiny, random_points, seed):
    (face, bary), to = random_points(tiny, 1, seed=seed), random_points(tiny, 8, seed=seed + 1)
    to[0][:4] = to[0][0]  # several in one triangle
    many = tiny.geodesic((np.repeat(face, 8), np.repeat(bary, 8, axis=0)), to)
    single = [tiny.geodesic((face, bary), (to[0][[n]], to[1][[n]]))[0] for n in range(8)]
    assert np.abs(many - single).max() < 1e-6


def test_around_a_sphere(tiny_arrays):
    """On a fine sphere, distances are those of great circles, a little shorter."""
    from surface.body import Body

    unit = tiny_arrays["vertices"] / [0.1, 0.2, 0.08]
    body = Body.from_arrays(tiny_arrays | {"vertices": unit})
    rng = np.random.default_rng(0)
    a, b = (body.nearest(rng.normal(0, 1, (12, 3)))[:2] for _ in range(2))
    u, v = (body.position(*p) / np.linalg.norm(body.position(*p), axis=1, keepdims=True) for p in (a, b))
    arc = np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), (u * v).sum(axis=1))
    found = body.geodesic(a, b)
    assert (found <= arc + 1e-9).all()
    assert (found >= arc * 0.975).all()


def test_no_path_is_infinite_and_wrong_sizes_are_named(tiny, tiny_arrays):
    from surface.body import Body

    far = tiny_arrays["vertices"].copy()
    # The two halves, torn apart: the right one gets vertices of its own.
    right = np.flatnonzero(tiny_arrays["face_chart"] == 1)
    faces = tiny_arrays["faces"].copy()
    faces[right] += len(far)
    arrays = {k: v for k, v in tiny_arrays.items() if not k.startswith(("shape", "joint", "kintree", "weights", "J_"))}
    count = 2 * len(far)
    arrays |= {"vertices": np.concatenate([far, far - [0.5, 0, 0]]), "faces": faces}
    assert arrays["keypoint_regressor_indices"].max() < count
    torn = Body.from_arrays(arrays)
    left = int(np.flatnonzero(tiny_arrays["face_chart"] == 2)[0])
    distance = torn.geodesic(([left, left], [[1, 0, 0]] * 2), ([int(right[0]), left], [[1, 0, 0], [0, 1, 0]]))
    assert np.isinf(distance[0])
    assert 0 < distance[1] < 0.2
    with pytest.raises(ValueError, match="1 points on one side, 2 on the other"):
        tiny.geodesic(([0], [[1, 0, 0]]), ([0, 1], [[1, 0, 0]] * 2))


def test_to_no_points_there_are_no_distances(tiny):
    none = np.zeros(0, np.int32), np.zeros((0, 3))
    assert surface.geodesic.from_point(tiny, (3, np.array([0.2, 0.3, 0.5])), none).shape == (0,)
    assert tiny.geodesic(none, none, "exact").shape == (0,)
