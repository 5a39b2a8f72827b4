"""The user's own poses: AMASS and SMPL(-H, -X) .npz files and BVH motion, as rotations by SMPL's joint names.

AMASS: Mahmood et al., "AMASS: Archive of Motion Capture as Surface Shapes", ICCV 2019 (z up). Pickles are never loaded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from surface.builders.smpl_joints import NAMES

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

MOTIONS = (".npz", ".bvh")
"""How the files end that are read."""

# Frames are looked at so often in a second, and kept if their joints have turned so much (mean, degrees).
RATE = 15.0
DIFFERENT = 4.0
MOST_FRAMES = 1_000_000
MOST_POSES = 5_000

# How SMPL's limbs lie where all rotations are zero (outward, up, front): arms stretched to the sides.
_SMPL_REST: dict[str, Vector] = {
    "hip": (0.11, -0.99, 0.02),
    "knee": (-0.03, -0.99, -0.09),
    "shoulder": (0.99, -0.06, -0.09),
    "elbow": (1.0, 0.05, -0.03),
    "wrist": (0.98, -0.12, -0.1),
}
_JOINTS_OF_WIDTH = {66: 24, 72: 24, 156: 52, 165: 55}


@dataclass(frozen=True)
class UserPose:
    """A pose read from a file, in axes x to the person's left, y up, z to the front.

    Attributes:
        name: the file's, and the frame's number.
        rotations: axis-angle in radians relative to the parent by SMPL's joint names; joints that are missing rest.
        root: axis-angle of the pelvis in the world, its heading taken out.
        rest: direction of the bone that begins at a joint, in the pose in which all rotations are zero.
    """

    name: str
    rotations: Mapping[str, Vector]
    root: Vector = (0.0, 0.0, 0.0)
    rest: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class PoseFile:
    """What was read of a motion or pose file.

    Attributes:
        name: the file's.
        frames: how many it has.
        poses: those of them that are kept.
    """

    name: str
    frames: int
    poses: tuple[UserPose, ...]


def kept(poses: int, frames: int) -> str:
    """How many frames of a file are kept, and why not all, in words."""
    return f"{poses:,} of {frames:,} {'frame' if frames == 1 else 'frames'} kept" + (
        f" (distinct: joints turned {DIFFERENT:g}° on average since the last)" if poses < frames else ""
    )


def read_pose_file(path: str | Path) -> PoseFile:
    """The poses of a motion or pose file that differ from the ones before them.

    Frames are looked at 15 times a second, and kept where the joints, fingers aside, have turned by 4 degrees on
    average since the last one that was kept; where these are more than 5,000, so many of them, evenly spaced.

    Raises:
        ValueError: the file is none of .npz and .bvh, is damaged, or lacks what is needed; the message names it.
        OSError: it cannot be read.
    """
    from synthesis import bvh

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in MOTIONS:
        raise ValueError(f"{path}: poses are read from .npz (AMASS, SMPL) and .bvh files, not {kind or 'this'}")
    try:
        motion = bvh.read(path) if kind == ".bvh" else _npz(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    bad = ~np.isfinite(motion.rotations).all(axis=(1, 2))
    if bad.any():
        raise ValueError(f"{path}: frame {int(np.argmax(bad))} has a value that is not finite")
    poses = tuple(_pose(motion, path.stem, frame) for frame in _different(motion))
    return PoseFile(path.name, len(motion.rotations), poses)


def read_poses(path: str | Path) -> tuple[UserPose, ...]:
    """The poses of ``read_pose_file``; raises what it raises."""
    return read_pose_file(path).poses


@dataclass(frozen=True, eq=False)
class Motion:
    """Frames of one file.

    Attributes:
        names: J of SMPL's joint names, the pelvis first.
        rotations: (T,J,3) axis-angle relative to the parent; the pelvis's in the world, y up.
        rest: as of ``UserPose``.
        rate: frames per second, or 0 where they are no motion.
    """

    names: tuple[str, ...]
    rotations: Floats
    rest: Mapping[str, Vector]
    rate: float


def _npz(path: Path) -> Motion:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if _wanted(key)}
    except (zipfile.BadZipFile, EOFError, KeyError, AttributeError) as error:
        raise ValueError(f"is no .npz file, or a damaged one ({error})") from None
    except ValueError as error:
        hint = "it holds Python objects, which are never loaded" if "pickle" in str(error) else str(error)
        raise ValueError(hint) from None
    poses = _flat(arrays)
    joints = _JOINTS_OF_WIDTH[poses.shape[1]]
    rotations = poses.reshape(len(poses), -1, 3)
    names = NAMES[joints][: rotations.shape[1]]
    rate = next((float(arrays[key]) for key in ("mocap_framerate", "mocap_frame_rate") if key in arrays), 0.0)
    if np.isfinite(rotations).all():
        turned = _upright(rotations[:, 0], amass="poses" in arrays and "trans" in arrays)
        rotations = np.concatenate([turned[:, None], rotations[:, 1:]], axis=1)
    rest = {
        f"{side}_{joint}": (sign * way[0], way[1], way[2])
        for joint, way in _SMPL_REST.items()
        for side, sign in (("left", 1.0), ("right", -1.0))
    }
    return Motion(names, rotations, rest, rate if np.isfinite(rate) else 0.0)


def _wanted(key: str) -> bool:
    return any(word in key for word in ("pose", "orient", "trans", "mocap_frame"))


def _flat(arrays: dict[str, NDArray[Any]]) -> Floats:
    """Axis-angle (T, 3J) of the arrays of an .npz file, whatever they are called."""
    if "poses" in arrays or "pose" in arrays:
        out = _numbers(arrays, "poses" if "poses" in arrays else "pose")
    else:
        first = next((key for key in ("root_orient", "global_orient") if key in arrays), None)
        second = next((key for key in ("pose_body", "body_pose") if key in arrays), None)
        if second is None:
            raise ValueError("there is no array 'poses', and no 'body_pose' with 'global_orient'")
        body = _numbers(arrays, second)
        root = np.zeros((len(body), 3)) if first is None else _numbers(arrays, first)
        hands = [_numbers(arrays, key) for key in ("left_hand_pose", "right_hand_pose") if key in arrays]
        hands = hands or ([_numbers(arrays, "pose_hand")] if "pose_hand" in arrays else [])
        out = np.concatenate([root, body], axis=1) if len(root) == len(body) else np.zeros((0, 0))
        whole = sum(hand.shape[1] for hand in hands) == 90 and all(len(hand) == len(body) for hand in hands)
        if whole and body.shape[1] == 63:  # hands in principal components stay at rest
            out = np.concatenate([out, *hands], axis=1)
        if not len(out):
            raise ValueError(f"{first!r} has {len(root)} frames and {second!r} has {len(body)}")
    if out.shape[1] not in _JOINTS_OF_WIDTH:
        widths = ", ".join(str(w) for w in _JOINTS_OF_WIDTH)
        raise ValueError(f"a pose has {out.shape[1]} numbers; those of SMPL, SMPL-H and SMPL-X have {widths}")
    if not 1 <= len(out) <= MOST_FRAMES:
        raise ValueError(f"it has {len(out)} frames; 1 to {MOST_FRAMES} can be read")
    return out


def _numbers(arrays: dict[str, NDArray[Any]], key: str) -> Floats:
    a = arrays[key]
    if a.dtype.kind not in "fiu":
        raise ValueError(f"{key!r} holds {a.dtype}, not numbers")
    if not a.size:
        raise ValueError(f"{key!r} is empty")
    a = a.astype(np.float64)
    if a.ndim >= 2 and a.shape[-2:] == (3, 3):
        frames = a.reshape(len(a) if a.ndim > 3 else 1, -1, 3, 3)
        if not np.isfinite(frames).all() or (np.linalg.det(frames) <= 0).any():
            raise ValueError(f"{key!r} holds a matrix that is no rotation")
        a = Rotation.from_matrix(frames.reshape(-1, 3, 3)).as_rotvec().reshape(len(frames), -1)
    return a.reshape(1, -1) if a.ndim <= 1 else a.reshape(len(a), -1)


def _upright(root: Floats, amass: bool) -> Floats:
    """Root rotations (T,3) in a world with y up: AMASS has z up, others whatever their persons hold up most."""
    up = Rotation.from_rotvec(root).apply([0.0, 1.0, 0.0]).mean(axis=0)
    axis = 2 if amass or abs(up[2]) > 1.5 * abs(up[1]) else 1
    down = not amass and up[axis] < -0.5
    angle = (np.pi if down else 0.0) if axis == 1 else (np.pi / 2 if down else -np.pi / 2)
    return np.asarray((Rotation.from_rotvec([angle, 0, 0]) * Rotation.from_rotvec(root)).as_rotvec())


def _different(motion: Motion) -> list[int]:
    """Frames that differ from the last one kept."""
    step = max(int(motion.rate / RATE), 1)
    frames = np.arange(0, len(motion.rotations), step)
    fingers = [any(word in name for word in ("index", "middle", "ring", "pinky", "thumb")) for name in motion.names]
    turns = Rotation.from_rotvec(motion.rotations[frames][:, ~np.array(fingers)].reshape(-1, 3)).as_quat()
    quaternions = turns.reshape(len(frames), -1, 4)
    kept, last = [], None
    for frame, now in zip(frames, quaternions, strict=True):
        if last is not None:
            cosine = np.abs(np.einsum("jk,jk->j", last, now)).clip(0, 1)
            if np.degrees(2 * np.arccos(cosine)).mean() < DIFFERENT:
                continue
        kept.append(int(frame))
        last = now
    pick = np.linspace(0, len(kept) - 1, min(len(kept), MOST_POSES)).astype(int)
    return [kept[k] for k in pick]


def _pose(motion: Motion, name: str, frame: int) -> UserPose:
    rotations = motion.rotations[frame]
    root = Rotation.from_rotvec(rotations[0])
    front = root.apply([0.0, 0.0, 1.0])
    if np.hypot(front[0], front[2]) < 0.3:  # lying: the head's direction is the heading
        front = root.apply([0.0, 1.0, 0.0])
    root = Rotation.from_rotvec([0.0, -np.arctan2(front[0], front[2]), 0.0]) * root
    turns = {joint: _vector(r) for joint, r in zip(motion.names[1:], rotations[1:], strict=True)}
    return UserPose(f"{name} {frame}", turns, _vector(root.as_rotvec()), motion.rest)


def _vector(a: Floats) -> Vector:
    return float(a[0]), float(a[1]), float(a[2])
