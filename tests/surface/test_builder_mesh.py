"""Bodies from any mesh: what is built is sound, and what cannot be is refused in one line with its place."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from surface.builders import mesh as builder
from surface.builders import mesh_pose, mesh_symmetry
from surface.builders.mesh_report import Report
from surface.topology import euler_characteristic
from tests.surface.meshes import assert_mirrored, box, moebius, saved, sound, sphere
from tests.surface.shapes import animal


@pytest.mark.parametrize(
    ("shape", "euler"),
    [
        (sphere(), 2),
        (box(), 2),
        (trimesh.creation.capsule(height=0.5, radius=0.1, count=[12, 12]), 2),
        (trimesh.creation.torus(0.3, 0.1, 20, 12), 0),
        (trimesh.creation.annulus(0.2, 0.3, 0.1, sections=16), 0),
    ],
    ids=["sphere", "box", "capsule", "torus", "annulus"],
)
def test_primitives_become_bodies(tmp_path, shape, euler):
    body = builder.build(saved(tmp_path, shape), name="thing")
    sound(body)
    assert euler_characteristic(body.faces.astype(np.int64)) == euler
    assert body.name == "thing"
    assert body.face_area.sum() == pytest.approx(shape.area, rel=1e-6)
    assert body.symmetric
    if body.mirror_face is not None:
        assert_mirrored(body)


@pytest.fixture(scope="module")
def beast(tmp_path_factory):
    """The animal as an STL, whose triangles share no vertices, and what was found in it."""
    v, f = animal(0.05)
    report = Report()
    path = saved(tmp_path_factory.mktemp("beast"), trimesh.Trimesh(v, f, process=False), "beast.stl")
    return builder.build(path, report=report), report


@pytest.mark.slow
def test_an_animal_has_legs_a_head_and_a_trunk(beast):
    body, report = beast
    sound(body)
    assert_mirrored(body)
    assert report.symmetry == "exact"
    assert report.merged_vertices == report.vertices - (report.faces // 2 + 2)
    of = {
        name: body.vertices[body.faces[body.face_part == k]].mean(axis=(0, 1))
        for k, name in enumerate(body.part_names, 1)
    }
    legs = [name for name, at in of.items() if at[1] < 0.5 and name.startswith(("Left", "Right"))]
    assert len(legs) == 4
    for name in legs:
        assert (of[name][0] > 0) == name.startswith("Left")
        assert body.part_mirror[body.part_names.index(name) + 1] != body.part_names.index(name) + 1
    assert any(at[1] > 1.0 and at[2] > 0.5 for at in of.values())  # the head
    assert "Trunk" in body.part_names


def test_v_points_up_and_mirror_views_match(beast):
    body, _ = beast
    for chart in range(1, len(body.chart_names) + 1):
        own = body.face_chart == chart
        a, b, c = np.moveaxis(body.vertices[body.faces[own]], 1, 0)
        normal = np.cross(b - a, c - a).sum(axis=0)
        if abs(normal[1]) < 0.5 * np.linalg.norm(normal):
            y, v = body.vertices[body.faces[own]][..., 1].ravel(), body.face_uv[own][..., 1].ravel()
            assert np.corrcoef(y, v)[0, 1] > 0.5


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".glb", ".stl", ".off"])
def test_every_format_gives_the_same_surface(tmp_path, suffix):
    shape = box()
    body = builder.build(saved(tmp_path, shape, "a" + suffix), symmetry="none")
    assert len(body.vertices) == len(shape.vertices)
    assert np.allclose(np.sort(body.vertices, axis=0), np.sort(shape.vertices, axis=0), atol=1e-6)


def test_scenes_are_joined_with_their_transforms(tmp_path):
    v, f, _ = mesh_symmetry.cut_at_plane(np.asarray(sphere().vertices), np.asarray(sphere().faces), 1e-6)
    half = trimesh.Trimesh(v, f[v[f][..., 0].mean(axis=1) > 0])
    scene = trimesh.Scene()
    scene.add_geometry(half, transform=trimesh.transformations.translation_matrix([1, 0, 0]))
    turn = trimesh.transformations.rotation_matrix(np.pi, [0, 1, 0], [0, 0, 0])
    scene.add_geometry(half, transform=trimesh.transformations.translation_matrix([1, 0, 0]) @ turn)
    scene.export(tmp_path / "two.glb")
    report = Report()
    body = builder.build(tmp_path / "two.glb", report=report)
    assert report.components == 1
    assert euler_characteristic(body.faces.astype(np.int64)) == 2
    assert np.abs(body.vertices[:, 0].mean()) < 0.02  # symmetric: moved onto x = 0


@pytest.mark.parametrize(("scale", "likely"), [(1000, "mm"), (100, "cm"), (0.05, "m")])
def test_sizes_that_are_not_metres_are_asked_about(tmp_path, scale, likely):
    path = saved(tmp_path, sphere(0.15).apply_scale(scale))
    with pytest.raises(builder.UnitsError, match=rf"perhaps {likely}\)") as caught:
        builder.build(path)
    assert caught.value.likely == likely
    body = builder.build(path, units="mm")
    assert np.ptp(body.vertices[:, 1]) == pytest.approx(0.3 * scale / 1000, rel=0.02)


def test_huge_meshes_need_consent_and_stay_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "MANY", 1000)
    path = saved(tmp_path, sphere(level=3))
    with pytest.raises(ValueError, match=r"1,280 faces are more than the 1,000 .* --decimate"):
        builder.build(path)
    report = Report()
    body = builder.build(path, decimate=400, report=report)
    sound(body)
    assert report.decimated_from == 1280
    assert 300 <= len(body.faces) <= 500
    assert euler_characteristic(body.faces.astype(np.int64)) == 2


def test_decimation_keeps_what_the_halves_do_not_share(tmp_path):
    shape = sphere(level=4)
    v = np.asarray(shape.vertices) * [1, 1.5, 3]
    bump = np.exp(-((np.linalg.norm(v - [0.2, 0, 0], axis=1) / 0.08) ** 2))[:, None] * [0.012, 0, 0]
    even, report = Report(), Report()
    whole = builder.build(saved(tmp_path, trimesh.Trimesh(v, shape.faces)), decimate=2000, report=even)
    assert_mirrored(whole)
    assert even.symmetry == "exact"
    bumped = builder.build(saved(tmp_path, trimesh.Trimesh(v + bump, shape.faces)), decimate=2000, report=report)
    assert report.symmetry == "near"
    assert bumped.vertices[:, 0].max() == pytest.approx(0.212, abs=0.002)
    assert bumped.vertices[:, 0].min() == pytest.approx(-0.2, abs=0.002)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 2], [0, 2, 3]]),
            "2 faces; .* at least 4",
        ),
        (moebius(), "only one side"),
        (
            trimesh.util.concatenate([sphere(), sphere().apply_translation([1, 0, 0])]),
            "in 2 pieces, and 50% .* --largest",
        ),
        (trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0.5, 0, 0]], [[0, 1, 2]] * 30, process=False), "no area"),
    ],
    ids=["tiny", "one side", "two pieces", "a line"],
)
def test_meshes_that_make_no_body_are_refused_with_the_reason(tmp_path, shape, message):
    with pytest.raises(ValueError, match=message):
        builder.build(saved(tmp_path, shape))


@pytest.mark.parametrize(
    "shape",
    [trimesh.creation.box((0.3, 0.2, 0.4)),
     trimesh.Trimesh(*(lambda b: (b.vertices, b.faces[2:]))(trimesh.creation.box((0.3, 0.2, 0.4)))),
     trimesh.Trimesh([[0.2, 0, 0], [0, 0, 0.3], [-0.2, 0, 0], [0, 0, -0.3], [0, 0.4, 0.1]],
                     [[0, 1, 2], [0, 2, 3], [0, 4, 1], [1, 4, 2], [2, 4, 3], [3, 4, 0]])],
    ids=["box", "open box", "pyramid"],
)  # fmt: skip
def test_a_few_large_faces_are_divided(tmp_path, shape):
    report = Report()
    label = np.where(shape.triangles_center[:, 2] > 0.05, 1, 0)
    (tmp_path / "p.txt").write_text(" ".join(map(str, label)))
    path = saved(tmp_path, shape)
    body = builder.build(path, report=report)
    sound(body)
    assert report.divided_from == len(shape.faces)
    assert body.face_area.sum() == pytest.approx(shape.area, rel=1e-6)
    parted = builder.build(path, tmp_path / "p.txt", symmetry="none")
    areas = [parted.face_area[parted.face_part == k].sum() for k in (1, 2)]
    assert areas == pytest.approx([shape.area_faces[label == k].sum() for k in (0, 1)])


def test_what_decimation_breaks_off_is_told(tmp_path, monkeypatch):
    whole = builder.igl.qslim

    def breaking(*words):
        v, f, birth, rest = whole(*words)
        tip = np.array([[0.3, 0, 0], [0.31, 0, 0], [0.3, 0.01, 0], [0.3, 0, 0.01]])
        more = len(v) + np.array([[0, 2, 1], [0, 3, 2], [0, 1, 3], [1, 2, 3]])
        return np.concatenate([v, tip]), np.concatenate([f, more]), np.concatenate([birth, [0] * 4]), rest

    monkeypatch.setattr(builder.igl, "qslim", breaking)
    report = Report()
    builder.build(saved(tmp_path, sphere(level=3)), decimate=400, report=report)
    assert any("broke off 1 pieces, 0." in note for note in report.notes)


def test_a_half_that_would_fall_apart_is_not_doubled(tmp_path):
    shape = sphere(level=4)
    turn = trimesh.transformations.euler_matrix(0.3, 0.5, 0.7)[:3, :3]
    v, f = np.asarray(shape.vertices) @ turn.T, np.asarray(shape.faces)
    right = [k for k, near in enumerate(shape.vertex_neighbors) if v[[k, *near], 0].max() < -1e-4]
    tip = max(right, key=lambda k: v[k, 0])
    v[tip, 0] = 0.002  # a tooth of the right half that reaches over the middle
    posed = mesh_pose.Posed(v, f, None)
    report = Report()
    mesh_pose._mirror(posed, np.inf, report)
    assert any("falls apart" in note for note in report.notes)
    assert np.array_equal(posed.faces, f)
    assert posed.mirror is not None
    assert not posed.mirror.exact


def test_more_charts_on_request(tmp_path):
    path = saved(tmp_path, sphere())
    body = builder.build(path, least_charts=9)
    assert 9 <= len(body.chart_names) <= 12
    sound(body)
    with pytest.raises(ValueError, match=r"300 charts: expected 1\.\.255"):
        builder.build(path, least_charts=600, symmetry="auto")


def test_forced_symmetry_is_exact_and_near_symmetry_is_a_map(tmp_path):
    shape = sphere()
    v = np.asarray(shape.vertices)
    rng = np.random.default_rng(1)
    path = saved(tmp_path, trimesh.Trimesh(v * (1 + 0.002 * rng.normal(size=(len(v), 1))), shape.faces, process=False))
    near = builder.build(path)
    assert near.mirror_map is not None
    sound(near)
    exact = builder.build(path, symmetry="force")
    sound(exact)
    assert_mirrored(exact)
    assert not builder.build(path, symmetry="none").symmetric
