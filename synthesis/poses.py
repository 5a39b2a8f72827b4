"""Poses of synthetic persons: everyday ones or the user's own, varied, within joint limits, not through themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.rig import pose
from synthesis.articulate import articulate, posable
from synthesis.penetration import penetration
from synthesis.pose_files import UserPose
from synthesis.pose_forms import Limbs, Pose, between, mirrored, opened
from synthesis.pose_library import FAMILIES, STANCES
from synthesis.retarget import retarget
from synthesis.shapes import shape_of

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# Flesh gives way: everyday touching (a hand on the hip, calf on thigh) is no fault up to this depth (metres).
TOUCH = 0.015
# Limbs that go through others are held further away in these steps, unless they go through so deep (metres).
OPEN = (0.0, 0.10, 0.22, 0.36)
HOPELESS = 0.08
# A user's own pose is kept unless it goes through itself as deep as this.
FAULT = 0.03


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


def sample(body: Body, rng: np.random.Generator, poses: Sequence[UserPose] = (), tries: int = 16) -> Sampled:
    """A random everyday pose, or one of ``poses`` as it is, of a random shape, free of self-penetration.

    Raises:
        ValueError: the body has no rig, or the rig lacks SMPL's joint names; all of ``poses`` go through themselves.
    """
    rig = posable(body)
    if poses:
        return _own(body, rng, poses)
    best: Sampled | None = None
    least = np.inf
    for _ in range(tries):
        betas = shape_of(body, rng)
        chosen = draw(rng)
        for amount in OPEN:
            rotations = articulate(body, opened(chosen, amount), betas, rng)
            depth = penetration(body, pose(rig, betas, rotations))
            found = Sampled(chosen.name, betas, rotations, chosen.seated, chosen.lift)
            if depth <= TOUCH:
                return found
            if depth < least:
                best, least = found, depth
            if depth > HOPELESS:
                break
    assert best is not None
    return best


def _own(body: Body, rng: np.random.Generator, poses: Sequence[UserPose]) -> Sampled:
    rig = posable(body)
    for k in rng.permutation(len(poses)):
        betas, rotations = shape_of(body, rng), retarget(rig, poses[k])
        if penetration(body, pose(rig, betas, rotations), FAULT) < FAULT:
            return Sampled(poses[k].name, betas, rotations, False)
    names = ", ".join(one.name for one in poses[:3]) + (", ..." if len(poses) > 3 else "")
    raise ValueError(f"every one of {len(poses)} poses goes more than {100 * FAULT:.0f} cm through itself: {names}")


def draw(rng: np.random.Generator) -> Pose:
    """A pose out of the library: a family, a place between two of its stations, and perhaps another stance."""
    weights = np.array([family.weight for family in FAMILIES])
    family = FAMILIES[rng.choice(len(FAMILIES), p=weights / weights.sum())]
    at = rng.random() * (len(family.poses) - 1)
    first = min(int(at), max(len(family.poses) - 2, 0))
    chosen = between(family.poses[first], family.poses[min(first + 1, len(family.poses) - 1)], at - first)
    if family.loose and rng.random() < 0.7:
        a, b = (STANCES[k] for k in rng.integers(len(STANCES), size=2))
        chosen = stand(chosen, a, b, rng.random())
    return mirrored(chosen) if rng.random() < 0.5 else chosen


def stand(chosen: Pose, a: tuple[Limbs, Limbs], b: tuple[Limbs, Limbs], share: float) -> Pose:
    """The pose with its legs in a stance between two others."""
    legs = between(Pose("", *a), Pose("", *b), share)
    keys = ("thigh", "shin", "sole", "hang", "turn")
    left, right = (
        replace(own, **{key: getattr(other, key) for key in keys})
        for own, other in ((chosen.left, legs.left), (chosen.right, legs.right))
    )
    return replace(chosen, left=left, right=right)
