"""Which six directions a part of a body is looked at from: anatomy's where names and rig say what it is, else by shape.

A part of unknown shape is seen from its four sides in the body's axes, and from two further directions that show the
most of what these hide. A side that shows hardly any of the part (a tail from the front, where one looks into its open
end) gives its place to a direction that shows more. Views of mirrored parts are mirror images; those of parts on the
midline are their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from surface.frames import LOOKS, Look, anatomical, side, twin
from surface.raster import rasterize

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

Direction = tuple[int, int, int]
Seen = dict[Direction, NDArray[np.bool_]]

SIDES = ("front", "back", "left", "right")
_FOUR: tuple[Direction, ...] = ((0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0))
_USEFUL = 0.15  # of a part's area: a view should show as much
_PIXELS = 160  # across the part, when what a direction shows is counted
_STEEP = np.cos(np.radians(70.0))  # a triangle seen at a larger angle does not count as seen
_LOSS = 1e-3  # of a part's area: less is within what counting misses

_cache: WeakKeyDictionary[Body, dict[int, tuple[Direction, ...]]] = WeakKeyDictionary()


def looks(body: Body, part: int) -> list[tuple[str, Look]]:
    """The six looks, each with its name: front, back, the body's left, its right (or what replaces them), two more."""
    what, own = anatomical(body, part), _own_side(body, part)
    if what is not None:
        front, back, outer, inner, *rest = LOOKS[what]
        # A right part's frame is mirrored: outward is the body's right.
        left, right = (inner, outer) if side(body.part_names[part - 1]) == "right" else (outer, inner)
        return list(zip((*SIDES, *(look.name for look in rest)), (front, back, left, right, *rest), strict=True))
    other = twin(body, part)
    if own == "right" and other is not None:
        first, second, third, fourth, *two = ((-x, y, z) for x, y, z in _directions(body, other))
        directions = [first, second, fourth, third, *two]
    else:
        directions = list(_directions(body, part))
    sides = {"left": ("outer side", "inner side"), "right": ("inner side", "outer side")}
    out = [_look(direction, *sides.get(own or "", ("left side", "right side"))) for direction in directions]
    names = dict(zip(_FOUR, SIDES, strict=True))
    return [(names.get(direction, look.name), look) for direction, look in zip(directions, out, strict=True)]


def _own_side(body: Body, part: int) -> str | None:
    """Left or right: by the part's name, else by where a part with a twin lies."""
    named = side(body.part_names[part - 1])
    if named or twin(body, part) is None:
        return named
    return "left" if body.vertices[body.faces[body.face_part == part]][..., 0].mean() > 0 else "right"


def _look(direction: Direction, left: str, right: str) -> Look:
    """A look from a direction between the body's axes, with a plain title, like "Front, from above"."""
    x, y, z = direction
    level = ("below", "", "above")[y + 1]
    flat = ", ".join(word for word in (("back", "", "front")[z + 1], (right, "", left)[x + 1]) if word)
    title = ", ".join(text for text in (flat, f"from {level}" if level else "") if text).capitalize()
    name = title.lower().replace("from ", "").replace(",", "").replace(" ", "-")
    up = (0.0, 1.0, 0.0) if flat else (0.0, 0.0, -1.0 if y > 0 else 1.0)
    return Look(name, title, (float(x), float(y), float(z)), up)


def _directions(body: Body, part: int) -> tuple[Direction, ...]:
    """The six directions of a part without anatomy: those of the four sides that show it, and the best others."""
    known = _cache.setdefault(body, {})
    if part not in known:
        midline = body.symmetric and twin(body, part) is None
        area = body.face_area[body.face_part == part]
        seen = _seen(body, part)
        share = {d: float(area[own].sum() / area.sum()) for d, own in seen.items()}
        if midline:
            # Mirror images stay or go together.
            share = {(x, y, z): (share[x, y, z] + share[-x, y, z]) / 2 for x, y, z in share}
        useful = [d for d in _FOUR if share[d] >= _USEFUL]
        least = _covered(seen, area, _six(seen, area, share, _FOUR, 0.0, midline))
        # The first of these that shows no less of the part than the four sides and two more would.
        for sides, floor in ((useful, _USEFUL), (useful, 0.0), (_FOUR, _USEFUL), (_FOUR, 0.0)):
            six = _six(seen, area, share, sides, floor, midline)
            if _covered(seen, area, six) >= least - _LOSS:
                break
        known[part] = _ordered(six, midline)
    return known[part]


def _six(
    seen: Seen, area: Floats, share: dict[Direction, float], sides: Sequence[Direction], floor: float, midline: bool
) -> list[Direction]:
    """Sides, and the directions that show the most area not yet shown; on the midline as mirror images."""
    out = list(sides)
    shown = np.any([seen[d] for d in out], axis=0) if out else np.zeros(len(area), dtype=bool)
    pairs = [((1, y, z), (-1, y, z)) for y, z in product((0, 1, -1), repeat=2)]
    alone = [(d,) for d in seen if not (midline and d[0])]
    while len(out) < 6:
        # Left and right of the midline have their two places, which nothing else can take.
        options = pairs if midline and sum(d[0] != 0 for d in out) < 2 else alone
        free = [option for option in options if option[0] not in out]
        free = [option for option in free if share[option[0]] >= floor] or free
        # What is new counts; of equals, the direction that shows more, then from above.
        gain = [
            area[np.any([seen[d] for d in option], axis=0) & ~shown].sum() / area.sum()
            + 0.02 * share[option[0]]
            + 0.001 * option[0][1]
            for option in free
        ]
        best = free[int(np.argmax(gain))]
        out += best
        shown |= np.any([seen[d] for d in best], axis=0)
    return out


def _covered(seen: Seen, area: Floats, directions: Sequence[Direction]) -> float:
    return float(area[np.any([seen[d] for d in directions], axis=0)].sum() / area.sum())


def _ordered(six: Sequence[Direction], midline: bool) -> tuple[Direction, ...]:
    """Each side in its place, or the nearest other direction; last what remains, from above first."""
    rest = [d for d in six if d not in _FOUR]
    out: list[Direction] = []
    for one in _FOUR:
        if one in six:
            out.append(one)
            continue
        fit = [d for d in rest if not midline or d[0] == one[0]]
        out.append(max(fit, key=lambda d: float(np.dot(d, one) / np.linalg.norm(d))))
        rest.remove(out[-1])
    return (*out, *sorted(rest, key=lambda d: -d[1]))


def _seen(body: Body, part: int) -> Seen:
    """Which faces `(n,)` of a part are in front, and not too steep, from each of the directions between the axes."""
    mine = body.faces[body.face_part == part]
    used, faces = np.unique(mine, return_inverse=True)
    points, faces = body.vertices[used], faces.reshape(mine.shape).astype(np.int32)
    a, b, c = points[faces].transpose(1, 0, 2)
    normal, middle = np.cross(b - a, c - a), (a + b + c) / 3
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    out: Seen = {}
    for direction in product((0, 1, -1), (0, 1, -1), (0, 1, -1)):
        if not any(direction):
            continue
        towards = np.array(direction) / np.linalg.norm(direction)
        across = np.linalg.svd(towards[None])[2][1:]
        flat = points @ across.T
        low, pixel = flat.min(axis=0), max(float(np.ptp(flat, axis=0).max()), 1e-12) / _PIXELS
        front = rasterize((flat - low) / pixel, -(points @ towards), faces, _PIXELS, _PIXELS)[2]
        upright = np.flatnonzero(normal @ towards >= _STEEP)
        column, row = np.clip((middle[upright] @ across.T - low) / pixel, 0, _PIXELS - 1).astype(np.intp).T
        # Within a pixel, a triangle that counts as seen rises by less than three pixels.
        near = -(middle[upright] @ towards) <= front[row, column] + 3 * pixel
        own = np.zeros(len(faces), dtype=bool)
        own[upright[near]] = True
        out[direction] = own
    return out
