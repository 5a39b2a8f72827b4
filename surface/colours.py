"""The colours of a body's charts, the same in every picture and on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.body import palette

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]


def chart_colours(body: Body) -> Floats:
    """Colours `(C, 3)` in [0, 1] of the charts: their part's, from darker to lighter over its charts."""
    out, taken = np.empty((len(body.chart_names), 3)), len(body.part_names)
    for part in np.unique(body.chart_part):
        charts = np.flatnonzero(body.chart_part == part)
        base = body.colours[part - 1] / 255.0
        if len(charts) > 3:  # too many for shades of one colour: each its own, no part's nor another chart's
            out[charts] = palette(taken + len(charts))[taken:] / 255.0
            taken += len(charts)
            continue
        for rank, chart in enumerate(charts):
            turn = rank / max(len(charts) - 1, 1)
            out[chart] = (0.88 + 0.12 * turn) * base + 0.42 * turn * (1.0 - base)
    return out
