"""Rendered persons with the exact surface point of every pixel.

SURREAL-style (Varol et al., "Learning from Synthetic Humans", CVPR 2017), with one z-buffer over all persons and
things: the truth of a pixel is the surface point at the pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from surface.raster import rasterize
from synthesis import backgrounds, film, light, props, triangles
from synthesis.camera import Camera, frame
from synthesis.furniture import bag, before, seat
from synthesis.garments import offsets, put_on
from synthesis.keypoints import keypoints
from synthesis.picture import Stage, picture, wardrobe
from synthesis.poses import Sampled, sample
from synthesis.shapes import womanly
from synthesis.stage import Actor, act, spread, stood
from synthesis.textures import Outfit, check_dressable, dress
from synthesis.truth import Truth

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Sub-streams of randomness, so that a change of one concern leaves the others as they were.
_CAST, _POSE, _LOOK, _PLACE, _CAMERA, _SCENE, _NOISE, _LIGHT, _THINGS = range(9)
_MOST_PERSONS = 16
# The share of standing persons who carry a bag, where something stands before a person in every image.
_BAGS = 0.3
# A person counts as seen with this share of the image; so often it is tried to show the fewest that are asked for.
_SHOWN = 0.002
_TRIES = 10


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
    azimuth, found = cast(body, seed, options)
    size, count = options.size, len(found)
    outfits = [
        dress(_stream(seed, _LOOK, n), options.textures, womanly(body, one.betas)) for n, one in enumerate(found)
    ]
    actors = [_actor(body, seed, n, azimuth, *both, options) for n, both in enumerate(zip(found, outfits, strict=True))]
    place = place_of(seed, options)
    for attempt in range(_TRIES):
        take = _take(body, seed, attempt, actors, azimuth, place.indoors, options)
        seen = np.bincount(take.owner.ravel() + 1, minlength=count + 1)[1:]
        if (seen >= _SHOWN * size * size).sum() >= options.persons[0]:
            break
    if not seen.any():
        raise ValueError(f"seed {seed}: no person appears in an image of {size} pixels")
    camera = take.camera
    lamp = light.choose(_stream(seed, _LIGHT), camera, place.indoors, place.floor, place.sky)
    middle = np.concatenate([actor.dressed for actor in take.actors]).mean(axis=0)
    focus = float((take.actors[0].vertices.mean(axis=0) - camera.position) @ camera.axes[2])
    stage = Stage(body, outfits, take.vertices, take.faces, take.things, take.ahead)
    roll = film.choose(_stream(seed, _NOISE))
    image = picture(stage, camera, place, lamp, roll, take.face, middle * [1, 0, 1], focus)
    return Render(image, tuple(_person(body, take, int(n)) for n in np.flatnonzero(seen)), camera, seed)


def cast(body: Body, seed: int, options: Options = Options()) -> tuple[float, list[Sampled]]:
    """The heading of an image's persons in radians, and each in shape and pose: what ``render`` begins with, and by
    which it refuses a body or the user's poses.

    Raises:
        ValueError: as ``render`` does.
    """
    if seed < 0:
        raise ValueError(f"seed {seed} is negative")
    check_dressable(body)
    rng = _stream(seed, _CAST)
    count = int(rng.integers(options.persons[0], options.persons[1] + 1))
    azimuth = float(rng.uniform(0, 2 * np.pi))
    return azimuth, [sample(body, _stream(seed, _POSE, n), options.poses) for n in range(count)]


def place_of(seed: int, options: Options = Options()) -> backgrounds.Place:
    """What stands behind an image's persons; raises ValueError, naming it, for a photo that cannot be read."""
    return backgrounds.choose(_stream(seed, _SCENE), options.backgrounds)


def _stream(seed: int, concern: int, index: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, concern, index])


def _actor(body: Body, seed: int, n: int, azimuth: float, found: Sampled, outfit: Outfit, options: Options) -> Actor:
    """Person ``n`` at the origin: posed, dressed, with what it sits on or carries."""
    rng = _stream(seed, _CAST, n + 1)
    # Towards the camera or in half profile mostly; one in seven shows the back.
    yaw = azimuth - np.radians(rng.normal(0, 42) if rng.random() > 1 / 7 else rng.normal(180, 30))
    actor = act(body, found, float(yaw))
    worn = put_on(body, offsets(outfit, wardrobe(body)), actor.betas, actor.rotations, actor.vertices)
    actor = stood(actor, worn, found.lift)
    own = _stream(seed, _THINGS, n)
    if actor.seated:
        return replace(actor, things=tuple(seat(body, actor, own)))
    if own.random() < _BAGS * options.occluders:
        return replace(actor, things=tuple(bag(body, actor, own)))
    return actor


@dataclass(frozen=True, eq=False)
class _Take:
    """Persons and things as they stand before a camera, and what of them each pixel's centre shows."""

    actors: list[Actor]
    camera: Camera
    things: props.Things
    vertices: Floats
    faces: Ints
    ahead: Ints
    face: Ints
    bary: NDArray[np.float32]
    depth: Floats
    owner: Ints
    facing: Floats


def _take(
    body: Body, seed: int, attempt: int, actors: list[Actor], azimuth: float, indoors: bool, options: Options
) -> _Take:
    placed = spread(actors, _stream(seed, _PLACE, attempt), azimuth)
    size, dressed = options.size, [actor.dressed for actor in placed]
    camera = frame(dressed, _stream(seed, _CAMERA, attempt), azimuth, size, options.cut)
    rng = _stream(seed, _THINGS, 1000 + attempt)
    meshes = [mesh for actor in placed for mesh in actor.things]
    if rng.random() < options.occluders:
        meshes += before(placed, camera, rng, indoors, size)
    things = props.Things.of(meshes)
    vertices = np.concatenate([*dressed, things.vertices])
    own, each = len(placed) * len(body.vertices), len(body.faces)
    faces = np.concatenate(
        [*(body.faces + n * len(body.vertices) for n in range(len(placed))), things.faces + own]
    ).astype(np.int32)
    ahead = _ahead(body, vertices, faces, len(placed) * each, camera)
    face, bary, depth = rasterize(*camera.project(vertices), faces[ahead], size, size, perspective=True)
    owner, cosine = np.empty(face.shape, np.int32), np.empty(face.shape)
    triangles.identify(face, ahead, faces, vertices, camera.position, len(placed), each, owner, cosine)
    return _Take(placed, camera, things, vertices, faces, ahead, face, bary, depth, owner, cosine)


_closed: WeakKeyDictionary[Body, bool] = WeakKeyDictionary()


def _ahead(body: Body, vertices: Floats, faces: Ints, own: int, camera: Camera) -> Ints:
    """The faces (M,) that can be seen: of the ``own`` first, which are bodies', the far sides only of open ones."""
    if body not in _closed:
        # Closed: there is the same edge the other way for each edge of a face.
        edges = np.concatenate([body.faces[:, [k, (k + 1) % 3]] for k in range(3)]).astype(np.int64)
        there, back = (np.sort(a * len(body.vertices) + b) for a, b in (edges.T, edges.T[::-1]))
        _closed[body] = bool((there == back).all() and (np.diff(there) > 0).all())
    if not _closed[body]:
        return np.arange(len(faces), dtype=np.int32)
    others = np.arange(own, len(faces), dtype=np.int32)
    return np.concatenate([triangles.turned_to(vertices, faces[:own], camera.position, False), others])


def _box(there: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return (
        float(columns[0]), float(rows[0]), float(columns[-1] + 1 - columns[0]), float(rows[-1] + 1 - rows[0])
    )  # fmt: skip


def _segmentation(there: NDArray[np.bool_]) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(there.astype(np.uint8)))
    return {"size": list(there.shape), "counts": encoded["counts"].decode("ascii")}


def _person(body: Body, take: _Take, n: int) -> Person:
    """What is told of person ``n``, who is seen."""
    actor, there = take.actors[n], take.owner == n
    return Person(
        truth=Truth.of(body, np.where(there, take.face - n * len(body.faces), -1), take.bary, take.depth, take.facing),
        box=_box(there),
        segmentation=_segmentation(there),
        keypoints=keypoints(body, actor.vertices, take.camera, take.owner, take.depth, n),
        pose=actor.name,
        betas=actor.betas,
        rotations=actor.rotations,
        translation=actor.translation,
        vertices=actor.dressed,
    )
