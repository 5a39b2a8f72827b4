"""Detections are matched to persons as the reference evaluator does it: COCO's greedy matching, and one pass more."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
AREAS = np.array([[0.0, 1e10], [32.0**2, 96.0**2], [96.0**2, 1e10]])
"""All, medium, large: square pixels, both ends included."""

SAME_BOX = 0.8
"""A detection that is like nobody but whose box overlaps a person's so far belongs to that person."""


class People(NamedTuple):
    """Persons as matching sees them.

    Attributes:
        ids: (P,) annotation ids; a match with id 0 reads as none (but takes the person).
        annotated: (P,) the others are ignored.
        crowd: (P,) those that may be matched many times.
        areas: (P,) square pixels.
    """

    ids: Ints
    annotated: Bools
    crowd: Bools
    areas: Floats


class Matches(NamedTuple):
    """For A areas and T thresholds.

    Attributes:
        matched: (A,T,D) whether the detection is matched.
        ignored: (A,T,D) whether it does not count.
        counted: (A,P) whether the person counts.
    """

    matched: Bools
    ignored: Bools
    counted: Bools


def match(
    similarity: Floats,
    boxes: Floats,
    persons: Ints,
    detections: Ints,
    people: People,
    detection_areas: Floats,
    areas: Floats = AREAS,
) -> Matches:
    """Match the D detections of n images to their P persons, for each of A ranges of areas.

    Args:
        similarity: of each image its detections, by descending score, times its persons, flat and one image after the
            other.
        boxes: overlap of the boxes, likewise.
        persons: (n+1,) where each image's persons begin among all.
        detections: (n+1,) where each image's detections begin among all.
        people: the persons.
        detection_areas: (D,) square pixels.
        areas: (A,2) square pixels, both ends included.
    """
    shape = len(areas), len(THRESHOLDS), len(detection_areas)
    found = Matches(
        np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros((len(areas), len(people.ids)), np.bool_)
    )
    _match_all(similarity, boxes, persons, detections, *people, detection_areas, areas, THRESHOLDS, *found)
    return found


@njit(cache=True)
def _match(
    similarity: Any, boxes: Any, ids: Any, annotated: Any, crowd: Any, person_areas: Any, detection_areas: Any,
    areas: Any, thresholds: Any, matched: Any, ignored: Any, counted: Any,
) -> None:  # fmt: skip
    people, detections, last = len(ids), len(detection_areas), len(thresholds) - 1
    order, ignore, taken = np.empty(people, np.int64), np.empty(people, np.bool_), np.empty(people, np.bool_)
    for a in range(len(areas)):
        low, high = areas[a, 0], areas[a, 1]
        # Persons that count come first.
        first, all_ignored = 0, True
        for g in range(people):
            ignore[g] = not annotated[g] or person_areas[g] < low or person_areas[g] > high
            counted[a, g] = not ignore[g]
            if not ignore[g]:
                order[first] = g
                first += 1
                all_ignored = False
        for g in range(people):
            if ignore[g]:
                order[first] = g
                first += 1
        if all_ignored:
            ignored[a] = True
        for t in range(len(thresholds)):
            taken[:] = False
            for d in range(detections):
                best, chosen = min(thresholds[t], 1 - 1e-10), -1
                for k in range(people):
                    g = order[k]
                    if taken[g] and not crowd[g]:
                        continue
                    if chosen >= 0 and not ignore[chosen] and ignore[g]:
                        break
                    if similarity[d, g] < best:
                        continue
                    best, chosen = similarity[d, g], g
                if chosen >= 0:
                    ignored[a, t, d] = ignore[chosen]
                    matched[a, t, d] = ids[chosen] != 0
                    taken[chosen] = True
        # Once, with what the last threshold has left: the person in whose box an unmatched detection is.
        for d in range(detections):
            if people == 0 or matched[a, last, d]:
                continue
            best, chosen = SAME_BOX, -1
            for k in range(people):
                g = order[k]
                if (taken[g] and not crowd[g]) or boxes[d, g] < best:
                    continue
                best, chosen = boxes[d, g], g
            if chosen >= 0:
                ignored[a, :, d] = ignore[chosen]
                if ignore[chosen]:
                    matched[a, last, d] = ids[chosen] != 0
                    taken[chosen] = True
        for d in range(detections):
            if detection_areas[d] < low or detection_areas[d] > high:
                for t in range(len(thresholds)):
                    ignored[a, t, d] |= not matched[a, t, d]


@njit(cache=True)
def _match_all(
    similarity: Any, boxes: Any, persons: Any, detections: Any, ids: Any, annotated: Any, crowd: Any,
    person_areas: Any, detection_areas: Any, areas: Any, thresholds: Any, matched: Any, ignored: Any, counted: Any,
) -> None:  # fmt: skip
    at = 0
    for n in range(len(persons) - 1):
        p, q, c, d = persons[n], persons[n + 1], detections[n], detections[n + 1]
        end = at + (q - p) * (d - c)
        shape = (d - c, q - p)
        _match(
            similarity[at:end].reshape(shape), boxes[at:end].reshape(shape), ids[p:q], annotated[p:q], crowd[p:q],
            person_areas[p:q], detection_areas[c:d], areas, thresholds,
            matched[:, :, c:d], ignored[:, :, c:d], counted[:, p:q],
        )  # fmt: skip
        at = end
