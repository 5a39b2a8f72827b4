"""From which six directions each coarse part is looked at: anatomical frames and the tables of views.

A frame has three axes: ``outward`` (away from the midline; the person's left for parts on the midline), ``up`` and
``front``. Frames are made for the person's left parts and mirrored for the right ones, so that the views of two
mirrored parts are mirror images. The anatomical position (arms hanging, palms forward, thumbs outward) names the sides.

The last two views of each part are those that, of 150 directions tried in pairs, show the most that the first four hide
(hands, feet), or close to them and easier to read (head, torso). Four sides show all of a limb; its last two show it as
a bent limb is seen in photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Axis = tuple[float, float, float]

_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Look:
    """One direction of a table of views.

    Attributes:
        name: short name.
        title: what the annotator reads.
        towards: where the camera stands as seen from the part, in (outward, up, front).
        up: which way is up in the image, in (outward, up, front).
    """

    name: str
    title: str
    towards: Axis
    up: Axis = (0.0, 1.0, 0.0)


def _sides(front: str, back: str, outer: str, inner: str) -> tuple[Look, ...]:
    return (
        Look("front", front, (0, 0, 1)),
        Look("back", back, (0, 0, -1)),
        Look("outer", outer, (1, 0, 0)),
        Look("inner", inner, (-1, 0, 0)),
    )


LOOKS: dict[str, tuple[Look, ...]] = {
    "torso": (
        *_sides("Front", "Back", "Left side", "Right side"),
        Look("above", "From above", (0, 1, 0.35)),
        Look("below", "From below", (0, -1, 0.35)),
    ),
    "head": (
        *_sides("Face", "Back of head", "Left side", "Right side"),
        Look("above", "Top of head", (0, 1, 0.25), (0, 0, -1)),
        Look("below", "Under the chin", (0, -1, 0.7)),
    ),
    "hand": (
        # Fingers up, unlike in the anatomical position: the thumb is on the other side of the frame.
        Look("front", "Palm", (0, 0, 1)),
        Look("back", "Back of hand", (0, 0, -1)),
        Look("outer", "Thumb side", (-1, 0, 0)),
        Look("inner", "Little-finger side", (1, 0, 0)),
        Look("thumb", "Palm, from the thumb", (-0.65, 0.2, 0.75)),
        Look("little", "Palm, from the little finger", (0.55, 0.45, 0.72)),
    ),
    "foot": (
        *_sides("Toes", "Heel", "Outer side", "Inner side"),
        Look("above", "Top", (0.22, 1, 0.05), (0, 0, 1)),
        Look("below", "Sole", (0.28, -1, 0.08), (0, 0, 1)),
    ),
    "upper leg": (
        *_sides("Front", "Back", "Outer side", "Inner side"),
        Look("above", "Front, from above", (0, 1, 1)),
        Look("below", "Back, from below", (0, -1, -1)),
    ),
    "lower leg": (
        *_sides("Front (shin)", "Back (calf)", "Outer side", "Inner side"),
        Look("above", "Front, from above", (0, 1, 1)),
        Look("below", "Back, from below", (0, -1, -1)),
    ),
    "upper arm": (
        *_sides("Front (biceps)", "Back (triceps)", "Outer side", "Inner side (armpit)"),
        Look("above", "Outer side, from above", (1, 1, 0)),
        Look("below", "Inner side, from below", (-1, -1, 0)),
    ),
    "lower arm": (
        *_sides("Palm side", "Back-of-hand side", "Thumb side", "Little-finger side"),
        Look("above", "Elbow, from above", (0, 1, -1)),
        Look("below", "Wrist, from below", (0, -1, 1)),
    ),
}


def kind(name: str) -> str:
    """The row of ``LOOKS`` for a coarse part's name."""
    low = name.lower().replace("-", " ").replace("_", " ")
    for key in ("hand", "foot", "head", "torso"):
        if key in low:
            return key
    for limb in ("arm", "leg"):
        for half in ("upper", "lower"):
            if limb in low and half in low:
                return f"{half} {limb}"
    return "other"


def side(name: str) -> str | None:
    """ "left" or "right" for a part of one side of the person, else None."""
    words = name.lower().replace("-", " ").replace("_", " ").split()
    return "left" if "left" in words else "right" if "right" in words else None


def twin(body: Body, part: int) -> int | None:
    """The mirrored part, None for one that is its own or has none."""
    other = int(body.part_mirror[part])
    return None if other == part else other


def anatomical(body: Body, part: int) -> str | None:
    """The row of ``LOOKS`` for a part of a rigged body, None where name or body do not say what the part is.

    A right part without a left twin has no frame of its own, so it has no anatomical looks either.
    """
    name, other = body.part_names[part - 1], twin(body, part)
    alone = side(name) == "right" and (other is None or side(body.part_names[other - 1]) != "left")
    what = kind(name)
    return None if body.rig is None or what == "other" or alone else what


def frame(body: Body, part: int) -> Floats:
    """The (3,3) frame of a coarse part: rows outward, up, front; a right part has the mirror of its left one's.

    Parts that anatomy does not know stand in the body's axes.
    """
    what, other = anatomical(body, part), twin(body, part)
    if what is None:
        return np.eye(3)
    if side(body.part_names[part - 1]) == "right" and other is not None:
        return frame(body, other) * _MIRROR
    if what in ("torso", "head"):
        return np.eye(3)
    centre, axes = _principal(body, part)
    if what == "foot":
        toes = axes[0] * np.sign(axes[0][2])
        return _frame(np.array([0.0, 1.0, 0.0]), toes)
    long = axes[0] * np.sign(axes[0] @ (centre - _root(body, part)))
    if what in ("hand", "lower arm"):
        palm = palm_normal(body)
        if palm is None:
            # Arms stretched sideways, palms down: the thumb points forward.
            palm = np.cross(long, np.array([0.0, 0.0, 1.0]))
        return _frame(long if what == "hand" else -long, palm)
    return _frame(-long, np.array([0.0, 0.0, 1.0]))


def _frame(up: Floats, front: Floats) -> Floats:
    """Rows outward, up, front: up kept, front made orthogonal to it."""
    up = up / np.linalg.norm(up)
    front = front - (front @ up) * up
    front = front / np.linalg.norm(front)
    return np.stack([np.cross(up, front), up, front])


def _principal(body: Body, part: int) -> tuple[Floats, Floats]:
    """Centre (3,) and principal axes (3,3), the longest first, of a part's area."""
    mine = body.face_part == part
    centres, area = body.vertices[body.faces[mine]].mean(axis=1), body.face_area[mine]
    centre = np.average(centres, axis=0, weights=area)
    return centre, np.linalg.eigh(np.cov((centres - centre).T, aweights=area))[1].T[::-1]


def _root(body: Body, part: int) -> Floats:
    """Where a part hangs on: the centre (3,) of its border with the neighbour fewest parts away from the torso."""
    rows = [np.unique(body.faces[body.face_part == p]) for p in range(len(body.part_names) + 1)]
    border = {q: np.intersect1d(rows[part], rows[q]) for q in range(1, len(rows)) if q != part}
    hops = _hops(body, rows)
    near = min((q for q in border if len(border[q])), key=lambda q: hops[q], default=None)
    return body.vertices.mean(axis=0) if near is None else body.vertices[border[near]].mean(axis=0)


def _hops(body: Body, rows: list[NDArray[np.int32]]) -> dict[int, int]:
    """Steps from part to neighbouring part, from the torso (else the largest part)."""
    count = len(body.part_names)
    area = np.bincount(body.face_part, body.face_area, minlength=count + 1)
    start = next((p for p in range(1, count + 1) if kind(body.part_names[p - 1]) == "torso"), int(area.argmax()))
    hops, ring = {start: 0}, [start]
    while ring:
        step = [q for q in range(1, count + 1) if q not in hops and any(_touch(rows[p], rows[q]) for p in ring)]
        hops |= dict.fromkeys(step, hops[ring[0]] + 1)
        ring = step
    return {p: hops.get(p, count) for p in range(1, count + 1)}


def _touch(a: NDArray[np.int32], b: NDArray[np.int32]) -> bool:
    return len(np.intersect1d(a, b)) > 0


def palm_normal(body: Body) -> Floats | None:
    """Where the left palm faces, by the knuckles; None for a body without finger joints."""
    needed = ("left_wrist", "left_index1", "left_middle1", "left_pinky1")
    if body.rig is None or not set(needed) <= set(body.rig.joint_names):
        return None
    joints = body.rig.J_regressor @ body.rig.v_template
    wrist, index, middle, little = (joints[body.rig.joint_names.index(name)] for name in needed)
    return np.cross(middle - wrist, index - little)
