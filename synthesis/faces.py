"""Skin and faces: eyes, brows, lips, blush, stubble and glasses, painted by the landmarks of the head."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis import outfits as o
from synthesis.hair import bearing, hairline
from synthesis.materials import clumps, inner, line, mix, noise, ramp
from synthesis.wardrobe import FOOT, HAND, HEAD, LOWER_ARM, LOWER_LEG, UPPER_LEG


@inner
def skin(L: Any, role: int, along: float, x: float, y: float, z: float) -> tuple:
    """Colour and shine of bare skin."""
    slow = noise(14 * x + 3, 11 * y + 9 * z, L.seed) - 0.5
    fine = noise(90 * x, 80 * y + 70 * z, L.seed + 1) - 0.5
    tone = 1.0 + 0.10 * slow + 0.05 * fine
    # Blood near the surface reddens, knees and elbows are darker.
    red, dark = 0.04 * (noise(23 * x, 19 * y + 17 * z, L.seed + 2) - 0.5), 0.0
    if role in (HAND, FOOT):
        red += 0.05 + 0.06 * noise(130 * x, 130 * y + 90 * z, L.seed + 3)
        dark += 0.05
    elif role in (LOWER_ARM, LOWER_LEG, UPPER_LEG):
        bend = np.exp(-(((along - 1.0) / 0.07) ** 2))
        red += 0.05 * bend
        dark += 0.10 * bend
    if L.freckles > 0.0 and (role in (HEAD, LOWER_ARM)):
        dark += 0.22 * L.freckles * ramp(0.80, 0.95, noise(330 * x, 330 * y + 200 * z, L.seed + 4))
    tone *= 1.0 - dark
    return L.skin[0] * tone * (1 + red), L.skin[1] * tone * (1 - 0.7 * red), L.skin[2] * tone * (1 - 0.8 * red), 0.17


@inner
def face(L: Any, F: Any, x: float, y: float, z: float, r: float, g: float, b: float) -> tuple:
    """Colour and shine of a point of the head that no hair covers, over skin of colour (r, g, b)."""
    shine = 0.20
    ex, _ey, _ez = abs(F.eyes[0]), F.eyes[1], F.eyes[2]
    ax, up = abs(x), y - F.eyes[1]
    if z > F.ears[2] + 0.02:
        # Cheeks, nose and chin have more blood, the brow's shadow and the sockets less light.
        cheek = np.exp(-(((ax - 0.040) / 0.020) ** 2) - ((up + 0.034) / 0.018) ** 2)
        tip = np.exp(-((x / 0.013) ** 2) - ((y - F.nose[1] + 0.002) / 0.014) ** 2) if z > F.nose[2] - 0.03 else 0.0
        blush = 0.13 * cheek + 0.12 * tip
        socket = np.exp(-(((ax - ex) / 0.020) ** 2) - ((up - 0.001) / 0.013) ** 2)
        r, g, b = (
            r * (1 - 0.10 * socket),
            g * (1 - blush) * (1 - 0.15 * socket),
            b * (1 - 1.1 * blush) * (1 - 0.13 * socket),
        )
        shine += 0.10 * np.exp(-((x / 0.018) ** 2)) * ramp(-0.045, 0.02, up)
        mouth = F.nose[1] - 0.0445
        my = y - mouth
        # Stubble and beard.
        if L.beard != o.SHAVEN:
            jaw = ramp(0.014, 0.002, my - 0.25 * max(ax - 0.03, 0.0)) * ramp(-0.085, -0.06, my)
            jaw = max(jaw, ramp(0.046, 0.056, ax) * ramp(0.060, 0.035, my) * ramp(-0.06, -0.04, my))
            lip = np.exp(-(((my - 0.0155) / 0.0055) ** 2)) * ramp(0.032, 0.024, ax)
            chin = ramp(0.030, 0.020, ax) * ramp(-0.008, -0.014, my) * ramp(-0.07, -0.05, my)
            ring = max(
                lip, chin, np.exp(-(((ax - 0.028) / 0.005) ** 2)) * ramp(0.016, 0.008, my) * ramp(-0.03, -0.02, my)
            )
            area = max(jaw, lip)
            if L.beard == o.MOUSTACHE:
                area = lip
            elif L.beard == o.GOATEE:
                area = ring
            hairs = 0.65 + 0.35 * noise(600 * x, 600 * y + 200 * z, L.seed + 5)
            share = area * (0.34 if L.beard == o.STUBBLE else 0.88) * hairs
            r, g, b = (
                r + share * (0.8 * L.hair[0] - r),
                g + share * (0.8 * L.hair[1] - g),
                b + share * (0.8 * L.hair[2] - b),
            )
            shine *= 1 - 0.6 * share
        # Lips: a bow above, fuller below, dark where they meet.
        if ax < 0.032 and -0.022 < my < 0.02 and z > F.nose[2] - 0.045:
            taper = max(1.0 - (ax / 0.0262) ** 2, 0.0)
            bow = 0.0082 * taper * (1 - 0.22 * np.exp(-((x / 0.005) ** 2)))
            low = 0.0105 * taper
            inside = ramp(-0.001, 0.0016, min(bow - my, my + low)) if taper > 0 else 0.0
            inside *= 0.85
            r, g, b = r + inside * (L.lips[0] - r), g + inside * (L.lips[1] - g), b + inside * (L.lips[2] - b)
            part = line(my - 0.0004, 0.0009) * ramp(0.0285, 0.024, ax) * 0.62
            r, g, b = r * (1 - part), g * (1 - part), b * (1 - part)
            shine += 0.18 * inside
        # Nostrils.
        hole = np.exp(-(((ax - 0.0085) / 0.0042) ** 2) - ((y - F.nose[1] + 0.0135) / 0.003) ** 2)
        if z > F.nose[2] - 0.035:
            r, g, b = r * (1 - 0.6 * hole), g * (1 - 0.68 * hole), b * (1 - 0.68 * hole)
        # Brows: rising outwards, then falling.
        t = (ax - 0.011) / 0.040
        if -0.1 < t < 1.1:
            middle = 0.0185 + 0.0062 * np.sin(2.3 * max(t, 0.0)) - 0.004 * t
            half = 0.0042 * L.brows * (1.0 - 0.65 * max(t, 0.0))
            brow = ramp(1.5 * half, 0.6 * half, abs(up - middle)) * ramp(-0.08, 0.10, t) * ramp(1.08, 0.85, t)
            brow *= 0.75 + 0.25 * noise(700 * x, 300 * y, L.seed + 6)
            r, g, b = mix(r, g, b, 0.86 * brow, 0.5 * L.hair[0] + 0.02 * r, 0.5 * L.hair[1], 0.5 * L.hair[2])
        r, g, b, shine = _eye(L, ax - ex, up, x, r, g, b, shine)
    ear = np.sqrt((ax - F.ears[0]) ** 2 + (y - F.ears[1]) ** 2 + (z - F.ears[2]) ** 2)
    glow = 0.10 * ramp(0.035, 0.02, ear)
    g, b = g * (1 - glow), b * (1 - glow)
    if L.glasses > 0:
        r, g, b, shine = _glasses(L, F, ax, up, z, r, g, b, shine)
    # Hair is shaved or thins out towards its edge.
    if L.hairstyle != o.BALD:
        soft = ramp(-0.010, 0.0, hairline(L, F, x, y, z)) * (0.45 if bearing(F, x, z) < 2.2 else 0.6)
        r, g, b = r + soft * (L.hair[0] - r), g + soft * (L.hair[1] - g), b + soft * (L.hair[2] - b)
    return r, g, b, shine


@inner
def _eye(L: Any, dx: float, dy: float, x: float, r: float, g: float, b: float, shine: float) -> tuple:
    """An eye around (dx, dy) = 0; dx grows to the outside."""
    if abs(dx) > 0.022 or abs(dy) > 0.014:
        return r, g, b, shine
    t = dx / 0.0142
    if abs(t) < 1.0:
        upper, lower = 0.0062 * (1 - t * t) ** 0.75 + 0.0008 * t, -0.0046 * (1 - t * t) ** 0.75 + 0.0008 * t
        inside = ramp(-0.0005, 0.0007, min(upper - dy, dy - lower))
        if inside > 0.0:
            wr = wg = wb = 0.66
            wg, wb = wg * 0.97, wb * 0.95
            # Both eyes look the same way.
            away = np.hypot(dx, dy - 0.0006)
            iris = ramp(0.0066, 0.0058, away)
            ring = 1.0 - 0.55 * ramp(0.0042, 0.0062, away)
            wr, wg, wb = mix(wr, wg, wb, iris, L.iris[0] * ring, L.iris[1] * ring, L.iris[2] * ring)
            pupil = ramp(0.0031, 0.0024, away)
            wr, wg, wb = wr * (1 - pupil) + 0.004, wg * (1 - pupil) + 0.004, wb * (1 - pupil) + 0.004
            # The lid's shadow, and the light in the eye.
            shade = 1.0 - 0.5 * ramp(0.0035, 0.0, upper - dy) - 0.25 * ramp(0.7, 1.0, abs(t))
            side = 1.0 if x > 0 else -1.0
            spark = 0.85 * ramp(0.0016, 0.0008, np.hypot(dx * side + 0.0018, dy - 0.0026))
            wr, wg, wb = wr * shade + spark, wg * shade + spark, wb * shade + spark
            r, g, b = r + inside * (wr - r), g + inside * (wg - g), b + inside * (wb - b)
            shine += inside * 0.5
        lash = line(dy - upper - 0.0004, 0.0009) * 0.85 + 0.35 * line(dy - lower + 0.0003, 0.0006)
        r, g, b = r * (1 - 0.92 * lash), g * (1 - 0.92 * lash), b * (1 - 0.92 * lash)
        # The fold of the lid.
        fold = 0.28 * line(dy - upper - 0.0038, 0.0009)
        r, g, b = r * (1 - fold), g * (1 - fold), b * (1 - fold)
    return r, g, b, shine


@inner
def _glasses(L: Any, F: Any, ax: float, up: float, z: float, r: float, g: float, b: float, shine: float) -> tuple:
    """Frames and temples; kind 3 has dark lenses."""
    ex = abs(F.eyes[0]) + 0.001
    dark = 0.012 if L.glasses != 2 else 0.12
    if z > F.ears[2] + 0.055:
        if L.glasses == 2:
            away = np.hypot(ax - ex, up + 0.002) - 0.0205
        else:
            away = max(abs(ax - ex) - 0.0235, abs(up + 0.002) - 0.0165)
            corner = np.hypot(max(abs(ax - ex) - 0.0155, 0.0), max(abs(up + 0.002) - 0.0085, 0.0)) - 0.008
            away = max(away, corner)
        rim = line(away, 0.0016 if L.glasses != 2 else 0.0011)
        if L.glasses == 3:
            lens = ramp(0.001, -0.001, away)
            r, g, b = r + lens * (0.015 - r), g + lens * (0.015 - g), b + lens * (0.018 - b)
            shine += lens * (0.3 - shine)
        bridge = line(up - 0.004, 0.0014) if ax < ex - 0.02 else 0.0
        rim = max(rim, bridge)
    else:
        rim = line(up - 0.006, 0.0018) if z > F.ears[2] - 0.005 else 0.0
    r, g, b = r + rim * (dark - r), g + rim * (dark - g), b + rim * (dark - b)
    return r, g, b, shine + 0.3 * rim


@inner
def hair(L: Any, F: Any, inside: float, x: float, y: float, z: float) -> tuple:
    """Colour, shine of hair, and how its strands tilt the normal sideways (round the head)."""
    angle = np.arctan2(x - L.parting * ramp(0.04, 0.09, y - F.eyes[1]), z - F.skull[2] + 0.02)
    if L.hairstyle == o.CURLY or L.hairstyle == o.AFRO:
        a, b = clumps(110 * x, 110 * y, 110 * z, L.seed), clumps(260 * x, 260 * y, 260 * z, L.seed + 1)
        tone, tilt, shine = 0.35 + 0.75 * a + 0.5 * b, 1.6 * (a - 0.5), 0.06
    else:
        a = noise(28 * angle, 14 * (y - F.eyes[1]), L.seed)
        b = noise(95 * angle, 22 * (y - F.eyes[1]), L.seed + 1)
        tone, tilt, shine = 0.55 + 0.50 * a + 0.40 * b, 0.7 * (a - 0.5) + 0.5 * (b - 0.5), 0.26
        if L.hairstyle == o.BUZZ:
            tone, tilt, shine = 0.8 + 0.3 * noise(500 * x, 500 * y + 400 * z, L.seed), 0.0, 0.1
        elif L.hairstyle == o.PONYTAIL or L.hairstyle == o.BUN:
            away = np.sqrt(x * x + (y - F.eyes[1] - 0.055) ** 2 + (z - F.skull[2] + 0.085) ** 2)
            tone *= 1.0 - 0.5 * line(away - 0.034, 0.003)
    # Where it parts, the scalp shows a little; roots are darker.
    if L.hairstyle == o.LONG or L.hairstyle == o.BOB:
        tone *= 1.0 - 0.35 * line(x - L.parting, 0.0022) * ramp(0.07, 0.09, y - F.eyes[1])
    tone *= 0.72 + 0.28 * ramp(0.0, 0.03, inside)
    return L.hair[0] * tone, L.hair[1] * tone, L.hair[2] * tone, shine, tilt
