"""What the tool itself adds to an annotator's error: at most 1 mm (median) and 4 mm (99th percentile)."""

from __future__ import annotations

import numpy as np

from benchmarks.clicks import click_errors


def test_the_tool_adds_less_than_a_millimetre(anny):
    found = click_errors(anny)
    assert len(found.error) > 400
    assert found.unseen <= 0.002 * len(found.error)
    assert np.median(found.error) <= 0.001
    assert np.quantile(found.error, 0.99) <= 0.004
