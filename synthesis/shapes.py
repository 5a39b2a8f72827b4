"""Shapes of synthetic persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body


def shape_of(body: Body, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random shape coefficients (S,)."""
    assert body.rig is not None
    return np.clip(rng.normal(0, 1, body.rig.shapedirs.shape[2]), -2, 2)
