"""What was found, drawn onto the photo: parts, lines of equal U and V, a texture put on.

All of it is drawn at pixels' centres and blended over a pixel, so that edges are smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from model.prediction.decode import Person
from surface.colours import chart_colours

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

LINES = 0.1
"""Of U and V between two lines."""

_U, _V = np.array([255, 214, 64.0]), np.array([64, 224, 255.0])  # sRGB of lines of equal U and of equal V
_EDGE = np.array([255, 255, 255.0])
_LUMA = np.array([0.299, 0.587, 0.114])

Style = Callable[[Bytes, Sequence[Person]], Bytes]
"""From a photo (H, W, 3) u1 and its persons, the best first, to the picture."""


def parts(pixels: Bytes, persons: Sequence[Person], body: Body) -> Bytes:
    """Each chart in its colour over the photo, whose light still shows, and an outline around persons and parts."""
    colours = chart_colours(body) * 255.0
    part = np.concatenate([[0], body.chart_part]).astype(np.int64)
    chart, _, owner = painted(pixels, persons)
    light = _light(pixels)
    own = colours[np.maximum(chart, 1) - 1] * (0.72 + 0.42 * light[..., None])
    out = _blended(pixels, own, 0.72 * (chart > 0))
    label = part[chart] + len(body.part_names) * 2 * (owner + 1) * (chart > 0)
    width = _width(pixels)
    out = _blended(out, _EDGE, 0.5 * _borders(label, width))
    return _bytes(_blended(out, _EDGE, 0.9 * _borders((owner + 1) * (chart > 0), 1.4 * width)))


def lines(pixels: Bytes, persons: Sequence[Person], body: Body) -> Bytes:
    """Lines of equal U (yellow) and V (blue) in steps of a tenth, and an outline around charts."""
    del body
    chart, uv, owner = painted(pixels, persons)
    inside = chart > 0
    label = chart + 256 * (owner + 1) * inside
    out = pixels.astype(np.float64) * np.where(inside, 0.62, 1.0)[..., None]
    width = _width(pixels)
    for value, colour in ((uv[0], _U), (uv[1], _V)):
        out = _blended(out, colour, 0.95 * _contours(value, label, LINES, width))
    return _bytes(_blended(out, _EDGE, 0.8 * _borders(label, width)))


def texture(pixels: Bytes, persons: Sequence[Person], atlas: Bytes, charts: int) -> Bytes:
    """A texture put on, lit as the photo is.

    :param atlas: (h, w, 3) u1 as ``squares`` takes it.
    """
    tiles = squares(atlas, charts).astype(np.float64)
    chart, uv, _ = painted(pixels, persons)
    side = tiles.shape[1]
    column, row = uv[0] * (side - 1), (1.0 - uv[1]) * (side - 1)
    at = np.maximum(chart, 1) - 1
    colour = np.zeros((*chart.shape, 3))
    for y, share_y in ((np.floor(row), 1 - row % 1), (np.ceil(row), row % 1)):
        for x, share_x in ((np.floor(column), 1 - column % 1), (np.ceil(column), column % 1)):
            # Where both are whole, floor and ceil are the same cell, and the second's share is 0.
            colour += (share_y * share_x)[..., None] * tiles[at, y.astype(np.int64), x.astype(np.int64)]
    light = ndimage.gaussian_filter(_light(pixels), 0.7)
    lit = colour * (0.35 + 0.95 * light[..., None])
    return _bytes(_blended(pixels, lit, ndimage.gaussian_filter((chart > 0).astype(np.float64), 0.6) * (chart > 0)))


def squares(atlas: Bytes, charts: int) -> Bytes:
    """An atlas cut into its charts' squares (C, side, side, 3), V upwards.

    The squares stand in columns of six, the first column from the top down: charts 1..6, as in the texture atlas of the
    original DensePose.

    :raises ValueError: it has no such squares.
    """
    rows = min(charts, 6)
    columns = -(-charts // 6)
    side = atlas.shape[0] // rows
    if atlas.ndim != 3 or atlas.shape[2] != 3 or side < 2 or atlas.shape[:2] != (rows * side, columns * side):
        raise ValueError(
            f"an atlas of {charts} charts has {columns} x {rows} squares in columns of {rows};"
            f" this picture has {atlas.shape[1]} x {atlas.shape[0]} pixels"
        )
    tiles = atlas.reshape(rows, side, columns, side, 3).transpose(2, 0, 1, 3, 4)
    return np.ascontiguousarray(tiles.reshape(rows * columns, side, side, 3)[:charts])


def suit(body: Body, side: int = 200) -> Bytes:
    """An atlas for a body: a striped suit, whose stripes go round the body and meet across charts.

    :param side: pixels of a chart's square.
    """
    charts = len(body.chart_names)
    at = (np.arange(side) + 0.5) / side
    v, u = (axis.ravel() for axis in np.meshgrid(1 - at, at, indexing="ij"))
    tiles = np.zeros((-(-charts // 6) * min(charts, 6), side, side, 3), np.uint8)
    low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
    for chart in range(1, charts + 1):
        face, bary = body.from_iuv(np.full(len(u), chart), u, v)
        place = (body.position(face, bary) - low) / (high[1] - low[1])
        tiles[chart - 1] = _stripes(place, body.vertex_normals[body.faces[face]], bary).reshape(side, side, 3)
    columns, rows = -(-charts // 6), min(charts, 6)
    return tiles.reshape(columns, rows, side, side, 3).transpose(1, 2, 0, 3, 4).reshape(rows * side, columns * side, 3)


def _stripes(place: Floats, normals: Floats, bary: Floats) -> Bytes:
    """Colours (N, 3) of places (N, 3) in heights of the body: bands of colour around it, a fine light line between,
    darker behind."""
    height = place[:, 1] * 26.0
    band = np.floor(height).astype(np.int64)
    palette = np.array([[228, 87, 86], [245, 245, 240], [42, 92, 170], [245, 245, 240]], np.float64)
    colour = palette[band % len(palette)]
    line = np.abs(height - np.round(height))[:, None] < 0.06
    colour = np.where(line, 40.0, colour)
    behind = np.einsum("nk,nk->n", bary, normals[..., 2]) < 0
    return _bytes(colour * np.where(behind, 0.8, 1.0)[:, None])


def painted(pixels: Bytes, persons: Sequence[Person]) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """The persons' surfaces in the photo, those of better persons over those of others.

    :return: (H, W) i8 I, 0 where none is; (2, H, W) f8 U, V; (H, W) i8 the row of the person, -1 where none is.
    """
    height, width = pixels.shape[:2]
    chart, uv = np.zeros((height, width), np.int64), np.zeros((2, height, width))
    owner = np.full((height, width), -1)
    for row, person in reversed(list(enumerate(persons))):
        if person.chart is None or person.uv is None:
            continue
        left, top = (round(float(corner)) for corner in person.box[:2])
        y, x = (
            slice(max(top, 0), max(top + person.chart.shape[0], 0)),
            slice(max(left, 0), max(left + person.chart.shape[1], 0)),
        )
        h, w = chart[y, x].shape
        cut = slice(max(-top, 0), max(-top, 0) + h), slice(max(-left, 0), max(-left, 0) + w)
        on = person.chart[cut] > 0
        chart[y, x][on] = person.chart[cut][on]
        owner[y, x][on] = row
        for axis in range(2):
            uv[axis][y, x][on] = person.uv[axis][cut][on]
    return chart, uv, owner


def _contours(value: Floats, label: NDArray[np.int64], step: float, width: float) -> Floats:
    """(H, W) in [0, 1]: how much of each pixel is within ``width / 2`` of a line on which ``value`` is a multiple of
    ``step``; gradients are taken within equal labels."""
    slope = np.hypot(*(_slope(value, label, axis) for axis in (0, 1)))
    off = np.abs(value / step - np.round(value / step)) * step
    # 0 and 1 are the border of a chart.
    inner = (value > step / 2) & (value < 1 - step / 2)
    pixels = off / np.maximum(slope, 1e-9)
    # Where lines would be closer than a few pixels, they would be a blot.
    clear = np.clip(step / np.maximum(slope, 1e-9) / (2.5 * width) - 0.6, 0.0, 1.0)
    return np.clip(width / 2 + 0.5 - pixels, 0.0, 1.0) * inner * clear * (label > 0)


def _slope(value: Floats, label: NDArray[np.int64], axis: int) -> Floats:
    """Difference to the next pixel along an axis; the mean of both sides where they are of the same label, else that of
    one, else 0."""
    step = np.diff(value, axis=axis)
    same = np.diff(label, axis=axis) == 0
    pad = [(0, 0), (0, 0)]
    pad[axis] = (0, 1)
    after, known_after = np.pad(step * same, pad), np.pad(same, pad)
    pad[axis] = (1, 0)
    before, known_before = np.pad(step * same, pad), np.pad(same, pad)
    return (after + before) / np.maximum(known_after.astype(np.int64) + known_before, 1)


def _borders(label: NDArray[np.int64], width: float) -> Floats:
    """(H, W) in [0, 1]: lines of a width in pixels between unequal labels."""
    edge = np.zeros(label.shape, np.bool_)
    for axis in (0, 1):
        apart = np.diff(label, axis=axis) != 0
        pad = [(0, 0), (0, 0)]
        for side in ((0, 1), (1, 0)):
            pad[axis] = side
            edge |= np.pad(apart, pad)
    # Pixels on both sides of a border are half a pixel off it.
    off = ndimage.distance_transform_edt(~edge) + 0.5
    return np.clip(width / 2 + 1.0 - off, 0.0, 1.0) * (1.0 if width >= 1 else width)


def _width(pixels: Bytes) -> float:
    """Of lines on a photo, in pixels."""
    return float(np.clip(min(pixels.shape[:2]) / 500, 0.6, 4.0))


def _light(pixels: Bytes) -> Floats:
    """(H, W) in [0, 1], of the photo."""
    return pixels.astype(np.float64) @ _LUMA / 255.0


def _blended(under: NDArray, over: NDArray, share: NDArray) -> Floats:
    return under * (1 - share[..., None]) + over * share[..., None]


def _bytes(colour: Floats) -> Bytes:
    return np.round(np.clip(colour, 0, 255)).astype(np.uint8)
