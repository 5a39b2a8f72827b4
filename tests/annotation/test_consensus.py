"""Of several marks on a point, the one nearest to all others, or the latest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.consensus import FAR, consensus, single


def apart(a, b):
    """Distances of made-up marks: the first weight says where they are on a line."""
    return np.abs(a[1][:, 0] - b[1][:, 0])


def marks(*points):
    """Marks of several points by their places on a line, the older first."""
    point = np.repeat(np.arange(len(points)), [len(own) for own in points])
    bary = np.array([(place, 0.0, 0.0) for own in points for place in own]).reshape(-1, 3)
    return point, np.zeros(len(point), np.int32), bary


def test_the_medoid_is_taken_whatever_one_mark_says():
    chosen = consensus(*marks([0.0, 0.1, 5.0], [3.0], [1.0, 1.5]), apart)
    assert chosen.point.tolist() == [0, 1, 2]
    assert chosen.row.tolist() == [1, 3, 5]  # of two marks the later
    assert chosen.marks.tolist() == [3, 1, 2]
    assert chosen.spread[[0, 2]] == pytest.approx([(0.1 + 4.9) / 2, 0.5])
    assert np.isnan(chosen.spread[1])


def test_the_latest_is_taken_and_measured_only_where_asked():
    given_ = marks([0.0, 0.1, 5.0], [3.0])
    chosen = single(*given_)
    assert chosen.row.tolist() == [2, 3]
    assert np.isnan(chosen.spread).all()
    assert single(*given_, apart).spread[0] == pytest.approx((5.0 + 4.9) / 2)


def test_marks_that_hang_nowhere_together_are_far_apart():
    chosen = consensus(*marks([0.0, 1.0, 2.0]), lambda a, _b: np.full(len(a[0]), np.inf))
    assert (chosen.row[0], chosen.spread[0]) == (2, FAR)


def test_marks_in_disorder_are_refused():
    with pytest.raises(ValueError, match="do not ascend"):
        consensus(np.array([1, 0]), np.zeros(2, np.int32), np.zeros((2, 3)), apart)


def test_without_marks_nothing_is_chosen():
    assert len(consensus(*marks(), apart).row) == 0


@given(st.lists(st.lists(st.floats(0, 2), min_size=1, max_size=6), min_size=1, max_size=12))
def test_no_other_mark_has_a_smaller_sum(points):
    chosen = consensus(*marks(*points), apart)
    start = 0
    for n, own in enumerate(points):
        sums = [sum(abs(a - b) for b in own) for a in own]
        mine = sums[chosen.row[n] - start]
        assert mine <= min(sums) + 1e-9
        assert chosen.marks[n] == len(own)
        if len(own) > 1:
            assert chosen.spread[n] == pytest.approx(mine / (len(own) - 1), abs=1e-12)
        start += len(own)
