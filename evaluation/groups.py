"""Groups of parts: left and right together, as in the paper's coarse groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

SIDES = {"left", "right"}
_PLURAL = {"hand": "hands", "foot": "feet", "leg": "legs", "arm": "arms", "ear": "ears"}


def groups(body: Body) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the groups, and the group (P+1,) of each part; -1 for background.

    Parts are of one group when they are called the same but for left and right, in the body's order.
    """
    names: list[str] = []
    of = np.full(len(body.part_names) + 1, -1, np.int64)
    for part, name in enumerate(body.part_names, 1):
        own = coarse(name)
        if own not in names:
            names.append(own)
        of[part] = names.index(own)
    return names, of


def coarse(name: str) -> str:
    """The group of the part of that name: "hands" of "Left Hand"."""
    words = [word for word in name.lower().split() if word not in SIDES]
    if len(words) < len(name.split()) and words:
        words[-1] = _PLURAL.get(words[-1], words[-1])
    return " ".join(words) or name.lower()
