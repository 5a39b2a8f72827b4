"""Compressed COCO RLE, many masks at once: each alone takes longer than its JSON.

A string holds the column-major run lengths of a mask, background first: five bits a character, the low ones first, from
the fourth number on as differences to the run before last (pycocotools' ``rleToString``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LONGEST = 12  # characters of a number: as many as 64 bits hold


def run_ends(strings: Sequence[bytes], pixels: int) -> list[NDArray[np.int64]] | None:
    """Where the runs of each mask end; None if any is no RLE of so many pixels, or has more runs than these."""
    if not all(strings):
        return None
    if not strings:
        return []
    chunks = np.frombuffer(b"".join(strings), np.uint8).astype(np.int64) - 48
    if chunks.min() < 0 or chunks.max() > 63:
        return None
    last = np.flatnonzero(chunks < 32)  # of each number
    ends = np.cumsum([len(string) for string in strings])
    after = np.searchsorted(last, ends)  # numbers up to each string's end
    if not len(last) or not np.array_equal(last[after - 1] + 1, ends):
        return None  # a string ends in the middle of a number
    first = np.append(0, last[:-1] + 1)
    sizes = last - first + 1
    numbers = np.diff(after, prepend=0)
    if sizes.max() > _LONGEST or numbers.max() > pixels + 1:
        return None
    place = np.arange(len(chunks)) - np.repeat(first, sizes)
    values = np.add.reduceat((chunks & 31) << 5 * place, first)
    values -= np.where(chunks[last] & 16, 1 << 5 * sizes, 0)
    filled = np.arange(numbers.max()) < numbers[:, None]
    table = np.zeros(filled.shape, np.int64)
    table[filled] = values
    table[:, 1::2] = table[:, 1::2].cumsum(axis=1)
    table[:, 2::2] = table[:, 2::2].cumsum(axis=1)
    table[~filled] = 0
    if table.min() < 0 or table.max() > pixels:
        return None
    table = table.cumsum(axis=1)
    if (table[:, -1] != pixels).any():
        return None
    return [row[:count] for row, count in zip(table, numbers, strict=True)]


def strings(lengths: NDArray[np.int64], numbers: NDArray[np.int64]) -> list[str]:
    """The strings of masks by the lengths of all their runs, and how many runs each mask has (at least one)."""
    place = np.arange(len(lengths)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    values = lengths.copy()
    late = np.flatnonzero(place > 2)
    values[late] -= lengths[late - 2]
    sizes = np.ones(len(values), np.int64)  # characters: five bits each hold -16..15, ten bits -512..511 ...
    most = np.maximum(values, ~values)
    while (more := most >> (5 * sizes - 1)).any():
        sizes += more > 0
    ends = np.cumsum(sizes)
    step = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    chunks = np.repeat(values, sizes) >> 5 * step & 31
    chunks[np.arange(len(chunks)) != np.repeat(ends - 1, sizes)] |= 32
    text = (chunks + 48).astype(np.uint8).tobytes().decode("ascii")
    stops = ends[np.cumsum(numbers) - 1].tolist()
    return [text[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]
