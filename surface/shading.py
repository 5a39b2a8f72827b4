"""Images of part views: the part softly lit in its charts' tints with iso-lines of U and V, the rest dimmed.

The iso-lines are landmarks: the same line can be followed from view to view. The person's left and right are written
into the image, because they are what annotators confuse most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import NDArray

from surface.cameras import SIZE, View, meshes
from surface.frames import side
from surface.raster import cast, rasterize

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]

# Samples per pixel and axis.
SAMPLES = 2
# The alpha of pixels beside the part.
BESIDE = 254
# Iso-lines of U and V stand this far apart.
STEP = 0.1


@dataclass(frozen=True)
class Palette:
    """Colours of a theme, sRGB in [0,1]."""

    background: Colour
    rest: float  # how much of the dimmed body shows over the background
    outline: Colour


PALETTES: dict[str, Palette] = {
    "light": Palette((0.965, 0.969, 0.976), 0.30, (0.20, 0.22, 0.27)),
    "dark": Palette((0.086, 0.094, 0.114), 0.30, (0.03, 0.03, 0.05)),
}
# Tints of a part's charts in turn: earth and sage, so that the colours of left and right mean only that.
TINTS: tuple[Colour, ...] = ((0.93, 0.84, 0.68), (0.76, 0.84, 0.75))
# Tints of charts that are the left and the right half of their part.
LEFT_TINT: Colour = (0.74, 0.80, 0.87)
RIGHT_TINT: Colour = (0.92, 0.77, 0.63)
REST: Colour = (0.62, 0.64, 0.68)
LEFT: Colour = (0.14, 0.42, 0.90)
RIGHT: Colour = (0.83, 0.29, 0.05)

# A step in depth of this share of the body's diagonal is drawn as an edge.
_JUMP = 0.006
# Sky is looked for from this share of the diagonal above the surface, so that it does not shade itself.
_LIFT = 5e-4
# Light from everywhere.
_AMBIENT = 0.27
# Directions to the lights in (right, up, towards the camera), their strengths.
_LIGHTS: tuple[tuple[Colour, float], ...] = (
    ((-0.50, 0.65, 0.60), 0.60),
    ((0.75, 0.10, 0.55), 0.22),
    ((0.0, 0.0, 1.0), 0.16),
    ((0.1, -0.75, 0.45), 0.18),
)

_ambient: WeakKeyDictionary[Body, Floats] = WeakKeyDictionary()


def ambient(body: Body, directions: int = 48) -> Floats:
    """How much of the sky each vertex (V,) sees, in [0,1], weighted by cosine; 1 in the open."""
    if body not in _ambient:
        n = np.arange(directions) + 0.5
        z, turn = 1 - 2 * n / directions, np.pi * (1 + 5**0.5) * n
        flat = np.sqrt(1 - z * z)
        normals = body.vertex_normals
        seen, total = np.zeros(len(normals)), np.full(len(normals), 1e-9)
        for sky in np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1):
            weight = normals @ sky
            rows = np.flatnonzero(weight > 0)
            across = np.linalg.svd(sky[None])[2][1:]
            xy, depth = body.vertices @ across.T, -(body.vertices @ sky)
            start = body.vertices[rows] + _LIFT * diagonal(body) * normals[rows]
            at = start @ across.T
            front = cast(xy, depth, body.faces, at[:, 0], at[:, 1])[2]
            total[rows] += weight[rows]
            seen[rows] += weight[rows] * (front >= -(start @ sky))
        _ambient[body] = seen / total
    return _ambient[body]


def diagonal(body: Body) -> float:
    """The diagonal of the body's bounding box, metres."""
    return float(np.linalg.norm(np.ptp(body.vertices, axis=0)))


def image(body: Body, view: View, size: int = SIZE, theme: str = "light") -> NDArray[np.uint8]:
    """The image (size,size,3) of a part view, labelled with the person's left or right; raises as ``clickable``."""
    return np.ascontiguousarray(clickable(body, view, size, theme)[..., :3])


def clickable(body: Body, view: View, size: int = SIZE, theme: str = "light") -> NDArray[np.uint8]:
    """The image (size,size,4) of a part view with an alpha that nobody sees: 255 where the part is shown, ``BESIDE``
    where no sample of the pixel shows it, so that a browser knows which clicks ``views.pick`` would not take.

    Raises:
        ValueError: the size is not in 32..2048, or there is no such theme.
    """
    if not 32 <= size <= 2048:
        raise ValueError(f"size {size} is not in 32..2048")
    if theme not in PALETTES:
        raise ValueError(f"theme {theme!r} is not one of {', '.join(PALETTES)}")
    palette, fine = PALETTES[theme], size * SAMPLES
    xy, depth = view.camera(body.vertices, fine)
    mine, rest = meshes(body, view.part)
    canvas = np.empty((fine, fine, 3))
    canvas[:] = palette.background
    if len(rest):
        _paint(canvas, body, view, xy, depth, rest, palette, mine=False)
    shown = _paint(canvas, body, view, xy, depth, mine, palette, mine=True) >= 0
    small = canvas.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
    alpha = np.where(shown.reshape(size, SAMPLES, size, SAMPLES).any(axis=(1, 3)), 255, BESIDE).astype(np.uint8)
    return np.dstack([_label(np.round(np.clip(small, 0, 1) * 255).astype(np.uint8), body, view), alpha])


def _paint(
    canvas: Floats, body: Body, view: View, xy: Floats, depth: Floats, faces: Any, palette: Palette, mine: bool
) -> NDArray[np.int32]:
    """Draws faces of the body into the canvas (H,W,3), see ``paint``: the part, or dimmed what is not the part."""
    charts = body.face_chart[faces]
    tints = chart_tints(body)[charts - 1] if mine else np.tile(np.array(REST), (len(faces), 1))
    return paint(canvas, body, view.axes, xy, depth, faces, tints, palette, mine)


def paint(
    canvas: Floats, body: Body, axes: Floats, xy: Floats, depth: Floats, faces: Any, tints: Floats,
    palette: Palette = PALETTES["light"], mine: bool = True,
) -> NDArray[np.int32]:  # fmt: skip
    """Draws faces of a body, lit, with iso-lines and outlines, into a canvas; what is not `mine` dimmed and plain.

    Args:
        canvas: (H,W,3), drawn into.
        body: the body.
        axes: (3,3) rows right, down, forward of the camera.
        xy: (V,2) pixels.
        depth: (V,) metres along forward.
        faces: (n,) faces to draw.
        tints: (n,3) their colours.
        palette: colours of what is drawn around.
        mine: whether to draw in full.

    Returns:
        (H,W) the row of `faces` at each pixel, -1 where none is drawn.
    """
    index, bary, front = rasterize(xy, depth, body.faces[faces], *canvas.shape[:2])
    # Back faces are seen through the part's open end only; the rest of the body is shown there.
    hidden = _normals(body, faces) @ axes[2] >= 0
    local = np.ascontiguousarray(body.vertex_normals @ (axes * [[1], [-1], [-1]]).T)
    lights = np.array([direction for direction, _ in _LIGHTS])
    lights *= np.array([[strength] for _, strength in _LIGHTS]) / np.linalg.norm(lights, axis=1, keepdims=True)
    slope = _slopes(xy[body.faces[faces]], body.face_uv[faces])
    _shade(
        canvas, index, bary, front, body.faces[faces], hidden, local, ambient(body), tints, body.face_chart[faces],
        body.face_uv[faces], slope, lights, np.array(palette.outline), palette.rest, mine, _JUMP * diagonal(body),
    )  # fmt: skip
    return np.where((index >= 0) & ~hidden[index], index, -1).astype(np.int32)


def _normals(body: Body, faces: Any) -> Floats:
    a, b, c = np.moveaxis(body.vertices[body.faces[faces]], 1, 0)
    return np.cross(b - a, c - a)


def chart_tints(body: Body) -> Floats:
    """The colour (C,3) of each chart: the sides' own where a part's charts mirror each other, else in turn by part."""
    tints = np.empty((len(body.chart_names), 3))
    for part in np.unique(body.chart_part):
        charts = np.flatnonzero(body.chart_part == part)
        for rank, chart in enumerate(charts):
            partner = int(body.chart_mirror[chart + 1]) - 1
            if partner != chart and partner in charts:
                corners = body.faces[body.face_chart == chart + 1]
                tints[chart] = LEFT_TINT if body.vertices[corners][..., 0].mean() > 0 else RIGHT_TINT
            else:
                tints[chart] = TINTS[rank % len(TINTS)]
    return tints


def _slopes(corner: Floats, uv: Floats) -> Floats:
    """How fast U and V change over the image, (F,2) per sample, of faces with corners (F,3,2) and (F,3,2)."""
    e1, e2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    det = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    det = np.where(np.abs(det) < 1e-12, 1e-12, det)[:, None]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    return np.hypot(d1 * e2[:, 1:] - d2 * e1[:, 1:], d2 * e1[:, :1] - d1 * e2[:, :1]) / np.abs(det) + 1e-12


@njit(cache=True)
def _shade(
    canvas: Any, index: Any, bary: Any, front: Any, faces: Any, hidden: Any, normals: Any, sky: Any, tints: Any,
    charts: Any, uv: Any, slope: Any, lights: Any, outline: Any, rest: float, mine: bool, jump: float,
) -> None:  # fmt: skip
    height, width = index.shape
    for y in range(height):
        for x in range(width):
            f = index[y, x]
            if f < 0 or (mine and hidden[f]):
                continue
            nx = ny = nz = air = 0.0
            for k in range(3):
                w, v = bary[y, x, k], faces[f, k]
                nx += w * normals[v, 0]
                ny += w * normals[v, 1]
                nz += w * normals[v, 2]
                air += w * sky[v]
            length = max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
            bright = _AMBIENT
            for k in range(len(lights)):
                strength = np.sqrt(lights[k, 0] ** 2 + lights[k, 1] ** 2 + lights[k, 2] ** 2)
                # Wrapped round the edge a little: soft, and nothing of the part is lost in black.
                lit = (nx * lights[k, 0] + ny * lights[k, 1] + nz * lights[k, 2]) / length
                bright += max(lit + 0.25 * strength, 0.0) / 1.25
            bright *= 0.55 + 0.45 * min(1.15 * air, 1.0)
            if not mine:
                for c in range(3):
                    canvas[y, x, c] += rest * (tints[f, c] * bright - canvas[y, x, c])
                continue
            rim = 0.16 * max(1.0 - nz / length, 0.0) ** 3
            line = 0.0
            for c in range(2):
                value = (bary[y, x, 0] * uv[f, 0, c] + bary[y, x, 1] * uv[f, 1, c] + bary[y, x, 2] * uv[f, 2, c]) / STEP
                off = abs(value - np.round(value)) * STEP / slope[f, c]
                # About one pixel wide; where lines would run together, they fade.
                strength = min(max(0.6 * SAMPLES - off + 0.5, 0.0), 1.0)
                line = max(line, strength * min(STEP / slope[f, c] / (8 * SAMPLES), 1.0))
            edge = _differs(index, front, charts, hidden, f, y, x, jump)
            for c in range(3):
                colour = (tints[f, c] * bright + rim) * (1 - 0.30 * line)
                canvas[y, x, c] = 0.35 * colour + 0.65 * outline[c] if edge else colour


@njit(cache=True)
def _differs(index: Any, front: Any, charts: Any, hidden: Any, f: int, y: int, x: int, jump: float) -> bool:
    """Whether a neighbouring sample lies beyond a silhouette, a crease in depth or a seam between charts."""
    height, width = index.shape
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        b, a = y + dy, x + dx
        if not (0 <= b < height and 0 <= a < width):
            continue
        g = index[b, a]
        if g < 0 or hidden[g] or charts[g] != charts[f] or abs(front[b, a] - front[y, x]) > jump:
            return True
    return False


def _label(pixels: NDArray[np.uint8], body: Body, view: View) -> NDArray[np.uint8]:
    """Writes the person's left and right into the image (PIL's own font, which ships with it)."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    size = len(pixels)
    own = side(body.part_names[view.part - 1])
    if own:
        _badge(draw, ImageFont.load_default(size * 0.055), own.upper(), own, (0.025, 0.025), "lt", size)
    else:
        across = view.right[0]
        for word, sign in (("left", 1.0), ("right", -1.0)):
            at = sign * across
            if abs(at) > 0.7:
                x, anchor = (0.975, "rm") if at > 0 else (0.025, "lm")
                _badge(draw, ImageFont.load_default(size * 0.055), word[0].upper(), word, (x, 0.5), anchor, size)
        if abs(across) < 0.3:
            seen = "left" if view.forward[0] < 0 else "right"
            _badge(draw, ImageFont.load_default(size * 0.055), f"{seen.upper()} SIDE", seen, (0.025, 0.025), "lt", size)
    return np.asarray(picture)


def _badge(draw: Any, font: Any, text: str, own: str, at: tuple[float, float], anchor: str, size: int) -> None:
    x, y = at[0] * size, at[1] * size
    pad = size * 0.014
    wide, high = draw.textlength(text, font=font) + 2 * pad, font.size + 1.2 * pad
    left = x - wide if anchor[0] == "r" else x
    top = y - high / 2 if anchor[1] == "m" else y
    colour = tuple(round(255 * c) for c in (LEFT if own == "left" else RIGHT))
    draw.rounded_rectangle([left, top, left + wide, top + high], radius=high * 0.3, fill=colour)
    draw.text((left + wide / 2, top + high / 2), text, font=font, fill=(255, 255, 255), anchor="mm")
