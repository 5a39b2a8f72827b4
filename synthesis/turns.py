"""Small compiled pieces of rotations of single vectors: NumPy takes ten times as long over three numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def unit(a: Any) -> Any:
    """A vector (3,) in unit length."""
    out = np.empty(3)
    length = np.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])
    for k in range(3):
        out[k] = a[k] / length
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def cross(a: Any, b: Any) -> Any:
    """The vector product of (3,) and (3,)."""
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def across(a: Any, along: Any) -> Any:
    """Unit, what is square to the unit vector ``along`` of a vector (3,)."""
    out = np.empty(3)
    share = a[0] * along[0] + a[1] * along[1] + a[2] * along[2]
    for k in range(3):
        out[k] = a[k] - share * along[k]
    return unit(out)


@njit(cache=True, nogil=True, error_model="numpy")
def carry(bone: Any, hinge: Any, to: Any, axis: Any) -> Any:
    """The rotation (3,3) that takes a bone to direction ``to``, and what is square to it of ``hinge`` of ``axis``."""
    out = np.empty((3, 3))
    d, e = unit(bone), unit(to)
    h, k = across(hinge, d), across(axis, e)
    g, m = cross(d, h), cross(e, k)
    for i in range(3):
        for j in range(3):
            out[i, j] = e[i] * d[j] + k[i] * h[j] + m[i] * g[j]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def matrix(r: Any) -> Any:
    """Rodrigues' formula."""
    out = np.empty((3, 3))
    x, y, z = r[0], r[1], r[2]
    square = x * x + y * y + z * z
    angle = np.sqrt(square)
    s = np.sin(angle) / angle if angle > 1e-9 else 1.0
    c = (1 - np.cos(angle)) / square if angle > 1e-4 else 0.5
    out[0, 0], out[0, 1], out[0, 2] = 1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y
    out[1, 0], out[1, 1], out[1, 2] = c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x
    out[2, 0], out[2, 1], out[2, 2] = c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def vector(m: Any) -> Any:
    """Axis-angle of a rotation, by way of its quaternion (Shepperd 1978)."""
    out = np.empty(3)
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    if trace > 0:
        real = np.sqrt(1 + trace) / 2
        for k in range(3):
            a, b = (k + 1) % 3, (k + 2) % 3
            out[k] = (m[b, a] - m[a, b]) / (4 * real)
    else:
        i = 0
        for k in range(1, 3):
            if m[k, k] > m[i, i]:
                i = k
        a, b = (i + 1) % 3, (i + 2) % 3
        out[i] = np.sqrt(max(1 + m[i, i] - m[a, a] - m[b, b], 1e-300)) / 2
        real = (m[b, a] - m[a, b]) / (4 * out[i])
        out[a] = (m[a, i] + m[i, a]) / (4 * out[i])
        out[b] = (m[b, i] + m[i, b]) / (4 * out[i])
    sign = -1.0 if real < 0 else 1.0
    size = np.sqrt(out[0] * out[0] + out[1] * out[1] + out[2] * out[2])
    scale = sign * (2 * np.arctan2(size, sign * real) / size if size > 1e-12 else 2.0)
    for k in range(3):
        out[k] *= scale
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def turn(a: Any, b: Any) -> Any:
    """The smallest rotation (3,3) that turns unit direction a to b."""
    axis = cross(a, b)
    length = np.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2])
    cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    angle = np.arctan2(length, cosine)
    if length < 1e-12:
        # Half a turn about anything across it, or none.
        axis[0], axis[1], axis[2] = (0.0, a[2], -a[1]) if abs(a[0]) < 0.9 else (-a[2], 0.0, a[0])
        length = np.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2])
        angle = 0.0 if cosine > 0 else np.pi
    for k in range(3):
        axis[k] *= angle / length
    return matrix(axis)


@njit(cache=True, nogil=True, error_model="numpy")
def product(a: Any, b: Any) -> Any:
    """The product of matrices (3,3) and (3,3)."""
    out = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
    return out
