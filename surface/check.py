"""How good the charts of a body are: topology, folds, overlaps, distortion of distance, round trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.builders.topology import boundary_loops, compact, euler_characteristic, face_components
from surface.unfold import geodesics

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class ChartFigures:
    """Figures of one chart.

    Attributes:
        chart: 1..C.
        name: its name.
        triangles: number of triangles.
        euler: Euler characteristic; 1 for a disk.
        components: edge-connected pieces; 1 when connected.
        flips: triangles whose image is degenerate or turned against the chart's majority.
        crossings: pairs of boundary edges whose images cross.
        overlaps: triangles whose centre falls into the image of another triangle.
        distortion_mean: mean of |d_uv - d| over pairs of vertices, by area, over the mean of d. d is the exact
            geodesic distance inside the chart in metres, d_uv the distance in the chart with U and V each scaled back to metres.
        distortion_worst: the largest |d_uv - d| over the chart's largest d.
        round_trip: largest distance in metres between a surface point and `from_iuv(to_iuv(point))`.
    """

    chart: int
    name: str
    triangles: int
    euler: int
    components: int
    flips: int
    crossings: int
    overlaps: int
    distortion_mean: float
    distortion_worst: float
    round_trip: float

    @property
    def problems(self) -> list[str]:
        """What keeps the chart from being a bijective disk, in words; empty when nothing does."""
        found = []
        if self.components != 1:
            found.append(f"in {self.components} pieces")
        if self.euler != 1:
            found.append(f"no disk (Euler characteristic {self.euler})")
        for count, what in (
            (self.flips, "flipped triangle"),
            (self.crossings, "boundary crossing"),
            (self.overlaps, "overlapping triangle"),
        ):
            if count:
                found.append(f"{count} {what}{'s' if count > 1 else ''}")
        if not self.round_trip < 1e-6:
            found.append(f"round trip off by {self.round_trip:.1e} m")
        return [f"chart {self.chart} ({self.name}): {text}" for text in found]


def flips(uv: Floats) -> int:
    """Triangles `(F, 3, 2)` that are degenerate or turned against the majority."""
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    sign = 1.0 if (area > 0).sum() >= (area < 0).sum() else -1.0
    return int((sign * area <= 1e-12).sum())


def crossings(start: Floats, end: Floats) -> int:
    """Pairs of segments `(S, 2)` to `(S, 2)` that properly cross; sharing an end is no crossing."""

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    a, b, c, d = start[:, None], end[:, None], start[None], end[None]
    apart = side(a, b, c) * side(a, b, d) < 0
    return int(np.triu(apart & apart.T, 1).sum())


def overlaps(uv: Floats, block: int = 256) -> int:
    """Triangles `(F, 3, 2)` whose centre lies inside the image of another one."""
    centre = uv.mean(axis=1)
    a, b, c = (uv[:, k] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    sign = np.where(area < 0, -1.0, 1.0)
    count = 0
    for begin in range(0, len(uv), block):
        point = centre[begin : begin + block, None]
        inside = np.ones((len(point), len(uv)), dtype=bool)
        for p, q in ((a, b), (b, c), (c, a)):
            edge = (q[:, 0] - p[:, 0]) * (point[..., 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (point[..., 0] - p[:, 0])
            inside &= sign * edge > 0
        inside[np.arange(len(point)), begin + np.arange(len(point))] = False
        count += int(inside.any(axis=1).sum())
    return count


def distortion(distance: Floats, sources: Ints, uv: Floats, weight: Floats) -> tuple[float, float]:
    """Mean and worst distortion of distance (see `ChartFigures`).

    Args:
        distance: `(S, V)` exact distances from the source vertices.
        sources: `(S,)`.
        uv: `(V, 2)`.
        weight: `(V,)` area of each vertex.
    """
    delta = (uv[sources][:, None] - uv[None]) ** 2
    pair = weight[sources][:, None] * weight[None]
    # U and V are scaled to [0,1] each on its own: the two scales that fit the squared distances best undo that.
    design = (delta * np.sqrt(pair)[..., None] / np.maximum(distance, 1e-9)[..., None]).reshape(-1, 2)
    squared, *_ = np.linalg.lstsq(design, (np.sqrt(pair) * distance).ravel(), rcond=None)
    error = np.abs(np.sqrt(np.maximum(delta @ squared, 0.0)) - distance)
    return float((pair * error).sum() / (pair * distance).sum()), float(error.max() / distance.max())
