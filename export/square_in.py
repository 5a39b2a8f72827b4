"""Reads ``dp_masks``: the 14 part masks of a person, run-length coded in the square that the box is stretched to.

All masks of a person are decoded at once: each alone would take longer than its JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 256
_LONGEST = 12  # characters of a number: as many as 64 bits hold


def runs(masks: Sequence[Any]) -> dict[int, NDArray[np.int64]] | None:
    """Where the column-major runs (background first) of each mask end, by part 1.. for those that are not ``[]``.

    None if any is no compressed RLE of 256 x 256; ``annotation.masks.rle_lengths`` says what is wrong.
    """
    present = [(part, mask) for part, mask in enumerate(masks, start=1) if mask != []]
    if not all(_is_square(mask) for _, mask in present):
        return None
    strings = [mask["counts"].encode() for _, mask in present]
    if not all(strings):
        return None
    if not strings:
        return {}
    found = _ends(strings)
    return None if found is None else {part: ends for (part, _), ends in zip(present, found, strict=True)}


def labels_at(
    ends: Mapping[int, NDArray[np.int64]], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Part (N,) at positions in the square, 0 on none; where masks overlap the later part."""
    column, row = (np.clip(values.astype(np.int64), 0, SIDE - 1) for values in (x, y))
    cell = column * SIDE + row
    labels = np.zeros(len(cell), np.uint8)
    for part in sorted(ends):
        labels[np.searchsorted(ends[part], cell, "right") % 2 == 1] = part
    return labels


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


def _ends(strings: Sequence[bytes]) -> list[NDArray[np.int64]] | None:
    """Ends of the runs of compressed RLEs (five bits a character, differences to the run before last) that fill the
    square; None if one does not."""
    chunks = np.frombuffer(b"".join(strings), np.uint8).astype(np.int64) - 48
    if chunks.min() < 0 or chunks.max() > 63:
        return None
    last = np.flatnonzero(chunks < 32)  # of each number
    after = np.searchsorted(last, np.cumsum([len(string) for string in strings]))  # numbers up to each string's end
    if not len(last) or not np.array_equal(last[after - 1] + 1, np.cumsum([len(string) for string in strings])):
        return None  # a string ends in the middle of a number
    first = np.append(0, last[:-1] + 1)
    sizes = last - first + 1
    if sizes.max() > _LONGEST:
        return None
    place = np.arange(len(chunks)) - np.repeat(first, sizes)
    values = np.add.reduceat((chunks & 31) << 5 * place, first)
    values -= np.where(chunks[last] & 16, 1 << 5 * sizes, 0)
    numbers = np.diff(after, prepend=0)
    filled = np.arange(numbers.max()) < numbers[:, None]
    table = np.zeros(filled.shape, np.int64)
    table[filled] = values
    table[:, 1::2] = table[:, 1::2].cumsum(axis=1)
    table[:, 2::2] = table[:, 2::2].cumsum(axis=1)
    table[~filled] = 0
    if table.min() < 0 or table.max() > SIDE * SIDE:
        return None
    ends = table.cumsum(axis=1)
    if (ends[:, -1] != SIDE * SIDE).any():
        return None
    return [row[:count] for row, count in zip(ends, numbers, strict=True)]
