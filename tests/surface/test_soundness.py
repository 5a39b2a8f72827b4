"""Figures of mesh, mirror, round trips and directions: each tells a sound body from a spoilt one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from surface.body import Body
from surface.check import inspect
from surface.directions import directions
from surface.soundness import mesh_figures
from surface.trips import in_chart, mirror_figures, on_borders, trip_figures


def test_a_closed_ellipsoid_is_sound(tiny: Body) -> None:
    figures = mesh_figures(tiny)
    assert figures.problems == figures.notes == []
    assert figures.closed
    assert (figures.components, figures.holes) == (1, 0)
    assert figures.volume == pytest.approx(4 / 3 * np.pi * 0.1 * 0.2 * 0.08, rel=0.05)


def test_what_is_wrong_with_a_mesh_is_said(tiny: Body) -> None:
    faces = tiny.faces.copy()
    faces[5] = faces[5][[0, 2, 1]]
    assert "turned against each other" in " ".join(mesh_figures(replace(tiny, faces=faces)).problems)
    inward = mesh_figures(replace(tiny, faces=tiny.faces[:, [0, 2, 1]]))
    assert inward.problems == ["mesh: the triangles face inward"]
    crowded = tiny.faces.copy()
    crowded[7] = [crowded[0][0], crowded[0][1], crowded[7][2]]
    assert "more than two triangles" in " ".join(mesh_figures(replace(tiny, faces=crowded)).problems)
    vertices = tiny.vertices.copy()
    vertices[tiny.faces[3][0]] = vertices[tiny.faces[3][1]]
    assert "2 triangles without area" in " ".join(mesh_figures(replace(tiny, vertices=vertices)).problems)
    more = mesh_figures(replace(tiny, vertices=np.vstack([tiny.vertices, [9.0, 9, 9]])))
    assert more.problems == []
    assert more.notes == ["1 vertex is of no triangle"]


def test_holes_and_pieces_are_worth_a_note(tiny: Body) -> None:
    keep = np.ones(len(tiny.faces), dtype=bool)
    apart = [f for f in range(len(tiny.faces)) if not set(tiny.faces[f]) & set(tiny.faces[0])]
    keep[[0, apart[-1]]] = False
    figures = mesh_figures(replace(tiny, faces=tiny.faces[keep]))
    assert (figures.boundary_edges, figures.holes, figures.closed) == (6, 2, False)
    assert figures.notes == ["the mesh is open: 2 holes"]
    alone = np.isin(np.arange(len(tiny.faces)), [0, apart[-1]])
    assert "2 pieces" in " ".join(mesh_figures(replace(tiny, faces=tiny.faces[alone])).notes)


def test_triangles_that_pass_through_one_another_are_counted(tiny: Body) -> None:
    vertices = tiny.vertices.copy()
    top = int(np.argmax(vertices[:, 1]))
    vertices[top, 1] = -0.3  # pushed in through the bottom
    figures = mesh_figures(replace(tiny, vertices=vertices))
    assert mesh_figures(tiny).self_crossings == 0
    assert figures.self_crossings > 0
    assert "pass through one another" in " ".join(figures.notes)


def test_points_come_back_where_they_were(tiny: Body) -> None:
    figures = trip_figures(tiny, 2000, 5000)
    assert figures.problems == []
    assert figures.uv_worst < 1e-12
    assert figures.surface_worst < 1e-9
    assert 1e-12 < figures.single_worst < 1e-6  # single precision is felt


def test_charts_that_lie_on_themselves_lose_points(tiny: Body) -> None:
    uv = tiny.face_uv.copy()
    uv[..., 1] = np.where(uv[..., 1] > 0.7, 1.4 - uv[..., 1], uv[..., 1])
    figures = trip_figures(replace(tiny, face_uv=uv), 500, 5000)
    assert figures.surface_high > 0.01
    assert "mm at the 99.9th percentile" in " ".join(figures.problems)


def test_random_points_of_a_chart_are_in_it_and_of_its_border_on_it(tiny: Body) -> None:
    rng = np.random.default_rng(0)
    i, u, v = in_chart(tiny, 2, 3000, rng)
    assert (i == 2).all()
    off = np.hypot(u - 0.5, v - 0.5)  # its image is a disk of radius .49
    assert off.max() <= 0.49
    assert (off < 0.49 / np.sqrt(2)).mean() == pytest.approx(0.5, abs=0.03)
    face, bary = on_borders(tiny, 1000, rng)
    np.testing.assert_allclose(tiny.position(face, bary)[:, 0], 0.0, atol=1e-12)  # the two charts meet there
    assert (bary == 1.0).any(axis=1).sum() >= 200


def test_the_mirror_is_measured(tiny: Body) -> None:
    figures = mirror_figures(tiny, 2000)
    assert figures is not None
    assert figures.problems == figures.unlike == []
    assert figures.exact
    assert max(figures.back, figures.reflection, figures.uv) < 1e-9
    uv = tiny.face_uv.copy()
    uv[tiny.face_chart == 1, :, 0] *= 0.9
    shifted = mirror_figures(replace(tiny, face_uv=uv), 2000)
    assert shifted is not None
    assert 0.05 < shifted.uv < 0.11
    assert shifted.unlike
    astray = mirror_figures(replace(tiny, chart_mirror=np.array([0, 1, 2], np.uint8)), 2000)
    assert astray is not None
    assert "mirrored to another chart" in " ".join(astray.unlike)
    apart = mirror_figures(replace(tiny, part_mirror=np.array([0, 1, 2], np.uint8)), 2000)
    assert apart is not None
    assert "mirrored to another part" in " ".join(apart.problems)
    assert mirror_figures(replace(tiny, mirror_face=None, mirror_corner=None)) is None


def test_a_twin_has_the_figures_of_its_mirror_image(tiny: Body) -> None:
    figures = inspect(tiny)
    assert len(figures.problems) == 1
    assert "2 charts are off by more than 1.1 times plain scaling" in figures.problems[0]
    first, second = figures.charts
    assert first.distortion_mean == second.distortion_mean
    assert first.scaling_mean == second.scaling_mean
    assert first.ratio is not None
    # Seen along x the rim is squeezed; scaling spreads it.
    assert first.ratio > 1.1
    uv = tiny.face_uv.copy()
    uv[tiny.face_chart == 2, :, 0] **= 2
    apart = inspect(replace(tiny, face_uv=uv), scaling=False).charts
    assert apart[1].distortion_mean > 1.5 * apart[0].distortion_mean
    assert apart[0].scaling_mean is None


def test_u_and_v_point_the_same_anatomical_way_on_every_limb(anny: Body) -> None:
    for chart, name in enumerate(anny.chart_names, 1):
        along, outward = directions(anny, chart)
        assert along is not None
        assert along > 0.9, name
        if name.startswith(("Upper", "Lower", "Torso")):
            assert outward is not None
            assert outward > 0.9, name
        turned = anny.face_uv.copy()
        turned[anny.face_chart == chart] = 1.0 - turned[anny.face_chart == chart]
        against, inward = directions(replace(anny, face_uv=turned), chart)
        assert against == pytest.approx(-along)
        assert inward == (None if outward is None else pytest.approx(-outward))


def test_a_chart_that_points_the_other_way_is_noted(anny: Body) -> None:
    turned = anny.face_uv.copy()
    turned[anny.face_chart == 12] = 1.0 - turned[anny.face_chart == 12]
    few = replace(anny, face_uv=turned)
    values = [directions(few, chart) for chart in (11, 12)]
    assert [v[0] > 0 for v in values if v[0] is not None] == [True, False]


def test_a_body_without_a_rig_has_no_anatomical_way(tiny: Body) -> None:
    assert directions(replace(tiny, rig=None), 1) == (None, None)


def test_the_shipped_body_keeps_its_promises(anny: Body) -> None:
    mirror, trips = mirror_figures(anny, 20_000), trip_figures(anny, 20_000, 100_000)
    assert mirror is not None
    assert mirror.problems == trips.problems == []
    assert mirror.uv < 1e-4
    assert trips.uv_worst < 1e-4
    assert max(trips.surface_high, trips.single_high) < 5e-4
