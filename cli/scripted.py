"""A scripted annotator: drives one person through masks, sampling and marks over HTTP, as the browser would.

It stands in for a person where no person is: in `densemark demo --check` and in tests. Its masks are given, its marks
are only roughly right (each point goes to the same relative place on the part's first view), so its output shows
that the path works, not how well anyone annotates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.spatial import cKDTree

from annotation.masks import encode_runs
from cli.api import Api
from surface import cameras, views
from surface.body import Body
from surface.raster import rasterize

LabelMap = NDArray[np.uint8]
Click = tuple[int, float, float]


def paint(polygons: Mapping[int, Sequence[tuple[float, float]]], region: Sequence[int]) -> LabelMap:
    """Label map (h,w) of polygons by part, in image coordinates, over region [x0,y0,w,h]; later parts overwrite."""
    x0, y0, width, height = region
    canvas = Image.new("L", (width, height))
    for part, polygon in polygons.items():
        ImageDraw.Draw(canvas).polygon([(x - x0, y - y0) for x, y in polygon], fill=part)
    return np.asarray(canvas)


def relative_clicks(body: Body, points: Sequence[dict[str, Any]], grid: int = 96) -> list[Click]:
    """For each point the place on its part's first view with the same relative position within the part's extent.

    That is the front view, or the first other one where the front view shows nothing of the part.

    Raises:
        ValueError: no view of a point's part shows it.
    """
    clicks: list[Click | None] = [None] * len(points)
    for part in {int(point["part"]) for point in points}:
        chosen = [index for index, point in enumerate(points) if point["part"] == part]
        image_xy = np.array([[points[index]["x"], points[index]["y"]] for index in chosen])
        view, lit = _lit_positions(body, part, grid)
        for index, (x, y) in zip(chosen, _stretch(image_xy, lit), strict=True):
            clicks[index] = (view, float(x), float(y))
    return [click for click in clicks if click is not None]


def _lit_positions(body: Body, part: int, grid: int) -> tuple[int, NDArray[np.float64]]:
    """The first view that shows the part's outside, and the positions (N,2), on a grid, where it does."""
    faces = np.flatnonzero(body.face_part == part)
    for view in views.views(body, part):
        xy, depth = view.camera(body.vertices, grid)
        face, _, _ = rasterize(xy, depth, body.faces[faces], grid, grid)
        outside = cameras.facing(body, view, faces) > 0
        rows, columns = np.nonzero((face >= 0) & outside[face])
        if len(rows):
            return view.index, (np.stack([columns, rows], axis=1) + 0.5) / grid
    raise ValueError(f"no view of part {part} ({body.part_names[part - 1]}) shows it")


def _stretch(xy: NDArray[np.float64], lit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maps points to lit positions: extent onto extent, then to the nearest lit position."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    relative = (xy - low) / np.where(high > low, high - low, 1.0)
    wanted = lit.min(axis=0) + relative * (lit.max(axis=0) - lit.min(axis=0))
    nearest: NDArray[np.float64] = lit[cKDTree(lit).query(wanted)[1]]
    return nearest


def annotate(
    api: Api,
    person_id: str,
    make_mask: Callable[[Sequence[int]], LabelMap],
    make_clicks: Callable[[Sequence[dict[str, Any]]], Sequence[Click]],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Takes one person from its present state to submitted points.

    Args:
        make_mask: from the task's region [x0,y0,w,h] to its label map.
        make_clicks: from the sampled points to one click (view, x, y in [0,1]) each.

    Returns:
        {"parts": parts painted, "points": points marked, "marks": the server's marks}.
    """
    task = api.post(f"/api/persons/{person_id}/task")
    if task["state"] != "open":
        task = api.post(f"/api/tasks/{task['id']}/reopen")
    if task["kind"] == "points":
        task = api.post(f"/api/tasks/{task['id']}/reopen-mask")
    mask = api.get(f"/api/tasks/{task['id']}/mask")
    label_map = make_mask(task["region"])
    written = api.put(
        f"/api/masks/{mask['id']}",
        {
            "task_id": task["id"],
            "region": task["region"],
            "runs": encode_runs(label_map),
            "revision": mask["revision"],
            "seconds": 0.0,
        },
    )
    task = api.post(f"/api/tasks/{task['id']}/mask/submit", {"revision": written["revision"]})
    points = api.get(f"/api/tasks/{task['id']}/points")["items"]
    marks = []
    for done, (point, (view, x, y)) in enumerate(zip(points, make_clicks(points), strict=True), start=1):
        mark = point["mark"] or {"id": str(uuid4()), "revision": 0}
        place = {"kind": "surface", "view": view, "x": x, "y": y, "seconds": 0.0}
        head = {"task_id": task["id"], "point_id": point["id"], "revision": mark["revision"]}
        marks.append(api.put(f"/api/marks/{mark['id']}", head | place))
        if progress is not None:
            progress(done, len(points))
    api.post(f"/api/tasks/{task['id']}/submit")
    return {"parts": sorted({int(p["part"]) for p in points}), "points": points, "marks": marks}
