"""What stands in each kind of place, behind the person: blocks, a ground and a sky, drawn by ``backdrop``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthesis import backdrop as b
from synthesis.materials import linear

Floats = NDArray[np.float64]
Rng = np.random.Generator

_WALLS = "e6e1d6 d9d4c8 c6ccd0 c9b7a2 aab3a4 edebe6 8a949c b08a7d 5c6670 d8c9a8 f0eeea 9fb0b8"
_WOODS = "8a6a4a 6a4a30 a8845c 4a3526 b89c78 5c4433"
_CLOTHS = "5c6670 8a8f94 6b5a49 3b4a4f a3988a 7a4f3f 33415a 9a9f8c"
_FACADES = "c8b79a b5a58d a9b0b3 d6cfc0 9c7f6a c2a57f 8f8a84 d9d9d4"
_CARS = "1c1d20 d9dadb 8b1f1f 2f4a73 6f7478 e9e9e6 384238"
_GREENS = "3d5a2a 4c6b33 33502b 5d7336 46602e"
_SKIES = (("d7e3ee", "5f8fcf"), ("e3e6e8", "9db5cf"), ("d5d8da", "a9b0b7"), ("f0dcc0", "7d9ccb"), ("e6eaee", "3f78c4"))


@dataclass(frozen=True, eq=False)
class Scenery:
    """Blocks (K,COLUMNS) in metres of side, up and away from the person; the ground and the sky; see ``backdrop``."""

    ground: int
    colours: Floats
    period: float
    sky: Floats
    cloudy: float
    indoors: bool
    blocks: list[list[float]]

    def add(self, low: Any, high: Any, face: int, one: Floats, two: Floats | None = None, seed: int = 0) -> None:
        """Adds a block from corner to corner."""
        self.blocks.append([*low, *high, face, *one, *(one if two is None else two), seed])


def make(kind: str, rng: Rng, wide: Callable[[float], float], eye: float) -> Scenery:
    """The scenery of a kind of place.

    Args:
        kind: of place.
        rng: what chooses.
        wide: ``wide(z)`` is half the width of what the camera sees ``z`` metres behind the person.
        eye: metres, the height of the camera; ceilings are above it.
    """
    made = _KINDS[kind](rng, wide)
    for block in made.blocks:
        if made.indoors and block[b.LOW + 1] > 2.4:
            # Never below the camera, nor below the walls' ends.
            block[b.LOW + 1] = max(block[b.LOW + 1], eye + 0.5)
            block[b.HIGH + 1] = max(block[b.HIGH + 1], eye + 0.7)
        elif made.indoors and block[b.FACE] in (b.WALL, b.BRICKS):
            block[b.HIGH + 1] = max(block[b.HIGH + 1], eye + 0.6)
    return made


def _colour(rng: Rng, words: str, spread: float = 0.08) -> Floats:
    options = words.split()
    return np.clip(linear(options[rng.integers(len(options))]) * rng.uniform(1 - spread, 1 + spread, 3), 0.01, 0.85)


def _empty(rng: Rng, ground: int, words: str, period: float, indoors: bool = False) -> Scenery:
    first = _colour(rng, words)
    second = first * rng.uniform(0.7, 0.95) if ground != b.GRASS else first * [1.25, 1.0, 0.7]
    low, high = _SKIES[rng.integers(len(_SKIES))]
    sky = np.array([linear(low), linear(high)]) * rng.uniform(0.9, 1.15)
    return Scenery(ground, np.array([first, second]), period, sky, float(rng.uniform(0.05, 0.9)), indoors, [])


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**20))


def _room(rng: Rng, wide: Callable[[float], float]) -> Scenery:
    ground, words, period = (
        (b.PLANKS, _WOODS, rng.uniform(0.09, 0.2)),
        (b.TILES, "b7b2a8 8c8a86 d0c8ba 5a5652", rng.uniform(0.3, 0.6)),
        (b.CARPET, "6e6a64 4f5660 8d7f6f 57504a", rng.uniform(0.05, 0.3)),
    )[rng.integers(3)]
    out = _empty(rng, ground, words, float(period), indoors=True)
    wall, trim = _colour(rng, _WALLS, 0.04), _colour(rng, "efeeea e0dcd2 6a4a30 3a3632", 0.03)
    far, half, top = rng.uniform(0.9, 4.5), max(wide(0) + 0.8, rng.uniform(2.0, 4.0)), rng.uniform(2.5, 3.2)
    left, right = half + rng.uniform(0, 1.5), half + rng.uniform(0, 1.5)
    face = b.BRICKS if rng.random() < 0.12 else b.WALL
    brick = _colour(rng, "8a4a38 a0664c c9bfb2", 0.05)
    out.add((-left, 0, far), (right, top, far + 0.2), face, brick if face == b.BRICKS else wall, trim, _seed(rng))
    side = wall if rng.random() < 0.75 else _colour(rng, _WALLS, 0.04)
    out.add((-left - 0.2, 0, -30), (-left, top, far + 0.2), b.WALL, side, trim, _seed(rng))
    out.add((right, 0, -30), (right + 0.2, top, far + 0.2), b.WALL, side, trim, _seed(rng))
    out.add((-left, top, -30), (right, top + 0.2, far + 0.2), b.WALL, linear("e9e7e2"), linear("e9e7e2"), _seed(rng))
    seen = min(wide(far), left, right)
    # Along the back wall from left to right, things of some width with room between them.
    at = -seen + rng.uniform(-0.3, 0.5)
    while at < seen:
        at += _against_wall(rng, out, at, far, top) + rng.uniform(0.1, 0.9)
    return out


def _against_wall(rng: Rng, out: Scenery, x: float, far: float, top: float) -> float:
    """Puts something at or on the back wall; returns its width."""
    wood, cloth, seed = _colour(rng, _WOODS), _colour(rng, _CLOTHS), _seed(rng)
    what = rng.choice(["window", "picture", "books", "sofa", "table", "door", "plant", "cabinet", "lamp"])
    white, dark = linear("ece9e2"), linear("26221e")
    front = far - 0.004
    if what == "window":
        w = rng.uniform(0.9, 1.9)
        out.add((x, 0.85, front - 0.03), (x + w, min(2.25, top - 0.2), front), b.WINDOW, white, white, seed)
        if rng.random() < 0.6:
            for s in (x - 0.28, x + w - 0.02):
                out.add(
                    (s, 0.15, front - 0.1), (s + 0.3, min(2.4, top - 0.1), front - 0.04), b.CURTAIN, cloth, cloth, seed
                )
        return float(w)
    if what == "picture":
        w, h = rng.uniform(0.4, 1.1), rng.uniform(0.4, 0.9)
        low = 1.55 - h / 2
        frame = (white, dark, wood)[rng.integers(3)]
        out.add((x, low, front - 0.03), (x + w, low + h, front), b.PICTURE, _colour(rng, _CLOTHS), frame, seed)
        return float(w)
    if what == "books":
        w, deep = rng.uniform(0.8, 1.6), 0.3
        out.add((x, 0, far - deep), (x + w, rng.choice([1.1, 1.8, 2.1]), front), b.BOOKS, wood, wood, seed)
        return float(w)
    if what == "sofa":
        w = rng.uniform(1.4, 2.1)
        out.add((x, 0.08, far - 0.85), (x + w, 0.42, far - 0.1), b.CLOTH, cloth, cloth, seed)
        out.add((x, 0.3, far - 0.3), (x + w, 0.85, far - 0.05), b.CLOTH, cloth * 0.95, cloth, seed)
        for s in (x - 0.16, x + w):
            out.add((s, 0.05, far - 0.85), (s + 0.16, 0.62, far - 0.05), b.CLOTH, cloth * 0.9, cloth, seed)
        return float(w)
    if what == "table":
        w = rng.uniform(0.9, 1.5)
        out.add((x, 0.71, far - 0.75), (x + w, 0.75, far - 0.1), b.WOOD, wood, wood, seed)
        for s in (x + 0.03, x + w - 0.08):
            out.add((s, 0, far - 0.7), (s + 0.05, 0.71, far - 0.65), b.WOOD, wood, wood, seed)
        out.add((x + w * 0.4, 0.75, far - 0.4), (x + w * 0.4 + 0.45, 1.06, far - 0.36), b.FLAT, dark, dark)
        return float(w)
    if what == "door":
        out.add((x, 0, front - 0.05), (x + 0.92, 2.06, front), b.DOOR, (white, wood)[rng.integers(2)], dark, seed)
        return 0.92
    if what == "plant":
        green = _colour(rng, _GREENS)
        out.add((x + 0.1, 0, far - 0.5), (x + 0.4, 0.34, far - 0.2), b.FLAT, _colour(rng, "d8d2c6 8a4a38 3a3632"))
        out.add(
            (x - 0.2, 0.3, far - 0.8), (x + 0.7, rng.uniform(1.1, 1.7), far + 0.1), b.LEAVES, green, green * 1.7, seed
        )
        return 0.6
    if what == "lamp":
        out.add((x + 0.14, 0, far - 0.4), (x + 0.17, 1.4, far - 0.37), b.FLAT, dark)
        out.add((x, 1.35, far - 0.55), (x + 0.32, 1.65, far - 0.22), b.FLAT, np.array([1.15, 0.98, 0.72]))
        return 0.4
    w = rng.uniform(0.8, 1.6)
    out.add((x, 0, far - 0.45), (x + w, 0.85, front), b.DOOR, wood, dark, seed)
    return float(w)


def _tree(rng: Rng, out: Scenery, x: float, z: float) -> None:
    size, green = rng.uniform(1.4, 2.6), _colour(rng, _GREENS, 0.15)
    trunk = rng.uniform(1.6, 2.6)
    out.add((x - 0.14, 0, z - 0.14), (x + 0.14, trunk + 0.6, z + 0.14), b.WOOD, _colour(rng, "4a3b2e 5c4b3c 6b6259"))
    out.add(
        (x - size, trunk, z - size), (x + size, trunk + size * rng.uniform(1.6, 2.4), z + size), b.LEAVES, green,
        green * [1.9, 1.8, 1.4], _seed(rng),
    )  # fmt: skip


def _street(rng: Rng, wide: Callable[[float], float]) -> Scenery:
    out = _empty(
        rng,
        *((b.PAVING, "9a9690 85817a a89f92", 0.5) if rng.random() < 0.6 else (b.ASPHALT, "4a4a4b 5a5857 6b6a67", 1.0)),
    )
    far = rng.uniform(3, 16)
    road = far > 9
    x = -wide(far) - rng.uniform(0, 6)
    while x < wide(far) + 2:
        w, high = rng.uniform(6, 14), rng.uniform(6, 18)
        face = b.FACADE if rng.random() < 0.8 else b.BRICKS
        colour = _colour(rng, _FACADES if face == b.FACADE else "8a4a38 a0664c 7a5548")
        out.add(
            (x, 0, far),
            (x + w, high, far + 10),
            face,
            colour,
            colour * 0.65 if rng.random() < 0.5 else linear("e0ddd6"),
            _seed(rng),
        )
        x += w + (rng.uniform(0.5, 3) if rng.random() < 0.2 else 0.0)
    if rng.random() < 0.4:
        near = -wide(2) - rng.uniform(0.3, 1.5)
        out.add(
            (near - 8, 0, -30),
            (near, rng.uniform(5, 12), far),
            b.FACADE,
            _colour(rng, _FACADES),
            linear("d0cdc6"),
            _seed(rng),
        )
    if road:
        kerb = far - 6.5
        out.add((-60, 0, kerb), (60, 0.02, far - 1.8), b.FLAT, linear("3f4042"))
        at = -wide(far - 3) + rng.uniform(-2, 6)
        while at < wide(far - 3) + 2:
            colour = _colour(rng, _CARS)
            z = kerb + rng.uniform(0.2, 0.6)
            out.add((at - 2.1, 0.18, z), (at + 2.1, 0.85, z + 1.7), b.CLOTH, colour * 0.9)
            out.add((at - 1.15, 0.8, z + 0.15), (at + 0.95, 1.38, z + 1.55), b.CAR, colour)
            for wheel in (-1.35, 1.3):
                out.add((at + wheel - 0.3, 0, z - 0.01), (at + wheel + 0.3, 0.6, z + 0.1), b.FLAT, linear("17181a"))
            at += rng.uniform(4.9, 14)
    for _ in range(int(rng.integers(0, 3))):
        z = rng.uniform(1.8, max(far - 1.5, 2.0))
        x = rng.choice([-1, 1]) * rng.uniform(0.5, 1.1) * wide(z)
        if rng.random() < 0.5:
            _tree(rng, out, float(x), float(z))
        else:
            out.add((x - 0.05, 0, z - 0.05), (x + 0.05, 5, z + 0.05), b.FLAT, linear("3a3c3e"))
    return out


def _park(rng: Rng, wide: Callable[[float], float]) -> Scenery:
    ground = (b.GRASS, "4d5f2c 5c6f34 6b7a42 465a30", 0.6) if rng.random() < 0.75 else (b.SAND, "a8977a 8f7f66", 0.6)
    out = _empty(rng, *ground)
    for _ in range(int(rng.integers(3, 10))):
        z = rng.uniform(3.0, 30)
        _tree(rng, out, float(rng.uniform(-1.1, 1.1) * wide(z)), float(z))
    for _ in range(int(rng.integers(0, 5))):
        z = rng.uniform(2.5, 14)
        x, green, r = rng.uniform(-1, 1) * wide(z), _colour(rng, _GREENS, 0.15), rng.uniform(0.5, 1.2)
        out.add((x - r, -0.3, z - r), (x + r, r * 1.3, z + r), b.LEAVES, green, green * 1.6, _seed(rng))
    if rng.random() < 0.3:
        z = rng.uniform(4, 9)
        wood = _colour(rng, _WOODS)
        out.add((-60, 0.85, z), (60, 0.97, z + 0.06), b.WOOD, wood)
        out.add((-60, 0.4, z), (60, 0.52, z + 0.06), b.WOOD, wood)
        for x in np.arange(-12, 12, 2.2):
            out.add((x, 0, z), (x + 0.1, 1.1, z + 0.1), b.WOOD, wood)
    elif rng.random() < 0.3:
        out.add((-60, 0, 5), (60, 0.015, 7.2), b.FLAT, _colour(rng, "b39d77 9a9690 8a8378"))
    return out


def _beach(rng: Rng, wide: Callable[[float], float]) -> Scenery:
    out = _empty(rng, b.SAND, "d9c6a0 c9b48c e3d5b8 b8a583", 0.5)
    shore = rng.uniform(3, 14)
    sea = _colour(rng, "3f7a8c 2f6690 5a93a0 4a6f86", 0.1)
    out.add((-900, 0, shore), (900, 0.02, 900), b.SEA, sea, linear("eef3f4"), _seed(rng))
    out.add((-900, 0, shore - 0.9), (900, 0.004, shore + 0.5), b.FLAT, out.colours[0] * 0.55)
    if rng.random() < 0.3:
        z = rng.uniform(2.5, shore)
        x = rng.choice([-1, 1]) * rng.uniform(0.4, 0.9) * wide(z)
        out.add((x - 0.03, 0, z - 0.03), (x + 0.03, 2.2, z + 0.03), b.FLAT, linear("e8e6e0"))
        shade = _colour(rng, "d9483b 3f7fb5 e8c24a f0eee8")
        out.add((x - 1.1, 1.9, z - 1.1), (x + 1.1, 2.25, z + 1.1), b.CLOTH, shade, shade)
    return out


def _court(rng: Rng, wide: Callable[[float], float]) -> Scenery:
    indoors = bool(rng.random() < 0.55)
    words = "b5854f a8743f c29a63" if indoors else "3f6b52 8a3f33 3f5f86 5a6b75"
    out = _empty(rng, b.COURT, words, float(rng.uniform(-1.5, 3.0)), indoors)
    out.colours[1] = linear("efeee8")
    far = rng.uniform(3, 9)
    if indoors:
        half, wall = max(wide(far) + 3, 7.0), _colour(rng, _WALLS, 0.03)
        pad = _colour(rng, "2f4a73 8b1f1f 3d5a2a 444a52")
        out.add((-half, 0, far), (half, 6.5, far + 0.3), b.WALL, wall, wall, _seed(rng))
        out.add((-half, 0, far - 0.1), (half, 1.7, far - 0.003), b.CLOTH, pad, pad, _seed(rng))
        out.add((-half - 0.3, 0, -30), (-half, 6.5, far), b.WALL, wall, pad, _seed(rng))
        out.add((half, 0, -30), (half + 0.3, 6.5, far), b.WALL, wall, pad, _seed(rng))
        out.add((-half, 6.5, -30), (half, 6.8, far), b.WALL, linear("b9bcbe"), linear("b9bcbe"), _seed(rng))
        for x in np.arange(-half + 0.6, half - 1, 2.6):
            out.add((x, 2.3, far - 0.02), (x + 1.9, 5.2, far), b.WINDOW, wall * 0.6, wall * 0.6, _seed(rng))
    else:
        out.add((-60, 0, far), (60, 3.2, far + 0.02), b.FENCE, linear("4a4f52"))
        for x in np.arange(-12, 13, 3.0):
            out.add((x, 0, far - 0.03), (x + 0.06, 3.25, far + 0.03), b.FLAT, linear("3a3e40"))
        for _ in range(int(rng.integers(2, 7))):
            z = far + rng.uniform(3, 15)
            _tree(rng, out, float(rng.uniform(-1.1, 1.1) * wide(z)), float(z))
    return out


def _studio(rng: Rng, _wide: Callable[[float], float]) -> Scenery:
    out = _empty(rng, b.SEAMLESS, "d9d9d6 9a9c9e 6b7077 c9b8a3 a3b0ad 3a3d42 b5a0a0 7f93a8", 1.0, indoors=True)
    # The paper bends up into the wall without an edge.
    out.sky[:] = np.array([out.colours[0] * 0.97, out.colours[0] * 0.75])
    return out


_KINDS: dict[str, Callable[[Rng, Callable[[float], float]], Scenery]] = {
    "room": _room, "street": _street, "park": _park, "beach": _beach, "court": _court, "studio": _studio,
}  # fmt: skip
