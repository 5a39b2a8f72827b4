"""Near-duplicate photos: a perceptual hash, and groups of hashes that are close.

The hash is the DCT hash of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010):
scaling, other compression and small changes of colour leave it almost as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

DISTANCE = 6
"""Bits that two photos may differ in and still count as near-duplicates. Two hashes of independent bits are that close
with a probability of 5e-12."""
MOST = 10
"""The largest distance that `groups` takes: the farther, the fewer bits in a band, and the more pairs to compare."""

_SIDE = 32  # pixels that a photo is scaled to
_LOW = 8  # frequencies kept each way
_DRAFT = 128  # pixels that a JPEG is decoded to at least
_ONES = np.array([bin(n).count("1") for n in range(1 << 16)], np.uint8)
_EDGES = 1 << 20  # kept before they are merged


def phash(image: Image.Image) -> str:
    """The perceptual hash of a photo: 16 hex digits.

    The photo is scaled to 32 x 32 grey pixels; each of the 8 x 8 lowest frequencies of their cosine transform gives a
    bit, 1 where it is above the median of all but the constant one.
    """
    image.draft("L", (_DRAFT, _DRAFT))  # JPEGs decode at a fraction of their size
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    low = dctn(np.asarray(grey, np.float64), norm="ortho")[:_LOW, :_LOW].ravel()
    bits = low > np.median(low[1:])
    return np.packbits(bits).tobytes().hex()


def groups(hashes: Sequence[str | None], distance: int = DISTANCE) -> NDArray[np.int64]:
    """Which photos belong together: (N,), for each the position of the first photo of its group.

    Two photos whose hashes differ in at most ``distance`` of the 64 bits are in one group, always; so are photos joined
    by a chain of such pairs, and no others. One without a hash is a group of its own.

    The bits are cut into ``distance + 1`` bands. Hashes that differ in at most ``distance`` bits agree in one band at
    least, so only those that agree in a band are compared.

    :raises ValueError: for a distance outside of 0..10.
    """
    if not 0 <= distance <= MOST:
        raise ValueError(f"a distance of {distance} bits is outside of 0..{MOST}")
    out = np.arange(len(hashes))
    known = np.array([n for n, text in enumerate(hashes) if text is not None], np.int64)
    if not len(known):
        return out
    values = np.array([int(hashes[n] or "", 16) for n in known], np.uint64)
    unique, of = np.unique(values, return_inverse=True)
    label = _components(unique, distance)[of.reshape(-1)]
    first = np.full(label.max() + 1, len(hashes))
    np.minimum.at(first, label, known)
    out[known] = first[label]
    return out


def _components(values: NDArray[np.uint64], distance: int) -> NDArray[Any]:
    """Labels (N,) of the connected components of different hashes (N,)."""
    label = np.arange(len(values))
    bounds = np.linspace(0, 64, distance + 2).astype(int)
    for low, high in pairwise(bounds):
        band = (values >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(band, kind="stable")
        label = _joined(label, values[order], band[order], order, distance)
    return label


def _joined(
    label: NDArray[Any], values: NDArray[np.uint64], band: NDArray[np.uint64], order: NDArray[Any], distance: int
) -> NDArray[Any]:
    """Labels after joining all close pairs within the runs of equal ``band``; everything but ``label`` is sorted by
    it."""
    edges: list[tuple[NDArray[Any], NDArray[Any]]] = []
    held = 0
    at = np.arange(len(values))
    step = 1
    while True:
        at = at[at + step < len(values)]
        at = at[band[at] == band[at + step]]
        if not len(at):
            return _merged(label, edges)
        close = at[_apart(values[at], values[at + step]) <= distance]
        edges.append((order[close], order[close + step]))
        held += len(close)
        if held > _EDGES:
            label, edges, held = _merged(label, edges), [], 0
        step += 1


def _apart(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits differ, (N,)."""
    words = (a ^ b).view(np.uint16).reshape(-1, 4)
    return _ONES[words].sum(axis=1, dtype=np.int64)


def _merged(label: NDArray[Any], edges: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> NDArray[Any]:
    """Labels after joining those of both ends of each edge."""
    if not edges:
        return label
    a, b = (np.concatenate(ends) for ends in zip(*edges, strict=True))
    count = int(label.max()) + 1
    graph = coo_array((np.ones(len(a), bool), (label[a], label[b])), shape=(count, count))
    return connected_components(graph, directed=False)[1][label]
