"""In which order an annotator gets the persons of a study."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

PRACTICE_POINTS = 2
"""Most points of a part on a person for practice: feedback must come within minutes."""


def most_points(points_per_part: int, practice: bool) -> int:
    """Most points of a part on a person of a study that asks for ``points_per_part``."""
    return min(points_per_part, PRACTICE_POINTS) if practice else points_per_part


class Shown(NamedTuple):
    """One showing of a person, by its number in the study."""

    person: int
    practice: bool
    again: int


def order(
    practice: Sequence[int], persons: Sequence[int], again: Sequence[int], seed: int, annotator: int
) -> list[Shown]:
    """Practice first, then the persons at random; of those shown twice the second time comes late.

    The first showings of the n persons that come again fall into the first half (or as early as there is room), their
    second ones, in the same order, into the last quarter, mixed with others: about n / 4 persons at least lie between.

    Args:
        practice, persons: numbers, none in both.
        again: those of ``persons`` that are shown twice.
        seed: of the study.
        annotator: number of the annotator; the same one always gets the same order.
    """
    rng = np.random.default_rng([seed, annotator])
    twice = rng.permutation(np.asarray(again, np.int64))
    repeating = set(again)
    once = rng.permutation(np.asarray([number for number in persons if number not in repeating], np.int64))
    early = max(len(twice), (len(twice) + len(once)) // 2)
    places = set(rng.choice(early, len(twice), replace=False).tolist()) if len(twice) else set()
    first: list[Shown] = []
    fresh, repeated = iter(once.tolist()), iter(twice.tolist())
    for place in range(len(twice) + len(once)):
        number = next(repeated) if place in places else next(fresh)
        first.append(Shown(number, False, 0))
    start = early + (len(first) - early + 1) // 2
    tail, second = first[start:], [Shown(number, False, 1) for number in twice.tolist()]
    late = np.sort(rng.choice(len(tail) + len(second), len(second), replace=False)).tolist() if second else []
    for place, showing in zip(late, second, strict=True):
        tail.insert(place, showing)
    return [Shown(number, True, 0) for number in practice] + first[:start] + tail
