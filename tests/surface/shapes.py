"""Shapes for tests that no one has to bring: a four-legged animal from a smooth implicit function, as triangles."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# From, to, radii there; on the left or in the middle (metres, y up, front +z).
_BONES = [
    ((0, 0.80, -0.45), (0, 0.84, 0.40), 0.22, 0.23),  # trunk
    ((0, 0.90, 0.45), (0, 1.20, 0.72), 0.14, 0.11),  # neck
    ((0, 1.22, 0.74), (0, 1.14, 1.00), 0.12, 0.07),  # head
    ((0.07, 1.30, 0.70), (0.20, 1.44, 0.66), 0.045, 0.025),  # ear
    ((0.13, 0.68, 0.38), (0.14, 0.06, 0.40), 0.09, 0.055),  # front leg
    ((0.13, 0.68, -0.42), (0.14, 0.06, -0.46), 0.10, 0.055),  # hind leg
    ((0, 0.88, -0.62), (0, 0.50, -0.85), 0.05, 0.03),  # tail
]


@cache
def animal(step: float = 0.03, lean: float = 0.0) -> tuple[Floats, Ints]:
    """Vertices (V,3) in metres and faces (F,3) of the animal; `lean` pushes its head to one side."""
    x, y, z = (np.arange(low, high, step) for low, high in ((-0.42, 0.43), (-0.1, 1.6), (-1.1, 1.2)))
    x = x - x.mean()
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    field = np.zeros(grid.shape[:3])
    for start, end, r0, r1 in _BONES:
        for sign in (1, -1) if start[0] or end[0] else (1,):
            a, b = (np.array(p) * [sign, 1, 1] for p in (start, end))
            field += np.exp(-40 * _capsule(grid - np.maximum(grid[..., 2:] - 0.6, 0) * [lean, 0, 0], a, b, r0, r1))
    v, f, _, _ = marching_cubes(-np.log(field + 1e-300) / 40, 0.0, spacing=(step, step, step))
    return v.astype(np.float64) + np.array([x[0], y[0], z[0]]), f.astype(np.int64)


def _capsule(p: Floats, a: Floats, b: Floats, r0: float, r1: float) -> Floats:
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - t[..., None] * (b - a), axis=-1) - r0 - t * (r1 - r0)
