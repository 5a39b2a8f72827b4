"""Where a body of SMPL's family is cut: coarse parts by the joints that move them, halves, palms and soles.

The same cuts as the default body's (`anatomy`), found from SMPL's joints alone: without bones of hands and feet,
fingers and toes are parted by where their triangles face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surface.builders.anatomy import FORWARD, HALF_RATE, LEFT, SEAM_RATE, UP, across, unit
from surface.builders.mesh_patches import absorb_islands, smooth_normals, tidy
from surface.builders.smpl_joints import (
    HEAD,
    L_ARM,
    L_FOOT,
    L_FOREARM,
    L_HAND,
    L_SHIN,
    L_THIGH,
    R_ARM,
    R_FOOT,
    R_FOREARM,
    R_HAND,
    R_SHIN,
    R_THIGH,
    TORSO,
    part_of_joint,
)
from surface.segmentation import halve, minimum_cut, straighten
from surface.topology import face_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEAMS = [
    (HEAD, TORSO),
    (TORSO, L_ARM),
    (TORSO, R_ARM),
    (TORSO, L_THIGH),
    (TORSO, R_THIGH),
    (L_ARM, L_FOREARM),
    (R_ARM, R_FOREARM),
    (L_FOREARM, L_HAND),
    (R_FOREARM, R_HAND),
    (L_THIGH, L_SHIN),
    (R_THIGH, R_SHIN),
    (L_SHIN, L_FOOT),
    (R_SHIN, R_FOOT),
]
MIDDLE = 0.002  # metres from x = 0
STRAIGHT = 0.09  # sine of 5 degrees: an arm bent less does not tell which side its flexors are on
FINGERS = ("index", "middle", "pinky", "ring", "thumb")
SMOOTH = 0.004  # metres over which normals are averaged: less than half a finger
FOOT_HALF = 0.03  # metres, about half the thickness of a foot


@dataclass(frozen=True)
class Person:
    """A mesh with skinning weights and joints in SMPL's terms, y up, facing +z, the person's left at +x.

    Attributes:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        weights: `(V, J)`.
        at: where each joint is, by name.
        names: J joint names.
    """

    vertices: Floats
    faces: Ints
    weights: Floats
    at: dict[str, Floats]
    names: tuple[str, ...]

    def weight(self, *joints: str) -> Floats:
        """How much some joints together move each vertex, `(V,)`."""
        return np.asarray(self.weights[:, [self.names.index(name) for name in joints]].sum(axis=1))


def coarse_parts(person: Person) -> Ints:
    """Part 1..14 of each triangle, `(F,)`: the one whose joints move it most, with straightened seams."""
    v, f = person.vertices, person.faces
    score = np.zeros((len(v), 15))
    for j, name in enumerate(person.names):
        score[:, part_of_joint(name)] += person.weights[:, j]
    by_face = score[f].mean(axis=1)
    labels = by_face.argmax(axis=1)
    # The thighs stay apart: what touches the middle is torso.
    x = v[f][..., 0]
    middle = (x.min(axis=1) < MIDDLE) & (x.max(axis=1) > -MIDDLE)
    by_face[np.ix_(middle, [L_THIGH, R_THIGH])] = -10.0
    return absorb_islands(f, straighten(v, f, labels, by_face, SEAMS, SEAM_RATE))


def bones(person: Person) -> dict[int, tuple[Floats, Floats, Floats]]:
    """For each left limb: where its bone begins, along it, and across it towards the front.

    The front of an arm is the side of the flexors (towards which the elbow bends; forward where the arm is straight),
    that of a leg looks forward.
    """
    at = person.at
    shoulder, elbow, wrist = at["left_shoulder"], at["left_elbow"], at["left_wrist"]
    hip, knee, ankle = at["left_hip"], at["left_knee"], at["left_ankle"]
    upper, lower = unit(elbow - shoulder), unit(wrist - elbow)
    bent = np.linalg.norm(np.cross(upper, lower)) > STRAIGHT
    return {
        L_ARM: (shoulder, upper, across(upper, lower if bent else FORWARD)),
        L_FOREARM: (elbow, lower, across(lower, -upper if bent else FORWARD)),
        L_THIGH: (hip, unit(knee - hip), across(knee - hip, FORWARD)),
        L_SHIN: (knee, unit(ankle - knee), across(ankle - knee, FORWARD)),
    }


def front_half(person: Person, part: int, members: Ints) -> Bools:
    """Which triangles of a left limb or the torso, `(len(members),)`, are its front; both halves in one piece."""
    v = person.vertices
    if part == TORSO:  # the plane through shoulders and hips
        shoulder, hip = (0.5 * (person.at[f"left_{name}"] + person.at[f"right_{name}"]) for name in ("shoulder", "hip"))
        slope = (shoulder[2] - hip[2]) / (shoulder[1] - hip[1])
        height = v[:, 2] - hip[2] - slope * (v[:, 1] - hip[1])
    else:
        start, _, front = bones(person)[part]
        height = (v - start) @ front
    return tidy(person.faces[members], halve(v, person.faces[members], height, HALF_RATE))


@dataclass(frozen=True)
class Closed:
    """A hand or a foot, to be opened as a book.

    Attributes:
        along: unit vector towards the finger tips or toes.
        outward: unit vector towards the little finger or toe.
        second: `(F,)` how much each triangle belongs to the second side (back of the hand, top of the foot), -1 to 1.
        hinge: where the hinge ends, at the root of the last segment of the little finger or at the little toe.
    """

    along: Floats
    outward: Floats
    second: Floats
    hinge: Floats


def hand(person: Person, members: Ints) -> Closed:
    """The left hand, whose triangles are `members`.

    With finger joints, the knuckles tell the back, and each finger has one of its own. Without (SMPL), the back is the
    side of the flat hand that looks up or outward, as it does in every rest pose with hanging or stretched arms
    and palms down or inwards.
    """
    v, f, at = person.vertices, person.faces[members], person.at
    wrist = at["left_wrist"]
    own = v[np.unique(f)]
    with_fingers = "left_index1" in person.names
    tip = at["left_middle1"] if with_fingers else at["left_hand"]
    along = unit(tip - wrist)
    if with_fingers:
        back = -unit(np.cross(along, at["left_index1"] - at["left_pinky1"]))
    else:
        thin = np.linalg.eigh(np.cov(own.T))[1][:, 0]
        back = across(along, thin * np.sign(thin @ (UP + LEFT)))
    outward = np.cross(back, along)  # of the left hand
    directions = np.tile(back, (len(v), 1))
    if with_fingers:
        for finger in FINGERS:
            one, two, three = (f"left_{finger}{k}" for k in (1, 2, 3))
            first, second = across(at[two] - at[one], back), across(at[three] - at[two], back)
            directions += person.weight(one)[:, None] * (first - back)
            directions += person.weight(two, three)[:, None] * (second - back)
        hinge = at["left_pinky3"]
    else:
        length = np.ptp(own @ along)
        width = np.ptp(own @ outward)
        hinge = wrist + 0.6 * length * along + 0.5 * width * outward
    return Closed(along, outward, _facing(v, f, directions), hinge)


def foot(person: Person, members: Ints) -> Closed:
    """The left foot, whose triangles are `members`.

    The sole takes the heel with it: it is what lies below the plane through ankle and ball. Toes are parted by where
    their triangles face.
    """
    v, f, at = person.vertices, person.faces[members], person.at
    ankle, ball = at["left_ankle"], at["left_foot"]
    along = unit(ball - ankle)
    top = across(along, UP)
    outward = across(along, LEFT)
    toes = person.weight("left_foot")[f].mean(axis=1)
    plane = np.clip((v[f].mean(axis=1) - ankle) @ top / FOOT_HALF, -1.0, 1.0)
    facing = _facing(v, f, np.tile(top, (len(v), 1)))
    own = v[np.unique(f)]
    middle = 0.5 * (own @ outward).min() + 0.5 * (own @ outward).max()
    hinge = ball + ((middle - ball @ outward) + 0.5 * np.ptp(own @ outward)) * outward
    return Closed(along, outward, (1 - toes) * plane + toes * facing, hinge)


def _facing(v: Floats, f: Ints, directions: Floats) -> Floats:
    """How much triangles `(n, 3)` face the way their vertices' directions `(V, 3)` point, `(n,)`."""
    return np.asarray(np.einsum("nc,nc->n", smooth_normals(v, f, SMOOTH), directions[f].mean(axis=1)))


def second_side(vertices: Floats, faces: Ints, second: Floats, rate: float) -> Bools:
    """Which triangles `(n,)` of a closed end are on its second side: a minimum cut, both sides in one piece.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(n, 3)`.
        second: `(n,)` see `Closed`.
        rate: 1 / metres; how much an area of disputed triangles counts against a length of seam.
    """
    return tidy(faces, minimum_cut(vertices, faces, -rate * face_areas(vertices, faces) * second))
