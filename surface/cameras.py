"""The cameras of part views, and the two meshes that each one shows: the part, and the rest of the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# The size of the square that scales are given for, pixels.
SIZE = 512

_meshes: WeakKeyDictionary[Body, dict[int, tuple[Any, Any]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class View:
    """An orthographic camera.

    Attributes:
        part: coarse part 1..P.
        index: 0..5.
        name: "front", "back", "left", "right" (the person's own sides, or what takes the place of one that shows
            hardly any of the part), then two that show what those hide.
        title: what the annotator reads.
        right: (3,) unit, to the right in the image.
        up: (3,) unit, up in the image.
        forward: (3,) unit, the viewing direction.
        centre: (3,) metres, at the centre of the square.
        scale: pixels per metre in a square of 512 pixels.
    """

    part: int
    index: int
    name: str
    title: str
    right: tuple[float, float, float]
    up: tuple[float, float, float]
    forward: tuple[float, float, float]
    centre: tuple[float, float, float]
    scale: float

    @property
    def axes(self) -> Floats:
        """(3,3): rows right, down, forward."""
        return np.array([self.right, tuple(-v for v in self.up), self.forward])

    def camera(self, points: ArrayLike, size: int = SIZE) -> tuple[Floats, Floats]:
        """Pixels (N,2) in a square of ``size`` and depth (N,) in metres of points (N,3)."""
        local = (np.asarray(points) - np.array(self.centre)) @ self.axes.T
        return local[:, :2] * (self.scale * size / SIZE) + size / 2, local[:, 2]


def meshes(body: Body, part: int) -> tuple[Any, Any]:
    """Face indices of a part and of the rest of the body."""
    known = _meshes.setdefault(body, {})
    if part not in known:
        mine = body.face_part == part
        known[part] = (np.flatnonzero(mine).astype(np.int32), np.flatnonzero(~mine).astype(np.int32))
    return known[part]


def facing(body: Body, view: View, face: ArrayLike) -> Floats:
    """Cosine (N,) between faces' outward normals and the direction to the camera; negative when turned away."""
    a, b, c = np.moveaxis(body.vertices[body.faces[np.atleast_1d(np.asarray(face))]], 1, 0)
    normal = np.cross(b - a, c - a)
    return -(normal @ np.array(view.forward)) / np.maximum(np.linalg.norm(normal, axis=1), 1e-300)
