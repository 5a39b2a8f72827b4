"""The camera of a render: a pinhole that looks at the person from a sensible place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera, image x right, y down.

    Attributes:
        axes: (3,3), rows right, down, forward in the world.
        position: (3,) metres.
        focal: pixels.
        centre: (2,) pixels, the principal point.
    """

    axes: Floats
    position: Floats
    focal: float
    centre: tuple[float, float]

    def project(self, points: ArrayLike) -> tuple[Floats, Floats]:
        """Pixels (N,2) and depth (N,) in metres along the viewing direction of points (N,3)."""
        local = (np.asarray(points) - self.position) @ self.axes.T
        depth = np.where(local[:, 2] == 0, 1e-9, local[:, 2])
        return self.focal * local[:, :2] / depth[:, None] + np.array(self.centre), local[:, 2]

    def rays(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Viewing directions (...,3) of pixels, with unit depth."""
        local = np.stack(
            [(np.asarray(x) - self.centre[0]) / self.focal, (np.asarray(y) - self.centre[1]) / self.focal], axis=-1
        )
        return local @ self.axes[:2] + self.axes[2]

    def scaled(self, factor: float) -> Camera:
        """The same camera with an image ``factor`` times as large."""
        return Camera(self.axes, self.position, self.focal * factor, (self.centre[0] * factor, self.centre[1] * factor))


def around(vertices: Floats, rng: np.random.Generator, size: int) -> Camera:
    """A camera that sees the whole person (V,3) in a square image, mostly from the front."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    centre, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    # Front, half profile and profile mostly; one in seven from behind.
    yaw = np.radians(rng.normal(0, 42) if rng.random() > 1 / 7 else rng.normal(180, 30))
    pitch = np.radians(rng.uniform(-4, 16))
    wide = np.radians(rng.uniform(28, 50))
    towards = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    position = centre + towards * (radius / np.sin(wide / 2)) * rng.uniform(1.0, 1.25)
    forward = -towards
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    roll = np.radians(rng.normal(0, 1.2))
    down = np.cross(forward, right)
    axes = np.stack([np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, forward])
    camera = Camera(axes, position, size / 2 / np.tan(wide / 2), (size / 2, size / 2))
    # Fill the image to a good part, with the person anywhere in it.
    xy = camera.project(vertices)[0]
    extent = float(np.ptp(xy, axis=0).max())
    zoom = size * rng.uniform(0.72, 0.92) / extent
    box = (xy.min(axis=0) + xy.max(axis=0)) / 2 - size / 2
    slack = size - np.ptp(xy, axis=0) * zoom
    shift = rng.uniform(-0.5, 0.5, 2) * np.minimum(slack * 0.7, size * np.array([0.3, 0.12])) - box * zoom
    return Camera(axes, position, camera.focal * zoom, (float(size / 2 + shift[0]), float(size / 2 + shift[1])))
