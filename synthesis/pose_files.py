"""The user's own poses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class UserPose:
    """A pose read from a file, in axes x to the person's left, y up, z to the front.

    Attributes:
        name: the file's, and the frame's number.
        rotations: axis-angle in radians relative to the parent by SMPL's joint names; joints that are missing rest.
        root: axis-angle of the pelvis in the world, its heading taken out.
        rest: unit direction of the bone that begins at a joint, in the pose in which all rotations are zero.
    """

    name: str
    rotations: Mapping[str, Vector]
    root: Vector = (0.0, 0.0, 0.0)
    rest: Mapping[str, Vector] = field(default_factory=dict)
