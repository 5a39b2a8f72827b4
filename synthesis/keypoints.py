"""The COCO keypoints of a rendered person, and whether they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthesis.camera import Camera

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# A keypoint inside the body is visible if the surface in front of it is nearer than this (metres).
_FLESH = {"nose": 0.02, "eye": 0.02, "ear": 0.025, "shoulder": 0.13, "hip": 0.19, "elbow": 0.09, "knee": 0.12}
_FLESH_ELSE = 0.08


def keypoints(
    body: Body, vertices: Floats, camera: Camera, owner: NDArray[np.integer], depth: Floats, person: int
) -> Floats:
    """COCO keypoints (K,3) of a person: x, y in pixels and visibility, 0 outside the image, 1 hidden, 2 visible.

    A joint lies inside the body: it is visible if what is seen at its pixel is this person's surface, no further in
    front of it than the flesh around it is deep.

    Args:
        body: the body.
        vertices: (V,3) metres, the undressed person in the world.
        camera: the camera.
        owner: (H,W) which person each pixel shows; other values where none.
        depth: (H,W) metres, of whatever is in front.
        person: the value of this person in ``owner``.
    """
    height, width = owner.shape
    xy, own = camera.project(body.keypoint_regressor @ vertices)
    column, row = np.floor(xy).astype(np.int64).T
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height) & (own > 0)
    front, mine = np.full(len(xy), np.inf), np.zeros(len(xy), bool)
    front[inside] = depth[row[inside], column[inside]]
    mine[inside] = owner[row[inside], column[inside]] == person
    deep = np.array([flesh(name) for name in body.keypoint_names])
    visibility = np.where(inside, np.where(mine & (own - front < deep), 2.0, 1.0), 0.0)
    return np.concatenate([np.where(inside[:, None], xy, 0.0), visibility[:, None]], axis=1)


def flesh(name: str) -> float:
    """How deep in the dressed body, at most, the keypoint of this name lies where it is seen (metres)."""
    return next((deep for word, deep in _FLESH.items() if word in name), _FLESH_ELSE)
