"""Maps between human bodies against the truth, on bodies that were made from one another."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.transfer import bumpy, on, remeshed, t_pose, without_fingers
from surface.body import Body
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer, register
from surface.transfer_digits import ENDS, digits
from surface.transfer_figures import Spread, corners, figures_of
from surface.transfer_file import kept, load, path_of, save
from surface.transfer_picture import picture

BETAS = np.random.default_rng(1).normal(size=16)


@pytest.fixture(scope="module")
def other(anny):
    """Another person in another pose, bumpy, on a rig without fingers, and where the vertices of `anny` went."""
    truth = bumpy(t_pose(anny, BETAS)[1], 1)
    return without_fingers(on(anny, truth, "other")), truth


@pytest.fixture(scope="module")
def small(anny, other):
    """Coarse meshes of both, of other triangles each, mapped onto each other; the truth; the progress."""
    source, target = remeshed(anny, 7000), remeshed(other[0], 6000, 1)
    face, bary, _ = anny.nearest(source.vertices)
    steps = []
    made = register(source, target, lambda done, total: steps.append((done, total)))
    return made, anny.position(face, bary, other[1]), steps


def parts_of(body: Body) -> np.ndarray:
    part = np.zeros(len(body.vertices), np.int64)
    part[body.faces.reshape(-1)] = np.repeat(body.face_part, 3)
    return part


def test_another_shape_and_pose_without_finger_joints_is_found_to_a_centimetre(anny, other):
    body, truth = other
    made = register(anny, body)
    error = np.linalg.norm(body.position(made.forward.face, made.forward.bary) - truth, axis=1)
    by_part = {name: error[parts_of(anny) == n].mean() for n, name in enumerate(anny.part_names, start=1)}
    assert error.mean() < 0.008
    assert np.quantile(error, 0.95) < 0.035
    assert max(by_part["Left Hand"], by_part["Right Hand"], by_part["Left Foot"], by_part["Head"]) < 0.006
    assert made.figures.digits == ENDS
    assert made.figures.cycle.mean < 0.0005
    assert made.figures.fit.mean < 0.0005
    assert made.figures.mirror is not None
    assert made.figures.mirror.mean < 1e-5
    assert made.figures.parts is not None
    assert made.figures.parts > 0.97
    assert made.figures.folded < 0.002
    face, bary = anny.mirror(*corners(anny))
    mirrored = body.mirror(made.forward.face, made.forward.bary)
    gap = np.linalg.norm(body.position(*made.apply(face, bary)) - body.position(*mirrored), axis=1)
    assert gap[np.abs(anny.vertices[:, 0]) > 1e-6].max() < 1e-9
    assert gap.max() < 0.002


def test_other_triangles_in_another_order_change_little(small):
    made, truth, steps = small
    error = np.linalg.norm(made.target.position(made.forward.face, made.forward.bary) - truth, axis=1)
    assert error.mean() < 0.012
    assert np.median(error) < 0.008
    assert made.figures.mirror is None
    assert steps == [(n + 1, len(steps)) for n in range(len(steps))]


def test_the_way_back_is_the_same_registration(small, random_points):
    made, _, _ = small
    assert made.inverse.forward is made.backward
    assert made.inverse.inverse.forward is made.forward
    face, bary = random_points(made.source, 5000)
    back = made.inverse.apply(*made.apply(face, bary))
    gap = np.linalg.norm(made.source.position(*back) - made.source.position(face, bary), axis=1)
    assert gap.mean() < 0.001
    with pytest.raises(ValueError, match="faces must be in"):
        made.apply([len(made.source.faces)], [[1.0, 0.0, 0.0]])


def test_digits_are_the_fingers_that_the_rig_knows_thumb_first(anny, other):
    names, strongest = anny.rig.joint_names, anny.rig.weights.toarray().argmax(axis=1)
    for body in (anny, other[0]):  # the same vertices, the second with no finger in its rig
        for side in ("left", "right"):
            found = digits(body, f"{side}_wrist")
            moved = [names[j].removeprefix(f"{side}_")[:-1] for j in strongest[found.tips]]
            assert moved == ["thumb", "index", "middle", "ring", "pinky"]
            assert np.array_equal(found.member[found.tips], [1, 2, 3, 4, 5])
            toes = anny.vertices[digits(body, f"{side}_ankle").tips]
            assert (np.diff(np.abs(toes[:, 0])) > 0).all()


def test_a_mitten_has_no_digits(anny):
    hand = digits(anny, "left_wrist")
    joint = anny.rig.J_regressor @ anny.vertices
    wrist = joint[anny.rig.joint_names.index("left_wrist")]
    away = anny.vertices - wrist
    reach = np.linalg.norm(away, axis=1, keepdims=True)
    ball = wrist + away / np.maximum(reach, 1e-9) * np.minimum(reach, 0.09)  # fingers flat on a ball
    assert digits(replace(anny, vertices=np.where(hand.member[:, None] > 0, ball, anny.vertices)), "left_ankle")
    assert digits(replace(anny, vertices=np.where(reach < 0.3, ball, anny.vertices)), "left_wrist") is None


def test_what_is_no_human_or_the_same_body_is_refused(anny, tiny):
    for pair in ((anny, replace(anny, rig=None)), (replace(anny, rig=None), anny)):
        with pytest.raises(ValueError, match=r"body 'anny' has no rig; marks can be transferred only between human"):
            register(*pair)
    with pytest.raises(ValueError, match=r"the rig of body 'tiny' has no left_hip, .*right_wrist; marks"):
        register(anny, tiny)
    with pytest.raises(ValueError, match="are the same body"):
        register(anny, anny)


def test_figures_see_a_shift_a_lost_mirror_and_a_fold(anny):
    same = SurfaceMap(*corners(anny))
    exact = figures_of(anny, anny, same, same, np.zeros(3), ())
    assert exact.cycle.worst < 1e-9
    assert exact.mirror is not None
    assert exact.mirror.worst < 1e-9
    assert exact.parts == 1.0
    assert exact.folded < 1e-5
    moved = SurfaceMap(*anny.nearest(anny.vertices + np.array([0.01, 0.0, 0.0]))[:2])
    off = figures_of(anny, anny, moved, same, np.array([0.001, 0.003]), ())
    assert off.fit == Spread(0.002, 0.002, pytest.approx(0.0029), 0.003)
    assert 0.003 < off.cycle.mean < 0.01
    assert off.mirror is not None
    assert off.mirror.mean > 0.003
    assert off.parts is not None
    assert off.parts < 1.0
    assert off.folded > 1e-3


def test_a_transfer_is_kept_and_a_damaged_or_foreign_file_is_made_anew(small, tmp_path, monkeypatch):
    made, _, _ = small
    calls = []
    monkeypatch.setattr("surface.transfer_file.register", lambda a, b, progress: calls.append(a.name) or made)
    first = kept(tmp_path / "t", made.source, made.target)
    path = path_of(tmp_path / "t", made.source, made.target)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    again = kept(tmp_path / "t", made.source, made.target)
    turned = kept(tmp_path / "t", made.target, made.source)
    assert len(calls) == 1
    assert again.figures == first.figures == turned.figures
    assert np.array_equal(again.forward.bary, made.forward.bary)
    assert np.array_equal(turned.forward.face, made.backward.face)
    assert load(path, made.target, made.source) is None
    whole = path.read_bytes()
    for damaged in (whole[:1000], b"", whole[:-3000] + bytes(3000)):
        path.write_bytes(damaged)
        assert load(path, made.source, made.target) is None
    kept(tmp_path / "t", made.source, made.target)
    assert len(calls) == 2
    assert load(path, made.source, made.target) is not None


def test_a_damaged_transfer_is_never_an_error(anny, tmp_path):
    """Cut off anywhere, or with bits turned: none, or the one that was written."""
    twin = replace(anny, name="twin")
    same = SurfaceMap(*corners(anny))
    path = tmp_path / "transfer.npz"
    save(path, Transfer(anny, twin, same, same, figures_of(anny, twin, same, same, np.zeros(3), ())))
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        starts = [member.header_offset for member in archive.infolist()]
    rng = np.random.default_rng(3)
    places = np.concatenate([rng.integers(0, len(whole), 20)] + [at + rng.integers(0, 120, 4) for at in starts])
    for at in places.tolist():
        turned = bytearray(whole)
        turned[at] ^= 1 << int(rng.integers(8))
        for damaged in (bytes(turned), whole[:at]):
            path.write_bytes(damaged)
            found = load(path, anny, twin)
            assert found is None or np.array_equal(found.forward.face, same.face)
    path.write_bytes(whole)
    assert load(path, anny, twin) is not None


def test_the_picture_shows_the_same_colours_on_both_bodies(anny):
    twin = replace(anny, name="twin")
    same = SurfaceMap(*corners(anny))
    drawn = np.asarray(
        picture(Transfer(anny, twin, same, same, figures_of(anny, twin, same, same, np.zeros(1), ())), 120)
    )
    own, carried, heat = np.split(drawn, 3, axis=1)
    below = slice(20, None)  # under the titles
    assert np.array_equal(own[below], carried[below])
    assert np.ptp(own[below].astype(int), axis=2).max() > 60
    assert np.ptp(heat[below].astype(int), axis=2).max() < 30  # nothing is off, nothing is red
