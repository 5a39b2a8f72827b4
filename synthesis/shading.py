"""Kernels of light: what lit fragments send to the camera, and shadows on the ground, with hard and soft edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# Pixels of a shadow map's tiles, of each of which the nearest depth is known.
TILE = 16
# Taps of a shadow's filter, evenly over the unit disk (Vogel 1979), and the same turned in steps.
_TAPS, _TURNS = 16, 64
_ANGLES = np.pi * (3 - np.sqrt(5)) * np.arange(_TAPS) + 2 * np.pi / _TURNS * np.arange(_TURNS)[:, None]
_DISKS = (
    np.sqrt((np.arange(_TAPS) + 0.5) / _TAPS)[:, None] * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=2)
).astype(np.float32)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True, **_INNER)
def shadow(
    x: Any, y: Any, z: Any, axes: Any, corner: Any, scale: Any, depth: Any, first: Any, radius: Any, part: Any
) -> Any:
    """Share of a hard light's disk that reaches a point, by its shadow map.

    Percentage-closer soft shadows (Fernando, SIGGRAPH sketches 2005): the filter is as wide as the penumbra. It is
    turned by a ``part`` in [0,1) of a full turn.
    """
    height, width = depth.shape
    u = (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z - corner[0]) * scale
    v = (axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z - corner[1]) * scale
    if u < 0 or v < 0 or u >= width or v >= height:
        return np.float32(1)
    d = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    bias = np.float32(0.010)
    if first[int(v) // TILE, int(u) // TILE] >= d - bias:
        return np.float32(1)
    widest = min(max(scale * radius * np.float32(1.2), np.float32(2.0)), np.float32(TILE - 2))
    disk = _DISKS[int(part * np.float32(_TURNS))]
    found, thrown = np.float32(0), np.float32(0)
    for k in range(0, _TAPS, 2):
        i = int(u + widest * disk[k, 0])
        j = int(v + widest * disk[k, 1])
        if 0 <= i < width and 0 <= j < height and depth[j, i] < d - bias:
            found += 1
            thrown += d - depth[j, i]
    if found == 0:
        return np.float32(1)
    wide = min(max(thrown / found * radius * scale, np.float32(1.2)), widest)
    lit = np.float32(0)
    slack = bias + np.float32(0.6) * wide / scale
    for k in range(_TAPS):
        i = int(u + wide * disk[k, 0])
        j = int(v + wide * disk[k, 1])
        if not (0 <= i < width and 0 <= j < height and depth[j, i] < d - slack):
            lit += 1
    return lit / np.float32(_TAPS)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def shade(
    position: Any, normal: Any, around: Any, key: Any, albedo: Any, shine: Any, skin: Any, camera: Any, towards: Any,
    strength: Any, radius: Any, axes: Any, corner: Any, scale: Any, depth: Any, first: Any, out: Any,
) -> None:  # fmt: skip
    """Linear RGB (N,3), into ``out``, that lit points send to the camera.

    Diffuse light, for skin wrapped around the terminator most in red, as light that went through it (Green, "Real-time
    approximations to subsurface scattering", GPU Gems 2004); a highlight (Blinn, SIGGRAPH 1977) and a rim with
    Schlick's Fresnel factor; cloth that scatters at grazing angles.

    Args:
        position: (N,3).
        normal: (N,3), of any length.
        around: (N,3) light from all around.
        key: (N,) share of the key light by what is soft.
        albedo: (N,3).
        shine: (N,) in [0,1].
        skin: (N,) in [0,1].
        camera: (3,).
        towards: (3,) unit, to the key light.
        strength: (3,) of the key light.
        radius: radians, of the key light.
        axes, corner, scale, depth, first: of the shadow map.
        out: (N,3).
    """
    one, hard = np.float32(1), len(depth) > 1
    for n in range(len(position)):
        px, py, pz = position[n, 0], position[n, 1], position[n, 2]
        vx, vy, vz = camera[0] - px, camera[1] - py, camera[2] - pz
        length = one / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * length, vy * length, vz * length
        nx, ny, nz = normal[n, 0], normal[n, 1], normal[n, 2]
        length = one / (np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-9))
        nx, ny, nz = nx * length, ny * length, nz * length
        facing = max(nx * vx + ny * vy + nz * vz, np.float32(0.02))
        cosine = nx * towards[0] + ny * towards[1] + nz * towards[2]
        lit = key[n]
        if hard and cosine > np.float32(-0.35):
            # Interleaved gradient noise (Jimenez 2014): the filter's steps become grain.
            part = _fraction(np.float32(52.98292) * _fraction(
                np.float32(97.1) * px + np.float32(131.7) * py + np.float32(171.3) * pz))  # fmt: skip
            lit *= shadow(
                px + np.float32(0.008) * nx, py + np.float32(0.008) * ny, pz + np.float32(0.008) * nz, axes, corner,
                scale, depth, first, radius, part,
            )  # fmt: skip
        hx, hy, hz = vx + towards[0], vy + towards[1], vz + towards[2]
        length = one / (np.sqrt(hx * hx + hy * hy + hz * hz) + np.float32(1e-9))
        half = (nx * hx + ny * hy + nz * hz) * length
        s = skin[n]
        polish = shine[n]
        power = np.float32(10) + np.float32(90) * polish
        grazing = (one - facing) ** 5
        gloss = np.float32(0)
        if cosine > 0 and half > np.float32(0.5):  # else it is too faint to be seen
            gloss = polish * np.float32(0.035) * (power + 2) * np.float32(0.32) * half**power * cosine * lit
        rim = (np.float32(0.012) + np.float32(0.35) * grazing) * (np.float32(0.25) + polish)
        fuzz = (one - s) * (one - polish) * np.float32(0.10) * (one - facing) ** 3
        for c in range(3):
            # Red light travels furthest in skin.
            wrap = s * (np.float32(0.24) if c == 0 else np.float32(0.12) if c == 1 else np.float32(0.07))
            wrap = max(wrap, np.float32(0.03))
            d = max((cosine + wrap) / (one + wrap), np.float32(0))
            if s > 0 and d > 0:
                d *= d ** (np.float32(0.35) * s)
            past = lit
            if s > 0 and c == 0:
                past = lit + s * np.float32(0.16) * (lit * (one - lit)) * 2
            diffuse = strength[c] * d * past + around[n, c]
            colour = albedo[n, c]
            # What light thrown back and forth between folds adds to where the sky is not seen.
            out[n, c] = (
                colour * diffuse
                + fuzz * (np.float32(0.5) * colour + np.float32(0.08)) * diffuse
                + gloss * strength[c]
                + rim * around[n, c]
            )


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def shade_ground(
    canvas: Any, share: Any, camera: Any, axes_of: Any, focal: Any, cx: Any, cy: Any, key: Any, open_light: Any,
    radius: Any, low: Any, step: Any, ground: Any, axes: Any, corner: Any, scale: Any, depth: Any, first: Any,
    flat: Any,
) -> None:  # fmt: skip
    """Darkens the ground, in place, where something stands in its light.

    Args:
        canvas: (H,W,3) linear RGB.
        share: (H,W) how much of a pixel is ground.
        camera: (3,).
        axes_of, focal, cx, cy: the camera's.
        key: (3,) key light on the ground, and ``open_light`` (3,) that from all around, where nothing is in the way.
        radius: radians, of the key light.
        low, step, ground: of ``Lighting``.
        axes, corner, scale, depth, first: of the shadow map.
        flat: (H,W), into it how far away the ground is, metres; 1e9 where there is none.
    """
    height, width = share.shape
    size, hard, one, half = len(ground), len(depth) > 1, np.float32(1), np.float32(0.5)
    open_share = np.empty(4, np.float32)
    for y in range(height):
        for x in range(width):
            flat[y, x] = np.float32(1e9)
            w = share[y, x]
            if w <= 0:
                continue
            u, v = (np.float32(x) + half - cx) / focal, (np.float32(y) + half - cy) / focal
            dy = axes_of[0, 1] * u + axes_of[1, 1] * v + axes_of[2, 1]
            if dy > np.float32(-1e-4):
                continue
            reach = -camera[1] / dy
            flat[y, x] = reach
            px = camera[0] + reach * (axes_of[0, 0] * u + axes_of[1, 0] * v + axes_of[2, 0])
            pz = camera[2] + reach * (axes_of[0, 2] * u + axes_of[1, 2] * v + axes_of[2, 2])
            open_share[:] = one
            i, j = (px - low[0]) / step, (pz - low[1]) / step
            if 0 <= i < size - 1 and 0 <= j < size - 1:
                p, q = int(i), int(j)
                i, j = i - np.float32(p), j - np.float32(q)
                # The border fades, so that the square does not show.
                rim = min(np.float32(min(min(p, size - 2 - p), min(q, size - 2 - q))) / np.float32(8), one)
                for k in range(4):
                    near = (one - i) * ground[q, p, k] + i * ground[q, p + 1, k]
                    far = (one - i) * ground[q + 1, p, k] + i * ground[q + 1, p + 1, k]
                    open_share[k] = one + rim * ((one - j) * near + j * far - one)
            lit = open_share[0]
            if hard:
                part = _fraction(np.float32(52.98292) * _fraction(
                    np.float32(0.0671106) * np.float32(x) + np.float32(0.0058372) * np.float32(y)))  # fmt: skip
                lit *= shadow(px, np.float32(0), pz, axes, corner, scale, depth, first, radius, part)
            for c in range(3):
                dim = (key[c] * lit + open_light[c] * open_share[c + 1]) / (key[c] + open_light[c])
                canvas[y, x, c] *= one + w * (dim - one)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True, **_INNER)
def _fraction(x: Any) -> Any:
    return x - np.floor(x)
