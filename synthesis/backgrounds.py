"""What is behind a rendered person: procedural rooms, streets, parks, courts, beaches and studios, or crops of photos.

A procedural place agrees with the camera's horizon and with the ground that shadows fall on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthesis import scenery
from synthesis.backdrop import COLUMNS, SEAMLESS, draw
from synthesis.camera import Camera
from synthesis.fabrics import open_image, to_linear

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_KINDS = ("room", "street", "park", "court", "beach", "studio")
_SHARES = (0.36, 0.22, 0.20, 0.08, 0.06, 0.08)
# Photos are kept this large at most.
_PHOTO = 1600
# On photos, shadows fall where the ground would be, as far as this (metres) from the camera.
_PHOTO_GROUND = 14.0


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
    """A random place, or a random one of the user's photos.

    Raises:
        ValueError: the photo is no image that can be read; the message names it.
    """
    seed, blur = int(rng.integers(2**31)), float(rng.uniform(0.6, 2.4))
    if photos:
        photo = photos[int(rng.integers(len(photos)))]
        pixels = to_linear(_photo(photo))
        high, low = (part.reshape(-1, 3).mean(axis=0).astype(float) for part in np.array_split(pixels, 2))
        return Place("photo", bool(rng.random() < 0.5), low, high, seed, photo, 0.5 * blur)
    kind = str(rng.choice(_KINDS, p=_SHARES))
    made = _made(kind, seed, lambda z: 3.0 + 0.4 * z, 1.5)
    sky = made.sky.mean(axis=0) if not made.indoors else np.full(3, 0.8)
    return Place(kind, made.indoors, made.colours[0], sky, seed, None, blur if kind != "studio" else 0.4)


def background(
    place: Place, camera: Camera, size: int, ground: float = 0.0, feet: Floats | None = None
) -> tuple[Singles, Singles]:
    """What is behind the person, lit but without the person's shadow.

    Args:
        place: the place.
        camera: the camera of the image.
        size: pixels, the image's width and height.
        ground: metres, the height of the floor.
        feet: (3,) metres, where the person stands; walls stand behind it. The origin when None.

    Returns:
        rgb (size,size,3) linear RGB, about 1 for what is white; share (size,size) in [0,1], how much of the pixel is
        ground, on which a shadow falls.

    Raises:
        ValueError: the place's photo is no image that can be read; the message names it.
    """
    if place.photo is not None:
        return _crop(place, camera, size, ground)
    away = camera.axes[2] * [1, 0, 1]
    length = float(np.linalg.norm(away))
    # A camera that looks straight down sees no wall; any direction will do.
    away = away / length if length > 1e-6 else np.array([0.0, 0.0, 1.0])
    # Walls are seldom square to the camera.
    turn = np.random.default_rng([place.seed, 1]).normal(0, 0.22)
    away = np.array(
        [np.cos(turn) * away[0] - np.sin(turn) * away[2], 0, np.sin(turn) * away[0] + np.cos(turn) * away[2]]
    )
    axes = np.stack([np.cross(away, [0.0, 1.0, 0.0]), [0.0, 1.0, 0.0], away])
    origin = np.array([0.0, ground, 0.0]) if feet is None else np.array([feet[0], ground, feet[2]])
    eye = axes @ (camera.position - origin)
    spread = max(camera.centre[0], size - camera.centre[0]) / camera.focal

    def wide(z: float) -> float:
        return float((z - eye[2]) * spread + abs(eye[0]))

    made = _made(place.kind, place.seed, wide, float(eye[1]))
    right, down, forward = camera.axes @ axes.T
    light = np.array([0.45, 0.6, -0.66]) * [1 if place.seed % 2 else -1, 1, 1]
    rgb, share = np.empty((size, size, 3), np.float32), np.empty((size, size), np.float32)
    blocks = np.array(made.blocks, dtype=np.float64).reshape(-1, COLUMNS)
    draw(
        blocks, made.ground, made.colours, made.period, made.sky, made.cloudy, made.indoors, place.seed % 65521, right,
        down, forward, eye, camera.focal, *camera.centre, light, rgb, share,
    )  # fmt: skip
    if made.ground == SEAMLESS:
        _bend(rgb, share, made, camera)
    return rgb, share


def _made(kind: str, seed: int, wide: Callable[[float], float], eye: float) -> scenery.Scenery:
    return scenery.make(kind, np.random.default_rng([seed, 0]), wide, eye)


def _bend(rgb: Singles, share: Singles, made: scenery.Scenery, camera: Camera) -> None:
    """A studio's paper: one colour, lighter in the middle, its ground without an end."""
    n = len(rgb)
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n - 0.5
    glow = (1.12 - 0.9 * (x * x + 0.7 * y * y)).astype(np.float32)
    rgb[:] = made.colours[0].astype(np.float32) * glow[..., None]
    rays = camera.axes[2, 1] + camera.axes[1, 1] * (np.arange(n) + 0.5 - camera.centre[1]) / camera.focal
    share *= np.clip(-rays / 0.10, 0, 1).astype(np.float32)[:, None]


@lru_cache(maxsize=24)
def _photo(path: Path) -> NDArray[np.uint8]:
    image = open_image(path)
    image.thumbnail((_PHOTO, _PHOTO), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _crop(place: Place, camera: Camera, size: int, ground: float) -> tuple[Singles, Singles]:
    assert place.photo is not None
    rng = np.random.default_rng([place.seed, 2])
    whole = _photo(place.photo)
    height, width = whole.shape[:2]
    side = max(int(min(height, width) * rng.uniform(0.6, 1.0)), 1)
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    piece = whole[top : top + side, left : left + side]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    rgb = to_linear(np.asarray(Image.fromarray(piece).resize((size, size), Image.Resampling.BILINEAR)))
    # Shadows need a ground; the photo's own is taken to be where the camera's is.
    y, x = np.mgrid[0:size, 0:size] + 0.5
    drop = camera.rays(x, y)[..., 1]
    reach = np.where(drop < -1e-6, (ground - camera.position[1]) / np.where(drop < -1e-6, drop, -1), np.inf)
    share = np.clip(2 - 2 * reach / _PHOTO_GROUND, 0, 1) * (reach > 0)
    return rgb.astype(np.float32), share.astype(np.float32)
