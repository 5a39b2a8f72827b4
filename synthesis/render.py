"""Rendered persons with the exact surface point of every pixel.

SURREAL-style (Varol et al., "Learning from Synthetic Humans", CVPR 2017), with one z-buffer over all persons and
things: the truth of a pixel is the surface point at the pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from surface.raster import rasterize
from synthesis import backgrounds, film, light, props
from synthesis.camera import Camera, frame
from synthesis.furniture import bag, before, seat
from synthesis.garments import offsets, put_on
from synthesis.keypoints import keypoints
from synthesis.picture import Stage, picture, wardrobe
from synthesis.poses import sample
from synthesis.stage import act, spread, stood
from synthesis.textures import check_dressable, dress
from synthesis.truth import Truth

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Sub-streams of randomness, so that a change of one concern leaves the others as they were.
_CAST, _POSE, _LOOK, _PLACE, _CAMERA, _SCENE, _NOISE, _LIGHT, _THINGS = range(9)
_MOST_PERSONS = 16


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
    rng, bags = _stream(seed, _CAST), 0.3 * options.occluders
    count = int(rng.integers(options.persons[0], options.persons[1] + 1))
    azimuth = float(rng.uniform(0, 2 * np.pi))
    # Towards the camera or in half profile mostly; one in seven shows the back.
    yaws = [
        azimuth - np.radians(rng.normal(0, 42) if rng.random() > 1 / 7 else rng.normal(180, 30)) for _ in range(count)
    ]
    outfits = [dress(_stream(seed, _LOOK, n), options.textures) for n in range(count)]
    actors = []
    for n, (outfit, yaw) in enumerate(zip(outfits, yaws, strict=True)):
        found = sample(body, _stream(seed, _POSE, n), options.poses)
        actor = act(body, found, yaw)
        worn = put_on(body, offsets(outfit, wardrobe(body)), actor.betas, actor.rotations, actor.vertices)
        actor = stood(actor, worn, found.lift)
        own = _stream(seed, _THINGS, n + 1)
        held = seat(body, actor, own) if actor.seated else bag(body, actor, own) if own.random() < bags else []
        actors.append(replace(actor, things=tuple(held)))
    actors = spread(actors, _stream(seed, _PLACE), azimuth)
    dressed = [actor.dressed for actor in actors]
    camera = frame(dressed, _stream(seed, _CAMERA), azimuth, size, options.cut)
    place = backgrounds.choose(_stream(seed, _SCENE), options.backgrounds)
    lamp = light.choose(_stream(seed, _LIGHT), camera, place.indoors, place.floor, place.sky)
    rng = _stream(seed, _THINGS)
    meshes = [mesh for actor in actors for mesh in actor.things]
    if rng.random() < options.occluders:
        meshes += before(actors, camera, rng, place.indoors, size)
    things = props.Things.of(meshes)
    vertices = np.concatenate([*dressed, things.vertices])
    starts = [n * len(body.vertices) for n in range(count + 1)]
    faces = np.concatenate([*(body.faces + s for s in starts[:-1]), things.faces + starts[-1]]).astype(np.int32)
    face, bary, depth = rasterize(*camera.project(vertices), faces, size, size, perspective=True)
    feet = np.concatenate(dressed).mean(axis=0) * [1, 0, 1]
    focus = float((actors[0].vertices.mean(axis=0) - camera.position) @ camera.axes[2])
    image = picture(
        Stage(body, outfits, vertices, faces, things),
        camera,
        place,
        lamp,
        film.choose(_stream(seed, _NOISE)),
        face,
        feet,
        focus,
    )
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
                vertices=dressed[n],
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
