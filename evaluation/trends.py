"""Error against time, viewing angle and order: means in bins, and the slope within annotators and parts.

The slope is that of a regression after the mean of each annotator on each part is taken off both sides, so that slow
annotators or hard parts do not pass for a trend. Its variance allows for points of one image to go together, and points
of one annotator (Cameron, Gelbach and Miller, "Robust inference with multiway clustering", J. Bus. Econ. Stat. 2011),
with Student's t of the fewer clusters' degrees of freedom. One annotator's slope stands for that annotator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from evaluation.errors import Errors
from evaluation.intervals import Draws, Rows, ratios
from evaluation.marks import Marks
from evaluation.report import Bin, Figure, Trend

Floats = NDArray[np.float64]

BINS = 8
_NAMES = {
    "seconds": "a relation between the time spent on a point and its error",
    "angle": "a relation between viewing angle and error",
    "order": "learning (errors shrink) or fatigue (errors grow)",
}
_PER = {
    "seconds": (1, "for each second"),
    "angle": (10, "for every 10 degrees"),
    "order": (100, "for every 100 points"),
}
_LEVEL = 0.05
_SMALL = 0.001  # metres, over the range of nine tenths of the points


def trends(errors: Errors, marks: Marks, drawn: Draws, annotators: int) -> list[Trend]:
    """The three trends; what was not recorded has no bins."""
    seconds = marks.seconds[errors.row].astype(np.float64)
    known = seconds[np.isfinite(seconds)]
    # A pause is no thought: the longest hundredth counts as its limit.
    seconds = np.minimum(seconds, np.quantile(known, 0.99)) if len(known) else seconds
    facing = marks.facing[errors.row].astype(np.float64)
    angle = np.degrees(np.arccos(np.clip(facing, -1.0, 1.0)))
    order = marks.order[errors.row].astype(np.float64)
    edges = np.arange(0.0, 91.0, 15.0)
    edges[-1] = max(90.0 + 1e-6, float(np.nanmax(angle, initial=0.0)) + 1e-6)
    made = [
        ("seconds", "Time spent on the point", "s", seconds, _even(seconds)),
        ("angle", "Angle between surface and viewer", "°", angle, edges),
        ("order", "Points marked before", "points", order, np.unique(np.ceil(_even(order)))),
    ]
    return [_trend(name, label, unit, x, e, errors, drawn, annotators) for name, label, unit, x, e in made]


def _even(x: Floats) -> Floats:
    """Edges of bins that hold equally many values."""
    good = x[np.isfinite(x)]
    if not len(good):
        return np.zeros(0)
    edges = np.unique(np.quantile(good, np.linspace(0, 1, BINS + 1)))
    edges[-1] = np.nextafter(edges[-1], np.inf)
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1.0])


def _trend(
    name: str, label: str, unit: str, x: Floats, edges: Floats, errors: Errors, drawn: Draws, annotators: int
) -> Trend:
    rows = np.flatnonzero(np.isfinite(x))
    some, x = errors.at(rows), x[rows]
    bins = []
    if len(rows) and len(edges) > 1:
        edges = edges if edges[-1] > x.max() else np.append(edges[:-1], np.nextafter(x.max(), np.inf))
        key = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
        means = ratios(drawn, Rows(key, some.image, some.annotator, len(edges) - 1), some.metres)
        number = np.bincount(key, minlength=len(means))
        middle = np.bincount(key, x, len(means)) / np.maximum(number, 1)
        ends = zip(edges[:-1].tolist(), edges[1:].tolist(), middle.tolist(), means, strict=True)
        bins = [Bin(low, high, x_, m) for low, high, x_, m in ends if m.count]
    group = some.annotator.astype(np.int64) + some.part.astype(np.int64) * annotators
    value, p = slope(x, some.metres.astype(np.float64), group, some.image, some.annotator)
    reach = float(np.subtract(*np.quantile(x, (0.95, 0.05)))) if len(x) else 0.0
    return Trend(name, label, unit, bins, value, p, _says(name, value, p, reach, len(np.unique(some.image))))


def slope(
    x: Floats, y: Floats, group: NDArray[Any], image: NDArray[Any], annotator: NDArray[Any]
) -> tuple[Figure, float | None]:
    """Slope of y on x within groups, its interval and p; points of an image go together, and those of an annotator."""
    if not len(x):
        return Figure(None, None, None, 0), None
    _, index = np.unique(group, return_inverse=True)
    size = np.bincount(index)
    a, b = (v - (np.bincount(index, v) / size)[index] for v in (x, y))
    square = float(a @ a)
    if square <= 1e-12 * max(1.0, float(x @ x)):
        return Figure(None, None, None, len(x)), None
    found = float(a @ b) / square
    score = a * (b - found * a)
    images, of_image = _clustered(image, score)
    if images < 2:
        return Figure(found, None, None, len(x)), None
    annotators, of_annotator = _clustered(annotator, score)
    variance, freedom = of_image, images - 1
    if annotators > 1:
        both = image.astype(np.int64) * (int(annotator.max()) + 1) + annotator
        # The difference may come out below either way alone, or below zero, where clusters are few.
        variance = max(of_image + of_annotator - _clustered(both, score)[1], of_image, of_annotator)
        freedom = min(images, annotators) - 1
    error = float(np.sqrt(variance)) / square
    if error == 0:
        return Figure(found, found, found, len(x)), 1.0 if found == 0 else 0.0
    half = float(t.ppf(0.975, freedom)) * error
    return Figure(found, found - half, found + half, len(x)), float(2 * t.sf(abs(found) / error, freedom))


def _clustered(cluster: NDArray[Any], score: Floats) -> tuple[int, float]:
    """Number of clusters, and the variance of the sum of scores if clusters are independent."""
    found, where = np.unique(cluster, return_inverse=True)
    n = len(found)
    return n, float((np.bincount(where, score) ** 2).sum()) * n / max(n - 1, 1)


def _more(millimetres: float) -> str:
    return f"{abs(millimetres):.1f} mm {'less' if millimetres < 0 else 'more'}"


def _says(name: str, value: Figure, p: float | None, reach: float, images: int) -> str:
    if value.value is None:
        return {
            "seconds": "Time per point was not recorded, or is the same for all points.",
            "angle": "Viewing angles are not known, or are all the same.",
            "order": "The order of points cannot be told from this study.",
        }[name]
    if p is None or value.low is None or value.high is None:
        return f"Whether there is {_NAMES[name]} cannot be told from {images} image."
    if p >= _LEVEL:
        per, unit = _PER[name]
        low, high = 1000 * per * value.low, 1000 * per * value.high
        return f"No sign of {_NAMES[name]}: anything from {_more(low)} to {_more(high)} {unit} fits these marks."
    if abs(value.value) * reach < _SMALL:
        return {
            "seconds": "Errors hardly depend on the time spent on a point: less than a millimetre in all.",
            "angle": "Errors hardly depend on the viewing angle: less than a millimetre in all.",
            "order": "Errors hardly change over the study: less than a millimetre in all.",
        }[name]
    up = value.value > 0
    millimetres = abs(value.value) * 1000
    if name == "seconds":
        return (
            f"Points that took longer have {'larger' if up else 'smaller'} errors: {millimetres:.1f} mm for each second"
            f"{', so time tells of hard points' if up else ''}."
        )
    if name == "angle":
        return (
            f"Errors are {'larger' if up else 'smaller'} where the surface turns away from the viewer:"
            f" {10 * millimetres:.1f} mm for every 10 degrees."
        )
    return f"Errors {'grow' if up else 'shrink'} over the study: {100 * millimetres:.1f} mm for every 100 points" + (
        ", a sign of fatigue." if up else ", a sign of learning."
    )
