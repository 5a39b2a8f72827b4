"""The camera of a render: a pinhole that looks at the persons from a sensible place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthesis.turns import cross

Floats = NDArray[np.float64]

_UP = np.array([0.0, 1.0, 0.0])
# No person is nearer to the camera than this (metres).
_NEAREST = 0.7
# How steeply a camera looks down at most (radians): from higher up a head and shoulders hide the rest.
_STEEPEST = np.radians(27.0)


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


def frame(people: Sequence[Floats], rng: np.random.Generator, azimuth: float, size: int, cut: float) -> Camera:
    """A camera that has persons (V,3) in a square image: near or far, from below or above, whole or cut by the border.

    Args:
        people: the vertices of each person; the first is the one that the picture is of.
        rng: what chooses.
        azimuth: radians about the upward axis from +z, where the camera stands, seen from the persons.
        size: pixels of the image's side.
        cut: the share of pictures that cut the person off.
    """
    everyone = np.concatenate([person[::7] for person in people])
    low, high = everyone.min(axis=0), everyone.max(axis=0)
    middle = (low + high) / 2
    away = np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    # Mostly at the height of a photographer's eyes or chest, at times from the knee or from a balcony.
    height = float(
        rng.choice([rng.normal(1.45, 0.18), rng.uniform(0.35, 1.1), rng.uniform(1.9, 3.4)], p=[0.6, 0.2, 0.2])
    )
    distance = float(np.exp(rng.normal(np.log(3.0), 0.42)).clip(1.3, 8.0))
    roll = np.radians(rng.normal(0, 1.2) if rng.random() < 0.85 else rng.normal(0, 6))
    # Where the border cuts the person off, it is most often below the hips or the knees, as portraits do.
    chance, fill, shift = rng.random(), rng.uniform(0.62, 0.95), rng.uniform(-0.5, 0.5, 2)
    subject = people[0][::7] if rng.random() < 0.5 or chance < cut else everyone
    if chance < cut:
        tall = subject[:, 1].min() + np.ptp(subject[:, 1]) * rng.uniform(0.3, 0.62)
        subject = subject[subject[:, 1] > tall] if rng.random() < 0.85 else subject[subject[:, 1] < tall + 0.2]
    target = (subject.min(axis=0) + subject.max(axis=0)) / 2
    while True:
        position = middle * [1, 0, 1] + away * distance
        reach = np.hypot(*(position - target)[[0, 2]])
        position[1] = min(low[1] + height, target[1] + reach * np.tan(_STEEPEST))
        camera = _aimed(position, target, roll)
        if camera.project(everyone)[1].min() > _NEAREST:
            break
        distance *= 1.15
    xy = camera.project(subject)[0]
    zoom = size * fill / float(np.ptp(xy, axis=0).max())
    box = (xy.min(axis=0) + xy.max(axis=0)) / 2
    slack = np.clip(size - np.ptp(xy, axis=0) * zoom, 0, None) * [0.7, 0.5] + size * 0.02
    x, y = size / 2 + shift * slack - box * zoom
    return Camera(camera.axes, position, zoom, (float(x), float(y)))


def _aimed(position: Floats, target: Floats, roll: float) -> Camera:
    """A camera of focal length 1 at a place, looking at another."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = cross(forward, _UP)
    right /= np.linalg.norm(right)
    down = cross(forward, right)
    axes = np.stack([np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, forward])
    return Camera(axes, position, 1.0, (0.0, 0.0))
