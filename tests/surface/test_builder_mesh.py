"""Bodies from any mesh: what is built is sound, and what cannot be is refused in one line with its place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.builders import mesh as builder
from surface.builders import mesh_pose, mesh_read, mesh_symmetry
from surface.builders.mesh_clean import Mesh, clean
from surface.builders.mesh_patches import FLAT, cut_fans, disks, flatness, is_disk, smooth_normals
from surface.builders.mesh_read import Labels
from surface.builders.mesh_report import Report
from surface.builders.mesh_segment import parts
from surface.check import check, problems
from surface.self_crossing import crossings
from surface.topology import euler_characteristic, face_components, half_edges
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


@pytest.fixture(scope="module")
def beast(tmp_path_factory):
    """The animal as an STL, whose triangles share no vertices, and what was found in it."""
    v, f = animal(0.05)
    report = Report()
    path = saved(tmp_path_factory.mktemp("beast"), trimesh.Trimesh(v, f, process=False), "beast.stl")
    return builder.build(path, report=report), report


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


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize("per", ["face", "vertex"])
@pytest.mark.parametrize("kind", ["json", "txt", "npy"])
def test_labels_follow_their_faces(tmp_path, per, kind):
    shape = sphere()
    at = shape.triangles_center if per == "face" else np.asarray(shape.vertices)
    label = np.where(at[:, 1] > 0.05, 1, 0)
    path = tmp_path / f"parts.{kind}"
    if kind == "json":
        path.write_text(
            json.dumps({"names": ["Base", "Cap"], "labels": label.tolist(), "colours": ["#ff0000", [0, 0, 255]]})
        )
    elif kind == "txt":
        path.write_text("\n".join(map(str, 7 + label)))
    else:
        np.save(path, 7 + label)
    body = builder.build(saved(tmp_path, shape, "a.obj"), path)
    sound(body)
    assert body.part_names == (("Base", "Cap") if kind == "json" else ("Part 1", "Part 2"))
    if kind == "json":
        assert body.colours.tolist() == [[255, 0, 0], [0, 0, 255]]
    height = body.vertices[body.faces][..., 1].mean(axis=1)
    assert (height[body.face_part == 2] > 0.05 - 0.06).all()
    assert (height[body.face_part == 1] < 0.05 + 0.06).all()


MIXED = [[0, 1, 4, 3], [1, 2, 5], [1, 5, 4], [3, 4, 8, 7, 6], [4, 5, 8]]


def mixed_file(kind):
    """A sheet of nine vertices, of a quad, three triangles and a pentagon, in words or bytes."""
    points = [[i % 3, i // 3, 0] for i in range(9)]
    lines = [" ".join(map(str, p)) for p in points]
    rows = [f"{len(face)} {' '.join(map(str, face))}" for face in MIXED]
    head = "element vertex 9\nproperty float x\nproperty float y\nproperty float z\nelement face 5\n"
    head += "property list uchar int vertex_indices\nproperty uchar red\nend_header\n"
    if kind == ".obj":
        lines = ["v\t" + line for line in lines] + [
            "  f " + " ".join(f"{i + 1}/1" for i in face[:-1]) + f" \\\n {face[-1] - 9} # face" for face in MIXED
        ]
        return "\n".join(lines).encode()
    if kind == ".off":
        return "\n".join(["OFF", "# sheet", "9 5 0", *lines, *rows]).encode()
    if kind == "ascii.ply":
        return ("ply\nformat ascii 1.0\n" + head + "\n".join([*lines, *(row + " 7" for row in rows)])).encode()
    order = "<" if "little" in kind else ">"
    data = np.array(points, dtype=order + "f4").tobytes()
    for face in MIXED:
        data += bytes([len(face)]) + np.array(face, dtype=order + "i4").tobytes() + b"\7"
    form = "little" if order == "<" else "big"
    return f"ply\nformat binary_{form}_endian 1.0\n{head}".encode() + data


MIXED_KINDS = [".obj", ".off", "ascii.ply", "little.ply", "big.ply"]


@pytest.mark.parametrize("kind", MIXED_KINDS)
def test_polygons_keep_the_order_of_the_file_and_take_one_label_each(tmp_path, kind):
    path = tmp_path / f"a{kind}"
    path.write_bytes(mixed_file(kind))
    v, f, polygon = mesh_read.read_mesh(path)
    assert v.tolist() == [[i % 3, i // 3, 0] for i in range(9)]
    assert polygon.tolist() == [0, 0, 1, 2, 3, 3, 3, 4]
    for triangle, number in zip(f.tolist(), polygon.tolist(), strict=True):
        corners = MIXED[number]
        assert triangle[0] == corners[0]
        at = [corners.index(i) for i in triangle]
        assert at[2] == at[1] + 1
    labels = Labels(np.array([1, 2, 3, 4, 5]), tuple("abcde"))
    assert mesh_read.labels_of_faces(labels, len(v), f, polygon, "p").tolist() == [1, 1, 2, 3, 4, 4, 4, 5]
    each = Labels(np.arange(1, 9), tuple("abcdefgh"))
    assert mesh_read.labels_of_faces(each, len(v), f, polygon, "p").tolist() == list(range(1, 9))


@pytest.mark.parametrize("kind", MIXED_KINDS[1:])
@given(part=st.floats(0.02, 0.99))
@settings(max_examples=20, deadline=None)
def test_a_file_that_ends_before_its_own_counts_is_refused(tmp_path_factory, kind, part):
    content = mixed_file(kind)
    path = tmp_path_factory.mktemp("cut") / f"a{kind}"
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match=kind.replace(".", r"\.")) as caught:
        mesh_read.read_mesh(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_left_and_right_labels_pair_up_and_lie_on_their_sides(tmp_path):
    shape = sphere()
    label = np.where(shape.triangles_center[:, 0] > 0, 0, 1)  # the file's +x is called right: it faces backwards
    (tmp_path / "p.json").write_text(json.dumps({"names": ["Right Side", "Left Side"], "labels": label.tolist()}))
    report = Report()
    body = builder.build(saved(tmp_path, shape), tmp_path / "p.json", report=report)
    assert body.part_mirror.tolist() == [0, 2, 1]
    assert body.vertices[body.faces[body.face_part == 2]][..., 0].mean() > 0
    assert any("180" in note for note in report.notes)
    with pytest.raises(ValueError, match="another --front"):
        builder.build(tmp_path / "shape.ply", tmp_path / "p.json", front="z")


def sideways_animal(faces_minus):
    """The animal turned to face +x or -x, and which of its faces (F,) are on its own left."""
    v, f = animal(0.07)
    v = v[:, [2, 1, 0]] * ([-1, 1, 1] if faces_minus else [1, 1, -1])
    return trimesh.Trimesh(v, f, process=False), (v[f].mean(axis=1)[:, 2] > 0) == faces_minus


@pytest.mark.parametrize("faces_minus", [False, True])
@pytest.mark.parametrize("front", [None, "right", "wrong"])
def test_labels_say_which_way_a_body_faces_that_is_symmetric_at_z(faces_minus, front):
    shape, left = sideways_animal(faces_minus)
    labels = Labels(np.where(left, 1, 2), ("Left", "Right"))
    axis = None if front is None else "-x" if faces_minus == (front == "right") else "x"
    v = np.asarray(shape.vertices) @ mesh_pose.axes(None, axis).T
    mesh = Mesh(v, np.asarray(shape.faces), np.arange(len(shape.faces)))
    if front == "wrong":
        with pytest.raises(ValueError, match="another --front"):
            mesh_pose.pose(mesh, labels.label, labels, "auto", None, axis, Report(), 0.0)
        return
    posed = mesh_pose.pose(mesh, labels.label, labels, "auto", None, axis, Report(), 0.0)
    at = posed.vertices[posed.faces].mean(axis=1)
    assert (at[posed.label == 1, 0] > 0).all()
    assert (at[posed.label == 2, 0] < 0).all()
    assert at[at[:, 1] > 1.2, 2].mean() > 0.5  # the head is in front


@pytest.mark.parametrize(("up", "turn", "fronts"), [(None, None, ("x", "-x")), ("z", [0, 2, 1], ("x", "-x"))])
def test_a_mesh_that_may_face_two_ways_asks_for_the_front(tmp_path, up, turn, fronts):
    shape, _ = sideways_animal(False)
    if turn:
        shape = trimesh.Trimesh(np.asarray(shape.vertices)[:, turn] * [1, -1, 1], shape.faces, process=False)
    path = saved(tmp_path, shape)
    with pytest.raises(ValueError, match=f"pass --front {fronts[0]} or --front {fronts[1]}") as caught:
        builder.build(path, up=up)
    assert "\n" not in str(caught.value)
    body = builder.build(path, up=up, front="x")
    assert body.vertices[body.vertices[:, 1] > 1.2, 2].mean() > 0.5
    assert body.symmetric


def test_labels_of_the_right_half_survive_new_triangles(tmp_path):
    v, f = animal(0.07)
    at = v[f].mean(axis=1)
    low, left = at[:, 1] < 0.45, at[:, 0] > 0
    label = np.where(low, np.where(left, 1, 2), 0)
    names = ["Rest", "Left Legs", "Right Legs"]
    (tmp_path / "p.json").write_text(json.dumps({"names": names, "labels": label.tolist()}))
    report = Report()
    body = builder.build(saved(tmp_path, trimesh.Trimesh(v, f, process=False)), tmp_path / "p.json", report=report)
    assert report.symmetry == "exact"
    assert body.part_mirror.tolist() == [0, 1, 3, 2]
    for k, sign in ((2, 1), (3, -1)):
        assert (sign * body.vertices[body.faces[body.face_part == k]][..., 0].mean(axis=1) > 0).all()
        assert len(np.unique(body.face_chart[body.face_part == k])) >= 2  # two legs, in two pieces
    assert_mirrored(body)


def test_labels_that_are_not_symmetric_leave_no_mirror(tmp_path):
    shape = box()
    label = (shape.triangles_center @ [1, 1.7, 0.3] > 0).astype(int)
    (tmp_path / "p.txt").write_text(" ".join(map(str, label)))
    report = Report()
    body = builder.build(saved(tmp_path, shape), tmp_path / "p.txt", report=report)
    assert not body.symmetric
    assert any("no mirror" in note for note in report.notes)


BAD_LABELS = {
    "short.txt": ("0 1 0", r"3 labels, but the mesh has 80 faces .* and 42 vertices"),
    "word.txt": ("0 1\n0 x 1", r"word\.txt: line 2: 'x' is no whole number"),
    "a.json": ("{", r"a\.json: not a label file"),
    "b.json": ('{"names": ["A"], "labels": [0, 3]}', r"b\.json: labels\[1\] is 3; expected 0\.\.0"),
    "c.json": ('{"names": ["A", "A"], "labels": [0]}', r"c\.json: the name 'A' appears twice"),
    "d.json": ('{"names": ["A", "B"], "labels": [0]}', r"d\.json: nothing is labelled 'B'"),
    "e.json": ('{"names": ["A"], "labels": [0], "mirror": [["A", "Z"]]}', r"e\.json: mirror\[0\] is 'Z'"),
    "f.json": ('{"names": ["A"], "labels": [0], "colours": ["red"]}', r"f\.json: colours\[0\] is 'red'"),
    "g.json": ('{"labels": [0, 1.5]}', r"g\.json: labels\[1\] is 1.5"),
    "h.json": ('{"lables": [0]}', r"h\.json: expected"),
    "i.npy": ("no array", r"i\.npy: not a label file"),
    "j.json": (json.dumps([0, 10**30]), r"j\.json: labels\[1\] is too large"),
    "k.json": ("[" * 200_000, r"k\.json: not a label file"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_label_files_are_named_with_the_place(tmp_path, name):
    text, message = BAD_LABELS[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        builder.build(saved(tmp_path, sphere(level=1)), tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_archive_is_no_array_of_labels(tmp_path):
    np.savez(tmp_path / "a.npz", labels=np.zeros(80, dtype=int))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(ValueError, match=r"a\.npy: not a label file \(an archive"):
        builder.build(saved(tmp_path, sphere(level=1)), tmp_path / "a.npy")


# ---------------------------------------------------------------- bad meshes


def bad_files():
    ply = sphere().export(file_type="ply")
    glb = sphere().export(file_type="glb")
    stl = sphere().export(file_type="stl")
    text = sphere().export(file_type="stl_ascii")
    obj = sphere().export(file_type="obj")
    return {
        "empty.obj": (b"", "the file is empty"),
        "half.ply": (ply[: len(ply) // 2], "truncated"),
        "half.glb": (glb[: len(glb) // 2], "truncated"),
        "half.stl": (stl[: len(stl) // 2], "truncated"),
        "text.stl": (text[: len(text) // 2].encode(), "truncated"),
        "cut.obj": (obj[: obj.rindex("\nf ") + 7].encode(), "truncated|no vertex"),
        "gap.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "line 4: 9 is no vertex; 3 were given"),
        "points.obj": (b"v 0 0 0\nv 1 0 0\n", "no triangles"),
        "really.obj": (ply, r"looks like \.ply, not \.obj"),
        "mesh.xyz": (b"1 2 3", r"\.xyz is no mesh format"),
        "noise.ply": (bytes(range(256)), "not a readable"),
        "noise.glb": (bytes(range(256)), "not a readable"),
        "noise.stl": (bytes(range(256)), "too few for the .* truncated"),
    }


@pytest.mark.parametrize("name", list(bad_files()))
def test_files_that_are_no_meshes_are_refused_in_one_line(tmp_path, name):
    content, message = bad_files()[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        builder.build(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_vertex_that_is_not_finite_is_named(tmp_path):
    shape = sphere()
    lines = shape.export(file_type="obj").splitlines()
    at = [k for k, line in enumerate(lines) if line.startswith("v ")]
    lines[at[17]] = "v 0 nan 0"
    (tmp_path / "a.obj").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"vertex 17 is \[0\.0, nan, 0\.0\]; 1 vertex is not finite"):
        builder.build(tmp_path / "a.obj")


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


# ---------------------------------------------------------------- cleaning


def cleaned(vertices, faces, **options):
    report = Report()
    return clean(np.asarray(vertices, dtype=float), np.asarray(faces), report, **options), report


def volume(mesh):
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume


@pytest.mark.parametrize(("level", "below", "small"), [(3, 0.2, True), (2, 0.0, False)])
def test_small_holes_are_filled_and_large_ones_only_if_asked(level, below, small):
    shape = sphere(level=level)
    faces = shape.faces[1:][np.asarray(shape.triangles_center)[1:, 1] < below]  # one face less, or half the ball
    _, report = cleaned(shape.vertices, faces)
    assert report.holes == 1
    assert report.filled_holes == small
    assert (report.largest_open == 0) == small
    everything, _ = cleaned(shape.vertices, faces, holes="all")
    assert euler_characteristic(everything.faces) == 2
    assert (everything.origin == -1).sum() == len(everything.faces) - len(faces)
    assert euler_characteristic(cleaned(shape.vertices, faces, holes="none")[0].faces) == 1


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_any_orientation_of_the_triangles_becomes_outward(seed):
    rng = np.random.default_rng(seed)
    shape = sphere(level=1)
    turned = rng.random(len(shape.faces)) < rng.random()
    faces = np.where(turned[:, None], shape.faces[:, ::-1], shape.faces)
    faces = np.array([np.roll(face, k) for face, k in zip(faces, rng.integers(3, size=len(faces)), strict=True)])
    mesh, report = cleaned(shape.vertices, faces)
    assert volume(mesh) == pytest.approx(shape.volume)
    assert report.flipped_faces == turned.sum()


def test_a_shared_edge_of_two_equal_boxes_is_parted():
    a = trimesh.creation.box((1, 1, 1)).subdivide()
    v = np.concatenate([a.vertices, a.vertices + np.array([1, 0, 1])])
    mesh, report = cleaned(v, np.concatenate([a.faces, a.faces + len(a.vertices)]), largest=True)
    assert report.nonmanifold_edges == 2
    assert report.nonmanifold_at[0] == report.nonmanifold_at[2] == pytest.approx(0.5)
    assert volume(mesh) == pytest.approx(1.0)


def test_fins_are_removed_and_walls_refused():
    shape = sphere(1.0)
    a, b, _ = shape.faces[0]
    tip = len(shape.vertices)
    v = np.concatenate([shape.vertices, [shape.triangles_center[0] * 1.05]])
    mesh, report = cleaned(v, np.concatenate([shape.faces, [[a, b, tip]]]))
    assert report.fin_faces == 1
    assert volume(mesh) == pytest.approx(shape.volume)
    cube = trimesh.creation.box((1, 1, 1)).subdivide()
    corner = {tuple(p): k for k, p in enumerate(np.round(np.asarray(cube.vertices), 6).tolist())}
    ring = [
        corner[p]
        for p in [(0.5, 0, 0.5), (0.5, 0, 0), (0.5, 0, -0.5), (-0.5, 0, -0.5), (-0.5, 0, 0), (-0.5, 0, 0.5)]
        if p in corner
    ]
    wall = [[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)]
    with pytest.raises(ValueError, match=r"non-manifold edge at \("):
        cleaned(cube.vertices, np.concatenate([cube.faces, wall]))


def test_duplicates_and_flat_faces_go_without_a_tear():
    shape = sphere()
    f = np.asarray(shape.faces)
    # A vertex in the middle of an edge, known to one side only: closed by a face without area.
    a, b, c = f[0]
    middle = len(shape.vertices)
    v = np.concatenate([shape.vertices, [(shape.vertices[a] + shape.vertices[b]) / 2]])
    faces = np.concatenate([f[1:], [[a, middle, c], [middle, b, c], [a, b, middle]], f[5:8], [[a, a, b]]])
    mesh, report = cleaned(v, faces)
    assert report.duplicate_faces == 3
    assert report.degenerate_faces == 2
    assert euler_characteristic(mesh.faces) == 2
    assert volume(mesh) == pytest.approx(shape.volume)
    assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).area_faces.min() > 1e-6


def test_a_surface_that_touches_itself_in_a_point_is_split_there():
    a = sphere(level=1)
    v, f = np.asarray(a.vertices), np.asarray(a.faces)
    top = int(v[:, 1].argmax())
    low = int(v[:, 1].argmin())
    w = v.copy()
    w[low] = w[top]  # the lowest vertex is drawn through to the highest
    mesh, report = cleaned(w, f)
    assert report.split_vertices == 1
    assert euler_characteristic(mesh.faces) == 2


def test_self_intersections_are_found_where_they_are():
    a, b = sphere(1.0), sphere(0.3).apply_translation([1, 0, 0])
    v, f = np.concatenate([a.vertices, b.vertices]), np.concatenate([a.faces, b.faces + len(a.vertices)])
    pairs = crossings(v, f)
    middles = v[f[pairs]].mean(axis=(1, 2))
    assert len(pairs) > 10
    assert np.abs(np.linalg.norm(middles - [1, 0, 0], axis=1) - 0.3).max() < 0.15
    assert len(crossings(np.asarray(a.vertices), np.asarray(a.faces))) == 0


@given(st.floats(0.05, 0.6), st.floats(0, 2 * np.pi))
@settings(max_examples=10, deadline=None)
def test_crossings_agree_with_a_search_over_all_pairs(size, turn):
    a = trimesh.creation.icosahedron()
    b = trimesh.creation.icosahedron().apply_scale(size)
    b.apply_transform(trimesh.transformations.rotation_matrix(turn, [1, 2, 3]))
    b.apply_translation([0.8, 0.1, 0.05])
    v, f = np.concatenate([a.vertices, b.vertices]), np.concatenate([a.faces, b.faces + len(a.vertices)])

    # Another way: an edge of one passes through a triangle of the other if the signs of five volumes say so.
    def six(p, q, r, s):
        return np.linalg.det(np.stack([q - p, r - p, s - p]))

    def through(p, q, t):
        if six(*t, p) * six(*t, q) >= 0:
            return False
        signs = [np.sign(six(p, q, t[k], t[(k + 1) % 3])) for k in range(3)]
        return abs(sum(signs)) == 3

    want = {
        (i, j)
        for i in range(20)
        for j in range(20, 40)
        if any(through(v[f[x][k]], v[f[x][(k + 1) % 3]], v[f[y]]) for x, y in ((i, j), (j, i)) for k in range(3))
    }
    assert {tuple(pair) for pair in crossings(v, f).tolist()} == want


# ---------------------------------------------------------------- symmetry, axes, patches


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-1, 1))
@settings(max_examples=3, deadline=None)
def test_the_plane_of_symmetry_is_found_askew(a, b, shift):
    v, f = animal(0.07)
    turn = trimesh.transformations.euler_matrix(0, a, b)[:3, :3]
    plane = mesh_symmetry.plane(v @ turn.T + [shift, 0, 0], f)
    assert plane is not None
    wanted = turn @ [1, 0, 0]
    assert np.degrees(np.arccos(min(1, abs(plane.normal @ wanted)))) < 1.0
    assert plane.offset == pytest.approx(wanted[0] * shift * np.sign(plane.normal @ wanted), abs=0.02)


def test_more_charts_on_request(tmp_path):
    path = saved(tmp_path, sphere())
    body = builder.build(path, least_charts=9)
    assert 9 <= len(body.chart_names) <= 12
    sound(body)
    with pytest.raises(ValueError, match=r"300 charts: expected 1\.\.255"):
        builder.build(path, least_charts=600, symmetry="auto")


def test_a_mesh_without_symmetry_has_none():
    shape = sphere()
    v = np.asarray(shape.vertices)
    v = v * (1 + 0.4 * np.sin(v @ [19, 14, 9] + 0.3) + 0.3 * np.cos(v @ [12, 21, 5]))[:, None]
    assert mesh_symmetry.plane(v, np.asarray(shape.faces)) is None


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


@pytest.mark.parametrize(("up", "front"), [("z", None), ("x", "-y"), ("-y", "x"), (None, "-z")])
def test_axes_are_a_rotation_that_puts_up_and_front_right(up, front):
    turn = mesh_pose.axes(up, front)
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)
    axis = {s + a: np.eye(3)[k] * (-1 if s else 1) for s in ("", "-") for k, a in enumerate("xyz")}
    assert (turn @ axis[up or "y"]).tolist() == [0, 1, 0]
    assert (turn @ axis[front or ("-y" if up == "z" else "z")]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("up", "front", "message"), [("q", None, "'q' is no axis"), ("y", "-y", "same line")])
def test_axes_that_are_none_are_refused(up, front, message):
    with pytest.raises(ValueError, match=message):
        mesh_pose.axes(up, front)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["sphere", "torus", "box"]))
@settings(max_examples=10, deadline=None)
def test_any_set_of_triangles_is_parted_into_disks(seed, name):
    shape = {"sphere": sphere(), "torus": trimesh.creation.torus(0.3, 0.1, 16, 10), "box": box()}[name]
    rng = np.random.default_rng(seed)
    v, f = np.asarray(shape.vertices), np.asarray(shape.faces)
    f = f[rng.random(len(f)) < rng.uniform(0.3, 1.0)]
    normals = smooth_normals(v, f, 0.02)
    number = disks(v, f, normals)
    for k in range(number.max() + 1):
        own = number == k
        assert is_disk(f[own])
        area = np.linalg.norm(np.cross(v[f[own][:, 1]] - v[f[own][:, 0]], v[f[own][:, 2]] - v[f[own][:, 0]]), axis=1)
        assert own.sum() <= 16 or flatness(normals[own], area) >= FLAT


def test_fans_that_meet_in_a_vertex_are_cut():
    bow = np.array([[0, 1, 2], [0, 3, 4]])
    origin, faces = cut_fans(bow)
    assert len(origin) == 6
    assert np.array_equal(origin[faces], bow)
    assert not set(faces[0]) & set(faces[1])


def test_a_ball_has_no_limbs():
    shape = sphere()
    assert parts(np.asarray(shape.vertices), np.asarray(shape.faces), None, None).names == ("Body",)
