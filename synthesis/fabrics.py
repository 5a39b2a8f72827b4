"""The user's images: fabrics and photos, read with one clear error when they cannot be."""

from __future__ import annotations

from functools import lru_cache
from os import SEEK_END
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
"""How the files end that are taken for pictures."""

_TILE = 256
_BAD = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
_TAIL = 4096  # bytes in which a whole JPEG has its end mark


def to_linear(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear RGB of 8-bit sRGB."""
    return _TO_LINEAR[srgb]


_steps = np.arange(256) / 255
_TO_LINEAR = np.where(_steps <= 0.04045, _steps / 12.92, ((_steps + 0.055) / 1.055) ** 2.4).astype(np.float32)


def open_image(path: Path) -> Image.Image:
    """An RGB image, turned as its EXIF orientation says.

    Raises:
        ValueError: the file is no image that can be read; the message names it.
    """
    try:
        with Image.open(path) as file:
            return ImageOps.exif_transpose(file).convert("RGB")
    except _BAD as error:
        raise ValueError(f"{path}: cannot be read as an image ({error})") from None


def readable(path: Path) -> bool:
    """Whether ``open_image`` reads the file, told from its header and its end; only what looks wrong is decoded."""
    try:
        with Image.open(path) as image:
            image.verify()
            jpeg = image.format in ("JPEG", "MPO")  # of which verify says nothing
        if not jpeg or b"\xff\xd9" in _tail(path):
            return True
    except _BAD:
        pass
    try:
        open_image(path)
    except ValueError:
        return False
    return True


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, SEEK_END) - _TAIL, 0))
        return file.read()


@lru_cache(maxsize=64)
def read_fabric(path: Path) -> NDArray[np.float32]:
    """A fabric's middle square (256,256,3) linear RGB.

    Raises:
        ValueError: the file is no image that can be read; the message names it.
    """
    square = ImageOps.fit(open_image(path), (_TILE, _TILE), Image.Resampling.LANCZOS)
    tile = to_linear(np.asarray(square))
    tile.flags.writeable = False
    return tile
