"""Reads ``dp_masks``: the 14 part masks of a person, run-length coded in the square that the box is stretched to.

All masks of a person are decoded at once: each alone would take longer than its JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.rle import run_ends

SIDE = 256


def runs(masks: Sequence[Any]) -> dict[int, NDArray[np.int64]] | None:
    """Where the column-major runs (background first) of each mask end, by part 1.. for those that are not ``[]``.

    None if any is no compressed RLE of 256 x 256; ``annotation.masks.rle_lengths`` says what is wrong.
    """
    present = [(part, mask) for part, mask in enumerate(masks, start=1) if mask != []]
    if not all(_is_square(mask) for _, mask in present):
        return None
    strings = [mask["counts"].encode() for _, mask in present]
    found = run_ends(strings, SIDE * SIDE)
    return None if found is None else {part: ends for (part, _), ends in zip(present, found, strict=True)}


def labels_at(
    ends: Mapping[int, NDArray[np.int64]], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Part (N,) at positions in the square, 0 on none; where masks overlap the later part."""
    column, row = (np.clip(values.astype(np.int64), 0, SIDE - 1) for values in (x, y))
    parts = sorted(ends)
    if not parts:
        return np.zeros(len(column), np.uint8)
    # One search through all masks, which stand one behind the other.
    begin = np.arange(len(parts)) * (SIDE * SIDE + 1)
    line = np.concatenate([ends[part] + start for part, start in zip(parts, begin, strict=True)])
    before = np.cumsum([0, *(len(ends[part]) for part in parts[:-1])])
    runs_before = np.searchsorted(line, column * SIDE + row + begin[:, None], "right") - before[:, None]
    return np.where(runs_before % 2 == 1, np.array(parts, np.uint8)[:, None], np.uint8(0)).max(axis=0)


def label_map(ends: Mapping[int, NDArray[np.int64]]) -> NDArray[np.uint8]:
    """Label map (256, 256) of the square; where masks overlap the later part."""
    labels = np.zeros(SIDE * SIDE, np.uint8)
    for part in sorted(ends):
        for start, end in zip(ends[part][::2].tolist(), ends[part][1::2].tolist(), strict=False):
            labels[start:end] = part
    return labels.reshape(SIDE, SIDE).T


def _is_square(mask: Any) -> bool:
    return (
        isinstance(mask, dict)
        and mask.get("size") == [SIDE, SIDE]
        and isinstance(mask.get("counts"), str)
        and mask["counts"].isascii()
    )
