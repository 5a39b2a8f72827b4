"""Kernels of fragments: what is shaded of a pixel, of which surface, and how fragments become pixels again.

A pixel within a surface is shaded once, at its centre; only a pixel that an edge runs through is shaded at each sample
of a finer z-buffer. Arithmetic is in single precision: the picture may differ in the last bit, the truth never does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# A step in depth (metres) that is drawn as an edge.
_STEP = 0.02


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
        corners = faces[face[n]]
        a, b, c = values[corners[0]], values[corners[1]], values[corners[2]]
        p, q, r = bary[n, 0], bary[n, 1], bary[n, 2]
        for k in range(wide):
            out[n, k] = p * a[k] + q * b[k] + r * c[k]
    return out


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


@njit(cache=True, error_model="numpy", nogil=True)
def unlike(pixel: Any, weight: Any, albedo: Any, size: int, step: Any) -> Any:
    """Which (M,) fragments that are whole pixels have another albedo (N,3) than the one beside or below, or are that.

    Args:
        pixel, weight: (N,) of ``fragments``.
        albedo: (N,3).
        size: pixels, the image's width and height.
        step: how much may differ.
    """
    row = np.full(size * size, np.int32(-1))
    for n in range(len(pixel)):
        if weight[n] == 1:
            row[pixel[n]] = n
    marked, count = np.zeros(len(pixel), np.bool_), 0
    for n in range(len(pixel)):
        if weight[n] < 1:
            continue
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
    out = np.empty(len(pixel), np.int64)
    for n in range(len(pixel)):
        if marked[n]:
            out[count] = n
            count += 1
    return out[:count]


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
