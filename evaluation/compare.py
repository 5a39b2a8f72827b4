"""Differences between annotators, on the points that both marked, tested by flipping signs image by image.

Were two annotators alike, each image's difference might as well have had the other sign (Fisher 1935; Good,
"Permutation, Parametric and Bootstrap Tests of Hypotheses", 2005). All pairs are tested, so p is corrected (Holm 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import Errors
from evaluation.intervals import Draws, figure, student
from evaluation.report import Difference

Floats = NDArray[np.float64]

FLIPS = 10_000
EXACT = 13
"""Up to so many images all ways to flip are tried."""

LEVEL = 0.05


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


def differences(shared: list[Pair], names: tuple[str, ...], drawn: Draws, seed: int) -> list[Difference]:
    """Each pair's difference with its interval, p and corrected p."""
    p = [_p(pair, np.random.default_rng([seed, 3, n])) for n, pair in enumerate(shared)]
    corrected = holm(np.array(p))
    out = []
    for pair, raw, held in zip(shared, p, corrected, strict=True):
        weights = drawn.image[pair.image].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            many = (pair.sum @ weights) / (pair.count @ weights)
        points = int(pair.count.sum())
        value = figure(pair.mean, many, student(len(pair.image)), points, (-np.inf, np.inf))
        out.append(
            Difference(
                names[pair.first], names[pair.second], points, len(pair.image), value, float(raw), float(held),
                bool(held < LEVEL),
            )
        )  # fmt: skip
    return out


def _p(pair: Pair, rng: np.random.Generator) -> float:
    return sign_flip(pair.sum, rng)


def sign_flip(sums: Floats, rng: np.random.Generator, flips: int = FLIPS) -> float:
    """Two-sided p that the sums (n,) of images have no sign of their own: exact for few, else by random flips."""
    sums = sums[sums != 0]
    n = len(sums)
    if not n:
        return 1.0
    least = abs(sums.sum()) * (1 - 1e-9)
    if n <= EXACT:
        signs = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) * 2.0 - 1.0
        return float((np.abs(signs @ sums) >= least).mean())
    beyond, block = 0, max(1, min(flips, 4_000_000 // n))
    for at in range(0, flips, block):
        signs_ = rng.integers(0, 2, (min(block, flips - at), n), dtype=np.int8).astype(np.float32) * 2 - 1
        beyond += int((np.abs(signs_ @ sums.astype(np.float32)) >= least).sum())
    return (1 + beyond) / (1 + flips)


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
    """Which (count, of) are higher than the others' together: Fisher's exact test, corrected, and twice as high."""
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
