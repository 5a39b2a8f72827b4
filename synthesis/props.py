"""Things of a render that are no persons: what they sit on, and what stands before them or is carried.

All are made of fine triangles, because light is worked out at vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Singles = NDArray[np.float32]

# No side of a triangle is longer than about this (metres).
_FINE = 0.06
PLAIN, WOOD, CLOTH, LEAF, METAL, STONE = range(6)


@dataclass(frozen=True, eq=False)
class Mesh:
    """A part of a thing: vertices (V,3), faces (F,3), colour (3,) linear RGB, what it is made of."""

    vertices: Floats
    faces: Ints
    colour: Floats
    material: int


@dataclass(frozen=True, eq=False)
class Things:
    """All things of a stage as one mesh.

    Attributes:
        vertices: (V,3) metres.
        faces: (F,3).
        which: (F,) which mesh a face is of.
        colours: (M,3), materials: (M,), origins: (M,3), of the meshes.
    """

    vertices: Floats
    faces: Ints
    which: Ints
    colours: Floats
    materials: Ints
    origins: Floats

    @classmethod
    def of(cls, meshes: Sequence[Mesh]) -> Things:
        """One mesh of many."""
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
        empty = np.zeros((0, 3))
        return cls(
            np.concatenate([empty, *(mesh.vertices for mesh in meshes)]),
            np.concatenate([empty, *(mesh.faces + s for mesh, s in zip(meshes, starts, strict=False))]).astype(
                np.int32
            ),
            np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes]).astype(np.int32),
            np.array([mesh.colour for mesh in meshes]).reshape(-1, 3),
            np.array([mesh.material for mesh in meshes], np.int32),
            np.array([mesh.vertices.mean(axis=0) for mesh in meshes]).reshape(-1, 3),
        )


def coat(things: Things, which: Ints, points: Singles) -> tuple[Singles, Singles]:
    """Albedo (N,3) and shine (N,) of points (N,3) of meshes (N,)."""
    local = points - things.origins[which].astype(np.float32)
    material = things.materials[which]
    x, y, z = local.T
    rough = _waves(local, 9.0)
    grain = np.sin(140 * (x + z) + 14 * _waves(local, 3.0))
    tone = np.select(
        [material == WOOD, material == CLOTH, material == LEAF, material == METAL, material == STONE],
        [
            1 + 0.06 * grain + 0.05 * np.sin(310 * (x + z) + 30 * rough) + 0.14 * rough,
            1 + 0.05 * np.sin(900 * x) * np.sin(900 * y) + 0.05 * rough,
            1 + 0.45 * _waves(local, 60.0),
            1 + 0.03 * rough,
            1 + 0.07 * rough + 0.05 * _waves(local, 70.0),
        ],
        1 + 0.04 * rough,
    )
    shine = np.array([0.16, 0.22, 0.02, 0.15, 0.55, 0.06], np.float32)[material]
    albedo = things.colours[which] * np.clip(tone, 0.3, 1.7)[:, None]
    return albedo.astype(np.float32), shine


def _waves(points: Singles, frequency: float) -> Singles:
    """Smooth noise (N,) about in [-1,1]."""
    f = np.float32(frequency)
    x, y, z = points.T * f
    return 0.5 * np.sin(x + 1.7 * np.sin(1.3 * y + 0.7 * z)) + 0.5 * np.sin(1.1 * z + 1.9 * np.sin(0.8 * x - 1.4 * y))


def slab(low: Sequence[float], high: Sequence[float]) -> tuple[Floats, Ints]:
    """A block between two corners: vertices (V,3), faces (F,3) outwards."""
    a, b = np.asarray(low, float), np.asarray(high, float)
    points, faces, start = [], [], 0
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        nu, nv = (int(np.ceil((b[k] - a[k]) / _FINE)) + 1 for k in (u, v))
        su, sv = np.meshgrid(np.linspace(a[u], b[u], nu), np.linspace(a[v], b[v], nv), indexing="ij")
        i, j = np.meshgrid(np.arange(nu - 1), np.arange(nv - 1), indexing="ij")
        corner = (i * nv + j).ravel()
        for at, outward in ((a[axis], False), (b[axis], True)):
            sheet = np.empty((nu * nv, 3))
            sheet[:, axis], sheet[:, u], sheet[:, v] = at, su.ravel(), sv.ravel()
            one = np.stack([corner, corner + nv, corner + nv + 1], axis=1)
            two = np.stack([corner, corner + nv + 1, corner + 1], axis=1)
            own = np.concatenate([one, two])
            points.append(sheet)
            faces.append((own if outward else own[:, ::-1]) + start)
            start += len(sheet)
    return np.concatenate(points), np.concatenate(faces).astype(np.int32)


def moved_by(mesh: Mesh, step: Floats) -> Mesh:
    """The same elsewhere, moved by (3,) metres."""
    return Mesh(mesh.vertices + step, mesh.faces, mesh.colour, mesh.material)


def turned_about(yaw: float) -> Floats:
    """(3,3): ``points @ matrix`` are points turned by ``yaw`` radians about the upward axis, from +z towards +x."""
    return np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])


def tube(foot: Sequence[float], height: float, radius: float, top: float | None = None) -> tuple[Floats, Ints]:
    """An upright round thing on ``foot`` (3,): vertices, faces; ``top`` is its radius above, if another."""
    around = max(int(np.ceil(2 * np.pi * radius / _FINE)), 10)
    rings = max(int(np.ceil(height / _FINE)), 1) + 1
    angle = 2 * np.pi * np.arange(around) / around
    share = np.linspace(0, 1, rings)
    wide = radius + ((radius if top is None else top) - radius) * share
    points = np.empty((rings, around, 3))
    points[..., 0], points[..., 2] = wide[:, None] * np.sin(angle), wide[:, None] * np.cos(angle)
    points[..., 1] = (height * share)[:, None]
    i, j = (grid.ravel() for grid in np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij"))
    a, b = i * around + j, i * around + (j + 1) % around
    sides = np.concatenate([np.stack([a, b, b + around], axis=1), np.stack([a, b + around, a + around], axis=1)])
    # A lid of its own vertices, so that its edge is sharp.
    count = rings * around
    lid = np.concatenate([points[-1], [[0.0, height, 0.0]]])
    k = np.arange(around)
    cover = np.stack([count + k, count + (k + 1) % around, np.full(around, count + around)], axis=1)
    vertices = np.concatenate([points.reshape(-1, 3), lid]) + np.asarray(foot, float)
    return vertices, np.concatenate([sides, cover]).astype(np.int32)


def leaves(
    rng: np.random.Generator, middle: Sequence[float], radii: Sequence[float], count: int, size: float
) -> tuple[Floats, Ints]:
    """Leaves in the outer half of an ellipsoid: vertices (4 count,3), faces (2 count,3)."""
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    spot = np.asarray(middle, float) + out * np.asarray(radii, float) * rng.uniform(0.55, 1.0, (count, 1))
    along = rng.normal(size=(count, 3)) * [1, 0.6, 1] + 0.8 * out
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, out + 0.7 * rng.normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    long = size * rng.uniform(0.6, 1.3, (count, 1))
    corners = [
        spot,
        spot + 0.5 * long * along + 0.28 * long * across,
        spot + long * along,
        spot + 0.5 * long * along - 0.28 * long * across,
    ]
    start = 4 * np.arange(count)[:, None]
    faces = np.concatenate([start + np.array(own) for own in ((0, 1, 2), (0, 2, 3))])
    return np.stack(corners, axis=1).reshape(-1, 3), faces.astype(np.int32)
