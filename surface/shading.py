"""Images of part views: the part softly lit in its charts' tints with iso-lines of U and V, the rest dimmed.

The iso-lines are landmarks: the same line can be followed from view to view. The person's left and right are written
into the image, because they are what annotators confuse most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from surface.frames import side
from surface.raster import cast, rasterize
from surface.views import SIZE, View, facing, meshes

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Theme = Literal["light", "dark"]
Colour = tuple[float, float, float]

# Samples per pixel and axis.
SAMPLES = 2
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
# Tints of a part's charts in turn.
TINTS: tuple[Colour, ...] = ((0.92, 0.77, 0.63), (0.74, 0.80, 0.87))
REST: Colour = (0.62, 0.64, 0.68)
LEFT: Colour = (0.14, 0.42, 0.90)
RIGHT: Colour = (0.83, 0.29, 0.05)

# Directions to the lights in (right, up, towards the camera), their strengths.
_LIGHTS: tuple[tuple[Colour, float], ...] = (
    ((-0.50, 0.65, 0.60), 0.60),
    ((0.75, 0.10, 0.55), 0.22),
    ((0.0, 0.0, 1.0), 0.16),
)

_ambient: WeakKeyDictionary[Body, Floats] = WeakKeyDictionary()


def ambient(body: Body, directions: int = 64) -> Floats:
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
            # From a millimetre above the surface, so that it does not shade itself.
            start = body.vertices[rows] + 1e-3 * normals[rows]
            at = start @ across.T
            front = cast(xy, depth, body.faces, at[:, 0], at[:, 1])[2]
            total[rows] += weight[rows]
            seen[rows] += weight[rows] * (front >= -(start @ sky))
        _ambient[body] = seen / total
    return _ambient[body]


def image(body: Body, view: View, size: int = SIZE, theme: Theme = "light") -> NDArray[np.uint8]:
    """The image (size,size,3) of a part view, labelled with the person's left or right.

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
    _paint_rest(canvas, body, view, xy, depth, rest, palette)
    _paint_part(canvas, body, view, xy, depth, mine, palette)
    small = canvas.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
    return _label(np.round(np.clip(small, 0, 1) * 255).astype(np.uint8), body, view)


def _light(body: Body, view: View, face: Any, bary: Any) -> tuple[Floats, Floats]:
    """Brightness (N,) and rim light (N,) of surface points."""
    corners = body.faces[face]
    normals = np.einsum("nk,nkc->nc", bary, body.vertex_normals[corners])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    local = normals @ (view.axes * [[1], [-1], [-1]]).T
    bright = np.full(len(local), 0.30)
    for towards, strength in _LIGHTS:
        direction = np.array(towards) / np.linalg.norm(towards)
        # Wrapped round the edge a little: soft, and nothing of the part is lost in black.
        bright += strength * np.clip((local @ direction + 0.25) / 1.25, 0, None)
    sky = np.einsum("nk,nk->n", bary, ambient(body)[corners])
    rim = np.clip(1 - local[:, 2], 0, 1) ** 3 * 0.16
    return bright * (0.55 + 0.45 * np.clip(sky * 1.15, 0, 1)), rim


def _paint_rest(
    canvas: Floats, body: Body, view: View, xy: Floats, depth: Floats, faces: Any, palette: Palette
) -> None:
    if not len(faces):
        return
    index, bary, _ = rasterize(xy, depth, body.faces[faces], *canvas.shape[:2])
    there = index >= 0
    bright, _ = _light(body, view, faces[index[there]], bary[there])
    colour = np.array(REST) * bright[:, None]
    canvas[there] = (1 - palette.rest) * canvas[there] + palette.rest * colour


def _paint_part(
    canvas: Floats, body: Body, view: View, xy: Floats, depth: Floats, faces: Any, palette: Palette
) -> None:
    index, bary, front = rasterize(xy, depth, body.faces[faces], *canvas.shape[:2])
    there = index >= 0
    there[there] = facing(body, view, faces[index[there]]) > 0
    index, front = np.where(there, index, -1), np.where(there, front, np.inf)
    face, weights = faces[index[there]], bary[there]
    charts = np.unique(body.face_chart[faces])
    tint = np.array([TINTS[k % len(TINTS)] for k in range(len(charts))])[np.searchsorted(charts, body.face_chart[face])]
    bright, rim = _light(body, view, face, weights)
    colour = tint * bright[:, None] + rim[:, None]
    lines = _iso_lines(body, xy, face, weights)
    colour *= 1 - 0.30 * lines[:, None]
    canvas[there] = colour
    edge = _edges(np.where(there, body.face_chart[faces[index]], 0), front)
    canvas[edge] = 0.35 * canvas[edge] + 0.65 * np.array(palette.outline)


def _iso_lines(body: Body, xy: Floats, face: Any, bary: Any) -> Floats:
    """Darkness (N,) in [0,1] of the iso-lines of U and V at surface points, about one pixel wide."""
    used, row = np.unique(face, return_inverse=True)
    corner = xy[body.faces[used]]
    e1, e2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    det = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    det = np.where(np.abs(det) < 1e-12, 1e-12, det)
    uv = body.face_uv[used]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    # Gradient of U and of V over the image, per sample.
    gx = (d1 * e2[:, 1:2] - d2 * e1[:, 1:2]) / det[:, None]
    gy = (d2 * e1[:, 0:1] - d1 * e2[:, 0:1]) / det[:, None]
    slope = np.hypot(gx, gy)[row]
    value = np.einsum("nk,nkc->nc", bary, body.face_uv[face])
    off = np.abs(value / STEP - np.round(value / STEP)) * STEP / np.maximum(slope, 1e-12)
    line = np.clip(1.2 * SAMPLES / 2 - off + 0.5, 0, 1)
    # Where lines would run together, they fade.
    line *= np.clip(STEP / np.maximum(slope, 1e-12) / (8 * SAMPLES), 0, 1)
    return line.max(axis=1)


def _edges(chart: Any, front: Floats) -> NDArray[np.bool_]:
    """Samples (H,W) on a silhouette, a crease in depth or a seam between charts."""
    jump = 0.012
    depth = np.where(np.isfinite(front), front, 1e3)
    out = np.zeros(chart.shape, dtype=bool)
    for axis in (0, 1):
        a, b = (np.take(chart, range(k, chart.shape[axis] - 1 + k), axis=axis) for k in (0, 1))
        za, zb = (np.take(depth, range(k, depth.shape[axis] - 1 + k), axis=axis) for k in (0, 1))
        step = ((a != b) | (np.abs(za - zb) > jump)) & ((a > 0) | (b > 0))
        if axis == 0:
            out[1:] |= step & (b > 0)
            out[:-1] |= step & (a > 0)
        else:
            out[:, 1:] |= step & (b > 0)
            out[:, :-1] |= step & (a > 0)
    return out


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
