"""Draws a place: ground, sky and blocks with the faces of walls, houses, shelves and cars. Compiled; linear RGB."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis.materials import compiled, inner, lattice, line, noise, ramp

# Grounds.
PLANKS, TILES, CARPET, CONCRETE, PAVING, ASPHALT, GRASS, SAND, COURT, SEAMLESS = range(10)
# Faces of blocks.
FLAT, WALL, WINDOW, PICTURE, BOOKS, FACADE, BRICKS, CAR, DOOR, LEAVES, WOOD, CURTAIN, SEA, FENCE, CLOTH = range(15)
# Columns of a block: two corners (side, up, away), face, two colours, seed.
LOW, HIGH, FACE, ONE, TWO, SEED = 0, 3, 6, 7, 10, 13
COLUMNS = 14
_FAR = 1e9


@compiled
def draw(
    blocks: Any, ground: int, colours: Any, period: float, sky: Any, cloudy: float, indoors: bool, seed: int,
    right: Any, down: Any, forward: Any, eye: Any, focal: float, cx: float, cy: float, light: Any, rgb: Any, share: Any,
) -> None:  # fmt: skip
    """Fills ``rgb`` (H,W,3) and ``share`` (H,W), how much of a pixel is ground.

    Args:
        blocks: (K,COLUMNS) boxes along the axes of the place: side, up, away from the camera; nothing stands in front
            of the camera.
        ground: which ground, with ``colours`` (2,3) and a period in metres.
        sky: (2,3) colours of the horizon and high above.
        cloudy: how much of the sky is clouds, in [0,1].
        right, down, forward, eye: the camera in the axes of the place, the ground at height 0.
        focal, cx, cy: of an image of the size of ``rgb``.
        light: (3,) unit, from which the faces of blocks are lit.
    """
    height, width = share.shape
    depth = np.full((height, width), _FAR, np.float32)
    owner = np.full((height, width), -1, np.int32)
    for k in range(len(blocks)):
        _place(blocks, k, right, down, forward, eye, focal, cx, cy, depth, owner)
    for row in range(height):
        for column in range(width):
            a, b = (column + 0.5 - cx) / focal, (row + 0.5 - cy) / focal
            dx = right[0] * a + down[0] * b + forward[0]
            dy = right[1] * a + down[1] * b + forward[1]
            dz = right[2] * a + down[2] * b + forward[2]
            t, k = depth[row, column], owner[row, column]
            floor = -eye[1] / dy if dy < -1e-6 else _FAR
            if floor < t and floor < 400.0:
                x, z = eye[0] + floor * dx, eye[2] + floor * dz
                r, g, b = _ground(ground, colours, period, x, z, floor, seed)
                dark = 1.0
                if ground != SEAMLESS:
                    for n in range(len(blocks)):
                        if blocks[n, LOW + 1] < 0.12:
                            ox = max(max(blocks[n, LOW] - x, x - blocks[n, HIGH]), 0.0)
                            oz = max(max(blocks[n, LOW + 2] - z, z - blocks[n, HIGH + 2]), 0.0)
                            if ox < 0.6 and oz < 0.6:
                                dark = min(dark, 1.0 - 0.5 * np.exp(-np.sqrt(ox * ox + oz * oz) / 0.16))
                r, g, b = r * dark, g * dark, b * dark
                share[row, column] = 1.0
                t = floor
            elif k >= 0:
                r, g, b = _block(blocks[k], t, eye, dx, dy, dz, light, indoors)
                share[row, column] = 0.0
            else:
                share[row, column] = 0.0
                r, g, b = _sky(sky, cloudy, dx, dy, dz, seed)
                t = 0.0
            if not indoors:
                # What is far pales.
                haze = 1.0 - np.exp(-t / 420.0)
                r, g, b = r + haze * (sky[0, 0] - r), g + haze * (sky[0, 1] - g), b + haze * (sky[0, 2] - b)
            rgb[row, column, 0], rgb[row, column, 1], rgb[row, column, 2] = r, g, b


@inner
def _place(
    blocks: Any, k: int, right: Any, down: Any, forward: Any, eye: Any, focal: float, cx: float, cy: float,
    depth: Any, owner: Any,
) -> None:  # fmt: skip
    """Enters a block where it is in front of what was there, within the rectangle of the image that it can cover."""
    height, width = owner.shape
    left, top, last, low = 1e9, 1e9, -1e9, -1e9
    behind = False
    for corner in range(8):
        x = blocks[k, (LOW if corner & 1 else HIGH)] - eye[0]
        y = blocks[k, (LOW if corner & 2 else HIGH) + 1] - eye[1]
        z = blocks[k, (LOW if corner & 4 else HIGH) + 2] - eye[2]
        away = x * forward[0] + y * forward[1] + z * forward[2]
        if away < 0.05:
            behind = True
            continue
        u = focal * (x * right[0] + y * right[1] + z * right[2]) / away + cx
        v = focal * (x * down[0] + y * down[1] + z * down[2]) / away + cy
        left, last, top, low = min(left, u), max(last, u), min(top, v), max(low, v)
    if behind:
        left, top, last, low = 0.0, 0.0, float(width), float(height)
    for row in range(max(int(np.floor(top)), 0), min(int(np.ceil(low)) + 1, height)):
        for column in range(max(int(np.floor(left)), 0), min(int(np.ceil(last)) + 1, width)):
            a, b = (column + 0.5 - cx) / focal, (row + 0.5 - cy) / focal
            enter, leave = 1e-3, depth[row, column]
            for c in range(3):
                d = right[c] * a + down[c] * b + forward[c]
                if abs(d) < 1e-9:
                    d = 1e-9
                t0, t1 = (blocks[k, LOW + c] - eye[c]) / d, (blocks[k, HIGH + c] - eye[c]) / d
                enter, leave = max(enter, min(t0, t1)), min(leave, max(t0, t1))
            if enter < leave and enter > 2e-3 and enter < depth[row, column]:
                if blocks[k, FACE] == LEAVES and not _leafy(blocks, k, a, b, right, down, forward, eye):
                    continue
                if blocks[k, FACE] == FENCE:
                    x = eye[0] + enter * (right[0] * a + down[0] * b + forward[0])
                    y = eye[1] + enter * (right[1] * a + down[1] * b + forward[1])
                    p, q = (x + y) / 0.12, (x - y) / 0.12
                    if p - np.floor(p) > 0.16 and q - np.floor(q) > 0.16:
                        continue
                depth[row, column], owner[row, column] = enter, k


@inner
def _leafy(
    blocks: Any, k: int, a: float, b: float, right: Any, down: Any, forward: Any, eye: Any,
) -> bool:  # fmt: skip
    """Whether a ray meets leaves: a lump of noise in the ellipsoid that fills the block."""
    t = 0.0
    value = 0.0
    norm = 0.0
    for c in range(3):
        d = right[c] * a + down[c] * b + forward[c]
        middle, half = (
            0.5 * (blocks[k, LOW + c] + blocks[k, HIGH + c]),
            0.5 * (blocks[k, HIGH + c] - blocks[k, LOW + c]),
        )
        t += (middle - eye[c]) * d / (half * half)
        norm += d * d / (half * half)
    t /= norm
    for c in range(3):
        d = right[c] * a + down[c] * b + forward[c]
        middle, half = (
            0.5 * (blocks[k, LOW + c] + blocks[k, HIGH + c]),
            0.5 * (blocks[k, HIGH + c] - blocks[k, LOW + c]),
        )
        value += ((eye[c] + t * d - middle) / half) ** 2
    x, y = (
        eye[0] + t * (right[0] * a + down[0] * b + forward[0]),
        eye[1] + t * (right[1] * a + down[1] * b + forward[1]),
    )
    seed = int(blocks[k, SEED])
    rough = (
        0.55 * noise(1.6 * x, 1.6 * y, seed)
        + 0.35 * noise(6 * x, 6 * y, seed + 1)
        + 0.25 * noise(17 * x, 17 * y, seed + 2)
    )
    return value < 0.42 + 0.9 * rough * rough


@inner
def _round(block: Any, eye: Any, dx: float, dy: float, dz: float, light: Any) -> tuple:
    """How the ellipsoid that fills a block is lit where a ray meets it, and side and height of that place."""
    t, norm = 0.0, 0.0
    for c in range(3):
        d = dx if c == 0 else (dy if c == 1 else dz)
        half = 0.5 * (block[HIGH + c] - block[LOW + c])
        t += (0.5 * (block[LOW + c] + block[HIGH + c]) - eye[c]) * d / (half * half)
        norm += d * d / (half * half)
    t /= norm
    away, facing = 0.0, 0.0
    for c in range(3):
        d = dx if c == 0 else (dy if c == 1 else dz)
        half = 0.5 * (block[HIGH + c] - block[LOW + c])
        q = (eye[c] + t * d - 0.5 * (block[LOW + c] + block[HIGH + c])) / half
        away += q * q
        facing += q * light[c]
    facing -= np.sqrt(max(1.0 - away, 0.0)) * (dx * light[0] + dz * light[2]) / np.sqrt(dx * dx + dz * dz)
    return 0.80 + 0.55 * max(min(facing, 1.0), -0.7), eye[0] + t * dx, eye[1] + t * dy


@inner
def _ground(kind: int, colours: Any, period: float, x: float, z: float, away: float, seed: int) -> tuple:
    r, g, b = colours[0, 0], colours[0, 1], colours[0, 2]
    tone, other = 1.0, 0.0
    # Patterns finer than a pixel fade out.
    near = 1.0 / (1.0 + (away / (60.0 * period + 4.0)) ** 2)
    # Nothing is drawn finer than what a pixel may show.
    thin = 0.003 + 0.0011 * away
    stain = noise(0.9 * x, 0.9 * z, seed) - 0.5
    if kind == PLANKS:
        i = int(np.floor(x / period))
        q = z / (period * 7) + 0.37 * i
        j = int(np.floor(q))
        tone = 0.80 + 0.36 * lattice(i, j, seed) + 0.16 * (noise(34 * x, 2.2 * z, seed + i) - 0.5)
        gap = max(line((x / period - i) * period, thin), line((q - j) * period * 7, thin))
        tone *= 1.0 - 0.45 * gap * near * 0.003 / thin * 1.6
    elif kind in (TILES, PAVING):
        i, j = int(np.floor(x / period)), int(np.floor(z / period))
        shift = 0.5 * (j % 2) if kind == PAVING else 0.0
        i = int(np.floor(x / period + shift))
        tone = 0.94 + 0.12 * lattice(i, j, seed) + 0.05 * (noise(9 * x, 9 * z, seed + 2) - 0.5)
        gap = max(line((x / period + shift - i) * period, thin), line((z / period - j) * period, thin))
        if kind == TILES and (i + j) % 2 == 0:
            other = 1.0
        tone *= 1.0 - 0.35 * gap * near * 0.003 / thin * 1.8
    elif kind == GRASS:
        blade = noise(55 * x, 21 * z, seed + 1) * near + 0.5 * (1 - near)
        tone = 0.72 + 0.55 * blade + 0.35 * stain
        other = ramp(0.45, 0.8, noise(0.5 * x, 0.5 * z, seed + 3)) * 0.8
    elif kind == SAND:
        tone = 0.92 + 0.10 * noise(4 * x, 9 * z, seed + 1) + 0.10 * noise(38 * x, 38 * z, seed + 2) * near
        tone += 0.12 * stain
    elif kind in (ASPHALT, CONCRETE, CARPET):
        fine = (noise(140 * x, 140 * z, seed + 1) - 0.5) * near
        tone = 1.0 + 0.22 * stain + 0.25 * fine + 0.12 * (noise(5 * x, 5 * z, seed + 2) - 0.5)
        if kind == CARPET:
            other = 0.35 * ramp(0.4, 0.6, noise(x / period, z / period, seed + 4))
        elif kind == CONCRETE:
            tone *= 1.0 - 0.3 * near * max(
                line((x / 2.4 - np.floor(x / 2.4)) * 2.4, 0.006), line((z / 2.4 - np.floor(z / 2.4)) * 2.4, 0.006)
            )
    elif kind == COURT:
        tone = 0.96 + 0.08 * stain
        u, v = x + period, z - 0.8
        lines = max(line(u - 2.0, 0.025), line(v, 0.025))
        lines = max(lines, line(np.hypot(u - 2.0, v) - 1.8, 0.025))
        other = lines
        if 0 < v < 5.8 and abs(u - 2.0) < 2.45:
            tone *= 0.82
        lines = 0.0
    elif kind == SEAMLESS:
        tone = 1.0 + 0.04 * stain
    tone *= 1.0 + 0.10 * stain
    r, g, b = r + other * (colours[1, 0] - r), g + other * (colours[1, 1] - g), b + other * (colours[1, 2] - b)
    return r * tone, g * tone, b * tone


@inner
def _sky(sky: Any, cloudy: float, dx: float, dy: float, dz: float, seed: int) -> tuple:
    far = np.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx / far, dy / far, dz / far
    up = 1.0 - np.exp(-3.2 * max(dy, 0.0))
    r = sky[0, 0] + up * (sky[1, 0] - sky[0, 0])
    g = sky[0, 1] + up * (sky[1, 1] - sky[0, 1])
    b = sky[0, 2] + up * (sky[1, 2] - sky[0, 2])
    turn = np.arctan2(dx, dz)
    # Clouds on a ceiling far above.
    u, v = dx / (max(dy, 0.0) + 0.12), dz / (max(dy, 0.0) + 0.12)
    n = (
        0.5 * noise(0.9 * u, 0.9 * v, seed)
        + 0.28 * noise(2.1 * u, 2.1 * v, seed + 1)
        + 0.15 * noise(5 * u, 5 * v, seed + 2)
    )
    n += 0.07 * noise(11 * u, 11 * v, seed + 3)
    cloud = ramp(0.62 - 0.45 * cloudy, 0.86 - 0.35 * cloudy, n) * ramp(-0.02, 0.06, dy)
    bright = 1.12 - 0.35 * ramp(0.55, 0.95, n)
    r, g, b = r + cloud * (bright - r), g + cloud * (bright - g), b + cloud * (bright * 1.01 - b)
    # Hills or the line of a wood stand on the horizon.
    high = 0.012 + 0.050 * noise(2.2 * turn + 7, 1.0, seed + 4) + 0.018 * noise(14 * turn, 2.0, seed + 5)
    high += 0.007 * noise(70 * turn, 3.0, seed + 6)
    if dy < high:
        tone = 0.75 + 0.5 * noise(40 * turn, 90 * dy, seed + 7)
        r, g, b = 0.30 * r + 0.055 * tone, 0.32 * g + 0.085 * tone, 0.30 * b + 0.06 * tone
    return r, g, b


@inner
def _block(block: Any, t: float, eye: Any, dx: float, dy: float, dz: float, light: Any, indoors: bool) -> tuple:
    """The colour of the face of a block that a ray meets at ``t``."""
    x, y, z = eye[0] + t * dx, eye[1] + t * dy, eye[2] + t * dz
    # Which face: the one whose plane the point lies in.
    best, axis = 1e9, 0
    for c in range(3):
        p = x if c == 0 else (y if c == 1 else z)
        off = min(abs(p - block[LOW + c]), abs(p - block[HIGH + c]))
        if off < best:
            best, axis = off, c
    sign = -1.0 if (dx if axis == 0 else (dy if axis == 1 else dz)) > 0 else 1.0
    lit = 0.62 + 0.42 * max(sign * light[axis], 0.0) + (0.10 if axis == 1 and sign > 0 else 0.0)
    if axis == 1 and sign < 0:
        lit = 0.72 if indoors else 0.45
    # Across and up the face, from its low corner.
    u = x - block[LOW] if axis == 2 else z - block[LOW + 2]
    wide = block[HIGH] - block[LOW] if axis == 2 else block[HIGH + 2] - block[LOW + 2]
    v, high = y - block[LOW + 1], block[HIGH + 1] - block[LOW + 1]
    kind, seed = int(block[FACE]), int(block[SEED])
    r, g, b = block[ONE], block[ONE + 1], block[ONE + 2]
    other, tone = 0.0, 1.0
    if axis != 1 or kind in (LEAVES, WALL):
        if kind == WALL:
            tone = 0.96 + 0.07 * noise(0.7 * u, 0.7 * v, seed) + 0.03 * noise(30 * u, 30 * v, seed + 1)
            tone *= 1.0 - 0.12 * np.exp(-v / 0.35) - 0.10 * np.exp(-(high - v) / 0.5)
            tone *= 1.0 - 0.12 * (np.exp(-u / 0.4) + np.exp(-(wide - u) / 0.4))
            if axis != 1 and v < 0.09:
                other, tone = 1.0, 0.9 - 0.4 * line(v - 0.09, 0.004)
        elif kind == BRICKS:
            j = int(np.floor(v / 0.075))
            p = u / 0.23 + 0.5 * (j % 2)
            i = int(np.floor(p))
            near = 1.0 / (1.0 + (t / 6.0) ** 2)
            tone = 0.99 + 0.34 * near * (lattice(i, j, seed) - 0.5) + 0.16 * (noise(0.6 * u, 0.6 * v, seed) - 0.5)
            other = 0.12 + 0.6 * near * max(line((p - i) * 0.23, 0.006), line(v - j * 0.075, 0.006))
        elif kind == WINDOW:
            edge = min(min(u, wide - u), min(v, high - v))
            bar = min(abs(u - 0.5 * wide), abs(v - 0.62 * high))
            if edge < 0.05 or bar < 0.018:
                tone = 0.85
            else:
                # The day outside: bright sky above, softer green or grey below.
                glow = 0.85 + 0.45 * ramp(0.0, 0.8, v / high)
                lump = ramp(0.25, 0.5, v / high + 0.4 * (noise(3 * u, 2.0, seed) - 0.5))
                r, g, b = glow * (0.55 + 0.45 * lump), glow * (0.68 + 0.32 * lump), glow * (0.55 + 0.5 * lump)
                return r, g, b
        elif kind == PICTURE:
            edge = min(min(u, wide - u), min(v, high - v))
            if edge < 0.03:
                other = 1.0
            elif edge < 0.09:
                return 0.75 * lit, 0.74 * lit, 0.71 * lit
            else:
                n = noise(3.5 * u, 4.5 * v, seed) + 0.4 * noise(11 * u, 9 * v, seed + 1)
                if n > 0.75:
                    r, g, b = 0.5 * g + 0.2, 0.5 * b + 0.15, 0.5 * r + 0.1
                tone = 0.55 + 0.7 * n
        elif kind == BOOKS:
            shelf = v / 0.34 - np.floor(v / 0.34)
            if shelf < 0.07 or u < 0.03 or wide - u < 0.03 or v > high - 0.03:
                tone = 1.0
            else:
                j = int(np.floor(v / 0.34))
                i = int(np.floor(u / 0.035))
                tall = 0.55 + 0.38 * lattice(i // 3, j, seed)
                if shelf > tall or lattice(i // 7, j, seed + 9) < 0.16:
                    tone = 0.28
                else:
                    hue = lattice(i, j, seed + 1)
                    r, g, b = (
                        0.08 + 0.5 * hue * hue,
                        0.08 + 0.4 * lattice(i, j, seed + 2) ** 2,
                        0.09 + 0.4 * lattice(i, j, seed + 3) ** 2,
                    )
                    tone = 0.85 - 0.4 * line(u / 0.035 - i, 0.12)
        elif kind == FACADE:
            p, q = u / 2.6, (v - 0.6) / 3.1
            i, j = int(np.floor(p)), int(np.floor(q))
            a, c = p - i, q - j
            tone = 0.95 + 0.10 * (noise(0.4 * u, 0.4 * v, seed) - 0.5)
            tall = 0.84 if j > 0 else 0.9
            if j >= 0 and 0.26 < a < 0.74 and 0.22 < c < tall:
                frame = 0.29 < a < 0.71 and 0.245 < c < tall - 0.025 and abs(a - 0.5) > 0.012
                if frame:
                    shade = 0.06 + 0.45 * lattice(i, j, seed + 1) ** 3 + 0.25 * c
                    r, g, b, tone = 0.75 * shade, 0.85 * shade, shade, 1.0
                else:
                    other = 1.0
            elif j >= 0 and 0.20 < c < 0.225 and 0.23 < a < 0.77:
                other = 1.0
            if c < 0.03 and j > 0:
                other = 0.7
        elif kind == CAR:
            glass = 0.12 < v / high < 0.84 and 0.05 < u / wide < 0.95 and abs(u / wide - 0.5) > 0.012
            if glass:
                return 0.10 * lit, 0.12 * lit, 0.14 * lit
            tone = 0.8 + 0.35 * v / high
        elif kind == DOOR:
            a, c = u / wide, v / high
            panel = min(
                min(abs(a - 0.2), abs(a - 0.8)) * wide,
                min(abs(c - 0.08), min(abs(c - 0.45), min(abs(c - 0.53), abs(c - 0.93)))) * high,
            )
            if 0.18 < a < 0.82 and 0.06 < c < 0.95:
                tone = 1.0 - 0.3 * line(panel, 0.008)
            if np.hypot(u - 0.9 * wide, v - 1.02) < 0.025:
                other = 1.0
        elif kind == LEAVES:
            lit, x, y = _round(block, eye, dx, dy, dz, light)
            n = 0.4 * noise(2.2 * x, 2.2 * y, seed) + 0.35 * noise(7 * x, 7 * y, seed + 2)
            n += 0.35 * noise(19 * x, 19 * y, seed + 1)
            tone = 0.18 + 0.82 * n
            other = 0.6 * ramp(0.5, 0.9, n) * lit
        elif kind == WOOD:
            tone = 0.85 + 0.3 * noise(3 * u, 40 * v, seed) if wide > high else 0.85 + 0.3 * noise(40 * u, 3 * v, seed)
        elif kind == CURTAIN:
            tone = 0.78 + 0.3 * abs(np.sin(22 * u + 2 * noise(4 * u, v, seed)))
        elif kind == SEA:
            tone = 1.0
        elif kind == CLOTH:
            seam = min(abs(u / wide - 0.5) * wide, min(u, wide - u))
            tone = 0.93 + 0.12 * noise(5 * u, 5 * v, seed) - 0.25 * line(seam, 0.012)
    elif kind == SEA:
        # Waves run along the shore.
        tone = 0.85 + 0.3 * noise(0.5 * x, 3.2 * z, seed)
        other = ramp(0.74, 0.80, noise(0.35 * x, 2.2 * z, seed + 1)) * np.exp(-(z - block[LOW + 2]) / 14.0)
        lit = 1.0
    r, g, b = r + other * (block[TWO] - r), g + other * (block[TWO + 1] - g), b + other * (block[TWO + 2] - b)
    return r * tone * lit, g * tone * lit, b * tone * lit
