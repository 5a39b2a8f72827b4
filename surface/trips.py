"""There and back: I,U,V to the surface to I,U,V, the surface to I,U,V to the surface, and through the mirror twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

UV_LIMIT = 1e-4  # of I,U,V to the surface to I,U,V, and of mirrored points
SURFACE_LIMIT = 5e-4  # metres, of the surface to I,U,V to the surface, 99.9th percentile


@dataclass(frozen=True)
class TripFigures:
    """Round trips between the charts and the surface.

    Attributes:
        uv_points: I,U,V points per chart, uniform over the chart's image.
        uv_worst: largest change of U or V of I,U,V to the surface and back.
        uv_strays: points that came back on another chart.
        surface_points: surface points, uniform by area; as many lie on the borders of charts, at vertices or on edges.
        surface_high: 99.9th percentile of the distance in metres between a point and its way to I,U,V and back.
        surface_worst: the largest.
        single_high, single_worst: the same with U and V kept in single precision.
    """

    uv_points: int
    uv_worst: float
    uv_strays: int
    surface_points: int
    surface_high: float
    surface_worst: float
    single_high: float
    single_worst: float

    @property
    def problems(self) -> list[str]:
        """What does not come back where it was, in words."""
        found = []
        if self.uv_strays or not self.uv_worst < UV_LIMIT:
            found.append(
                f"round trip from I,U,V: off by up to {self.uv_worst:.1e}, {self.uv_strays} points on another chart"
            )
        if not self.single_high < SURFACE_LIMIT:
            found.append(f"round trip from the surface: {1000 * self.single_high:.2f} mm at the 99.9th percentile")
        return found


def trip_figures(body: Body, uv_points: int = 100_000, surface_points: int = 500_000, seed: int = 0) -> TripFigures:
    """Round trips of random points; see `TripFigures`. Charts that cover nothing in U,V are passed over."""
    rng = np.random.default_rng(seed)
    worst, strays = 0.0, 0
    for chart in range(1, len(body.chart_names) + 1):
        if not image_areas(body.face_uv[body.face_chart == chart]).sum() > 0:
            continue
        i, u, v = in_chart(body, chart, uv_points, rng)
        again = body.to_iuv(*body.from_iuv(i, u, v))
        strays += int((again[0] != i).sum())
        worst = max(worst, float(np.abs(again[1] - u).max()), float(np.abs(again[2] - v).max()))
    even, border = _even(body, surface_points, rng), on_borders(body, surface_points, rng)
    face, bary = np.concatenate([even[0], border[0]]), np.concatenate([even[1], border[1]])
    i, u, v = body.to_iuv(face, bary)
    back = body.from_iuv(i, u, v)
    at = body.position(face, bary)
    off = np.linalg.norm(body.position(*back) - at, axis=1)
    single = body.from_iuv(i, np.minimum(u.astype(np.float32), 1), np.minimum(v.astype(np.float32), 1))
    off_single = np.linalg.norm(body.position(*single) - at, axis=1)
    return TripFigures(
        uv_points=uv_points,
        uv_worst=worst,
        uv_strays=strays,
        surface_points=surface_points,
        surface_high=float(np.quantile(off, 0.999)),
        surface_worst=float(off.max()),
        single_high=float(np.quantile(off_single, 0.999)),
        single_worst=float(off_single.max()),
    )


def in_chart(body: Body, chart: int, count: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Random I, U, V (count,) each, uniform over a chart's image in the U,V square."""
    uv = body.face_uv[body.face_chart == chart]
    area = image_areas(uv)
    pick = rng.choice(len(uv), count, p=area / area.sum())
    u, v = np.einsum("nk,nkc->cn", rng.dirichlet((1.0, 1.0, 1.0), count), uv[pick]).clip(0.0, 1.0)
    return np.full(count, chart, np.uint8), u, v


def image_areas(uv: Floats) -> Floats:
    """Areas (F,) in the plane of triangles (F, 3, 2)."""
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    return np.asarray(0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))


def on_borders(body: Body, count: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Random surface points (face, bary) on borders of charts: on edges where U,V jump, a fifth of them at corners.

    On any edges where there are no borders.
    """
    side = np.repeat(np.arange(len(body.faces), dtype=np.int32), 3)
    corner = np.tile(np.arange(3), len(body.faces))
    both = np.stack([corner, (corner + 1) % 3], axis=1)
    key = np.concatenate(
        [body.face_uv[side[:, None], both].reshape(len(side), 4), body.face_chart[side][:, None]], axis=1
    )
    ends = body.faces[side[:, None], both].astype(np.int64)
    other = dict(zip(map(tuple, ends.tolist()), key.tolist(), strict=True))
    seam = [
        (twin := other.get((b, a))) is None or twin[4] != own[4] or twin[:2] != own[2:4] or twin[2:4] != own[:2]
        for (a, b), own in zip(ends.tolist(), key.tolist(), strict=True)
    ]
    rows = np.flatnonzero(seam) if any(seam) else np.arange(len(seam))
    pick = rows[rng.integers(len(rows), size=count)]
    t = rng.random(count)
    t[: count // 5] = 0.0
    bary = np.zeros((count, 3))
    every = np.arange(count)
    bary[every, corner[pick]], bary[every, (corner[pick] + 1) % 3] = 1.0 - t, t
    return side[pick], bary


def _even(body: Body, count: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Random surface points (face, bary), uniform by area."""
    total = body.face_area.sum()
    face = rng.choice(len(body.faces), count, p=body.face_area / total if total > 0 else None).astype(np.int32)
    return face, rng.dirichlet((1.0, 1.0, 1.0), count)


@dataclass(frozen=True)
class MirrorFigures:
    """A body and its mirror image.

    Attributes:
        exact: whether triangles are mirror images of each other, rather than the surface alone.
        back: 99.9th percentile of the distance in metres between a point and its mirror image's mirror image.
        reflection: 99.9th percentile of the distance in metres between a point's mirror image and its reflection in
            x = 0.
        other_part: share of points whose mirror image is not in the mirrored coarse part.
        other_chart: share of points whose mirror image is not on the mirrored chart.
        uv: largest difference in U or V between a point and its mirror image where they are on mirrored charts; on a
            chart that is its own mirror image, of U and 1 - U.
    """

    exact: bool
    back: float
    reflection: float
    other_part: float
    other_chart: float
    uv: float

    @property
    def problems(self) -> list[str]:
        """What is not mirrored, in words."""
        found = []
        if not self.back < (1e-9 if self.exact else 5e-3):
            found.append(f"mirror: twice mirrored, a point is {1000 * self.back:.2f} mm off")
        if self.other_part > self._limit:
            found.append(f"mirror: {100 * self.other_part:.2g}% of the points are mirrored to another part")
        return found

    @property
    def unlike(self) -> list[str]:
        """How the charts of the two sides differ, in words."""
        found = []
        if self.other_chart > self._limit:
            found.append(f"mirror: {100 * self.other_chart:.2g}% of the points are mirrored to another chart")
        if not self.uv < UV_LIMIT:
            found.append(f"mirror: mirrored points differ in U,V by up to {self.uv:.2g}")
        return found

    @property
    def _limit(self) -> float:
        return 0.0 if self.exact else 0.05


def mirror_figures(body: Body, count: int = 50_000, seed: int = 0) -> MirrorFigures | None:
    """Figures of a body's mirror, over random points; None for a body without one."""
    if not body.symmetric:
        return None
    face, bary = _even(body, count, np.random.default_rng(seed))
    other = body.mirror(face, bary)
    at, there = body.position(face, bary), body.position(*other)
    again = body.position(*body.mirror(*other))
    i, u, v = body.to_iuv(face, bary)
    j, s, t = body.to_iuv(*other)
    wanted = body.chart_mirror[i]
    same = j == wanted
    u = np.where(wanted == i, 1.0 - u, u)
    off = np.maximum(np.abs(u - s), np.abs(v - t))[same]
    matched = body.part(other[0]) == body.part_mirror[body.part(face)]
    return MirrorFigures(
        exact=body.mirror_face is not None,
        back=float(np.quantile(np.linalg.norm(again - at, axis=1), 0.999)),
        reflection=float(np.quantile(np.linalg.norm(there - at * [-1.0, 1.0, 1.0], axis=1), 0.999)),
        other_part=float(1.0 - matched.mean()),
        other_chart=float(1.0 - same.mean()),
        uv=float(off.max(initial=0.0)),
    )
