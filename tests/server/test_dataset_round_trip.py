"""What is imported and not changed is exported as it came: positions to 1e-9, charts and masks exactly."""

import json
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import surface
from annotation.words import Role
from export.check import check
from export.project import export_project
from server.images import coco
from server.images.service import import_paths
from server.state import State
from tests.server.dense_files import cse, entry, write
from tests.server.people import Api, add_user, png, sign_in

BODY = surface.load("anny")
KEPT = ("id", "image_id", "bbox", "area", "iscrowd", "category_id", "segmentation", "keypoints", "num_keypoints")
CHARTS, VERTICES = ("dp_I", "dp_U", "dp_V"), ("dp_vertex", "ref_model")
_numbers = count()

# x, y, w, h: within the image of 60 x 80, over its borders, a pixel wide or high, far larger than the image
boxes = st.tuples(
    st.floats(-200, 58.5), st.floats(-200, 78.5), st.one_of(st.floats(1, 80), st.floats(1, 900)), st.floats(1, 900)
).filter(lambda b: b[0] + b[2] > 1.5 and b[1] + b[3] > 1.5)
rounded = boxes.map(lambda box: tuple(round(value, 2) for value in box))


def round_trip(state: State, lead: Api, folder: Path, persons: list[dict[str, Any]], format_: str) -> list[Any]:
    """The persons of a file after they were imported into a new project and exported again."""
    project = UUID(lead.project(name=f"P{next(_numbers)}"))
    image = folder / "a.png"
    image.write_bytes(png())
    import_paths(state, project, None, [image])
    result = coco.import_coco_file(state, project, None, write(folder / "in.json", persons), [])
    assert (result.persons, result.refused_persons) == (len(persons), [])
    with state.database.read() as session:
        exported = export_project(session, project, folder / "out", format_, body=BODY)
    assert check(exported.files[0]).ok
    found: list[Any] = json.loads(exported.files[0].read_text())["annotations"]
    return found


def same(before: dict[str, Any], after: dict[str, Any], exact: tuple[str, ...]) -> None:
    """Raises AssertionError unless a person came out as it went in."""
    assert {key: after[key] for key in KEPT} == {key: before[key] for key in KEPT}
    assert after["dp_masks"] == before["dp_masks"]
    assert {key: after[key] for key in exact} == {key: before[key] for key in exact}
    for key in ("dp_x", "dp_y"):
        assert np.abs(np.subtract(after[key], before[key])).max() <= 1e-9


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(boxes | rounded, min_size=1, max_size=6), st.integers(0, 9))
def test_charts_come_out_as_they_came_in(
    app: FastAPI, lead: Api, state: State, tmp_path: Path, found: list[Any], seed: int
) -> None:
    persons = [entry(n, seed=seed, bbox=list(box)) for n, box in enumerate(found, start=3)]
    after = round_trip(state, lead, tmp_path, persons, "densepose-coco")
    assert len(after) == len(persons)
    for before, own in zip(persons, after, strict=True):
        same(before, own, CHARTS)


def test_either_database_gives_back_what_it_took(any_app: FastAPI, tmp_path: Path) -> None:
    add_user(any_app, "lena", Role.lead)
    lead, state = sign_in(any_app, "lena"), any_app.state.densemark
    charts = [entry(n, seed=n) for n in (3, 4)]
    for before, after in zip(charts, round_trip(state, lead, tmp_path, charts, "densepose-coco"), strict=True):
        same(before, after, CHARTS)
    vertices = cse(entry(9, points=30), list(range(30)))
    (after,) = round_trip(state, lead, tmp_path, [vertices], "densepose-cse")
    same(vertices, after, VERTICES)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(boxes, st.lists(st.integers(0, len(BODY.vertices) - 1), min_size=1, max_size=30))
def test_vertices_come_out_as_they_came_in(
    app: FastAPI, lead: Api, state: State, tmp_path: Path, box: Any, vertices: list[int]
) -> None:
    before = cse(entry(9, points=len(vertices), bbox=list(box)), vertices)
    (after,) = round_trip(state, lead, tmp_path, [before], "densepose-cse")
    same(before, after, VERTICES)


def test_persons_without_points_and_odd_values_come_out_too(
    app: FastAPI, lead: Api, state: State, tmp_path: Path
) -> None:
    plain = {key: value for key, value in entry(4).items() if not key.startswith("dp_")}
    unseen = entry(5, keypoints=[0.0, 0.0, 0] * 17, num_keypoints=0)
    off_mask = entry(6, dp_masks=[[]] * 14)
    after = round_trip(state, lead, tmp_path, [plain, unseen, off_mask, entry(7)], "densepose-coco")
    assert {key: after[0][key] for key in KEPT} == {key: plain[key] for key in KEPT}
    assert "dp_x" not in after[0]
    for before, own in zip([unseen, off_mask], after[1:], strict=False):
        same(before, own, CHARTS)


def test_what_was_edited_is_no_longer_what_came_in(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    before = entry(4)
    after = round_trip(state, lead, tmp_path, [before], "densepose-coco")
    same(before, after[0], CHARTS)
    with pytest.raises(AssertionError):
        same(before | {"dp_masks": entry(4, seed=3)["dp_masks"]}, after[0], CHARTS)
