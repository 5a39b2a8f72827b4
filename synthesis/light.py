"""The light of a render: a sun, a window or a lamp with its shadows, and what comes from all around.

Soft light and the light from all around are looked up in many coarse depth grids, one for each direction it comes from,
into which the vertices of everything are splatted: ambient occlusion and contact shadows of any pose in a few
milliseconds. Hard light has a shadow map (Williams, "Casting curved shadows on curved surfaces", SIGGRAPH 1978).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from surface.raster import front_most
from synthesis.camera import Camera
from synthesis.shading import TILE

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_AROUND = 32  # directions that the light from all around is gathered from
_CONE = 24  # directions of a soft light
_SOFT = np.radians(5.0)  # lights as large as this and larger are soft
_CELL = 0.045  # metres, of the grids that vertices are splatted into
_MAP = 512  # pixels of a shadow map
GROUND = 56  # points across the ground whose shadow is worked out


@dataclass(frozen=True)
class Light:
    """What lights a scene. Colours are linear RGB; together they light a white floor about as bright as 1.

    Attributes:
        towards: (3,) unit, to the sun, window or lamp.
        key: (3,) its light on a surface that faces it.
        radius: radians, how large it is seen from the scene.
        above, below: (3,) light from all around, from straight above and from the ground.
    """

    towards: Floats
    key: Floats
    radius: float
    above: Floats
    below: Floats


def choose(rng: np.random.Generator, camera: Camera, indoors: bool, floor: Floats, sky: Floats) -> Light:
    """A light that fits a place: sun, overcast sky, window, ceiling lamp, or seldom a flash at the camera.

    Args:
        rng: what chooses.
        camera: light comes mostly from its half of the sky, so that what it sees is lit.
        indoors: whether the place is a room.
        floor: (3,) the colour of the ground.
        sky: (3,) the colour of the light from above.
    """
    back = -camera.axes[2] * [1, 0, 1]
    back /= np.linalg.norm(back)
    side = np.array([back[2], 0.0, -back[0]])
    kinds = ("window", "lamp", "flash", "soft") if indoors else ("sun", "low sun", "haze", "overcast")
    kind = str(rng.choice(kinds, p=[0.45, 0.33, 0.07, 0.15] if indoors else [0.42, 0.16, 0.16, 0.26]))
    # Elevation in degrees, share of the light that is the key's, radius in degrees, warmth.
    high, share, radius, warm = {
        "sun": (rng.uniform(32, 68), rng.uniform(0.68, 0.84), rng.uniform(0.4, 1.2), rng.normal(0.05, 0.02)),
        "low sun": (rng.uniform(14, 32), rng.uniform(0.50, 0.70), rng.uniform(0.4, 1.4), rng.normal(0.14, 0.03)),
        "haze": (rng.uniform(30, 65), rng.uniform(0.35, 0.60), rng.uniform(2.5, 8.0), rng.normal(0.02, 0.02)),
        "overcast": (rng.uniform(50, 80), rng.uniform(0.12, 0.30), rng.uniform(25, 35), rng.normal(-0.02, 0.02)),
        "window": (rng.uniform(12, 40), rng.uniform(0.35, 0.60), rng.uniform(9, 20), rng.normal(-0.01, 0.03)),
        "lamp": (rng.uniform(48, 76), rng.uniform(0.40, 0.62), rng.uniform(5, 16), rng.normal(0.07, 0.04)),
        "flash": (rng.uniform(2, 14), rng.uniform(0.45, 0.60), rng.uniform(1.0, 3.0), rng.normal(0.0, 0.02)),
        "soft": (rng.uniform(45, 75), rng.uniform(0.15, 0.35), rng.uniform(24, 34), rng.normal(0.02, 0.03)),
    }[kind]
    turn = rng.normal(0, 0.2) if kind == "flash" else rng.uniform(-1.75, 1.75)
    elevation = np.radians(high)
    towards = np.cos(elevation) * (np.cos(turn) * back + np.sin(turn) * side) + np.array([0, np.sin(elevation), 0])
    tint = np.array([1 + warm, 1.0, 1 - 1.3 * warm])
    # What a person's upright front gets must not be dark under a high sun, nor glaring under a low one.
    key = share * tint / max(np.sin(elevation), 0.68)
    white = sky / max(float(sky.mean()), 1e-3)
    above = (1 - share) * (0.65 + 0.35 * white) * np.array([1 - 0.4 * warm, 1.0, 1 + 0.4 * warm]) * 1.15
    below = floor * (0.35 + 0.5 * share * tint * np.sin(elevation)) + 0.12 * above
    return Light(towards, key, float(np.radians(radius)), above, below)


@dataclass(frozen=True, eq=False)
class Lighting:
    """A light's work in a scene.

    Attributes:
        light: the light.
        around: (V,3) f32, light from all around at each vertex, that reaches it past everything else.
        key: (V,) f32, share of a soft key light at each vertex, 1 for a hard one.
        low: (2,) metres, x and z of the first of the points of the ground.
        step: metres between them.
        ground: (GROUND,GROUND,4) f32 by z and x: the shares of key light and of light from all around there.
        axes: (3,3) rows of the shadow map's x, y and depth.
        corner, scale: metres to pixels of the map, ``(axes[:2] @ p - corner) * scale``.
        depth: (H,W) f32 the map; (1,1) for a soft light.
        first: (H/TILE,W/TILE) f32 the nearest depth within each tile of the map and those around it.
    """

    light: Light
    around: Singles
    key: Singles
    low: Floats
    step: float
    ground: Singles
    axes: Floats
    corner: Floats
    scale: float
    depth: Singles
    first: Singles


def work_out(
    light: Light, vertices: Floats, normals: Floats, faces: NDArray[np.int32], cast: int, used: NDArray[np.bool_]
) -> Lighting:
    """What of the light reaches vertices (V,3) with normals (V,3) and the ground, the plane y = 0, around them.

    ``faces`` (F,3) throw hard shadows; the first ``cast`` vertices are persons', around whom the ground is worked out;
    of others than the ``used`` vertices (V,) nothing is worked out.
    """
    across = np.ascontiguousarray(vertices[:cast].T)  # along rows NumPy finds extremes much faster
    low, high = across.min(axis=1), across.max(axis=1)
    reach = 0.5 + 0.25 * high[1]
    step = float((max(high[0] - low[0], high[2] - low[2]) + 2 * reach) / (GROUND - 1))
    start = (low + high)[[0, 2]] / 2 - step * (GROUND - 1) / 2
    z, x = np.meshgrid(start[1] + step * np.arange(GROUND), start[0] + step * np.arange(GROUND), indexing="ij")
    floor = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], axis=1).astype(np.float32)
    count, points = int(used.sum()), vertices.astype(np.float32)
    # A person's vertices stand closer than cells are wide: every second will do.
    blockers = np.concatenate([points[:cast:2], points[cast:]])
    toward = np.zeros((count + len(floor), 3), np.float32)
    toward[:count], toward[count:, 1] = normals[used], 1
    # Off the surface, so that it does not shade itself.
    receivers = np.concatenate([points[used] + np.float32(0.03) * toward[:count], floor])
    slack = np.concatenate([np.full(count, 0.05), np.full(len(floor), 0.02)]).astype(np.float32)

    sky, frames = _sphere(_AROUND)
    up = 0.5 + 0.5 * sky[:, 1]
    bright = (0.62 + 0.38 * (sky @ light.towards))[:, None] * np.ones(3)
    radiance = (light.above * up[:, None] + light.below * (1 - up[:, None])) * bright
    radiance[sky[:, 1] < 0] = light.below
    around = np.zeros_like(receivers)
    _gather(receivers, toward, slack, blockers, -(-cast // 2), frames, radiance.astype(np.float32), True, around)
    open_floor = (np.clip(sky[:, 1], 0, None)[:, None] * radiance).sum(axis=0) / np.clip(sky[:, 1], 0, None).sum()
    key = np.ones(len(receivers), np.float32)
    if light.radius >= _SOFT:
        lamps = _cone(light.towards, light.radius, _CONE)
        share = np.zeros_like(receivers)
        weight = np.full((_CONE, 3), 1 / _CONE, np.float32)
        _gather(receivers, toward, slack, blockers, -(-cast // 2), _frames(lamps), weight, False, share)
        key = share[:, 0].copy()
    ground = np.empty((GROUND, GROUND, 4), np.float32)
    # Smoothed: the shadows of a lamp's single directions must not show.
    ground[..., 0] = np.mean(_around(key[count:].reshape(GROUND, GROUND)), axis=0)
    ground[..., 1:] = ((around[count:] / open_floor) ** 0.75).reshape(GROUND, GROUND, 3)
    spots = np.zeros((len(vertices), 3), np.float32), np.ones(len(vertices), np.float32)
    spots[0][used], spots[1][used] = around[:count], key[:count]
    axes, corner, scale, depth, first = _map(light, vertices, faces)
    return Lighting(light, spots[0], spots[1], start, step, ground, axes, corner, scale, depth, first)


def _map(light: Light, vertices: Floats, faces: NDArray[np.int32]) -> tuple[Floats, Floats, float, Singles, Singles]:
    axes = _frames(light.towards[None])[0].astype(np.float64) * [[1], [1], [-1]]
    if light.radius >= _SOFT:
        nothing = np.full((1, 1), np.inf, np.float32)
        return axes, np.zeros(2), 1.0, nothing, nothing
    local = vertices @ axes.T
    corner = local[:, :2].min(axis=0) - 0.03
    scale = _MAP / float((np.ptp(local[:, :2], axis=0) + 0.06).max())
    depth = front_most((local[:, :2] - corner) * scale, local[:, 2], faces, _MAP, _MAP)[1].astype(np.float32)
    tiles = depth.reshape(_MAP // TILE, TILE, _MAP).min(axis=1).reshape(-1, _MAP // TILE, TILE).min(axis=2)
    return axes, corner, scale, depth, np.min(_around(tiles), axis=0)


def _around(grid: Singles) -> Singles:
    """The grid (H,W) moved to its eight neighbours and by nothing (9,H,W); its border goes on outside.

    SciPy's filters do the same, but importing them takes longer than rendering four images.
    """
    height, width = grid.shape
    wide = np.pad(grid, 1, mode="edge")
    return np.stack([wide[j : j + height, i : i + width] for j in range(3) for i in range(3)])


@cache
def _sphere(count: int) -> tuple[Floats, Singles]:
    """Directions (count,3) evenly over the sphere (Fibonacci), and their frames (count,3,3)."""
    n = np.arange(count) + 0.5
    height, turn = 1 - 2 * n / count, np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - height * height)
    directions = np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=1)
    return directions, _frames(directions)


def _cone(middle: Floats, radius: float, count: int) -> Floats:
    """Directions (count,3) evenly within ``radius`` radians of one."""
    n = np.arange(count) + 0.5
    off, turn = radius * np.sqrt(n / count), np.pi * (1 + 5**0.5) * n
    a, b, _ = _frames(middle[None])[0].astype(np.float64)
    flat = np.cos(turn)[:, None] * a + np.sin(turn)[:, None] * b
    out: Floats = np.cos(off)[:, None] * middle + np.sin(off)[:, None] * flat
    return out


def _frames(directions: Floats) -> Singles:
    """(N,3,3) rows: two axes across each direction (N,3), and the direction."""
    helper = np.where(np.abs(directions[:, 1:2]) < 0.9, [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    a = np.cross(helper, directions)
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    return np.stack([a, np.cross(directions, a), directions], axis=1).astype(np.float32)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def _gather(
    points: Any, normals: Any, slack: Any, blockers: Any, cast: int, frames: Any, radiance: Any, cosine: bool, out: Any
) -> None:
    """Adds to out (N,3) what points (N,3) get from directions whose frames are (D,3,3) past blockers (B,3)."""
    total = np.zeros(len(points), np.float32)
    count = len(blockers)
    u, v, w = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    inverse, one, half = np.float32(1 / _CELL), np.float32(1), np.float32(0.5)
    for d in range(len(frames)):
        m = frames[d]
        ux, uy, uz, vx, vy, vz = m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2]
        wx, wy, wz, red, green, blue = m[2, 0], m[2, 1], m[2, 2], radiance[d, 0], radiance[d, 1], radiance[d, 2]
        for n in range(count):
            x, y, z = blockers[n, 0], blockers[n, 1], blockers[n, 2]
            u[n] = (ux * x + uy * y + uz * z) * inverse
            v[n] = (vx * x + vy * y + vz * z) * inverse
            w[n] = wx * x + wy * y + wz * z
        u0, v0, u1, v1 = u[0], v[0], u[0], v[0]
        for n in range(count):
            u0, u1, v0, v1 = min(u0, u[n]), max(u1, u[n]), min(v0, v[n]), max(v1, v[n])
        wide, high = int(u1 - u0) + 3, int(v1 - v0) + 3
        front = np.full((high, wide), np.float32(-1e9))
        for n in range(cast):
            a, b = int(u[n] - u0 + one), int(v[n] - v0 + one)
            front[b, a] = max(front[b, a], w[n])
        # Vertices of things stand further apart than cells are wide: four cells around each.
        for n in range(cast, count):
            a, b = int(u[n] - u0 + half), int(v[n] - v0 + half)
            for j in range(b, b + 2):
                for i in range(a, a + 2):
                    front[j, i] = max(front[j, i], w[n])
        for n in range(len(points)):
            cos = one
            if cosine:
                cos = normals[n, 0] * wx + normals[n, 1] * wy + normals[n, 2] * wz
                if cos <= 0:
                    continue
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            total[n] += cos
            a = int((ux * x + uy * y + uz * z) * inverse - u0 + one)
            b = int((vx * x + vy * y + vz * z) * inverse - v0 + one)
            if 0 <= a < wide and 0 <= b < high and front[b, a] > wx * x + wy * y + wz * z + slack[n]:
                continue
            out[n, 0] += cos * red
            out[n, 1] += cos * green
            out[n, 2] += cos * blue
    if cosine:
        for n in range(len(points)):
            if total[n] > 0:
                for c in range(3):
                    out[n, c] /= total[n]
