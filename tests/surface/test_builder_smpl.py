"""Bodies from files in SMPL's formats, written from the default body: what is read, charted, mirrored and posed."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csc_matrix
from scipy.spatial.transform import Rotation

from surface.body import Body
from surface.builders import smpl, smpl_file, smpl_joints
from surface.builders.smpl_joints import NAMES, PARENTS
from surface.check import check, problems
from surface.rig import pose
from tests.surface import smpl_files


@pytest.fixture(scope="module")
def small(anny: Body) -> smpl_files.Model:
    """A SMPL model (24 joints, pose correctives) on a symmetric mesh of about 3,000 triangles."""
    return smpl_files.symmetric(smpl_files.decimated(smpl_files.model(anny, 24), 3000))


@pytest.fixture(scope="module")
def built(small, tmp_path_factory) -> smpl.Built:
    """Its body, with charts of its own."""
    return smpl.build(smpl_files.write_npz(tmp_path_factory.mktemp("smpl") / "small.npz", small), name="small")


@pytest.fixture(scope="module")
def uneven(anny, tmp_path_factory) -> smpl.Built:
    """A SMPL-X body whose triangles are no mirror images, with eyeballs, with charts of its own."""
    arrays = smpl_files.with_eyeballs(smpl_files.decimated(smpl_files.model(anny, 55, posedirs=False), 3000))
    return smpl.build(smpl_files.write_npz(tmp_path_factory.mktemp("smplx") / "x.npz", arrays))


# ---------------------------------------------------------------------- reading


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_pickles_of_python_2_hold_what_the_npz_holds(tmp_path, small, protocol):
    found = smpl_file.read(smpl_files.write_pkl(tmp_path / "old.pkl", small, protocol))
    plain = smpl_file.read(smpl_files.write_npz(tmp_path / "new.npz", small))
    for model in (found, plain):
        assert model.family == "SMPL"
        assert np.array_equal(model.vertices, small["v_template"])
        assert np.array_equal(model.faces, small["f"].astype(np.int64))
        assert np.array_equal(model.weights.toarray(), small["weights"])
        assert np.array_equal(model.J_regressor.toarray(), small["J_regressor"])
        assert np.array_equal(model.shapedirs, small["shapedirs"].astype(np.float32))
        assert np.array_equal(model.posedirs, small["posedirs"].astype(np.float32))
        assert model.parents == PARENTS[24]


def test_an_npz_may_hold_a_sparse_regressor_as_an_object(tmp_path, small):
    path = tmp_path / "sparse.npz"
    wrapped = np.empty((), dtype=object)
    wrapped[()] = csc_matrix(small["J_regressor"])
    np.savez(path, **(small | {"J_regressor": wrapped}))
    assert np.array_equal(smpl_file.read(path).J_regressor.toarray(), small["J_regressor"])


def test_an_npz_that_tries_to_run_code_is_refused(tmp_path, small):
    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    wrapped = np.empty((), dtype=object)
    wrapped[()] = Attack()
    np.savez(tmp_path / "evil.npz", **(small | {"weights": wrapped}))
    with pytest.raises(
        ValueError, match=r"evil\.npz: weights cannot be read: this file wants .*; refused, and nothing"
    ):
        smpl.build(tmp_path / "evil.npz")
    assert not (tmp_path / "ran").exists()
    with np.load(tmp_path / "evil.npz", allow_pickle=True) as file:
        assert file["weights"] is not None
    assert (tmp_path / "ran").exists()  # NumPy runs it when asked to


def changed(key, at, value):
    def change(model):
        model[key] = model[key].astype(np.float64)
        model[key][at] = value

    return change


BAD = [
    (lambda m: m.pop("weights"), r"not a SMPL file: 'weights' is missing"),
    (changed("v_template", (7, 1), np.nan), r"v_template\[7, 1\] is not finite"),
    (
        lambda m: m.update(v_template=m["v_template"][:, :2]),
        r"v_template has shape \(\d+, 2\); expected \(4 to 200,000, 3\)",
    ),
    (lambda m: m.update(v_template=m["v_template"] * 1000), r"v_template is 1\.69e\+03 high; .* metres"),
    (lambda m: m.update(v_template=m["v_template"][:, [0, 2, 1]]), r"does not stand with y up"),
    (lambda m: m.update(v_template=m["v_template"] * [-1, 1, -1]), r"the person's left at \+x"),
    (changed("f", (5, 2), 1e6), r"f\[5, 2\] is 1000000; expected 0\.\.\d+"),
    (changed("f", (5, 2), 0.5), r"f holds numbers that are not whole"),
    (lambda m: m.update(f=m["f"][:, [0, 0, 1]]), r"f\[0\] has a corner twice"),
    (lambda m: m.update(f=m["f"][:, ::-1]), r"the triangles of f face inward"),
    (lambda m: m.update(f=np.concatenate([m["f"], m["f"][:1]])), r"f has 2 triangles on the same side of the edge"),
    (
        lambda m: m.update(weights=m["weights"] * 0.5),
        r"weights of vertex \d+ sum to 0\.5; expected weights that sum to 1",
    ),
    (lambda m: m.update(weights=m["weights"][:-1]), r"weights has shape \(\d+, 24\); expected \(\d+, 24\)"),
    (lambda m: m.update(J_regressor=m["J_regressor"].T), r"J_regressor has shape"),
    (
        lambda m: m.update(shapedirs=m["shapedirs"][:, 0]),
        r"shapedirs has shape \(\d+, 16\); expected \(\d+, 3, 0 to 1,000\)",
    ),
    (
        lambda m: m.update(posedirs=m["posedirs"][..., :9]),
        r"posedirs has shape \(\d+, 3, 9\); expected \(\d+, 3, 207\)",
    ),
    (lambda m: m.update(posedirs=np.array("none")), r"posedirs has shape \(\)"),
    (changed("kintree_table", (0, 2), 5), r"kintree_table goes in a circle: joint 2 -> 5 -> 2"),
    (changed("kintree_table", (0, 7), 3), r"joint 7 has parent 3; SMPL's joint 7 is left_ankle with parent 4"),
    (changed("kintree_table", (1, 7), 3), r"kintree_table\[1\] must number the joints 0\.\.23 in order"),
    (
        lambda m: m.update(kintree_table=m["kintree_table"][:, :16]),
        r"kintree_table has 16 joints; SMPL has 24, SMPL-H 52 and SMPL-X 55 .*build mesh",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_wrong_arrays_are_named(tmp_path, small, spoil, message):
    arrays = {key: value for key, value in small.items() if key != "posedirs"} | {"posedirs": small["posedirs"]}
    spoil(arrays)
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"bad\.npz: .*{message}"):
        smpl.build(path)


def test_files_that_are_none_are_named(tmp_path, small):
    whole = smpl_files.write_npz(tmp_path / "whole.npz", small).read_bytes()
    pickled = smpl_files.write_pkl(tmp_path / "whole.pkl", small).read_bytes()
    for name, data, message in (
        ("empty.npz", b"", "cut off"),
        ("text.pkl", b"a file of text", "cut off|damaged|no pickle"),
        ("half.npz", whole[: len(whole) // 2], "damaged or cut off"),
        ("half.pkl", pickled[: len(pickled) // 2], "cut off"),
        ("list.pkl", b"]N\x61.", "it holds a list, not a table of arrays"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"{name}: .*({message})"):
            smpl_file.read(tmp_path / name)
    broken = bytearray(whole)
    broken[len(whole) // 3] ^= 255
    (tmp_path / "bit.npz").write_bytes(broken)
    with pytest.raises(ValueError, match=r"bit\.npz: \w+ cannot be read: "):
        smpl_file.read(tmp_path / "bit.npz")
    with pytest.raises(ValueError, match=r"nowhere\.npz: No such file"):
        smpl_file.read(tmp_path / "nowhere.npz")


def npy(kind, shape, data):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
    return header.getvalue() + data


def test_a_zip_bomb_is_not_unpacked(tmp_path, small, monkeypatch):
    # Member by member within what is read, together beyond it.
    used = sum(small[key].nbytes for key in ("v_template", "f", "kintree_table", "weights", "J_regressor"))
    path = smpl_files.write_npz(tmp_path / "bomb.npz", small)
    monkeypatch.setattr(smpl_file, "LIMIT", used + small["shapedirs"].nbytes // 2)
    with pytest.raises(ValueError, match=r"bomb\.npz: shapedirs cannot be read: it unpacks to [\d,]+ bytes"):
        smpl_file.read(path)
    monkeypatch.undo()
    monkeypatch.setattr(smpl_file, "MOST_NUMBERS", small["v_template"].size + small["f"].size)
    with pytest.raises(ValueError, match=r"bomb\.npz: kintree_table cannot be read: it holds 48 numbers; 0 are left"):
        smpl_file.read(path)


def test_a_shape_is_read_before_its_bytes(tmp_path):
    """An array of bytes that would become one of floats, eight times as large, from a thousandth of a file."""
    for kind, shape in (("|i1", (10_000_000, 3)), ("<f8", (10**12, 3)), ("<f8", (-1, -3)), ("<f8", (3, 10_000))):
        path = tmp_path / "wide.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("v_template.npy", npy(kind, shape, bytes(30_000_000)))
        tracemalloc.start()
        with pytest.raises(ValueError, match=r"wide\.npz: v_template has shape \(.*\); expected \(4 to 200,000, 3\)"):
            smpl_file.read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000


def test_a_shape_that_its_bytes_do_not_fill_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        archive.writestr("v_template.npy", npy("<f8", (10**5, 3), b"12345678"))
    with pytest.raises(ValueError, match=r"v_template cannot be read: its shape \(100000, 3\) of float64"):
        smpl_file.read(tmp_path / "lie.npz")


def test_members_that_cannot_be_read_are_named(tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("v_template.npy", npy("<f8", (5, 3), bytes(120)))
    for name, local, central, change in (("encrypted", 6, 8, 1), ("method", 8, 10, 99)):
        data = bytearray(whole.getvalue())
        data[data.find(b"PK\x03\x04") + local] |= change
        data[data.find(b"PK\x01\x02") + central] |= change
        path = tmp_path / f"{name}.npz"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=rf"{name}\.npz: v_template cannot be read: ."):
            smpl_file.read(path)
    for number, header in enumerate((b"(" * 9000, b"{" + b" " * 60, b"\xff" * 60)):
        path = tmp_path / f"header{number}.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("v_template.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        with pytest.raises(ValueError, match=rf"header{number}\.npz: v_template cannot be read: ."):
            smpl_file.read(path)


# ---------------------------------------------------------------------- rig


def smpl_formula(model, betas, rotations):
    """Loper et al. 2015, equations 2 to 10, joint by joint and as written there."""
    shaped = model["v_template"] + model["shapedirs"] @ betas
    joints = model["J_regressor"] @ shaped
    local = Rotation.from_rotvec(rotations).as_matrix()
    if "posedirs" in model:
        shaped = shaped + model["posedirs"] @ (local[1:] - np.eye(3)).ravel()
    world = []
    for j, parent in enumerate(model["kintree_table"][0].astype(np.int64)):
        step = np.eye(4)
        step[:3, :3] = local[j]
        step[:3, 3] = joints[j] - (joints[parent] if j else 0)
        world.append(world[parent] @ step if j else step)
    rest = [g @ np.block([[np.eye(3), -joint[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]) for g, joint in
            zip(world, joints, strict=True)]  # fmt: skip
    homogeneous = np.column_stack([shaped, np.ones(len(shaped))])
    return np.einsum("vj,jab,vb->va", model["weights"], np.array(rest), homogeneous)[:, :3]


def test_posed_bodies_are_smpls_formula(small, built):
    rng = np.random.default_rng(1)
    rig = built.body.rig
    assert (rig.joint_names, rig.parents) == (NAMES[24], PARENTS[24])
    assert rig.posedirs is not None
    for _ in range(3):
        betas, rotations = rng.normal(size=16), rng.normal(0, 0.4, (24, 3))
        found = pose(rig, betas, rotations)
        assert np.abs(found - smpl_formula(small, betas, rotations)).max() < 1e-6
    correctives = pose(rig, None, rotations) - pose(rig, None, rotations * 0)
    assert np.abs(correctives).max() > 0.01


@pytest.mark.parametrize("joints", [24, 52, 55])
def test_joints_and_keypoints_of_the_family(anny, joints):
    arrays = smpl_files.model(anny, joints, posedirs=False)
    assert len(NAMES[joints]) == len(PARENTS[joints]) == joints
    assert all(parent < j for j, parent in enumerate(PARENTS[joints]))
    for j, name in enumerate(NAMES[joints]):  # a joint's parent is on its own side or in the middle
        if j and name.startswith(("left_", "right_")):
            parent = NAMES[joints][PARENTS[joints][j]]
            assert not parent.startswith(("left_", "right_")) or parent.split("_")[0] == name.split("_")[0]
    regressor = smpl_joints.keypoints(
        arrays["v_template"], arrays["f"], arrays["weights"], smpl_files.csr_array(arrays["J_regressor"]), NAMES[joints]
    )
    off = np.linalg.norm((regressor - anny.keypoint_regressor) @ anny.vertices, axis=1)
    # Joints are bones' heads, COCO's keypoints are what annotators click: near, not equal.
    assert off.max() < 0.04
    assert np.allclose(regressor.sum(axis=1), 1)


def test_shape_and_expression_of_smplx_are_told_apart(anny):
    names = smpl_file._shape_names(55, 400)
    assert (names[299], names[300], names[399]) == ("shape 300", "expression 1", "expression 100")
    assert smpl_file._shape_names(55, 20)[10] == "expression 1"
    assert smpl_file._shape_names(24, 300)[-1] == "shape 300"


# ---------------------------------------------------------------------- charts of its own


@pytest.mark.parametrize("which", ["built", "uneven"])
def test_charts_are_bijective_disks_with_the_default_bodys_meaning(anny, request, which):
    body = request.getfixturevalue(which).body
    figures = check(body, sources=10, points=500)
    assert problems(figures) == []
    assert max(figure.distortion_mean for figure in figures) < 0.08
    assert set(body.face_chart.tolist()) == set(range(1, 25))
    face, bary, _ = anny.nearest(body.vertices[body.faces].mean(axis=1))
    same = anny.face_chart[face] == body.face_chart
    assert body.face_area[same].sum() > 0.9 * body.face_area.sum()
    _, *theirs = anny.to_iuv(face, bary)
    for chart in range(1, 25):
        own = same & (body.face_chart == chart)
        for axis in (0, 1):
            # Hands and feet are books: palm and back, sole and top; the book may open a little elsewhere.
            least = 0.6 if axis == 0 and chart in (3, 4, 5, 6) else 0.95
            assert np.corrcoef(theirs[axis][own], body.face_uv[own].mean(axis=1)[:, axis])[0, 1] > least


def test_mirrored_points_have_the_same_u_and_v(built, random_points):
    body = built.body
    assert body.mirror_face is not None
    face, bary = random_points(body, 2000)
    I, U, V = body.to_iuv(face, bary)
    J, P, Q = body.to_iuv(*body.mirror(face, bary))
    assert np.array_equal(J, body.chart_mirror[I])
    torso = I <= 2
    assert np.abs(P - np.where(torso, 1 - U, U)).max() < 1e-9
    assert np.abs(Q - V).max() < 1e-9


def test_an_uneven_body_is_mirrored_by_a_map(uneven, random_points):
    body = uneven.body
    assert body.mirror_face is None
    face, bary = random_points(body, 2000)
    mirrored = body.mirror(face, bary)
    off = np.linalg.norm(body.position(*mirrored) - body.position(face, bary) * [-1, 1, 1], axis=1)
    assert off.mean() < 0.002
    assert (body.part(mirrored[0]) == body.part_mirror[body.part(face)]).mean() > 0.98
    I, U, V = body.to_iuv(face, bary)
    J, P, Q = body.to_iuv(*mirrored)
    both = (body.chart_mirror[I] == J) & (I > 2)
    assert both.mean() > 0.6
    assert np.median(np.hypot(P - U, Q - V)[both]) < 0.02


def test_eyeballs_are_left_out_but_keep_their_numbers(uneven):
    assert uneven.family == "SMPL-X"
    assert uneven.dropped == 160
    used = np.unique(uneven.body.faces)
    assert len(uneven.body.vertices) - len(used) == 84
    assert len(uneven.body.rig.v_template) == len(uneven.body.vertices)


def test_a_hole_in_the_head_leaves_a_chart(small, tmp_path, monkeypatch):
    head = (small["J_regressor"] @ small["v_template"])[15]
    centre = small["v_template"][small["f"].astype(np.int64)].mean(axis=1)
    hole = np.argsort(np.linalg.norm(centre - head - [0.06, 0.08, 0.0], axis=1))[:4]
    monkeypatch.setattr(smpl.smpl_charts.flatten, "disk", _circle)  # the layout itself is tested elsewhere
    body = smpl.build(
        smpl_files.write_npz(tmp_path / "hole.npz", small | {"f": np.delete(small["f"], hole, axis=0)})
    ).body
    assert len(body.faces) == len(small["f"]) - 4
    assert body.mirror_face is None


def _circle(vertices, faces):
    """Tutte's layout: quick, and fails where the patch is no disk."""
    from surface import unfold

    return unfold.tutte(vertices, faces)
