"""The evaluator against a slow, literal restatement of the same rules."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.detection import averages, groundtruth, predictions
from evaluation.detection.distances import open_surface
from evaluation.detection.evaluate import evaluate
from evaluation.detection.matching import AREAS, People, match
from tests.evaluation.detection import literal, made


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    """A made-up surface and the same through its files."""
    described = made.surface(np.random.default_rng(5))
    return described, open_surface(made.write_surface(tmp_path_factory.mktemp("surface"), described))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["per-part", 0.255]))
@settings(max_examples=40, deadline=None)
def test_every_figure_is_that_of_the_literal_rules(body, seed, kappa):
    described, surface = body
    dataset, results = made.dataset(np.random.default_rng(seed))
    truth, detections = groundtruth.from_coco(dataset), predictions.from_entries(results)
    found = evaluate(truth, detections, surface, kappa)
    constant = None if kappa == "per-part" else kappa
    stats, similarity = literal.evaluate(dataset, results, described, constant)
    assert {s.image_id for s in found.similarity} == similarity.keys()
    for s in found.similarity:
        gps, overlap = similarity[s.image_id]
        np.testing.assert_allclose(s.gps, gps, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(s.mask_iou, overlap)
        scores = [results[d - 1]["score"] for d in s.detection_ids]
        assert scores == sorted(scores, reverse=True)
    for mode, figures in stats.items():
        assert found.stats[mode] == pytest.approx(figures, abs=1e-12)
    check_points(found.pointwise, truth, results, described, constant)


def check_points(found, truth, results, described, constant):
    for row, person in enumerate(truth.entries):
        if "dp_x" not in person:
            assert not (found.person == row).any()
            continue
        theirs = literal.by_score([d for d in results if d["image_id"] == person["image_id"]])
        errors = [literal.point_errors(described, person, d) for d in theirs]
        mine = found.metres[found.person == row]
        if found.detection[row] == 0:
            assert np.isinf(mine).all()
            assert all(np.isinf(e) for each in errors for _, e in each)
        else:
            chosen = next(k for k, d in enumerate(theirs) if d is results[found.detection[row] - 1])
            usable = [k for k, each in enumerate(errors) if any(np.isfinite(e) for _, e in each)]
            assert found.gps[row] == pytest.approx(literal.gps(described, person, theirs[chosen], constant), abs=1e-12)
            assert chosen == max(usable, key=lambda k: literal.gps(described, person, theirs[k], constant))
            np.testing.assert_allclose(mine, [e for _, e in errors[chosen]], rtol=1e-12)
            assert found.chart[found.person == row].tolist() == [i for i, _ in errors[chosen]]
            assert np.isfinite(mine).any()


VALUES = st.sampled_from([0.0, 0.3, 0.5, 0.55, 0.7, 0.8, 0.95, 1.0])
LEVELS = st.sampled_from([0.0, 1023.0, 1024.0, 5000.0, 9216.0, 9217.0])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_matching_is_that_of_the_literal_rules(data):
    d, g = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
    similarity, boxes = (data.draw(arrays(np.float64, (d, g), elements=VALUES)) for _ in range(2))
    ids = data.draw(st.lists(st.integers(0, 20), min_size=g, max_size=g, unique=True))
    annotated, crowd = (data.draw(arrays(np.bool_, g)) for _ in range(2))
    areas, sizes = data.draw(arrays(np.float64, g, elements=LEVELS)), data.draw(arrays(np.float64, d, elements=LEVELS))
    people = People(np.array(ids, np.int64), annotated, crowd, areas)
    found = match(similarity.ravel(), boxes.ravel(), np.array([0, g]), np.array([0, d]), people, sizes)
    persons = [
        {"id": i, "annotated": a, "crowd": c, "area": s}
        for i, a, c, s in zip(ids, annotated, crowd, areas, strict=True)
    ]
    for a, area in enumerate(AREAS):
        matched, ignored, counted = literal.match(similarity, boxes, persons, sizes, tuple(area))
        assert (found.matched[a] == (np.reshape(matched, (10, d)) != 0)).all()
        assert (found.ignored[a] == np.reshape(ignored, (10, d))).all()
        assert found.counted[a].tolist() == counted


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 7, 20, 50, 100]), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_averages_are_those_of_the_literal_rules(seed, persons, count):
    rng = np.random.default_rng(seed)
    matched, ignored = rng.random((2, 3, count)) < [[[0.6]], [[0.2]]]
    precision, recall = averages.curve(matched, ignored, persons)
    for t in range(3):
        mean, largest = literal.average(list(zip(matched[t], ignored[t], strict=True)), persons)
        if persons:
            assert precision[t].mean() == pytest.approx(mean, abs=1e-12)
            assert recall[t] == largest
        else:
            assert (precision[t] == -1).all()
            assert recall[t] == -1


@pytest.mark.parametrize("together", [0, 7, 40])
def test_batches_make_no_difference(body, monkeypatch, together):
    dataset, results = made.dataset(np.random.default_rng(3), images=8)
    truth, detections = groundtruth.from_coco(dataset), predictions.from_entries(results)
    told = []
    whole = evaluate(truth, detections, body[1], progress=lambda done, of: told.append((done, of)))
    monkeypatch.setattr("evaluation.detection.evaluate._TOGETHER", together)
    pieces = evaluate(truth, detections, body[1])
    assert json.dumps(whole.stats) == json.dumps(pieces.stats)
    assert np.array_equal(whole.pointwise.metres, pieces.pointwise.metres)
    assert told[-1][0] == told[-1][1] == len(told) > 0


def test_the_order_of_files_decides_only_ties(body):
    dataset, results = made.dataset(np.random.default_rng(11), images=6)
    results = [d | {"score": 0.001 * k} for k, d in enumerate(results)]
    first = evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results), body[1])
    turned = evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results[::-1]), body[1])
    assert first.stats == turned.stats


def test_categories_are_averaged_and_unknown_ones_left_out(body):
    dataset, results = made.dataset(np.random.default_rng(2), images=6)
    one = evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results), body[1])
    other = [a | {"id": a["id"] + 1000, "category_id": 7} for a in dataset["annotations"]]
    both = dataset | {"annotations": other + dataset["annotations"], "categories": [{"id": 7}, {"id": 1}, {"id": 9}]}
    twice = results + [d | {"category_id": 7} for d in results] + [d | {"category_id": 55} for d in results]
    two = evaluate(groundtruth.from_coco(both), predictions.from_entries(twice), body[1])
    for mode, figures in one.stats.items():
        assert two.stats[mode] == pytest.approx(figures, abs=1e-12)
    assert len(two.similarity) == 2 * len(one.similarity)


def test_nothing_to_measure_is_minus_one(body):
    dataset, results = made.dataset(np.random.default_rng(1))
    for persons in ([], [{k: v for k, v in a.items() if k[:3] != "dp_"} for a in dataset["annotations"]]):
        found = evaluate(
            groundtruth.from_coco(dataset | {"annotations": persons}), predictions.from_entries(results), body[1]
        )
        assert set(found.stats["gps"].values()) == {-1.0}
        assert found.auc10 == found.auc30 == -1.0
    none = evaluate(groundtruth.from_coco(dataset), predictions.from_entries([]), body[1])
    assert none.stats["gps"]["AP"] == none.stats["iou"]["AR"] == 0.0
    assert none.auc30 == 0.0
    assert list(none.figures()) == ["gps", "gpsm", "iou", "auc10", "auc30", "seconds"]


@pytest.mark.parametrize("kappa", ["other", 0.0, -1.0, float("nan"), float("inf")])
def test_kappa_is_checked(body, kappa):
    dataset, results = made.dataset(np.random.default_rng(1))
    with pytest.raises(ValueError, match="kappa is 'per-part' or a positive number of metres"):
        evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results), body[1], kappa)


def test_a_detection_of_an_unknown_image_is_refused(body):
    dataset, results = made.dataset(np.random.default_rng(1))
    results = [*results, results[0] | {"image_id": 12345}]
    with pytest.raises(ValueError, match=f"detection {len(results)}: the ground truth has no image 12345"):
        evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results), body[1])


def test_a_damaged_mask_names_its_annotation(body):
    dataset, results = made.dataset(np.random.default_rng(1))
    for person in dataset["annotations"]:
        person["dp_masks"] = [[]] * 3 + [{"size": [256, 256], "counts": "0000"}]
    with pytest.raises(ValueError, match=r"annotation \d+: dp_masks\[3\]: RLE counts cover"):
        evaluate(groundtruth.from_coco(dataset), predictions.from_entries(results), body[1])
