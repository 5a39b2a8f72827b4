"""The user's poses on a rig whose limbs rest otherwise: bones point where they point in the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surface.rig import Rig, joints, rodrigues
from synthesis.articulate import elbow_hinge, palm
from synthesis.pose_files import UserPose
from synthesis.turns import across, carry, cross, turn, unit, vector

Floats = NDArray[np.float64]

# Arms that rest no further apart than this (degrees) rest alike, and nothing is turned.
_ALIKE = 15.0
_BONES = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist"}


def retarget(rig: Rig, pose: UserPose) -> Floats:
    """Joint rotations (J,3) axis-angle that put the rig into a pose."""
    names, parents = rig.joint_names, rig.parents
    rest = _rest_turns(rig, pose)
    file, own = np.tile(np.eye(3), (len(names), 1, 1)), np.tile(np.eye(3), (len(names), 1, 1))
    out = np.zeros((len(names), 3))
    for j, name in enumerate(names):
        given = pose.root if parents[j] < 0 else pose.rotations.get(name)
        above = np.eye(3) if parents[j] < 0 else own[parents[j]]
        file[j] = np.eye(3) if parents[j] < 0 else file[parents[j]]
        own[j] = above
        if given is not None:
            file[j] = file[j] @ rodrigues(np.array(given, dtype=np.float64))
            own[j] = file[j] @ rest[j]
        out[j] = vector(np.ascontiguousarray(above.T @ own[j]))
    return out


def _rest_turns(rig: Rig, pose: UserPose) -> Floats:
    """World rotations (J,3,3) of the rig's joints in the pose in which all of the file's rotations are zero."""
    names, parents = rig.joint_names, rig.parents
    at = dict(zip(names, joints(rig), strict=True))
    out = np.tile(np.eye(3), (len(names), 1, 1))
    if _alike(at, pose):
        return out
    front = np.array([0.0, 0.0, 1.0])
    for j, name in enumerate(names):
        side, _, joint = name.partition("_")
        way = pose.rest.get(name)
        if side in ("left", "right") and joint[-1:] in ("1", "2", "3"):
            out[j] = out[parents[j]]  # a hand rests as a whole
        elif way is None or f"{side}_wrist" not in at:
            continue
        elif joint in ("hip", "knee"):
            bone = at[f"{side}_{_BONES[joint]}"] - at[name]
            out[j] = carry(bone, np.array([1.0, 0.0, 0.0]), np.array(way), np.array([1.0, 0.0, 0.0]))
        elif joint in ("shoulder", "elbow"):
            upper, fore = at[f"{side}_elbow"] - at[f"{side}_shoulder"], at[f"{side}_wrist"] - at[f"{side}_elbow"]
            bone = upper if joint == "shoulder" else fore
            to = unit(np.array(way))
            out[j] = carry(bone, elbow_hinge(upper, fore), to, across(cross(to, front), to))
        elif joint == "wrist" and f"{side}_middle1" in at:
            # Where an arm is stretched to the side the palm faces the ground; arms hang with palms to the thighs.
            to = unit(np.array(way))
            faces = across(cross(to, front), to) * (1.0 if side == "left" else -1.0)
            out[j] = carry(at[f"{side}_middle1"] - at[name], palm(at, side, np.zeros(3)), to, faces)
        elif joint == "wrist":
            out[j] = turn(unit(at[name] - at[f"{side}_elbow"]), unit(np.array(way)))
    return out


def _alike(at: dict[str, Floats], pose: UserPose) -> bool:
    for side in ("left", "right"):
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist")):
            way = pose.rest.get(f"{side}_{start}")
            if way is None:
                return False
            bone = unit(at[f"{side}_{end}"] - at[f"{side}_{start}"])
            if np.degrees(np.arccos(np.clip(bone @ unit(np.array(way)), -1, 1))) > _ALIKE:
                return False
    return True
