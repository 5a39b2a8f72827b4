"""The colour of a dressed person by where a point lies on the rest body, compiled. Colours are linear RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthesis import materials as m
from synthesis import outfits as o
from synthesis.cover import edges, locate
from synthesis.faces import face, hair, skin
from synthesis.hair import hairline, hatline
from synthesis.materials import compiled, inner, line, noise, ramp, record, ridges, unwound, weave
from synthesis.trims import on_bottom, on_outer, on_shoe, on_top
from synthesis.wardrobe import FOOT, HAND, HEAD, LOWER_ARM, LOWER_LEG, TORSO, UPPER_ARM, UPPER_LEG

if TYPE_CHECKING:
    from synthesis.outfits import Outfit
    from synthesis.wardrobe import Wardrobe

Singles = NDArray[np.float32]

FAR_BELOW = -0.2


def paint(
    outfit: Outfit, wardrobe: Wardrobe, part: NDArray[np.uint8], rest: ArrayLike
) -> tuple[Singles, Singles, Singles]:
    """Colour of surface points.

    Args:
        outfit: what the person wears.
        wardrobe: the body's landmarks.
        part: (N,) coarse part 1..P.
        rest: (N,3) metres, positions on the rest body without clothes.

    Returns:
        albedo (N,3) linear RGB in [0,1], bump (N,3) to add to the normals (rest axes), shine (N,) in [0,1].
    """
    points = np.ascontiguousarray(rest, np.float32)
    albedo, bump, shine = np.empty_like(points), np.zeros_like(points), np.empty(len(points), np.float32)
    look, frame = record(outfit.look), record(wardrobe.frame)
    _paint(look, frame, outfit.pictures, np.ascontiguousarray(part), points, albedo, bump, shine)
    return albedo, bump, shine


@compiled
def _paint(looks: Any, frames: Any, pictures: Any, part: Any, rest: Any, albedo: Any, bump: Any, shine: Any) -> None:
    L, F = looks[0], frames[0]
    for n in range(len(rest)):
        x, y, z = rest[n, 0], rest[n, 1], rest[n, 2]
        role, side, along, length, u, v, tx, ty, tz, dx, dy, dz = locate(F, int(part[n]), x, y, z)
        outer, top, bottom, shoe, sock = edges(L, F, role, along, length, x, y, z)
        r = g = b = gloss = across = down = 0.0
        shade = 1.0
        head = role == HEAD
        hat = hatline(L, F, y, z) if head else -1.0
        inside = hairline(L, F, x, y, z) if head else -1.0
        row = -1
        if hat > 0.0:
            row = o.HAT
        elif outer > 0.0:
            row = o.OUTER
        elif bottom > 0.0 and (L.tucked or top <= 0.0):
            row = o.BOTTOM
        elif top > 0.0:
            row = o.TOP
        elif shoe > 0.0:
            row = o.SHOE
        elif sock > 0.0:
            row = o.SOCK
        elif inside > 0.0:
            r, g, b, gloss, across = hair(L, F, inside, x, y, z)
            across *= 0.5
            shade = 0.75 + 0.25 * ramp(-0.03, 0.0, hat) if L.hat > 0 else 1.0
            row = -2
        if row >= 0:
            cloth = L.cloths[row]
            r, g, b = weave(cloth, u, v, pictures)
            gloss = cloth[m.GLOSS]
            if row == o.SHOE:
                r, g, b, gloss = on_shoe(L, F, shoe, x, y, z, r, g, b, gloss)
            else:
                strength = cloth[m.FOLDS]
                if strength > 0.0 and row != o.HAT and row != o.SOCK:
                    across, down, shade = _folds(L, row, role, along, u, v, strength)
                wear = noise(7 * u + 2, 5 * v, L.seed + 20) - 0.5
                shade *= 1.0 + 0.10 * L.wear * wear
                if row == o.TOP:
                    r, g, b = on_top(L, F, role, top, along, length, u, v, x, y, z, r, g, b)
                elif row == o.OUTER:
                    r, g, b = on_outer(L, F, role, outer, along, length, u, v, x, y, z, r, g, b)
                elif row == o.BOTTOM:
                    r, g, b = on_bottom(L, F, role, bottom, along, length, u, x, y, z, r, g, b)
                elif row == o.HAT:
                    fold = line(hat - 0.045, 0.002) if L.hat == o.BEANIE else line(hat - 0.012, 0.001)
                    shade *= 1.0 - 0.35 * fold
                    if L.hat == o.BEANIE:
                        shade *= 0.88 + 0.14 * np.sin(u * 900.0)
        elif row == -1:
            r, g, b, gloss = skin(L, role, along, x, y, z)
            if head and F.faced:
                r, g, b, gloss = face(L, F, x, y, z, r, g, b)
            if role == HAND and L.gloves:
                r, g, b, gloss = 0.02, 0.02, 0.023, 0.05
            elif role == LOWER_ARM and L.watch and side == 0:
                strap = line((1.90 - along) * length, 0.0075)
                face_ = strap * line(u - 0.066, 0.010)
                r, g, b = r + strap * (0.02 - r), g + strap * (0.02 - g), b + strap * (0.022 - b)
                r, g, b = r + face_ * (0.3 - r), g + face_ * (0.3 - g), b + face_ * (0.32 - b)
        # What lies under an edge is in its shadow.
        over = FAR_BELOW
        for e in (outer, top, bottom, shoe):
            if e <= 0.0:
                over = max(over, e)
        if head and hat <= 0.0 and L.hat > 0:
            over = max(over, hat)
        if row != -2:
            if over > -0.07:  # further away it is too faint to be seen
                shade *= 1.0 - 0.38 * np.exp(over / 0.007)
            if role == FOOT and row == o.SHOE and L.leg > 1.9:
                shade *= 1.0 - 0.35 * ramp(0.06, 0.085, y - F.ground)
        albedo[n, 0] = min(max(r * shade, 0.0), 1.0)
        albedo[n, 1] = min(max(g * shade, 0.0), 1.0)
        albedo[n, 2] = min(max(b * shade, 0.0), 1.0)
        bump[n, 0] = across * tx + down * dx
        bump[n, 1] = across * ty + down * dy
        bump[n, 2] = across * tz + down * dz
        shine[n] = min(max(gloss, 0.0), 1.0)


@inner
def _folds(L: Any, row: int, role: int, along: float, u: float, v: float, strength: float) -> tuple:
    """How folds tilt the normal around and down the limb, and how they shade."""
    ring = 0.35
    # Lengthwise folds and those across, in folds per metre around and down.
    lu, lv, cu, cv = 15.0, 5.5, 7.0, 21.0
    skew = 5.0
    if role == TORSO:
        ring = 0.75 * np.exp(-(((v + L.waist) / 0.07) ** 2)) if L.tucked else 0.35
        # Drawn from the armpits to the waist.
        lu, lv, cu, cv, skew = 13.0, 5.0, 7.0, 19.0, 3.0
    elif role in (UPPER_ARM, LOWER_ARM):
        # Sleeves crumple at the elbow and above the cuff.
        ring = 0.35 + 0.55 * np.exp(-(((along - 1.0) / 0.25) ** 2)) + 0.4 * ramp(1.6, 1.95, along)
    elif role in (UPPER_LEG, LOWER_LEG):
        ring = 0.30 + 0.5 * np.exp(-(((along - 1.0) / 0.16) ** 2)) + 0.55 * ramp(1.75, 1.97, along)
        ring += 0.5 * ramp(0.25, 0.02, along)
        if L.flare > 0.0:
            ring = 0.0
    ring = min(ring, 1.0)
    seed = L.seed + 31 * row
    u, v, side = unwound(u, v, 0.155 if role == TORSO else 0.07)
    h1, a1, b1 = ridges(lu * u + skew * v, lv * v, seed)
    h2, a2, b2 = ridges(cu * u, cv * v + 2.0 * skew * u, seed + 3)
    high = 0.0048
    here = high * ((1 - ring) * h1 + ring * h2)
    du = high * ((1 - ring) * a1 * lu + ring * (a2 * cu + b2 * 2.0 * skew))
    dv = high * ((1 - ring) * (a1 * skew + b1 * lv) + ring * b2 * cv)
    shade = 1.0 - strength * 24.0 * (0.0024 - here)
    return -strength * side * du * 1.6, -strength * dv * 1.6, min(max(shade, 0.75), 1.12)
