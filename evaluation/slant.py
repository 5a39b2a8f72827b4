"""How errors grow where the surface turns away from the viewer, so that they can be foretold up to the silhouette.

Annotated points keep away from the silhouette, where errors are largest; interpolation alone would call what lies
beyond the outermost points as easy as those. So errors are taken to be m (1 + g h), with h = 1 - cosine of the viewing
angle, its square, its fourth power, or foreshortening (1 / cosine), whichever fits, and g the same for the whole study
(a drift, as in kriging with external drift: Chilès and Delfiner, "Geostatistics", 2012). The cosine is known at the
points, and from the render for every face that an image shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float64]

STEEPEST = 10.0
"""The largest g: errors at the silhouette eleven times those of a surface that faces the viewer."""

FLATTEST = 0.2
"""Foreshortening counts up to this cosine."""

_CLEARLY = 6.0  # how much better, in variances of a point, another shape than the first must fit
_POWERS = {0: 1, 1: 2, 3: 4}
_FORESHORTENED = 2


@dataclass(frozen=True)
class Drift:
    """Errors are as 1 + ``steep`` h.

    ``shape`` is 0 for h = 1 - cosine, 1 for its square, 2 for foreshortening, 3 for the fourth power of 1 - cosine.
    """

    shape: int
    steep: float

    def factor(self, cosine: NDArray[Any]) -> Floats:
        """1 + g h (N,) at cosines (N,); 1 where they are not known."""
        return np.where(np.isfinite(cosine), 1.0 + self.steep * rise(np.nan_to_num(cosine), self.shape), 1.0)


def rise(cosine: NDArray[Any], shape: int) -> Floats:
    """h (N,) in [0,1] of cosines of the viewing angle: 0 facing the viewer, 1 at the silhouette."""
    c: Floats = np.clip(np.asarray(cosine, np.float64), 0.0, 1.0)
    if shape == _FORESHORTENED:
        return np.asarray((1.0 / np.maximum(c, FLATTEST) - 1.0) / (1.0 / FLATTEST - 1.0))
    return np.asarray((1.0 - c) ** _POWERS[shape])


def drift(metres: NDArray[Any], facing: NDArray[Any], group: NDArray[Any]) -> Drift:
    """The drift by least squares, each group of points (N,) with its own m and counted by its mean error.

    h is 1 - cosine unless another shape fits clearly better. g is multiplied by 1 - 1/F, F being the ratio of the
    variance explained to the rest, and is 0 where F is below 1.
    """
    good = np.isfinite(facing)
    error = metres[good].astype(np.float64)
    _, index = np.unique(group[good], return_inverse=True)
    free = len(error) - int(index.max(initial=-1)) - 2
    if free < 10:
        return Drift(0, 0.0)
    mean = (np.bincount(index, error) / np.bincount(index))[index]
    error = np.divide(error, mean, out=np.zeros_like(error), where=mean > 0)
    fits = [_fit(error, rise(facing[good], shape), index) for shape in range(len(_POWERS) + 1)]
    best = min(range(len(_POWERS) + 1), key=lambda shape: fits[shape][1])
    if fits[0][1] - fits[best][1] < _CLEARLY * fits[best][1] / free:
        best = 0
    g, rest, flat = fits[best]
    ratio = (flat - rest) / (rest / free) if rest > 0 else np.inf
    return Drift(best, g * (1.0 - 1.0 / ratio)) if ratio > 1 else Drift(0, 0.0)


def _fit(error: Floats, h: Floats, index: NDArray[Any]) -> tuple[float, float, float]:
    """g, the sum of squares that it leaves, and the one without it."""
    n, a, b, c, d = (np.bincount(index, v) for v in (np.ones_like(h), h, h * h, error, error * h))
    whole = float((error**2).sum())

    def rest(g: float) -> float:
        return whole - float(((c + g * d) ** 2 / np.maximum(n + 2 * g * a + g * g * b, 1e-12)).sum())

    found = minimize_scalar(rest, bounds=(-0.8, STEEPEST), method="bounded", options={"xatol": 1e-4})
    return float(found.x), max(float(found.fun), 0.0), rest(0.0)
