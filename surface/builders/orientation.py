"""Which way U and V point: layouts turned into the unit square by what grows along them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def orient(flat: Floats, area: Floats, up: Floats, across: Floats, steepest: bool = False) -> Floats:
    """Turns a layout so that V grows with `up` and U with `across`, both given per vertex, and fits it into [0, 1]^2.

    Args:
        flat: `(V, 2)`.
        area: `(V,)` weights.
        up, across: `(V,)`.
        steepest: V follows the gradient of `up` (least squares), however long the layout is across; otherwise the
            direction that has most in common with `up`, which leans to a layout's long side.
    """
    weight = area / area.sum()
    flat = flat - weight @ flat
    slope = (weight * (up - weight @ up)) @ flat
    if steepest:
        slope = np.linalg.solve(flat.T @ (weight[:, None] * flat), slope)
    v = slope / np.linalg.norm(slope)
    turned = np.stack([flat @ [v[1], -v[0]], flat @ v], axis=1)
    if (weight * (across - weight @ across)) @ turned[:, 0] < 0:
        turned[:, 0] *= -1.0
    low, high = turned.min(axis=0), turned.max(axis=0)
    return (turned - low) / (high - low)
