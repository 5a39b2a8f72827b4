"""Figures with 95% intervals by resampling whole images, and whole annotators where a figure averages over them.

Marks of one image, or by one annotator, are not independent, so images are drawn with replacement, not marks (cluster
bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application", 1997). Where a figure stands for annotators
in general, annotators are drawn too, independently (Owen, "The pigeonhole bootstrap", Ann. Appl. Stat. 2007).
Percentile intervals are too short for few clusters, so they are stretched about the figure by what Student's t with
the clusters' degrees of freedom asks for (Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 2015).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from evaluation.report import Figure

Floats = NDArray[np.float64]
Ints = NDArray[Any]

NOTHING = Figure(None, None, None, 0)
QUANTILES = (0.5, 0.9)
_THREADS = 2


@dataclass(frozen=True, eq=False)
class Draws:
    """B resamples: how often each image (I,B) and each annotator (A,B) is in them."""

    image: NDArray[np.float32]
    annotator: NDArray[np.float32]

    @property
    def count(self) -> int:
        """B."""
        return self.image.shape[1]

    @property
    def images(self) -> int:
        """I."""
        return self.image.shape[0]

    @property
    def annotators(self) -> int:
        """A."""
        return self.annotator.shape[0]


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows: the figure each belongs to, its image and its annotator. Equal neighbours are summed before resampling.

    ``crossed`` says whether annotators are resampled, too.
    """

    key: Ints
    image: Ints
    annotator: Ints
    keys: int
    crossed: bool = True


def draws(images: int, annotators: int, rows: int, seed: int) -> Draws:
    """Resamples of so many images and annotators, as many (400 to 1,000) as so many rows can bear."""
    count = int(np.clip(4e8 / max(rows, 1), 400, 1000))
    rng = np.random.default_rng([seed, 1])
    return Draws(_drawn(rng, images, count), _drawn(rng, annotators, count))


def _drawn(rng: np.random.Generator, items: int, count: int) -> NDArray[np.float32]:
    out = np.empty((items, count), np.float32)
    for b in range(count):
        out[:, b] = np.bincount(rng.integers(0, max(items, 1), items), minlength=items)
    return out


def ratios(
    drawn: Draws,
    rows: Rows,
    value: ArrayLike,
    weight: ArrayLike | None = None,
    limits: tuple[float, float] = (0.0, np.inf),
) -> list[Figure]:
    """Sum of values over sum of weights (one each if not given), for each key; ``limits`` are what it can be."""
    value_ = np.asarray(value, np.float64)
    weight_ = np.ones(len(value_)) if weight is None else np.asarray(weight, np.float64)
    cells, above, below, counts = _cells(rows, value_, weight_)
    sums, totals = resampled(drawn, cells, above), resampled(drawn, cells, below)
    num = np.bincount(cells.key, above, cells.keys)
    den = np.bincount(cells.key, below, cells.keys)
    number = np.bincount(cells.key, counts, cells.keys).astype(int)
    middle = np.divide(num, den, out=np.full(cells.keys, np.nan), where=den > 0)
    stretch = _stretch(cells, above - np.nan_to_num(middle)[cells.key] * below)
    with np.errstate(invalid="ignore", divide="ignore"):
        many = sums / totals
    return [figure(middle[k], many[k], stretch[k], int(number[k]), limits) for k in range(cells.keys)]


def quantiles(drawn: Draws, rows: Rows, value: ArrayLike) -> list[list[Figure]]:
    """The median and the 90th percentile of the values of each key: two lists of figures."""
    value_ = np.asarray(value, np.float64)
    ones = np.ones(len(value_))
    cells, sums, counts, _ = _cells(rows, value_, ones)
    totals = resampled(drawn, cells, counts)
    means = np.bincount(cells.key, sums, cells.keys) / np.maximum(np.bincount(cells.key, counts, cells.keys), 1)
    stretch = _stretch(cells, sums - means[cells.key] * counts)
    order = np.lexsort((value_, rows.key))
    ends = np.cumsum(np.bincount(rows.key, minlength=rows.keys))
    out: list[list[Figure]] = [[], []]
    image, annotator = rows.image[order], rows.annotator[order]
    sorted_ = value_[order]
    for k in range(rows.keys):
        first, last = int(ends[k - 1]) if k else 0, int(ends[k])
        if first == last:
            out[0].append(NOTHING)
            out[1].append(NOTHING)
            continue
        own = sorted_[first:last]
        at = np.zeros((2, drawn.count), np.int32)

        def walk(low: int, high: int, *, span: tuple[int, int] = (first, last), key: int = k, at: Any = at) -> None:
            wanted = totals[key, low:high] * np.array(QUANTILES)[:, None]
            _walk(
                image[span[0] : span[1]], annotator[span[0] : span[1]],
                _part(drawn.image, low, high), _part(_who(drawn, rows), low, high), wanted, at[:, low:high],
            )  # fmt: skip

        _shared(walk, drawn.count, len(own))
        for q, level in enumerate(QUANTILES):
            many = np.where(totals[k] > 0, own[np.minimum(at[q], len(own) - 1)], np.nan)
            out[q].append(figure(float(np.quantile(own, level)), many, stretch[k], len(own)))
    return out


def figure(
    middle: float, many: Floats, stretch: float, count: int, limits: tuple[float, float] = (0.0, np.inf)
) -> Figure:
    """A figure with its stretched percentile interval, from what resamples (B,) say; without one from one cluster."""
    if not np.isfinite(middle):
        return Figure(None, None, None, count)
    good = many[np.isfinite(many)]
    if not len(good) or not np.isfinite(stretch):
        return Figure(float(middle), None, None, count)
    low, high = np.quantile(good, (0.025, 0.975))
    low, high = middle - stretch * max(middle - low, 0.0), middle + stretch * max(high - middle, 0.0)
    return Figure(float(middle), float(max(low, limits[0])), float(min(high, limits[1])), count)


def resampled(drawn: Draws, rows: Rows, value: Floats) -> Floats:
    """(K,B): the sum of each key's values in each resample."""
    out = np.zeros((rows.keys, drawn.count))

    def work(low: int, high: int) -> None:
        part = np.zeros((rows.keys, high - low))
        who = _part(_who(drawn, rows), low, high)
        _weigh(rows.key, rows.image, rows.annotator, value, _part(drawn.image, low, high), who, part)
        out[:, low:high] = part

    _shared(work, drawn.count, len(rows.key))
    return out


def student(clusters: float) -> float:
    """By how much a percentile interval of so many clusters is stretched; infinite for one."""
    if clusters < 1.5:
        return float("inf")
    return float(np.sqrt(clusters / (clusters - 1)) * t.ppf(0.975, clusters - 1) / norm.ppf(0.975))


def _who(drawn: Draws, rows: Rows) -> NDArray[np.float32]:
    return drawn.annotator if rows.crossed else np.ones_like(drawn.annotator)


def _part(weights: NDArray[np.float32], low: int, high: int) -> NDArray[np.float32]:
    return np.ascontiguousarray(weights[:, low:high])


def _shared(work: Any, count: int, size: int) -> None:
    if size * count < 1_000_000:
        work(0, count)
        return
    ends = np.linspace(0, count, _THREADS + 1).astype(int)
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, ends[:-1], ends[1:]))


def _cells(rows: Rows, value: Floats, weight: Floats) -> tuple[Rows, Floats, Floats, Floats]:
    """Neighbouring rows of the same key, image and annotator as one: the cells, sums of values, of weights, counts."""
    if not len(value):
        none = np.zeros(0)
        empty = np.zeros(0, np.int64)
        return Rows(empty, empty, empty, rows.keys, rows.crossed), none, none, none
    new = np.ones(len(value), bool)
    new[1:] = (np.diff(rows.key) != 0) | (np.diff(rows.image) != 0) | (np.diff(rows.annotator) != 0)
    start = np.flatnonzero(new)
    counts = np.diff(np.append(start, len(value))).astype(np.float64)
    cells = Rows(rows.key[start], rows.image[start], rows.annotator[start], rows.keys, rows.crossed)
    return cells, np.add.reduceat(value, start), np.add.reduceat(weight, start), counts


def _stretch(cells: Rows, rest: Floats) -> Floats:
    """(K,) how far each key's interval is stretched.

    The degrees of freedom are Satterthwaite's, of the variance that images and annotators bring to the figure, from
    the sums of ``rest``: what each cell holds above the figure. Annotators count where they are resampled and there are
    two or more; of one image there is no interval.
    """
    out = np.full(cells.keys, np.inf)
    if not len(rest):
        return out
    images = _spread(cells.key, cells.image, rest, cells.keys)
    annotators = _spread(cells.key, cells.annotator, rest, cells.keys)
    for k in range(cells.keys):
        if images[k][1] < 2:
            continue
        sides = [images[k]]
        if cells.crossed and annotators[k][1] > 1:
            sides.append(annotators[k])
        total = sum(v for v, _ in sides)
        freedom = total**2 / sum(v**2 / (n - 1) for v, n in sides) if total > 0 else min(n for _, n in sides) - 1
        out[k] = student(freedom + 1)
    return out


def _spread(key: Ints, cluster: Ints, rest: Floats, keys: int) -> list[tuple[float, int]]:
    """For each key the sum of squares of its clusters' sums, and their number."""
    code = key.astype(np.int64) * (int(cluster.max()) + 1) + cluster
    order = np.argsort(code, kind="stable")
    code, rest = code[order], rest[order]
    start = np.flatnonzero(np.append(True, np.diff(code) != 0))
    sums = np.add.reduceat(rest, start)
    own = key[order][start]
    squares = np.bincount(own, sums**2, keys)
    return list(zip(squares.tolist(), np.bincount(own, minlength=keys).tolist(), strict=True))


@njit(cache=True, nogil=True, fastmath=True)
def _weigh(key: Any, image: Any, annotator: Any, value: Any, wi: Any, wa: Any, out: Any) -> None:
    for n in range(len(key)):
        k, i, a, v = key[n], image[n], annotator[n], value[n]
        for b in range(out.shape[1]):
            out[k, b] += v * wi[i, b] * wa[a, b]


@njit(cache=True, nogil=True, fastmath=True)
def _walk(image: Any, annotator: Any, wi: Any, wa: Any, wanted: Any, at: Any) -> None:
    """Count into at (Q,B) the values, ascending, before the weights' running sum reaches wanted (Q,B)."""
    running = np.zeros(wi.shape[1], np.float32)
    for n in range(len(image)):
        i, a = image[n], annotator[n]
        for b in range(len(running)):
            running[b] += wi[i, b] * wa[a, b]
        for q in range(len(wanted)):
            for b in range(len(running)):
                at[q, b] += running[b] < wanted[q, b]
