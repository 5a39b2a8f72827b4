"""What an evaluation says by part, by size and by person: where a network is good, and where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from evaluation import curves
from evaluation.detection.evaluate import MOST_DETECTIONS
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import Evaluation
from evaluation.detection.sizes import LIMITS, averages_of
from evaluation.groups import coarse

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORST = 24
"""Persons that a summary names, if not told otherwise."""
THRESHOLDS = np.round(np.linspace(0, 0.3, 61), 3)
"""Metres, at which the ratio of correct points is told."""
UNDEFINED = -1.0


class Parts(NamedTuple):
    """The coarse parts of a surface.

    Attributes:
        names: P names.
        of_chart: (C,) part, from 0, of each chart.
        colours: P colours, "#rrggbb".
    """

    names: tuple[str, ...]
    of_chart: tuple[int, ...]
    colours: tuple[str, ...]

    @classmethod
    def of(cls, body: Body) -> Self:
        """Those of a body of ours."""
        colours = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in body.colours.tolist())
        return cls(tuple(body.part_names), tuple(part - 1 for part in body.chart_part.tolist()), colours)


@dataclass(frozen=True)
class PointFigures:
    """Errors of N points; -1 where there is nothing to measure.

    Attributes:
        name: of what.
        points: N.
        mean, median: metres, of the points that the detection sees on the surface.
        background: share of the others: seen as background, outside of the detection, or of a person without any.
        auc10, auc30: area under the ratio of correct points up to 10 and 30 cm, in [0,1].
    """

    name: str
    points: int
    mean: float
    median: float
    background: float
    auc10: float
    auc30: float

    @classmethod
    def of(cls, name: str, metres: Floats) -> PointFigures:
        """Of errors (N,) in metres, infinite where the detection sees no surface."""
        if not len(metres):
            return cls(name, 0, *([UNDEFINED] * 5))
        found = metres[np.isfinite(metres)]
        mean, median = (float(found.mean()), float(np.median(found))) if len(found) else (UNDEFINED, UNDEFINED)
        ten, thirty = (float(curves.area(metres, top).mean()) for top in (0.1, 0.3))
        return cls(name, len(metres), mean, median, 1 - len(found) / len(metres), ten, thirty)


@dataclass(frozen=True)
class SizeFigures:
    """Persons of one range of areas.

    Attributes:
        name: "small", "medium" or "large".
        low, high: square pixels, both included.
        persons: how many persons with points count.
        ap, ar: by mode, in [0,1]; -1 without persons.
        points: errors of their points.
    """

    name: str
    low: float
    high: float
    persons: int
    ap: dict[str, float]
    ar: dict[str, float]
    points: PointFigures


@dataclass(frozen=True)
class PersonFigures:
    """One person.

    Attributes:
        row: in the arrays of the ground truth.
        annotation_id, image_id, file_name: as the ground truth has them.
        gps: of the best detection; 0 without one.
        iou: of its mask and the person's.
        detection: its position in the file of results, from 1; 0 where no detection sees any of the person's points.
        score: of the detection; -1 without one.
        points: errors of the person's points.
    """

    row: int
    annotation_id: int
    image_id: int
    file_name: str
    gps: float
    iou: float
    detection: int
    score: float
    points: PointFigures


@dataclass(frozen=True)
class Counts:
    """What the figures rest on.

    Attributes:
        images: of the ground truth.
        persons: of the ground truth.
        annotated: those of them with dp_x; the others are ignored in matching.
        measured: those of them with a point on a chart of the surface.
        found: those of them of whom a detection sees at least one point on the surface.
        points: ground-truth points on a chart of the surface.
        skipped: the other points.
        detections: in the file of results.
        surplus: those beyond the 20 of the highest scores in their image, and of categories that the truth has not.
    """

    images: int
    persons: int
    annotated: int
    measured: int
    found: int
    points: int
    skipped: int
    detections: int
    surplus: int


@dataclass(frozen=True)
class Summary:
    """What ``summarise`` returns.

    Attributes:
        points: of all points.
        parts: by part of the surface, in its order.
        groups: by coarse group: left and right together.
        sizes: small, medium, large.
        ratio: (61,) share of the points whose error is at most each of ``THRESHOLDS``; -1 without points.
        worst: persons with a detection, the lowest GPS first.
        missed: persons without one, those with the most points first.
        counts: what the figures rest on.
    """

    points: PointFigures
    parts: tuple[PointFigures, ...]
    groups: tuple[PointFigures, ...]
    sizes: tuple[SizeFigures, ...]
    ratio: Floats
    worst: tuple[PersonFigures, ...]
    missed: tuple[PersonFigures, ...]
    counts: Counts


def summarise(
    truth: GroundTruth, predictions: Predictions, found: Evaluation, parts: Parts, most: int = WORST
) -> Summary:
    """Sum an evaluation up.

    Args:
        truth: the ground truth.
        predictions: the detections.
        found: what ``evaluate`` said of them.
        parts: of the surface.
        most: how many of the worst persons, and of those not found, are named.
    """
    metres, person = found.pointwise.metres, found.pointwise.person
    part = np.array(parts.of_chart, np.int64)[found.pointwise.chart - 1]
    named = [coarse(name) for name in parts.names]
    groups = list(dict.fromkeys(named))
    group = np.array([groups.index(name) for name in named], np.int64)[part]
    measured = np.unique(person)
    has = found.pointwise.detection[measured] > 0
    gps, count = found.pointwise.gps, np.bincount(person, minlength=len(truth.ids))
    worst = sorted(measured[has].tolist(), key=lambda row: (gps[row], -count[row], row))[:most]
    missed = sorted(measured[~has].tolist(), key=lambda row: (-count[row], row))[:most]
    ratio = curves.ratio(metres, THRESHOLDS)
    return Summary(
        points=PointFigures.of("all points", metres),
        parts=tuple(PointFigures.of(name, metres[part == n]) for n, name in enumerate(parts.names)),
        groups=tuple(PointFigures.of(name.capitalize(), metres[group == n]) for n, name in enumerate(groups)),
        sizes=tuple(_size(truth, predictions, found, name) for name in LIMITS),
        ratio=np.where(np.isfinite(ratio), ratio, UNDEFINED),
        worst=_people(truth, predictions, found, worst),
        missed=_people(truth, predictions, found, missed),
        counts=Counts(
            images=len(truth.image_ids),
            persons=len(truth.ids),
            annotated=int(truth.annotated.sum()),
            measured=len(measured),
            found=int(has.sum()),
            points=len(metres),
            skipped=len(truth.I) - len(metres),
            detections=len(predictions.scores),
            surplus=_surplus(truth, predictions),
        ),
    )


def _size(truth: GroundTruth, predictions: Predictions, found: Evaluation, name: str) -> SizeFigures:
    low, high = LIMITS[name]
    within = (truth.areas >= low) & (truth.areas <= high)
    ap, ar = averages_of(truth, predictions, found, low, high)
    points = PointFigures.of(name, found.pointwise.metres[within[found.pointwise.person]])
    return SizeFigures(name, low, high, int((within & truth.annotated).sum()), ap, ar, points)


def _people(
    truth: GroundTruth, predictions: Predictions, found: Evaluation, rows: list[int]
) -> tuple[PersonFigures, ...]:
    """Those of rows of the ground truth."""
    wanted = {int(truth.ids[row]) for row in rows}
    place = {
        id_: (similarity, column)
        for similarity in found.similarity
        for column, id_ in enumerate(similarity.annotation_ids.tolist())
        if id_ in wanted
    }
    out = []
    for row in rows:
        id_, detection = int(truth.ids[row]), int(found.pointwise.detection[row])
        overlap = 0.0
        if detection:
            similarity, column = place[id_]
            overlap = float(similarity.mask_iou[similarity.detection_ids.tolist().index(detection), column])
        out.append(
            PersonFigures(
                row=row,
                annotation_id=id_,
                image_id=int(truth.image_ids[truth.image[row]]),
                file_name=truth.file_names[truth.image[row]],
                gps=float(found.pointwise.gps[row]),
                iou=overlap,
                detection=detection,
                score=float(predictions.scores[detection - 1]) if detection else UNDEFINED,
                points=PointFigures.of(str(id_), found.pointwise.metres[found.pointwise.person == row]),
            )
        )
    return tuple(out)


def _surplus(truth: GroundTruth, predictions: Predictions) -> int:
    known = np.isin(predictions.category_ids, truth.category_ids)
    pairs = np.stack([predictions.image_ids[known], predictions.category_ids[known]])
    _, counts = np.unique(pairs, axis=1, return_counts=True)
    return len(known) - int(np.minimum(counts, MOST_DETECTIONS).sum())
