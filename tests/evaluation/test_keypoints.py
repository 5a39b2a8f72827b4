"""PDJ against closed forms, OKS against pycocotools."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from evaluation.keypoints import FRACTIONS, NAMES, evaluate, oks, pdj

BOX = [0.0, 0.0, 100.0, 100.0]


def person(id_: int, image: int, joints: np.ndarray, seen: np.ndarray | int = 2) -> dict[str, Any]:
    flat = np.column_stack([joints, np.broadcast_to(seen, 17)]).ravel().tolist()
    return {"id": id_, "image_id": image, "category_id": 1, "iscrowd": 0, "bbox": BOX, "area": 1e4, "keypoints": flat}


def detection(image: int, joints: np.ndarray, score: float = 1.0) -> dict[str, Any]:
    flat = np.column_stack([joints, np.ones(17)]).ravel().tolist()
    return {"image_id": image, "category_id": 1, "score": score, "keypoints": flat}


def document(*persons: dict[str, Any]) -> dict[str, Any]:
    images = [{"id": image, "width": 200, "height": 200} for image in {entry["image_id"] for entry in persons}]
    return {"images": images, "categories": [{"id": 1, "name": "person"}], "annotations": list(persons)}


def standing(rng: np.random.Generator) -> np.ndarray:
    joints = rng.uniform(0, 100, (17, 2))
    joints[NAMES.index("left_shoulder")], joints[NAMES.index("right_hip")] = (20, 10), (50, 50)  # 50 pixels apart
    return joints


@given(st.integers(0, 2**32 - 1), st.floats(0, 40))
def test_a_joint_counts_within_its_fraction_of_the_torso(seed: int, off: float) -> None:
    rng = np.random.default_rng(seed)
    joints = standing(rng)
    angle = rng.uniform(0, 2 * np.pi, 17)
    moved = joints + off * np.column_stack([np.cos(angle), np.sin(angle)])
    true = np.column_stack([joints, np.full(17, 2)])[None]
    rates, counts = pdj(true, moved[None])
    assert counts.tolist() == [1] * 17
    limit = np.array(FRACTIONS) * 50
    for k in np.flatnonzero(abs(limit - off) > 1e-6):
        assert (rates[k] == float(off < limit[k])).all()


def test_persons_without_a_torso_and_hidden_joints_are_left_out() -> None:
    joints = standing(np.random.default_rng(0))
    seen = np.full(17, 2)
    seen[NAMES.index("nose")] = 0
    headless = np.column_stack([joints, seen])
    seen = np.full(17, 2)
    seen[NAMES.index("right_hip")] = 0
    rates, counts = pdj(np.stack([headless, np.column_stack([joints, seen])]), np.stack([joints, joints]))
    assert counts.tolist() == [0] + [1] * 16
    assert np.isnan(rates[:, 0]).all()
    assert (rates[:, 1:] == 1).all()


def test_each_detection_serves_one_person_and_missed_persons_count() -> None:
    rng = np.random.default_rng(1)
    first, second = standing(rng), standing(rng) + 100
    truth = document(person(1, 1, first), person(2, 1, second), person(3, 2, first))
    found = evaluate(truth, [detection(1, second + 1), detection(1, first), detection(1, first + 2)])
    assert found is not None
    assert found.persons == 3
    assert found.pdj_mean[-1] == pytest.approx(2 / 3)  # the third person's image has no detection
    assert found.pdj_mean[0] == pytest.approx(1 / 3)  # the first is met exactly


@given(st.integers(0, 2**32 - 1))
def test_oks_is_that_of_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    persons = [person(k, 1, rng.uniform(0, 100, (17, 2)), rng.integers(0, 3, 17)) for k in (1, 2)]
    for entry in persons:
        entry["keypoints"][2] = 2  # COCO goes by the box where no joint is labelled
        entry["num_keypoints"] = sum(v > 0 for v in entry["keypoints"][2::3])
    joints = [rng.uniform(0, 100, (17, 2)) for _ in range(3)]
    found = [{**detection(1, j, 1 - k / 10), "id": k + 1, "area": 1.0} for k, j in enumerate(joints)]
    truth, results = COCO(), COCO()
    truth.dataset = document(*persons)
    results.dataset = {**document(*persons), "annotations": found}
    truth.createIndex()
    results.createIndex()
    reference = COCOeval(truth, results, "keypoints")
    reference._prepare()
    true = np.array([entry["keypoints"] for entry in persons], float).reshape(-1, 17, 3)
    ours = oks(true, np.array([entry["area"] for entry in persons]), np.stack(joints))
    np.testing.assert_allclose(ours.T, reference.computeOks(1, 1), atol=1e-12)


def test_perfect_detections_have_every_precision() -> None:
    rng = np.random.default_rng(2)
    joints = standing(rng)
    found = evaluate(document(person(7, 1, joints)), [detection(1, joints)])
    assert found is not None
    assert found.oks["AP"] == pytest.approx(1)
    assert found.oks["APm"] == -1  # 100 x 100 pixels are large


def test_keypoints_of_another_number_are_refused() -> None:
    joints = standing(np.random.default_rng(3))
    wrong = detection(1, joints) | {"keypoints": [1.0, 2.0, 1.0]}
    with pytest.raises(ValueError, match="detection 2: 3 numbers"):
        evaluate(document(person(7, 1, joints)), [detection(1, joints), wrong])


def test_nothing_is_said_without_keypoints() -> None:
    joints = standing(np.random.default_rng(4))
    assert evaluate(document(person(7, 1, joints)), [{"image_id": 1, "category_id": 1, "score": 1.0}]) is None
