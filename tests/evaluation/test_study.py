"""The report of studies whose answers are known."""

import dataclasses
import json
from functools import cache

import numpy as np
import pytest

from evaluation import study as studies
from evaluation import swaps, words
from evaluation.errors import measured
from evaluation.floor import perfect_clicks
from evaluation.marks import FLAGGED, MARKED, OUTSIDE, Marks, Masks, Predictions, Study
from evaluation.report import Report
from tests.evaluation.simulate import anny, chord, persons, study

MEANS = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06)
HEAD = 14


@cache
def eight() -> tuple[Study, Report]:
    """30 renders, 8 simulated annotators, the third with 5% left/right swaps."""
    made = study(MEANS, 30, swapped={2: 0.05}, again=3)
    return made, studies.report(made, chord(made.body))


def test_each_annotators_mean_lies_in_its_interval_and_they_are_ranked_and_told_apart() -> None:
    _, report = eight()
    # What the noise amounts to on this body, where steps off the part are drawn again: from twice as many marks.
    large = {n: study([m] * 2, 30, seed=1) for n, m in ((f"P{k + 1}", m) for k, m in enumerate(MEANS)) if n != "P3"}
    missed = 0
    for person in report.by_annotator:
        if person.name != "P3":
            marks = large[person.name].marks
            true = chord(anny())(marks.true_face, marks.true_bary, marks.face, marks.bary).mean()
            assert person.mean.low is not None
            assert person.mean.high is not None
            missed += not person.mean.low < true < person.mean.high
            assert person.mean.high - person.mean.low < 0.2 * true
    assert missed <= 1
    order = [p.name for p in report.by_annotator if p.name != "P3"]
    assert order == ["P1", "P2", "P4", "P5", "P6", "P7", "P8"]
    assert [p.rank for p in report.by_annotator] == list(range(1, 9))
    told = {frozenset((d.first, d.second)): d for d in report.differences}
    assert len(told) == 28
    assert all(told[frozenset(pair)].differs for pair in (("P1", "P2"), ("P4", "P5"), ("P7", "P8")))
    assert told[frozenset(("P1", "P2"))].difference.value == pytest.approx(-0.005, abs=0.0005)


def test_the_mean_of_few_annotators_is_sure_for_them_and_not_for_others() -> None:
    made = study([0.02, 0.04], 12)
    report = studies.report(made, chord(made.body))
    here, anyone = report.here, report.groups[0].mean
    assert here.value == anyone.value
    assert here.low is not None
    assert here.high is not None
    assert anyone.low is not None
    assert anyone.high is not None
    assert 5 * (here.high - here.low) < anyone.high - anyone.low
    assert f"95% interval {100 * here.low:.1f} to {100 * here.high:.1f}" in report.says[0]
    assert "cannot be narrow" in report.says[1]
    assert not any("cannot be narrow" in line for line in eight()[1].says)


def test_a_report_says_how_small_p_can_be_where_few_persons_bind_it() -> None:
    made = study([0.01, 0.04], 9)
    report = studies.report(made, chord(made.body))
    assert [(d.p, d.p_corrected) for d in report.differences] == [(2 / 2**9, 2 / 2**9)]
    assert "With 9 shared persons p cannot be smaller than 0.0039" in " ".join(report.notes)
    alike = study([0.02, 0.02], 9)
    assert "p cannot be smaller" not in " ".join(studies.report(alike, chord(made.body)).notes + eight()[1].notes)


def test_of_too_few_shared_persons_no_difference_is_told_and_the_reason_stands_first() -> None:
    made = study([0.01, 0.03, 0.06], 8)
    marks = made.marks
    # As in a study that is under way: orders of their own have them share four persons, three, and one.
    own = ({0, 1, 2, 3}, {0, 1, 2, 3, 4}, {3, 4, 5})
    done = np.flatnonzero([person in own[who] for who, person in zip(marks.annotator, marks.person, strict=True)])
    part = dataclasses.replace(made, marks=_rows(made, done))
    report = _strict(part)
    why = report.unmeasured.differences
    assert why is not None
    assert "at most 4 persons in common, and it takes 6 or more" in why
    assert any(why in line for line in report.says)
    assert why in report.notes
    assert [one.group for one in report.by_annotator] == ["", "", ""]
    for pair in report.differences:
        assert pair.difference.value is not None
        assert (pair.difference.low, pair.difference.high, pair.p, pair.p_corrected) == (None, None, None, None)
        assert not pair.differs
    assert "more than chance." not in " ".join(report.says)


def test_pairs_that_share_enough_are_tested_beside_those_that_do_not() -> None:
    made = study([0.01, 0.03, 0.06], 9)
    marks = made.marks
    done = np.flatnonzero((marks.annotator != 2) | (marks.person < 3))
    report = _strict(dataclasses.replace(made, marks=_rows(made, done)))
    assert report.unmeasured.differences is None
    assert [(d.persons, d.p is None) for d in report.differences] == [(9, False), (3, True), (3, True)]
    assert [one.group for one in report.by_annotator] == ["a", "b", ""]
    assert any("2 pairs share fewer than the 6 persons that a test needs" in line for line in report.says)
    assert report.differences[0].p == 2 / 2**9  # not corrected for pairs that were never tested


def test_the_swapper_is_found_and_nobody_else() -> None:
    _, report = eight()
    suspects = {p.name: p.suspect for p in report.by_annotator if p.suspect}
    assert list(suspects) == ["P3"]
    assert "left and right" in suspects["P3"][0]
    swapper = next(p for p in report.by_annotator if p.name == "P3")
    assert swapper.left_right.low is not None
    assert swapper.left_right.high is not None
    assert swapper.left_right.low < 0.05 < swapper.left_right.high
    others = [p.left_right for p in report.by_annotator if p.name != "P3"]
    assert sum(r.count for r in others) <= 1
    assert all(r.of > 500 for r in others)


def test_a_report_is_strict_json_repeats_itself_and_counts_what_it_rests_on() -> None:
    made, report = eight()
    text = json.dumps(dataclasses.asdict(report), allow_nan=False)
    assert text == json.dumps(dataclasses.asdict(studies.report(made, chord(made.body))), allow_nan=False)
    once = int((made.marks.again == 0).sum())
    assert (report.points, report.persons, report.annotators) == (once, 30, 8)
    whole = report.groups[0]
    assert (whole.kind, whole.points) == ("all", once)
    assert sum(g.points for g in report.groups if g.kind == "part") == once
    assert [g.name for g in report.groups if g.kind == "group"] == [
        "torso", "hands", "feet", "upper legs", "lower legs", "upper arms", "lower arms", "head",
    ]  # fmt: skip
    assert report.retest is not None
    # Two independent marks of one annotator lie apart as two errors do: by the square root of two times one.
    ratio = (report.retest.distance.value or 0) / (report.retest.first.value or 1)
    assert ratio == pytest.approx(np.sqrt(2), rel=0.1)
    assert report.floor.value is not None
    assert report.floor.value < 0.002
    assert any("simulated" in note for note in report.notes)


def test_the_heat_map_shows_a_planted_bad_part() -> None:
    made = study([0.01, 0.012], 12, bad=(HEAD, 0.05))
    heat = studies.heat(made, chord(made.body))
    assert heat.dtype == np.float32
    assert heat.shape == (len(made.body.vertices),)
    head = np.unique(made.body.faces[made.body.face_part == HEAD])
    rest = np.setdiff1d(np.arange(len(heat)), np.unique(made.body.faces[made.body.face_part == HEAD]))
    assert np.nanmin(heat[head]) > 2 * np.nanmean(heat[rest])
    seen = made.seen & (made.body.face_part == HEAD)
    only = dataclasses.replace(made, seen=seen, cosines=made.cosines[seen[made.seen]])
    bare = studies.heat(only, chord(made.body))
    assert np.isnan(bare[rest]).all()
    assert np.isfinite(bare[head]).mean() > 0.5


def _strict(made: Study) -> Report:
    report = studies.report(made, chord(made.body))
    json.dumps(dataclasses.asdict(report), allow_nan=False)
    return report


def _rows(made: Study, rows: np.ndarray) -> Marks:
    return Marks(**{f.name: getattr(made.marks, f.name)[rows] for f in dataclasses.fields(made.marks)})


def test_studies_with_next_to_nothing_in_them_say_so() -> None:
    made = study([0.02, 0.02], 2)
    marks = made.marks
    flagged = _strict(
        dataclasses.replace(made, marks=dataclasses.replace(marks, kind=np.full_like(marks.kind, FLAGGED)))
    )
    assert flagged.flagged == len(marks)
    assert flagged.groups[0].mean.value is None
    assert "nothing can be said" in flagged.says[0]
    none = np.zeros(0, np.int64)
    empty = type(marks)(**{f.name: getattr(marks, f.name)[none] for f in dataclasses.fields(marks)})
    assert _strict(dataclasses.replace(made, marks=empty)).points == 0
    own = np.flatnonzero((marks.annotator == 0) & (marks.person == 0) & (marks.part == HEAD))
    few = type(marks)(**{f.name: getattr(marks, f.name)[own] for f in dataclasses.fields(marks)})
    few = dataclasses.replace(
        few, seconds=np.full(len(own), np.nan, np.float32), facing=np.full(len(own), np.nan, np.float32)
    )
    alone = _strict(dataclasses.replace(made, marks=few))
    assert alone.groups[0].mean.value is not None
    assert alone.groups[0].mean.low is None  # one image has no spread between images
    assert alone.differences == []
    assert [who.group for who in alone.by_annotator] == ["", ""]
    assert alone.plan.rows == []
    assert alone.by_annotator[1].mean.value is None
    assert alone.trends[0].bins == []
    assert any(note.startswith("No marks on: Torso") for note in alone.notes)
    kind = marks.kind.copy()
    kind[::3] = OUTSIDE
    true = np.where(kind == OUTSIDE, -1, marks.true_face)
    outside = _strict(
        dataclasses.replace(made, marks=dataclasses.replace(marks, kind=kind, true_face=true.astype(np.int32)))
    )
    assert outside.outside == (kind == OUTSIDE).sum()
    assert outside.marked == (kind == MARKED).sum()


def test_a_network_is_infinitely_far_where_it_sees_nobody() -> None:
    made = study([0.02], 4)
    marks = made.marks
    face = marks.true_face.copy()
    face[::2] = -1
    found = Predictions(
        "net", marks.person, marks.point, marks.part, marks.true_face, marks.true_bary, face, marks.true_bary
    )
    report = _strict(dataclasses.replace(made, networks=(found,)))
    curve = next(c for c in report.curves if c.source == "network")
    assert curve.auc30.value == pytest.approx(0.5, abs=0.01)
    assert curve.ratio[0] == curve.ratio[-1]


def test_drawn_masks_are_compared_pixel_by_pixel() -> None:
    made = study([0.02, 0.02], 3)
    parts = len(made.body.part_names) + 1
    drawn, true, both = np.zeros((6, parts), np.int64), np.zeros((6, parts), np.int64), np.zeros((6, parts), np.int64)
    drawn[:, 1], true[:, 1], both[:, 1] = 80, 100, 60  # 60 of 120
    drawn[:, 0], true[:, 0], both[:, 0] = 900, 900, 900
    drawn[0, 2] = 30
    masks = Masks(
        np.repeat([0, 1], 3).astype(np.int32), np.tile([0, 1, 2], 2).astype(np.int32), np.zeros(6, np.uint8),
        drawn, true, both, np.ones(6, np.float32),
    )  # fmt: skip
    own = dataclasses.replace(made.marks, point=np.arange(len(made.marks)))  # nobody shares a point
    report = _strict(dataclasses.replace(made, marks=own, masks=masks))
    assert report.masks is not None
    assert [(d.persons, d.points > 20) for d in report.differences] == [(3, True)]
    assert any("at most 3 persons" in note for note in report.notes)
    by_name = {m.name: m for m in report.masks}
    assert by_name["Torso"].iou.value == pytest.approx(0.5)
    assert by_name["Right Hand"].iou.value == 0
    assert by_name["all"].iou.value == pytest.approx(360 / 750)
    assert report.by_annotator[0].mask_iou is not None


def test_a_point_counts_for_the_part_that_it_truly_shows() -> None:
    made = study([0.02], 3)
    painted = dataclasses.replace(made.marks, part=np.full_like(made.marks.part, HEAD))  # all of it drawn as head
    found, right = (_strict(dataclasses.replace(made, marks=marks)).groups for marks in (painted, made.marks))
    assert [g.points for g in found] == [g.points for g in right]


def test_a_body_without_left_and_right_has_no_such_swaps() -> None:
    made = study([0.02, 0.03], 3)
    odd = dataclasses.replace(made.body, mirror_face=None, mirror_corner=None, mirror_map=None, rig=None)
    metric = chord(made.body)
    found = swaps.left_right(measured(made.marks, metric), made.marks, odd, metric)
    assert found is None
    assert swaps.rate(found, made.marks.person).of == 0
    blind = dataclasses.replace(eight()[1], left_right=swaps.rate(found, made.marks.person))
    assert any(note.startswith("Left/right swaps cannot be told") for note in words.notes(blind, 1.0, 0, 0))


def test_a_perfect_clicker_hits_the_part_to_a_pixel() -> None:
    body, what = anny(), persons(3)
    face, bary = perfect_clicks(body, what.face, what.bary)
    hit = face >= 0
    assert hit.mean() > 0.98
    assert (body.face_part[face[hit]] == body.face_part[what.face[hit]]).all()
    error = chord(body)(what.face[hit], what.bary[hit], face[hit], bary[hit])
    assert np.median(error) < 0.001
