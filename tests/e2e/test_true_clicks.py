"""What the whole path adds to an annotator's error, from the photo to the exported file.

A scripted annotator paints the true masks of a rendered person and clicks each point's true place, on the view that
shows it best, as exactly as a mouse on a view of 512 pixels can.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

import surface
from cli.scripted import Click, annotate
from surface import views
from tests.e2e.conftest import Street

DISPLAY = 512


def test_true_clicks_come_back_within_a_millimetre(street: Street) -> None:
    body, truth = surface.load("anny"), street.render.person.truth

    def true_mask(region: Sequence[int]) -> np.ndarray:
        x0, y0, width, height = region
        return truth.part_map()[y0 : y0 + height, x0 : x0 + width]

    def true_points(points: Sequence[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
        rows = truth.rows([(point["x"], point["y"]) for point in points])
        bary = truth.bary[rows].astype(np.float64)
        return truth.face[rows], bary / bary.sum(axis=1, keepdims=True)

    def true_clicks(points: Sequence[dict[str, Any]]) -> list[Click]:
        face, bary = true_points(points)
        clicks = []
        for number, point in enumerate(points):
            part, at = int(point["part"]), slice(number, number + 1)
            best = int(views.best_view(body, part, face[at], bary[at])[0][0])
            x, y, _ = views.project(body, views.views(body, part)[max(best, 0)], face[at], bary[at])
            clicks.append((max(best, 0), *(float((np.floor(v[0] * DISPLAY) + 0.5) / DISPLAY) for v in (x, y))))
        return clicks

    with street.api("annotator") as annotator:
        work = annotate(annotator, street.person_id, true_mask, true_clicks)
    truth = true_points(work["points"])
    with street.api("lead") as lead:
        dataset = json.loads(lead.download(f"/api/projects/{street.project_id}/export"))
    exported = dataset["annotations"][0]

    by_place = {(point["x"], point["y"]): n for n, point in enumerate(work["points"])}
    x0, y0, width, height = exported["bbox"]
    places = zip(exported["dp_x"], exported["dp_y"], strict=True)
    order = [by_place[round(x0 + x * width / 256, 6), round(y0 + y * height / 256, 6)] for x, y in places]
    assert sorted(order) == list(range(len(work["points"])))
    assert len(order) >= 80
    marked = body.from_iuv(exported["dp_I"], exported["dp_U"], exported["dp_V"])
    error = body.geodesic((truth[0][order], truth[1][order]), marked)
    assert np.median(error) <= 0.001
    assert np.quantile(error, 0.99) <= 0.004
