"""How many persons the next study needs, from the spread of paired differences seen in this one.

A difference between two annotators on point j of image i is d + u_i + e_ij; the variances between images and within
them are found by analysis of variance of all pairs together. With m points on each of n persons the mean difference
has variance (var u + var e / m) / n, and n is the least for which a paired t-test has the power (noncentral t) at the
level divided by the number of pairs, since a report corrects for them all; and at least so many that flipping signs
(``evaluation.compare``) can be as rare as that.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, norm, t

from evaluation.compare import Pair
from evaluation.report import Plan, PlanRow

POWER, LEVEL = 0.8, 0.05
POINTS = (25, 50, 100, 150)
NEAR = 0.15
"""What lies so near to the study's own number of points, in shares of it, is left out."""

DIFFERENCES = (0.005, 0.01, 0.02)
MOST = 100_000


def spreads(shared: list[Pair]) -> tuple[float, float] | None:
    """Variances of paired differences between images and within them, pooled over pairs; None if not known."""
    within, within_free, between, between_free, size = 0.0, 0.0, 0.0, 0.0, 0.0
    for pair in shared:
        means = pair.sum / pair.count
        within += float((pair.square - pair.sum * means).sum())
        within_free += float((pair.count - 1).sum())
        if len(means) > 1:
            total = pair.count.sum()
            between += float((pair.count * (means - pair.mean) ** 2).sum())
            between_free += len(means) - 1
            size += float(total - (pair.count**2).sum() / total)
    if not within_free or not between_free:
        return None
    rest = within / within_free
    return max(0.0, (between - between_free * rest) / size), rest


def least(pairs: int = 1) -> int:
    """Of fewer persons no flipping of signs is rarer (2 in 2^n) than the level divided by the pairs."""
    return int(np.ceil(1 + np.log2(max(pairs, 1) / LEVEL)))


def persons(difference: float, variance: float, pairs: int = 1) -> int | None:
    """The least number of persons, when each person's mean difference has this variance; None above ``MOST``."""
    low, high, level = least(pairs) - 1, least(pairs), LEVEL / max(pairs, 1)
    while _power(high, difference, variance, level) < POWER:
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > 1 and low >= least(pairs):
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, difference, variance, level) >= POWER else (middle, high)
    return high


def _power(n: int, difference: float, variance: float, level: float) -> float:
    """Of the two-sided paired t-test, by the mean over the sample's deviation."""
    if variance <= 0:
        return 1.0
    shift, limit = difference / np.sqrt(variance / n), t.ppf(1 - level / 2, n - 1)
    deviation = np.sqrt(chi2.ppf((np.arange(1000) + 0.5) / 1000, n - 1) / (n - 1))
    return float((norm.cdf(shift - limit * deviation) + norm.cdf(-shift - limit * deviation)).mean())


def plan(shared: list[Pair], most: int | None = None, drawn: float | None = None) -> Plan:
    """The table, and what it means in words. The study's own points on a person come first.

    Args:
        shared: the pairs of annotators.
        most: so many points the study's settings give on a person at most; None unknown.
        drawn: where annotators drew the masks, and pairs share parts of images instead of points, the mean number of
            points on a person: the plan then is for as many, since it is not known what other numbers would do.
    """
    found = spreads(shared)
    if found is None:
        return Plan(None, most, [], "No two annotators marked the same points of several images, so it cannot be told.")
    between, within = found
    both = float(sum(pair.count.sum() for pair in shared) / sum(len(pair.image) for pair in shared))
    own = max(1, round(both if drawn is None else drawn))
    sizes = {own: both}
    if drawn is None:
        sizes |= {m: float(m) for m in POINTS if abs(m - own) > NEAR * own}
    rows = [
        PlanRow(m, d, persons(d, between + within / unit, len(shared)), m <= own or most is None or m <= most)
        for m, unit in sorted(sizes.items())
        for d in DIFFERENCES
    ]
    return Plan(own, most, rows, _says(own, rows, len(shared), between > within / 100 and drawn is None))


def _says(own: int, rows: list[PlanRow], pairs: int, more: bool) -> str:
    want = {row.difference: row.persons for row in rows if row.points_per_person == own}
    whole, half = want[0.01], want[0.005]
    if whole is None:
        return f"Telling two annotators apart by 1 cm would take more than {MOST:,} persons."
    each = f"{own} {'point' if own == 1 else 'points'}"
    out = (
        f"To tell two annotators apart when their mean errors differ by 1 cm, let both mark the same {whole} persons"
        f" with {each} each, as in this study (such a difference is then found"
        f" four times out of five{f', with all {pairs} pairs tested together' if pairs > 1 else ''})."
    )
    if half is not None:
        out += f" For half a centimetre it takes {half} persons."
    return out + (" More persons help more than more points on each." if more else "")
