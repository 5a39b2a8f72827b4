"""The charts in the plane, at the surface's own size: how much each place is stretched, and lines of equal U and V."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from surface.check import flat_mesh
from surface.figure_type import DARK, INK, MARGIN, U_COLOUR, V_COLOUR, WIDTH, arrow, blank, heading, text
from surface.raster import rasterize
from surface.topology import half_edges, vertex_areas

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLES = 3
COLUMNS = 6
HEAD = 120
CAPTION = 96
# Area on the chart over area on the surface: from half (blue) over equal (paper) to twice (red); log2 of it.
RAMP = np.array(
    [[33, 90, 168], [107, 160, 212], [190, 215, 235], [250, 248, 242], [250, 214, 176], [233, 145, 95], [186, 60, 44]]
)


def sheet(body: Body) -> Image.Image:
    """The picture, as wide as a figure."""
    count = len(body.chart_names)
    columns = min(COLUMNS, max(count, 3))
    rows = -(-count // columns)
    wide = (WIDTH - 2 * MARGIN) / columns
    plot = min(round(wide - 16), 480)
    out = blank(WIDTH, HEAD + rows * (plot + CAPTION) + 30)
    heading(
        out,
        0,
        "Charts",
        "Lines of equal U and V every 0.1, heavier at 0.5; colour: area on the chart over area on the body",
    )
    _ramp(out, WIDTH - MARGIN - 430, 62)
    for index in range(count):
        x, y = MARGIN + (index % columns) * wide, HEAD + (index // columns) * (plot + CAPTION)
        picture, bar = _draw(body, index + 1, plot)
        left, top = round(x + (wide - plot) / 2), round(y + 24)
        out.paste(picture, (left, top))
        text(out, (x + wide / 2, y + plot + 40), f"{index + 1}  {body.chart_names[index]}", 26, DARK, "mt", wide - 24)
        text(out, (x + wide / 2, y + plot + 70), bar, 20, INK, "mt")
    return out


def _draw(body: Body, chart: int, size: int) -> tuple[Image.Image, str]:
    """A chart in a square of pixels with its arrows, and what its sides measure."""
    vertices, faces, uv = flat_mesh(body, np.flatnonzero(body.face_chart == chart))
    metres = scales(vertices, faces, uv)
    pad = 32
    scale = (size - 2 * pad) / float(metres.max())
    flat = uv * metres * scale
    wide, high = (metres * scale).tolist()
    start = np.array([(size - wide) / 2, (size + high) / 2])
    xy = start + flat * [1.0, -1.0]
    n = size * SAMPLES
    index, bary, _ = rasterize(xy * SAMPLES, np.zeros(len(xy)), faces, n, n)
    on = index >= 0
    corner, weight = faces[index[on]], bary[on].astype(np.float64)
    value = (weight * stretch(vertices, faces, uv * metres)[corner]).sum(axis=1)
    place = np.einsum("nk,nkc->nc", weight, uv[corner])
    step = np.clip((value + 1.0) * 0.5, 0.0, 1.0) * (len(RAMP) - 1)
    low = np.minimum(step.astype(int), len(RAMP) - 2)
    colour = RAMP[low] + (step - low)[:, None] * (RAMP[low + 1] - RAMP[low])
    for axis in range(2):
        line = np.round(place[:, axis] * 10)
        pixels = np.abs(place[:, axis] * 10 - line) / 10 * metres[axis] * scale * SAMPLES
        ink = np.clip(np.where(line == 5, 1.25, 0.6) * SAMPLES - pixels + 0.5, 0.0, 1.0)
        colour += (ink * np.where(line == 5, 0.55, 0.34))[:, None] * (np.array(DARK) - colour)
    canvas = np.full((n, n, 3), 255.0)
    canvas[on] = colour
    rim = on & ~(np.roll(on, 2, 0) & np.roll(on, -2, 0) & np.roll(on, 2, 1) & np.roll(on, -2, 1))
    canvas[rim] = INK
    small = canvas.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
    picture = Image.fromarray(np.round(small).astype(np.uint8))
    x, y = float(start[0]) - 14.0, float(start[1]) + 14.0
    across, up = min(64.0, 0.5 * wide + 20), min(64.0, 0.5 * high + 20)
    arrow(picture, np.array([x, y]), np.array([x + across, y]), U_COLOUR, 4)
    arrow(picture, np.array([x, y]), np.array([x, y - up]), V_COLOUR, 4)
    text(picture, (x + across + 8, y), "U", 20, U_COLOUR, "lm")
    text(picture, (x, y - up - 8), "V", 20, V_COLOUR, "mb")
    return picture, f"{_length(metres[0])} x {_length(metres[1])}"


def scales(vertices: Floats, faces: Ints, uv: Floats) -> Floats:
    """Metres `(2,)` that U and V span, each on its own, by the lengths of the edges, each for its triangles' area.

    Counting edges alike would let the many tiny ones of a scan's slivers decide.
    """
    ends = half_edges(faces)
    length = np.maximum(np.linalg.norm(vertices[ends[:, 0]] - vertices[ends[:, 1]], axis=1), 1e-12)
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    edge = np.sort(ends, axis=1)
    _, index = np.unique(edge, axis=0, return_inverse=True)
    doubled = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    share = np.bincount(index.ravel(), np.repeat(doubled, 3))[index.ravel()]
    change = (uv[ends[:, 0]] - uv[ends[:, 1]]) ** 2 / length[:, None] ** 2  # per metre squared
    share = share / share.sum()
    squared = np.full(2, 1.0 / max(float(share @ change.sum(axis=1)), 1e-12))
    for _ in range(20):  # towards the least absolute differences: what is stretched a lot does not count for more
        root = np.sqrt(share / (np.abs(change @ squared - 1.0) + 1e-3))
        found, *_ = np.linalg.lstsq(change * root[:, None], root, rcond=None)
        squared = np.where(found > 0, found, squared)
    return np.asarray(np.sqrt(squared))


def stretch(vertices: Floats, faces: Ints, flat: Floats) -> Floats:
    """log2 of chart area over surface area around each vertex, `(V,)`."""
    lifted = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
    ratio = vertex_areas(lifted, faces) / np.maximum(vertex_areas(vertices, faces), 1e-30)
    return np.asarray(np.log2(np.maximum(ratio, 1e-6)))


def _length(metres: float) -> str:
    return (
        f"{metres:.2f} m" if metres >= 1 else f"{100 * metres:.0f} cm" if metres >= 0.1 else f"{1000 * metres:.0f} mm"
    )


def _ramp(out: Image.Image, left: float, top: float) -> None:
    draw = ImageDraw.Draw(out)
    for k in range(300):
        step = k / 299 * (len(RAMP) - 1)
        low = min(int(step), len(RAMP) - 2)
        colour = RAMP[low] + (step - low) * (RAMP[low + 1] - RAMP[low])
        draw.line([left + 60 + k, top, left + 60 + k, top + 22], fill=tuple(np.round(colour).astype(int).tolist()))
    text(out, (left + 48, top + 11), "half", 22, INK, "rm")
    text(out, (left + 372, top + 11), "twice", 22, INK, "lm")
    text(out, (left + 210, top - 8), "equal", 22, INK, "mb")
