"""The error over the body: six sides of it, coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from evaluation.plots import CM, THEMES
from surface.raster import rasterize
from surface.shading import ambient

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

COLOURS = "viridis"
_UNKNOWN = {"light": "#c3c9d2", "dark": "#3d424c"}
_SAMPLES = 3
_DARKEST = 0.9  # of the light: darker, and a colour reads as a smaller error
# Rows right, down and forward of cameras around a body that faces +z with y up.
SIDES: tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...] = (
    ("front", ((1, 0, 0), (0, -1, 0), (0, 0, -1))),
    ("back", ((-1, 0, 0), (0, -1, 0), (0, 0, 1))),
    ("left side", ((0, 0, -1), (0, -1, 0), (-1, 0, 0))),
    ("right side", ((0, 0, 1), (0, -1, 0), (1, 0, 0))),
    ("above", ((1, 0, 0), (0, 0, 1), (0, -1, 0))),
    ("below", ((1, 0, 0), (0, 0, -1), (0, 1, 0))),
)


def limit(heat: NDArray[np.floating]) -> float:
    """The error in metres at the end of the colour bar: the 98th percentile, rounded up to half centimetres."""
    known = np.asarray(heat, np.float64)[np.isfinite(heat)]
    top = float(np.quantile(known, 0.98)) if len(known) else 0.01
    return max(np.ceil(CM * top * 2 - 1e-6) / 2, 0.5) / CM


def ticks(top: float) -> list[float]:
    """Ticks of a colour bar from 0 to ``top`` > 0: at most seven, in whole steps of 1, 2 or 5 times a power of ten."""
    rough = top / 6
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough - 1e-9)
    return [float(f"{k * step:.6g}") for k in range(int(top / step + 1e-9) + 1)]


def colours(heat: NDArray[np.floating], top: float, theme: str = "light") -> Floats:
    """sRGB (V,3) in [0,1] of errors (V,) in metres; grey where it is not known."""
    values = np.asarray(heat, np.float64)
    known = np.isfinite(values)
    out = np.tile(np.array(ImageColor.getrgb(_UNKNOWN[theme])) / 255, (len(values), 1))
    out[known] = colormaps[COLOURS](np.clip(values[known] / top, 0, 1))[:, :3]
    return out


def picture(body: Body, heat: NDArray[np.floating], theme: str = "light", size: int = 1600) -> NDArray[np.uint8]:
    """The body from six sides with its errors as colours, and a bar that tells them in centimetres.

    L and R are the person's own left and right. Shading takes away no more than a tenth of a colour's light.

    Args:
        body: the body.
        heat: (V,) metres, NaN where nothing is known.
        theme: "light" or "dark".
        size: pixels across.

    Returns:
        (H,size,3).

    Raises:
        ValueError: the heat is not of the body's vertices, or there is no such theme or size.
    """
    if np.shape(heat) != (len(body.vertices),):
        raise ValueError(f"heat has shape {np.shape(heat)}; the body has {len(body.vertices)} vertices")
    if theme not in THEMES:
        raise ValueError(f"theme {theme!r} is not one of {', '.join(THEMES)}")
    if not 400 <= size <= 4000:
        raise ValueError(f"size {size} is not in 400..4000")
    top = limit(heat)
    tints = colours(heat, top, theme)
    spans = [np.ptp(body.vertices @ np.array(axes, float).T, axis=0)[:2] for _, axes in SIDES]
    gap, words, bar = size // 40, size // 50, size // 13
    # Four upright sides in a row, then above and below over each other, all on one scale.
    across = sum(span[0] for span in spans[:4]) + max(spans[4][0], spans[5][0])
    scale = (size - 7 * gap - bar) / across
    height = int(scale * max(span[1] for span in spans[:4])) + 2 * gap + 2 * words
    out = Image.new("RGB", (size, height), THEMES[theme].page)
    draw = ImageDraw.Draw(out)
    font = ImageFont.load_default(words * 0.72)
    left = gap
    for (name, axes), span in zip(SIDES[:4], spans[:4], strict=True):
        _side(out, body, tints, np.array(axes, float), (left, gap + 2 * words), scale)
        _word(draw, name, left + scale * span[0] / 2, gap // 2, font, theme)
        if axes[0][0]:  # whose left and right is the question on these two
            for own, sign in (("L", 1), ("R", -1)):
                x = left + scale * span[0] * (0.96 if axes[0][0] == sign else 0.04)
                _word(draw, own, x, gap + words + height // 4, font, theme)
        left += int(scale * span[0]) + gap
    wide = scale * max(spans[4][0], spans[5][0])
    for (name, axes), span, down in zip(SIDES[4:], spans[4:], (0.0, 0.5), strict=True):
        y = int(gap // 2 + down * height)
        _word(draw, name, left + wide / 2, y, font, theme)
        corner = (int(left + (wide - scale * span[0]) / 2), y + gap + words)
        _side(out, body, tints, np.array(axes, float), corner, scale)
    _bar(draw, (size - bar, gap + 2 * words), height - 4 * gap - 3 * words, top, font, theme)
    return np.asarray(out)


def _side(out: Image.Image, body: Body, tints: Floats, axes: Floats, at: tuple[int, int], scale: float) -> None:
    """Pastes one side of the body, lit so faintly that colours still read as on the bar."""
    local = body.vertices @ axes.T
    low, span = local.min(axis=0), np.ptp(local, axis=0)
    wide, high = int(scale * span[0]) + 2, int(scale * span[1]) + 2
    fine = scale * _SAMPLES
    face, bary, _ = rasterize(
        (local[:, :2] - low[:2]) * fine, local[:, 2], body.faces, high * _SAMPLES, wide * _SAMPLES
    )
    there = face >= 0
    corners, weights = body.faces[face[there]], bary[there].astype(np.float64)
    normal = np.einsum("nk,nkc->nc", weights, body.vertex_normals[corners]) @ axes.T
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    open_sky = np.einsum("nk,nk->n", weights, ambient(body)[corners])
    light = 0.7 * np.clip(-normal[:, 2], 0, 1) + 0.3 * np.clip(open_sky, 0, 1)
    light = _DARKEST + (1 - _DARKEST) * light
    colour = np.einsum("nk,nkc->nc", weights, tints[corners]) * light[:, None]
    pixels = np.zeros((*face.shape, 4))
    pixels[there, :3], pixels[there, 3] = np.clip(colour, 0, 1), 1.0
    pixels = pixels.reshape(high, _SAMPLES, wide, _SAMPLES, 4).mean(axis=(1, 3))
    pixels[..., :3] /= np.maximum(pixels[..., 3:], 1e-9)
    shown = Image.fromarray(np.round(255 * pixels).astype(np.uint8), "RGBA")
    out.paste(shown, at, shown)


def _word(
    draw: ImageDraw.ImageDraw, words: str, x: float, y: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    theme: str, anchor: str = "mt",
) -> None:  # fmt: skip
    draw.text((x, y), words, font=font, fill=THEMES[theme].ink, anchor=anchor)


def _bar(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], height: int, top: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont, theme: str,
) -> None:  # fmt: skip
    x, y = at
    wide = max(height // 40, 8)
    for row in range(height):
        colour = colormaps[COLOURS](1 - row / max(height - 1, 1))[:3]
        draw.line([(x, y + row), (x + wide, y + row)], fill=tuple(round(255 * c) for c in colour))
    marks = ticks(CM * top)
    for tick in marks:
        words = f"{tick:g}" + (" cm" if tick == marks[-1] else "")
        _word(draw, words, x + wide + wide // 2, y + height * (1 - tick / (CM * top)), font, theme, "lm")
    grey = y + height + 3 * wide
    draw.rectangle([x, grey, x + wide, grey + wide], fill=_UNKNOWN[theme])
    _word(draw, "unseen", x + wide + wide // 2, grey + wide / 2, font, theme, "lm")
