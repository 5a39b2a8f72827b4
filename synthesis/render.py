"""A rendered person with the exact surface point of every pixel.

SURREAL-style (Varol et al., "Learning from Synthetic Humans", CVPR 2017), with one z-buffer for the picture and the
truth: the truth of a pixel is the surface point at the pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from surface.body import vertex_normals
from surface.raster import rasterize
from surface.rig import pose
from surface.shading import ambient
from synthesis.camera import Camera, around
from synthesis.poses import Pose, sample
from synthesis.scene import Scene, Shadows, background, place
from synthesis.textures import Outfit, Wardrobe, check_dressable, dress, paint

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Colour samples per pixel and axis.
_SAMPLES = 2
# A keypoint inside the body is visible if the surface in front of it is nearer than this (metres).
_FLESH = {"nose": 0.02, "eye": 0.02, "ear": 0.02, "shoulder": 0.12, "hip": 0.16, "elbow": 0.08, "knee": 0.10}
_FLESH_ELSE = 0.07

_wardrobes: WeakKeyDictionary[Body, Wardrobe] = WeakKeyDictionary()


@dataclass(frozen=True)
class Render:
    """A rendered person and its truth.

    Attributes:
        image: (H,W,3) u8 sRGB.
        face: (H,W) face of the body at each pixel's centre, -1 where the person is not.
        bary: (H,W,3) its barycentrics.
        depth: (H,W) metres, infinite where the person is not.
        part: (H,W) u8 coarse part, 0 where the person is not.
        box: x, y, width, height in pixels of the visible person.
        segmentation: compressed COCO RLE of the visible person.
        keypoints: (K,3) the body's keypoints: x, y in pixels and COCO's visibility, 0 outside the image, 1 hidden, 2
            visible.
        vertices: (V,3) metres, the posed body in the world.
        camera: the camera.
        pose: the name of the pose it was made of.
        seed: what it was made from.
    """

    image: NDArray[np.uint8]
    face: Ints
    bary: NDArray[np.float32]
    depth: Floats
    part: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    segmentation: dict[str, Any]
    keypoints: Floats
    vertices: Floats
    camera: Camera
    pose: str
    seed: int


def render_person(body: Body, seed: int, size: int = 512) -> Render:
    """A person in a random shape, pose, dress, place and light; the same seed gives the same picture.

    Raises:
        ValueError: the body has no rig with SMPL's joint names, or lacks a part that is dressed; the size is not in
            32..4096.
    """
    if not 32 <= size <= 4096:
        raise ValueError(f"size {size} is not in 32..4096")
    rng = np.random.default_rng(seed)
    chosen, betas, rotations = sample(body, rng)
    check_dressable(body)
    vertices = pose(body.rig, betas, rotations)  # type: ignore[arg-type]
    vertices = vertices - [0.0, vertices[:, 1].min(), 0.0]
    camera = around(vertices, rng, size)
    scene = place(rng, 0.0, camera)
    outfit = dress(rng)
    props, prop_faces = _seat(body, chosen, vertices)
    points, faces = np.concatenate([vertices, props]), np.concatenate([body.faces, prop_faces])
    image = _picture(body, points, faces, camera, scene, outfit, size, rng)
    face, bary, depth = rasterize(*camera.project(points), faces, size, size, perspective=True)
    there = (face >= 0) & (face < len(body.faces))
    face = np.where(there, face, -1).astype(np.int32)
    bary = np.where(there[..., None], bary, np.float32(0))
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not len(rows):
        raise ValueError(f"seed {seed}: the person does not appear in an image of {size} pixels")
    box = (columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
    encoded = rle.encode(np.asfortranarray(there.astype(np.uint8)))
    return Render(
        image=image,
        face=face,
        bary=bary,
        depth=np.where(there, depth, np.inf),
        part=body.part(face),
        box=tuple(float(v) for v in box),  # type: ignore[arg-type]
        segmentation={"size": [size, size], "counts": encoded["counts"].decode("ascii")},
        keypoints=_keypoints(body, vertices, camera, depth, size),
        vertices=vertices,
        camera=camera,
        pose=chosen.name,
        seed=seed,
    )


def _picture(
    body: Body,
    points: Floats,
    faces: Ints,
    camera: Camera,
    scene: Scene,
    outfit: Outfit,
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
    person = face < len(body.faces)
    if body not in _wardrobes:
        _wardrobes[body] = Wardrobe.measure(body)
    own = face[person]
    rest = np.einsum("nk,nkc->nc", weights[person], body.vertices[body.faces[own]])
    albedo[person], bump, shine[person] = paint(outfit, _wardrobes[body], body.face_part[own], rest)
    normal[person] += bump
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


def _seat(body: Body, chosen: Pose, vertices: Floats) -> tuple[Floats, Ints]:
    """A block (8,3), (12,3) under a seated person; nothing for others. Faces index behind the body's vertices."""
    if not chosen.seated:
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
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
    return np.array(corners), np.array(triangles, dtype=np.int32) + len(vertices)


def _keypoints(body: Body, vertices: Floats, camera: Camera, depth: Floats, size: int) -> Floats:
    """COCO keypoints (K,3): x, y, visibility."""
    xy, own = camera.project(body.keypoint_regressor @ vertices)
    column, row = np.floor(xy).astype(np.int64).T
    inside = (column >= 0) & (row >= 0) & (column < size) & (row < size) & (own > 0)
    front = np.full(len(xy), np.inf)
    front[inside] = depth[row[inside], column[inside]]
    flesh = np.array(
        [next((d for word, d in _FLESH.items() if word in name), _FLESH_ELSE) for name in body.keypoint_names]
    )
    visibility = np.where(inside, np.where(own - front < flesh, 2.0, 1.0), 0.0)
    return np.concatenate([np.where(inside[:, None], xy, 0.0), visibility[:, None]], axis=1)
