"""Where the persons of a render stand: in their poses on the ground, apart from one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from surface.rig import joints, pose
from synthesis.poses import sample

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Surfaces that share no cell of this size (metres) do not touch.
_CELL = 0.08


@dataclass(frozen=True, eq=False)
class Actor:
    """One person in the world: ``pose(body.rig, betas, rotations, translation)`` gives its undressed vertices (V,3)."""

    name: str
    betas: Floats
    rotations: Floats
    translation: Floats
    vertices: Floats
    seated: bool
    yaw: float


def act(body: Body, rng: np.random.Generator, yaw: float) -> Actor:
    """A person in a random pose and shape, standing on the ground at the origin, turned by ``yaw`` radians."""
    found = sample(body, rng)
    betas, rotations = found.betas, found.rotations
    rig = body.rig
    assert rig is not None
    vertices = pose(rig, betas, rotations)
    # Turned about its root, so that the turn is the root's rotation.
    root = rig.parents.index(-1)
    turn = Rotation.from_rotvec([0.0, yaw, 0.0])
    rotations = rotations.copy()
    rotations[root] = (turn * Rotation.from_rotvec(rotations[root])).as_rotvec()
    at = joints(rig, betas)[root]
    vertices = (vertices - at) @ turn.as_matrix().T + at
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    translation = -np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    return Actor(found.name, betas, rotations, translation, vertices + translation, found.seated, yaw)


def moved(actor: Actor, by: Floats) -> Actor:
    """The same person elsewhere; ``by`` (3,) metres."""
    return Actor(
        actor.name, actor.betas, actor.rotations, actor.translation + by, actor.vertices + by, actor.seated, actor.yaw
    )  # fmt: skip


def spread(actors: Sequence[Actor], rng: np.random.Generator, azimuth: float) -> list[Actor]:
    """Persons who stood at one place, apart and at different distances from a camera at ``azimuth``."""
    placed, taken = [actors[0]], cells(actors[0].vertices)
    away = np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    side = np.array([away[2], 0.0, -away[0]])
    for actor in actors[1:]:
        beside = placed[rng.integers(len(placed))]
        start = beside.vertices.mean(axis=0) * [1, 0, 1]
        angle = rng.uniform(0, 2 * np.pi)
        # Sideways as far as in depth: they hide one another in part, seldom wholly.
        direction = np.cos(angle) * side + 0.9 * np.sin(angle) * away
        for reach in np.arange(rng.uniform(0.35, 0.9), 4.0, 0.12):
            there = moved(actor, start + reach * direction)
            own = cells(there.vertices)
            if not len(np.intersect1d(own, taken, assume_unique=True)):
                break
        placed.append(there)
        taken = np.union1d(taken, own)
    return placed


def cells(points: Floats) -> Ints:
    """Keys of the cells of two shifted grids that hold points (N,3): fine meshes that touch share one."""
    keys = [
        (np.floor(points / _CELL + shift).astype(np.int64) + 512) @ np.array([1, 1024, 1024 * 1024]) * 2 + which
        for which, shift in enumerate((0.0, 0.5))
    ]
    return np.unique(np.concatenate(keys))
