"""Everyday poses, made by hand for any rig with SMPL's joint names, with jitter and a check against self-penetration.

A pose names where the limbs point in the person's own axes (outward, up, front), so that it does not depend on the
rest pose of the rig: the rotation of a joint is the smallest one that turns its bone there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from surface.frames import palm_normal
from surface.rig import pose, shape
from synthesis.pose_files import UserPose

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Direction = tuple[float, float, float]

_BONES = {
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
_FINGERS = ("index", "middle", "ring", "pinky")
_SPINE = ("spine1", "spine2", "spine3")
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Limbs:
    """Where one side's limbs point, in (outward, up, front), and how flat its foot stays on the ground (0..1)."""

    thigh: Direction = (0.08, -1, 0.02)
    shin: Direction = (0.03, -1, -0.04)
    upper_arm: Direction = (0.26, -1, 0.0)
    forearm: Direction = (0.16, -1, 0.28)
    flat: float = 1.0


@dataclass(frozen=True)
class Pose:
    """A pose: both sides' limbs, the bend of the trunk and the head in degrees (forward, turn, lean), and a seat."""

    name: str
    left: Limbs = field(default_factory=Limbs)
    right: Limbs = field(default_factory=Limbs)
    trunk: Direction = (0, 0, 0)
    head: Direction = (0, 0, 0)
    seated: bool = False


POSES: tuple[Pose, ...] = (
    Pose("standing"),
    Pose(
        "hand on hip",
        Limbs(upper_arm=(0.80, -0.62, -0.16), forearm=(-0.50, -0.74, 0.50)),
        Limbs(thigh=(0.16, -1, 0.08)),
    ),
    Pose(
        "walking",
        Limbs((0.05, -1, 0.42), (0.03, -1, -0.12), (0.22, -1, -0.42), (0.16, -1, 0.10)),
        Limbs((0.05, -1, -0.26), (0.03, -1, -0.62), (0.22, -1, 0.36), (0.04, -0.75, 0.70), flat=0.3),
    ),
    Pose("waving", Limbs(upper_arm=(0.92, 0.10, 0.20), forearm=(0.30, 1, 0.25)), head=(0, 12, 0)),
    Pose(
        "reaching up",
        Limbs(upper_arm=(0.40, 1, 0.18), forearm=(0.10, 1, 0.20)),
        Limbs(upper_arm=(0.40, 1, 0.18), forearm=(0.10, 1, 0.20)),
        head=(-15, 0, 0),
    ),
    Pose(
        "sitting",
        Limbs((0.16, -0.06, 1), (0.06, -1, 0.10), (0.30, -1, 0.24), (-0.06, -0.30, 1)),
        Limbs((0.16, -0.06, 1), (0.06, -1, 0.02), (0.30, -1, 0.24), (-0.06, -0.30, 1)),
        seated=True,
    ),
    Pose(
        "running",
        Limbs((0.04, -0.62, 0.80), (0.02, -0.90, -0.50), (0.28, -0.80, -0.62), (0.02, -0.35, 0.95), flat=0.4),
        Limbs((0.04, -1, -0.30), (0.02, -0.45, -0.95), (0.28, -0.95, 0.30), (-0.22, 0.45, 0.85), flat=0.0),
        trunk=(12, 0, 0),
        head=(-8, 0, 0),
    ),
    Pose(
        "squatting",
        Limbs((0.42, -0.30, 0.95), (0.06, -1, -0.32), (0.18, -0.25, 1), (-0.06, 0.02, 1)),
        Limbs((0.42, -0.30, 0.95), (0.06, -1, -0.32), (0.18, -0.25, 1), (-0.06, 0.02, 1)),
        trunk=(34, 0, 0),
        head=(-24, 0, 0),
    ),
    Pose("pointing", Limbs(upper_arm=(0.35, -0.02, 1), forearm=(0.28, 0.10, 1)), trunk=(0, -8, 0), head=(0, 8, 0)),
    Pose(
        "arms out",
        Limbs(upper_arm=(1, 0.04, 0.06), forearm=(1, 0.08, 0.16)),
        Limbs(upper_arm=(1, -0.08, 0.06), forearm=(1, -0.04, 0.16)),
    ),
    Pose("on the phone", Limbs(upper_arm=(0.34, -0.95, 0.36), forearm=(-0.16, 0.72, 0.70)), head=(18, 6, 0)),
    Pose(
        "lunging",
        Limbs((0.10, -0.42, 0.90), (0.04, -1, -0.02), (0.45, -0.90, -0.1), (0.20, -0.9, 0.40)),
        Limbs((0.08, -1, -0.45), (0.04, -0.60, -0.90), (0.45, -0.90, 0.1), (0.20, -0.9, 0.40), flat=0.1),
    ),
    Pose(
        "throwing",
        Limbs((0.12, -1, 0.30), (0.05, -1, -0.05), (0.62, -0.10, 0.75), (0.25, 0.15, 1)),
        Limbs((0.16, -1, -0.22), (0.06, -1, -0.40), (0.90, 0.25, -0.30), (0.35, 1, -0.15), flat=0.5),
        trunk=(0, -18, 0),
        head=(0, 18, 0),
    ),
    Pose(
        "carrying",
        Limbs(upper_arm=(0.24, -1, 0.10), forearm=(-0.02, -0.06, 1)),
        Limbs(upper_arm=(0.24, -1, 0.10), forearm=(-0.02, -0.06, 1)),
    ),
    Pose(
        "on one leg",
        Limbs((0.14, -0.30, 0.90), (0.05, -1, -0.25), (0.95, -0.20, 0.1), (0.95, -0.05, 0.25), flat=0.5),
        Limbs(upper_arm=(0.95, -0.30, 0.0), forearm=(0.95, -0.10, 0.25)),
    ),
)


@dataclass(frozen=True, eq=False)
class Sampled:
    """A person in a pose: ``surface.rig.pose(body.rig, betas, rotations)`` gives the vertices.

    Attributes:
        name: the pose's.
        betas: (S,) shape.
        rotations: (J,3) axis-angle in radians relative to the parent; the root's tilts the whole person.
        seated: sits on something that is not there.
        lift: metres between the lowest vertex and the ground (a jump).
    """

    name: str
    betas: Floats
    rotations: Floats
    seated: bool
    lift: float = 0.0


def sample(body: Body, rng: np.random.Generator, poses: Sequence[UserPose] = (), tries: int = 12) -> Sampled:
    """A random everyday pose, or one of ``poses``, of a random shape, free of self-penetration.

    Raises:
        ValueError: the body has no rig, or the rig lacks SMPL's joint names.
    """
    rig = _rig(body)
    best: tuple[float, Any] = (np.inf, None)
    for _ in range(tries):
        chosen = POSES[rng.integers(len(POSES))]
        betas = np.clip(rng.normal(0, 0.8, rig.shapedirs.shape[2]), -1.6, 1.6)
        rotations = articulate(body, chosen, betas, rng)
        depth = penetration(body, pose(rig, betas, rotations))
        if depth < best[0]:
            best = (depth, Sampled(chosen.name, betas, rotations, chosen.seated))
        if depth == 0:
            break
    found: Sampled = best[1]
    return found


def articulate(body: Body, chosen: Pose, betas: Floats, rng: np.random.Generator | None = None) -> Floats:
    """Joint rotations (J,3) axis-angle of a pose; with a generator jittered, and by chance mirrored."""
    rig = _rig(body)
    names = rig.joint_names
    at = dict(zip(names, rig.J_regressor @ shape(rig, betas), strict=True))
    sides = {"left": chosen.left, "right": chosen.right}
    sign, spread = 1.0, 0.0
    if rng is not None:
        spread = 0.07
        if rng.random() < 0.5:
            sides, sign = {"left": chosen.right, "right": chosen.left}, -1.0
    local: dict[str, Rotation] = {}
    trunk = np.radians(np.array(chosen.trunk) * [1, sign, sign] + _noise(rng, 4.0))
    for joint in _SPINE:
        local[joint] = Rotation.from_rotvec(trunk / len(_SPINE))
    local["neck"] = local["head"] = Rotation.from_rotvec(
        np.radians(np.array(chosen.head) * [1, sign, sign] + _noise(rng, 7.0)) / 2
    )
    for side, limbs in sides.items():
        flip = _MIRROR if side == "right" else np.ones(3)
        for chain in (("thigh", "shin"), ("upper_arm", "forearm")):
            above = Rotation.identity()
            for bone in chain:
                start, end = (f"{side}_{joint}" for joint in _BONES[bone])
                target = np.array(getattr(limbs, bone), dtype=np.float64)
                target = target / np.linalg.norm(target) + _noise(rng, spread)
                local[start] = _turn(at[end] - at[start], above.inv().apply(target * flip))
                above = above * local[start]
            if chain[0] == "thigh":
                local[f"{side}_ankle"] = Rotation.from_rotvec(above.inv().as_rotvec() * limbs.flat * [1, 0, 1])
        _curl(body, side, local, rng)
    out = np.zeros((len(names), 3))
    for j, name in enumerate(names):
        if name in local:
            out[j] = local[name].as_rotvec()
    return out


def penetration(body: Body, vertices: Floats) -> float:
    """The share of the vertices of lower arms, hands, lower legs and feet that lie inside the rest of the body."""
    import igl

    parts = {name.lower(): p + 1 for p, name in enumerate(body.part_names)}
    bad = total = 0
    for side in ("left", "right"):
        for own in (("upper arm", "lower arm", "hand"), ("upper leg", "lower leg", "foot")):
            mine = [p for name, p in parts.items() if side in name and any(word in name for word in own)]
            tips = [p for name, p in parts.items() if side in name and any(word in name for word in own[1:])]
            limb = np.unique(body.faces[np.isin(body.face_part, tips)])
            rest = body.faces[~np.isin(body.face_part, mine)].astype(np.int64)
            inside = np.asarray(igl.fast_winding_number(vertices, rest, vertices[limb]))
            bad += int((inside > 0.5).sum())
            total += len(limb)
    return bad / max(total, 1)


def _rig(body: Body) -> Any:
    if body.rig is None:
        raise ValueError(f"body {body.name!r} has no rig: it cannot be posed")
    needed = {f"{side}_{joint}" for side in ("left", "right") for bone in _BONES.values() for joint in bone}
    missing = sorted((needed | set(_SPINE) | {"neck", "head"}) - set(body.rig.joint_names))
    if missing:
        raise ValueError(f"the rig of body {body.name!r} lacks the joints {', '.join(missing)}")
    return body.rig


def _noise(rng: np.random.Generator | None, spread: float) -> Floats:
    return np.zeros(3) if rng is None else rng.normal(0, 1, 3).clip(-2, 2) * spread


def _turn(a: Floats, b: Floats) -> Rotation:
    """The smallest rotation that turns direction a to direction b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        return Rotation.identity()
    return Rotation.from_rotvec(axis / length * np.arctan2(length, float(a @ b)))


def _curl(body: Body, side: str, local: dict[str, Rotation], rng: np.random.Generator | None) -> None:
    """Bends the fingers towards the palm, as those of a relaxed hand; a rig without fingers is left alone."""
    palm, names = palm_normal(body), _rig(body).joint_names
    if palm is None or rng is None:
        return
    palm = palm / np.linalg.norm(palm) * (_MIRROR if side == "right" else 1.0)
    joints = dict(zip(names, body.rig.J_regressor @ body.rig.v_template, strict=True))  # type: ignore[union-attr]
    amount = rng.uniform(2, 26)
    for finger in _FINGERS:
        chain = [f"{side}_{finger}{k}" for k in (1, 2, 3)]
        if not set(chain) <= set(names):
            continue
        along = joints[chain[1]] - joints[chain[0]]
        axis = np.cross(along, palm)
        for joint in chain:
            local[joint] = Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.radians(amount + rng.uniform(-3, 6)))
