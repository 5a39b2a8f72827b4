"""Evaluating on a body of ours: a plate whose chart is its own picture, so that distances are those in U,V."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from evaluation.detection import groundtruth, predictions
from evaluation.detection.distances import of_body
from evaluation.detection.evaluate import evaluate
from surface.geodesic_build import build
from tests.evaluation.detection import made
from tests.surface.closed_forms import plate

SIDE = 100
RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, SIDE, (2, 50))
U, V = RNG.random((2, 50))
IUV = np.stack([np.ones((SIDE, SIDE)), *RNG.integers(0, 256, (2, SIDE, SIDE))], axis=-1).astype(np.uint8)
IUV[:, :20] = 0


@pytest.fixture(scope="module")
def body():
    flat = plate().body
    return dataclasses.replace(flat, face_uv=flat.vertices[flat.faces][..., :2])


@pytest.fixture(scope="module")
def folder(body, tmp_path_factory):
    """Where the body's geodesic table is."""
    built = tmp_path_factory.mktemp("tables")
    build(body.hash, body.vertices, body.faces, built, 1, 1000)
    return built


@pytest.fixture(scope="module")
def files():
    person = {
        "id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 255, 255], "area": 1e4, "iscrowd": 0,
        "segmentation": [], "dp_x": X.tolist(), "dp_y": Y.tolist(), "dp_I": [1] * 49 + [2],
        "dp_U": U.tolist(), "dp_V": V.tolist(),
    }  # fmt: skip
    images = [{"id": 1, "width": 300, "height": 300}]
    truth = groundtruth.from_coco({"images": images, "annotations": [person], "categories": [{"id": 1}]})
    entry = {"image_id": 1, "category_id": 1, "bbox": [0, 0, SIDE, SIDE], "score": 1, "uv_data": made.png(IUV)}
    return truth, predictions.from_entries([entry])


def expected(truth, predicted):
    """GPS of 49 points, one of which is no chart's, from places (50,2)."""
    metres = np.linalg.norm(truth - predicted, axis=1)[:49]
    metres[X[:49] < 20] = np.inf
    return metres, np.exp(-(metres**2) / (2 * 0.255**2)).mean()


def test_points_are_measured_where_they_are(body, folder, files):
    found = evaluate(*files, of_body(body, folder=folder), kappa=0.255)
    metres, gps = expected(np.stack([U, V], 1), IUV[Y, X, 1:] / 255)
    assert found.pointwise.metres == pytest.approx(metres, abs=2e-3)
    assert found.similarity[0].gps[0, 0] == pytest.approx(gps, abs=2e-3)
    assert found.auc30 == pytest.approx(np.maximum(0, 1 - metres / 0.3).mean(), abs=5e-3)
    assert found.distances == "body plate, exact geodesics"


def test_points_move_to_the_nearest_vertices(body, folder, files):
    found = evaluate(*files, of_body(body, nearest_vertex=True, folder=folder), kappa=0.255)
    places = body.vertices[:, :2]
    moved = [
        places[np.linalg.norm(places[None] - np.asarray(p)[:, None], axis=2).argmin(axis=1)]
        for p in (np.stack([U, V], 1), IUV[Y, X, 1:] / 255)
    ]
    metres, gps = expected(*moved)
    assert found.pointwise.metres == pytest.approx(metres, abs=1e-3)
    assert found.similarity[0].gps[0, 0] == pytest.approx(gps, abs=1e-3)
    assert found.distances == "body plate, nearest vertices"


def test_what_a_body_lacks_is_said(body, folder, files, tmp_path):
    with pytest.raises(ValueError, match="no geodesic table of body 'plate': `densemark body geodesics` builds it"):
        of_body(body, folder=tmp_path)
    with pytest.raises(ValueError, match="kappa per part is known of 24 charts; this surface has 1: give a number"):
        evaluate(*files, of_body(body, folder=folder))
