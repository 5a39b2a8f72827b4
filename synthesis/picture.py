"""The picture of a stage: fragments of surfaces, painted and lit, laid over the place behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from surface.raster import front_most
from synthesis import film, fragments, light, shading, triangles
from synthesis.backgrounds import Place, background
from synthesis.camera import Camera
from synthesis.doubling import enlarge, soften
from synthesis.props import Things, coat
from synthesis.textures import Outfit, Wardrobe, paint

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Singles = NDArray[np.float32]
# Samples (2h,2w) of a window in the image, and its left and top in pixels.
Window = tuple[Ints, int, int]

# What is behind images larger than this is made at half their size and enlarged: it is out of focus.
_WHOLE = 160
# Neighbouring albedos that differ by more than this are painted at each sample of the pixel.
_EDGE = 0.05

_wardrobes: WeakKeyDictionary[Body, Wardrobe] = WeakKeyDictionary()


def wardrobe(body: Body) -> Wardrobe:
    """The body's landmarks, measured once."""
    if body not in _wardrobes:
        _wardrobes[body] = Wardrobe.measure(body)
    return _wardrobes[body]


@dataclass(frozen=True, eq=False)
class Stage:
    """All that stands before the camera: persons of one body first, then things.

    Attributes:
        body: the body of all persons.
        outfits: of each person.
        vertices: (V,3) metres.
        faces: (F,3).
        things: what is not a person; its vertices and faces come last.
        ahead: (M,) the faces that can be seen; the far sides of closed bodies cannot.
    """

    body: Body
    outfits: Sequence[Outfit]
    vertices: Floats
    faces: Ints
    things: Things
    ahead: Ints

    @property
    def own(self) -> int:
        """How many faces are the persons'."""
        return len(self.outfits) * len(self.body.faces)


def picture(
    stage: Stage,
    camera: Camera,
    place: Place,
    lamp: light.Light,
    roll: film.Film,
    face: Ints,
    feet: Floats,
    focus: float,
) -> NDArray[np.uint8]:
    """The image (H,W,3) u8 sRGB.

    Args:
        stage: what stands there.
        camera: the camera.
        place: what is behind.
        lamp: the light.
        roll: the film.
        face: (H,W) the stage's face at each pixel's centre.
        feet: (3,) metres, where the persons stand.
        focus: metres from the camera to what is sharp.
    """
    size, own, each = len(face), stage.own, len(stage.body.faces)
    vertices, faces = stage.vertices, stage.faces
    others = np.arange(own, len(faces), dtype=np.int32)
    ahead = stage.ahead
    left, top, wide, high = _window(face)
    xy, far = camera.scaled(2).project(vertices)
    fine, depth = front_most(xy - [2 * left, 2 * top], far, faces[ahead], 2 * high, 2 * wide, perspective=True)
    used = np.zeros(len(vertices), bool)
    pixel, shown, at, weight = fragments.fragments(
        face, fine, depth, left, top, ahead, faces, own, each, stage.things.which, used
    )  # fmt: skip
    normals = triangles.normals_of(vertices, faces)
    lit = np.concatenate([triangles.turned_to(vertices, faces[:own], lamp.towards, True), others])
    count = len(stage.outfits) * len(stage.body.vertices)
    lighting = light.work_out(lamp, vertices, normals, faces[lit], count, used)
    canvas = _behind(camera, place, lighting, size, feet, focus, roll)
    bary = _weigh(stage, camera, shown, at)
    values = np.empty((len(vertices), 10), np.float32)
    values[:, :3], values[:, 3:6], values[:, 6:9], values[:, 9] = vertices, normals, lighting.around, lighting.key
    point = fragments.blend(shown, bary, faces, values)
    albedo, shine, skin = _coloured(stage, camera, shown, bary, pixel, weight, point, (fine, left, top), ahead, size)
    out = np.empty_like(albedo)
    shading.shade(
        point[:, :3], point[:, 3:6], point[:, 6:9], point[:, 9], albedo, shine, skin,
        camera.position.astype(np.float32), lamp.towards.astype(np.float32), lamp.key.astype(np.float32),
        np.float32(lamp.radius), *_map(lighting), out,
    )  # fmt: skip
    fragments.lay_over(canvas, pixel, weight, out)
    return film.develop(roll, canvas, (face >= 0) & (face < own))


def _window(face: Ints) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is shown of faces (H,W), with a pixel around it, within the image."""
    shown = face >= 0
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    top, left = max(int(rows[0]) - 1, 0), max(int(columns[0]) - 1, 0)
    return left, top, min(int(columns[-1]) + 2, len(face)) - left, min(int(rows[-1]) + 2, len(face)) - top


def _behind(
    camera: Camera, place: Place, lighting: light.Lighting, size: int, feet: Floats, focus: float, roll: film.Film
) -> Singles:
    """The place (H,W,3) with the shadows of what stands in it."""
    whole, halved = size, size > _WHOLE and place.photo is None
    if halved:
        size, camera = -(-size // 2), camera.scaled(0.5)
    canvas, share = background(place, camera, size, 0.0, feet)
    canvas = np.ascontiguousarray(canvas, np.float32)
    lamp, far = lighting.light, np.empty((size, size), np.float32)
    if halved:
        soften(canvas, np.empty((size, 3), np.float32))
    shading.shade_ground(
        canvas, np.ascontiguousarray(share, np.float32), camera.position.astype(np.float32),
        camera.axes.astype(np.float32), np.float32(camera.focal), np.float32(camera.centre[0]),
        np.float32(camera.centre[1]), (lamp.key * lamp.towards[1]).astype(np.float32), lamp.above.astype(np.float32),
        np.float32(lamp.radius), lighting.low.astype(np.float32), np.float32(lighting.step), lighting.ground,
        *_map(lighting), far,
    )  # fmt: skip
    film.defocus(canvas, far, focus, place.blur * roll.defocus * size / 512)
    if not halved:
        return canvas
    large = np.empty((whole, whole, 3), np.float32)
    enlarge(canvas, large)
    return large


def _map(lighting: light.Lighting) -> tuple[Singles, Singles, np.float32, Singles, Singles]:
    return (
        lighting.axes.astype(np.float32), lighting.corner.astype(np.float32), np.float32(lighting.scale),
        lighting.depth, lighting.first,
    )  # fmt: skip


def _weigh(stage: Stage, camera: Camera, shown: Ints, at: Singles) -> Singles:
    bary = np.empty((len(shown), 3), np.float32)
    fragments.weigh(
        shown, at, stage.faces, stage.vertices, camera.axes, camera.position, camera.focal, *camera.centre, bary
    )
    return bary


def _coloured(
    stage: Stage, camera: Camera, shown: Ints, bary: Singles, pixel: Ints, weight: Singles, point: Singles,
    fine: Window, ahead: Ints, size: int,
) -> tuple[Singles, Singles, Singles]:  # fmt: skip
    """Albedo (N,3), shine (N,) and skin (N,) of fragments; adds the bumps to the normals in ``point``."""
    albedo = np.empty((len(shown), 3), np.float32)
    shine, skin = np.zeros(len(shown), np.float32), np.zeros(len(shown), np.float32)
    for n, outfit in enumerate(stage.outfits):
        first, last = n * len(stage.body.faces), (n + 1) * len(stage.body.faces)
        mine = np.flatnonzero((shown >= first) & (shown < last))
        if not len(mine):
            continue
        colour, bump, polish = _painted(stage, n, shown.take(mine), bary.take(mine, axis=0))
        again = fragments.unlike(pixel.take(mine), weight.take(mine), colour, size, np.float32(_EDGE))
        rows = mine.take(again)
        colour[again], polish[again] = _finer(
            stage, camera, n, pixel[rows], shown[rows], colour[again], polish[again], fine, ahead, size
        )
        tone = (outfit.look.skin / np.linalg.norm(outfit.look.skin)).astype(np.float32)
        fragments.put(mine, colour, polish, bump, tone, albedo, shine, skin, point)
    things = np.flatnonzero(shown >= stage.own)
    if len(things):
        which = stage.things.which[shown[things] - stage.own]
        # Leaves and sheets have two sides.
        towards = np.einsum("nc,nc->n", camera.position - point[things, :3], point[things, 3:6])
        point[things, 3:6] *= np.where(towards < 0, -1, 1)[:, None].astype(np.float32)
        albedo[things], shine[things] = coat(stage.things, which, point[things, :3])
    return albedo, shine, skin


def _painted(stage: Stage, n: int, shown: Ints, bary: Singles) -> tuple[Singles, Singles, Singles]:
    """Albedo (N,3), bump (N,3) in the world and shine (N,) at points of person ``n``."""
    body, count = stage.body, len(stage.body.faces)
    own = shown - n * count
    rest = fragments.blend(own, bary, body.faces, np.asarray(body.vertices, np.float32))
    colour, bump, shine = paint(stage.outfits[n], wardrobe(body), body.face_part[own], rest)
    bump = np.ascontiguousarray(bump, np.float32)
    triangles.turn(bump, own, body.faces, body.vertices, stage.vertices[n * len(body.vertices) :][: len(body.vertices)])
    return np.asarray(colour, np.float32), bump, np.asarray(shine, np.float32)


def _finer(
    stage: Stage, camera: Camera, n: int, pixel: Ints, shown: Ints, albedo: Singles, shine: Singles, fine: Window,
    ahead: Ints, size: int,
) -> tuple[Singles, Singles]:  # fmt: skip
    """Albedo (N,3) and shine (N,) of pixels, as the mean of their middles, which are given, and of two samples."""
    samples, left, top = fine
    row, column = pixel // size, pixel % size
    faces, places = [], []
    for k in (0, 1):
        face = ahead[samples[2 * (row - top) + k, 2 * (column - left) + k]]
        faces.append(np.where(face // len(stage.body.faces) == n, face, shown))
        places.append(np.stack([column + 0.25 + 0.5 * k, row + 0.25 + 0.5 * k], axis=1))
    face, at = np.concatenate(faces), np.concatenate(places).astype(np.float32)
    colours, _, polish = _painted(stage, n, face, _weigh(stage, camera, face, at))
    third = np.float32(1 / 3)
    return third * (albedo + colours.reshape(2, -1, 3).sum(axis=0)), third * (shine + polish.reshape(2, -1).sum(axis=0))
