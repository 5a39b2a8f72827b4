"""Labels of meshes: they follow their faces, name left and right, and are refused with the place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import trimesh

from surface.builders import mesh as builder
from surface.builders import mesh_pose
from surface.builders.mesh_clean import Mesh
from surface.builders.mesh_read import Labels
from surface.builders.mesh_report import Report
from tests.surface.meshes import assert_mirrored, box, saved, sideways_animal, sound, sphere
from tests.surface.shapes import animal


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
