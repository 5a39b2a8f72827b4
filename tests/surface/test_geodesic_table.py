"""Tables of geodesic distances: against closed forms and a second exact code, the axioms of a metric, and bad files."""

from __future__ import annotations

from contextlib import suppress

import igl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surface import geodesic_check
from surface.body import Body
from surface.decimate import decimate
from surface.geodesic_build import build, status
from surface.geodesic_check import random_points, speed
from surface.geodesic_table import GeodesicTable, find, set_aside, table_path
from surface.paths import path
from tests.surface.closed_forms import SHAPES, grid, plain

# Shape, vertices of its decimation, mean error in metres below 30 cm, mean relative error beyond.
# The sphere's triangles are off by 0.6% themselves.
LIMITS = [
    ("plate", 10_000, 1e-4, 1e-4),
    ("plate", 120, 1e-4, 1e-4),
    ("corner", 10_000, 1e-3, 2e-3),
    ("tube", 10_000, 5e-4, 2e-3),
    ("tube", 200, 3e-3, 8e-3),
    ("cone", 10_000, 1e-3, 2e-3),
    ("sphere", 10_000, 1e-3, 8e-3),
    ("sphere", 300, 2e-3, 1.2e-2),
]


def built(body: Body, folder, target: int) -> GeodesicTable:
    return GeodesicTable.open(build(body.hash, body.vertices, body.faces, folder, 1, target), body)


@pytest.fixture(scope="session")
def tiny_table(tiny, tmp_path_factory):
    """The table of the tiny body: 258 vertices, none left out."""
    return built(tiny, tmp_path_factory.mktemp("tables"), 1000)


@pytest.fixture(scope="session")
def coarse_table(anny, tmp_path_factory):
    """A table of the default body over few vertices: 600."""
    return built(anny, tmp_path_factory.mktemp("tables"), 600)


@pytest.mark.parametrize(("name", "target", "near", "far"), LIMITS)
def test_distances_are_those_of_the_formula(name, target, near, far, tmp_path):
    shape = SHAPES[name]()
    table = built(shape.body, tmp_path, target)
    assert table.vertices <= max(target, 0) + 2
    a, b = random_points(shape.body, 20_000, 1), random_points(shape.body, 20_000, 2)
    found, true = table.distances(a, b), shape.distance(shape.body, a, b)
    close = true < 0.3
    assert np.abs(found - true)[close].mean() < near
    assert (np.abs(found - true)[~close] / true[~close]).mean() < far
    assert close.sum() > 200
    assert (~close).sum() > 200


def test_on_the_real_body_it_agrees_with_libigl(anny, coarse_table):
    source = 4711
    face, corner = np.argwhere(anny.faces == source)[0]
    to = random_points(anny, 300, 3)
    to = to[0], np.eye(3)[np.argmax(to[1], axis=1)]
    targets = anny.faces[to[0], np.argmax(to[1], axis=1)].astype(np.int64)
    none = np.zeros(0, np.int64)
    exact = igl.exact_geodesic(
        np.array(anny.vertices), anny.faces.astype(np.int64), np.array([source], np.int64), none, targets, none
    )
    found = coarse_table.distances(([face], np.eye(3)[[corner]]), to)
    assert np.abs(found - exact).mean() < 0.005
    assert np.abs(found - exact).max() < 0.04


@given(st.integers(0, 2**32 - 1))
def test_it_is_a_metric(anny, coarse_table, tiny, tiny_table, seed):
    a, b, c = (random_points(anny, 300, seed + n) for n in range(3))
    ab, ba = coarse_table.distances(a, b), coarse_table.distances(b, a)
    assert np.array_equal(ab, ba)
    assert np.array_equal(coarse_table.distances(a, a), np.zeros(300))
    chord = np.linalg.norm(anny.position(*a) - anny.position(*b), axis=1)
    assert (ab >= chord - 5e-7).all()
    # What the interpolation is off by may be missing from the two sides together: single triples up to the size of a
    # triangle, of which those of the decimation are 5 cm wide; in the mean next to nothing.
    excess = ab - coarse_table.distances(a, c) - coarse_table.distances(c, b)
    assert np.maximum(excess, 0).mean() < 2e-4
    a, b, c = (random_points(tiny, 300, seed + n) for n in range(3))
    excess = tiny_table.distances(a, b) - tiny_table.distances(a, c) - tiny_table.distances(c, b)
    assert excess.max() < 2e-3


def test_the_parts_of_a_shortest_path_are_as_long_as_the_whole(tiny, tiny_table, anny, coarse_table):
    for body, table, count, mean in ((tiny, tiny_table, 40, 0.001), (anny, coarse_table, 8, 0.003)):
        a, b = random_points(body, count, 1), random_points(body, count, 2)
        lines = [path(body, (a[0][n], a[1][n]), (b[0][n], b[1][n]))[1] for n in range(count)]
        on = body.nearest(np.array([line[len(line) // 2] for line in lines]))[:2]
        whole, parts = table.distances(a, b), table.distances(a, on) + table.distances(on, b)
        assert np.abs(whole - parts).mean() < mean
        assert whole.mean() > 100 * mean


@pytest.mark.parametrize("step", [0, 1e-6, 1e-3, 4e-3])
def test_near_points_are_near(anny, coarse_table, step):
    """A point and the one that a short straight step along the surface leads to."""
    a = random_points(anny, 100, 0)
    moved = anny.position(*a) + step * np.random.default_rng(0).normal(size=(100, 3)) / 3
    b = anny.nearest(moved)[:2]
    exact = anny.geodesic(a, b, "exact")
    found = coarse_table.distances(a, b)
    near = exact < 0.01  # the nearest point may be that of a finger beside
    assert near.sum() > 90
    assert np.abs(found - exact)[near].max() < 0.006
    assert np.abs(found - exact)[near].mean() < 0.0005


def test_one_point_against_many_is_as_one_by_one(tiny, tiny_table, random_points):
    (face, bary), to = random_points(tiny, 1), random_points(tiny, 200, seed=1)
    many = tiny_table.distances((face, bary), to)
    assert np.array_equal(many, tiny_table.distances(to, (face, bary)))
    assert np.array_equal(many, tiny_table.distances((np.repeat(face, 200), np.repeat(bary, 200, axis=0)), to))
    assert np.abs(many - tiny.geodesic((np.repeat(face, 200), np.repeat(bary, 200, axis=0)), to, "exact")).mean() < 1e-3
    none = tiny_table.distances(
        (np.zeros(0, np.int32), np.zeros((0, 3))), to[:0] or (np.zeros(0, np.int32), np.zeros((0, 3)))
    )
    assert none.shape == (0,)


def test_threads_give_what_one_gives(tiny, tiny_table):
    a, b = random_points(tiny, 200_000, 1), random_points(tiny, 200_000, 2)
    assert np.array_equal(tiny_table.distances(a, b, 1), tiny_table.distances(a, b, 4))


def test_points_located_once_are_read_again_and_again(anny, coarse_table):
    a, b = random_points(anny, 400, 1), random_points(anny, 400, 2)
    p, q = coarse_table.locate(*a), coarse_table.locate(*b)
    found = coarse_table.between(p, q)
    assert np.array_equal(found, coarse_table.distances(a, b))
    assert np.array_equal(coarse_table.between(p[7:8], q), coarse_table.distances((a[0][[7]], a[1][[7]]), b))
    assert np.array_equal(coarse_table.between(p[::3], q[::3]), found[::3])
    with pytest.raises(ValueError, match="400 points on one side, 3 on the other"):
        coarse_table.between(p, q[:3])
    with pytest.raises(ValueError, match="point 2: faces must be those of the body"):
        coarse_table.locate(np.array([0, 1, len(anny.faces)], np.int32), np.full((3, 3), 1 / 3))


def test_speed_is_that_of_the_best_of_three_runs(tiny, tiny_table, monkeypatch):
    clock = iter([0.0, 4.0, 10.0, 12.0, 20.0, 25.0])
    monkeypatch.setattr(geodesic_check, "perf_counter", lambda: next(clock))
    assert speed(tiny, tiny_table, 10_000) == 10_000 / 2.0


def test_pieces_are_infinitely_far_and_holes_are_gone_round(tmp_path):
    plate = SHAPES["plate"]().body
    two = plain(
        np.concatenate([plate.vertices, plate.vertices + np.array([0, 0, 0.001])]),
        np.concatenate([plate.faces, plate.faces + len(plate.vertices)]),
    )
    for target in (10_000, 200):
        table = built(two, tmp_path / str(target), target)
        a = random_points(plate, 500, 1)
        b = random_points(plate, 500, 2)
        other = b[0] + len(plate.faces), b[1]
        assert np.isinf(table.distances(a, other)).all()
        straight = np.linalg.norm(two.position(*a) - two.position(*b), axis=1)
        assert np.abs(table.distances(a, b) - straight).mean() < 1e-4


def test_points_that_are_none_are_named(tiny, tiny_table):
    good = ([0, 1], [[1, 0, 0], [0.5, 0.5, 0]])
    for face, bary in (
        ([0, len(tiny.faces)], good[1]),
        ([0, -1], good[1]),
        ([0, 2**31], good[1]),
        (good[0], [[1, 0, 0], [np.nan, 0.5, 0.5]]),
        (good[0], [[1, 0, 0], [1.5, -0.5, 0]]),
        (good[0], [[1, 0, 0], [0.5, 0.2, 0]]),
    ):
        with pytest.raises(ValueError, match="faces must be those of the body"):
            tiny_table.distances(good, (face, bary))
    with pytest.raises(ValueError, match="2 points on one side, 3 on the other"):
        tiny_table.distances(good, ([0, 1, 2], [[1, 0, 0]] * 3))
    with pytest.raises(ValueError, match="must be integers"):
        tiny_table.distances(([0.5], [[1, 0, 0]]), good)
    with pytest.raises(ValueError, match="shape"):
        tiny_table.distances(([0], [[1, 0]]), good)


def test_a_body_reads_its_table_where_there_is_one(tiny, tmp_path):
    a, b = random_points(tiny, 50, 1), random_points(tiny, 50, 2)
    exact = tiny.geodesic(a, b)
    with pytest.raises(ValueError, match="densemark body geodesics"):
        tiny.geodesic(a, b, "table", tmp_path)
    assert status(tiny.hash, tmp_path / "nowhere").state == "absent"
    assert status(tiny.hash, tmp_path).state == "absent"
    table = built(tiny, tmp_path, 1000)
    assert status(tiny.hash, tmp_path).state == "ready"
    assert np.array_equal(tiny.geodesic(a, b, "auto", tmp_path), table.distances(a, b))
    assert np.array_equal(tiny.geodesic(a, b, "table", tmp_path), table.distances(a, b))
    assert np.array_equal(tiny.geodesic(a, b, "exact", tmp_path), exact)
    assert find(tiny, tmp_path) is find(tiny, tmp_path)
    with pytest.raises(ValueError, match="method"):
        tiny.geodesic(a, b, "heat")  # type: ignore[arg-type]


def test_the_table_of_another_body_is_refused(tiny, tiny_table, anny, tmp_path):
    copy = table_path(anny.hash, tmp_path)
    copy.write_bytes(tiny_table.path.read_bytes())
    with pytest.raises(ValueError, match="the table of body"):
        GeodesicTable.open(copy, anny)
    with pytest.raises(ValueError, match="the table of body"):
        anny.geodesic(([0], [[1, 0, 0]]), ([0], [[1, 0, 0]]), folder=tmp_path)


def test_only_a_damaged_table_is_set_aside(tiny, tiny_table, tmp_path):
    copy, content = table_path(tiny.hash, tmp_path), tiny_table.path.read_bytes()
    copy.write_bytes(content)
    assert set_aside(tiny, tmp_path) is None
    assert copy.read_bytes() == content
    copy.write_bytes(content[:-1])
    aside = set_aside(tiny, tmp_path)
    assert aside is not None
    assert aside.read_bytes() == content[:-1]
    assert not copy.exists()
    with pytest.raises(FileNotFoundError):
        set_aside(tiny, tmp_path)


@given(data=st.data())
def test_a_damaged_byte_is_found_or_does_no_harm(tiny, tiny_table, tmp_path_factory, data):
    content = bytearray(tiny_table.path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 1500))
    content[at] ^= data.draw(st.integers(1, 255))
    damaged = tmp_path_factory.getbasetemp() / "damaged.geodesics"
    damaged.unlink(missing_ok=True)
    damaged.write_bytes(content)
    a, b = random_points(tiny, 2000, 1), random_points(tiny, 2000, 2)
    with suppress(ValueError):
        found = GeodesicTable.open(damaged, tiny).distances(a, b)
        assert np.array_equal(found, tiny_table.distances(a, b))


@given(st.integers(0, 100_000))
def test_a_file_cut_short_is_refused(tiny, tiny_table, tmp_path_factory, length):
    content = tiny_table.path.read_bytes()
    cut = tmp_path_factory.getbasetemp() / "cut.geodesics"
    cut.unlink(missing_ok=True)
    cut.write_bytes(content[: min(length, len(content) - 1)])
    with pytest.raises(ValueError, match="geodesic table"):
        GeodesicTable.open(cut, tiny)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" * 3000, b"DMGEOD1\n" + b"\xff" * 9000])
def test_a_foreign_file_is_refused(tiny, tmp_path, content):
    foreign = tmp_path / "foreign.geodesics"
    foreign.write_bytes(content)
    with pytest.raises(ValueError, match=r"foreign\.geodesics"):
        GeodesicTable.open(foreign, tiny)


def test_meshes_that_cannot_be_measured_are_refused(tmp_path):
    faces = grid(3, 3)
    flat = np.concatenate([np.mgrid[0:4, 0:4].reshape(2, -1).T, np.zeros((16, 1))], axis=1).astype(float)
    for wrong, message in (
        (np.concatenate([faces, faces[:1]]), "several triangles"),
        (np.concatenate([faces[:1, ::-1], faces[1:]]), "several triangles"),
        (np.concatenate([faces, [[0, 0, 1]]]), "corner twice"),
        (faces[:0], "no geodesics"),
    ):
        with pytest.raises(ValueError, match=message):
            build("0" * 64, flat, wrong, tmp_path, 1)
    with pytest.raises(ValueError, match="not finite"):
        build("0" * 64, flat * np.nan, faces, tmp_path, 1)
    assert list(tmp_path.glob("*.geodesics")) == []


def test_decimation_keeps_the_shape(anny):
    coarse = decimate(anny.vertices, anny.faces, 700)
    assert len(coarse.vertices) == 700
    assert len(coarse.faces) == 2 * 700 - 4  # closed and of one piece, as before
    assert (
        igl.point_mesh_squared_distance(anny.vertices, coarse.vertices, coarse.faces.astype(np.int64))[0].max()
        < 0.02**2
    )
    small = decimate(anny.vertices, anny.faces, 20_000)
    assert len(small.vertices) == len(anny.vertices)
    assert np.array_equal(
        np.sort(small.vertices[small.faces].sum(axis=(1, 2))), np.sort(anny.vertices[anny.faces].sum(axis=(1, 2)))
    )
