"""The body from four sides: charts in colours of their own, lines of equal U and V, numbers, arrows along U and V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt

from surface.colours import chart_colours
from surface.figure_type import (
    DARK,
    INK,
    MARGIN,
    ON_PAPER,
    U_COLOUR,
    V_COLOUR,
    WIDTH,
    arrow,
    blank,
    font,
    heading,
    text,
)
from surface.frames import side
from surface.shading import LEFT, RIGHT, paint

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

SAMPLES = 3
TALLEST = 1500  # pixels of the tallest view
HEAD, FOOT, GAP = 110, 90, 40
# Right, down, forward of the cameras; the person faces +z, their left is +x.
SIDES: tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...] = (
    ("Front", ((1, 0, 0), (0, -1, 0), (0, 0, -1))),
    ("Back", ((-1, 0, 0), (0, -1, 0), (0, 0, 1))),
    ("Left side", ((0, 0, -1), (0, -1, 0), (-1, 0, 0))),
    ("Right side", ((0, 0, 1), (0, -1, 0), (1, 0, 0))),
)


@dataclass(frozen=True)
class _Side:
    """One drawn side: its picture, the face at each pixel, and its camera."""

    picture: Image.Image
    face: NDArray[np.int64]
    axes: Floats
    xy: Floats  # of the vertices, pixels of the picture
    scale: float


def sheet(body: Body) -> Image.Image:
    """The picture, as wide as a figure."""
    tints = chart_colours(body)
    spans = [np.ptp(body.vertices @ np.array(axes[0], dtype=float)) for _, axes in SIDES]
    room = WIDTH - 2 * MARGIN - (len(SIDES) - 1) * GAP
    scale = min(room / sum(spans), TALLEST / float(np.ptp(body.vertices[:, 1])))
    sides = [_draw(body, np.array(axes, dtype=float), scale, tints) for _, axes in SIDES]
    tall = max(one.picture.height for one in sides)
    rows, legend_height = _legend_rows(body)
    out = blank(WIDTH, HEAD + tall + FOOT + legend_height + 50)
    heading(out, 0, "Body", "Charts by colour and number; lines of equal U and V every 0.1; arrows where")
    _key(out)
    gap = (WIDTH - 2 * MARGIN - sum(one.picture.width for one in sides)) / (len(sides) - 1)
    x = float(MARGIN)
    sided = any(side(name) for name in body.part_names)
    widest = _widest(sides, body)
    for index, ((name, _), one) in enumerate(zip(SIDES, sides, strict=True)):
        _mark(one, body, {chart for chart, (_, best) in widest.items() if best == index})
        top = HEAD + tall - one.picture.height
        out.paste(one.picture, (round(x), top))
        middle = x + one.picture.width / 2
        text(out, (middle, HEAD + tall + 16), name, 30, DARK, "mt")
        if sided and name in ("Front", "Back"):
            own = ("RIGHT", "LEFT") if name == "Front" else ("LEFT", "RIGHT")
            # Under a narrow view the two words stand below its name.
            apart, below = (90, 18) if one.picture.width + gap >= 400 else (10, 54)
            for word, at, anchor in zip(own, (middle - apart, middle + apart), ("rt", "lt"), strict=True):
                colour = tuple(round(255 * c) for c in (LEFT if word == "LEFT" else RIGHT))
                text(out, (at, HEAD + tall + below), word, 26, colour, anchor)  # type: ignore[arg-type]
        x += one.picture.width + gap
    _legend(out, body, tints, rows, HEAD + tall + FOOT + 20)
    return out


def _key(out: Image.Image) -> None:
    x = 1240.0
    for words, colour in (("U grows", U_COLOUR), ("V grows", V_COLOUR)):
        text(out, (x, 34), words, 28, colour)
        arrow(out, np.array([x + 116, 49.0]), np.array([x + 172, 49.0]), colour, 5)
        x += 230


def _draw(body: Body, axes: Floats, scale: float, tints: Floats) -> _Side:
    local = body.vertices @ axes.T
    low, high = local.min(axis=0), local.max(axis=0)
    pad = 12
    width, height = (int(np.ceil((high - low)[k] * scale)) + 2 * pad for k in range(2))
    xy = (local[:, :2] - low[:2]) * scale + pad
    canvas = np.ones((height * SAMPLES, width * SAMPLES, 3))
    every = np.arange(len(body.faces), dtype=np.int32)
    face = paint(canvas, body, axes, xy * SAMPLES, local[:, 2], every, tints[body.face_chart - 1], ON_PAPER)
    small = canvas.reshape(height, SAMPLES, width, SAMPLES, 3).mean(axis=(1, 3))
    picture = Image.fromarray(np.round(np.clip(small, 0, 1) * 255).astype(np.uint8))
    return _Side(picture, face[SAMPLES // 2 :: SAMPLES, SAMPLES // 2 :: SAMPLES].astype(np.int64), axes, xy, scale)


def _spots(one: _Side, body: Body) -> dict[int, tuple[float, int, int]]:
    """For each chart in sight, how far its widest place is from its border, and where that is: pixels, x, y."""
    chart = np.where(one.face >= 0, body.face_chart[one.face], 0)
    out = {}
    for number in np.unique(chart[chart > 0]).tolist():
        depth = distance_transform_edt(np.pad(chart == number, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        out[number] = (float(depth[y, x]), int(x), int(y))
    return out


def _widest(sides: list[_Side], body: Body) -> dict[int, tuple[float, int]]:
    """For each chart its widest place on any side, and which side."""
    out: dict[int, tuple[float, int]] = {}
    for index, one in enumerate(sides):
        for number, (radius, _, _) in _spots(one, body).items():
            out[number] = max(out.get(number, (0.0, -1)), (radius, index))
    return out


def _mark(one: _Side, body: Body, best: set[int]) -> None:
    """Numbers each chart where it shows widest, with arrows along U and V where it is wide or is nowhere wider."""
    for number, (radius, x, y) in _spots(one, body).items():
        if radius < 13 and number not in best:
            continue
        length = float(np.clip(1.5 * radius, 30, 62))
        centre = np.array([x + 0.5, y + 0.5])
        for axis, colour in ((0, U_COLOUR), (1, V_COLOUR)):
            way = _along(one, body, int(one.face[y, x]), axis) if radius > 24 or number in best else None
            if way is not None:
                arrow(one.picture, centre, centre + way * length, colour, 4 if radius > 20 else 3)
        ImageDraw.Draw(one.picture).text(
            tuple(centre), str(number), font=font(24 if radius > 20 else 19), fill=DARK, anchor="mm",
            stroke_width=4, stroke_fill="white",
        )  # fmt: skip


def _along(one: _Side, body: Body, face: int, axis: int) -> Floats | None:
    """The unit vector in the picture along which U (axis 0) or V (1) grows on a face, at equal other coordinate."""
    xy, uv = one.xy[body.faces[face]], body.face_uv[face]
    edges, change = (xy[1:] - xy[0]).T, (uv[1:] - uv[0]).T
    if abs(np.linalg.det(change)) < 1e-14:
        return None
    way = edges @ np.linalg.inv(change)[:, axis]
    length = float(np.linalg.norm(way))
    return way / length if length > 1e-9 else None


def _legend_rows(body: Body) -> tuple[int, int]:
    columns = 6
    rows = -(-len(body.chart_names) // columns)
    return rows, rows * 44 + 20


def _legend(out: Image.Image, body: Body, tints: Floats, rows: int, top: float) -> None:
    draw = ImageDraw.Draw(out)
    wide = (WIDTH - 2 * MARGIN) / 6
    for index, name in enumerate(body.chart_names):
        x, y = MARGIN + (index // rows) * wide, top + (index % rows) * 44
        colour: Any = tuple(np.round(255 * tints[index]).astype(int).tolist())
        draw.rounded_rectangle([x, y, x + 34, y + 30], radius=6, fill=colour, outline=(120, 126, 140))
        text(out, (x + 82, y + 15), str(index + 1), 26, DARK, "rm")
        text(out, (x + 96, y + 15), name, 26, INK, "lm", wide - 110)
