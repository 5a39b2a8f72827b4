"""How good the charts of a body are: topology, folds, overlaps, distortion of distance, round trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.crossing import crossings, overlaps
from surface.topology import (
    boundary_loops,
    euler_characteristic,
    face_areas,
    face_components,
    vertex_areas,
)
from surface.unfold import geodesics

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
            geodesic distance inside the chart in metres, d_uv the distance in the chart with U and V each scaled
            back to metres.
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


def distortion(distance: Floats, sources: Ints, uv: Floats, weight: Floats) -> tuple[float, float]:
    """Mean and worst distortion of distance (see `ChartFigures`).

    Args:
        distance: `(S, V)` exact distances from the source vertices.
        sources: `(S,)`.
        uv: `(V, 2)`.
        weight: `(V,)` area of each vertex; the sources are spread by area already.
    """
    delta = (uv[sources][:, None] - uv[None]) ** 2
    pair = np.broadcast_to(weight[None], distance.shape)
    # U and V are scaled to [0,1] each on its own: the two scales that fit the squared distances best undo that.
    design = (delta * np.sqrt(pair)[..., None] / np.maximum(distance, 1e-9)[..., None]).reshape(-1, 2)
    squared, *_ = np.linalg.lstsq(design, (np.sqrt(pair) * distance).ravel(), rcond=None)
    error = np.abs(np.sqrt(np.maximum(delta @ squared, 0.0)) - distance)
    return float((pair * error).sum() / (pair * distance).sum()), float(error.max() / distance.max())


def check(body: Body, sources: int = 60, points: int = 5000, seed: int = 0) -> list[ChartFigures]:
    """Figures of every chart of a body.

    Args:
        body: the body.
        sources: vertices per chart, spread evenly over its area, from which distances to all others are compared.
        points: random surface points per chart that make the round trip.
        seed: of those points.
    """
    return [chart_figures(body, chart, sources, points, seed) for chart in range(1, len(body.chart_names) + 1)]


def problems(figures: list[ChartFigures]) -> list[str]:
    """What keeps the charts from being bijective disks, in words; empty when nothing does."""
    return [text for chart in figures for text in chart.problems]


def chart_figures(body: Body, chart: int, sources: int = 60, points: int = 5000, seed: int = 0) -> ChartFigures:
    """Figures of one chart (1..C); see `check`.

    Raises:
        ValueError: the body has no such chart, or the chart has no triangles.
    """
    if not 1 <= chart <= len(body.chart_names):
        raise ValueError(f"chart {chart}; the body has charts 1..{len(body.chart_names)}")
    members = np.flatnonzero(body.face_chart == chart)
    if not len(members):
        raise ValueError(f"chart {chart} ({body.chart_names[chart - 1]}) has no triangles")
    vertices, faces, uv = flat_mesh(body, members)
    corners = uv[faces]
    rims = boundary_loops(faces)
    start = np.concatenate([uv[loop] for loop in rims])
    end = np.concatenate([uv[np.roll(loop, -1)] for loop in rims])
    pieces, _ = face_components(faces)
    weight = vertex_areas(vertices, faces)
    # Vertices in order of height at equal steps of area: as many from every square centimetre.
    order = np.lexsort((vertices[:, 2], vertices[:, 1]))
    step = (np.arange(sources) + 0.5) / sources * weight.sum()
    origin = np.unique(order[np.searchsorted(np.cumsum(weight[order]), step).clip(max=len(order) - 1)])
    mean, worst = (
        distortion(geodesics(vertices, faces, origin), origin, uv, weight)
        if pieces == 1
        else (float("nan"), float("nan"))
    )
    return ChartFigures(
        chart=chart,
        name=body.chart_names[chart - 1],
        triangles=len(members),
        euler=euler_characteristic(faces),
        components=pieces,
        flips=flips(corners),
        crossings=crossings(start, end),
        overlaps=overlaps(corners),
        distortion_mean=mean,
        distortion_worst=worst,
        round_trip=round_trip(body, members, points, seed),
    )


def flat_mesh(body: Body, members: Ints) -> tuple[Floats, Ints, Floats]:
    """A chart as a mesh of its own, cut open where its U,V jump.

    Returns:
        vertices `(V, 3)`, faces `(len(members), 3)` over them, uv `(V, 2)`.
    """
    corner = np.concatenate([body.faces[members].reshape(-1, 1), body.face_uv[members].reshape(-1, 2)], axis=1)
    unique, index = np.unique(corner, axis=0, return_inverse=True)
    return body.vertices[unique[:, 0].astype(np.int64)], index.reshape(-1, 3), unique[:, 1:]


def round_trip(body: Body, members: Ints, points: int, seed: int) -> float:
    """Largest distance in metres between random points of some triangles and their way through I, U, V and back."""
    rng = np.random.default_rng(seed)
    area = face_areas(body.vertices, body.faces[members].astype(np.int64))
    face = members[rng.choice(len(members), points, p=area / area.sum())]
    bary = rng.dirichlet((1.0, 1.0, 1.0), points)
    back = body.from_iuv(*body.to_iuv(face, bary))
    return float(np.linalg.norm(body.position(*back) - body.position(face, bary), axis=1).max())
