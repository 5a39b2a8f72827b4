"""A bijective layout of any disk: scaling's solution where it does not fold, spread without folds where it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surface import bijective, unfold
from surface.topology import boundary_loops

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANDMARKS = 200  # vertices whose distances are kept
PULL = 100.0  # towards the scaling's solution, against the symmetric Dirichlet energy
GAP = 0.001  # metres between parts of a boundary that would run into each other


def disk(vertices: Floats, faces: Ints) -> Floats:
    """A bijective layout `(V, 2)` in metres of a disk that scaling alone would fold."""
    chosen, distance, area = unfold.landmarks(vertices, faces, LANDMARKS)
    scaled = unfold.smacof(unfold.classical_scaling(distance, area), distance, area)
    start = unfold.tutte(vertices, faces)
    # Scaling knows no orientation: of the layout and its reflection the one that fits the start.
    either = [unfold.align(start[chosen], scaled * [1.0, sign]) for sign in (1.0, -1.0)]
    target = min(either, key=lambda t: float(((t - start[chosen]) ** 2).sum()))
    (loop,) = boundary_loops(faces)
    done = unfold.slim(vertices, faces, start, chosen, target, PULL)
    if bijective.is_bijective(done, faces, loop):
        return done
    flat = start
    while bijective.is_bijective(step := unfold.slim(vertices, faces, flat, chosen, target, PULL, 1), faces, loop):
        flat = step
    return bijective.descend(bijective.Energy(vertices, faces, chosen, target, PULL, GAP), flat)
