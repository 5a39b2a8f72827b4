"""Ratio of correct points by threshold, and the area under that curve (Güler et al., CVPR 2018)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from evaluation.intervals import Draws, Rows, ratios
from evaluation.report import Curve, Figure, Published
from evaluation.swaps import wilson

THRESHOLDS = np.round(np.arange(0, 0.3001, 0.01), 3)
"""Metres."""

PUBLISHED = Published(
    "Human annotators (paper)",
    "Güler, Neverova, Kokkinos: DensePose: Dense Human Pose Estimation In The Wild, CVPR 2018",
    0.563,
    0.835,
)


def area(metres: ArrayLike, top: float) -> NDArray[np.float64]:
    """What each point adds to the normalised area under the ratio of correct points up to ``top``, in [0,1].

    The area is the mean of these: a point of error d is correct from d to ``top``, a share 1 - d / top of the way.
    Infinitely far points give 0.
    """
    return np.maximum(0.0, 1.0 - np.asarray(metres, np.float64) / top)


def ratio(metres: ArrayLike, thresholds: ArrayLike = THRESHOLDS) -> NDArray[np.float64]:
    """Share of the points whose error is at most each threshold; NaN without points."""
    errors = np.sort(np.asarray(metres, np.float64))
    found = np.searchsorted(errors, np.asarray(thresholds, np.float64) + 1e-9, side="right")
    return found / len(errors) if len(errors) else np.full(len(found), np.nan)


def areas(drawn: Draws, rows: Rows, metres: ArrayLike) -> tuple[list[Figure], list[Figure]]:
    """AUC10 and AUC30 of each key."""
    ten, thirty = (ratios(drawn, rows, area(metres, top), limits=(0.0, 1.0)) for top in (0.1, 0.3))
    return ten, thirty


def curves(drawn: Draws, rows: Rows, metres: NDArray[np.floating], source: str, names: list[str]) -> list[Curve]:
    """The curve of each key; keys without points have none."""
    ten, thirty = areas(drawn, rows, metres)
    levels = [ratios(drawn, rows, metres <= level + 1e-9, limits=(0.0, 1.0)) for level in THRESHOLDS]
    out = []
    for k, name in enumerate(names):
        own = [level[k] for level in levels]
        values = [f.value for f in own if f.value is not None]
        if len(values) < len(own):
            continue
        ends = _ends(own)
        low, high = [low for low, _ in ends], [high for _, high in ends]
        out.append(Curve(source, name, THRESHOLDS.tolist(), values, low, high, ten[k], thirty[k]))
    return out


def _ends(ratio: list[Figure]) -> list[tuple[float | None, float | None]]:
    """Ends of the intervals along a curve.

    Where no point is correct, or all are, resamples do not differ; there they are Wilson's, of as many independent
    points as the widest of the curve's other intervals tells of, but no wider than the neighbouring interval allows:
    what is correct at a threshold is correct at every greater one.
    """
    inner = [
        (f.value, f.low, f.high)
        for f in ratio
        if f.value is not None and 0 < f.value < 1 and f.low is not None and f.high is not None and f.high > f.low
    ]
    worth = [value * (1 - value) * (2 * norm.ppf(0.975) / (high - low)) ** 2 for value, low, high in inner]
    count = max(min(worth, default=float(ratio[0].count)), 1.0)
    least, most = (inner[-1][1], inner[0][2]) if inner else (0.0, 1.0)
    ends: list[tuple[float | None, float | None]] = []
    for f in ratio:
        low, high = f.low, f.high
        if low is not None and f.value in {0.0, 1.0}:
            low, high = wilson(f.value, count)
            low, high = (low, min(high, most)) if f.value == 0 else (max(low, least), high)
        ends.append((low, high))
    return ends
