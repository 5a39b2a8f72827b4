"""Means, medians, 90th percentiles and surface means of parts, of groups of parts and of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import Errors
from evaluation.groups import groups
from evaluation.interpolate import Filled
from evaluation.intervals import Draws, Rows, quantiles, ratios
from evaluation.marks import FLAGGED, Marks
from evaluation.report import Figure, Group

if TYPE_CHECKING:
    from surface.body import Body

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Kind:
    """A way to put parts together: its name, the names and labels of its keys, and the key (P+1,) of each part."""

    name: str
    names: list[str]
    labels: list[int | None]
    of_part: Ints


@dataclass(frozen=True, eq=False)
class Summary:
    """Figures of K keys."""

    persons: Ints
    points: Ints
    mean: list[Figure]
    median: list[Figure]
    p90: list[Figure]
    surface_mean: list[Figure]


def kinds(body: Body) -> list[Kind]:
    """All, groups, and parts."""
    names, of = groups(body)
    parts = len(body.part_names)
    return [
        Kind("all", ["all"], [None], np.zeros(parts + 1, np.int64)),
        Kind("group", names, [None] * len(names), of),
        Kind("part", list(body.part_names), list(range(1, parts + 1)), np.arange(-1, parts)),
    ]


def summary(errors: Errors, key: Ints, filled: Filled, cell: Ints, keys: int, drawn: Draws, crossed: bool) -> Summary:
    """The figures of each key, from the key (N,) of each error and (U,) of each interpolated cell."""
    rows = Rows(key, errors.image, errors.annotator, keys, crossed)
    median, p90 = quantiles(drawn, rows, errors.metres)
    pairs = np.unique(key * drawn.images + errors.image)
    return Summary(
        np.bincount(pairs // drawn.images, minlength=keys),
        np.bincount(key, minlength=keys),
        ratios(drawn, rows, errors.metres),
        median,
        p90,
        _surface(filled, cell, keys, drawn, crossed),
    )


def _surface(filled: Filled, cell: Ints, keys: int, drawn: Draws, crossed: bool) -> list[Figure]:
    """Mean over images and annotators of the mean error over the visible surface; counts images by one annotator."""
    code = (filled.annotator.astype(np.int64) * drawn.images + filled.image) * keys + cell
    units, where = np.unique(code, return_inverse=True)
    area = np.bincount(where, filled.area, len(units))
    mean = np.bincount(where, filled.above, len(units))[area > 0] / area[area > 0]
    units = units[area > 0]
    rows = Rows(units % keys, units // keys % drawn.images, units // keys // drawn.images, keys, crossed)
    return ratios(drawn, rows, mean)


def over_all(errors: Errors, marks: Marks, filled: Filled, body: Body, drawn: Draws) -> list[Group]:
    """All, groups and parts, over all annotators; those without points too, so that one sees that there are none."""
    out = []
    for kind in kinds(body):
        keys = len(kind.names)
        found = summary(errors, kind.of_part[errors.part], filled, kind.of_part[filled.part], keys, drawn, True)
        out += groups_of(kind, found, flags(marks, kind), slice(0, keys))
    return out


def flags(marks: Marks, kind: Kind, annotators: int = 0) -> Ints:
    """How many points of each key were flagged; of each annotator and key, one after the other, if there are any."""
    rows = np.flatnonzero((marks.kind == FLAGGED) & (marks.again == 0))
    key = kind.of_part[marks.part[rows]]
    if annotators:
        key = key + marks.annotator[rows].astype(np.int64) * len(kind.names)
    return np.bincount(key[key >= 0], minlength=len(kind.names) * max(annotators, 1))


def groups_of(kind: Kind, found: Summary, flagged: Ints, keys: slice) -> list[Group]:
    """Some keys of a summary as the report's groups, named as the kind's."""
    rows = range(keys.start, keys.stop)
    return [
        Group(
            kind.name, name, label, int(found.persons[k]), int(found.points[k]), int(flagged[k]), found.mean[k],
            found.median[k], found.p90[k], found.surface_mean[k],
        )
        for k, name, label in zip(rows, kind.names, kind.labels, strict=True)
    ]  # fmt: skip
