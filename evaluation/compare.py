"""Differences between annotators, on the points that both marked, tested by flipping signs image by image.

Were two annotators alike, each image's difference might as well have had the other sign (Fisher 1935; Good,
"Permutation, Parametric and Bootstrap Tests of Hypotheses", 2005). All pairs are tested by the same flips, and p is
corrected by the largest figure that any pair reaches in each (step-down maximum: Westfall and Young, "Resampling-Based
Multiple Testing", 1993), so that the correction sets no floor of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import Errors
from evaluation.intervals import Draws, figure, student
from evaluation.report import Difference, Figure

Floats = NDArray[np.float64]

FLIPS = 10_000
EXACT = 13
"""Up to so many images all ways to flip are tried."""

LEVEL = 0.05

LEAST = 6
"""Of fewer shared images no flipping of signs is rarer than the level (2 in 2^n), so no difference can be shown."""

_WORK = 2e11  # multiplications, at most


@dataclass(frozen=True, eq=False)
class Pair:
    """What two annotators share: images (n,), and of the differences there the sums, squares and numbers (n,)."""

    first: int
    second: int
    image: NDArray[np.int64]
    sum: Floats
    square: Floats
    count: Floats

    @property
    def mean(self) -> float:
        """Mean difference over points."""
        return float(self.sum.sum() / self.count.sum())


def pairs(errors: Errors, point: NDArray[np.int64], annotators: int, images: int) -> list[Pair]:
    """All pairs of annotators that have points in common; ``point`` (N,) is the point of each error."""
    _, index = np.unique(point, return_inverse=True)
    points = int(index.max()) + 1 if len(index) else 0
    out = []
    for a in range(annotators - 1):
        own = errors.annotator == a
        metres = np.full(points, np.nan)
        metres[index[own]] = errors.metres[own]
        rows = np.flatnonzero((errors.annotator > a) & np.isfinite(metres[index]))
        difference = metres[index[rows]] - errors.metres[rows]
        code = errors.annotator[rows].astype(np.int64) * images + errors.image[rows]
        cells, where = np.unique(code, return_inverse=True)
        sums, squares, counts = (
            np.bincount(where, v).astype(np.float64) for v in (difference, difference**2, np.ones(len(rows)))
        )
        for b in np.unique(cells // images):
            at = np.flatnonzero(cells // images == b)
            out.append(Pair(a, int(b), cells[at] % images, sums[at], squares[at], counts[at]))
    return out


def cells(errors: Errors, part: NDArray[Any]) -> tuple[Errors, NDArray[np.int64]]:
    """Mean errors of annotators on the parts (N,) of images, and which image and part each is of.

    For annotators who drew the masks and so marked points of their own.
    """
    code = (errors.annotator.astype(np.int64) << 40) + (errors.image.astype(np.int64) << 8) + part
    known, first, where = np.unique(code, return_index=True, return_inverse=True)
    means = np.bincount(where, errors.metres) / np.maximum(np.bincount(where), 1)
    return replace(errors.at(first), metres=means.astype(np.float32)), known & ((1 << 40) - 1)


def differences(shared: list[Pair], names: tuple[str, ...], drawn: Draws, seed: int) -> list[Difference]:
    """Each pair's difference, with its interval, p and corrected p where they share enough images for a test."""
    tested = [pair for pair in shared if len(pair.image) >= LEAST]
    p, corrected = flipped(tested, np.random.default_rng([seed, 3]))
    found = {id(pair): both for pair, *both in zip(tested, p.tolist(), corrected.tolist(), strict=True)}
    out = []
    for pair in shared:
        points, persons, first, second = int(pair.count.sum()), len(pair.image), names[pair.first], names[pair.second]
        if id(pair) not in found:
            out.append(
                Difference(first, second, points, persons, Figure(pair.mean, None, None, points), None, None, False)
            )
            continue
        raw, held = found[id(pair)]
        weights = drawn.image[pair.image].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            many = (pair.sum @ weights) / (pair.count @ weights)
        value = figure(pair.mean, many, student(persons), points, (-np.inf, np.inf))
        out.append(Difference(first, second, points, persons, value, raw, held, held < LEVEL))
    return out


def flipped(shared: list[Pair], rng: np.random.Generator, flips: int = FLIPS) -> tuple[Floats, Floats]:
    """Two-sided p (K,) of each pair, and corrected for all: exact for few images, else by random flips."""
    if not shared:
        return np.ones(0), np.ones(0)
    images = np.unique(np.concatenate([pair.image for pair in shared]))
    sums = np.zeros((len(images), len(shared)), np.float32)
    for k, pair in enumerate(shared):
        length = float(np.sqrt((pair.sum**2).sum()))
        sums[np.searchsorted(images, pair.image), k] = pair.sum / length if length > 0 else 0.0
    seen = np.abs(sums.sum(axis=0, dtype=np.float64))
    order = np.argsort(-seen, kind="stable")
    least = seen[order] * (1 - 1e-5)
    sums, n = np.ascontiguousarray(sums[:, order]), len(images)
    exact = n <= EXACT
    flips = 2**n if exact else int(np.clip(_WORK / sums.size, 1000, flips))
    alone, step = np.zeros(len(shared)), np.zeros(len(shared))
    block = max(1, min(flips, 4_000_000 // max(sums.shape)))
    for at in range(0, flips, block):
        some = min(block, flips - at)
        bits = (
            (np.arange(at, at + some)[:, None] >> np.arange(n)) & 1 if exact else rng.integers(0, 2, (some, n), np.int8)
        )
        reached = np.abs((bits.astype(np.float32) * 2 - 1) @ sums)
        alone += (reached >= least).sum(axis=0)
        step += (np.maximum.accumulate(reached[:, ::-1], axis=1)[:, ::-1] >= least).sum(axis=0)
    more = 0 if exact else 1  # what was seen is one of the random flips
    p, corrected = np.empty(len(shared)), np.empty(len(shared))
    p[order] = np.where(least > 0, (alone + more) / (flips + more), 1.0)
    corrected[order] = np.where(least > 0, np.maximum.accumulate((step + more) / (flips + more)), 1.0)
    return p, corrected


def least_p(images: int) -> float:
    """The least p that so many images can give: one way to flip their signs, and its opposite, of all."""
    return float(2.0 ** (1 - images))


def holm(p: Floats) -> Floats:
    """P-values corrected for their number: the chance of any false difference stays below the level."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1.0)
    return out


def letters(rank: list[int], differ: set[tuple[int, int]]) -> dict[int, str]:
    """Letters for annotators, best first in ``rank``: those that share one are not told apart.

    Insert and absorb (Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons", J. Comput.
    Graph. Stat. 2004). ``differ`` holds the pairs, either way round, that do.
    """
    columns: list[set[int]] = [set(rank)]
    for a, b in differ:
        split: list[set[int]] = []
        for column in columns:
            split += [column - {a}, column - {b}] if a in column and b in column else [column]
        columns = [c for n, c in enumerate(split) if not any(c < d or (c == d and n > m) for m, d in enumerate(split))]
    place = {name: n for n, name in enumerate(rank)}
    columns.sort(key=lambda column: sorted(place[name] for name in column))
    return {name: "".join(_letter(n) for n, column in enumerate(columns) if name in column) for name in rank}


def _letter(n: int) -> str:
    known = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return known[n] if n < len(known) else chr(0x3B1 + n - len(known))


def stand_out(counts: list[tuple[int, int]]) -> list[bool]:
    """Which (count, of) are higher than the others' together: Fisher's exact test, corrected, and twice as high.

    The test takes marks as independent, so give it counts that allow for clusters (``swaps.independent``).
    """
    from scipy.stats import fisher_exact

    total = np.array(counts, np.int64).reshape(-1, 2).sum(axis=0)
    p, higher = np.ones(len(counts)), np.zeros(len(counts), bool)
    for n, (count, of) in enumerate(counts):
        others = total - (count, of)
        if of and others[1]:
            table: Any = [[count, of - count], [others[0], others[1] - others[0]]]
            p[n] = fisher_exact(table, "greater").pvalue
            higher[n] = count / of > 2 * others[0] / others[1]
    return list((holm(p) < LEVEL) & higher)
