"""How good a body is: its mesh, and of every chart topology, folds, overlaps, distortion of distance, round trips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface import flatten
from surface.bijective import Pairs
from surface.crossing import crossings, overlaps
from surface.directions import directions
from surface.soundness import MeshFigures, mesh_figures
from surface.topology import euler_characteristic, face_areas, face_components, half_edges, vertex_areas
from surface.trips import MirrorFigures, TripFigures, image_areas, mirror_figures, trip_figures
from surface.unfold import geodesics, landmarks

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEGENERATE = 1e-12  # twice the area in U,V of a triangle that covers nothing
MOST_RATIO = 1.1  # of a chart's mean distortion to plain scaling's


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
        crossings: pairs of boundary edges whose images cross or touch, but for the point that neighbours share.
        overlaps: triangles whose image covers some of that of another triangle.
        distortion_mean: mean of |d_uv - d| over pairs of vertices, by area, over the mean of d. d is the exact
            geodesic distance inside the chart in metres, d_uv the distance in the chart with U and V each scaled
            back to metres.
        distortion_worst: the largest |d_uv - d| over the chart's largest d.
        scaling_mean: the same mean for the layout of least stress, which may fold: what plain multidimensional scaling
            reaches on this chart. None where it was not measured.
        along: correlation of V with the anatomical way up (see `surface.directions`); None where there is none.
        outward: correlation of U with the way outward.
        laid_flat: of charts from a file, triangles of the body that lie flat on an edge, in no other's way (see
            `laid_flat`); flips, crossings and overlaps are counted without them.
        empty: why there is nothing to measure, "no triangles", "no area" or "no area in U,V"; "" where there is.
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
    scaling_mean: float | None = None
    along: float | None = None
    outward: float | None = None
    laid_flat: tuple[int, ...] = ()
    empty: str = ""

    @property
    def ratio(self) -> float | None:
        """The chart's mean distortion over that of plain scaling; 1 where both are next to nothing."""
        if self.scaling_mean is None:
            return None
        return (self.distortion_mean + 1e-4) / (self.scaling_mean + 1e-4)

    @property
    def problems(self) -> list[str]:
        """What keeps the chart from being a bijective disk, in words; empty when nothing does."""
        if self.empty:
            return [f"chart {self.chart} ({self.name}): {self.empty}"]
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
    return int((sign * area <= DEGENERATE).sum())


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


@dataclass(frozen=True)
class BodyFigures:
    """All figures of a body: its mesh, its charts in order, round trips, and its mirror if it has one.

    What the charts are held to goes beyond being bijective where they are made here; of charts from a file (`brought`)
    it is worth a note.
    """

    mesh: MeshFigures
    charts: tuple[ChartFigures, ...]
    trips: TripFigures
    mirror: MirrorFigures | None
    brought: bool = False

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; empty when nothing is."""
        mirror = [] if self.mirror is None else self.mirror.problems
        own = [] if self.brought else self._far + self._unlike
        return [*self.mesh.problems, *problems(list(self.charts)), *self.trips.problems, *mirror, *own]

    @property
    def notes(self) -> list[str]:
        """What is worth knowing but not wrong, in words."""
        found = self.mesh.notes
        if self.brought:
            found += self._far + self._unlike
        elif self.mirror is not None and not self.mirror.exact:
            found += self.mirror.unlike
        for chart in self.charts:
            if chart.laid_flat:
                found.append(
                    f"chart {chart.chart} ({chart.name}): no I,U,V leads to triangle "
                    f"{', '.join(map(str, chart.laid_flat))}, laid flat on an edge"
                )
        for axis, values in (
            ("V", [chart.along for chart in self.charts if chart.along is not None]),
            ("U", [chart.outward for chart in self.charts if chart.outward is not None]),
        ):
            against = sum(value < 0 for value in values)
            if 0 < against < len(values):
                found.append(f"{axis} points the other anatomical way on {against} of {len(values)} charts")
        return found

    @property
    def _far(self) -> list[str]:
        """Charts that keep distances worse than they could."""
        far = [chart for chart in self.charts if chart.ratio is not None and chart.ratio > MOST_RATIO]
        if not far:
            return []
        worst = max(far, key=lambda chart: chart.ratio or 0.0)
        return [
            f"distances on {len(far)} chart{'s' * (len(far) > 1)} are off by more than {MOST_RATIO} times plain "
            f"scaling's, most of all on chart {worst.chart} ({worst.name}): {worst.ratio:.2f} times"
        ]

    @property
    def _unlike(self) -> list[str]:
        """Differences of mirrored charts. A surface that is mirrored without its triangles has some."""
        if self.mirror is None or not (self.mirror.exact or self.brought):
            return []
        return self.mirror.unlike


def inspect(body: Body, scaling: bool = True, progress: Callable[[int, int], None] | None = None) -> BodyFigures:
    """All figures of a body.

    Args:
        body: the body.
        scaling: compare each chart with plain scaling, which takes most of the time.
        progress: called with the triangles measured and all triangles.
    """
    charts: list[ChartFigures] = []
    done = 0
    for chart in range(1, len(body.chart_names) + 1):
        twin = int(body.chart_mirror[chart])
        known = charts[twin - 1] if twin < chart and _is_twin(body, chart) else None
        charts.append(chart_figures(body, chart, scaling=scaling, twin=known))
        done += charts[-1].triangles
        if progress is not None:
            progress(done, len(body.faces))
    brought = body.charts_from is not None
    return BodyFigures(mesh_figures(body), tuple(charts), trip_figures(body), mirror_figures(body), brought)


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


def chart_figures(
    body: Body,
    chart: int,
    sources: int = 60,
    points: int = 5000,
    seed: int = 0,
    scaling: bool = False,
    twin: ChartFigures | None = None,
) -> ChartFigures:
    """Figures of one chart (1..C); see `check` and `inspect`. A twin (its exact mirror image) lends its distances.

    Raises:
        ValueError: the body has no such chart.
    """
    if not 1 <= chart <= len(body.chart_names):
        raise ValueError(f"chart {chart}; the body has charts 1..{len(body.chart_names)}")
    members = np.flatnonzero(body.face_chart == chart)
    name, empty = body.chart_names[chart - 1], _empty(body, members)
    if empty:
        nan = float("nan")
        return ChartFigures(chart, name, len(members), 0, 0, 0, 0, 0, nan, nan, nan, empty=empty)
    vertices, faces, uv = flat_mesh(body, members)
    pieces, euler = face_components(faces)[0], euler_characteristic(faces)
    flat = laid_flat(faces, uv) if body.charts_from is not None else np.zeros(len(faces), bool)
    shown = faces[~flat]
    if twin is not None:
        mean, worst, plain = twin.distortion_mean, twin.distortion_worst, twin.scaling_mean
    elif pieces == 1:
        mean, worst, plain = _distortions(vertices, faces, uv, sources, scaling and euler == 1)
    else:
        mean, worst, plain = float("nan"), float("nan"), None
    along, outward = directions(body, chart)
    return ChartFigures(
        chart=chart,
        name=name,
        triangles=len(members),
        euler=euler,
        components=pieces,
        flips=flips(uv[shown]),
        crossings=crossings(uv, _border(shown)),
        overlaps=overlaps(uv[shown]),
        distortion_mean=mean,
        distortion_worst=worst,
        round_trip=round_trip(body, members, points, seed),
        scaling_mean=plain,
        along=along,
        outward=outward,
        laid_flat=tuple(members[flat].tolist()),
    )


def _empty(body: Body, members: Ints) -> str:
    if not len(members):
        return "no triangles"
    if not body.face_area[members].sum() > 0:
        return "no area"
    return "" if image_areas(body.face_uv[members]).sum() > DEGENERATE else "no area in U,V"


def laid_flat(faces: Ints, uv: Floats) -> NDArray[np.bool_]:
    """Which triangles `(F,)` of a chart lie flat, their longest edge on a neighbour's and another on the boundary.

    So are triangles filled in that a file of charts leaves out (see `surface.builders.smpl_uv.fill`): the image of the
    others is whole without them. Triangles that are degenerate elsewhere are none of these.
    """
    edge = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2)
    size = len(uv)
    rim = ~np.isin(edge[..., 0] * size + edge[..., 1], edge[..., 1] * size + edge[..., 0])
    length = np.linalg.norm(uv[edge[..., 0]] - uv[edge[..., 1]], axis=2)
    longest = length.argmax(axis=1)[:, None]
    inner = ~np.take_along_axis(rim, longest, axis=1)[:, 0] & (length.max(axis=1) > 0)
    return np.asarray((2.0 * image_areas(uv[faces]) <= DEGENERATE) & rim.any(axis=1) & inner)


def _is_twin(body: Body, chart: int) -> bool:
    """Whether a chart is the exact mirror image of its partner, triangle by triangle, with the same U and V."""
    if body.mirror_face is None or body.mirror_corner is None:
        return False
    members = body.face_chart == chart
    other, corner = body.mirror_face[members], body.mirror_corner[members].astype(np.int64)
    same_uv = np.array_equal(np.take_along_axis(body.face_uv[other], corner[..., None], axis=1), body.face_uv[members])
    there = body.vertices[np.take_along_axis(body.faces[other], corner, axis=1)]
    reflected = body.vertices[body.faces[members]] * [-1.0, 1.0, 1.0]
    return same_uv and bool(np.abs(there - reflected).max(initial=0.0) < 1e-9)


def _distortions(
    vertices: Floats, faces: Ints, uv: Floats, sources: int, scaling: bool
) -> tuple[float, float, float | None]:
    """Mean and worst distortion of a chart, and the mean of plain scaling's layout."""
    weight = vertex_areas(vertices, faces)
    # Vertices in order of height at equal steps of area: as many from every square centimetre.
    order = np.lexsort((vertices[:, 2], vertices[:, 1]))
    step = (np.arange(sources) + 0.5) / sources * weight.sum()
    origin = np.unique(order[np.searchsorted(np.cumsum(weight[order]), step).clip(max=len(order) - 1)])
    distance = geodesics(vertices, faces, origin)
    mean, worst = distortion(distance, origin, uv, weight)
    if not scaling:
        return mean, worst, None
    count = len(vertices) if len(vertices) <= flatten.ALL else flatten.LANDMARKS
    plain = flatten.scaled(Pairs(*landmarks(vertices, faces, count)))
    return mean, worst, distortion(distance, origin, plain, weight)[0]


def _border(faces: Ints) -> Ints:
    """Directed edges `(B, 2)` that no triangle has the other way."""
    directed = half_edges(faces)
    size = int(faces.max()) + 1
    return directed[~np.isin(directed[:, 0] * size + directed[:, 1], directed[:, 1] * size + directed[:, 0])]


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
