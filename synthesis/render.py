"""Rendered persons with the exact surface point of every pixel.

SURREAL-style (Varol et al., "Learning from Synthetic Humans", CVPR 2017), with one z-buffer over all persons and
things: the truth of a pixel is the surface point at the pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from surface.body import vertex_normals
from surface.raster import rasterize
from surface.shading import ambient
from synthesis.camera import Camera, frame
from synthesis.keypoints import keypoints
from synthesis.scene import Scene, Shadows, background, place
from synthesis.stage import Actor, act, spread
from synthesis.textures import Outfit, Wardrobe, check_dressable, dress, paint
from synthesis.truth import Truth

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Sub-streams of randomness, so that a change of one concern leaves the others as they were.
_CAST, _POSE, _LOOK, _PLACE, _CAMERA, _SCENE, _NOISE = range(7)
_MOST_PERSONS = 16
# Colour samples per pixel and axis.
_SAMPLES = 2

_wardrobes: WeakKeyDictionary[Body, Wardrobe] = WeakKeyDictionary()


@dataclass(frozen=True)
class Options:
    """What is rendered.

    Attributes:
        size: pixels of the image's side, 32..4096.
        persons: the fewest and the most persons in an image, 1..16.
        occluders: the share of images, 0..1, in which something stands before a person.
        poses: the user's own poses; empty: everyday poses.
        backgrounds: the user's photos; empty: procedural places.
        textures: the user's fabrics; empty: procedural ones.
        cut: the share of images, 0..1, whose border cuts the person off.
    """

    size: int = 512
    persons: tuple[int, int] = (1, 1)
    occluders: float = 0.3
    poses: tuple[Any, ...] = ()
    backgrounds: tuple[Path, ...] = ()
    textures: tuple[Path, ...] = ()
    cut: float = 0.25

    def __post_init__(self) -> None:
        if not 32 <= self.size <= 4096:
            raise ValueError(f"size {self.size} is not in 32..4096")
        fewest, most = self.persons
        if not 1 <= fewest <= most <= _MOST_PERSONS:
            raise ValueError(f"persons {fewest}..{most} is no range within 1..{_MOST_PERSONS}")
        for name, share in (("occluders", self.occluders), ("cut", self.cut)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} {share} is no share in 0..1")


@dataclass(frozen=True, eq=False)
class Person:
    """A rendered person, as far as it is seen.

    Attributes:
        truth: the surface point of every pixel that shows it.
        box: x, y, width, height in pixels of what is visible.
        segmentation: compressed COCO RLE of what is visible.
        keypoints: (K,3) the body's keypoints: x, y in pixels and COCO's visibility, 0 outside the image, 1 hidden, 2
            visible.
        pose: the name of the pose.
        betas, rotations, translation: ``surface.rig.pose`` makes the undressed person in the world of them.
        vertices: (V,3) metres, the surface that is seen: dressed, in the world.
    """

    truth: Truth
    box: tuple[float, float, float, float]
    segmentation: dict[str, Any]
    keypoints: Floats
    pose: str
    betas: Floats
    rotations: Floats
    translation: Floats
    vertices: Floats

    @property
    def area(self) -> int:
        """Pixels that show the person."""
        return len(self.truth.pixel)


@dataclass(frozen=True, eq=False)
class Render:
    """An image (H,W,3) u8 sRGB with its persons, all of whom are seen; made from ``seed``."""

    image: NDArray[np.uint8]
    persons: tuple[Person, ...]
    camera: Camera
    seed: int

    @cached_property
    def person(self) -> Person:
        """The person of whom most is seen."""
        return max(self.persons, key=lambda person: person.area)


def render(body: Body, seed: int, options: Options = Options()) -> Render:
    """Persons in random shapes, poses, dress, place and light: a pure function of its arguments.

    Raises:
        ValueError: the body has no rig with SMPL's joint names, or lacks a part that is dressed; the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed {seed} is negative")
    check_dressable(body)
    size = options.size
    rng = _stream(seed, _CAST)
    count = int(rng.integers(options.persons[0], options.persons[1] + 1))
    azimuth = float(rng.uniform(0, 2 * np.pi))
    # Towards the camera or in half profile mostly; one in seven shows the back.
    yaws = [
        azimuth - np.radians(rng.normal(0, 42) if rng.random() > 1 / 7 else rng.normal(180, 30)) for _ in range(count)
    ]
    actors = [act(body, _stream(seed, _POSE, n), yaw) for n, yaw in enumerate(yaws)]
    actors = spread(actors, _stream(seed, _PLACE), azimuth)
    outfits = [dress(_stream(seed, _LOOK, n)) for n in range(count)]
    camera = frame([actor.vertices for actor in actors], _stream(seed, _CAMERA), azimuth, size, options.cut)
    scene = place(_stream(seed, _SCENE), 0.0, camera)
    points = [actor.vertices for actor in actors]
    props, prop_faces = _seats(body, actors)
    vertices = np.concatenate([*points, props])
    faces = np.concatenate(
        [*(body.faces + n * len(body.vertices) for n in range(count)), prop_faces + count * len(body.vertices)]
    ).astype(np.int32)
    image = _picture(body, vertices, faces, camera, scene, outfits, size, _stream(seed, _NOISE))
    face, bary, depth = rasterize(*camera.project(vertices), faces, size, size, perspective=True)
    owner = np.where((face >= 0) & (face < count * len(body.faces)), face // len(body.faces), -1)
    cosine = _facing(vertices, faces, face, camera)
    persons = []
    for n, actor in enumerate(actors):
        there = owner == n
        if not there.any():
            continue
        truth = Truth.of(body, np.where(there, face - n * len(body.faces), -1), bary, depth, cosine)
        persons.append(
            Person(
                truth=truth,
                box=_box(there),
                segmentation=_segmentation(there),
                keypoints=keypoints(body, actor.vertices, camera, owner, depth, n),
                pose=actor.name,
                betas=actor.betas,
                rotations=actor.rotations,
                translation=actor.translation,
                vertices=points[n],
            )
        )
    if not persons:
        raise ValueError(f"seed {seed}: no person appears in an image of {size} pixels")
    return Render(image, tuple(persons), camera, seed)


def _stream(seed: int, concern: int, index: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, concern, index])


def _box(there: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return (
        float(columns[0]), float(rows[0]), float(columns[-1] + 1 - columns[0]), float(rows[-1] + 1 - rows[0])
    )  # fmt: skip


def _segmentation(there: NDArray[np.bool_]) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(there.astype(np.uint8)))
    return {"size": list(there.shape), "counts": encoded["counts"].decode("ascii")}


def _facing(vertices: Floats, faces: Ints, face: Ints, camera: Camera) -> Floats:
    """(H,W) cosine between the triangle's normal and the direction to the camera."""
    out = np.zeros(face.shape)
    there = face >= 0
    a, b, c = np.moveaxis(vertices[faces[face[there]]], 1, 0)
    normal = np.cross(b - a, c - a)
    view = camera.position - a
    out[there] = np.einsum("nc,nc->n", normal, view) / (
        np.linalg.norm(normal, axis=1) * np.linalg.norm(view, axis=1) + 1e-12
    )
    return out.clip(0, 1)


def _picture(
    body: Body,
    points: Floats,
    faces: Ints,
    camera: Camera,
    scene: Scene,
    outfits: list[Outfit],
    size: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    fine, lens = size * _SAMPLES, camera.scaled(_SAMPLES)
    index, bary, _ = rasterize(*lens.project(points), faces, fine, fine, perspective=True)
    shadows = Shadows(scene.sun, points, faces)
    feet = points.mean(axis=0) * [1, 0, 1]
    canvas = background(scene, camera, shadows, size, feet).repeat(_SAMPLES, axis=0).repeat(_SAMPLES, axis=1)
    there = index >= 0
    face, weights = index[there], bary[there].astype(np.float64)
    corners = faces[face]
    position = np.einsum("nk,nkc->nc", weights, points[corners])
    normal = np.einsum("nk,nkc->nc", weights, vertex_normals(points, faces)[corners])
    albedo, shine = np.tile(scene.colours[2], (len(face), 1)), np.zeros(len(face))
    sky = np.ones(len(face))
    person = face < len(outfits) * len(body.faces)
    if body not in _wardrobes:
        _wardrobes[body] = Wardrobe.measure(body)
    own = face[person] % len(body.faces)
    rest = np.einsum("nk,nkc->nc", weights[person], body.vertices[body.faces[own]])
    who = face[person] // len(body.faces)
    for n, outfit in enumerate(outfits):
        mine = np.flatnonzero(person)[who == n]
        albedo[mine], bump, shine[mine] = paint(outfit, _wardrobes[body], body.face_part[own[who == n]], rest[who == n])
        normal[mine] += bump
    sky[person] = 0.25 + 0.75 * np.einsum("nk,nk->n", weights[person], ambient(body)[body.faces[own]])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    canvas[there] = _shade(scene, camera, position, normal, albedo, shine, sky, shadows)
    pixels = canvas.reshape(size, _SAMPLES, size, _SAMPLES, 3).mean(axis=(1, 3))
    # A soft shoulder for the highlights, sRGB, and a little sensor noise.
    pixels = 1 - np.exp(-1.15 * np.clip(pixels, 0, None))
    srgb = np.where(pixels <= 0.0031308, 12.92 * pixels, 1.055 * np.power(pixels, 1 / 2.4) - 0.055)
    return np.clip(np.round(255 * srgb + rng.normal(0, 1.6, srgb.shape)), 0, 255).astype(np.uint8)


def _shade(
    scene: Scene,
    camera: Camera,
    position: Floats,
    normal: Floats,
    albedo: Floats,
    shine: Floats,
    sky: Floats,
    shadows: Shadows,
) -> Floats:
    """Linear RGB (N,3) of lit points: sun with shadow, sky and ground light, a highlight (Blinn, SIGGRAPH 1977)."""
    cosine = normal @ scene.sun
    lit = shadows.light(position + 0.006 * normal) * np.clip((cosine + 0.08) / 1.08, 0, 1)
    up = 0.5 + 0.5 * normal[:, 1]
    above = scene.skylight * up[:, None] + 0.5 * scene.colours[0] * (1 - up)[:, None]
    view = camera.position - position
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    # A weak light beside the camera: shadows keep their drawing.
    fill = 0.16 * np.clip(np.einsum("nc,nc->n", normal, view), 0, 1)
    half = view + scene.sun
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    gloss = shine * np.clip(np.einsum("nc,nc->n", normal, half), 0, 1) ** 28 * lit
    light = scene.sunlight * 0.62 * lit[:, None] + (above + fill[:, None]) * sky[:, None]
    return albedo * light + 0.35 * gloss[:, None] * scene.sunlight


def _seats(body: Body, actors: list[Actor]) -> tuple[Floats, Ints]:
    """Blocks under the seated: vertices (N,3), faces (M,3)."""
    points, faces, start = [np.zeros((0, 3))], [np.zeros((0, 3), np.int32)], 0
    for actor in actors:
        if actor.seated:
            own, triangles = _seat(body, actor.vertices)
            points.append(own)
            faces.append(triangles + start)
            start += len(own)
    return np.concatenate(points), np.concatenate(faces)


def _seat(body: Body, vertices: Floats) -> tuple[Floats, Ints]:
    """A block (8,3), (12,3) under a seated person."""
    seat = np.isin(body.face_part, [p + 1 for p, name in enumerate(body.part_names) if "torso" in name.lower()])
    under = vertices[np.unique(body.faces[seat])]
    top = float(under[:, 1].min()) - 0.01
    low = under[under[:, 1] < top + 0.15]
    middle = (low.min(axis=0) + low.max(axis=0)) / 2
    half = np.array([0.22, 0, 0.17])
    corners = [
        [middle[0] + x * half[0], y, middle[2] + z * half[2]] for x in (-1, 1) for y in (0.0, top) for z in (-1, 1)
    ]
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return np.array(corners), np.array(triangles, dtype=np.int32)
