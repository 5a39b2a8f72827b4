"""From where limbs point to joint rotations, on any rig with SMPL's joint names.

A pose names directions in the person's own axes (outward, up, front), so that it does not depend on the rest pose of
the rig: a bone is turned there from where it rests. Knees and elbows are hinges, so the bend of the next bone says how
a thigh or an upper arm is turned about itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from surface.rig import Rig, joints
from synthesis.limits import clamp
from synthesis.pose_forms import Limbs, Pose
from synthesis.turns import across, carry, cross, matrix, turn, unit

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

_LIMB_JOINTS = ("hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist")
_FINGERS = ("index", "middle", "ring", "pinky")
_SPINE = ("spine1", "spine2", "spine3")
_MIRROR = np.array([-1.0, 1.0, 1.0])
_RIGHT, _UP, _FRONT = np.eye(3)
# Bends of a hinge (sines) between which its own axis takes over from the smallest turn of the bone.
_STRAIGHT, _BENT = 0.10, 0.35
# An arm held higher than this (its sine) lifts the shoulder blade, up to so many degrees.
_BLADE, _BLADE_LIFT = -0.1, 22.0

_soles: WeakKeyDictionary[Body, dict[str, Floats]] = WeakKeyDictionary()


def posable(body: Body) -> Rig:
    """The rig of a body that can be posed.

    Raises:
        ValueError: the body has no rig, or the rig lacks SMPL's joint names.
    """
    if body.rig is None:
        raise ValueError(f"body {body.name!r} has no rig: it cannot be posed")
    needed = {f"{side}_{joint}" for side in ("left", "right") for joint in _LIMB_JOINTS}
    missing = sorted((needed | set(_SPINE) | {"neck", "head"}) - set(body.rig.joint_names))
    if missing:
        raise ValueError(f"the rig of body {body.name!r} lacks the joints {', '.join(missing)}")
    return body.rig


def articulate(body: Body, chosen: Pose, betas: Floats, rng: np.random.Generator | None = None) -> Floats:
    """Joint rotations (J,3) axis-angle of a pose, within the limits of joints; with a generator jittered.

    Raises:
        ValueError: the body has no rig, or the rig lacks SMPL's joint names.
    """
    rig = posable(body)
    names = rig.joint_names
    at = dict(zip(names, joints(rig, betas), strict=True))
    spread = chosen.jitter
    pelvis = _bend(chosen.pelvis, rng, 2.5 * spread)
    back = _bend([angle / len(_SPINE) for angle in chosen.trunk], rng, 1.3 * spread)
    head = _bend([angle / 2 for angle in chosen.head], rng, 3.5 * spread)
    local: dict[str, Floats] = dict.fromkeys(_SPINE, back) | {"neck": head, "head": head}
    local[names[rig.parents.index(-1)]] = _bend(chosen.tip) @ pelvis
    legs = []
    for side, limbs in (("left", chosen.left), ("right", chosen.right)):
        legs.append(_leg(body, at, side, limbs, rng, spread))
        _arm(at, side, limbs, rng, spread, local)
    if chosen.planted and chosen.left.hang is None and chosen.right.hang is None:
        _plant(*legs)
    for side, leg in zip(("left", "right"), legs, strict=True):
        local[f"{side}_hip"] = pelvis.T @ leg.thigh
        local[f"{side}_knee"] = leg.thigh.T @ leg.shin
        local[f"{side}_ankle"] = leg.shin.T @ leg.foot
    matrices = np.tile(np.eye(3), (len(names), 1, 1))
    for j, name in enumerate(names):
        if name in local:
            matrices[j] = local[name]
    return clamp(rig, matrices)


@dataclass
class _Leg:
    """A leg in the person's upright axes: what it rests like, and where its bones are turned to."""

    bones: tuple[Floats, Floats]  # (3,) at rest, metres
    hinge: Floats  # (3,) of the knee, at rest
    root: Floats  # (3,) of the hip, metres
    sole: Floats  # (2,3) heel and ball of the foot at rest, from the ankle
    thigh: Floats  # (3,3)
    shin: Floats  # (3,3)
    foot: Floats  # (3,3)

    @property
    def low(self) -> float:
        """The height of the lowest point of the sole."""
        ankle = self.root + self.thigh @ self.bones[0] + self.shin @ self.bones[1]
        return float((ankle[1] + self.sole @ self.foot[1]).min())


def _leg(
    body: Body, at: dict[str, Floats], side: str, limbs: Limbs, rng: np.random.Generator | None, spread: float
) -> _Leg:
    flip, sign = (_MIRROR, -1.0) if side == "right" else (np.ones(3), 1.0)
    hip, knee, ankle = (at[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
    bones = knee - hip, ankle - knee
    hinge = across(_RIGHT, bones[0])
    one, two = (_direction(way, flip, rng, 0.04 * spread) for way in (limbs.thigh, limbs.shin))
    outward = np.radians(sign * (limbs.turn + _noise(rng, 3.0)[0]))
    axis = matrix(-outward * one) @ turn(unit(bones[0]), one) @ hinge
    thigh, shin, axis = _hinged(bones, hinge, one, two, axis)
    if limbs.hang is None:
        heading = cross(axis, _UP)
        yaw = np.arctan2(heading[0], heading[2])
        foot = matrix(yaw * _UP) @ matrix(-np.radians(limbs.sole) * _RIGHT)
    else:
        foot = shin @ matrix(np.radians(limbs.hang + _noise(rng, 4.0 * spread)[0]) * _RIGHT)
    return _Leg(bones, hinge, hip, _sole(body, side), thigh, shin, foot)


def _plant(a: _Leg, b: _Leg) -> None:
    """Bends the knee of the leg that reaches lower until both soles are at one height."""
    low, high = (a, b) if a.low < b.low else (b, a)
    way = low.thigh @ low.bones[0] + low.shin @ low.bones[1] + (high.low - low.low) * _UP
    upper, lower = (float(np.linalg.norm(bone)) for bone in low.bones)
    far = np.clip(np.linalg.norm(way), abs(upper - lower) + 1e-3, upper + lower - 1e-4)
    way = unit(way)
    axis = across(low.thigh @ low.hinge, way)
    hip, knee = (np.arccos(np.clip((x**2 + far**2 - y**2) / (2 * x * far), -1, 1)) for x, y in
                 ((upper, lower), (lower, upper)))  # fmt: skip
    low.thigh, low.shin, _ = _hinged(low.bones, low.hinge, matrix(-hip * axis) @ way, matrix(knee * axis) @ way, axis)


def _arm(
    at: dict[str, Floats], side: str, limbs: Limbs, rng: np.random.Generator | None, spread: float,
    local: dict[str, Floats],
) -> None:  # fmt: skip
    """Adds the rotations of collar, shoulder, elbow, wrist and fingers of one side; directions are of the chest."""
    flip, sign = (_MIRROR, -1.0) if side == "right" else (np.ones(3), 1.0)
    shoulder, elbow, wrist = (at[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
    bones = elbow - shoulder, wrist - elbow
    hinge = elbow_hinge(*bones)
    one, two = (_direction(way, flip, rng, 0.05 * spread) for way in (limbs.upper_arm, limbs.forearm))
    axis = turn(unit(bones[0]), one) @ hinge
    upper, fore, _ = _hinged(bones, hinge, one, two, axis)
    lift = np.radians(_BLADE_LIFT) * max(one[1] - _BLADE, 0.0) / (1 - _BLADE)
    collar = matrix(lift * sign * np.array([0.0, 0.0, 1.0]))
    local[f"{side}_collar"], local[f"{side}_shoulder"] = collar, collar.T @ upper
    rest = palm(at, side, bones[1])
    angle = np.radians(_noise(rng, 12.0 * spread)[0])
    if limbs.palm is not None:
        # The forearm turns as far as it can; elbow and wrist share the turn, so that the skin does not wring.
        now, wanted = across(fore @ rest, two), across(_direction(limbs.palm, flip, None, 0), two)
        angle = angle / 2 + np.arctan2(cross(now, wanted) @ two, now @ wanted)
        angle = np.clip(angle, -np.radians(85), np.radians(85))
    half = matrix(0.5 * angle * two)
    local[f"{side}_elbow"] = upper.T @ half @ fore
    along = unit(bones[1])
    bend, tilt = np.radians(np.array(limbs.wrist) + _noise(rng, 6.0 * spread)[:2])
    hand = matrix(bend * cross(along, across(rest, along))) @ matrix(-sign * tilt * rest)
    local[f"{side}_wrist"] = matrix(0.5 * angle * along) @ hand
    _curl(at, side, rest, limbs.curl, local, rng)


def elbow_hinge(upper: Floats, fore: Floats) -> Floats:
    """The axis (3,) about which an elbow bends, by the bones at rest; of a straight arm, so that it bends forward."""
    axis = cross(unit(upper), unit(fore))
    return unit(axis) if np.linalg.norm(axis) > 0.2 else across(cross(fore, _FRONT), unit(upper))


def _hinged(
    bones: tuple[Floats, Floats], hinge: Floats, one: Floats, two: Floats, axis: Floats
) -> tuple[Floats, Floats, Floats]:
    """World rotations (3,3) of two bones that a hinge joins, and its axis (3,) in the world.

    Args:
        bones: at rest.
        hinge: the axis at rest.
        one, two: unit, where the bones point.
        axis: where the hinge lies while the limb is straight.
    """
    normal = cross(one, two)
    bent = float(np.linalg.norm(normal))
    share = np.clip((bent - _STRAIGHT) / (_BENT - _STRAIGHT), 0, 1)
    if share < 1 and normal @ axis < 0:
        share = 0.0  # stretched a little beyond straight
    axis = unit(across(axis, one) + share * (normal / max(bent, 1e-9) - across(axis, one)))
    return carry(bones[0], hinge, one, axis), carry(bones[1], hinge, two, axis), axis


def _sole(body: Body, side: str) -> Floats:
    """Heel and ball (2,3) of the mean foot, from its ankle."""
    if body not in _soles:
        assert body.rig is not None
        at = dict(zip(body.rig.joint_names, joints(body.rig), strict=True))
        found = {}
        for own in ("left", "right"):
            part = [p + 1 for p, name in enumerate(body.part_names) if "foot" in name.lower() and own in name.lower()]
            foot = body.vertices[np.unique(body.faces[np.isin(body.face_part, part)])] - at[f"{own}_ankle"]
            ground = foot[foot[:, 1] < foot[:, 1].min() + 0.015]
            x, back, front = ground[:, 0].mean(), ground[:, 2].min() + 0.015, ground[:, 2].max() - 0.03
            found[own] = np.array([[x, foot[:, 1].min(), back], [x, foot[:, 1].min(), front]])
        _soles[body] = found
    return _soles[body][side]


def palm(at: dict[str, Floats], side: str, fore: Floats) -> Floats:
    """Where a palm faces at rest (3,), by the knuckles; down where there are none."""
    needed = [f"{side}_{joint}" for joint in ("wrist", "index1", "middle1", "pinky1")]
    if not set(needed) <= set(at):
        return np.asarray(across(-_UP, unit(fore)))
    wrist, index, middle, little = (at[name] for name in needed)
    normal = unit(cross(middle - wrist, index - little))
    return np.asarray(-normal if side == "right" else normal)


def _curl(
    at: dict[str, Floats], side: str, faces: Floats, curl: float | None, local: dict[str, Floats],
    rng: np.random.Generator | None,
) -> None:  # fmt: skip
    """Bends the fingers towards the palm; a rig without fingers is left alone."""
    if curl is None:
        curl = 0.2 if rng is None else rng.uniform(0.05, 0.35)
    for rank, finger in enumerate(_FINGERS):
        chain = [f"{side}_{finger}{k}" for k in (1, 2, 3)]
        if not set(chain) <= set(at):
            continue
        axis = unit(cross(at[chain[1]] - at[chain[0]], faces))
        for joint, most in zip(chain, (62.0, 78.0, 52.0), strict=True):
            angle = most * min(curl + 0.04 * rank, 1.05) + _noise(rng, 2.5)[0]
            local[joint] = matrix(np.radians(angle) * axis)


def _bend(degrees: Sequence[float], rng: np.random.Generator | None = None, spread: float = 0.0) -> Floats:
    """The rotation (3,3) of a bend forward, a turn to the left and a lean to the left."""
    return matrix(np.radians(np.array(degrees) * [1, 1, -1] + _noise(rng, spread)))


def _direction(way: Sequence[float], flip: Floats, rng: np.random.Generator | None, spread: float) -> Floats:
    return unit(unit(np.array(way, dtype=np.float64)) * flip + _noise(rng, spread))


def _noise(rng: np.random.Generator | None, spread: float) -> Floats:
    return np.zeros(3) if rng is None else rng.normal(0, 1, 3).clip(-2, 2) * spread
