"""The body's surface: renderer, part views, picking, I,U,V and geodesics; the renderer beside an embree ray cast."""

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
import trimesh

import surface
from benchmarks import geodesics as tables
from surface import views
from surface.body import Body
from surface.check import inspect
from surface.raster import rasterize
from synthesis.render import Options, render

SIZE = 512
POINTS = 200_000
DISPLAY = 512


def measure() -> dict[str, float]:
    """Figures by name; times are medians, of processor time."""
    body = surface.load("anny")
    return {
        **renderer(body),
        **part_views(body),
        **charts(body),
        **geodesics(body),
        **tables.figures(body),
        "render a person 512 px, ms": round(timed(lambda: render(body, 0, Options(size=SIZE)), 5), 1),
    }


def timed(call: Callable[[], object], repeats: int) -> float:
    """Median milliseconds of processor time of a call that was made once before: what else runs matters little."""
    call()
    times = []
    for _ in range(repeats):
        start = process_time()
        call()
        times.append(1000 * (process_time() - start))
    return median(times)


def standing(body: Body) -> tuple[np.ndarray, np.ndarray, float]:
    """The body from the front, filling a square of SIZE pixels: xy (V,2), depth (V,), pixels per metre."""
    low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
    scale = 0.95 * SIZE / float((high - low).max())
    xy = (body.vertices[:, :2] - (low + high)[:2] / 2) * [scale, -scale] + SIZE / 2
    return xy, -body.vertices[:, 2], scale


def renderer(body: Body) -> dict[str, float]:
    """The whole body in 512 x 512 pixels: triangle and barycentrics per pixel."""
    xy, depth, scale = standing(body)
    face, _, _ = rasterize(xy, depth, body.faces, SIZE, SIZE)
    figures = {
        "z-buffer, 512 px body, ms": round(timed(lambda: rasterize(xy, depth, body.faces, SIZE, SIZE), 51), 2),
        "z-buffer in perspective, ms": round(
            timed(lambda: rasterize(xy, depth + 3, body.faces, SIZE, SIZE, True), 51), 2
        ),
    }
    mesh = trimesh.Trimesh(body.vertices, body.faces, process=False)
    if "embree" not in type(mesh.ray).__module__:
        return figures
    y, x = np.mgrid[0:SIZE, 0:SIZE].reshape(2, -1) + 0.5
    middle = (body.vertices.min(axis=0) + body.vertices.max(axis=0))[:2] / 2
    start = np.stack([(x - SIZE / 2) / scale + middle[0], -(y - SIZE / 2) / scale + middle[1], np.full(len(x), 5.0)], 1)
    towards = np.tile([0.0, 0.0, -1.0], (len(x), 1))
    figures["embree cast of the same rays, triangle only, ms"] = round(
        timed(lambda: mesh.ray.intersects_first(start, towards), 11), 1
    )
    hits = mesh.ray.intersects_first(start, towards).reshape(SIZE, SIZE)
    figures["same triangle as embree, share of pixels"] = round(float((hits == face).mean()), 5)
    return figures


def part_views(body: Body) -> dict[str, float]:
    """Picking, projecting and pictures; how much of the parts the six views show."""
    hand, rng = body.part_names.index("Left Hand") + 1, np.random.default_rng(0)
    view = views.views(body, hand)[0]
    spots = rng.uniform(0, 1, (200, 2))
    picks = iter(np.tile(spots, (3, 1)))
    face, bary = random_points(body, 150)
    six = views.views(body, hand)
    shares = [views.coverage(body, part) for part in range(1, len(body.part_names) + 1)]
    return {
        "pick, ms": round(timed(lambda: views.pick(body, view, *next(picks)), 200), 3),
        "project one mark on six views, ms": round(
            timed(lambda: [views.project(body, v, face[:1], bary[:1]) for v in six], 51), 2
        ),
        "project 150 marks on six views, ms": round(
            timed(lambda: [views.project(body, v, face, bary) for v in six], 21), 2
        ),
        "picture of a view 512 px, ms": round(timed(lambda: views.image(body, view), 11), 1),
        "views show of a part's area under 70 degrees, least": round(min(shares), 4),
        "views show of a part's area under 70 degrees, mean": round(float(np.mean(shares)), 4),
    }


def charts(body: Body) -> dict[str, float]:
    """To I,U,V and back, and how near the charts come to plain scaling."""
    face, bary = random_points(body, POINTS)
    iuv = body.to_iuv(face, bary)
    there, back = timed(lambda: body.to_iuv(face, bary), 5), timed(lambda: body.from_iuv(*iuv), 5)
    figures = inspect(body)
    charts, trips, mirror = figures.charts, figures.trips, figures.mirror
    faults = sum(chart.flips + chart.crossings + chart.overlaps for chart in charts)
    return {
        "to_iuv, points a second": round(1000 * POINTS / there),
        "from_iuv, points a second": round(1000 * POINTS / back),
        "nearest, points a second": round(
            1000 * 20_000 / timed(lambda: body.nearest(body.position(face[:20_000], bary[:20_000])), 3)
        ),
        "I,U,V to surface to I,U,V, 100,000 points a chart, worst": trips.uv_worst,
        "surface to I,U,V to surface, seams included, 99.9th percentile, mm": 1000 * trips.surface_high,
        "surface to I,U,V to surface in single precision, 99.9th percentile, mm": 1000 * trips.single_high,
        "U,V of mirrored points, largest difference": mirror.uv if mirror is not None else float("nan"),
        "flipped and overlapping triangles, boundary crossings": faults,
        "distance distortion of a chart, worst mean": round(max(chart.distortion_mean for chart in charts), 4),
        "distance distortion over plain scaling's, worst chart": round(max(chart.ratio or 0.0 for chart in charts), 3),
    }


def geodesics(body: Body) -> dict[str, float]:
    """Single exact distances between random points, and between points a few millimetres apart."""
    face, bary = random_points(body, 40)
    near = body.nearest(body.position(face, bary) + 0.003)[:2]
    pairs, close = iter(range(20)), iter(np.tile(np.arange(40), 2))

    def far() -> None:
        n = next(pairs)
        body.geodesic((face[[n]], bary[[n]]), (face[[n + 20]], bary[[n + 20]]), "exact")

    def step() -> None:
        n = next(close)
        body.geodesic((face[[n]], bary[[n]]), (near[0][[n]], near[1][[n]]), "exact")

    return {
        "geodesic between random points, ms": round(timed(far, 9), 1),
        "geodesic between near points, ms": round(timed(step, 39), 2),
    }


def random_points(body: Body, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Surface points, uniform over the faces."""
    rng = np.random.default_rng(0)
    return rng.integers(len(body.faces), size=count).astype(np.int32), rng.dirichlet(np.ones(3), size=count)
