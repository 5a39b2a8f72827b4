"""Things of a render that are no persons: what they sit on, and what stands before them or is carried.

All are made of fine triangles, because light is worked out at vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body
    from synthesis.stage import Actor

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
    grain = np.sin(90 * (x + z) + 9 * _waves(local, 5.0))
    tone = np.select(
        [material == WOOD, material == CLOTH, material == LEAF, material == METAL, material == STONE],
        [
            1 + 0.10 * grain + 0.16 * rough,
            1 + 0.05 * np.sin(900 * x) * np.sin(900 * y) + 0.05 * rough,
            1 + 0.45 * _waves(local, 60.0),
            1 + 0.03 * rough,
            1 + 0.12 * rough + 0.10 * _waves(local, 70.0),
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


def seat(body: Body, actor: Actor, rng: np.random.Generator) -> list[Mesh]:
    """A block under a seated person."""
    torso = np.isin(body.face_part, [p + 1 for p, name in enumerate(body.part_names) if "torso" in name.lower()])
    turn = np.array([[np.cos(actor.yaw), 0, -np.sin(actor.yaw)], [0, 1, 0], [np.sin(actor.yaw), 0, np.cos(actor.yaw)]])
    under = actor.vertices[np.unique(body.faces[torso])] @ turn.T
    top = float(under[:, 1].min()) - 0.01
    low = under[under[:, 1] < top + 0.15]
    x, _, z = (low.min(axis=0) + low.max(axis=0)) / 2
    points, faces = slab((x - 0.24, 0, z - 0.2), (x + 0.24, top, z + 0.18))
    colour = np.array([0.25, 0.16, 0.09]) * rng.uniform(0.5, 1.8)
    return [Mesh(points @ turn, faces, colour, WOOD)]
