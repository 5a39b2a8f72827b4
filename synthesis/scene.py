"""Light, shadow and the place a rendered person stands in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from surface.raster import rasterize
from synthesis.camera import Camera
from synthesis.textures import linear

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_WALLS = ("d8d2c6", "b9c3c9", "c9b7a2", "8f9a8c", "e4e2dd", "6f7c8a", "b4877a", "4c5560")
_FLOORS = ("8a6a4a", "6e6a64", "a89a86", "4f4a46", "b7b2a8", "7a5a3c")
_GROUNDS = ("4d5b2e", "6b6a67", "b39d77", "5c6a3b", "85817a")
_SKIES = (("7fa6d6", "dbe6f2"), ("9db1c6", "e8e6e0"), ("5f86c4", "f0d9bd"), ("aab4bf", "d5d9dc"))
_SHADOW_SIZE = 768
_SHADOW_BIAS = 0.012


@dataclass(frozen=True)
class Scene:
    """A place: light (linear RGB) and what is behind the person.

    Attributes:
        sun: (3,) unit, towards the light.
        sunlight, skylight: (3,) strength of the light and of what comes from above.
        ground: metres, the height of the floor.
        indoors: a room, else open land.
        colours: (3,3) floor, wall or far sky, second floor or near sky.
        tile: metres, the period of the floor.
        wall: metres, how far behind the person the wall stands.
        facing: (3,) unit, horizontal, from the wall to the person.
        waves: (W,4) wave vectors and phases of clouds, hills and stains.
        blur: pixels in an image of 512, of what is behind the person.
    """

    sun: Floats
    sunlight: Floats
    skylight: Floats
    ground: float
    indoors: bool
    colours: Floats
    tile: float
    wall: float
    facing: Floats
    waves: Floats
    blur: float


def place(rng: np.random.Generator, ground: float, camera: Camera) -> Scene:
    """A random place for a person who stands on ``ground``, seen by ``camera``."""
    indoors = bool(rng.random() < 0.5)
    forward = camera.axes[2] * [1, 0, 1]
    facing = -forward / np.linalg.norm(forward)
    # The light comes from the camera's half of the sky, so that what it sees is lit.
    turn, high = np.radians(rng.uniform(-75, 75)), np.radians(rng.uniform(32, 66))
    side = np.cross([0.0, 1.0, 0.0], facing)
    sun = np.cos(high) * (np.cos(turn) * facing + np.sin(turn) * side) + np.array([0, np.sin(high), 0])
    warm = rng.uniform(-0.08, 0.12)
    if indoors:
        colours = [linear(rng.choice(_FLOORS)), linear(rng.choice(_WALLS)), linear(rng.choice(_FLOORS))]
    else:
        near, far = _SKIES[rng.integers(len(_SKIES))]
        colours = [linear(rng.choice(_GROUNDS)), linear(far), linear(near)]
    strength = rng.uniform(1.5, 2.1) if indoors else rng.uniform(1.9, 2.7)
    return Scene(
        sun=sun,
        sunlight=strength * np.array([1 + warm, 1.0, 1 - warm]),
        skylight=rng.uniform(0.42, 0.62) * np.array([1 - warm / 2, 1.0, 1 + warm / 2]),
        ground=ground,
        indoors=indoors,
        colours=np.array(colours),
        tile=rng.uniform(0.15, 0.6),
        wall=rng.uniform(0.9, 3.0),
        facing=facing,
        waves=np.concatenate([rng.normal(0, 1, (8, 3)), rng.uniform(0, 2 * np.pi, (8, 1))], axis=1),
        blur=rng.uniform(0.6, 2.2),
    )


class Shadows:
    """The shadow map of a mesh (Williams, "Casting curved shadows on curved surfaces", SIGGRAPH 1978), softened."""

    def __init__(self, sun: Floats, vertices: Floats, faces: Ints) -> None:
        across = np.cross(sun, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        self._axes = np.stack([across, np.cross(sun, across), -sun])
        local = vertices @ self._axes.T
        self._low = local[:, :2].min(axis=0) - 0.05
        self._scale = _SHADOW_SIZE / float((np.ptp(local[:, :2], axis=0) + 0.1).max())
        xy = (local[:, :2] - self._low) * self._scale
        self._depth = rasterize(xy, local[:, 2], faces, _SHADOW_SIZE, _SHADOW_SIZE)[2]

    def light(self, points: Floats, softness: float = 2.0) -> Floats:
        """The share (N,) of the light that reaches points (N,3): percentage-closer filtering."""
        local = points @ self._axes.T
        at = (local[:, :2] - self._low) * self._scale
        lit = np.zeros(len(points))
        offsets = [(x, y) for x in (-1.5, -0.5, 0.5, 1.5) for y in (-1.5, -0.5, 0.5, 1.5)]
        for x, y in offsets:
            column, row = np.floor(at + np.array([x, y]) * softness).astype(np.int64).T
            inside = (column >= 0) & (row >= 0) & (column < _SHADOW_SIZE) & (row < _SHADOW_SIZE)
            front = np.full(len(points), np.inf)
            front[inside] = self._depth[row[inside], column[inside]]
            lit += local[:, 2] <= front + _SHADOW_BIAS
        return lit / len(offsets)


def background(scene: Scene, camera: Camera, shadows: Shadows, size: int, feet: Floats) -> Floats:
    """Linear RGB (size,size,3) of the place without the person; ``feet`` (3,) is where the person stands."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    rays = camera.rays(x, y).reshape(-1, 3)
    drop = (scene.ground - camera.position[1]) / np.where(rays[:, 1] < -1e-6, rays[:, 1], -1e-6)
    floor = rays[:, 1] < -1e-6
    out = np.empty((len(rays), 3))
    behind = feet - scene.facing * scene.wall
    reach = (behind - camera.position) @ scene.facing / np.minimum(rays @ scene.facing, -1e-6)
    if scene.indoors:
        floor &= drop < reach
        wall = camera.position + reach[~floor, None] * rays[~floor]
        out[~floor] = _wall(scene, wall, behind) * (scene.skylight + 0.42 * scene.sunlight)
    else:
        floor &= drop < 80
        out[~floor] = _sky(scene, rays[~floor])
    ground = camera.position + drop[floor, None] * rays[floor]
    lit = shadows.light(ground, softness=3.5)
    # Where the body is near, less of the sky reaches the ground.
    contact = 1 - 0.45 * np.exp(-(((ground - feet) * [1, 0, 1]) ** 2).sum(axis=1) / 0.09)
    light = scene.sunlight * max(scene.sun[1], 0.2) * lit[:, None] + scene.skylight * contact[:, None]
    colour = _floor(scene, ground) * light
    if not scene.indoors:
        haze = np.clip(drop[floor] / 60, 0, 1)[:, None]
        colour = colour * (1 - haze) + scene.colours[1] * haze
    out[floor] = colour
    return gaussian_filter(out.reshape(size, size, 3), (scene.blur * size / 512,) * 2 + (0,))


def _noise(scene: Scene, points: Floats, frequency: float) -> Floats:
    """Smooth noise (N,) about in [-1,1]."""
    phase = points @ (scene.waves[:, :3] * frequency).T + scene.waves[:, 3]
    return np.sin(phase + 1.7 * np.sin(np.roll(phase, 3, axis=1))).mean(axis=1) * 1.6


def _floor(scene: Scene, points: Floats) -> Floats:
    colour = np.tile(scene.colours[0], (len(points), 1))
    if scene.indoors:
        u, v = points[:, 0] / scene.tile, points[:, 2] / (scene.tile * 4)
        plank = np.sin(127.1 * np.floor(u) + 311.7 * np.floor(v + 0.37 * np.floor(u))) * 0.5 + 0.5
        colour = colour * (0.8 + 0.35 * plank[:, None])
        seam = (np.mod(u, 1) < 0.02) | (np.mod(v + 0.37 * np.floor(u), 1) < 0.008)
        colour[seam] *= 0.55
    grain = 1 + 0.10 * _noise(scene, points, 3.0) + 0.10 * _noise(scene, points, 23.0)
    return colour * np.clip(grain, 0.3, 2)[:, None]


def _wall(scene: Scene, points: Floats, behind: Floats) -> Floats:
    high = points[:, 1] - scene.ground
    colour = np.tile(scene.colours[1], (len(points), 1))
    colour = colour * (1 + 0.05 * _noise(scene, points, 1.1) - 0.10 * np.exp(-high / 0.5))[:, None]
    along = (points - behind) @ np.cross([0.0, 1.0, 0.0], scene.facing)
    # A picture or a window or two, and a skirting board.
    for k in range(2):
        centre, wide = scene.waves[k, 0] * 1.5 + (1.2 if k else -1.2), 0.25 + 0.12 * abs(scene.waves[k, 1])
        inside = (np.abs(along - centre) < wide) & (np.abs(high - 1.5) < 0.38)
        frame = inside & ((np.abs(along - centre) > wide - 0.035) | (np.abs(high - 1.5) > 0.345))
        colour[inside] = scene.colours[2] * (0.9 + 0.5 * _noise(scene, points[inside], 5.0))[:, None]
        colour[frame] = 0.06
    colour[high < 0.09] = scene.colours[1] * 0.45
    return np.clip(colour, 0.002, 1.5)


def _sky(scene: Scene, rays: Floats) -> Floats:
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    up = np.clip(rays[:, 1] * 2.2, 0, 1)[:, None]
    sky = scene.colours[1] * (1 - up) + scene.colours[2] * up
    cloud = np.clip(_noise(scene, rays * [1, 3, 1], 2.5), 0, 1)[:, None] * 0.5
    sky = (sky * (1 - cloud) + 0.95 * cloud) * 1.15
    angle = np.arctan2(rays[:, 0], rays[:, 2])
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(len(rays))], axis=1)
    hills = rays[:, 1] < 0.05 + 0.035 * _noise(scene, circle, 3.0) + 0.012 * _noise(scene, circle, 14.0)
    sky[hills] = scene.colours[0] * 0.55 + scene.colours[1] * 0.28
    return sky
