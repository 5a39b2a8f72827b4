"""Hair and hats: where they begin on the head, and the volume they have."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis import outfits as o
from synthesis.materials import clumps, inner, noise, ramp

# Where hair ends, by the angle (degrees) from the face around the head, in metres above the eyes.
_KNOTS = np.array([0, 25, 42, 58, 67, 74, 84, 100, 112, 125, 150, 180]) * np.pi / 180
_SHORT = (0.062, 0.065, 0.057, 0.030, -0.012, -0.014, 0.012, 0.014, -0.022, -0.045, -0.062, -0.066)
_HALF = (0.058, 0.060, 0.050, 0.024, -0.018, -0.02, -0.004, -0.002, -0.035, -0.055, -0.075, -0.08)
_LONG = (0.060, 0.058, 0.046, 0.020, -0.020, -0.045, -0.065, -0.075, -0.085, -0.095, -0.105, -0.105)
_TIED = (0.060, 0.064, 0.055, 0.034, -0.008, 0.0, 0.012, 0.014, -0.012, -0.032, -0.05, -0.054)
_LINES = np.array(
    [_SHORT, _SHORT, _SHORT, _SHORT, _HALF, _HALF, _LONG, _LONG, _TIED, _TIED, _SHORT]  # by hairstyle
)


@inner
def bearing(F: Any, x: float, z: float) -> float:
    """The angle from the face around the head, in [0,pi], the same on both sides."""
    return np.arctan2(abs(x), z - F.skull[2])


@inner
def hairline(L: Any, F: Any, x: float, y: float, z: float) -> float:
    """Metres inside the hair's edge; negative outside."""
    if L.hairstyle == o.BALD or not F.faced:
        return -1.0
    angle = bearing(F, x, z)
    k = 0
    while k < len(_KNOTS) - 2 and angle > _KNOTS[k + 1]:
        k += 1
    t = (angle - _KNOTS[k]) / (_KNOTS[k + 1] - _KNOTS[k])
    low = _LINES[L.hairstyle, k] + t * (_LINES[L.hairstyle, k + 1] - _LINES[L.hairstyle, k])
    low += 0.006 * (noise(260 * x, 90 * z, L.seed) - 0.5)
    inside = y - F.eyes[1] - low
    if L.hairstyle == o.BALDING:
        inside = min(inside, 0.055 + 0.02 * (angle - 2.2) - (y - F.eyes[1]), (angle - 1.05) * 0.08)
    return inside


@inner
def hatline(L: Any, F: Any, y: float, z: float) -> float:
    """Metres inside the hat's edge; negative outside."""
    if L.hat == 0 or not F.faced:
        return -1.0
    back = (F.eyes[2] - z) / 0.18
    low = 0.036 - 0.050 * back if L.hat == o.BEANIE else 0.048 - 0.045 * back
    return y - F.eyes[1] - low


@inner
def move(L: Any, F: Any, x: float, y: float, z: float, flat: Any, out: Any) -> None:
    """Writes how far hair and hat take a point of the head away (3,) metres; ``flat`` (3,) leads to an earless head."""
    inside, hat = hairline(L, F, x, y, z), hatline(L, F, y, z)
    dx, dy, dz = x - F.skull[0], y - F.skull[1], z - F.skull[2]
    far = max(np.sqrt(dx * dx + dy * dy + dz * dz), 1e-6)
    dx, dy, dz = dx / far, dy / far, dz / far
    angle = bearing(F, x, z)
    high = y - F.eyes[1]
    if hat > -0.006 and L.hat > 0:
        grow = 0.009 + (0.016 if L.hat == o.BEANIE else 0.006) * ramp(0.03, 0.10, hat)
        grow *= ramp(-0.006, 0.002, hat)
        out[0], out[1], out[2] = dx * grow + flat[0], dy * grow + flat[1], dz * grow + flat[2]
        if L.hat == o.CAP and angle < 1.15:
            brim = ramp(-0.006, 0.0, hat) * (1.0 - ramp(0.004, 0.018, hat)) * np.cos(angle * 1.35)
            if brim > 0.0:
                out[2] += 0.066 * brim
                out[1] -= 0.016 * brim
        return
    if inside <= 0.0:
        return
    full = ramp(0.0, 0.028, inside)
    top = ramp(0.05, 0.09, high)
    volume = L.hair_volume
    if L.hairstyle == o.QUIFF:
        volume *= 0.55 + 0.45 * top + 1.1 * top * max(np.cos(angle), 0.0)
    elif L.hairstyle == o.SHORT:
        volume *= 0.6 + 0.5 * top
    elif L.hairstyle == o.CURLY or L.hairstyle == o.AFRO:
        volume *= 0.62 + 0.76 * clumps(48 * x, 48 * y, 48 * z, L.seed)
    if L.hat > 0:
        volume = min(volume, 0.012)
    covers = L.hairstyle == o.BOB or L.hairstyle == o.LONG or L.hairstyle == o.AFRO
    melt = full if covers else 0.0
    out[0], out[1], out[2] = (
        dx * volume * full + flat[0] * melt,
        dy * volume * full + flat[1] * melt,
        dz * volume * full,
    )
    out[2] += flat[2] * melt
    if L.hairstyle == o.BOB or L.hairstyle == o.LONG:
        # A curtain: what is low on the head hangs down, away from cheeks, neck and shoulders.
        low = ramp(0.030, -0.075, high)
        side = ramp(0.95, 1.25, angle)
        behind = ramp(1.75, 2.5, angle)
        reach = np.hypot(x, z - F.skull[2])
        wide = 0.094 + 0.004 * noise(40 * x, 40 * z, L.seed)
        push = max(wide - reach - volume, 0.0) * ramp(0.05, -0.02, high) * side
        fall = low * side * (0.035 + min(L.hair_length, 0.05) + behind * max(L.hair_length - 0.05, 0.0))
        out[0] += push * x / max(reach, 1e-6)
        out[2] += push * (z - F.skull[2]) / max(reach, 1e-6) - behind * 0.30 * max(fall - 0.05, 0.0)
        out[1] -= fall
    elif L.hairstyle == o.BUN or L.hairstyle == o.PONYTAIL:
        away = np.sqrt(x * x + (high - 0.055) ** 2 + (z - F.skull[2] + 0.085) ** 2)
        knot = ramp(0.036, 0.006, away)
        if L.hairstyle == o.BUN:
            out[2] -= 0.044 * knot
            out[1] += 0.026 * knot
        else:
            out[2] -= 0.060 * np.sqrt(knot)
            out[1] -= (0.05 + L.hair_length) * knot * knot - 0.012 * knot
