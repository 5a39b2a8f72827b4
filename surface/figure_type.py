"""Paper, ink and type of the figures."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from surface.shading import PALETTES

WIDTH = 2400  # pixels of a figure
MARGIN = 70
INK = (70, 76, 90)
DARK = (24, 28, 38)
U_COLOUR = (196, 32, 92)
V_COLOUR = (20, 92, 205)
PAPER = (255, 255, 255)
ON_PAPER = PALETTES["light"]


def blank(width: int, height: int) -> Image.Image:
    """White paper."""
    return Image.new("RGB", (width, height), PAPER)


@cache
def font(size: float) -> Any:
    """The type that ships with Pillow."""
    return ImageFont.load_default(size)


def text(
    image: Image.Image,
    at: tuple[float, float],
    words: str,
    size: float,
    colour: tuple[int, int, int] = DARK,
    anchor: str = "lt",
    width: float | None = None,
) -> None:
    """Writes words; smaller, then shortened, until they fit the width."""
    draw, face = ImageDraw.Draw(image), font(size)
    while width is not None and size > 14 and draw.textlength(words, font=face) > width:
        size -= 1
        face = font(size)
    while width is not None and len(words) > 2 and draw.textlength(words, font=face) > width:
        words = words.rstrip("…")[:-1] + "…"
    draw.text(at, words, font=face, fill=colour, anchor=anchor)


def heading(image: Image.Image, top: float, words: str, note: str = "") -> None:
    """A line of heading with a rule above it and a note behind it."""
    draw = ImageDraw.Draw(image)
    draw.line([MARGIN, top, WIDTH - MARGIN, top], fill=(205, 209, 218), width=2)
    text(image, (MARGIN, top + 24), words, 40)
    length = draw.textlength(words, font=font(40))
    text(image, (MARGIN + length + 30, top + 34), note, 28, INK, width=WIDTH - 2 * MARGIN - length - 30)


def arrow(
    image: Image.Image, start: NDArray[Any], end: NDArray[Any], colour: tuple[int, int, int], width: float
) -> None:
    """An arrow with a white rim, drawn at three samples to a pixel."""
    fine = 3
    low = np.floor(np.minimum(start, end) - 6 * width).astype(int)
    high = np.ceil(np.maximum(start, end) + 6 * width).astype(int)
    box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    patch = image.crop(box).resize(((box[2] - box[0]) * fine, (box[3] - box[1]) * fine), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(patch)
    a, b = (start - low) * fine, (end - low) * fine
    way = b - a
    length = float(np.linalg.norm(way))
    if length < 1e-6:
        return
    way = way / length
    side, head = np.array([-way[1], way[0]]), min(4.2 * width * fine, 0.6 * length)
    for rim, fill in ((1.2, PAPER), (0.0, colour)):
        thick = (width + 2 * rim) * fine
        neck = b - way * head * 0.8
        draw.line([*(a - way * rim * fine), *neck], fill=fill, width=round(thick))
        wing, tip = side * (0.5 * head + 1.6 * rim * fine), b + way * rim * 2.2 * fine
        foot = b - way * (head + rim * fine)
        draw.polygon([tuple(tip), tuple(foot + wing), tuple(foot - wing)], fill=fill)
    small = patch.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BOX)
    image.paste(small, box[:2])
