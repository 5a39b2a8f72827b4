"""What an evaluation is summed up to: by part, by size, by person."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.detection import groundtruth, page, predictions, summary, summary_json
from evaluation.detection.distances import open_surface
from evaluation.detection.evaluate import evaluate
from evaluation.detection.sizes import averages_of
from tests.evaluation.detection import made

PARTS = summary.Parts(
    ("Torso", "Left Hand", "Right Hand", "Head"),
    tuple(n % 4 for n in range(24)),
    ("#112233", "#445566", "#778899", "#aabbcc"),
)


@pytest.fixture(scope="module")
def surface(tmp_path_factory):
    described = made.surface(np.random.default_rng(5))
    return open_surface(made.write_surface(tmp_path_factory.mktemp("surface"), described))


def evaluated(surface, dataset, results, kappa="per-part", most=summary.WORST):
    truth, detections = groundtruth.from_coco(dataset), predictions.from_entries(results)
    found = evaluate(truth, detections, surface, kappa)
    return truth, detections, found, summary.summarise(truth, detections, found, PARTS, most)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=8, deadline=None)
def test_averages_of_any_size_follow_the_rules_of_the_ten_figures(surface, seed, twice):
    dataset, results = made.dataset(np.random.default_rng(seed))
    if twice:  # a second category
        other = [a | {"id": a["id"] + 1000, "category_id": 7} for a in dataset["annotations"]]
        dataset["categories"].append({"id": 7})
        dataset["annotations"] += other
        results += [d | {"category_id": 7} for d in results[::2]]
    truth, detections, found, _ = evaluated(surface, dataset, results)
    for ending, low, high in (("", 0, 1e10), ("m", 32**2, 96**2), ("l", 96**2, 1e10)):
        ap, ar = averages_of(truth, detections, found, low, high)
        for mode, stats in found.stats.items():
            assert ap[mode] == pytest.approx(stats[f"AP{ending}"], abs=1e-12)
            assert ar[mode] == pytest.approx(stats[f"AR{ending}"], abs=1e-12)


def test_parts_groups_and_sizes_are_of_the_points(surface):
    dataset, results = made.dataset(np.random.default_rng(7), images=12)
    truth, _, found, summed = evaluated(surface, dataset, results)
    chart, metres = found.pointwise.chart, found.pointwise.metres
    for n, part in enumerate(summed.parts):
        own = metres[(chart - 1) % 4 == n]
        seen = own[own < np.inf]
        assert (part.name, part.points) == (PARTS.names[n], len(own))
        assert part.background == pytest.approx(np.mean(np.isinf(own)))
        assert part.mean == pytest.approx(seen.mean())
        assert part.median == pytest.approx(np.median(seen))
        assert part.auc10 == pytest.approx(np.mean([max(0, 1 - m / 0.1) for m in own]))
        assert part.auc30 == pytest.approx(np.mean([max(0, 1 - m / 0.3) for m in own]))
    assert [group.name for group in summed.groups] == ["Torso", "Hands", "Head"]
    assert summed.groups[1].points == summed.parts[1].points + summed.parts[2].points
    assert summed.points.auc30 == pytest.approx(found.auc30)
    for size, low, high in zip(summed.sizes, (0, 32**2, 96**2), (32**2, 96**2, 1e10), strict=True):
        rows = np.flatnonzero((truth.areas >= low) & (truth.areas <= high) & truth.annotated)
        assert size.persons == len(rows)
        assert size.points.points == np.isin(found.pointwise.person, rows).sum()
    at = summary.THRESHOLDS.tolist().index(0.1)
    assert summed.ratio[at] == pytest.approx(np.mean(metres <= 0.1 + 1e-9))


def test_the_worst_persons_have_the_lowest_gps(surface):
    dataset, results = made.dataset(np.random.default_rng(7), images=12)
    truth, _, found, summed = evaluated(surface, dataset, results)
    with_points = set(found.pointwise.person.tolist())
    seen = {row for row in with_points if found.pointwise.detection[row]}
    assert {p.row for p in summed.worst} == seen
    assert {p.row for p in summed.missed} == with_points - seen != set()
    assert [p.gps for p in summed.worst] == sorted(p.gps for p in summed.worst)
    entries = {a["id"]: a for a in dataset["annotations"]}
    for person in summed.worst:
        entry, detection = entries[person.annotation_id], results[person.detection - 1]
        assert person.image_id == entry["image_id"] == detection["image_id"]
        assert person.file_name == f"{person.image_id}.jpg"
        assert person.score == detection["score"]
        table = next(s for s in found.similarity if s.image_id == person.image_id)
        cell = table.detection_ids == person.detection, table.annotation_ids == person.annotation_id
        assert (person.gps, person.iou) == (table.gps[np.ix_(*cell)].item(), table.mask_iou[np.ix_(*cell)].item())
    assert [p.points.points for p in summed.missed] == sorted((p.points.points for p in summed.missed), reverse=True)
    assert [p.row for p in evaluated(surface, dataset, results, most=2)[3].worst] == [p.row for p in summed.worst[:2]]
    assert (summed.counts.measured, summed.counts.found) == (len(with_points), len(seen))
    assert summed.counts.points + summed.counts.skipped == len(truth.I)


def test_counts_say_what_was_left_out(surface):
    dataset, results = made.dataset(np.random.default_rng(2))
    many = [results[0] | {"score": 0.001 * n} for n in range(25)] + [results[0] | {"category_id": 9}] * 3
    summed = evaluated(surface, dataset, many)[3]
    assert (summed.counts.detections, summed.counts.surplus) == (28, 5 + 3)
    assert evaluated(surface, dataset, [])[3].counts.surplus == 0


def test_nothing_to_measure_is_minus_one(surface):
    dataset, results = made.dataset(np.random.default_rng(1))
    bare = dataset | {"annotations": [{k: v for k, v in a.items() if k[:3] != "dp_"} for a in dataset["annotations"]]}
    for empty in (bare, bare | {"annotations": []}):
        _, _, found, summed = evaluated(surface, empty, results)
        said = json.loads(json.dumps(summary_json.document(found, summed), allow_nan=False))
        assert set(said["gpsm"].values()) | set(said["rcp"]["share"]) == {-1.0}
        assert {part["median"] for part in said["parts"]} == {part["background"] for part in said["groups"]} == {-1.0}
        assert {value for size in said["sizes"] for value in (*size["ap"].values(), *size["ar"].values())} == {-1.0}
        assert said["worst"] == said["missed"] == []
        assert said["keypoints"] is None


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=4, deadline=None)
def test_the_page_shows_any_set(surface, seed):
    dataset, results = made.dataset(np.random.default_rng(seed))
    truth, detections, found, summed = evaluated(surface, dataset, results)
    said = summary_json.document(found, summed)
    text = "".join(page.write(said, summed, found, truth, detections, PARTS))
    assert text.count("<article>") == len(summed.worst) + len(summed.missed)
    shown = [*summed.worst, *summed.missed]
    assert len(re.findall(r'<circle cx="[-.\d]+" cy="[-.\d]+" r="[.\d]+" fill="#|class="halo"', text)) == sum(
        p.points.points for p in shown
    )
