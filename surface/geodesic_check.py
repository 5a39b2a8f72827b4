"""How good a geodesic table is: its distances beside exact ones, and its speed."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.geodesic import from_point

if TYPE_CHECKING:
    from surface.body import Body
    from surface.geodesic_table import GeodesicTable

Floats = NDArray[np.float64]
Points = tuple[NDArray[np.int32], Floats]

NEAR = 0.3
"""Metres: up to here errors are counted in millimetres, beyond in per cent."""


def random_points(body: Body, count: int, seed: int = 0, within: tuple[Floats, float] | None = None) -> Points:
    """Surface points (face (count,), bary (count,3)), uniform over the area; ``within`` (centre (3,), metres)."""
    rng = np.random.default_rng(seed)
    area = body.face_area
    if within is not None:
        far = np.linalg.norm(body.vertices[body.faces].mean(axis=1) - within[0], axis=1)
        area = np.where(far < max(within[1], float(far.min()) + 1e-12), area, 0.0)
    root = np.sqrt(rng.random(count))
    other = rng.random(count)
    bary = np.stack([1 - root, root * (1 - other), root * other], axis=1)
    return rng.choice(len(area), count, p=area / area.sum()).astype(np.int32), bary


def sample(body: Body, sources: int, targets: int, seed: int = 0) -> tuple[Points, Points, Floats]:
    """Pairs of surface points with their exact distances: half of the targets anywhere, half of them near their source.

    Returns:
        a, b: ``sources * targets`` points each.
        exact: metres.
    """
    found = []
    for n in range(sources):
        face, bary = random_points(body, 1, seed=seed + 3 * n)
        centre = body.position(face, bary)[0]
        near = random_points(body, targets // 2, seed + 3 * n + 1, (centre, 0.7 * NEAR))
        far = random_points(body, targets - targets // 2, seed + 3 * n + 2)
        to = np.concatenate([near[0], far[0]]), np.concatenate([near[1], far[1]])
        exact = from_point(body, (int(face[0]), bary[0]), to)
        found.append(((np.repeat(face, targets), np.repeat(bary, targets, axis=0)), to, exact))
    return joined(found)


def joined(samples: list[tuple[Points, Points, Floats]]) -> tuple[Points, Points, Floats]:
    """Several samples as one."""
    a, b, exact = zip(*samples, strict=True)
    return _joined(a), _joined(b), np.concatenate(exact)


def errors(found: Floats, exact: Floats) -> dict[str, float]:
    """Mean errors of distances (N,), below and beyond ``NEAR``; of a class without pairs nothing."""
    out, finite = {}, np.isfinite(exact)
    off, near = np.abs(found - exact), finite & (exact < NEAR)
    if near.any():
        out["mean error below 30 cm, mm"] = round(1000 * float(off[near].mean()), 3)
    if (finite & ~near).any():
        beyond = finite & ~near
        out["mean error beyond 30 cm, mm"] = round(1000 * float(off[beyond].mean()), 3)
        out["mean error beyond 30 cm, %"] = round(100 * float((off[beyond] / exact[beyond]).mean()), 4)
    out["99th percentile of the error, mm"] = round(1000 * float(np.percentile(off[finite], 99)), 3)
    return out


def speed(
    body: Body, table: GeodesicTable, pairs: int = 1_000_000, threads: int | None = None, located: bool = False
) -> float:
    """Random pairs of surface points per second, the best of three runs.

    The points are (face, bary) of the body, and with ``located`` those that ``GeodesicTable.locate`` has found before.
    """
    a, b = random_points(body, pairs, 0), random_points(body, pairs, 1)
    table.distances((a[0][:2], a[1][:2]), (b[0][:2], b[1][:2]))
    p, q = table.locate(*a), table.locate(*b)
    times = []
    for _ in range(3):
        start = perf_counter()
        if located:
            table.between(p, q, threads)
        else:
            table.distances(a, b, threads)
        times.append(perf_counter() - start)
    return pairs / min(times)


def _joined(points: tuple[Points, ...]) -> Points:
    return np.concatenate([face for face, _ in points]), np.concatenate([bary for _, bary in points])
