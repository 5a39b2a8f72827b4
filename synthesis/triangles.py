"""Kernels of triangles: normals, turns of their frames, and which way they face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


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
def identify(
    face: Any, ahead: Any, faces: Any, vertices: Any, eye: Any, persons: int, each: int, owner: Any, cosine: Any
) -> None:
    """What each pixel shows.

    Args:
        face: (H,W) the row of ``ahead`` that a pixel shows, -1 for none; in place the face.
        ahead: (M,) faces.
        faces: (F,3), ``each`` of one person, of ``persons`` of them, then of things.
        vertices: (V,3).
        eye: (3,) the camera's position.
        owner: (H,W), into it the person, -1 where there is none.
        cosine: (H,W), into it the cosine, at least 0, between the normal of a triangle and the direction to the eye.
    """
    for y in range(len(face)):
        for x in range(face.shape[1]):
            owner[y, x], cosine[y, x] = -1, 0.0
            if face[y, x] < 0:
                continue
            f = ahead[face[y, x]]
            face[y, x] = f
            if f < persons * each:
                owner[y, x] = f // each
            a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
            px, py, pz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            qx, qy, qz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
            nx, ny, nz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
            vx, vy, vz = eye[0] - a[0], eye[1] - a[1], eye[2] - a[2]
            length = np.sqrt((nx * nx + ny * ny + nz * nz) * (vx * vx + vy * vy + vz * vz))
            cosine[y, x] = min(max((nx * vx + ny * vy + nz * vz) / max(length, 1e-30), 0.0), 1.0)


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
