from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from evaluation.detection.chart_vertices import ChartVertices


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 5, 255, 10**6]), st.integers(1, 4), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_nearest_is_the_first_that_a_full_search_finds(seed, steps, charts, squeezed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(charts, 300))
    chart = rng.permutation(np.append(np.arange(1, charts + 1), rng.integers(1, charts + 1, count - charts)))
    U, V = rng.integers(0, steps + 1, (2, count)) / steps
    if squeezed:
        U, V = U**5 * 0.1, np.full(count, 0.3)
    vertices = ChartVertices.build(chart, U, V, charts)
    i, (u, v) = rng.integers(1, charts + 1, 200).astype(np.uint8), rng.integers(0, 256, (2, 200)).astype(np.uint8)
    wide = rng.random((2, 200)) * 3 - 1
    for places, found in (
        ((u / 255.0, v / 255.0), vertices.find_bytes(i, u, v)),
        ((u / 255.0, v / 255.0), vertices.find_bytes(i, u, v)),  # what is known by now
        (wide, vertices.find(i, *wide)),
    ):
        for k in range(1, charts + 1):
            own = np.flatnonzero(chart == k)
            distance = cdist(np.stack([U[own], V[own]], 1), np.stack([p[i == k] for p in places], 1))
            assert (found[i == k] == own[distance.argmin(axis=0)]).all()


def test_what_has_no_nearest_vertex_is_refused():
    one = np.ones(3)
    with pytest.raises(ValueError, match="chart 2 has no vertices"):
        ChartVertices.build(np.array([1, 3, 3]), one, one, 3)
    with pytest.raises(ValueError, match=r"charts must be in 1\.\.3, not 0\.\.2"):
        ChartVertices.build(np.array([1, 0, 2]), one, one, 3)
    with pytest.raises(ValueError, match="vertex 2: U and V must be finite"):
        ChartVertices.build(np.array([1, 1, 1]), one, np.array([0, 1, np.nan]), 1)
