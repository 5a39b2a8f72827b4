"""The landmarks of a rest body that clothes are cut by, and the shapes cloth can take on it; made once per body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import spsolve
from scipy.spatial import ConvexHull

from surface.body import vertex_normals
from surface.rig import shape

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

NONE, TORSO, HEAD, HAND, FOOT, UPPER_ARM, LOWER_ARM, UPPER_LEG, LOWER_LEG = range(9)
_ROLES = (
    ("torso", TORSO), ("head", HEAD), ("hand", HAND), ("foot", FOOT), ("upper arm", UPPER_ARM),
    ("lower arm", LOWER_ARM), ("upper leg", UPPER_LEG), ("lower leg", LOWER_LEG),
    ("arm", UPPER_ARM), ("leg", UPPER_LEG),
)  # fmt: skip
_SEGMENTS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_DRESSED = ("head", "torso", "arm", "leg", "foot")
# Bins around and along a limb in which its girth is measured.
_AROUND, _ALONG = 24, 32


class Frame(NamedTuple):
    """Landmarks as numbers; metres, rest axes. Sides are 0 left, 1 right; segments as in ``_SEGMENTS``."""

    role: NDArray[np.int64]
    """(P+1,) what a coarse part is."""
    side: NDArray[np.int64]
    """(P+1,) 0 left, 1 right, by the part's name."""
    origin: Floats
    """(2,4,3) where each limb segment starts."""
    axis: Floats
    """(2,4,3) unit, down the segment."""
    front: Floats
    """(2,4,3) unit, from which angles around it count: forward."""
    beside: Floats
    """(2,4,3) unit, the third axis."""
    length: Floats
    """(2,4)."""
    radius: Floats
    """(4,) mean girth radius."""
    neck: Floats
    """(3,) the neck's joint."""
    shoulder: Floats
    """(3,) the left shoulder's joint."""
    hip: float
    """Height of the hips' joints."""
    middle: float
    """Depth (z) of the torso's axis."""
    ground: float
    crown: float
    eyes: Floats
    """(3,) the left eye."""
    nose: Floats
    """(3,)."""
    ears: Floats
    """(3,) the left ear."""
    skull: Floats
    """(3,) the middle of the head."""
    faced: bool
    """Whether eyes, ears and nose are known."""


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """What clothes on one body are made by.

    Attributes:
        frame: the landmarks.
        rest: (V,3) metres, the rest body.
        part: (V,) a coarse part of each vertex.
        normals: (V,3) unit, outward, of the smoothed body in shoes.
        tidy: (V,3) metres, to the surface of tight cloth, which bridges hollows.
        hang: (V,) metres, how far cloth that hangs from above is away from the body.
        radial: (V,3) unit, away from the axis of torso or limb.
        drape: (V,) metres, the same as ``hang`` of a shirt over the hips, for torso and upper legs.
        around: (V,3) unit, away from the axis of the torso.
        last: (V,3) metres, to the surface of a shoe; zero elsewhere.
        flat: (V,3) metres, to a head without ears.
    """

    frame: Frame
    rest: Floats
    part: NDArray[np.int64]
    normals: Floats
    tidy: Floats
    hang: Floats
    radial: Floats
    drape: Floats
    around: Floats
    last: Floats
    flat: Floats

    @classmethod
    def measure(cls, body: Body) -> Wardrobe:
        """Landmarks of the body's rest pose. The body must have a rig with SMPL's joint names."""
        assert body.rig is not None
        rest = shape(body.rig)
        frame = _frame(body, rest)
        part = np.zeros(len(rest), np.int64)
        part[body.faces.ravel()] = np.repeat(body.face_part, 3)
        role = frame.role[part]
        graph = _neighbours(body)
        clothed = ~np.isin(role, (HEAD, HAND, FOOT))
        # Small things vanish under cloth, hollows are bridged.
        smooth = rest.copy()
        for step in range(70):
            middle = graph @ smooth
            if step < 4:
                smooth[clothed] += 0.5 * (middle - smooth)[clothed]
            else:
                normals = vertex_normals(smooth, body.faces)
                out = np.einsum("vc,vc->v", middle - smooth, normals).clip(0, 0.004)
                smooth[clothed] += 0.8 * (out[:, None] * normals)[clothed]
        tidy = smooth - rest
        tidy *= np.minimum(1, 0.03 / np.maximum(np.linalg.norm(tidy, axis=1), 1e-9))[:, None]
        hang, radial = _hang(frame, rest + tidy, role, part)
        last = _last(frame, body, rest, role, part)
        normals = vertex_normals(rest + tidy + last, body.faces)
        drape, around = _drape(frame, rest + tidy, role, normals)
        return cls(
            frame=frame,
            rest=rest,
            part=part,
            normals=normals,
            tidy=tidy,
            hang=hang,
            radial=radial,
            drape=drape,
            around=around,
            last=last,
            flat=_earless(frame, body, rest, role),
        )


def check_dressable(body: Body) -> None:
    """Raise ValueError for a body without one of the parts that clothes are put on, known by their names."""
    names = [name.lower() for name in body.part_names]
    missing = [word for word in _DRESSED if not any(word in name for name in names)]
    if missing:
        raise ValueError(f"body {body.name!r} has no part called {', '.join(missing)}: it cannot be dressed")


def _frame(body: Body, rest: Floats) -> Frame:
    assert body.rig is not None
    joints = dict(zip(body.rig.joint_names, body.rig.J_regressor @ rest, strict=True))
    points = dict(zip(body.keypoint_names, body.keypoint_regressor @ rest, strict=True))
    names = [name.lower() for name in body.part_names]
    role = [NONE] + [next((code for word, code in _ROLES if word in name), NONE) for name in names]
    origin, axis, front, beside = (np.zeros((2, 4, 3)) for _ in range(4))
    length = np.zeros((2, 4))
    for s, side in enumerate(("left", "right")):
        for k, (start, end) in enumerate(_SEGMENTS):
            a, b = joints[f"{side}_{start}"], joints[f"{side}_{end}"]
            length[s, k] = np.linalg.norm(b - a)
            origin[s, k], axis[s, k] = a, (b - a) / length[s, k]
            forward = np.array([0.0, 0.0, 1.0]) - axis[s, k, 2] * axis[s, k]
            front[s, k] = forward / np.linalg.norm(forward)
            # Towards the person's outside on both sides, so that left and right are mirrored.
            beside[s, k] = np.cross(axis[s, k], front[s, k]) * (-1 if s else 1)
    faced = set(_FACE) <= set(points)
    head = rest[np.unique(body.faces[np.isin(body.face_part, [p for p, r in enumerate(role) if r == HEAD])])]
    crown = float(rest[:, 1].max())
    guess = joints["head"]
    eyes, nose, ears = (points["left_eye"], points["nose"], points["left_ear"]) if faced else (guess, guess, guess)
    skull = np.array([0.0, eyes[1] + 0.015, (head[:, 2].min() + eyes[2]) / 2 + 0.005])
    return Frame(
        role=np.array(role),
        side=np.array([0] + [int("right" in name) for name in names]),
        origin=origin,
        axis=axis,
        front=front,
        beside=beside,
        length=length,
        radius=np.array([0.05, 0.042, 0.085, 0.055]),
        neck=joints["neck"],
        shoulder=joints["left_shoulder"],
        hip=float(joints["left_hip"][1] + joints["right_hip"][1]) / 2,
        middle=float(joints["neck"][2] + joints["left_hip"][2]) / 2,
        ground=float(rest[:, 1].min()),
        crown=crown,
        eyes=eyes,
        nose=nose,
        ears=ears,
        skull=skull,
        faced=faced,
    )


def _neighbours(body: Body) -> csr_array:
    """(V,V) the mean of each vertex's neighbours."""
    i, j = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]]).T
    count = len(body.vertices)
    ones = np.ones(2 * len(i))
    graph = csr_array(coo_array((ones, (np.r_[i, j], np.r_[j, i])), shape=(count, count)))
    return csr_array(diags_array(1 / np.maximum(graph.sum(axis=1), 1)) @ graph)


def _polar(frame: Frame, points: Floats, segment: int, side: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Metres down a segment, angle, distance (N,) from its axis and the direction away from it (N,3)."""
    local = points - frame.origin[side, segment]
    along = local @ frame.axis[side, segment]
    away = local - along[:, None] * frame.axis[side, segment]
    distance = np.linalg.norm(away, axis=1)
    angle = np.arctan2(away @ frame.beside[side, segment], away @ frame.front[side, segment])
    return along, angle, distance, away / np.maximum(distance, 1e-9)[:, None]


def _hang(frame: Frame, points: Floats, role: NDArray[np.int64], part: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """How far hanging cloth is from each vertex (V,), and the direction (V,3) in which."""
    hang, radial = np.zeros(len(points)), np.zeros((len(points), 3))
    torso = role == TORSO
    hang[torso], radial[torso] = 0.0, _outward(frame, points)[torso]
    for side in range(2):
        for first in (0, 2):
            along, angle, distance, mine = [], [], [], []
            for k in (first, first + 1):
                rows = np.flatnonzero((role == UPPER_ARM + k) & (frame.side[part] == side))
                s, a, d, out = _polar(frame, points[rows], k, side)
                radial[rows] = out
                mine.append(rows)
                along.append(s.clip(0) + (frame.length[side, first] if k > first else 0))
                angle.append(a)
                distance.append(d)
            rows = np.concatenate(mine)
            start = 0.06 if first else 0.05
            hang[rows] = _fall(
                np.concatenate(along) - start, np.concatenate(angle), np.concatenate(distance), 0.05 if first else 0.03
            )
    return hang.clip(0, 0.07), radial


def _outward(frame: Frame, points: Floats) -> Floats:
    flat = (points - [0, 0, frame.middle]) * [1, 0, 1]
    return flat / np.maximum(np.linalg.norm(flat, axis=1), 1e-9)[:, None]


def _drape(frame: Frame, points: Floats, role: NDArray[np.int64], normals: Floats) -> tuple[Floats, Floats]:
    """``_hang`` of a shirt that falls over the hips: torso and upper legs as one."""
    drape, around = np.zeros(len(points)), _outward(frame, points)
    rows = np.flatnonzero((role == TORSO) | ((role == UPPER_LEG) & (points[:, 1] > frame.hip - 0.3)))
    distance = np.linalg.norm((points[rows] - [0, 0, frame.middle]) * [1, 0, 1], axis=1)
    angle = np.arctan2(points[rows, 0], points[rows, 2] - frame.middle)
    # Below the armpits only: above, cloth lies on the shoulders. Not between the legs.
    drape[rows] = _fall(frame.shoulder[1] - 0.03 - points[rows, 1], angle, distance, 0.06)
    drape *= np.clip(1.6 * np.einsum("vc,vc->v", normals, around), 0, 1)
    return drape.clip(0, 0.07), around


def _fall(down: Floats, angle: Floats, distance: Floats, taper: float) -> Floats:
    """How much farther (N,) than a limb's surface the widest girth above it is, less ``taper`` per metre."""
    reach = max(float(down.max()), 1e-3)
    row = (down.clip(0, reach) / reach * (_ALONG - 1)).round().astype(int)
    column = np.floor((angle / (2 * np.pi) % 1) * _AROUND).astype(int) % _AROUND
    girth = np.zeros((_ALONG, _AROUND))
    np.maximum.at(girth, (row, column), distance)
    girth = np.maximum(girth, (np.roll(girth, 1, 1) + np.roll(girth, -1, 1)) / 2)
    for r in range(1, _ALONG):
        girth[r] = np.maximum(girth[r], girth[r - 1] - taper * reach / _ALONG)
    girth = (2 * girth + np.roll(girth, 1, 1) + np.roll(girth, -1, 1)) / 4
    # Read between the bins' middles.
    x, y = (angle / (2 * np.pi) % 1) * _AROUND - 0.5, down.clip(0, reach) / reach * (_ALONG - 1)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int).clip(0, _ALONG - 2)
    a, b = x - i, y - j
    low = girth[j, i % _AROUND] * (1 - a) + girth[j, (i + 1) % _AROUND] * a
    high = girth[j + 1, i % _AROUND] * (1 - a) + girth[j + 1, (i + 1) % _AROUND] * a
    return np.where(down > 0, low * (1 - b) + high * b - distance, 0.0).clip(0) * np.clip(down / 0.05, 0, 1)


def _soften(body: Body, rest: Floats, rows: NDArray[np.int64], strength: float) -> Floats:
    """Positions (n,3) of some vertices with what is small beside sqrt(strength) steps melted away."""
    inside = np.zeros(len(rest), bool)
    inside[rows] = True
    graph = _neighbours(body)[rows]
    system = diags_array(np.full(len(rows), 1 + strength)) - strength * graph[:, rows]
    right = rest[rows] + strength * (graph[:, ~inside] @ rest[~inside])
    return np.asarray(spsolve(csr_array(system).tocsc(), right))


def _last(frame: Frame, body: Body, rest: Floats, role: NDArray[np.int64], part: NDArray[np.int64]) -> Floats:
    """From each vertex of a foot to a shoe's surface around it: the foot's convex hull, the toes melted into it."""
    out = np.zeros_like(rest)
    for side in range(2):
        rows = np.flatnonzero((role == FOOT) & (frame.side[part] == side))
        foot = rest[rows]
        ankle = frame.origin[side, 3] + frame.length[side, 3] * frame.axis[side, 3]
        # The toes shrink to a patch across the ball of the foot, which is then blown up to the hull.
        ball = foot[:, 2].max() - 0.27 * np.ptp(foot[:, 2])
        toes = foot[:, 2] > ball
        toe = np.array([foot[toes, 0].mean(), frame.ground + 0.03, ball - 0.03])
        heel = np.array([ankle[0], frame.ground + 0.035, foot[:, 2].min() + 0.04])
        soft = foot.copy()
        soft[toes] = _soften(body, rest, rows[toes], 3000.0)
        share = ((soft - heel) @ (toe - heel) / ((toe - heel) @ (toe - heel))).clip(0, 1)
        centre = heel + share[:, None] * (toe - heel)
        ray = soft - centre
        ray /= np.maximum(np.linalg.norm(ray, axis=1), 1e-9)[:, None]
        low = foot[foot[:, 1] < ankle[1] + 0.02]
        planes = ConvexHull(low).equations
        speed = ray @ planes[:, :3].T
        room = -(centre @ planes[:, :3].T + planes[:, 3])
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(speed > 1e-6, room / speed, np.inf).min(axis=1)
        hull = centre + reach[:, None] * ray
        share = np.clip((ankle[1] + 0.012 - foot[:, 1]) / 0.035, 0, 1)[:, None]
        out[rows] = share * (hull - foot)
    return out


def _earless(frame: Frame, body: Body, rest: Floats, role: NDArray[np.int64]) -> Floats:
    """From each vertex of the head to a head without ears."""
    out = np.zeros_like(rest)
    if not frame.faced:
        return out
    for side in (1, -1):
        ear = frame.ears * [side, 1, 1]
        away = (rest - ear) * [0.7, 0.85, 1.0]
        rows = np.flatnonzero((role == HEAD) & (np.linalg.norm(away, axis=1) < 0.036) & (rest[:, 0] * side > 0.05))
        if len(rows):
            out[rows] = _soften(body, rest, rows, 2000.0) - rest[rows]
    return out
