"""Which garment covers a point of the rest body, and how far inside its edge the point lies: one rule for volume and
paint, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis import outfits as o
from synthesis.materials import inner
from synthesis.wardrobe import FOOT, HEAD, LOWER_ARM, LOWER_LEG, TORSO, UPPER_ARM, UPPER_LEG

FAR = -1.0


@inner
def locate(F: Any, part: int, x: float, y: float, z: float) -> tuple:
    """Where a point lies on its part of the body.

    Returns:
        role, side, segments down the limb (0 at shoulder or hip, 1 at elbow or knee), the segment's length, metres
        around (0 in front) and metres down, and the unit directions (3,) (3,) in which these grow.
    """
    role, side = F.role[part], F.side[part]
    if role < UPPER_ARM:
        middle_z = F.skull[2] if role == HEAD else F.middle
        wide = 1.0 if role == HEAD else 1.25
        ahead = (z - middle_z) * wide
        around = np.arctan2(x, ahead) * (0.09 if role == HEAD else 0.155)
        far = max(np.sqrt(x * x + ahead * ahead), 1e-12)
        return role, side, 0.0, 1.0, around, F.hip - y, ahead / far, 0.0, -x / far, 0.0, -1.0, 0.0
    k = role - UPPER_ARM
    a, d, f, b = F.origin[side, k], F.axis[side, k], F.front[side, k], F.beside[side, k]
    px, py, pz = x - a[0], y - a[1], z - a[2]
    s = px * d[0] + py * d[1] + pz * d[2]
    along_f = px * f[0] + py * f[1] + pz * f[2]
    along_b = px * b[0] + py * b[1] + pz * b[2]
    angle = np.arctan2(along_b, along_f)
    far = max(np.sqrt(along_f * along_f + along_b * along_b), 1e-12)
    c, n = along_f / far, along_b / far
    length = F.length[side, k]
    second = 1.0 if k == 1 or k == 3 else 0.0
    share = min(max(s / length, -0.5 if second == 0.0 else 0.0), 1.0 if second == 0.0 else 1.3)
    down = s + second * F.length[side, k - 1]
    return (
        role, side, second + share, length, angle * F.radius[k], down,
        c * b[0] - n * f[0], c * b[1] - n * f[1], c * b[2] - n * f[2], d[0], d[1], d[2],
    )  # fmt: skip


@inner
def neckline(L: Any, F: Any, x: float, y: float, z: float) -> float:
    """Metres outside the neck's opening of the top, for points of the torso."""
    up = y - F.neck[1]
    distance = np.sqrt(x * x + up * up + 0.64 * (z - F.neck[2]) ** 2)
    out = 0.2
    front = z > F.neck[2]
    if L.neckline == o.ROUND:
        out = distance - 0.082
    elif L.neckline == o.VEE or L.neckline == o.TANK:
        out = distance - (0.085 if L.neckline == o.VEE else 0.105)
        depth = 0.085 + L.neck_depth
        low = F.neck[1] - depth
        if front and y > low:
            half = 0.75 * (y - low) if L.neckline == o.VEE else 0.075 * np.sqrt((y - low) / depth)
            out = min(out, (abs(x) - half) * 0.8)
    elif L.neckline == o.SHIRT or L.neckline == o.POLO:
        low = F.neck[1] - 0.055 - 0.4 * L.neck_depth
        if front and y > low:
            out = abs(x) - 0.38 * (y - low)
    if L.neckline == o.TANK:
        across = np.sqrt((abs(x) - F.shoulder[0]) ** 2 + (y - F.shoulder[1]) ** 2)
        out = min(out, across - 0.062)
    return out


@inner
def edges(L: Any, F: Any, role: int, along: float, length: float, x: float, y: float, z: float) -> tuple:
    """Metres inside the edge of outer garment, top, bottom, shoe and sock at a point; negative outside of them."""
    outer = top = bottom = shoe = sock = FAR
    high = y - F.hip
    front = z > F.middle
    arm = role in (UPPER_ARM, LOWER_ARM)
    leg = role in (UPPER_LEG, LOWER_LEG)
    top_hem = L.top_hem
    if role == TORSO:
        top = min(neckline(L, F, x, y, z), high - top_hem)
        bottom = L.waist - high
        if L.outer > 0:
            up = y - F.neck[1]
            ring = np.sqrt(x * x + up * up + 0.64 * (z - F.neck[2]) ** 2) - 0.07
            outer = min(ring, high - L.outer_hem)
            if front and (L.outer == o.BLAZER or L.outer_open > 0):
                if L.outer == o.BLAZER:
                    half = max(0.30 * (high - 0.16), 0.18 * (0.08 - high))
                else:
                    half = L.outer_open + 0.16 * max(high - 0.25, 0.0)
                outer = min(outer, abs(x) - half)
            if L.outer == o.VEST:
                across = np.sqrt((abs(x) - F.shoulder[0]) ** 2 + (y - F.shoulder[1]) ** 2)
                outer = min(outer, across - 0.05)
    elif arm:
        top = (L.top_sleeve - along) * length
        if L.outer > 0 and L.outer != o.VEST:
            outer = (L.outer_sleeve - along) * length
    elif leg:
        if not L.tucked:
            top = high - top_hem
        bottom = (L.leg - along) * length
        if L.outer > 0:
            outer = high - L.outer_hem
            if front and (L.outer == o.BLAZER or L.outer_open > 0):
                half = max(L.outer_open, 0.18 * (0.08 - high) if L.outer == o.BLAZER else 0.0)
                outer = min(outer, abs(x) - half)
        if role == LOWER_LEG:
            above = (1.0 - (along - 1.0)) * length
            sock = L.sock - above
            if L.shoe == o.BOOT:
                shoe = 0.09 - above
    elif role == FOOT:
        rise = y - F.ground
        if L.shoe == o.BOOT:
            shoe = 0.2
        elif L.shoe > 0:
            ankle = F.origin[0, 3, 2] + F.length[0, 3] * F.axis[0, 3, 2]
            # Higher at the tongue and the heel than at the ankle.
            tongue = min(max((z - ankle) / 0.06, 0.0), 1.0)
            heel = min(max((ankle - 0.01 - z) / 0.03, 0.0), 1.0)
            low = 0.066 if L.shoe != o.OXFORD else 0.058
            shoe = low + 0.026 * tongue + 0.012 * heel - rise
        if L.sock > 0:
            sock = 0.2
    elif role == HEAD:
        up = y - F.neck[1]
        lean = 0.25 * (z - F.neck[2])
        if L.neckline == o.TURTLE:
            top = 0.046 - 0.7 * lean - up
        elif L.neckline == o.SHIRT or L.neckline == o.POLO:
            top = 0.040 - lean - up
            if front:
                top = min(top, abs(x) - 0.02 - 0.38 * max(y - F.neck[1] + 0.03, 0.0))
        elif L.neckline == o.HOOD:
            top = 0.028 - 2.2 * lean - up
        else:
            distance = np.sqrt(x * x + up * up + 0.64 * (z - F.neck[2]) ** 2)
            top = distance - 0.085 if up < 0.02 else FAR
        if L.outer > 0:
            outer = 0.038 - 1.6 * lean - up if L.outer != o.BLAZER else 0.02 - 1.6 * lean - up
            if L.outer == o.CARDIGAN or L.outer == o.VEST:
                outer = FAR
            if front and (L.outer == o.BLAZER or L.outer_open > 0):
                outer = min(outer, abs(x) - 0.06)
    return outer, top, bottom, shoe, sock
