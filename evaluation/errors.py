"""How far marks lie from the truth, in metres along the surface, and the rows that figures are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evaluation.marks import MARKED, Marks

Singles = NDArray[np.float32]
Points = tuple[NDArray[Any], NDArray[Any]]

BLOCK = 250_000
"""Pairs are measured so many at a time: located points take 100 bytes a pair."""


@runtime_checkable
class Table(Protocol):
    """What a ``surface.geodesic_table.GeodesicTable`` can do: find points once, measure pairs of them."""

    def locate(self, face: Any, bary: Any) -> Any:
        """Find points (face (N,), bary (N,3))."""

    def between(self, a: Any, b: Any) -> NDArray[np.float64]:
        """Metres (N,) between found points."""


Metric = Table | Callable[[Any, Any, Any, Any], Any]
"""A table, or any function (face, bary, face, bary) -> metres (N,)."""


@dataclass(frozen=True, eq=False)
class Errors:
    """N marked points, sorted by annotator, image and part. A second pass over a person is not among them.

    Attributes:
        row: (N,) i64 rows of the ``Marks``.
        annotator, image, part: (N,) i32.
        metres: (N,) f32, from the true to the marked point.
    """

    row: NDArray[np.int64]
    annotator: NDArray[np.int32]
    image: NDArray[np.int32]
    part: NDArray[np.int32]
    metres: Singles

    def __len__(self) -> int:
        return len(self.row)

    def at(self, rows: Any) -> Errors:
        """Some of the rows; in the same order if they are ascending."""
        return Errors(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def distances(metric: Metric, a: Points, b: Points) -> Singles:
    """Metres (N,) along the surface between points a and b, each (face (N,), bary (N,3)), in blocks."""
    out = np.empty(len(a[0]), np.float32)
    for at in range(0, len(out), BLOCK):
        rows = slice(at, at + BLOCK)
        out[rows] = _between(metric, (a[0][rows], a[1][rows]), (b[0][rows], b[1][rows]))
    return out


def _between(metric: Metric, a: Points, b: Points) -> NDArray[Any]:
    if isinstance(metric, Table):
        return metric.between(metric.locate(*a), metric.locate(*b))
    return np.asarray(metric(*a, *b))


def measured(marks: Marks, metric: Metric, again: int = 0) -> Errors:
    """The errors of all marks of one pass, 0 the first and 1 the second; a place the surface cannot reach is left out.

    Raises:
        ValueError: as the table does, when a point is none of the body's.
    """
    rows = np.flatnonzero((marks.kind == MARKED) & (marks.again == again))
    rows = rows[np.lexsort((marks.part[rows], marks.person[rows], marks.annotator[rows]))]
    metres = np.empty(len(rows), np.float32)
    for at in range(0, len(rows), BLOCK):
        some = rows[at : at + BLOCK]
        true = marks.true_face[some], marks.true_bary[some]
        metres[at : at + BLOCK] = _between(metric, true, (marks.face[some], marks.bary[some]))
    whole = Errors(
        rows,
        marks.annotator[rows].astype(np.int32),
        marks.person[rows].astype(np.int32),
        marks.part[rows].astype(np.int32),
        metres,
    )
    reached = np.isfinite(metres)
    return whole if reached.all() else whole.at(reached)
