"""What clothes have besides their fabric: seams, cuffs, collars, buttons, zips, pockets, prints, soles and laces."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis import materials as m
from synthesis import outfits as o
from synthesis.materials import inner, lattice, line, mix, noise, ramp
from synthesis.wardrobe import FOOT, HEAD, LOWER_ARM, TORSO, UPPER_ARM


@inner
def seam(inside: float, at: float) -> float:
    """The shade of a seam at a distance from an edge."""
    return 1.0 - 0.28 * line(inside - at, 0.0012)


@inner
def box(x: float, y: float, wide: float, high: float) -> float:
    """Metres inside a rectangle of half width and half height around 0; negative outside."""
    return min(wide - abs(x), high - abs(y))


@inner
def on_top(
    L: Any, F: Any, role: int, inside: float, along: float, length: float, u: float, v: float, x: float, y: float,
    z: float, r: float, g: float, b: float,
) -> tuple:  # fmt: skip
    """A point of shirt, pullover, hoodie or dress."""
    cloth = L.cloths[o.TOP]
    shade = seam(inside, 0.014)
    front = z > F.middle
    shirt = L.neckline == o.SHIRT
    sweater = L.neckline == o.HOOD or cloth[m.KIND] == m.KNIT or cloth[m.KIND] == m.ZIGZAG
    if sweater and inside < 0.045 and role != HEAD and (role != TORSO or v > 0.0):
        # Ribbed cuffs and waistband.
        shade *= 0.90 + 0.10 * np.sin(u * 1500.0)
        shade *= 1.0 - 0.3 * line(inside - 0.045, 0.0018)
    if role == UPPER_ARM and along < 0.35:
        shade *= 1.0 - 0.22 * line(along * length - 0.006, 0.002)
    if role == TORSO:
        shade *= 1.0 - 0.14 * line(abs(u) - 0.2435, 0.0016)
        if not front:
            shade *= 1.0 - 0.16 * line(y - F.shoulder[1] + 0.01, 0.0014) * (1.0 if shirt else 0.0)
        if (
            (L.neckline == o.ROUND or L.neckline == o.VEE)
            and inside < 0.022
            and y > F.shoulder[1] - 0.13
            and abs(x) < 0.1
        ):
            # The neck's ribbed band.
            shade *= 0.90 - 0.2 * line(inside - 0.020, 0.0015)
        if front and shirt:
            placket = ramp(0.019, 0.0175, abs(x))
            shade *= 1.0 - 0.22 * line(abs(x) - 0.0175, 0.0012) + 0.03 * placket
            gap = (v + 0.02) / 0.083
            dot = np.hypot(x, (gap - np.floor(gap) - 0.5) * 0.083)
            light = 0.75 if r + g + b < 1.0 else 0.35
            r, g, b = mix(r, g, b, 0.8 * ramp(0.0062, 0.0048, dot), light, light, light * 0.96)
            pocket = box(x - 0.075, y - F.shoulder[1] + 0.115, 0.045, 0.052)
            if L.seed % 3 == 0:
                shade *= 1.0 - 0.25 * line(pocket, 0.0013)
        elif front and L.neckline == o.POLO and y > F.neck[1] - 0.20:
            shade *= 1.0 - 0.2 * line(abs(x) - 0.015, 0.0012)
            gap = (y - F.neck[1]) / 0.045
            r, g, b = mix(
                r, g, b, 0.7 * ramp(0.006, 0.0045, np.hypot(x, (gap - np.floor(gap) - 0.5) * 0.045)), 0.6, 0.6, 0.57
            )
        if front and L.neckline == o.HOOD:
            # Kangaroo pocket and the hood's cords.
            px, py = abs(x), v + 0.13
            pocket = min(box(px, py, 0.125, 0.075), 0.17 - 0.75 * px - 0.55 * (-py))
            shade *= 1.0 - 0.32 * line(pocket, 0.0016)
            cord = line(abs(x) - 0.035 - 0.006 * np.sin(40 * y), 0.0028) * ramp(F.neck[1] - 0.20, F.neck[1] - 0.195, y)
            r, g, b = mix(r, g, b, 0.85 * cord, 0.62, 0.61, 0.58)
        if L.print_ > 0 and front:
            r, g, b = _print(L, F, cloth, x, y, r, g, b)
    elif role == HEAD and (shirt or L.neckline == o.POLO):
        shade *= 1.0 - 0.25 * line(inside - 0.005, 0.001)
    elif role == LOWER_ARM and shirt and L.top_sleeve > 1.5:
        shade *= 1.0 - 0.25 * line(inside - 0.058, 0.0015)
    return r * shade, g * shade, b * shade


@inner
def _print(L: Any, F: Any, cloth: Any, x: float, y: float, r: float, g: float, b: float) -> tuple:
    """A print on the chest: disc, lettering, band, number, mountains or a small badge."""
    cy = y - F.shoulder[1] + 0.125
    pr, pg, pb = cloth[m.B], cloth[m.B + 1], cloth[m.B + 2]
    if abs(pr + pg + pb - r - g - b) < 0.35:
        light = 0.75 if r + g + b < 0.9 else 0.03
        pr = pg = pb = light
    share = 0.0
    if L.print_ == 1:
        away = np.hypot(x, cy)
        share = ramp(0.072, 0.070, away) * (0.4 if 0.045 < away < 0.05 or abs(cy + 0.02) < 0.006 else 1.0)
    elif L.print_ == 2:
        # Lettering: strokes of upright bars, as letters look from afar.
        for row in range(2):
            high = 0.022 if row == 0 else 0.008
            t = cy - (0.02 if row == 0 else -0.022)
            wide = 0.10 if row == 0 else 0.075
            if abs(t) < high and abs(x) < wide:
                pitch = 0.030 if row == 0 else 0.012
                i = int(np.floor(x / pitch + 100.5))
                c = x / pitch + 100.5 - i
                kind = lattice(i, row, L.seed)
                stem = c < 0.28 or (kind > 0.5 and 0.52 < c < 0.8)
                bar = c < 0.8 and (abs(abs(t) - 0.82 * high) < 0.2 * high if kind > 0.25 else abs(t) < 0.2 * high)
                share = 1.0 if (stem or bar) and lattice(i, row + 2, L.seed) > 0.12 else 0.0
    elif L.print_ == 3:
        share = 1.0 if abs(cy) < 0.035 else (0.6 if 0.042 < abs(cy) < 0.05 else 0.0)
    elif L.print_ == 4:
        # A number of two digits on seven segments.
        for k in range(2):
            dx = abs(x - (0.042 if k else -0.042))
            sx = x - (0.042 if k else -0.042)
            dy = cy
            code = int(lattice(k, 5, L.seed) * 126) + 1
            for bit, hit in enumerate(
                (
                    dx < 0.026 and abs(dy - 0.05) < 0.008, dx < 0.026 and abs(dy) < 0.008,
                    dx < 0.026 and abs(dy + 0.05) < 0.008,
                    abs(sx - 0.024) < 0.008 and 0.0 < dy < 0.055, abs(sx + 0.024) < 0.008 and 0.0 < dy < 0.055,
                    abs(sx - 0.024) < 0.008 and -0.055 < dy < 0.0, abs(sx + 0.024) < 0.008 and -0.055 < dy < 0.0,
                )
            ):  # fmt: skip
                if hit and (code >> bit) & 1:
                    share = 1.0
    elif L.print_ == 5:
        top = 0.05 * noise(30 * x, 2.0, L.seed) + 0.03 * noise(75 * x, 3.0, L.seed)
        if np.hypot(x, cy) < 0.07:
            share = 1.0 if cy < top - 0.03 else 0.35 + 0.3 * ramp(-0.05, 0.07, cy)
    else:
        share = ramp(0.016, 0.014, np.hypot((x - 0.075) * 0.8, cy - 0.03))
    return mix(r, g, b, 0.92 * share, pr, pg, pb)


@inner
def on_outer(
    L: Any, F: Any, role: int, inside: float, along: float, length: float, u: float, v: float, x: float, y: float,
    z: float, r: float, g: float, b: float,
) -> tuple:  # fmt: skip
    """A point of jacket, coat, cardigan or vest."""
    shade = seam(inside, 0.016)
    front = z > F.middle
    if role == UPPER_ARM and along < 0.35:
        shade *= 1.0 - 0.28 * line(along * length - 0.006, 0.002)
    if role == TORSO:
        shade *= 1.0 - 0.14 * line(abs(u) - 0.2435, 0.0016)
    if L.outer == o.PARKA or (L.outer == o.VEST and L.seed % 2 == 0):
        # Quilting.
        q = v / 0.075 if role <= HEAD else (along * length) / 0.075
        puff = abs(q - np.floor(q) - 0.5) * 2.0
        shade *= 1.04 - 0.32 * ramp(0.72, 1.0, puff)
    if front and role == TORSO:
        if L.outer == o.BLAZER:
            high = y - F.hip
            if high > 0.15:
                lapel = inside
                wide = 0.030 + 0.10 * max(high - 0.16, 0.0)
                shade *= 1.0 - 0.35 * line(lapel - min(wide, 0.058), 0.0016)
                shade *= 1.0 - 0.35 * line(y - F.shoulder[1] + 0.055 + 0.3 * (abs(x) - 0.06), 0.0014) * ramp(
                    0.058, 0.05, lapel
                )
                if lapel < min(wide, 0.058):
                    shade *= 1.10
            dot = np.hypot(x - 0.012, high - 0.14)
            dot = min(dot, np.hypot(x - 0.012, high - 0.055))
            r, g, b = mix(r, g, b, 0.8 * ramp(0.009, 0.007, dot), 0.02, 0.02, 0.02)
            shade *= 1.0 - 0.3 * line(box(abs(x) - 0.11, v + 0.055, 0.055, 0.018), 0.0016)
            shade *= 1.0 - 0.3 * line(box(x - 0.085, y - F.shoulder[1] + 0.10, 0.038, 0.008), 0.0014)
        elif L.outer_open <= 0.0:
            zip_ = line(x, 0.0042)
            tooth = 0.6 + 0.4 * np.sin(y * 1400.0)
            r, g, b = mix(r, g, b, 0.75 * zip_, 0.20 * tooth, 0.20 * tooth, 0.20 * tooth)
            shade *= 1.0 - 0.25 * line(abs(x) - 0.016, 0.0014)
        if L.outer != o.BLAZER:
            slant = abs(x) - 0.10 - 0.35 * (v + 0.09)
            shade *= 1.0 - 0.38 * line(slant, 0.0024) * ramp(0.085, 0.08, abs(v + 0.09))
    band = L.outer in (o.ZIPPED, o.CARDIGAN) and inside < 0.045 and (role >= UPPER_ARM or v > -0.05)
    if band:
        shade *= (0.90 + 0.10 * np.sin(u * 1400.0)) * (1.0 - 0.3 * line(inside - 0.045, 0.0018))
    return r * shade, g * shade, b * shade


@inner
def on_bottom(
    L: Any, F: Any, role: int, inside: float, along: float, length: float, u: float, x: float, y: float, z: float,
    r: float, g: float, b: float,
) -> tuple:  # fmt: skip
    """A point of trousers, shorts, leggings or a skirt."""
    kind, front = L.bottom, z > F.middle
    shade = seam(inside, 0.018) if role != TORSO else 1.0
    below = L.waist - (y - F.hip)
    thread = 0.0
    if kind != o.SKIRT and kind != o.LEGGINGS:
        if role != TORSO and role != FOOT:
            # Outer and inner seams.
            k = role - UPPER_ARM
            turn = u / F.radius[k]
            for at in (1.57, -1.57):
                away = (turn - at) * F.radius[k]
                shade *= 1.0 - 0.26 * line(away, 0.0018)
                thread = max(thread, line(away - 0.005, 0.0011))
        if front and role == TORSO:
            shade *= 1.0 - 0.28 * line(x, 0.0016) * ramp(0.035, 0.042, below)
            fly = np.hypot(max(x - 0.0, 0.0), 0.0) if below < 0.12 else 1.0
            thread = max(thread, line(fly - 0.022 + 0.1 * max(below - 0.10, 0.0), 0.0011) if below > 0.04 else 0.0)
        if front:
            # Front pockets: a slanted cut from the waist to the side.
            cut = (abs(x) - 0.085) * 0.8 - 0.55 * (below - 0.04)
            there = ramp(0.035, 0.04, below) * ramp(0.16, 0.15, below)
            shade *= 1.0 - 0.34 * line(cut, 0.0018) * there
            thread = max(thread, line(cut + 0.006, 0.0011) * there)
        else:
            px, py = abs(x) - 0.082, below - 0.125
            pocket = min(box(px, py, 0.058, 0.062), 0.088 - py - 0.35 * abs(px))
            shade *= 1.0 - 0.26 * line(pocket, 0.0016) - (0.05 if pocket > 0 else 0.0)
            thread = max(thread, line(pocket - 0.005, 0.0011))
            shade *= 1.0 - 0.24 * line(below - 0.085 - 0.15 * (0.1 - abs(x)), 0.0014) * ramp(0.13, 0.12, abs(x))
        if kind == o.CARGO and role == UPPER_ARM + 2:
            flap = box(abs(u) - 0.10, (along - 0.62) * length, 0.062, 0.075)
            shade *= 1.0 - 0.3 * line(flap, 0.002)
            shade *= 1.0 - 0.3 * line((along - 0.62) * length + 0.035, 0.002) * (1.0 if flap > 0 else 0.0)
    if kind == o.JEANS:
        # Faded thighs and knees, gold thread.
        if role != TORSO:
            fade = np.exp(-((u / 0.055) ** 2)) * (
                np.exp(-(((along - 0.4) / 0.4) ** 2)) + 0.5 * np.exp(-(((along - 1.05) / 0.15) ** 2))
            )
            fade *= 0.25 + 0.5 * L.wear
            r, g, b = mix(r, g, b, fade * 0.55, 0.35, 0.42, 0.52)
        thread = max(thread, line(inside - 0.016, 0.001) if role != TORSO else 0.0)
        r, g, b = mix(r, g, b, 0.5 * thread, 0.42, 0.24, 0.08)
    if kind == o.JOGGERS:
        if role != TORSO and inside < 0.05:
            shade *= (0.90 + 0.10 * np.sin(u * 1500.0)) * (1.0 - 0.3 * line(inside - 0.05, 0.002))
        stripe = abs(abs(u) - 1.57 * F.radius[role - UPPER_ARM]) if role != TORSO else 1.0
        if L.seed % 2 == 0 and stripe < 0.014 and (stripe > 0.005 or L.seed % 4 == 0):
            c = L.cloths[o.BOTTOM]
            r, g, b = mix(r, g, b, 0.9, c[m.B], c[m.B + 1], c[m.B + 2])
        if role == TORSO and below < 0.045:
            shade *= 0.88 + 0.10 * np.sin(u * 900.0)
            cord = line(abs(x) - 0.012 - 0.2 * max(below - 0.02, 0), 0.003) if front else 0.0
            r, g, b = mix(r, g, b, 0.8 * cord, 0.6, 0.6, 0.58)
    if role == TORSO and kind != o.JOGGERS:
        shade *= 1.0 - 0.28 * line(below - 0.040, 0.0016)
        if L.belt and 0.004 < below < 0.036:
            r, g, b = L.belt_colour[0], L.belt_colour[1], L.belt_colour[2]
            shade = 1.0 - 0.2 * line(below - 0.006, 0.0015) - 0.2 * line(below - 0.034, 0.0015)
            buckle = box(x, below - 0.020, 0.024, 0.018)
            if front and buckle > 0.0:
                frame = 1.0 if buckle < 0.006 or abs(x - 0.004) < 0.003 else 0.0
                r, g, b = mix(r, g, b, frame, 0.45, 0.42, 0.36)
            loop = abs(abs(u) - 0.10)
            if loop < 0.005:
                c = L.cloths[o.BOTTOM]
                r, g, b = c[m.A], c[m.A + 1], c[m.A + 2]
        elif front and kind != o.SKIRT and kind != o.LEGGINGS:
            r, g, b = mix(r, g, b, ramp(0.0095, 0.008, np.hypot(x, below - 0.020)), 0.35, 0.27, 0.16)
    if kind == o.CHINOS and role != TORSO:
        shade *= 1.0 + 0.07 * line(u, 0.0018)
    return r * shade, g * shade, b * shade


@inner
def on_shoe(
    L: Any, F: Any, inside: float, x: float, y: float, z: float, r: float, g: float, b: float, gloss: float
) -> tuple:
    """A point of a shoe: sole, toe cap, laces, a stripe on the side."""
    rise = y - F.ground
    ankle_x, ankle_z = (
        F.origin[0, 3, 0] + F.length[0, 3] * F.axis[0, 3, 0],
        F.origin[0, 3, 2] + F.length[0, 3] * F.axis[0, 3, 2],
    )
    fore, across = z - ankle_z, abs(x) - ankle_x - 0.06 * (z - ankle_z)
    runner = L.shoe == o.RUNNER or L.shoe == o.SNEAKER
    shade = 1.0 - 0.3 * line(inside - 0.006, 0.0014)
    if fore > 0.035 and rise > 0.02 and fore < 0.13:
        # The tongue and laces across it.
        tongue = ramp(0.020, 0.018, abs(across))
        q = fore / 0.0165
        lace = tongue * line((q - np.floor(q) - 0.5) * 0.0165 + 0.12 * abs(across), 0.0030)
        shade *= 1.0 - 0.18 * tongue - 0.35 * line(abs(across) - 0.020, 0.0016)
        pale = 0.6 if runner else 0.7 * r + 0.02
        r, g, b = mix(r, g, b, 0.9 * lace, pale, pale, pale * 0.96)
    if runner:
        # Light leather is never as light as its sole, and the heel and the toes are pieces of their own.
        shade *= 0.80
        cap = fore - 0.108 + 4.0 * across * across
        heel = fore + 0.012 + 0.55 * (rise - 0.03)
        shade *= 1.0 - 0.40 * max(line(cap, 0.0022), line(heel, 0.0022))
        shade *= 0.88 if heel < 0.0 else 1.0
    if L.shoe == o.SNEAKER:
        if L.seed % 3 == 0 and fore > 0.130:
            r, g, b = mix(r, g, b, 0.9, L.sole[0], L.sole[1], L.sole[2])
    elif L.shoe == o.RUNNER:
        c = L.cloths[o.SHOE]
        swoosh = line(rise - 0.035 - 0.35 * (fore - 0.05), 0.0045) * ramp(-0.02, 0.0, fore) * ramp(0.10, 0.08, fore)
        r, g, b = mix(r, g, b, swoosh, c[m.B], c[m.B + 1], c[m.B + 2])
        if fore < -0.02:
            r, g, b = mix(r, g, b, 0.6, c[m.C], c[m.C + 1], c[m.C + 2])
        gloss = 0.06
    else:
        shade *= 1.0 - 0.3 * line(fore - 0.125, 0.0014)
        gloss = 0.35 if L.shoe == o.OXFORD else 0.14
        shade *= 0.9 + 0.2 * noise(60 * x, 60 * z, L.seed)
    sole = 0.020 if runner else 0.012
    # Toes are folded into the tip, where a height says nothing: it is of one colour.
    toes = fore > 0.130
    if rise < sole and not toes:
        dirt = 1.0 - L.wear * (0.25 + 0.35 * noise(70 * x, 70 * z, L.seed + 2))
        return L.sole[0] * dirt, L.sole[1] * dirt, L.sole[2] * dirt, 0.06
    shade *= 1.0 - (0.0 if toes else 0.45) * line(rise - sole, 0.0026)
    shade *= 1.0 - 0.3 * L.wear * noise(45 * x, 45 * z + 30 * y, L.seed + 3) * ramp(0.06, 0.02, rise) * (
        0.0 if toes else 1.0
    )
    return r * shade, g * shade, b * shade, gloss
