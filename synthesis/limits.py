"""How far the joints of a person bend: a cone and a twist for each of SMPL's joints, and the nearest pose within.

A rotation is split into the swing of the bone away from the middle of its range and the twist about the bone
(Baerlocher and Boulic, "Parametrization and range of motion of the ball-and-socket joint", 2001). Ranges are those that
anatomy measures on healthy adults, rounded up: American Academy of Orthopaedic Surgeons, "Joint Motion" (1965); Roaas
and Andersson, "Normal range of motion of the hip, knee and ankle joints" (Acta Orthop. Scand. 1982); White and
Panjabi, "Clinical Biomechanics of the Spine" (1990); Norkin and White, "Measurement of Joint Motion" (2016); for
squatting, kneeling and sitting on the floor Hemmerich et al., "Hip, knee, and ankle kinematics of high range of motion
activities of daily living" (J. Orthop. Res. 2006). A range of the spine or neck is shared among its joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from surface.rig import Rig, joints, rodrigues
from synthesis.turns import matrix, product, turn, vector

Floats = NDArray[np.float64]
Range = tuple[float, float]


@dataclass(frozen=True)
class Limit:
    """The range of a joint, degrees, for the left side.

    Attributes:
        bend: about ``axis``, and to the side (towards axis x bone), both from the middle.
        twist: about the bone.
        axis: about which the bone bends, in the body's axes.
        middle: where the bone points in the middle of its range (outward, up, front); as at rest where None.
        box: bend and side are bounded each on its own (a hinge); else by an ellipse.
    """

    bend: Range
    side: Range
    twist: Range
    axis: tuple[float, float, float] = (1, 0, 0)
    middle: tuple[float, float, float] | None = None
    box: bool = False


# Each joint's own degrees; the comment names the range of anatomy that they stand for.
LIMITS: dict[str, Limit] = {
    # Trunk: 75 forward, 35 back, 40 to a side, 50 turned (lumbar and thoracic spine), in three joints.
    **dict.fromkeys(("spine1", "spine2", "spine3"), Limit((-12, 26), (-14, 14), (-17, 17))),
    # Neck: 60 forward, 70 back, 45 to a side, 80 turned, in two joints.
    **dict.fromkeys(("neck", "head"), Limit((-35, 30), (-23, 23), (-40, 40))),
    # Hip: 130 bent, 26 stretched; 50 to either side of the middle; turned 45 inward, and outward 60 of its own
    # and 25 that a bent and spread hip adds (sitting cross-legged).
    "hip": Limit((-78, 78), (-60, 60), (-45, 85), middle=(0.10, -0.60, 0.79)),
    # Knee: 0 to 158.
    "knee": Limit((-3, 158), (-6, 6), (-15, 15), box=True),
    # Ankle: toes up 38 (loaded), down 58; sole turned in or out 25.
    "ankle": Limit((-38, 58), (-25, 25), (-25, 25)),
    "foot": Limit((-60, 40), (-10, 10), (-10, 10)),
    "collar": Limit((-20, 20), (-30, 30), (-15, 15), axis=(0, 1, 0)),
    # Shoulder with its blade: everywhere but behind the back and beyond the other shoulder.
    "shoulder": Limit((-118, 118), (-118, 118), (-100, 100), axis=(0, 0, 1), middle=(0.72, -0.16, 0.67)),
    # Elbow: straight to 150; the forearm turns 85 either way, half of it here and half at the wrist.
    "elbow": Limit((-5, 150), (-8, 8), (-50, 50), box=True),
    # Wrist: 80 to the palm, 75 to the back, 30 to the thumb, 40 to the little finger.
    "wrist": Limit((-75, 80), (-40, 40), (-50, 50)),
    "thumb": Limit((-60, 60), (-60, 60), (-40, 40)),
    # Fingers: 100 to the palm, 25 to the back.
    "finger": Limit((-25, 100), (-20, 20), (-15, 15), box=True),
}


@dataclass(frozen=True, eq=False)
class _Table:
    """Limits of J joints, as arrays: where there are any (J,), the bone's middle and its axes (J,3,3) as rows, the
    rotation (J,3,3) from rest to the middle, bounds (J,3) in radians of bend, side, twist, and whether they are a box.
    """

    there: NDArray[np.bool_]
    axes: Floats
    rest: Floats
    low: Floats
    high: Floats
    box: NDArray[np.bool_]


_tables: WeakKeyDictionary[Rig, _Table] = WeakKeyDictionary()


def clamp(rig: Rig, matrices: ArrayLike) -> Floats:
    """Axis-angle (J,3) of local rotations (J,3,3), each moved into its joint's range where it is not."""
    if rig not in _tables:
        _tables[rig] = _table(rig)
    t = _tables[rig]
    return np.asarray(_clamp(np.asarray(matrices, dtype=np.float64), t.there, t.axes, t.rest, t.low, t.high, t.box))


def excess(rig: Rig, rotations: ArrayLike) -> Floats:
    """By how much (J,) radians joint rotations (J,3) axis-angle are out of their ranges."""
    given = rodrigues(rotations)
    nearest = rodrigues(clamp(rig, given))
    half = np.linalg.norm(given - nearest, axis=(1, 2)) / np.sqrt(8)
    return np.asarray(2 * np.arcsin(np.clip(half, 0, 1)))


def _table(rig: Rig) -> _Table:
    names, at, parents = rig.joint_names, joints(rig), rig.parents
    count = len(names)
    axes, rest = np.tile(np.eye(3), (count, 1, 1)), np.tile(np.eye(3), (count, 1, 1))
    low, high = np.zeros((count, 3)), np.zeros((count, 3))
    there, box = np.zeros(count, bool), np.zeros(count, bool)
    for j, name in enumerate(names):
        side, kind = _kind(name)
        if kind is None:
            continue
        limit, sign = LIMITS[kind], -1.0 if side == "right" else 1.0
        bone = _bone(j, name, names, parents, at)
        axis, middle = np.array(limit.axis, dtype=np.float64), bone
        bend, across, twist = (np.radians(r) for r in (limit.bend, limit.side, limit.twist))
        if kind == "knee":
            middle = rodrigues(bend.mean() * axis) @ bone
            bend = bend - bend.mean()
        elif kind == "elbow":
            upper = at[j] - at[parents[j]]
            axis = np.cross(upper, bone)
            if np.linalg.norm(axis) < 0.2 * np.linalg.norm(upper):
                axis = np.cross(bone, [0.0, 0.0, 1.0])
            axis = axis / np.linalg.norm(axis)
            already = np.arctan2(np.cross(upper, bone) @ axis, upper @ bone)
            middle = rodrigues((bend.mean() - already) * axis) @ bone
            bend = bend - bend.mean()
        elif kind in ("wrist", "finger"):
            axis = _grip(side, names, at, bone)
        elif limit.middle is not None:
            middle = np.array(limit.middle) * [sign, 1, 1]
            middle = middle / np.linalg.norm(middle)
        first = axis - (axis @ middle) * middle
        first = first / np.linalg.norm(first)
        axes[j] = middle, first, np.cross(first, middle)
        rest[j] = turn(bone, middle)
        if kind == "hip":
            twist = -twist[::-1] if sign > 0 else twist  # the bone points down: outward is left-handed on the left
        low[j], high[j] = zip(bend, across, twist, strict=True)
        there[j], box[j] = True, limit.box
    return _Table(there, axes, rest, low, high, box)


def _kind(name: str) -> tuple[str, str | None]:
    side, _, joint = name.partition("_") if name.startswith(("left_", "right_")) else ("", "", name)
    if joint in LIMITS:
        return side, joint
    if "thumb" in joint:
        return side, "thumb"
    return side, "finger" if side and joint.rstrip("123") in ("index", "middle", "ring", "pinky") else None


def _bone(j: int, name: str, names: tuple[str, ...], parents: list[int], at: Floats) -> Floats:
    """The unit direction (3,) of the bone that a joint moves, at rest."""
    ahead = {"spine3": "neck", "left_wrist": "left_middle1", "right_wrist": "right_middle1"}.get(name)
    if ahead in names:
        way = at[names.index(ahead)] - at[j]
    elif name == "head":
        way = np.array([0.0, 1.0, 0.0])
    elif name.endswith("_foot"):
        way = np.array([0.0, 0.0, 1.0])
    else:
        child = next((k for k, parent in enumerate(parents) if parent == j), None)
        way = at[j] - at[parents[j]] if child is None else at[child] - at[j]
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-9))


def _grip(side: str, names: tuple[str, ...], at: Floats, bone: Floats) -> Floats:
    """The axis (3,) about which a hand and its fingers bend to the palm."""
    needed = [f"{side}_{joint}" for joint in ("wrist", "index1", "middle1", "pinky1")]
    sign = -1.0 if side == "right" else 1.0
    palm = np.array([0.0, -1.0, 0.0])
    if set(needed) <= set(names):
        wrist, index, middle, little = (at[names.index(name)] for name in needed)
        palm = sign * np.cross(middle - wrist, index - little)
    axis = np.cross(bone, palm)
    return np.asarray(axis / max(float(np.linalg.norm(axis)), 1e-9))


@njit(cache=True, nogil=True, error_model="numpy")
def _clamp(matrices: Any, there: Any, axes: Any, rest: Any, low: Any, high: Any, box: Any) -> Any:
    out = np.empty((len(matrices), 3))
    bent, to, back = np.empty(3), np.empty(3), np.empty((3, 3))
    for j in range(len(matrices)):
        turned = matrices[j]
        if there[j]:
            middle = axes[j, 0]
            for a in range(3):
                for b in range(3):
                    back[a, b] = rest[j, b, a]
            from_middle = product(turned, back)
            for a in range(3):
                to[a] = from_middle[a, 0] * middle[0] + from_middle[a, 1] * middle[1] + from_middle[a, 2] * middle[2]
            swung = turn(middle, to)
            swing = vector(swung)
            for a in range(3):
                for b in range(3):
                    back[a, b] = swung[b, a]
            twist = vector(product(back, from_middle))
            for k in range(3):
                bent[k] = 0.0
                for a in range(3):
                    bent[k] += (twist[a] if k == 2 else swing[a]) * axes[j, (k + 1) % 3, a]
            over = 0.0
            for k in range(2):
                bound = high[j, k] if bent[k] > 0 else -low[j, k]
                if box[j]:
                    bent[k] = min(max(bent[k], low[j, k]), high[j, k])
                else:
                    over += (bent[k] / bound) ** 2
            if over > 1:
                bent[0] /= np.sqrt(over)
                bent[1] /= np.sqrt(over)
            bent[2] = min(max(bent[2], low[j, 2]), high[j, 2])
            for a in range(3):
                swing[a] = bent[0] * axes[j, 1, a] + bent[1] * axes[j, 2, a]
                twist[a] = bent[2] * middle[a]
            turned = product(product(matrix(swing), matrix(twist)), rest[j])
        found = vector(turned)
        for k in range(3):
            out[j, k] = found[k]
    return out
