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
from evaluation.floor import perfect_clicks
from surface.body import Body
from synthesis.render import Options, render
from synthesis.truth import Truth

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
        for _, face, bary in true_points(truth, np.random.default_rng(seed)):
            there = perfect_clicks(body, face, bary)
            hit = there[0] >= 0
            unseen += int((~hit).sum())
            errors.append(body.geodesic((face[hit], bary[hit]), (there[0][hit], there[1][hit])))
    return ClickErrors(np.concatenate(errors), unseen)


def true_points(truth: Truth, rng: np.random.Generator) -> Iterator[tuple[int, Ints, Floats]]:
    """Up to POINTS true surface points of every visible part: part, face (N,), bary (N,3)."""
    for part in np.unique(truth.part):
        rows = np.flatnonzero(truth.part == part)
        chosen = rng.choice(rows, min(len(rows), POINTS), replace=False)
        bary = truth.bary[chosen].astype(np.float64)
        yield int(part), truth.face[chosen], bary / bary.sum(axis=1, keepdims=True)
