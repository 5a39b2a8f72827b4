"""What a rendered person wears and looks like: procedural colour by where a point lies on the rest body.

Clothes end where sleeves and legs end along the limbs of the rig; no geometry is added. Colours are linear RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.rig import shape

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SKINS = ("e6c2a8", "dfae8e", "d6a07c", "b67b55", "8f5a3a", "5f3b28", "432a1e")
_HAIRS = ("16110e", "2c1d15", "54361f", "8a5a2b", "c79a58", "8d8d8d", "6e2f17")
_CLOTHS = (
    "f3f1ec", "23252b", "3b4a6b", "7c1f2b", "2f5d4c", "c9a24a", "5b7fb4", "9b9fa6", "d9734e", "4d3b63", "b7c4b1",
    "e3b7bd", "1f3a5f", "6b5a49",
)  # fmt: skip
_TROUSERS = ("2b3445", "1d1e22", "5a5347", "3f5675", "7b7466", "8c8f94", "394034")
_SHOES = ("f3f1ec", "23252b", "3b4a6b", "7c1f2b", "2f5d4c", "5b7fb4", "9b9fa6", "4a3526")
_DRESSED = ("head", "torso", "arm", "leg", "foot")
_PATTERNS = ("plain", "plain", "stripes", "checks", "dots", "panel")


@dataclass(frozen=True)
class Cloth:
    """A fabric: two colours, a pattern, the pattern's period in metres, and how deep its folds are."""

    colour: Floats
    other: Floats
    pattern: str
    period: float
    folds: float


@dataclass(frozen=True)
class Outfit:
    """Looks of one person.

    ``sleeve`` and ``leg`` count limb segments: 0.5 ends half-way down the upper arm or leg, 1.9 above the wrist.
    """

    skin: Floats
    hair: Floats
    hairstyle: str
    eyes: Floats
    shirt: Cloth
    trousers: Cloth
    shoes: Floats
    barefoot: bool
    sleeve: float
    leg: float
    waves: Floats
    """(W,4): wave vectors in rad/m and phases of the folds."""


def linear(colour: str) -> Floats:
    """Linear RGB (3,) of a hexadecimal sRGB colour."""
    srgb = np.array([int(colour[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def dress(rng: np.random.Generator, textures: Sequence[Path] = ()) -> Outfit:
    """A random outfit; ``textures`` are the user's images of fabrics."""
    del textures

    def pick(colours: tuple[str, ...], hue: float = 0.10) -> Floats:
        colour = linear(colours[rng.integers(len(colours))]) * rng.uniform(0.85, 1.15)
        return np.clip(colour * rng.uniform(1 - hue, 1 + hue, 3), 0.004, 0.9)

    def cloth(colours: tuple[str, ...], patterns: tuple[str, ...], folds: float) -> Cloth:
        pattern = patterns[rng.integers(len(patterns))]
        return Cloth(pick(colours), pick(_CLOTHS), pattern, rng.uniform(0.03, 0.09), folds)

    waves = rng.normal(0, 1, (7, 3))
    waves *= rng.uniform(18, 75, (7, 1)) / np.linalg.norm(waves, axis=1, keepdims=True)
    return Outfit(
        skin=pick(_SKINS, 0.03),
        hair=pick(_HAIRS),
        hairstyle=str(rng.choice(["short", "short", "long", "cap", "bald"])),
        eyes=pick(("4a2f1b", "2f4a63", "3d4f33", "1f140d")),
        shirt=cloth(_CLOTHS, _PATTERNS, 0.22),
        trousers=cloth(_TROUSERS, ("plain", "plain", "plain", "checks"), 0.16),
        shoes=pick(_SHOES),
        barefoot=bool(rng.random() < 0.12),
        sleeve=float(rng.choice([0.12, 0.55, 0.62, 1.0, 1.9])),
        leg=float(rng.choice([0.55, 0.9, 1.92, 1.92, 1.92])),
        waves=np.concatenate([waves, rng.uniform(0, 2 * np.pi, (7, 1))], axis=1),
    )


@dataclass(frozen=True)
class Wardrobe:
    """The landmarks of a rest body that clothes are cut by; made once per body."""

    joints: dict[str, Floats]
    keypoints: dict[str, Floats]
    part_names: tuple[str, ...]
    ground: float
    crown: float
    vertices: int

    @classmethod
    def measure(cls, body: Body) -> Wardrobe:
        """Landmarks of the body's rest pose. The body must have a rig with SMPL's joint names."""
        assert body.rig is not None
        rest = shape(body.rig)
        joints = dict(zip(body.rig.joint_names, body.rig.J_regressor @ rest, strict=True))
        points = dict(zip(body.keypoint_names, body.keypoint_regressor @ rest, strict=True))
        names = tuple(name.lower() for name in body.part_names)
        return cls(joints, points, names, float(rest[:, 1].min()), float(rest[:, 1].max()), len(rest))


def paint(outfit: Outfit, wardrobe: Wardrobe, part: NDArray[np.uint8], rest: Floats) -> tuple[Floats, Floats, Floats]:
    """Colour of surface points.

    Args:
        outfit: what the person wears.
        wardrobe: the body's landmarks.
        part: (N,) coarse part 1..P.
        rest: (N,3) metres, positions in the rest pose.

    Returns:
        albedo (N,3) linear RGB, bump (N,3) to add to the normals (rest axes), shine (N,) in [0,1].
    """
    albedo = np.tile(outfit.skin, (len(rest), 1))
    # Skin is not one colour: slow variation.
    albedo *= 1 + 0.06 * np.sin(rest @ np.array([[23.0], [31.0], [17.0]]) + 1.0)
    shine, folds = np.full(len(rest), 0.18), np.zeros(len(rest))
    along = _along(wardrobe, part, rest)
    where = {word: np.isin(part, _parts(wardrobe, word)) for word in _DRESSED}
    waist = (wardrobe.joints["left_hip"][1] + wardrobe.joints["right_hip"][1]) / 2 + 0.07
    neck = np.linalg.norm((rest - wardrobe.joints["neck"]) * [1.0, 1.0, 0.8], axis=1)
    shirt = (where["torso"] & (rest[:, 1] > waist) & (neck > 0.085)) | (where["arm"] & (along < outfit.sleeve))
    trousers = (where["torso"] & (rest[:, 1] <= waist)) | (where["leg"] & (along < outfit.leg))
    for mask, cloth in ((shirt, outfit.shirt), (trousers, outfit.trousers)):
        across = np.where(where["torso"], rest[:, 0], rest[:, 2])[mask]
        down = np.where(where["torso"] | where["leg"], rest[:, 1], along * 0.28)[mask]
        albedo[mask] = _weave(cloth, across, down)
        shine[mask], folds[mask] = 0.03, cloth.folds
    belt = trousers & where["torso"] & (rest[:, 1] > waist - 0.028)
    albedo[belt] *= 0.45
    if not outfit.barefoot:
        low = rest[:, 1] - wardrobe.ground
        albedo[where["foot"]] = outfit.shoes
        albedo[where["foot"] & (low < 0.018)] = linear("e9e7e2")
        shine[where["foot"]] = 0.10
    _face(outfit, wardrobe, where["head"], rest, albedo, shine)
    phase = rest @ outfit.waves[:, :3].T + outfit.waves[:, 3]
    bump = np.cos(phase) @ (outfit.waves[:, :3] / np.linalg.norm(outfit.waves[:, :3], axis=1, keepdims=True))
    return albedo, bump * folds[:, None], shine


def check_dressable(body: Body) -> None:
    """Raise ValueError for a body without one of the parts that clothes are put on, known by their names."""
    names = [name.lower() for name in body.part_names]
    missing = [word for word in _DRESSED if not any(word in name for name in names)]
    if missing:
        raise ValueError(f"body {body.name!r} has no part called {', '.join(missing)}: it cannot be dressed")


def _parts(wardrobe: Wardrobe, word: str) -> list[int]:
    return [p + 1 for p, name in enumerate(wardrobe.part_names) if word in name]


def _along(wardrobe: Wardrobe, part: NDArray[np.uint8], rest: Floats) -> Floats:
    """How far (N,) down its limb a point lies, in segments: 0 at shoulder or hip, 1 at elbow or knee, 2 at the end."""
    out = np.zeros(len(rest))
    chains = (
        ("upper arm", "shoulder", "elbow", 0),
        ("lower arm", "elbow", "wrist", 1),
        ("upper leg", "hip", "knee", 0),
        ("lower leg", "knee", "ankle", 1),
    )
    for side in ("left", "right"):
        for word, start, end, offset in chains:
            mine = np.isin(part, [p for p in _parts(wardrobe, word) if side in wardrobe.part_names[p - 1]])
            a, b = wardrobe.joints[f"{side}_{start}"], wardrobe.joints[f"{side}_{end}"]
            out[mine] = offset + np.clip((rest[mine] - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return out


def _weave(cloth: Cloth, across: Floats, down: Floats) -> Floats:
    """Colours (N,3) of a fabric at (across, down) in metres."""
    u, v = across / cloth.period, down / cloth.period
    if cloth.pattern == "stripes":
        share = (np.mod(v, 1) < 0.45).astype(float)
    elif cloth.pattern == "checks":
        share = 0.5 * ((np.mod(u, 1) < 0.5).astype(float) + (np.mod(v, 1) < 0.5))
    elif cloth.pattern == "dots":
        row = np.floor(v)
        share = (np.hypot(np.mod(u + 0.5 * np.mod(row, 2), 1) - 0.5, np.mod(v, 1) - 0.5) < 0.22).astype(float)
    elif cloth.pattern == "panel":
        share = (np.abs(across) < 0.075).astype(float)
    else:
        share = np.zeros(len(across))
    grain = 1 + 0.05 * np.sin(2400 * across) * np.sin(2400 * down)
    return (cloth.colour * (1 - share[:, None]) + cloth.other * share[:, None]) * grain[:, None]


def _face(outfit: Outfit, wardrobe: Wardrobe, head: Flags, rest: Floats, albedo: Floats, shine: Floats) -> None:
    """Hair, eyes, brows and lips, in place."""
    points = wardrobe.keypoints
    if not {"nose", "left_eye", "right_eye", "left_ear", "right_ear"} <= set(points):
        return
    eyes = (points["left_eye"] + points["right_eye"]) / 2
    ears = (points["left_ear"] + points["right_ear"]) / 2
    nose = points["nose"]
    front = head & (rest[:, 2] > ears[2] + 0.02)

    def ellipse(centre: Floats, wide: float, high: float) -> Floats:
        return np.hypot((rest[:, 0] - centre[0]) / wide, (rest[:, 1] - centre[1]) / high)

    lips = front & (ellipse(nose - np.array([0, 0.037, 0]), 0.024, 0.009) < 1) & (rest[:, 2] > eyes[2] - 0.02)
    albedo[lips] *= [0.86, 0.55, 0.55]
    for eye in (points["left_eye"], points["right_eye"]):
        tilt = eye + np.array([np.sign(eye[0]) * 0.002, 0.021, 0])
        albedo[front & (ellipse(tilt, 0.019, 0.0038) < 1)] = outfit.hair * 0.7
        white = front & (ellipse(eye, 0.0145, 0.0058) < 1)
        albedo[white], shine[white] = linear("ece8e4"), 0.5
        albedo[white & (ellipse(eye, 0.0056, 0.0056) < 1)] = outfit.eyes
        albedo[white & (ellipse(eye, 0.0026, 0.0026) < 1)] = 0.004
    if outfit.hairstyle == "bald":
        return
    # A plane from the hairline on the forehead down to the nape.
    nape = wardrobe.joints["neck"][1] + {"short": 0.09, "cap": 0.11, "long": -0.02}[outfit.hairstyle]
    brow = eyes[1] + (0.034 if outfit.hairstyle == "cap" else 0.052)
    slope = (brow - nape) / max(eyes[2] - ears[2] + 0.07, 0.02)
    line = brow + slope * np.clip(rest[:, 2] - eyes[2] + 0.012, -0.2, 0.02)
    line = np.where(
        rest[:, 2] > ears[2] + 0.035, np.maximum(line, brow - 0.9 * np.abs(rest[:, 0] - eyes[0]) ** 2), line
    )
    near_ear = np.minimum(*(np.linalg.norm(rest - points[f"{side}_ear"], axis=1) for side in ("left", "right")))
    hair = head & (rest[:, 1] > line) & (near_ear > 0.03)
    strands = 1 + 0.22 * np.sin(900 * rest[:, 0] + 260 * rest[:, 2]) * np.sin(90 * rest[:, 1] + 700 * rest[:, 0])
    cap = outfit.hairstyle == "cap"
    albedo[hair] = outfit.shirt.other if cap else outfit.hair * strands[hair, None]
    shine[hair] = 0.04 if cap else 0.25
