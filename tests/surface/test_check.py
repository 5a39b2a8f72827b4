"""Figures of charts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surface.bijective import is_bijective, turned
from surface.body import Body
from surface.check import chart_figures, check, distortion, flat_mesh, flips, inspect, problems
from surface.crossing import crosses, crossings, overlaps
from surface.topology import boundary_loops, vertex_areas
from surface.unfold import geodesics
from tests.surface.test_segmentation import grid

UNIT = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@settings(deadline=None)
@given(st.floats(0.2, 5.0), st.floats(0.2, 5.0), st.floats(-0.9, 0.9), st.booleans())
def test_an_affine_image_has_no_faults_either_way_round(a: float, d: float, shear: float, turned: bool) -> None:
    vertices, faces = grid(5, 4)
    image = vertices[:, :2] @ np.array([[a, shear], [0.0, -d if turned else d]])
    assert flips(image[faces]) == 0
    assert overlaps(image[faces]) == 0


def test_flips_counts_turned_and_collapsed_triangles() -> None:
    vertices, faces = grid(5, 4)
    corners = vertices[faces][:, :, :2]
    corners[3] = corners[3][[0, 2, 1]]
    corners[7] = corners[7][[0, 0, 1]]
    assert flips(corners) == 2


def test_overlaps_counts_triangles_that_lie_on_others() -> None:
    vertices, faces = grid(2, 1)
    corners = vertices[faces][:, :, :2]
    corners[0] = corners[1] = corners[2]
    assert overlaps(corners) == 3
    assert overlaps(corners * 0) == overlaps(corners * [1, 0]) == 0  # a point or a line covers nothing


def ring(count: int) -> np.ndarray:
    """The edges (count, 2) of a closed polygon."""
    return np.stack([np.arange(count), np.roll(np.arange(count), -1)], axis=1)


def test_neighbours_on_a_polygon_do_not_touch_but_edges_that_cross_do() -> None:
    assert crossings(UNIT, ring(4)) == 0
    assert not crosses(UNIT)
    bow = UNIT[[0, 2, 1, 3]]
    assert crossings(bow, ring(4)) == 1
    assert crosses(bow)


@pytest.mark.parametrize(
    "rim",
    [
        pytest.param([(0, 0), (2, 0), (2, 1), (1, 0), (0, 1)], id="a corner on an edge"),
        pytest.param([(0, 0), (1, 1), (2, 0), (2, 2), (1, 1), (0, 2)], id="a corner on a corner"),
        pytest.param([(0, 0), (4, 0), (4, 1), (3, 1), (3, 0), (1, 0), (1, 1), (0, 1)], id="an edge along an edge"),
        pytest.param([(0, 0), (1, 0), (1, 1), (1, 0.5), (0, 1)], id="an edge back along its neighbour"),
    ],
)
def test_a_rim_that_touches_itself_is_not_simple(rim: list[tuple[float, float]]) -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])  # nothing along an axis, and rounded
    points = np.array(rim, dtype=float) @ turn / 3.0
    assert crosses(points)
    assert crossings(points, ring(len(points))) > 0


def curl() -> tuple[np.ndarray, np.ndarray]:
    """A strip of nine unit cells round a hole, (V, 2) and (F, 3): a disk whose last cell lies on its first."""
    inner = [(1, 1), (1, 1), (2, 1), (2, 1), (2, 2), (2, 2), (1, 2), (1, 2), (1, 1), (1, 1)]
    outer = [(0, 1), (1, 0), (2, 0), (3, 1), (3, 2), (2, 3), (1, 3), (0, 2), (0, 1), (1, 0)]
    # Two rails of ten points; at the corners of the ring the cells are kites.
    points = np.array(inner + outer, dtype=float)
    points[:10] += 0.25 * (points[10:] - points[:10])
    return points, np.array([face for k in range(9) for face in ([k, k + 10, k + 11], [k, k + 11, k + 1])])


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.1])
def test_a_strip_that_ends_exactly_on_its_beginning_is_not_bijective(turn: float) -> None:
    points, faces = curl()
    points = points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    loops = boundary_loops(faces)
    assert len(loops) == 1
    assert flips(points[faces]) == 0
    assert not is_bijective(points if turned(points, faces) > 0 else points * [-1, 1], faces, loops[0])
    assert overlaps(points[faces]) == 4  # both triangles of the first cell and of the last
    short = faces[(faces % 10 < 9).all(axis=1)]  # without the last cell, which touches along an edge
    assert overlaps(points[short]) == 0


def square(x: float, y: float, size: float) -> np.ndarray:
    """Two triangles (2, 3, 2)."""
    corner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size + [x, y]
    return corner[[[0, 1, 2], [0, 2, 3]]]


@settings(max_examples=100, deadline=None)
@given(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.floats(0.2, 1.5))
def test_triangles_overlap_where_a_point_is_inside_of_both(x: float, y: float, size: float) -> None:
    both = np.concatenate([square(0, 0, 1)[:1], square(x, y, size)[1:]])
    # The largest circle in both, by linear programming: its radius is positive where the insides meet.
    rows, limits = [], []
    for triangle in both:
        for k in range(3):
            edge = triangle[(k + 1) % 3] - triangle[k]
            outward = np.array([edge[1], -edge[0]]) / np.linalg.norm(edge)
            rows.append([*outward, 1.0])
            limits.append(outward @ triangle[k])
    radius = linprog([0, 0, -1], rows, limits, bounds=[(None, None)] * 3).x[2]
    if abs(radius) > 1e-6:
        assert overlaps(both) == (2 if radius > 0 else 0)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 3.0), st.floats(0.3, 3.0))
def test_scaling_u_and_v_each_on_its_own_is_no_distortion(u: float, v: float) -> None:
    vertices, faces = grid(6, 3)
    sources = np.array([0, 9, 20])
    mean, worst = distortion(
        geodesics(vertices, faces, sources), sources, vertices[:, :2] * [u, v], vertex_areas(vertices, faces)
    )
    assert mean == pytest.approx(0.0, abs=1e-9)
    assert worst == pytest.approx(0.0, abs=1e-9)


def test_distortion_of_a_stretch_is_what_it_must_be() -> None:
    # Three points on a line at 0, 1 and 2; the layout puts the last at 3. The best squared scale fits
    # d_uv^2 / d to d in the sense of least squares.
    distance = np.array([[0.0, 1.0, 2.0]])
    layout = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    ratio = np.array([1.0, 9.0 / 2.0])  # d_uv^2 / d
    squared = (ratio @ [1.0, 2.0]) / (ratio @ ratio)
    error = np.abs(np.sqrt(squared) * np.array([1.0, 3.0]) - [1.0, 2.0])
    mean, worst = distortion(distance, np.array([0]), layout, np.ones(3))
    assert mean == pytest.approx(error.sum() / 3.0)
    assert worst == pytest.approx(error.max() / 2.0)


def test_a_sound_body_has_no_problems(tiny: Body) -> None:
    figures = check(tiny, points=500)
    assert problems(figures) == []
    assert [f.chart for f in figures] == [1, 2]
    assert all(f.euler == 1 and f.components == 1 and f.round_trip < 1e-9 for f in figures)
    assert sum(f.triangles for f in figures) == len(tiny.faces)
    assert figures[0].distortion_mean == pytest.approx(figures[1].distortion_mean, rel=0.05)


def test_faults_are_found_and_named(tiny: Body) -> None:
    uv = tiny.face_uv.copy()
    own = np.flatnonzero(tiny.face_chart == 1)
    # The chart folds over along V = 0.7.
    fold = uv[own]
    fold[..., 1] = np.where(fold[..., 1] > 0.7, 1.4 - fold[..., 1], fold[..., 1])
    uv[own] = fold
    figures = chart_figures(replace(tiny, face_uv=uv), 1, points=200)
    assert figures.flips > 0
    assert figures.overlaps > 0
    text = " ".join(figures.problems)
    assert "chart 1 (Right Hand)" in text
    assert "flipped" in text
    assert "overlapping" in text

    chart = tiny.face_chart.copy()
    alone = np.flatnonzero(chart == 2)[0]
    chart[alone] = 1
    torn = chart_figures(replace(tiny, face_chart=chart), 1, points=200)
    assert torn.components == 2 or torn.euler != 1
    assert torn.problems


def test_a_chart_that_is_not_there_is_refused(tiny: Body) -> None:
    with pytest.raises(ValueError, match=r"chart 3; the body has charts 1\.\.2"):
        chart_figures(tiny, 3)


def test_charts_with_nothing_to_measure_are_told_and_the_others_measured(tiniest: Body) -> None:
    flat_uv, thin = tiniest.face_uv.copy(), tiniest.vertices.copy()
    flat_uv[tiniest.face_chart == 2] = 0.5
    thin[tiniest.faces[tiniest.face_chart == 2]] = 0.0
    for spoilt, reason in (
        (replace(tiniest, face_chart=np.ones_like(tiniest.face_chart)), "no triangles"),
        (replace(tiniest, face_uv=flat_uv), "no area in U,V"),
        (replace(tiniest, vertices=thin), "no area"),
    ):
        figures = inspect(spoilt)
        assert f"chart 2 (Left Hand): {reason}" in figures.problems
        assert [chart.empty for chart in figures.charts] == ["", reason]
        assert figures.charts[0].distortion_mean > 0


def test_distortion_beyond_plain_scaling_is_a_problem_but_a_note_where_a_file_brought_the_charts(tiniest: Body) -> None:
    # Seen along x the rim is squeezed; scaling spreads it.
    ours, theirs = (inspect(replace(tiniest, charts_from=origin)) for origin in (None, "file"))
    assert [text for text in ours.problems if "plain scaling" in text] == ours.problems != []
    assert not any("plain scaling" in text for text in ours.notes)
    assert theirs.problems == []
    assert any("plain scaling" in text for text in theirs.notes)


def test_charts_cut_unalike_are_a_problem_but_a_note_where_a_file_brought_them(tiniest: Body) -> None:
    both = replace(
        tiniest, chart_part=np.ones(2, np.uint8), part_names=("All",), part_mirror=np.arange(2, dtype=np.uint8)
    )
    chart = tiniest.face_chart.copy()
    chart[np.flatnonzero(chart == 1)[0]] = 2
    for body, what in (
        (replace(both, face_chart=chart), "another chart"),
        (replace(tiniest, face_uv=_moved(tiniest)), "U,V"),
    ):
        ours, theirs = (inspect(replace(body, charts_from=o), scaling=False) for o in (None, "file"))
        assert any(text.startswith("mirror") and what in text for text in ours.problems)
        assert not any(text.startswith("mirror") for text in theirs.problems)
        assert any(text.startswith("mirror") and what in text for text in theirs.notes)
    # Another part is wrong whoever cut the charts.
    parts = inspect(replace(tiniest, face_chart=chart, charts_from="file"), scaling=False)
    assert any("another part" in text for text in parts.problems)


def _moved(tiniest: Body) -> np.ndarray:
    return np.where((tiniest.face_chart == 1)[:, None, None], 0.9 * tiniest.face_uv, tiniest.face_uv)


def test_triangles_laid_flat_on_an_edge_are_named_where_a_file_brought_the_charts(tiny: Body) -> None:
    own = np.flatnonzero(tiny.face_chart == 1)
    _, faces, _ = flat_mesh(tiny, own)
    edge = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2).tolist()
    known = {tuple(pair) for pair in edge}
    alone = np.array([(b, a) not in known for a, b in edge]).reshape(-1, 3)
    # One at the boundary: the corner where a boundary edge begins goes onto the edge across from it.
    at = int(np.flatnonzero(alone.sum(axis=1) == 1)[0])
    k = int(np.flatnonzero(alone[at])[0])
    uv = tiny.face_uv.copy()
    uv[own[at], k] = 0.6 * uv[own[at], (k + 1) % 3] + 0.4 * uv[own[at], (k + 2) % 3]
    filled = replace(tiny, face_uv=uv, charts_from="file")
    figures = chart_figures(filled, 1, points=200)
    assert figures.laid_flat == (int(own[at]),)
    assert figures.flips == figures.crossings == figures.overlaps == 0
    assert chart_figures(replace(filled, charts_from=None), 1, points=200).flips == 1
    assert any(f"triangle {own[at]}," in text for text in inspect(filled, scaling=False).notes)

    # One amid the chart: its corner is put onto its edge in all triangles that have it.
    amid = int(np.flatnonzero(~np.isin(faces, faces[alone.any(axis=1)]).any(axis=1))[0])
    corner = (tiny.faces == tiny.faces[own[amid], 0]) & (tiny.face_chart == 1)[:, None]
    uv[corner] = uv[own[amid], 1:].mean(axis=0)
    spoilt = chart_figures(replace(filled, face_uv=uv), 1, points=200)
    assert spoilt.flips == 1
    assert spoilt.laid_flat == figures.laid_flat
    turned_over = tiny.face_uv.copy()
    turned_over[own[at]] = turned_over[own[at]][[0, 2, 1]]
    assert chart_figures(replace(filled, face_uv=turned_over), 1, points=200).flips == 1
