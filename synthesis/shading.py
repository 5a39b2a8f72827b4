"""Kernels of the picture: which fragments of surfaces a pixel shows, and what light they send to the camera.

A pixel within a surface is shaded once, at its centre; only a pixel that an edge runs through is shaded at each sample
of a finer z-buffer. Arithmetic is in single precision: the picture may differ in the last bit, the truth never does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Singles = NDArray[np.float32]

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# Samples of the finer z-buffer per pixel and axis.
SAMPLES = 2
# A step in depth (metres) that is drawn as an edge.
_STEP = 0.02
# Pixels of a shadow map's tiles, of each of which the nearest depth is known.
TILE = 16
# Taps of a shadow's filter, evenly over the unit disk (Vogel 1979).
_TAPS = 16
_DISK = np.stack(
    [
        np.sqrt((np.arange(_TAPS) + 0.5) / _TAPS) * turn(np.pi * (3 - np.sqrt(5)) * np.arange(_TAPS))
        for turn in (np.cos, np.sin)
    ],
    axis=1,
).astype(np.float32)


@njit(cache=True, error_model="numpy", nogil=True)
def fragments(
    face: Any, fine: Any, depth: Any, left: int, top: int, names: Any, faces: Any, own: int, each: int, which: Any,
    used: Any,
) -> Any:  # fmt: skip
    """What is shaded.

    Args:
        face: (H,W) the face at each pixel's centre.
        fine: (2h,2w) the row of ``names`` at each sample of a window in the image, outside of which nothing is shown.
        depth: (2h,2w) metres.
        left, top: pixels, the window's corner.
        names: (M,) faces that the samples are of.
        faces: (F,3).
        own: how many of the faces are persons', ``each`` of one person.
        which: (F - own,) the thing that the other faces are of.
        used: (V,) bool, into it which vertices are shown.

    Returns:
        pixel (N,) i32, face (N,) i32, x and y (N,2) f32 pixels of where it is shaded, weight (N,) f32.
    """
    height, width = face.shape
    most = 0
    for y in range(height):
        for x in range(width):
            most += face[y, x] >= 0
    for y in range(len(fine)):
        for x in range(fine.shape[1]):
            most += fine[y, x] >= 0
    pixel, shown = np.empty(most, np.int32), np.empty(most, np.int32)
    at, weight = np.empty((most, 2), np.float32), np.empty(most, np.float32)
    count = 0
    samples = np.empty(4, np.int32)
    for y in range(top, top + len(fine) // 2):
        for x in range(left, left + fine.shape[1] // 2):
            middle = face[y, x]
            empty = middle < 0
            for k in range(4):
                samples[k] = fine[2 * (y - top) + k // 2, 2 * (x - left) + k % 2]
                empty = empty and samples[k] < 0
            if empty:
                continue
            who = _owner(middle, own, each, which)
            near, far, same = np.inf, 0.0, middle >= 0
            for k in range(4):
                if samples[k] >= 0:
                    samples[k] = names[samples[k]]
                same = same and _owner(samples[k], own, each, which) == who
                d = depth[2 * (y - top) + k // 2, 2 * (x - left) + k % 2]
                near, far = min(near, d), max(far, d)
            if same and far - near < _STEP:
                pixel[count], shown[count], weight[count] = y * width + x, middle, 1.0
                at[count, 0], at[count, 1] = x + 0.5, y + 0.5
                count += 1
                continue
            for k in range(4):
                if samples[k] >= 0:
                    pixel[count], shown[count], weight[count] = y * width + x, samples[k], 0.25
                    at[count, 0], at[count, 1] = x + 0.25 + 0.5 * (k % 2), y + 0.25 + 0.5 * (k // 2)
                    count += 1
    for n in range(count):
        for k in range(3):
            used[faces[shown[n], k]] = True
    return pixel[:count], shown[:count], at[:count], weight[:count]


@njit(cache=True, error_model="numpy", nogil=True, **_INNER)
def _owner(face: int, own: int, each: int, which: Any) -> int:
    if face < 0:
        return -1
    return face // each if face < own else 1_000_000 + which[face - own]


@njit(cache=True, error_model="numpy", nogil=True)
def weigh(face: Any, at: Any, faces: Any, vertices: Any, axes: Any, position: Any, focal: float, cx: float, cy: float,
          bary: Any) -> None:  # fmt: skip
    """Barycentrics (N,3), into ``bary``, of where the rays of image positions (N,2) meet their faces (N,)."""
    for n in range(len(face)):
        u, v = (at[n, 0] - cx) / focal, (at[n, 1] - cy) / focal
        dx = axes[0, 0] * u + axes[1, 0] * v + axes[2, 0]
        dy = axes[0, 1] * u + axes[1, 1] * v + axes[2, 1]
        dz = axes[0, 2] * u + axes[1, 2] * v + axes[2, 2]
        a, b, c = faces[face[n], 0], faces[face[n], 1], faces[face[n], 2]
        ax, ay, az = vertices[a, 0] - position[0], vertices[a, 1] - position[1], vertices[a, 2] - position[2]
        bx, by, bz = vertices[b, 0] - position[0], vertices[b, 1] - position[1], vertices[b, 2] - position[2]
        ex, ey, ez = vertices[c, 0] - position[0], vertices[c, 1] - position[1], vertices[c, 2] - position[2]
        # Volumes of the tetrahedra that the ray spans with each side.
        wa = dx * (by * ez - bz * ey) + dy * (bz * ex - bx * ez) + dz * (bx * ey - by * ex)
        wb = dx * (ey * az - ez * ay) + dy * (ez * ax - ex * az) + dz * (ex * ay - ey * ax)
        wc = dx * (ay * bz - az * by) + dy * (az * bx - ax * bz) + dz * (ax * by - ay * bx)
        total = wa + wb + wc
        if total == 0.0:
            wa = wb = wc = total = 1.0
        wa, wb, wc = max(wa / total, 0.0), max(wb / total, 0.0), max(wc / total, 0.0)
        total = wa + wb + wc
        bary[n, 0], bary[n, 1], bary[n, 2] = wa / total, wb / total, wc / total


@njit(cache=True, error_model="numpy", nogil=True)
def blend(face: Any, bary: Any, faces: Any, values: Any) -> Any:
    """(N,C) f32 of values (V,C) at points of faces."""
    wide = values.shape[1]
    out = np.empty((len(face), wide), np.float32)
    for n in range(len(face)):
        a, b, c = faces[face[n], 0], faces[face[n], 1], faces[face[n], 2]
        for k in range(wide):
            out[n, k] = bary[n, 0] * values[a, k] + bary[n, 1] * values[b, k] + bary[n, 2] * values[c, k]
    return out


@njit(cache=True, error_model="numpy", nogil=True)
def normals_of(vertices: Any, faces: Any) -> Any:
    """(V,3) outward unit normals, each face weighted by its area."""
    out = np.zeros((len(vertices), 3))
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        px, py, pz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        qx, qy, qz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        for k in range(3):
            v = faces[f, k]
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(len(out)):
        length = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2)
        if length > 0:
            out[v, 0] /= length
            out[v, 1] /= length
            out[v, 2] /= length
    return out


@njit(cache=True, error_model="numpy", nogil=True)
def turn(bump: Any, face: Any, faces: Any, rest: Any, vertices: Any) -> None:
    """Turns vectors (N,3) at faces (N,), in place, from the axes of the rest body (V,3) into those of the posed one."""
    p, q = np.empty((3, 3)), np.empty((3, 3))
    known, turns = np.zeros(len(faces), np.bool_), np.empty((len(faces), 3, 3), np.float32)
    for n in range(len(face)):
        x, y, z = bump[n, 0], bump[n, 1], bump[n, 2]
        if x == 0.0 and y == 0.0 and z == 0.0:
            continue
        f = face[n]
        if not known[f]:
            _frame(rest, faces[f], p)
            _frame(vertices, faces[f], q)
            for k in range(3):
                for m in range(3):
                    turns[f, k, m] = q[0, k] * p[0, m] + q[1, k] * p[1, m] + q[2, k] * p[2, m]
            known[f] = True
        for k in range(3):
            bump[n, k] = turns[f, k, 0] * x + turns[f, k, 1] * y + turns[f, k, 2] * z


@njit(cache=True, error_model="numpy", nogil=True, **_INNER)
def _frame(vertices: Any, corners: Any, out: Any) -> None:
    """Rows: along the face's first side, across it, its normal."""
    a, b, c = corners[0], corners[1], corners[2]
    for k in range(3):
        out[0, k] = vertices[b, k] - vertices[a, k]
        out[1, k] = vertices[c, k] - vertices[a, k]
    out[2, 0] = out[0, 1] * out[1, 2] - out[0, 2] * out[1, 1]
    out[2, 1] = out[0, 2] * out[1, 0] - out[0, 0] * out[1, 2]
    out[2, 2] = out[0, 0] * out[1, 1] - out[0, 1] * out[1, 0]
    for row in (0, 2):
        length = np.sqrt(out[row, 0] ** 2 + out[row, 1] ** 2 + out[row, 2] ** 2) + 1e-20
        for k in range(3):
            out[row, k] /= length
    out[1, 0] = out[2, 1] * out[0, 2] - out[2, 2] * out[0, 1]
    out[1, 1] = out[2, 2] * out[0, 0] - out[2, 0] * out[0, 2]
    out[1, 2] = out[2, 0] * out[0, 1] - out[2, 1] * out[0, 0]


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True, **_INNER)
def shadow(
    x: Any, y: Any, z: Any, axes: Any, corner: Any, scale: Any, depth: Any, first: Any, radius: Any, turned: Any
) -> Any:
    """Share of a hard light's disk that reaches a point, by its shadow map.

    Percentage-closer soft shadows (Fernando, SIGGRAPH sketches 2005): the filter is as wide as the penumbra.
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
    cosine, sine = np.cos(turned), np.sin(turned)
    found, thrown = np.float32(0), np.float32(0)
    for k in range(0, len(_DISK), 2):
        i = int(u + widest * (cosine * _DISK[k, 0] - sine * _DISK[k, 1]))
        j = int(v + widest * (sine * _DISK[k, 0] + cosine * _DISK[k, 1]))
        if 0 <= i < width and 0 <= j < height and depth[j, i] < d - bias:
            found += 1
            thrown += d - depth[j, i]
    if found == 0:
        return np.float32(1)
    wide = min(max(thrown / found * radius * scale, np.float32(1.2)), widest)
    lit = np.float32(0)
    slack = bias + np.float32(0.6) * wide / scale
    for k in range(len(_DISK)):
        i = int(u + wide * (cosine * _DISK[k, 0] - sine * _DISK[k, 1]))
        j = int(v + wide * (sine * _DISK[k, 0] + cosine * _DISK[k, 1]))
        if not (0 <= i < width and 0 <= j < height and depth[j, i] < d - slack):
            lit += 1
    return lit / len(_DISK)


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
            angle = np.float32(6.2831853) * _fraction(np.float32(52.98292) * _fraction(
                np.float32(97.1) * px + np.float32(131.7) * py + np.float32(171.3) * pz))  # fmt: skip
            lit *= shadow(
                px + np.float32(0.008) * nx, py + np.float32(0.008) * ny, pz + np.float32(0.008) * nz, axes, corner,
                scale, depth, first, radius, angle,
            )  # fmt: skip
        hx, hy, hz = vx + towards[0], vy + towards[1], vz + towards[2]
        length = one / (np.sqrt(hx * hx + hy * hy + hz * hz) + np.float32(1e-9))
        half = max((nx * hx + ny * hy + nz * hz) * length, np.float32(0))
        s = skin[n]
        polish = shine[n]
        power = np.float32(10) + np.float32(90) * polish
        grazing = (one - facing) ** 5
        gloss = (
            polish * np.float32(0.035) * (power + 2) * np.float32(0.32) * half**power * max(cosine, np.float32(0)) * lit
        )
        rim = (np.float32(0.012) + np.float32(0.35) * grazing) * (np.float32(0.25) + polish)
        fuzz = (one - s) * (one - polish) * np.float32(0.10) * (one - facing) ** 3
        for c in range(3):
            # Red light travels furthest in skin.
            wrap = s * (np.float32(0.24) if c == 0 else np.float32(0.12) if c == 1 else np.float32(0.07))
            wrap = max(wrap, np.float32(0.03))
            d = max((cosine + wrap) / (one + wrap), np.float32(0))
            if s > 0:
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


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True, **_INNER)
def _fraction(x: Any) -> Any:
    return x - np.floor(x)


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
    size, hard, one = len(ground), len(depth) > 1, np.float32(1)
    for y in range(height):
        for x in range(width):
            flat[y, x] = np.float32(1e9)
            if share[y, x] <= 0:
                continue
            u, v = (x + np.float32(0.5) - cx) / focal, (y + np.float32(0.5) - cy) / focal
            dy = axes_of[0, 1] * u + axes_of[1, 1] * v + axes_of[2, 1]
            if dy > np.float32(-1e-4):
                continue
            reach = -camera[1] / dy
            flat[y, x] = reach
            px = camera[0] + reach * (axes_of[0, 0] * u + axes_of[1, 0] * v + axes_of[2, 0])
            pz = camera[2] + reach * (axes_of[0, 2] * u + axes_of[1, 2] * v + axes_of[2, 2])
            lit, a0, a1, a2 = one, one, one, one
            i, j = (px - low[0]) / step, (pz - low[1]) / step
            if 0 <= i < size - 1 and 0 <= j < size - 1:
                p, q = int(i), int(j)
                i, j = i - p, j - q
                w00, w01, w10, w11 = (one - i) * (one - j), i * (one - j), (one - i) * j, i * j
                # The border fades, so that the square does not show.
                rim = min(min(p, size - 2 - p), min(q, size - 2 - q)) / np.float32(8)
                rim = min(rim, one)
                lit = one + rim * (_four(ground, q, p, 0, w00, w01, w10, w11) - one)
                a0 = one + rim * (_four(ground, q, p, 1, w00, w01, w10, w11) - one)
                a1 = one + rim * (_four(ground, q, p, 2, w00, w01, w10, w11) - one)
                a2 = one + rim * (_four(ground, q, p, 3, w00, w01, w10, w11) - one)
            if hard:
                angle = np.float32(6.2831853) * _fraction(
                    np.float32(52.98292) * _fraction(np.float32(0.0671106) * x + np.float32(0.0058372) * y)
                )
                lit *= shadow(px, np.float32(0), pz, axes, corner, scale, depth, first, radius, angle)
            w = share[y, x]
            for c in range(3):
                a = a0 if c == 0 else a1 if c == 1 else a2
                dim = (key[c] * lit + open_light[c] * a) / (key[c] + open_light[c])
                canvas[y, x, c] *= one + w * (dim - one)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True, **_INNER)
def _four(grid: Any, j: int, i: int, k: int, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a * grid[j, i, k] + b * grid[j, i + 1, k] + c * grid[j + 1, i, k] + d * grid[j + 1, i + 1, k]


@njit(cache=True, error_model="numpy", nogil=True)
def lay_over(canvas: Any, pixel: Any, weight: Any, colour: Any) -> None:
    """Lays fragments (N,), sorted by pixel, over the canvas (H,W,3)."""
    flat = canvas.reshape(-1, 3)
    n, count = 0, len(pixel)
    while n < count:
        at, total = pixel[n], np.float32(0)
        r, g, b = np.float32(0), np.float32(0), np.float32(0)
        while n < count and pixel[n] == at:
            w = weight[n]
            total += w
            r += w * colour[n, 0]
            g += w * colour[n, 1]
            b += w * colour[n, 2]
            n += 1
        rest = np.float32(1) - total
        flat[at, 0] = rest * flat[at, 0] + r
        flat[at, 1] = rest * flat[at, 1] + g
        flat[at, 2] = rest * flat[at, 2] + b


@njit(cache=True, error_model="numpy", nogil=True)
def turned_to(vertices: Any, faces: Any, eye: Any, far: bool) -> Any:
    """Faces (M,) whose outer side is turned to a point (3,), or to a direction if ``far``."""
    out = np.empty(len(faces), np.int32)
    count = 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        px, py, pz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        qx, qy, qz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        x, y, z = eye[0], eye[1], eye[2]
        if not far:
            x, y, z = x - vertices[a, 0], y - vertices[a, 1], z - vertices[a, 2]
        if (py * qz - pz * qy) * x + (pz * qx - px * qz) * y + (px * qy - py * qx) * z > 0:
            out[count] = f
            count += 1
    return out[:count]


@njit(cache=True, error_model="numpy", nogil=True)
def unlike(pixel: Any, albedo: Any, size: int, step: Any) -> Any:
    """Which (M,) of pixels, ascending, have another albedo (N,3) than the pixel beside or below them, or are that."""
    row = np.full(size * size, -1, np.int32)
    for n in range(len(pixel)):
        row[pixel[n]] = n
    marked = np.zeros(len(pixel), np.bool_)
    for n in range(len(pixel)):
        at = pixel[n]
        for k in range(2):
            if k == 0:
                other = row[at + 1] if at % size < size - 1 else -1
            else:
                other = row[at + size] if at + size < size * size else -1
            if other < 0:
                continue
            for c in range(3):
                a, b = albedo[n, c], albedo[other, c]
                if abs(a - b) > step + np.float32(0.10) * max(a, b):
                    marked[n] = marked[other] = True
    return np.flatnonzero(marked)


@njit(cache=True, error_model="numpy", nogil=True)
def facing(face: Any, faces: Any, vertices: Any, eye: Any, out: Any) -> None:
    """Into out (H,W) the cosine, at least 0, between the normal of a pixel's triangle and the direction to the eye."""
    for y in range(len(face)):
        for x in range(face.shape[1]):
            f = face[y, x]
            out[y, x] = 0.0
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            px, py, pz = (
                vertices[b, 0] - vertices[a, 0],
                vertices[b, 1] - vertices[a, 1],
                vertices[b, 2] - vertices[a, 2],
            )
            qx, qy, qz = (
                vertices[c, 0] - vertices[a, 0],
                vertices[c, 1] - vertices[a, 1],
                vertices[c, 2] - vertices[a, 2],
            )
            nx, ny, nz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
            vx, vy, vz = eye[0] - vertices[a, 0], eye[1] - vertices[a, 1], eye[2] - vertices[a, 2]
            length = np.sqrt((nx * nx + ny * ny + nz * nz) * (vx * vx + vy * vy + vz * vz))
            out[y, x] = min(max((nx * vx + ny * vy + nz * vz) / max(length, 1e-30), 0.0), 1.0)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def put(
    rows: Any, colour: Any, polish: Any, bump: Any, tone: Any, albedo: Any, shine: Any, skin: Any, point: Any
) -> None:
    """Puts colours (M,3), polish (M,) and bumps (M,3) of fragments into their rows (M,) of all of them.

    ``skin`` gets how much, in [0,1], a colour is that of the person's skin, whose direction in RGB is ``tone`` (3,);
    bumps are added to the normals in ``point``.
    """
    for m in range(len(rows)):
        n = rows[m]
        length, along = np.float32(1e-12), np.float32(0)
        for c in range(3):
            albedo[n, c] = colour[m, c]
            point[n, 3 + c] += bump[m, c]
            length += colour[m, c] * colour[m, c]
            along += colour[m, c] * tone[c]
        shine[n] = polish[m]
        alike = along / np.sqrt(length)
        skin[n] = min(max((alike - np.float32(0.985)) * np.float32(100), np.float32(0)), np.float32(1))
