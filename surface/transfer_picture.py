"""A picture of a transfer: a body in its charts, the other one in the same charts carried over, and the errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surface.raster import rasterize

if TYPE_CHECKING:
    from PIL.Image import Image

    from surface.body import Body
    from surface.transfer import Transfer

Floats = NDArray[np.float64]

_SAMPLES = 2
_STEP = 0.1  # of U and V between lines
_BACKGROUND = np.array([0.965, 0.969, 0.976])
_WORST = 5e-3  # metres; red in the picture of distances
_LIGHTS = ((np.array([-0.45, 0.6, 0.66]), 0.75), (np.array([0.8, 0.1, 0.6]), 0.25))


def picture(transfer: Transfer, height: int = 900) -> Image:
    """The source with its charts, the target with the source's, and the way there and back on the target.

    Args:
        transfer: the maps.
        height: of one body in pixels; the picture is two bodies high.
    """
    from PIL import Image, ImageDraw, ImageFont

    source, target = transfer.source, transfer.target
    font = ImageFont.load_default(height * 0.026)
    columns = (
        (f"{source.name}: its charts", source, lambda f, b: _charts(source, f, b)),
        (f"{target.name}: the charts of {source.name}", target, lambda f, b: _carried(transfer, f, b)),
        (f"{target.name}: there and back, 0 to {_WORST * 1000:g} mm", target, lambda f, b: _heat(transfer, f, b)),
    )
    tiles = []
    for title, body, colours in columns:
        rows = [_drawn(body, side, height, colours) for side in (1.0, -1.0)]
        tile = Image.fromarray(np.concatenate(rows))
        ImageDraw.Draw(tile).text((tile.width / 2, height * 0.012), title, (40, 44, 54), font, anchor="mt")
        tiles.append(tile)
    _bar(tiles[-1], height, font)
    whole = Image.new("RGB", (sum(t.width for t in tiles), tiles[0].height))
    at = 0
    for tile in tiles:
        whole.paste(tile, (at, 0))
        at += tile.width
    return whole


def _drawn(body: Body, side: float, height: int, colours: Any) -> NDArray[np.uint8]:
    """One body from the front (side 1) or the back (side -1), (height, width, 3)."""
    v = body.vertices
    low, high = v.min(axis=0), v.max(axis=0)
    scale = _SAMPLES * height * 0.9 / (high[1] - low[1])
    wide = int(np.ceil(scale * (high[0] - low[0]) / _SAMPLES + 0.06 * height)) * _SAMPLES
    middle = (low + high) / 2
    xy = np.stack(
        [wide / 2 + side * scale * (v[:, 0] - middle[0]), height * _SAMPLES * 0.515 - scale * (v[:, 1] - middle[1])],
        axis=1,
    )
    index, bary, _ = rasterize(xy, np.ascontiguousarray(-side * v[:, 2]), body.faces, height * _SAMPLES, wide)
    canvas = np.tile(_BACKGROUND, (*index.shape, 1))
    seen = index >= 0
    face, weight = index[seen], bary[seen]
    normal = np.einsum("nk,nkc->nc", weight, body.vertex_normals[body.faces[face]]) * [side, 1.0, side]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    light = 0.34 + sum(strength * np.clip(normal @ way + 0.15, 0, None) / 1.15 for way, strength in _LIGHTS)
    canvas[seen] = np.clip(colours(face, weight) * light[:, None], 0, 1)
    small = canvas.reshape(height, _SAMPLES, -1, _SAMPLES, 3).mean(axis=(1, 3))
    return np.round(small * 255).astype(np.uint8)


def _charts(body: Body, face: NDArray[np.int32], bary: Floats) -> Floats:
    """Colours (N,3): each part's own, a chessboard of U and V in each chart, so that shifts and turns can be seen."""
    i, u, v = body.to_iuv(face, bary)
    chart = i.astype(np.int64) - 1
    own = body.colours[body.chart_part[chart].astype(np.int64) - 1] / 255
    first = np.array([c == list(body.chart_part).index(p) for c, p in enumerate(body.chart_part)])
    own = np.where(first[chart][:, None], own, 0.82 * own)
    odd = (np.floor(u / _STEP) + np.floor(v / _STEP)) % 2 > 0
    return np.where(odd[:, None], own, 1 - 0.5 * (1 - own))


def _carried(transfer: Transfer, face: NDArray[np.int32], bary: Floats) -> Floats:
    return _charts(transfer.source, *transfer.inverse.apply(face, bary))


def _heat(transfer: Transfer, face: NDArray[np.int32], bary: Floats) -> Floats:
    back = transfer.apply(*transfer.inverse.apply(face, bary))
    gap = np.linalg.norm(transfer.target.position(*back) - transfer.target.position(face, bary), axis=1)
    return _warm(gap / _WORST)


def _warm(share: Floats) -> Floats:
    """From light grey over yellow to dark red, (N,3), of shares (N,)."""
    stops = np.array([[0.90, 0.90, 0.89], [0.99, 0.85, 0.46], [0.94, 0.45, 0.20], [0.60, 0.05, 0.12]])
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(np.clip(share, 0, 1), at, stops[:, c]) for c in range(3)], axis=1)


def _bar(tile: Image, height: int, font: Any) -> None:
    """The scale of the distances, under the title."""
    from PIL import Image, ImageDraw

    wide, high = round(tile.width * 0.36), round(height * 0.012)
    colours = np.round(255 * _warm(np.linspace(0, 1, wide))).astype(np.uint8)
    left, top = (tile.width - wide) // 2, round(height * 0.05)
    tile.paste(Image.fromarray(np.tile(colours, (high, 1, 1))), (left, top))
    draw = ImageDraw.Draw(tile)
    draw.text((left - 8, top + high / 2), "0", (40, 44, 54), font, anchor="rm")
    draw.text((left + wide + 8, top + high / 2), f"{_WORST * 1000:g}", (40, 44, 54), font, anchor="lm")
