"""How a pose is written down: where limbs point, how feet and hands are held, how the trunk bends.

Directions are (outward, up, front). Legs point in the person's own upright axes, arms in those of the chest, so that
they hang on it however it is bent. Degrees everywhere. Poses of a family are stations of one movement: what lies
between two neighbours is a pose, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import cos, radians, sin
from typing import Any

Direction = tuple[float, float, float]


@dataclass(frozen=True)
class Limbs:
    """One side's limbs.

    Attributes:
        thigh, shin: where they point; the knee is a hinge, so the two say how the thigh is turned.
        upper_arm, forearm: where they point; the elbow is a hinge likewise.
        sole: how far the toes are raised from the ground.
        hang: where the foot is free, how far the toes are pointed from the rest pose's right angle; else None.
        turn: how far a straight leg is turned outward.
        palm: where the palm faces; as in the rest pose where None.
        wrist: bend towards the palm, and towards the thumb.
        curl: of the fingers, 0 straight to 1 a fist; relaxed where None.
    """

    thigh: Direction = (0.06, -1, 0.02)
    shin: Direction = (0.02, -1, -0.04)
    upper_arm: Direction = (0.24, -1, 0.0)
    forearm: Direction = (0.18, -1, 0.28)
    sole: float = 0.0
    hang: float | None = None
    turn: float = 6.0
    palm: Direction | None = None
    wrist: tuple[float, float] = (0, 0)
    curl: float | None = None


@dataclass(frozen=True)
class Pose:
    """A whole pose.

    Attributes:
        name: what the person does.
        left, right: the limbs.
        trunk: bend of the spine: forward, turn to the left, lean to the left... of the chest against the pelvis.
        head: of the head against the chest, likewise.
        pelvis: of the pelvis against the upright axes; the legs do not follow.
        tip: of the whole person, limbs and all (lying, leaning).
        seated: on something that is not there.
        planted: both feet are on the ground, so the longer leg bends a little where need be.
        lift: metres above the ground.
        jitter: how much the pose may vary, 1 as usual.
    """

    name: str
    left: Limbs = field(default_factory=Limbs)
    right: Limbs = field(default_factory=Limbs)
    trunk: Direction = (0, 0, 0)
    head: Direction = (0, 0, 0)
    pelvis: Direction = (0, 0, 0)
    tip: Direction = (0, 0, 0)
    seated: bool = False
    planted: bool = True
    lift: float = 0.0
    jitter: float = 1.0


@dataclass(frozen=True)
class Family:
    """Stations of one movement, and how often it is drawn. Its legs may be exchanged for another stance's if loose."""

    poses: tuple[Pose, ...]
    weight: float = 1.0
    loose: bool = False


def leg(hip: float, knee: float, out: float = 0.06, inward: float = 0.03) -> tuple[Direction, Direction]:
    """Thigh and shin of a leg that swings in its own plane: forward bend of the hip, bend of the knee."""
    a, b = radians(hip), radians(hip - knee)
    return (out, -cos(a), sin(a)), (out - inward, -cos(b), sin(b))


def mirrored(pose: Pose) -> Pose:
    """Left for right."""
    flip: dict[str, Any] = {
        key: (v[0], -v[1], -v[2]) for key in ("trunk", "head", "pelvis", "tip") if (v := getattr(pose, key))
    }
    return replace(pose, left=pose.right, right=pose.left, **flip)


def opened(pose: Pose, amount: float) -> Pose:
    """The pose with arms and legs further from the body: room for a person who takes more of it."""
    sides = []
    for own in (pose.left, pose.right):
        more: dict[str, Any] = {}
        for key, share in (("thigh", 0.5), ("shin", 0.3), ("upper_arm", 0.6), ("forearm", 1.0)):
            way = getattr(own, key)
            more[key] = (way[0] + share * amount, way[1], way[2])
        sides.append(replace(own, **more))
    return replace(pose, left=sides[0], right=sides[1])


def between(a: Pose, b: Pose, share: float) -> Pose:
    """The pose on the way from one to another; the name and the flags are the nearer one's."""
    near = a if share < 0.5 else b
    mixed: dict[str, Any] = {}
    for item in fields(Pose):
        one, two = getattr(a, item.name), getattr(b, item.name)
        if isinstance(one, Limbs):
            mixed[item.name] = Limbs(
                **{f.name: _mix(getattr(one, f.name), getattr(two, f.name), share) for f in fields(Limbs)}
            )
        elif not isinstance(one, (str, bool)):
            mixed[item.name] = _mix(one, two, share)
    return replace(near, **mixed)


def _mix(a: Any, b: Any, share: float) -> Any:
    if a is None or b is None:
        return a if share < 0.5 else b
    if isinstance(a, tuple):
        return tuple(x + share * (y - x) for x, y in zip(a, b, strict=True))
    return a + share * (b - a)


def both(limbs: Limbs, name: str, **more: Any) -> Pose:
    """A pose that is the same on both sides."""
    return Pose(name, limbs, limbs, **more)
