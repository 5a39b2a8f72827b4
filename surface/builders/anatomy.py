"""Where Anny's left half is cut: coarse parts by the joints that move them, halves, palms and soles by its bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surface.builders import anny_rig
from surface.segmentation import halve, straighten

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS = ("torso", "hand", "foot", "upper leg", "lower leg", "upper arm", "lower arm", "head")
TORSO, HAND, FOOT, UPPER_LEG, LOWER_LEG, UPPER_ARM, LOWER_ARM, HEAD = range(8)
# Neighbours, with the torso's seams first; each seam is straightened once.
SEAMS = [
    (HEAD, TORSO),
    (TORSO, UPPER_ARM),
    (TORSO, UPPER_LEG),
    (UPPER_ARM, LOWER_ARM),
    (LOWER_ARM, HAND),
    (UPPER_LEG, LOWER_LEG),
    (LOWER_LEG, FOOT),
]
SEAM_RATE = 60.0  # 1/m: a wrongly assigned patch of 10 cm^2 weighs as much as 6 cm of seam
HALF_RATE = 2000.0  # 1/m^2
BOOK_RATES = {HAND: 800.0, FOOT: 200.0}  # 1/m; fingers are thin, a looser cut would leave them whole
UP, FORWARD, LEFT = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Half:
    """The left half of the body and its skeleton.

    Attributes:
        vertices: `(V, 3)` of the whole body, metres.
        faces: `(F, 3)` of the left half.
        middle: `(V,)` true on the plane of symmetry.
        weights: `(V, J)` skinning weights of the joints (`anny_rig.JOINTS`).
        skin: `(V, B)` skinning weights of Anny's bones.
        heads: where each bone begins, by name.
    """

    vertices: Floats
    faces: Ints
    middle: NDArray[np.bool_]
    weights: Floats
    skin: Floats
    bone_names: tuple[str, ...]
    heads: dict[str, Floats]


def unit(vector: Floats) -> Floats:
    """The vector at length one."""
    return vector / np.linalg.norm(vector)


def across(axis: Floats, toward: Floats) -> Floats:
    """The unit vector perpendicular to `axis` that comes nearest to `toward`."""
    axis = unit(axis)
    return unit(toward - (toward @ axis) * axis)


def part_of_joint(name: str) -> int:
    """The coarse part that a joint of the left half or the middle moves."""
    for words, part in (
        (("wrist", *anny_rig.FINGERS), HAND),
        (("elbow",), LOWER_ARM),
        (("shoulder",), UPPER_ARM),
        (("hip",), UPPER_LEG),
        (("knee",), LOWER_LEG),
        (("ankle", "foot"), FOOT),
        (("neck", "head"), HEAD),
    ):
        if any(word in name for word in words):
            return part
    return TORSO


def coarse_parts(half: Half) -> Ints:
    """Part of each triangle, `(F,)`: the one whose joints move it most, with straightened seams."""
    score = np.zeros((len(half.vertices), len(PARTS)))
    for j, name in enumerate(anny_rig.JOINTS):
        score[:, part_of_joint(name)] += half.weights[:, j]
    by_face = score[half.faces].mean(axis=1)
    labels = by_face.argmax(axis=1)
    # The thighs stay apart: what touches the middle is torso.
    by_face[half.middle[half.faces].any(axis=1), UPPER_LEG] = -10.0
    return straighten(half.vertices, half.faces, labels, by_face, SEAMS, SEAM_RATE)


def bones(half: Half) -> dict[int, tuple[Floats, Floats, Floats]]:
    """For each limb part: where its bone begins, along it, and across it towards the front.

    The front of an arm is the side of the flexors (towards which the elbow bends), that of a leg looks forward.
    """
    at = half.heads
    shoulder, elbow, wrist = at["upperarm01.L"], at["lowerarm01.L"], at["wrist.L"]
    hip, knee, ankle = at["upperleg01.L"], at["lowerleg01.L"], at["foot.L"]
    return {
        UPPER_ARM: (shoulder, unit(elbow - shoulder), across(elbow - shoulder, wrist - elbow)),
        LOWER_ARM: (elbow, unit(wrist - elbow), across(wrist - elbow, shoulder - elbow)),
        UPPER_LEG: (hip, unit(knee - hip), across(knee - hip, FORWARD)),
        LOWER_LEG: (knee, unit(ankle - knee), across(ankle - knee, FORWARD)),
    }


def front_height(half: Half, part: int) -> Floats:
    """Signed distance `(V,)` in metres from the surface between a part's back (negative) and front."""
    v = half.vertices
    if part == TORSO:  # the plane through both shoulders and both hips
        shoulder, hip = half.heads["upperarm01.L"], half.heads["upperleg01.L"]
        slope = (shoulder[2] - hip[2]) / (shoulder[1] - hip[1])
        return v[:, 2] - hip[2] - slope * (v[:, 1] - hip[1])
    start, _, front = bones(half)[part]
    return (v - start) @ front


def front_half(half: Half, part: int, members: Ints) -> NDArray[np.bool_]:
    """Which triangles of a limb or the torso, `(len(members),)`, are its front."""
    return halve(half.vertices, half.faces[members], front_height(half, part), HALF_RATE)


def _blend(half: Half, heights: dict[str, Floats]) -> Floats:
    """Heights given per bone, blended by the skinning weights of those bones."""
    index = [half.bone_names.index(name) for name in heights]
    weight = half.skin[:, index]
    total = weight.sum(axis=1)
    return (weight * np.stack(list(heights.values()), axis=1)).sum(axis=1) / np.where(total > 0, total, 1.0)


def _centred(half: Half, bone: str, direction: Floats) -> Floats | None:
    """Height along a direction, -1 to 1 over what the bone moves most; None when that is next to nothing."""
    own = half.skin.argmax(axis=1) == half.bone_names.index(bone)
    if own.sum() < 8:
        return None
    height = half.vertices @ direction
    low, high = height[own].min(), height[own].max()
    return (2.0 * height - low - high) / (high - low)


def back_of_hand(half: Half, members: Ints) -> NDArray[np.bool_]:
    """Which triangles of the hand, `(len(members),)`, are on its back rather than in the palm.

    Each bone is parted in the middle of its thickness, seen from the nail: the last segment of a finger has most
    of its triangles on the nail, so their mean normal points there.
    """
    v, at = half.vertices, half.heads
    corner = v[half.faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    nail = {}
    for finger in range(1, 6):
        tip = half.skin[:, half.bone_names.index(f"finger{finger}-3.L")]
        nail[finger] = normal[tip[half.faces].min(axis=1) > 0.5].mean(axis=0)
    knuckles = at["finger2-1.L"] - at["finger5-1.L"]
    back = unit(np.cross(at["finger3-1.L"] - at["wrist.L"], knuckles))
    back *= np.sign(back @ nail[3])
    direction = {"wrist.L": back, "lowerarm01.L": back, "lowerarm02.L": back}
    direction |= {f"metacarpal{k}.L": back for k in range(1, 5)}
    for finger in range(1, 6):
        joint = [at[f"finger{finger}-{k}.L"] for k in (1, 2, 3)]
        for k, (a, b) in {1: (0, 1), 2: (1, 2), 3: (1, 2)}.items():
            direction[f"finger{finger}-{k}.L"] = across(joint[b] - joint[a], nail[finger])
    heights = {bone: height for bone, d in direction.items() if (height := _centred(half, bone, d)) is not None}
    return halve(v, half.faces[members], _blend(half, heights), BOOK_RATES[HAND])


def top_of_foot(half: Half, members: Ints) -> NDArray[np.bool_]:
    """Which triangles of the foot, `(len(members),)`, are on its top rather than in the sole.

    The sole takes the heel with it: it is what lies below the plane through ankle and toe joints. Toes are parted
    in the middle of their thickness.
    """
    at = half.heads
    toes = np.mean([at[f"toe{k}-1.L"] for k in range(1, 6)], axis=0)
    along = unit(toes - at["foot.L"])
    top = across(across(along, at["toe5-1.L"] - at["toe1-1.L"]), np.cross(along, at["toe5-1.L"] - at["toe1-1.L"]))
    top *= np.sign(top @ UP)
    plane = (half.vertices - at["foot.L"]) @ top / 0.03  # about half the thickness of the foot
    heights = dict.fromkeys(("foot.L", "lowerleg01.L", "lowerleg02.L"), plane)
    for toe in range(1, 6):
        last = 2 if toe == 1 else 3
        direction = across(at[f"toe{toe}-{last}.L"] - at[f"toe{toe}-1.L"], UP)
        for k in range(1, last + 1):
            height = _centred(half, f"toe{toe}-{k}.L", direction)
            if height is not None:
                heights[f"toe{toe}-{k}.L"] = height
    return halve(half.vertices, half.faces[members], _blend(half, heights), BOOK_RATES[FOOT])
