"""The user's poses: bones of the rig point where they point in the file, and broken files are named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from surface.builders.smpl_joints import NAMES, PARENTS
from surface.rig import joints, pose, transforms
from synthesis.pose_files import UserPose, read_poses
from synthesis.poses import sample
from synthesis.retarget import retarget

SMPLH = NAMES[52]
LIMBS = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in
         (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))]  # fmt: skip
# A skeleton with its arms stretched to the sides: name as Mixamo has it, parent, offset (left, up, front).
MIXAMO = [
    ("Hips", -1, (0, 90, 0)), ("Spine", 0, (0, 10, 0)), ("Spine1", 1, (0, 12, 0)), ("Spine2", 2, (0, 12, 0)),
    ("Neck", 3, (0, 15, 0)), ("Head", 4, (0, 10, 2)),
    *((f"{s}{n}", p, (x * k, y, z)) for s, k, j in (("Left", 1, 6), ("Right", -1, 14)) for n, p, x, y, z in
      (("Shoulder", 3, 5, 12, 0), ("Arm", j, 12, 0, 0), ("ForeArm", j + 1, 28, 0, 0), ("Hand", j + 2, 25, 0, 0),
       ("UpLeg", 0, 9, -5, 0), ("Leg", j + 4, 0, -42, 0), ("Foot", j + 5, 0, -40, -1), ("ToeBase", j + 6, 0, -6, 12))),
]  # fmt: skip
SMPL_OF = {"UpLeg": "hip", "Leg": "knee", "Foot": "ankle", "Arm": "shoulder", "ForeArm": "elbow", "Hand": "wrist"}


def directions(rig, rotations):
    at = transforms(rig, joints(rig), rotations)[:, :3, 3]
    place = dict(zip(rig.joint_names, at, strict=True))
    ways = np.array([place[b] - place[a] for a, b in LIMBS])
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def upright(ways):
    """Directions (N,3) turned about the vertical until their sum points to the front: the heading is not kept."""
    turn = np.arctan2(ways[:, 0].sum(), ways[:, 2].sum())
    return Rotation.from_rotvec([0, -turn, 0]).apply(ways)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_amass_limbs_point_where_they_do_in_smpl(anny, tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    poses = rng.normal(0, 0.4, (1, 156))
    poses[0, :3] = (Rotation.from_rotvec([np.pi / 2, 0, 0]) * Rotation.from_rotvec(rng.normal(0, 0.3, 3))).as_rotvec()
    path = tmp_path_factory.mktemp("amass") / "walk.npz"
    np.savez(path, poses=poses, trans=np.zeros((1, 3)), mocap_framerate=120.0, betas=np.zeros(16))
    (found,) = read_poses(path)
    turns = Rotation.from_rotvec(poses.reshape(52, 3))
    world = [turns[0]]
    for j in range(1, 52):
        world.append(world[PARENTS[52][j]] * turns[j])
    ways = np.array([world[SMPLH.index(a)].apply(found.rest[a]) for a, _ in LIMBS])
    ways = Rotation.from_rotvec([-np.pi / 2, 0, 0]).apply(ways / np.linalg.norm(ways, axis=1, keepdims=True))
    assert np.allclose(upright(directions(anny.rig, retarget(anny.rig, found))), upright(ways), atol=1e-6)


def bvh(angles, order="ZXY", axes=None, names=None):
    """A BVH file of the skeleton; angles (T,J,3) degrees in the order of the channels; axes (3,3) turns the file's."""
    axes = np.eye(3) if axes is None else axes
    names = [name for name, *_ in MIXAMO] if names is None else names
    channels = " ".join(f"{c}rotation" for c in order)

    def joint(j):
        x, y, z = axes @ np.array(MIXAMO[j][2], float)
        head = "ROOT" if j == 0 else "JOINT"
        position = "6 Xposition Yposition Zposition" if j == 0 else "3"
        inner = "".join(joint(k) for k in range(len(MIXAMO)) if MIXAMO[k][1] == j)
        inner = inner or "End Site\n{\nOFFSET 0 1 0\n}\n"
        return f"{head} {names[j]}\n{{\nOFFSET {x} {y} {z}\nCHANNELS {position} {channels}\n{inner}}}\n"

    rows = "\n".join("0 0 0 " + " ".join(f"{a:.9f}" for a in frame[walk(0)].reshape(-1)) for frame in angles)
    return f"HIERARCHY\n{joint(0)}MOTION\nFrames: {len(angles)}\nFrame Time: 0.1\n{rows}\n"


def walk(j):
    return [j, *(k for child in range(len(MIXAMO)) if MIXAMO[child][1] == j for k in walk(child))]


@pytest.mark.parametrize(
    ("order", "up", "prefix"), [("ZXY", "y", "mixamorig:"), ("XYZ", "y", ""), ("YXZ", "z", "Character1_")]
)
def test_bvh_limbs_point_where_they_do_in_the_file(anny, tmp_path, order, up, prefix):
    rng = np.random.default_rng(1)
    axes = np.eye(3) if up == "y" else np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    angles = rng.normal(0, 25, (3, len(MIXAMO), 3))
    path = tmp_path / "dance.bvh"
    path.write_text(bvh(angles, order, axes, [prefix + name for name, *_ in MIXAMO]))
    found = read_poses(path)
    assert [one.name for one in found] == ["dance 0", "dance 1", "dance 2"]
    for frame, one in zip(angles, found, strict=True):
        turns = Rotation.from_euler(order, frame, degrees=True)
        world = {}
        at = {}
        for j, (name, parent, offset) in enumerate(MIXAMO):
            world[j] = turns[j] if parent < 0 else world[parent] * turns[j]
            at[name] = np.zeros(3) if parent < 0 else at[MIXAMO[parent][0]] + world[parent].apply(axes @ offset)
        place = {f"{s.lower()}_{j}": at[s + n] for s in ("Left", "Right") for n, j in SMPL_OF.items()}
        ways = np.array([axes.T @ (place[b] - place[a]) for a, b in LIMBS])
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        assert np.allclose(upright(directions(anny.rig, retarget(anny.rig, one))), upright(ways), atol=1e-6)


def test_the_usual_arrays_are_read_and_frames_alike_left_out(tmp_path):
    body = np.zeros((40, 63))
    body[20:, 3 * SMPLH.index("left_elbow") - 1] = 1.5
    body[20:, 3 * SMPLH.index("right_knee") - 3] = 1.5
    body[20:, 3 * SMPLH.index("left_hip") - 3] = -1.5
    np.savez(tmp_path / "smplx.npz", global_orient=np.zeros((40, 3)), body_pose=body, transl=np.zeros((40, 3)))
    found = read_poses(tmp_path / "smplx.npz")
    assert [one.name for one in found] == ["smplx 0", "smplx 20"]
    assert found[1].rotations["right_knee"] == (1.5, 0.0, 0.0)
    np.savez(tmp_path / "one.npz", pose=np.zeros(72))
    assert read_poses(tmp_path / "one.npz")[0].root == pytest.approx((0, 0, 0))


GOOD = bvh(np.zeros((1, len(MIXAMO), 3)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.fbx", b"", "poses are read from .npz"),
        ("a.npz", b"PK\x03\x04 cut off", "damaged"),
        ("a.npz", {"poses": np.array([{}], dtype=object)}, "Python objects, which are never loaded"),
        ("a.npz", {"poses": np.zeros((2, 100))}, "a pose has 100 numbers"),
        ("a.npz", {"poses": np.zeros((0, 156))}, "'poses' is empty"),
        ("a.npz", {"poses": np.full((2, 72), np.nan)}, "frame 0 has a value that is not finite"),
        ("a.npz", {"betas": np.zeros(10)}, "there is no array 'poses'"),
        (
            "a.npz",
            {"global_orient": np.zeros((2, 3)), "body_pose": np.zeros((3, 63))},
            "2 frames and 'body_pose' has 3",
        ),
        ("a.bvh", b"\xff\xfe\x00", "is no text"),
        ("a.bvh", b"hello", "no HIERARCHY"),
        ("a.bvh", GOOD[:300].encode() + b"\nMOTION\n", "its HIERARCHY is"),
        ("a.bvh", GOOD.replace("LeftLeg", "Tail").encode(), "known as left_knee"),
        ("a.bvh", GOOD.replace("Frames: 1", "Frames: 2").encode(), "2 frames of"),
        ("a.bvh", GOOD.replace("0.000000000\n", "nan\n").encode(), "frame 0 has a value"),
        ("a.bvh", GOOD.replace("Zrotation", "Wrotation", 1).encode(), "unknown channel 'Wrotation'"),
    ],
)
def test_broken_files_are_named(tmp_path, name, content, message):
    path = tmp_path / name
    if isinstance(content, dict):
        np.savez(path, **content)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        read_poses(path)
    assert str(path) in str(raised.value)


def test_own_poses_are_drawn_as_they_are_unless_they_go_through_themselves(anny):
    rest = {"left_shoulder": (1.0, 0, 0), "right_shoulder": (-1.0, 0, 0), "left_elbow": (1.0, 0, 0)}
    fine = UserPose("fine", {"left_shoulder": (0.0, 0.0, 0.6)}, rest=rest)
    through = UserPose("through", {"left_shoulder": (0.0, 0.0, -2.6)}, rest=rest)
    for seed in range(4):
        found = sample(anny, np.random.default_rng(seed), (through, fine))
        assert found.name == "fine"
        assert np.allclose(found.rotations, retarget(anny.rig, fine))
        assert len(pose(anny.rig, found.betas, found.rotations)) == len(anny.vertices)
    with pytest.raises(ValueError, match="every one of 1 poses goes more than 3 cm through itself: through"):
        sample(anny, np.random.default_rng(0), (through,))
