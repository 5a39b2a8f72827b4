"""What the tool itself adds to an annotator's error: a scripted annotator clicks the true places of rendered persons.

It knows the true surface point of a pixel. On the view that shows it best it clicks the true place as exactly as a
mouse on a display of 512 pixels can: the display pixel. The error is the geodesic distance from the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import surface
from surface import views
from surface.body import Body
from synthesis.render import Options, render
from synthesis.truth import Truth

DISPLAY = 512
POINTS = 10  # of every visible part
SEEDS = range(4)

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class ClickErrors:
    """Geodesic errors (N,) in metres, and how many true points no view shows."""

    error: Floats
    unseen: int


def measure() -> dict[str, float]:
    """Figures by name."""
    found = click_errors(surface.load("anny"))
    return {
        "points": len(found.error),
        "points that no view shows": found.unseen,
        "median error, mm": float(np.median(found.error)) * 1000,
        "99th percentile, mm": float(np.quantile(found.error, 0.99)) * 1000,
        "worst, mm": float(found.error.max()) * 1000,
    }


def click_errors(body: Body) -> ClickErrors:
    """The errors over all rendered persons."""
    errors, unseen = [], 0
    for seed in SEEDS:
        truth = render(body, seed, Options(size=512, occluders=0, cut=0)).person.truth
        for part, face, bary in true_points(truth, np.random.default_rng(seed)):
            best, _ = views.best_view(body, part, face, bary)
            unseen += int((best < 0).sum())
            face, bary, best = face[best >= 0], bary[best >= 0], best[best >= 0]
            clicked = [_click_truth(body, part, int(best[n]), face[[n]], bary[[n]]) for n in range(len(best))]
            there = np.array([f for f, _ in clicked], np.int32), np.array([b for _, b in clicked])
            errors.append(body.geodesic((face, bary), there))
    return ClickErrors(np.concatenate(errors), unseen)


def true_points(truth: Truth, rng: np.random.Generator) -> Iterator[tuple[int, Ints, Floats]]:
    """Up to POINTS true surface points of every visible part: part, face (N,), bary (N,3)."""
    for part in np.unique(truth.part):
        rows = np.flatnonzero(truth.part == part)
        chosen = rng.choice(rows, min(len(rows), POINTS), replace=False)
        bary = truth.bary[chosen].astype(np.float64)
        yield int(part), truth.face[chosen], bary / bary.sum(axis=1, keepdims=True)


def _click_truth(body: Body, part: int, index: int, face: Ints, bary: Floats) -> tuple[int, Floats]:
    view = views.views(body, part)[index]
    x, y, _ = views.project(body, view, face, bary)
    return click(body, part, view, float(x[0]), float(y[0]))


def click(body: Body, part: int, view: views.View, x: float, y: float) -> tuple[int, Floats]:
    """The point set by a click on the display pixel nearest to (x, y) that shows the part.

    Raises:
        LookupError: the part is not shown within three pixels.
    """
    column, row = np.floor(x * DISPLAY), np.floor(y * DISPLAY)
    around = sorted(((i, j) for i in range(-3, 4) for j in range(-3, 4)), key=lambda d: d[0] ** 2 + d[1] ** 2)
    for i, j in around:
        found = views.pick(body, view, (column + i + 0.5) / DISPLAY, (row + j + 0.5) / DISPLAY)
        if found is not None and body.face_part[found[0]] == part:
            return found
    raise LookupError(f"part {part} is not shown near ({x}, {y}) of view {view.index}")
