"""Files of meshes: polygons and their order, and what is refused in one line with its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surface.builders import mesh as builder
from surface.builders import mesh_read
from surface.builders.mesh_read import Labels
from tests.surface.meshes import sphere

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
