"""What persons of a render sit on and carry, and what stands before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.raster import front_most
from synthesis.camera import Camera
from synthesis.props import CLOTH, LEAF, METAL, PLAIN, STONE, WOOD, Mesh, leaves, moved_by, slab, tube, turned_about
from synthesis.stage import Actor, cells

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Rng = np.random.Generator

_WOODS = ((0.26, 0.15, 0.08), (0.13, 0.07, 0.038), (0.36, 0.25, 0.15), (0.06, 0.04, 0.027), (0.42, 0.38, 0.32))
_PAINTS = (
    (0.72, 0.70, 0.66), (0.04, 0.04, 0.045), (0.30, 0.31, 0.32), (0.10, 0.16, 0.26), (0.35, 0.07, 0.05),
    (0.09, 0.20, 0.12), (0.55, 0.38, 0.10),
)  # fmt: skip
_GREENS = ((0.09, 0.19, 0.045), (0.13, 0.23, 0.05), (0.07, 0.15, 0.055), (0.17, 0.23, 0.08), (0.16, 0.14, 0.05))
_LEATHERS = ((0.12, 0.055, 0.025), (0.02, 0.02, 0.022), (0.30, 0.16, 0.07), (0.05, 0.07, 0.12), (0.35, 0.30, 0.24))
_BACK = np.radians(8)

# The share of a person's vertices turned to the camera that something before it may hide.
_HIDES = (0.04, 0.55)
_LARGEST = 0.3  # share of the image that it may take
_CLEAR = 0.9  # metres between the camera and what stands before it


def _pick(rng: Rng, colours: Sequence[tuple[float, float, float]]) -> Floats:
    return np.array(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.8, 1.2)


def seat(body: Body, actor: Actor, rng: Rng) -> list[Mesh]:
    """A chair, stool, bench or block under a seated person, up to its clothes but not into them."""
    turn = turned_about(actor.yaw)
    names = [name.lower() for name in body.part_names]
    sits = np.array([0, *("torso" in name or "upper leg" in name for name in names)], bool)[body.face_part]
    local = actor.dressed @ turn.T
    under = local[np.unique(body.faces[sits])]
    torso = np.array([0, *("torso" in name for name in names)], bool)[body.face_part]
    trunk = local[np.unique(body.faces[torso])]
    hips = trunk[trunk[:, 1] < np.quantile(trunk[:, 1], 0.2)]
    x, rear = float(hips[:, 0].mean()), float(hips[:, 2].min())
    # Before the shins, and no deeper than seats are.
    shins = local[(local[:, 1] < hips[:, 1].min() - 0.06) & (np.abs(local[:, 0] - x) < 0.4)]
    front = min(rear + 0.44, float(shins[:, 2].min()) - 0.015 if len(shins) else np.inf)
    front = max(front, rear + 0.12)
    over = under[(under[:, 2] < front) & (np.abs(under[:, 0] - x) < 0.25)]
    top = float((over if len(over) else hips)[:, 1].min()) - 0.004
    if top < 0.06:
        return []
    kinds = ("chair", "stool", "bench", "block", "pouf") if top < 0.7 else ("stool", "block")
    kind, parts = str(rng.choice(kinds)), []
    colour, material = (_pick(rng, _WOODS), WOOD) if rng.random() < 0.6 else (_pick(rng, _PAINTS), PLAIN)
    half, middle = 0.22, (rear + front) / 2
    if kind == "block":
        wide = rng.uniform(0.22, 0.45)
        material = int(rng.choice([WOOD, STONE, PLAIN]))
        colour = (
            _pick(rng, _PAINTS if material == PLAIN else _WOODS)
            if material != STONE
            else np.full(3, rng.uniform(0.2, 0.45))
        )
        parts.append(slab((x - wide, 0, rear - 0.03), (x + wide, top, front)))
    elif kind == "pouf":
        colour, material = _pick(rng, _PAINTS), CLOTH
        parts.append(tube((x, 0, middle), top, (front - rear) / 2 + 0.03))
    elif kind == "stool":
        parts.append(tube((x, top - 0.04, middle), 0.04, (front - rear) / 2 + 0.02))
        parts.append(tube((x, 0, middle), top - 0.04, 0.03))
        parts.append(tube((x, 0, middle), 0.02, 0.2))
    else:
        half = 0.22 if kind == "chair" else rng.uniform(0.5, 0.9)
        thick = 0.035 if kind == "chair" else 0.06
        parts.append(slab((x - half, top - thick, rear - 0.02), (x + half, top, front)))
        for side in (-1, 1):
            for z in (rear, front - 0.05):
                at = x + side * (half - 0.03)
                parts.append(slab((at - 0.02, 0, z), (at + 0.02, top - thick, z + 0.04)))
        behind = float(local[(local[:, 1] > top) & (np.abs(local[:, 0] - x) < half), 2].min()) - 0.02
        if kind == "chair" and behind > rear - 0.25:
            for low, high in ((0.20, 0.28), (0.36, 0.46)):
                parts.append(slab((x - half, top + low, behind - 0.025), (x + half, top + high, behind)))
            for side in (-1, 1):
                at = x + side * (half - 0.02)
                parts.append(slab((at - 0.018, top - thick, behind - 0.03), (at + 0.018, top + 0.46, behind)))
    return [Mesh(points @ turn, faces, colour, material) for points, faces in parts]


def bag(body: Body, actor: Actor, rng: Rng) -> list[Mesh]:
    """A bag that hangs from a hand which is below the elbow; nothing where no hand is."""
    assert body.rig is not None
    names = [name.lower() for name in body.part_names]
    for side in rng.permutation(["left", "right"]):
        mine = np.array([0, *("hand" in name and str(side) in name for name in names)], bool)[body.face_part]
        if not mine.any():
            continue
        hand = actor.dressed[np.unique(body.faces[mine])]
        low, middle = float(hand[:, 1].min()), hand.mean(axis=0)
        drop, tall = rng.uniform(0.04, 0.22), rng.uniform(0.2, 0.38)
        # An arm that is raised carries none.
        if low - drop - tall < 0.02 or low > 0.55 * float(actor.dressed[:, 1].max()):
            continue
        wide, deep = rng.uniform(0.10, 0.2), rng.uniform(0.04, 0.08)
        turn = turned_about(actor.yaw + np.pi / 2 + rng.normal(0, 0.3))
        points, faces = slab((-wide, low - drop - tall, -deep), (wide, low - drop, deep))
        # It bulges at the bottom.
        share = (low - drop - points[:, 1]) / tall
        points[:, 2] *= 0.55 + 0.75 * np.sqrt(share)
        points[:, 0] *= 0.92 + 0.12 * share
        colour, material = (_pick(rng, _LEATHERS), PLAIN) if rng.random() < 0.6 else (_pick(rng, _PAINTS), CLOTH)
        parts = [(points, faces)]
        for at in (-0.55, 0.55):
            strap = slab((-0.008, 0, -0.004), (0.008, 1, 0.004))
            rise = low + 0.02 - (low - drop)
            lean = np.array([[-at * wide * 0.85, rise, 0.0]])
            foot = np.array([[at * wide, low - drop, 0.0]])
            parts.append((strap[0] * [1, 0, 1] + foot + strap[0][:, 1:2] * lean, strap[1]))
        return [Mesh(p @ turn + middle * [1, 0, 1], f, colour, material) for p, f in parts]
    return []


def _crate(rng: Rng) -> list[Mesh]:
    half, high, deep = rng.uniform(0.15, 0.45), rng.uniform(0.3, 0.95), rng.uniform(0.12, 0.35)
    stone = rng.random() < 0.3
    colour = np.full(3, rng.uniform(0.2, 0.5)) if stone else _pick(rng, _WOODS)
    return [Mesh(*slab((-half, 0, -deep), (half, high, deep)), colour, STONE if stone else WOOD)]


def _table(rng: Rng) -> list[Mesh]:
    half, deep, high = rng.uniform(0.4, 0.8), rng.uniform(0.25, 0.4), rng.uniform(0.68, 0.78)
    colour, material = (_pick(rng, _WOODS), WOOD) if rng.random() < 0.7 else (_pick(rng, _PAINTS), PLAIN)
    parts = [slab((-half, high - 0.035, -deep), (half, high, deep))]
    parts += [
        slab((x, 0, z), (x + 0.05, high - 0.035, z + 0.05))
        for x in (-half + 0.03, half - 0.08)
        for z in (-deep + 0.03, deep - 0.08)
    ]
    return [Mesh(points, faces, colour, material) for points, faces in parts]


def _chair(rng: Rng) -> list[Mesh]:
    colour, material = (_pick(rng, _WOODS), WOOD) if rng.random() < 0.6 else (_pick(rng, _PAINTS), PLAIN)
    parts = [slab((-0.21, 0.42, -0.2), (0.21, 0.45, 0.2)), slab((-0.2, 0.68, -0.21), (0.2, 0.88, -0.185))]
    for x in (-0.2, 0.17):
        for z, high in ((-0.2, 0.86), (0.16, 0.42)):
            parts.append(slab((x, 0, z), (x + 0.03, high, z + 0.03)))
    return [Mesh(points, faces, colour, material) for points, faces in parts]


def _pole(rng: Rng) -> list[Mesh]:
    radius = float(rng.choice([rng.uniform(0.025, 0.05), rng.uniform(0.06, 0.13)]))
    metal = rng.random() < 0.6
    colour = np.full(3, rng.uniform(0.08, 0.4)) if metal else _pick(rng, _WOODS)
    return [Mesh(*tube((0, 0, 0), 3.2, radius, 0.85 * radius), colour, METAL if metal else WOOD)]


def _pillar(rng: Rng) -> list[Mesh]:
    half, deep = rng.uniform(0.1, 0.28), rng.uniform(0.05, 0.25)
    stone = rng.random() < 0.6
    colour = np.full(3, rng.uniform(0.3, 0.65)) * rng.uniform(0.94, 1.06, 3) if stone else _pick(rng, _PAINTS)
    return [Mesh(*slab((-half, 0, -deep), (half, 3.0, deep)), colour, STONE if stone else PLAIN)]


def _bush(rng: Rng) -> list[Mesh]:
    wide, high = rng.uniform(0.25, 0.6), rng.uniform(0.3, 0.6)
    colour, out = _pick(rng, _GREENS), []
    for shade in (0.6, 1.0, 1.5):
        points, faces = leaves(rng, (0, high * 0.95, 0), (wide, high, wide), 330, rng.uniform(0.06, 0.12))
        points[:, 1] = np.maximum(points[:, 1], 0.01)
        out.append(Mesh(points, faces, colour * shade, LEAF))
    return out


def _plant(rng: Rng) -> list[Mesh]:
    high, colour = rng.uniform(0.25, 0.45), _pick(rng, _GREENS)
    pot = _pick(rng, (*_PAINTS, (0.30, 0.12, 0.06)))
    out = [Mesh(*tube((0, 0, 0), high, 0.11, 0.16), pot, PLAIN)]
    tall = rng.uniform(0.25, 0.5)
    for shade in (0.7, 1.25):
        points, faces = leaves(rng, (0, high + tall, 0), (0.32, tall, 0.32), 150, rng.uniform(0.12, 0.22))
        out.append(Mesh(points, faces, colour * shade, LEAF))
    return out


def _railing(rng: Rng) -> list[Mesh]:
    colour, material = (_pick(rng, _PAINTS), METAL) if rng.random() < 0.7 else (_pick(rng, _WOODS), WOOD)
    high, gap = rng.uniform(0.85, 1.1), rng.uniform(0.12, 0.35)
    parts = [slab((-1.1, high - 0.03, -0.02), (1.1, high + 0.02, 0.02)), slab((-1.1, 0.1, -0.012), (1.1, 0.13, 0.012))]
    parts += [slab((x - 0.009, 0.1, -0.009), (x + 0.009, high - 0.03, 0.009)) for x in np.arange(-1.0, 1.01, gap)]
    parts += [slab((x, 0, -0.02), (x + 0.04, high, 0.02)) for x in (-1.08, 1.05)]
    return [Mesh(points, faces, colour, material) for points, faces in parts]


_INSIDE: tuple[Callable[[Rng], list[Mesh]], ...] = (_crate, _table, _chair, _pillar, _plant, _table, _chair)
_OUTSIDE: tuple[Callable[[Rng], list[Mesh]], ...] = (_crate, _pole, _bush, _bush, _railing, _pillar, _plant, _pole)


def before(actors: Sequence[Actor], camera: Camera, rng: Rng, indoors: bool, size: int, tries: int = 8) -> list[Mesh]:
    """Something between the camera and one of the persons that hides a part of it; nothing if no place is found."""
    taken = cells(np.concatenate([p for a in actors for p in (a.dressed, *(mesh.vertices for mesh in a.things))]))
    eye = camera.position * [1, 0, 1]
    for _ in range(tries):
        actor = actors[int(rng.integers(len(actors)))]
        kinds = _INSIDE if indoors else _OUTSIDE
        meshes = kinds[rng.integers(len(kinds))](rng)
        spot = actor.dressed[rng.integers(len(actor.dressed))] * [1, 0, 1]
        back = (eye - spot) / np.linalg.norm(eye - spot)
        # It faces the camera more or less.
        turn = turned_about(float(np.arctan2(back[0], back[2]) + rng.normal(0, 0.35)))
        side = np.array([back[2], 0.0, -back[0]]) * rng.normal(0, 0.18)
        points = np.concatenate([mesh.vertices for mesh in meshes]) @ turn
        for reach in np.arange(rng.uniform(0.15, 0.7), float(np.linalg.norm(eye - spot)) - _CLEAR, 0.1):
            step = spot + side + reach * back
            if np.linalg.norm((points + step - eye)[:, [0, 2]], axis=1).min() < _CLEAR:
                break
            if len(np.intersect1d(cells(points + step), taken, assume_unique=True)):
                continue
            moved = [moved_by(Mesh(m.vertices @ turn, m.faces, m.colour, m.material), step) for m in meshes]
            share, large = hidden(actor, moved, camera, size)
            if _HIDES[0] < share < _HIDES[1] and large < _LARGEST:
                return moved
            break
    return []


def hidden(actor: Actor, meshes: Sequence[Mesh], camera: Camera, size: int) -> tuple[float, float]:
    """The share of a person's vertices within the image that lie behind things, and of the image that these take."""
    small, coarse = camera.scaled(96 / size), 96
    xy, depth = small.project(actor.dressed[::5])
    column, row = np.floor(xy).astype(np.int64).T
    inside = (column >= 0) & (row >= 0) & (column < coarse) & (row < coarse)
    if not inside.any():
        return 0.0, 0.0
    front = np.full((coarse, coarse), np.inf)
    for mesh in meshes:
        front = np.minimum(front, front_most(*small.project(mesh.vertices), mesh.faces, coarse, coarse, True)[1])
    behind = front[row[inside], column[inside]] < depth[inside]
    return float(behind.mean()), float(np.isfinite(front).mean())
