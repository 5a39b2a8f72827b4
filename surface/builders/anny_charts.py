"""The 24 charts of the body: which triangles, how they are unfolded, which way U and V point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surface import flatten, unfold
from surface.builders import anatomy
from surface.builders.anatomy import FOOT, FORWARD, HAND, HEAD, LEFT, TORSO, UP, Half, across
from surface.builders.book import open_book, seam
from surface.builders.orientation import orient
from surface.topology import compact, vertex_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PART_NAMES = (
    "Torso", "Right Hand", "Left Hand", "Left Foot", "Right Foot", "Upper Leg Right", "Upper Leg Left",
    "Lower Leg Right", "Lower Leg Left", "Upper Arm Left", "Upper Arm Right", "Lower Arm Left", "Lower Arm Right",
    "Head",
)  # fmt: skip
PART_MIRROR = (0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14)
# A limb's two sides are one hue, the person's right light, their left dark; mirror twins and parts that touch stay
# apart under protanopia, deuteranopia and tritanopia, too.
PART_COLOURS = (
    "#685dd1", "#fbcda9", "#d43c28", "#cb7603", "#c1b55d", "#cf82c9", "#a1368a", "#9ef35e", "#559980", "#3497eb",
    "#a9bfed", "#966784", "#ef9397", "#f66a9d",
)  # fmt: skip
CHART_NAMES = (
    "Torso Back", "Torso Front", "Right Hand", "Left Hand", "Left Foot", "Right Foot",
    "Upper Leg Right Back", "Upper Leg Left Back", "Upper Leg Right Front", "Upper Leg Left Front",
    "Lower Leg Right Back", "Lower Leg Left Back", "Lower Leg Right Front", "Lower Leg Left Front",
    "Upper Arm Left Back", "Upper Arm Right Back", "Upper Arm Left Front", "Upper Arm Right Front",
    "Lower Arm Left Back", "Lower Arm Right Back", "Lower Arm Left Front", "Lower Arm Right Front",
    "Head Right", "Head Left",
)  # fmt: skip
CHART_PART = (1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14)
CHART_MIRROR = (0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23)

WHOLE = {HAND: 4, FOOT: 5, HEAD: 24}  # parts of the left half that are one chart
HALVED = {TORSO: (1, 2), 3: (8, 10), 4: (12, 14), 5: (15, 17), 6: (19, 21)}  # back, front


@dataclass(frozen=True)
class Charts:
    """Charts of a symmetric mesh.

    Attributes:
        face_chart: `(F,)` 1..24.
        face_uv: `(F, 3, 2)` U,V of each corner in [0, 1].
    """

    face_chart: NDArray[np.uint8]
    face_uv: Floats


def make(half: Half, mirror: Ints) -> Charts:
    """Cuts and unfolds the body: the left half, mirrored to the right; the torso whole.

    Mirrored points of paired charts have the same U and V; on the torso, U becomes 1 - U.
    """
    count = len(half.faces)
    label = anatomy.coarse_parts(half)
    chart = np.zeros(count, dtype=np.uint8)
    uv = np.zeros((2 * count, 3, 2))
    for part, number in WHOLE.items():
        members = np.flatnonzero(label == part)
        chart[members] = number
        uv[members] = _whole(half, part, members)
    for part, (back, front) in HALVED.items():
        members = np.flatnonzero(label == part)
        is_front = anatomy.front_half(half, part, members)
        for number, own in ((back, members[~is_front]), (front, members[is_front])):
            chart[own] = number
            if part == TORSO:
                uv[np.concatenate([own, own + count])] = _torso(half, own, mirror)
            else:
                uv[own] = _limb(half, part, own)
    right = np.array(CHART_MIRROR, dtype=np.uint8)[chart]
    paired = np.flatnonzero(right != chart)
    uv[count + paired] = uv[paired][:, [0, 2, 1]]
    return Charts(np.concatenate([chart, right]), uv)


def _limb(half: Half, part: int, members: Ints) -> Floats:
    used, faces = compact(half.faces[members])
    v = half.vertices[used]
    _, along, front = anatomy.bones(half)[part]
    lateral = across(along, across(front, LEFT))
    return orient(flatten.disk(v, faces), vertex_areas(v, faces), -v @ along, v @ lateral)[faces]


def _torso(half: Half, members: Ints, mirror: Ints) -> Floats:
    left = half.faces[members]
    used, faces = compact(np.concatenate([left, mirror[left][:, [0, 2, 1]]]))
    v = half.vertices[used]
    other, area = np.searchsorted(used, mirror[used]), vertex_areas(v, faces)
    # All pairs of distances, so that a symmetric patch gets a symmetric layout; a torso does not fold.
    distance = unfold.geodesics(v, faces)
    flat = unfold.smacof(unfold.classical_scaling(distance, area), distance, area)
    uv = orient(flat, area, v @ UP, v @ LEFT)
    # Symmetric up to rounding already; now exactly.
    uv[:, 0], uv[:, 1] = 0.5 + 0.5 * (uv[:, 0] - uv[other, 0]), 0.5 * (uv[:, 1] + uv[other, 1])
    return ((uv - uv.min(axis=0)) / np.ptp(uv, axis=0))[faces]


def _whole(half: Half, part: int, members: Ints) -> Floats:
    """A hand or a foot as an opened book, or half a head."""
    used, faces = compact(half.faces[members])
    v = half.vertices[used]
    at = half.heads
    if part == HEAD:
        return orient(flatten.disk(v, faces), vertex_areas(v, faces), v @ UP, -v @ FORWARD)[faces]
    if part == HAND:
        side = anatomy.back_of_hand(half, members)
        along, hinge = at["finger3-1.L"] - at["wrist.L"], at["finger5-2.L"]
        outward = at["finger5-1.L"] - at["finger2-1.L"]
    else:
        side = anatomy.top_of_foot(half, members)
        along, hinge = at["toe3-1.L"] - at["foot.L"], at["toe5-1.L"]
        outward = at["toe5-1.L"] - at["toe1-1.L"]
    path = seam(faces, side)
    if v[path[0]] @ outward > v[path[-1]] @ outward:
        path = path[::-1]
    # The hinge runs up the side of the hand to the middle joint of the little finger, of the foot to the little toe.
    outer = len(path) // 2 + int(np.linalg.norm(v[path[len(path) // 2 :]] - hinge, axis=1).argmin())
    origin, opened = open_book(faces, side, path, outer)
    w = v[origin]
    on_side = np.bincount(opened.ravel(), weights=np.repeat(side, 3).astype(float), minlength=len(w))
    share = on_side / np.bincount(opened.ravel(), minlength=len(w))
    return orient(flatten.disk(w, opened), vertex_areas(w, opened), -w @ along, share)[opened]
