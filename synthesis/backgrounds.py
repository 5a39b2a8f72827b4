"""What is behind a rendered person: procedural rooms and streets, or crops of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthesis.camera import Camera

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a person stands.

    Attributes:
        kind: "room", "street", "park", "court", "beach", "studio" or "photo".
        indoors: whether light falls from windows and lamps.
        floor: (3,) linear RGB, the colour of the ground, which throws light up.
        sky: (3,) linear RGB, the colour of what lights from above.
        seed: what the place's details are made of.
        photo: the user's photo, or None.
        blur: pixels in an image of 512, how far out of focus it is.
    """

    kind: str
    indoors: bool
    floor: Floats
    sky: Floats
    seed: int
    photo: Path | None
    blur: float


def choose(rng: np.random.Generator, photos: Sequence[Path] = ()) -> Place:
    """A random place, or a random one of the user's photos."""
    photo = photos[rng.integers(len(photos))] if photos else None
    grey = np.full(3, 0.3)
    return Place("studio", True, grey, grey, int(rng.integers(2**31)), photo, float(rng.uniform(0.6, 2.2)))


def background(
    place: Place, camera: Camera, size: int, ground: float = 0.0, feet: Floats | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is behind the person, lit but without the person's shadow.

    Args:
        place: the place.
        camera: the camera of the image.
        size: pixels, the image's width and height.
        ground: metres, the height of the floor.
        feet: (3,) metres, where the person stands; walls stand behind it. The origin when None.

    Returns:
        rgb (size,size,3) linear RGB; share (size,size) in [0,1], how much of the pixel is ground, on which a shadow
        falls.
    """
    del feet
    y, x = np.mgrid[0:size, 0:size] + 0.5
    rays = camera.rays(x, y)
    down = rays[..., 1] < -1e-6
    rgb = np.where(down[..., None], 0.8 * place.floor, place.sky)
    return rgb.astype(np.float32), (down & (camera.position[1] > ground)).astype(np.float32)
