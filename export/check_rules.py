"""The rules that a DensePose-COCO file is checked by, and what is noted of those it breaks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

RULES: dict[str, str] = {
    "image-entry": "images without a unique integer id, file_name and size cannot be loaded",
    "category": "the reader looks for the category person with its 17 keypoints and finds none",
    "annotation-entry": "the reader stops at the first entry that is not an object",
    "id-integer": "ids are kept in arrays of numbers; this one is refused",
    "id-positive": "the evaluator reads id 0 as unmatched: this person counts as missed even when found",
    "id-unique": "the index keeps the last of them; the other person is lost, or counted twice",
    "image-missing": "the person belongs to no image and is never seen, or the loader stops with a KeyError",
    "key-missing": "the loader stops with a KeyError",
    "bbox": "crops, point positions and masks are all relative to the box and come out wrong or not finite",
    "bbox-outside": "the crop is empty: the loader stops, or the evaluator does when it pastes the masks",
    "area": "areas decide between medium and large; this person is sorted wrongly or dropped",
    "iscrowd": "crowds are left out of training and matched by other rules in evaluation",
    "ignore": "the evaluator leaves the person out",
    "segmentation-empty": "the loader stops, or drops the person",
    "segmentation-polygon": "a polygon of fewer than 3 points stops the mask rasteriser, a far one takes all memory",
    "segmentation-rle": "the mask does not decode, or to the wrong size",
    "keypoints": "the keypoint loader reshapes to 17 x 3 and stops",
    "num-keypoints": "COCO's evaluation of keypoints stops with a KeyError",
    "points-incomplete": "the reader takes a person for annotated by some keys and stops at the missing ones",
    "points-empty": "a person with an empty dp_x gives tensors of no points, and the loss of its batch is lost or NaN",
    "points-length": "coordinates are paired by position: the points are paired wrongly or the reader stops",
    "points-number": "one NaN or non-number makes the loss of its whole batch NaN",
    "points-float": "a list of integers becomes an integer tensor, and the mirror augmentation truncates it",
    "points-range": "the point lies outside its box and is sampled from a neighbour or dropped",
    "chart-range": "charts are used as indices 1..24: the reader stops or the evaluator skips the point",
    "uv-range": "the mirror table is read at [v * 255, u * 255] and stops beyond 1; losses pull out of the chart",
    "vertex": "vertices are used as indices of the mesh named by ref_model: the reader stops or takes another place",
    "ref-model": "the reader looks for the mesh of this name and stops",
    "masks-missing": "one person without dp_masks drops the mask loss of its whole batch",
    "masks-count": "masks are told apart by position: all after the missing one are other parts",
    "mask-size": "the reader merges masks into 256 x 256 and stops at any other size",
    "mask-rle": "the mask does not decode",
    "image-file": "the loader stops at the first image that it cannot open",
    "image-size": "the loader compares the image with its entry and stops",
    "point-off-mask": "the point lies on no part mask: the segmentation and the point teach opposite things",
    "chart-off-mask": "the chart is not of the part painted there: segmentation and point teach opposite things",
    "pycocotools": "pycocotools, through which every reader loads the file, stops",
}
"""Rule and what the reference code does with a file that breaks it."""

WARNINGS = frozenset({"point-off-mask", "chart-off-mask"})
"""Rules that a file may break and still be read."""

_HUGE = 1e300

LISTED = 20
"""Problems of one rule that are kept with their annotations; all are counted."""

Found = Iterator[tuple[str, str]]
"""Rule and message."""


@dataclass(frozen=True)
class Problem:
    """One broken rule.

    :param annotation_id: None where the file as a whole is meant.
    :param consequence: what the reference code does with it.
    :param severity: "error", or "warning" where the file can still be read.
    """

    annotation_id: Any
    rule: str
    message: str
    consequence: str
    severity: str

    def __str__(self) -> str:
        where = "file" if self.annotation_id is None else f"annotation {self.annotation_id}"
        return f"{where}: {self.rule}: {self.message} ({self.severity}: {self.consequence})"


@dataclass
class Report:
    """What a check found.

    :param problems: the first of each rule, in file order.
    :param counts: of images, persons, annotated persons, points and masks.
    :param breaches: how many problems each broken rule has, those not listed included.
    :param limit: how many of one rule are listed.
    """

    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    breaches: Counter[str] = field(default_factory=Counter)
    limit: int = LISTED

    def add(self, annotation_id: Any, rule: str, message: str, times: int = 1) -> None:
        """Note a broken rule, ``times`` times over if only the first is to be listed."""
        if self.breaches[rule] < self.limit:
            severity = "warning" if rule in WARNINGS else "error"
            self.problems.append(Problem(annotation_id, rule, message, RULES[rule], severity))
        self.breaches[rule] += times

    @property
    def errors(self) -> list[Problem]:
        """Listed problems that a reader stumbles over."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def unlisted(self) -> dict[str, int]:
        """How many problems of each rule are counted only."""
        listed = Counter(problem.rule for problem in self.problems)
        return {rule: count - listed[rule] for rule, count in self.breaches.items() if count > listed[rule]}

    @property
    def ok(self) -> bool:
        """Whether the reference code reads the file as meant."""
        return set(self.breaches) <= WARNINGS


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a finite number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _HUGE and not math.isnan(value)


def are_numbers(values: list[Any]) -> bool:
    """Whether all values of a list are finite numbers."""
    if not {type(value) for value in values} <= {int, float}:
        return False
    return not values or (not any(value != value for value in values) and max(map(abs, values)) < _HUGE)
