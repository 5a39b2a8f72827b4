"""Whether two dataset files say the same, read side by side and never held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from export.square_in import label_map, runs
from export.stream import items

EXACT = 1e-9
_CLOSE = frozenset({"dp_x", "dp_y", "dp_U", "dp_V"})
_LISTS = frozenset({"images", "annotations", "categories", "licenses"})


def differences(first: Path, second: Path) -> Iterator[str]:
    """What differs, entry by entry: points by more than ``EXACT``, masks by a pixel of the square, all else at all."""
    for a, b in zip_longest(_entries(first), _entries(second)):
        if a is None or b is None:
            yield f"{first.name}: one has more entries than the other"
            return
        (key, one), (other_key, other) = a, b
        if key != other_key:
            yield f"{first.name}: {key} stand beside {other_key}"
            return
        where = f"{first.name}: {key}: {one.get('id')}"
        if one.keys() != other.keys():
            yield f"{where}: {', '.join(sorted(one.keys() ^ other.keys()))} in one of them only"
        else:
            yield from (f"{where}: {name}" for name in one if not _same(name, one[name], other[name]))


def _entries(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((item.key, item.value) for item in items(path) if item.key in _LISTS and item.number >= 0)


def _same(name: str, one: Any, other: Any) -> bool:
    if one == other:
        return True
    if name in _CLOSE:
        return len(one) == len(other) and float(np.abs(np.subtract(one, other)).max()) <= EXACT
    if name == "dp_masks":
        a, b = runs(one), runs(other)
        return a is not None and b is not None and a.keys() == b.keys() and bool((label_map(a) == label_map(b)).all())
    return False
