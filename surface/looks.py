"""Which six directions a part of a body is looked at from: anatomy's where names and rig say what it is, else by shape.

A part of unknown shape is seen from its four sides in the body's axes, and from two further directions that show the
most of what these hide. Views of mirrored parts are mirror images; those of parts on the midline are their own.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.frames import LOOKS, Look, anatomical, side, twin
from surface.raster import rasterize

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

SIDES = ("front", "back", "left", "right")
_PIXELS = 160  # across the part, when what a direction shows is counted
_STEEP = np.cos(np.radians(70.0))  # a triangle seen at a larger angle does not count as seen


def looks(body: Body, part: int) -> list[tuple[str, Look]]:
    """The six looks in the order front, back, the body's left, its right, and two more, each with its name."""
    what, own = anatomical(body, part), _own_side(body, part)
    if what is not None:
        front, back, outer, inner, *rest = LOOKS[what]
        # A right part's frame is mirrored: outward is the body's right.
        left, right = (inner, outer) if side(body.part_names[part - 1]) == "right" else (outer, inner)
        return list(zip((*SIDES, *(look.name for look in rest)), (front, back, left, right, *rest), strict=True))
    other = twin(body, part)
    mirrored = own == "right" and other is not None
    two = _two_more(body, other if mirrored and other is not None else part)
    directions = [(0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0), *((-x if mirrored else x, y, z) for x, y, z in two)]
    sides = {"left": ("outer side", "inner side"), "right": ("inner side", "outer side")}
    out = [_look(direction, *sides.get(own or "", ("left side", "right side"))) for direction in directions]
    return list(zip((*SIDES, *(look.name for look in out[4:])), out, strict=True))


def _own_side(body: Body, part: int) -> str | None:
    """Left or right: by the part's name, else by where a part with a twin lies."""
    named = side(body.part_names[part - 1])
    if named or twin(body, part) is None:
        return named
    return "left" if body.vertices[body.faces[body.face_part == part]][..., 0].mean() > 0 else "right"


def _look(direction: tuple[int, int, int], left: str, right: str) -> Look:
    """A look from a direction between the body's axes, with a plain title, like "Front, from above"."""
    x, y, z = direction
    level = ("below", "", "above")[y + 1]
    flat = ", ".join(word for word in (("back", "", "front")[z + 1], (right, "", left)[x + 1]) if word)
    title = ", ".join(text for text in (flat, f"from {level}" if level else "") if text).capitalize()
    name = title.lower().replace("from ", "").replace(",", "").replace(" ", "-")
    up = (0.0, 1.0, 0.0) if flat else (0.0, 0.0, -1.0 if y > 0 else 1.0)
    return Look(name, title, (float(x), float(y), float(z)), up)


def _two_more(body: Body, part: int) -> list[tuple[int, int, int]]:
    """Of the directions between the axes, the two that show most of a part's area that is not yet shown."""
    known = [(0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0)]
    midline = body.symmetric and twin(body, part) is None
    every = product((0, 1, -1), (0, 1, -1), (0, 1, -1))
    tried = [d for d in every if any(d) and d not in known and not (midline and d[0])]
    mine = np.flatnonzero(body.face_part == part)
    area = body.face_area[mine]
    shown = np.zeros(len(mine), dtype=bool)
    for direction in known:
        shown |= _seen(body, mine, np.array(direction, dtype=np.float64))
    seen = {direction: _seen(body, mine, np.array(direction, dtype=np.float64)) for direction in tried}
    out: list[tuple[int, int, int]] = []
    for _ in range(2):
        # What is new counts; of equals, the direction that shows more, then from above.
        gain = {
            d: area[own & ~shown].sum() / area.sum() + 0.02 * area[own].sum() / area.sum() + 0.001 * d[1]
            for d, own in seen.items()
            if d not in out
        }
        best = max(gain, key=lambda d: gain[d])
        out.append(best)
        shown |= seen[best]
    return sorted(out, key=lambda d: -d[1])


def _seen(body: Body, mine: NDArray[np.int64], towards: Floats) -> NDArray[np.bool_]:
    """Which faces `(n,)` of a part are front-most somewhere, and not too steep, from a direction."""
    towards = towards / np.linalg.norm(towards)
    across = np.linalg.svd(towards[None])[2][1:]
    corners = body.vertices[body.faces[mine]]
    flat = corners @ across.T
    low, size = flat.min(axis=(0, 1)), max(float(np.ptp(flat, axis=(0, 1)).max()), 1e-12)
    xy = (body.vertices @ across.T - low) * (_PIXELS / size)
    index, _, _ = rasterize(xy, -(body.vertices @ towards), body.faces[mine], _PIXELS, _PIXELS)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.maximum(np.linalg.norm(normal, axis=1), 1e-300)
    steep = normal @ towards / length < _STEEP
    out = np.zeros(len(mine), dtype=bool)
    out[np.unique(index[index >= 0])] = True
    return out & ~steep
