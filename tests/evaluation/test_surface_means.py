"""Errors between the points, beside the dense truth; left taken for right and front for back."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from annotation.simulated import Model, mark
from evaluation import swaps
from evaluation.errors import Errors, measured
from evaluation.groups import groups
from evaluation.interpolate import fill, left_out
from evaluation.marks import Marks
from evaluation.sites import sites
from evaluation.slant import drift
from tests.evaluation.simulate import anny, chord, normals, persons, study

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]
COUNT = 24

FIELDS: dict[str, Field] = {
    "waves": lambda x, _: 0.03 + 0.02 * np.sin(7 * (x @ np.array([1, 1.5, 0.7]))),
    "upwards": lambda x, _: 0.02 + 0.02 * x[:, 1],
    "slanted": lambda _, c: 0.02 + 0.04 * (1 - np.clip(c, 0, 1)),
    "foreshortened": lambda _, c: 0.015 / np.maximum(c, 0.25),
    "late": lambda _, c: 0.02 + 0.08 * (1 - np.clip(c, 0, 1)) ** 4,
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("noisy", [False, True])
def test_a_hundred_points_on_a_person_give_the_mean_of_the_dense_field(name: str, noisy: bool) -> None:
    body, what, field = anny(), persons(COUNT), FIELDS[name]
    names, of = groups(body)
    centre, normal, area = body.vertices[body.faces].mean(axis=1), normals(body), body.face_area
    where = sites(body, chord(body))
    metres = field(body.position(what.face, what.bary), what.facing)
    rng = np.random.default_rng(0)
    repeats = 10 if noisy else 1
    up, down = np.zeros((2, len(names))), np.zeros((2, len(names)))
    assert 80 < len(what.face) / COUNT < 150
    for _ in range(repeats):
        own = metres * rng.rayleigh(1 / 1.2533, len(metres)) if noisy else metres
        errors, marks = _marks(own)
        found = fill(errors, marks, body, where, what.seen, what.cosines)
        assert found.covered > 0.97
        for k in range(COUNT):
            dense = field(centre, normal @ what.towards[k]) * area
            for p, above, shown in zip(
                *(c[found.image == k] for c in (found.part, found.above, found.area)), strict=True
            ):
                face = what.seen[k] & (body.face_part == p)
                up[:, of[p]] += above, dense[face].sum()
                down[:, of[p]] += shown, area[face].sum()
    assert np.abs(down[0] / down[1] - 1).max() < 1e-4
    assert up[0].sum() / up[1].sum() == pytest.approx(1, abs=0.02)
    assert up[0] / up[1] == pytest.approx(1, abs=0.08 if noisy else 0.055)  # hands have five points


def _marks(metres: np.ndarray) -> tuple[Errors, Marks]:
    what, body = persons(COUNT), anny()
    none, part = np.zeros(len(metres), np.int32), body.part(what.face)
    marks = Marks(
        none, what.person, none.astype(np.uint8), np.arange(len(metres)), part, none.astype(np.uint8), what.face,
        what.bary, what.face, what.bary, np.ones(len(metres), np.float32), none, what.facing,
    )  # fmt: skip
    order = np.lexsort((part, what.person))
    columns = (c[order].astype(np.int32) for c in (none, what.person, part))
    return Errors(order, *columns, metres[order].astype(np.float32)), marks


def test_points_foretold_from_the_others_have_the_same_mean() -> None:
    rng = np.random.default_rng(0)
    errors, marks = _marks(0.03 * rng.rayleigh(1 / 1.2533, len(persons(COUNT).face)))
    own, foretold = left_out(errors, marks, anny(), chord(anny()), 0)
    assert len(own) > 0.95 * len(errors)
    assert foretold.mean() == pytest.approx(own.mean(), rel=0.03)
    assert foretold.std() < own.std()


def test_no_drift_is_seen_in_pure_noise() -> None:
    rng = np.random.default_rng(0)
    steep = [drift(rng.rayleigh(1, 3000), rng.uniform(0.3, 1, 3000), np.arange(3000) % 10).steep for _ in range(20)]
    assert np.abs(steep).mean() < 0.1


@pytest.mark.parametrize("mean", [0.01, 0.03, 0.06])
def test_ordinary_noise_is_not_taken_for_swaps(mean: float) -> None:
    made = study([mean, mean], 20)
    metric = chord(made.body)
    errors = measured(made.marks, metric)
    for found in (
        swaps.left_right(errors, made.marks, made.body, metric, drawn=True),
        swaps.front_back(errors, made.marks, made.body, metric),
    ):
        assert found is not None
        assert found.swapped.mean() < 0.0005
        assert not (found.swapped & ~found.tells).any()
        assert mean > 0.05 or found.tells.mean() > 0.2


def test_planted_swaps_are_counted_both_ways() -> None:
    made = study([0.02], 20, swapped={0: 0.1})
    body, metric = made.body, chord(made.body)
    errors = measured(made.marks, metric)
    rate = swaps.rate(swaps.left_right(errors, made.marks, body, metric), errors.image)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 0.1 < rate.high
    assert swaps.rate(swaps.both(errors, made.marks, body, metric)[1], errors.image).count == 0
    through = swaps.opposite(body, along_normal=False)
    there = np.maximum(through[made.marks.true_face], 0), np.full((len(made.marks), 3), 1 / 3)
    far = metric(made.marks.true_face, made.marks.true_bary, *there) > 0.09
    far &= through[made.marks.true_face] >= 0
    turned = far & (np.random.default_rng(0).random(len(far)) < 0.2)
    face = np.where(turned, through[made.marks.true_face], made.marks.true_face)
    marks = Marks(
        **{**made.marks.__dict__, "face": face, "bary": np.where(turned[:, None], 1 / 3, made.marks.true_bary)}
    )
    errors = measured(marks, metric)
    found = swaps.front_back(errors, marks, body, metric)
    assert found is not None
    assert not found.swapped[~turned[errors.row]].any()
    assert found.swapped[turned[errors.row] & found.tells].mean() > 0.98
    assert swaps.rate(found, errors.image, np.zeros(0, np.int64)).value is None


def test_swaps_on_the_part_shown_are_a_share_of_the_marks_that_could_be_swapped() -> None:
    made = study([0.01], 30)
    marks, rng = made.marks, np.random.default_rng(1)
    for model in (Model(noise=0.008, swaps=0.1), Model(noise=0.008, turns=0.1)):
        done = mark(model, made.body, marks.part, marks.true_face, marks.true_bary, 0, rng)
        own = dataclasses.replace(marks, face=done.face, bary=done.bary)
        metric = chord(made.body)
        errors = measured(own, metric)
        found = swaps.both(errors, own, made.body, metric)
        sides, faces = (swaps.rate(one, errors.image) for one in found)
        right, wrong = (sides, faces) if model.swaps else (faces, sides)
        # Turns are planted along the normal alone, also from flanks, and on places that tell by the front axis only.
        assert right.value == pytest.approx(0.1, abs=0.02)
        assert (wrong.value or 0) < 0.02  # flanks lie opposite to flanks, and are their mirror images
    assert sides.of < len(marks) / 2


def test_the_opposite_of_a_face_lies_behind_it_in_the_same_part() -> None:
    body = anny()
    normal, part, centre = normals(body), body.face_part, body.vertices[body.faces].mean(axis=1)
    through = swaps.opposite(body, along_normal=True)
    hit = np.flatnonzero(through >= 0)
    assert len(hit) > 0.7 * len(through)
    assert (part[through[hit]] == part[hit]).all()
    into = centre[through[hit]] - centre[hit]
    away = np.linalg.norm(into, axis=1)
    assert np.quantile(-np.einsum("nc,nc->n", into, normal[hit]) / away, 0.02) > 0.7
