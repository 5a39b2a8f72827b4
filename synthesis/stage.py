"""Where the persons of a render stand: in their poses on the ground, dressed, apart from one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from surface.rig import joints, pose
from synthesis.props import Mesh, moved_by

if TYPE_CHECKING:
    from surface.body import Body
    from synthesis.poses import Sampled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Surfaces that share no cell of this size (metres) do not touch.
_CELL = 0.08


@dataclass(frozen=True, eq=False)
class Actor:
    """One person in the world.

    Attributes:
        name: of the pose.
        betas, rotations, translation: ``surface.rig.pose`` makes ``vertices`` of them.
        vertices: (V,3) metres, undressed.
        dressed: (V,3) metres, as seen.
        yaw: radians about the upward axis that the person is turned from +z.
        seated: whether something is needed to sit on.
        things: what it sits on and carries.
    """

    name: str
    betas: Floats
    rotations: Floats
    translation: Floats
    vertices: Floats
    dressed: Floats
    yaw: float
    seated: bool
    things: tuple[Mesh, ...] = ()

    def by(self, step: Floats) -> Actor:
        """The same person elsewhere, moved by (3,) metres."""
        return replace(
            self, translation=self.translation + step, vertices=self.vertices + step, dressed=self.dressed + step,
            things=tuple(moved_by(mesh, step) for mesh in self.things),
        )  # fmt: skip


def act(body: Body, found: Sampled, yaw: float) -> Actor:
    """An undressed person at the origin in a sampled pose, turned by ``yaw`` radians."""
    rig = body.rig
    assert rig is not None
    vertices = pose(rig, found.betas, found.rotations)
    # Turned about its root, so that the turn is the root's rotation.
    root = rig.parents.index(-1)
    turn = Rotation.from_rotvec([0.0, yaw, 0.0])
    rotations = found.rotations.copy()
    rotations[root] = (turn * Rotation.from_rotvec(rotations[root])).as_rotvec()
    at = joints(rig, found.betas)[root]
    vertices = (vertices - at) @ turn.as_matrix().T + at
    return Actor(found.name, found.betas, rotations, np.zeros(3), vertices, vertices, yaw, found.seated)


def stood(actor: Actor, dressed: Floats, lift: float) -> Actor:
    """The person in clothes, (V,3) metres, above the origin, ``lift`` metres over the ground."""
    low, high = dressed.min(axis=0), dressed.max(axis=0)
    step = -np.array([(low[0] + high[0]) / 2, low[1] - lift, (low[2] + high[2]) / 2])
    return replace(actor, dressed=dressed).by(step)


def spread(actors: Sequence[Actor], rng: np.random.Generator, azimuth: float) -> list[Actor]:
    """Persons who stood at one place, apart and at different distances from a camera at ``azimuth``."""
    if len(actors) == 1:
        return list(actors)
    placed, taken = [actors[0]], _taken(actors[0])
    away = np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    side = np.array([away[2], 0.0, -away[0]])
    for actor in actors[1:]:
        beside = placed[rng.integers(len(placed))]
        start = beside.vertices.mean(axis=0) * [1, 0, 1]
        angle = rng.uniform(0, 2 * np.pi)
        # Sideways as far as in depth: they hide one another in part, seldom wholly.
        direction = np.cos(angle) * side + 0.9 * np.sin(angle) * away
        reach = rng.uniform(0.35, 0.9)
        while True:
            there = actor.by(start + reach * direction)
            own = _taken(there)
            if not len(np.intersect1d(own, taken, assume_unique=True)):
                break
            reach += 0.12
        placed.append(there)
        taken = np.union1d(taken, own)
    return placed


def _taken(actor: Actor) -> Ints:
    return cells(np.concatenate([actor.dressed, *(mesh.vertices for mesh in actor.things)]))


def cells(points: Floats) -> Ints:
    """Keys of the cells of two shifted grids that hold points (N,3): fine meshes that touch share one."""
    keys = [
        (np.floor(points / _CELL + shift).astype(np.int64) + 4096) @ np.array([1, 8192, 8192 * 8192]) * 2 + which
        for which, shift in enumerate((0.0, 0.5))
    ]
    return np.unique(np.concatenate(keys))
