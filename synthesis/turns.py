"""Small compiled pieces of rotations of single vectors: NumPy takes ten times as long over three numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def unit(a: Any) -> Any:
    """A vector (3,) in unit length."""
    return a / np.sqrt(a[0] ** 2 + a[1] ** 2 + a[2] ** 2)


@njit(cache=True, nogil=True)
def cross(a: Any, b: Any) -> Any:
    """The vector product of (3,) and (3,)."""
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


@njit(cache=True, nogil=True)
def across(a: Any, along: Any) -> Any:
    """Unit, what is square to the unit vector ``along`` of a vector (3,)."""
    return unit(a - (a[0] * along[0] + a[1] * along[1] + a[2] * along[2]) * along)


@njit(cache=True, nogil=True)
def carry(bone: Any, hinge: Any, to: Any, axis: Any) -> Any:
    """The rotation (3,3) that takes a bone to direction ``to``, and what is square to it of ``hinge`` of ``axis``."""
    out = np.zeros((3, 3))
    d, e = unit(bone), unit(to)
    h, k = across(hinge, d), across(axis, e)
    g, m = cross(d, h), cross(e, k)
    for i in range(3):
        for j in range(3):
            out[i, j] = e[i] * d[j] + k[i] * h[j] + m[i] * g[j]
    return out


@njit(cache=True, nogil=True)
def matrix(r: Any) -> Any:
    """Rodrigues' formula."""
    angle = np.sqrt(r[0] ** 2 + r[1] ** 2 + r[2] ** 2)
    s = np.sin(angle) / angle if angle > 1e-9 else 1.0
    c = (1 - np.cos(angle)) / angle**2 if angle > 1e-4 else 0.5
    k = np.array([[0.0, -r[2], r[1]], [r[2], 0.0, -r[0]], [-r[1], r[0], 0.0]])
    return np.eye(3) + s * k + c * (k @ k)


@njit(cache=True, nogil=True)
def vector(m: Any) -> Any:
    """Axis-angle of a rotation, by way of its quaternion (Shepperd 1978)."""
    q = np.empty(4)
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    if trace > 0:
        q[0] = np.sqrt(1 + trace) / 2
        for k in range(3):
            a, b = (k + 1) % 3, (k + 2) % 3
            q[k + 1] = (m[b, a] - m[a, b]) / (4 * q[0])
    else:
        i = 0
        for k in range(1, 3):
            if m[k, k] > m[i, i]:
                i = k
        a, b = (i + 1) % 3, (i + 2) % 3
        q[i + 1] = np.sqrt(max(1 + m[i, i] - m[a, a] - m[b, b], 1e-300)) / 2
        q[0] = (m[b, a] - m[a, b]) / (4 * q[i + 1])
        q[a + 1] = (m[a, i] + m[i, a]) / (4 * q[i + 1])
        q[b + 1] = (m[b, i] + m[i, b]) / (4 * q[i + 1])
    if q[0] < 0:
        q = -q
    size = np.sqrt(q[1] ** 2 + q[2] ** 2 + q[3] ** 2)
    angle = 2 * np.arctan2(size, q[0])
    return q[1:] * (angle / size if size > 1e-12 else 2.0)


@njit(cache=True, nogil=True)
def turn(a: Any, b: Any) -> Any:
    """The smallest rotation (3,3) that turns unit direction a to b."""
    axis = np.cross(a, b)
    length, cosine = np.sqrt(axis @ axis), a @ b
    if length < 1e-12:
        if cosine > 0:
            return np.eye(3)
        axis = np.cross(a, np.array([1.0, 0.0, 0.0]) if abs(a[0]) < 0.9 else np.array([0.0, 1.0, 0.0]))
        length = np.sqrt(axis @ axis)
        return matrix(axis / length * np.pi)
    return matrix(axis / length * np.arctan2(length, cosine))
