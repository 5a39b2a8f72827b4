"""Intervals cover what they should; areas, corrections, letters and components agree with closed forms."""

import re
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import compare, curves, plan, shares, swaps, trends
from evaluation.errors import Errors
from evaluation.intervals import Rows, draws, quantiles, ratios
from evaluation.marks import Marks
from evaluation.swaps import wilson


def _covered(images: int, annotators: int, crossed: bool, runs: int = 300) -> tuple[float, float]:
    """How often intervals of the mean and the median hold the truth, with effects of images and of annotators."""
    rng = np.random.default_rng(images)
    each = 8
    image = np.repeat(np.arange(images), annotators * each)
    who = np.tile(np.repeat(np.arange(annotators), each), images)
    drawn = draws(images, annotators, 10**6, 0)
    rows = Rows(np.zeros(len(image), np.int64), image, who, 1, crossed)
    mean = median = 0
    for _ in range(runs):
        own = 0.3 * rng.standard_normal(annotators) if crossed else np.zeros(annotators)
        values = 3 + 0.5 * rng.standard_normal(images)[image] + own[who] + rng.standard_normal(len(image))
        for_mean, for_median = ratios(drawn, rows, values)[0], quantiles(drawn, rows, values)[0][0]
        mean += (for_mean.low or 0) <= 3 <= (for_mean.high or 0)
        median += (for_median.low or 0) <= 3 <= (for_median.high or 0)
    return mean / runs, median / runs


@pytest.mark.parametrize(("images", "annotators", "crossed"), [(8, 1, False), (30, 2, False), (12, 6, True)])
def test_intervals_of_few_clusters_hold_the_truth_nineteen_times_of_twenty(
    images: int, annotators: int, crossed: bool
) -> None:
    for share in _covered(images, annotators, crossed):
        assert 0.91 <= share <= (1.0 if crossed else 0.985)  # two ways crossed are known to be cautious


def test_intervals_of_keys_do_not_mix_and_weights_count() -> None:
    drawn = draws(20, 1, 400, 3)
    image, zero = np.repeat(np.arange(20), 4), np.zeros(80, np.int64)
    key = np.tile([0, 0, 1, 2], 20)
    value = np.where(key == 0, 1.0, np.where(key == 1, 5.0, 0.0))
    found = ratios(drawn, Rows(key, image, zero, 4), value, np.where(key == 1, 2.0, 1.0))
    assert [f.value for f in found] == [1.0, 2.5, 0.0, None]
    assert [f.count for f in found] == [40, 20, 20, 0]
    assert (found[1].low, found[1].high) == (2.5, 2.5)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=40), st.sampled_from([0.1, 0.3]))
def test_the_area_under_the_curve_is_the_mean_of_what_the_points_add(metres: list[float], top: float) -> None:
    fine = np.linspace(0, top, 4001)
    assert curves.area(metres, top).mean() == pytest.approx(
        np.trapezoid(curves.ratio(metres, fine), fine) / top, abs=1e-3
    )


def test_the_area_of_errors_that_all_are_alike_is_their_distance_from_the_end() -> None:
    assert curves.area([0.03, 0.03], 0.1).mean() == pytest.approx(0.7)
    assert curves.area([np.inf], 0.3).mean() == 0


def test_a_curve_is_nowhere_surer_than_its_points_and_from_one_image_has_no_interval() -> None:
    metres, image = np.linspace(0.02, 0.1, 60), np.repeat(np.arange(20), 3)
    zero = np.zeros(60, np.int64)
    drawn = draws(20, 1, 400, 0)
    many = curves.curves(drawn, Rows(zero, image, zero, 1), metres, "annotators", ["all"])[0]
    assert (many.ratio[0], many.low[0]) == (0, 0)
    assert (many.ratio[-1], many.high[-1]) == (1, 1)
    assert 0.05 < (many.high[0] or 0) < 0.3
    assert 0.7 < (many.low[-1] or 0) < 0.95
    one = curves.curves(drawn, Rows(zero, zero, zero, 1), metres, "annotators", ["all"])[0]
    assert {*one.low, *one.high} == {None}


def test_where_all_points_are_correct_a_curve_is_as_sure_as_just_before() -> None:
    metres = np.concatenate([np.linspace(0.01, 0.2, 57), [0.21, 0.22, 0.23]])
    image, zero = np.tile(np.arange(3), 20), np.zeros(60, np.int64)
    curve = curves.curves(draws(3, 1, 400, 0), Rows(zero, image, zero, 1), metres, "annotators", ["all"])[0]
    before = max(k for k, value in enumerate(curve.ratio) if value < 1)
    first = min(k for k, value in enumerate(curve.ratio) if value > 0)
    assert all((low or 0) >= (curve.low[before] or 0) for low in curve.low[before:])
    assert all((high or 1) <= (curve.high[first] or 0) for high in curve.high[:first])


def _pairs(metres: np.ndarray) -> list[compare.Pair]:
    """All pairs of annotators (A, images), one point on each image."""
    ones, image = np.ones(metres.shape[1]), np.arange(metres.shape[1])
    return [
        compare.Pair(a, b, image, metres[a] - metres[b], (metres[a] - metres[b]) ** 2, ones)
        for a, b in combinations(range(len(metres)), 2)
    ]


def test_flipping_signs_is_exact_for_few_images_and_holds_its_level_over_all_pairs() -> None:
    rng = np.random.default_rng(0)
    metres = rng.standard_normal((2, 6))
    sums = metres[0] - metres[1]
    all_ = np.array([abs(np.dot(signs, sums)) for signs in product((-1, 1), repeat=6)])
    p, corrected = compare.flipped(_pairs(metres), rng)
    assert p == corrected == pytest.approx((all_ >= abs(sums.sum()) - 1e-9).mean())
    found = [compare.flipped(_pairs(rng.standard_normal((4, 16))), rng, 400) for _ in range(300)]
    for level in (0.05, 0.25):
        wide = 3.5 * np.sqrt(level * (1 - level) / 300)
        assert np.mean([p[0] <= level for p, _ in found]) == pytest.approx(level, abs=wide)
        assert np.mean([(c <= level).any() for _, c in found]) == pytest.approx(level, abs=wide)


def test_many_annotators_are_told_apart_on_six_shared_images_and_a_hundred() -> None:
    rng = np.random.default_rng(0)
    for annotators, images in ((8, 6), (33, 100)):
        metres = 0.1 * np.arange(annotators)[:, None] + 0.001 * rng.standard_normal((annotators, images))
        p, corrected = compare.flipped(_pairs(metres), rng)
        assert (p <= corrected).all()
        assert corrected.max() < compare.LEVEL
    assert compare.flipped(_pairs(metres[:8, :5]), rng)[0].min() > compare.LEVEL  # 2 in 32


def test_holm_corrects_as_in_the_book() -> None:
    assert compare.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.integers(1, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_annotators_share_a_letter_exactly_when_they_are_not_told_apart(
    count: int, pairs: set[tuple[int, int]]
) -> None:
    differ = {(a, b) for a, b in pairs if a < b < count}
    letters = compare.letters(list(range(count)), differ)
    for a, b in combinations(range(count), 2):
        assert bool(set(letters[a]) & set(letters[b])) == ((a, b) not in differ)
    assert letters[0].startswith("a")


def test_swaps_that_come_image_by_image_accuse_nobody() -> None:
    rng, accused, plain = np.random.default_rng(0), 0, 0
    image = np.repeat(np.arange(30), 20)
    for _ in range(40):
        found = [(rng.random(30) < 0.04)[image] for _ in range(6)]  # now and then a whole image, the same for all
        who = np.repeat(np.arange(6), len(image))
        mixed = swaps.Swaps(np.ones(len(who), bool), np.concatenate(found), np.zeros(len(who)))
        accused += any(compare.stand_out(swaps.independent(mixed, who, np.tile(image, 6), 6)))
        plain += any(compare.stand_out([(int(one.sum()), len(one)) for one in found]))
    assert accused <= 3 < 10 < plain


def _errors(annotator: np.ndarray, image: np.ndarray, part: np.ndarray, metres: np.ndarray) -> Errors:
    order = np.lexsort((part, image, annotator))
    columns = (c[order].astype(np.int32) for c in (annotator, image, part))
    return Errors(np.arange(len(metres)), *columns, metres[order].astype(np.float32))


def test_components_of_variance_are_recovered_from_an_unbalanced_table() -> None:
    rng = np.random.default_rng(0)
    annotators, images, parts = 20, 150, 14
    truth = np.array([0.25, 0.5, 0.1, 1.0])
    total = np.zeros(4)
    for _ in range(8):
        a, i = rng.integers(0, annotators, 12_000), rng.integers(0, images, 12_000)
        p = rng.choice(parts, 12_000, p=np.arange(1, parts + 1) / 105)
        effects = [
            np.sqrt(v) * rng.standard_normal(n) for v, n in zip(truth, (annotators, images, parts), strict=False)
        ]
        metres = 9 + effects[0][a] + effects[1][i] + effects[2][p] + rng.standard_normal(12_000)
        total += shares.components(_errors(a, i, p, metres), images, annotators) / 8
    assert total == pytest.approx(truth, rel=0.25)


def test_components_of_a_balanced_table_are_those_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    y = rng.standard_normal((5, 6, 3)) + 2 * rng.standard_normal((5, 1, 1)) + 2 * rng.standard_normal((1, 6, 1))
    y += 2 * rng.standard_normal((1, 1, 3))
    a, i, p = (c.ravel() for c in np.indices(y.shape))
    squares = [
        y.size / n * np.var(y.mean(axis=axes)) * n / (n - 1) for n, axes in ((5, (1, 2)), (6, (0, 2)), (3, (0, 1)))
    ]
    rest = (y.size * np.var(y) - sum(s * (n - 1) for s, n in zip(squares, y.shape, strict=True))) / (90 - 1 - 4 - 5 - 2)
    expected = [(s - rest) / (y.size / n) for s, n in zip(squares, y.shape, strict=True)] + [rest]
    assert shares.components(_errors(a, i, p, y.ravel()), 6, 5) == pytest.approx(expected, rel=1e-5)
    found = shares.shares(_errors(a, i, p, y.ravel()), draws(6, 5, 90, 0))
    assert found.annotator.value == pytest.approx(expected[0] / sum(expected), rel=1e-5)
    assert found.image.low is not None
    assert found.image.high is not None
    assert found.image.low < (found.image.value or 0) < found.image.high


def test_a_slope_is_found_within_annotators_and_parts() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(6), 200)
    x = rng.uniform(0, 10, 1200) + 5 * group
    y = 0.002 * x - 0.05 * group + 0.005 * rng.standard_normal(1200)  # between groups it falls
    value, p = trends.slope(x, y, group, np.tile(np.arange(40), 30), group)
    assert value.low is not None
    assert value.high is not None
    assert value.low < 0.002 < value.high
    assert value.high - value.low < 0.0005
    assert p is not None
    assert p < 1e-4
    assert trends.slope(np.ones(20), y[:20], group[:20], np.arange(20), group[:20])[0].value is None


def test_annotators_with_trends_of_their_own_are_no_trend_of_all() -> None:
    rng = np.random.default_rng(1)
    who, image = np.repeat(np.arange(6), 400), np.tile(np.repeat(np.arange(20), 20), 6)
    x = np.tile(np.arange(400.0), 6)
    held = 0
    for _ in range(200):
        y = 1e-5 * rng.standard_normal(6)[who] * x + 0.01 * rng.standard_normal(len(x))
        p = trends.slope(x, y, who, image, who)[1]
        assert p is not None
        held += p >= 0.05
    assert 0.9 <= held / 200 <= 0.99


def test_what_was_not_shown_is_said_with_its_interval_and_one_image_says_nothing() -> None:
    rng = np.random.default_rng(0)
    zero = np.zeros(200)
    drawn = draws(20, 1, 400, 0)
    errors = _errors(zero, np.repeat(np.arange(20), 10), zero + 1, 0.03 * rng.rayleigh(1, 200))
    seconds = rng.uniform(1, 9, 200).astype(np.float32)
    none = np.zeros(200, np.int32)
    marks = Marks(
        none, none, none.astype(np.uint8), none.astype(np.int64), none.astype(np.uint8), none.astype(np.uint8), none,
        np.zeros((200, 3)), none, np.zeros((200, 3)), seconds, none, np.full(200, np.nan, np.float32),
    )  # fmt: skip
    said = trends.trends(errors, marks, drawn, 1)[0].says
    assert re.search(r"No sign of .*: anything from \d\.\d mm less to \d\.\d mm more for each second", said)
    one = trends.trends(errors.at(errors.image == 0), marks, drawn, 1)[0].says
    assert "cannot be told from 1 image" in one


def test_the_plan_is_that_of_a_paired_t_test() -> None:
    assert plan.persons(0.5, 1.0) == 34  # Cohen 1988
    assert plan.persons(0.01, 0.0) == plan.least() == compare.LEAST == 6
    assert plan.persons(0.01, 0.0, 28) == plan.least(28) == 11
    assert (plan.persons(0.5, 1.0, 28) or 0) > 34
    assert plan.persons(1e-9, 1.0) is None
    rng = np.random.default_rng(0)
    images, points = 400, 9
    metres = 0.02 * rng.standard_normal((images, 1)) + 0.05 * rng.standard_normal((images, points)) + 0.01
    image = np.repeat(np.arange(images), points)
    errors = _errors(
        np.repeat([0, 1], len(image)), np.tile(image, 2), np.ones(2 * len(image)), np.append(metres, 0 * metres)
    )
    shared = compare.pairs(errors, np.tile(np.arange(len(image)), 2), 2, images)
    assert len(shared) == 1
    assert shared[0].mean == pytest.approx(metres.mean(), rel=1e-4)
    between, within = plan.spreads(shared) or (0, 0)
    assert (np.sqrt(between), np.sqrt(within)) == pytest.approx((0.02, 0.05), rel=0.12)
    made = plan.plan(shared, most=84)
    rows = {(r.points_per_person, r.difference): r.persons or 0 for r in made.rows}
    assert (made.own, rows[9, 0.01]) == (9, plan.persons(0.01, between + within / 9))
    assert f"the same {rows[9, 0.01]} persons with 9 points each" in made.says
    assert {r.points_per_person for r in made.rows if not r.reachable} == {100, 150}
    drawn = plan.plan(shared, most=84, drawn=28.4)  # one number of points: other ones were not tried
    assert {r.points_per_person for r in drawn.rows} == {drawn.own} == {28}
    assert [r.persons for r in drawn.rows] == [rows[9, d] for d in plan.DIFFERENCES]
    assert all(rows[m, 0.005] > rows[m, 0.01] > rows[m, 0.02] for m in plan.POINTS)
    assert all(rows[a, 0.005] > rows[b, 0.005] for a, b in pairwise(plan.POINTS))
    assert all(rows[a, d] >= rows[b, d] for a, b in pairwise(plan.POINTS) for d in plan.DIFFERENCES)


def test_wilsons_interval_is_that_of_the_book() -> None:
    assert wilson(0.1, 50) == pytest.approx((0.0435, 0.2136), abs=1e-4)
    assert wilson(0.0, 20)[0] == 0
