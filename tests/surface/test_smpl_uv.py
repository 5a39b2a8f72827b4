"""DensePose's charts from a UV_Processed.mat: value for value, the triangles it leaves out filled in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from surface.body import Body
from surface.builders import smpl, smpl_uv
from tests.surface import smpl_files


@pytest.fixture(scope="module")
def toes(anny: Body) -> tuple[int, ...]:
    return smpl_files.toe_faces(anny)


@pytest.fixture(scope="module")
def charted(anny, toes, tmp_path_factory) -> smpl.Built:
    """A body from a SMPL-H file of the default body and a UV_Processed.mat without two triangles of its toes."""
    folder = tmp_path_factory.mktemp("uv")
    model = smpl_files.write_npz(folder / "smplh.npz", smpl_files.model(anny, 52, posedirs=False))
    return smpl.build(model, smpl_files.write_mat(folder / "UV.mat", smpl_files.uv_processed(anny, toes)))


def test_every_value_of_the_file_is_kept(anny, charted, toes):
    file = smpl_files.uv_processed(anny, toes)
    ids, triangles = file["All_vertices"][0].astype(int) - 1, file["All_Faces"].astype(int) - 1
    assert len(ids) > len(anny.vertices)  # split along the borders
    body, uv = charted.body, charted.uv
    assert uv is not None
    assert body.charts_from == "file"
    assert (uv.split, uv.missing.tolist(), uv.closed) == (len(ids), sorted(toes), 0)
    row = {key: f for f, key in enumerate(map(tuple, np.sort(body.faces, axis=1).tolist()))}
    face = np.array([row[tuple(sorted(ids[t].tolist()))] for t in triangles])
    for corner in range(3):
        at = (body.faces[face] == ids[triangles[:, corner]][:, None]).astype(np.float64)
        I, U, V = body.to_iuv(face, at)
        assert np.array_equal(I, file["All_FaceIndices"][:, 0])
        assert np.array_equal(U, file["All_U_norm"][triangles[:, corner], 0])
        assert np.array_equal(V, file["All_V_norm"][triangles[:, corner], 0])


def test_random_points_have_the_default_bodys_iuv(anny, charted, random_points):
    face, bary = random_points(anny, 20_000)
    for mine, theirs in zip(charted.body.to_iuv(face, bary), anny.to_iuv(face, bary), strict=True):
        assert np.array_equal(mine, theirs)
    again = charted.body.from_iuv(*anny.to_iuv(face, bary))
    assert np.linalg.norm(charted.body.position(*again) - anny.position(face, bary), axis=1).max() < 1e-6
    assert charted.body.mirror_face is not None


def test_rounding_beyond_the_unit_square_is_put_onto_its_edge(anny, toes, tmp_path):
    file = smpl_files.uv_processed(anny, toes)
    file["All_U_norm"] = np.where(file["All_U_norm"] == 1, 1 + 2e-7, file["All_U_norm"])
    uv = smpl_uv.read(smpl_files.write_mat(tmp_path / "UV.mat", file), anny.vertices, anny.faces.astype(np.int64))
    assert np.array_equal(uv.face_uv, anny.face_uv)


def plate(rows: int = 4):
    """A flat grid of triangles in two charts, as a mesh and as the file's arrays."""
    x, y = np.meshgrid(np.arange(rows + 1.0), np.arange(rows + 1.0), indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1)
    at = np.arange((rows + 1) ** 2).reshape(rows + 1, rows + 1)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return vertices, faces, vertices[faces][..., :2] / rows


def test_a_triangle_in_a_hole_takes_the_values_around_it():
    vertices, faces, uv = plate()
    middle = np.flatnonzero(np.isin(faces, 12).any(axis=1))  # all six triangles around a vertex
    for missing in (middle[:1], middle[:2], middle[:4]):
        chart, found = np.ones(len(faces), dtype=np.uint8), uv.copy()
        chart[missing], found[missing] = 0, 0.0
        assert smpl_uv.fill(vertices, faces, chart, found) == 0
        assert (chart == 1).all()
        assert np.allclose(found, uv, atol=0)


def test_a_triangle_without_room_is_laid_onto_its_neighbours_edge():
    vertices, faces, uv = plate()
    new = 5
    chart, found = np.ones(len(faces), dtype=np.uint8), uv.copy()
    chart[new] = 0
    # The charts' layout covers the hole's place already: its third corner is folded back over a neighbour.
    third = found[:, :, 0][faces == faces[new, 0]].mean()
    found[faces == faces[new, 0]] += [0.3 - third, 0.3]
    assert smpl_uv.fill(vertices, faces, chart, found) == 1
    a, b = found[new, 1] - found[new, 0], found[new, 2] - found[new, 0]
    assert abs(a[0] * b[1] - a[1] * b[0]) < 1e-12  # flat: no I,U,V leads to it
    assert chart[new] == 1
    assert ((found >= 0) & (found <= 1)).all()


def spoil(**changes):
    return lambda arrays: arrays | {k: (v(arrays[k]) if callable(v) else v) for k, v in changes.items()}


def at(index, value):
    def change(array):
        out = array.astype(np.float64)
        out[index] = value
        return out

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: {k: v for k, v in a.items() if k != "All_U_norm"}, "not a UV_Processed.mat.*'All_U_norm' is miss"),
        (spoil(All_vertices=at((0, 3), 0)), r"All_vertices\[3\] is 0; expected a whole number in 1\.\.12261"),
        (spoil(All_vertices=at((0, 3), 99_999)), r"All_vertices\[3\] is 99999; expected a whole number in 1\.\.12261"),
        (spoil(All_Faces=at((2, 1), 1.5)), r"All_Faces\[2, 1\] is 1\.5; expected a whole number"),
        (spoil(All_Faces=lambda f: f[:, :2]), r"All_Faces has shape \(\d+, 2\); expected \(any, 3\)"),
        (spoil(All_FaceIndices=at((7, 0), 25)), r"All_FaceIndices\[7\] is 25; expected a whole number in 1\.\.24"),
        (spoil(All_FaceIndices=lambda f: f[:-1]), r"All_FaceIndices has \d+ values; All_Faces has \d+ triangles"),
        (spoil(All_FaceIndices=lambda f: np.where(f == 4, 3, f)), r"All_FaceIndices has no triangle of chart 4"),
        (spoil(All_U_norm=at((9, 0), np.nan)), r"All_U_norm\[9\] is nan; expected 0\.\.1"),
        (spoil(All_V_norm=at((9, 0), 1.01)), r"All_V_norm\[9\] is 1\.01; expected 0\.\.1"),
        (spoil(All_U_norm=lambda u: u[:-1], All_V_norm=lambda u: u[:-1]), r"All_U_norm has \d+ values; All_vert"),
        (spoil(All_Faces=lambda f: f[:-40], All_FaceIndices=lambda f: f[:-40]), r"leaves out 42 of the model's 24,518"),
        (spoil(All_vertices=lambda v: v[:, ::-1]), r"triangle 0 of All_Faces joins the vertices .* another mesh"),
        (spoil(All_Faces=lambda f: np.concatenate([f, f[:1]]),
               All_FaceIndices=lambda f: np.concatenate([f, f[:1]])), "All_Faces holds a triangle twice"),
        (spoil(All_U_norm=np.array([{}], dtype=object)), r"All_U_norm is a cell of shape \(1, 1\); expected numbers"),
        (spoil(All_U_norm="text"), r"All_U_norm is a char of shape"),
    ],
)  # fmt: skip
def test_wrong_files_are_named(anny, toes, tmp_path, change, message):
    savemat(tmp_path / "UV.mat", change(smpl_files.uv_processed(anny, toes)))
    with pytest.raises(ValueError, match=rf"UV\.mat: .*{message}"):
        smpl_uv.read(tmp_path / "UV.mat", anny.vertices, anny.faces.astype(np.int64))


def test_files_that_are_none_are_named(anny, toes, tmp_path):
    whole = smpl_files.write_mat(tmp_path / "whole.mat", smpl_files.uv_processed(anny, toes)).read_bytes()
    for name, data in {
        "empty": b"", "text": b"a file of text " * 20, "half": whole[: len(whole) // 2],
        "hdf5": b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n" + b"\x00" * 600,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"{name}: (not a MATLAB file|a MATLAB 7\.3 file|not a UV_Pro.* cut off)"):
            smpl_uv.read(tmp_path / name, anny.vertices, anny.faces.astype(np.int64))
    with pytest.raises(ValueError, match=r"nowhere\.mat: No such file"):
        smpl_uv.read(tmp_path / "nowhere.mat", anny.vertices, anny.faces.astype(np.int64))
