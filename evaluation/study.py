"""The report of an annotator-accuracy study: how far marks lie from the truth, by whom, where, and how sure that is.

After Güler, Neverova and Kokkinos, "DensePose: Dense Human Pose Estimation In The Wild", CVPR 2018, section 2:
annotators mark renders whose surface points are known. docs/methods/study.md tells how each figure is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evaluation import (
    compare,
    floor,
    interpolate,
    overlap,
    people,
    plan,
    retest,
    shares,
    summaries,
    swaps,
    trends,
    words,
)
from evaluation.curves import PUBLISHED, curves
from evaluation.errors import Errors, Metric, distances, measured
from evaluation.intervals import NOTHING, Draws, Rows, draws, ratios
from evaluation.marks import FLAGGED, MARKED, OUTSIDE, Predictions, Study
from evaluation.report import FORM, Curve, Difference, Figure, Interpolation, Rate, Report, Unmeasured
from evaluation.sites import sites

Progress = Callable[[int, int], None]

_CLICKS = 2000
_STAGES = 8


def report(study: Study, table: Metric, *, seed: int = 0, progress: Progress | None = None) -> Report:
    """Everything a study says. The same for the same study and seed.

    Args:
        study: the marks, the truth and what the images show.
        table: the body's ``GeodesicTable``, or a function (face, bary, face, bary) -> metres.
        seed: of the resampling.
        progress: called with the stages done and their number.

    Raises:
        ValueError: a point is none of the body's.
    """
    step = _counter(progress)
    study = _by_true_part(study)
    body, marks = study.body, study.marks
    names, images = study.annotators, len(study.persons)
    first, second = measured(marks, table), measured(marks, table, 1)
    step()
    drawn = draws(images, len(names), len(first), seed)
    filled = interpolate.fill(first, marks, body, sites(body, table), study.seen, study.cosines)
    step()
    groups = summaries.over_all(first, marks, filled, body, drawn)
    step()
    who = first.annotator.astype(np.int64)
    everyone = Rows(np.zeros_like(who), first.image, who, 1)
    lines = curves(drawn, everyone, first.metres, "annotators", ["All annotators"])
    lines += curves(drawn, Rows(who, first.image, who, len(names), False), first.metres, "annotator", list(names))
    for network in study.networks:
        lines += _network(network, table, drawn)
    clicks, line = _floor(study, first, table, drawn, seed)
    lines += line
    step()
    alike, unit = first, marks.point[first.row]
    if study.masks is not None:  # everyone has points of their own
        alike, unit = compare.cells(first, first.part)
    shared = compare.pairs(alike, unit, len(names), images)
    differences = compare.differences(shared, names, drawn, seed)
    step()
    sides, faces = swaps.both(first, marks, body, table, drawn=study.masks is not None)
    mixed = {"left and right": sides, "front and back": faces}
    again, apart = retest.retest(first, second, marks, table, drawn)
    step()
    by_annotator = people.annotators(study, first, filled, drawn, differences, mixed, apart)
    step()
    own, foretold = interpolate.left_out(first, marks, body, table, seed)
    once = marks.again == 0
    marked, flagged, outside = (int((once & (marks.kind == kind)).sum()) for kind in (MARKED, FLAGGED, OUTSIDE))
    rates: list[Rate] = [swaps.rate(found, first.image) for found in mixed.values()]
    out = Report(
        form=FORM,
        title=study.title,
        body=body.name,
        body_hash=body.hash,
        persons=len(np.unique(marks.person[once])),
        annotators=len(np.unique(marks.annotator[once])),
        points=int(once.sum()),
        distinct_points=len(np.unique(marks.point[once])),
        marked=marked,
        flagged=flagged,
        outside=outside,
        simulated=[name for name in names if name in study.simulated],
        floor=clicks,
        here=ratios(drawn, replace(everyone, crossed=False), first.metres)[0],
        groups=groups,
        curves=lines,
        published=[PUBLISHED],
        by_annotator=by_annotator,
        differences=differences,
        left_right=rates[0],
        front_back=rates[1],
        trends=trends.trends(first, marks, drawn, len(names)),
        shares=shares.shares(first, drawn),
        masks=overlap.overlap(study.masks, body.part_names, drawn) if study.masks is not None else None,
        retest=again,
        plan=plan.plan(shared, study.most_points, _points_on_a_person(study) if study.masks is not None else None),
        covered=filled.covered if len(first) else None,
        interpolation=_interpolation(own, foretold),
        unmeasured=Unmeasured(
            words.untested(differences),
            None if again else words.no_retest(study.masks is not None, bool((marks.again == 1).any())),
            None if study.masks is not None else words.NO_MASKS,
        ),
        says=[],
        notes=[],
    )
    step()
    twice = int((marks.again == 1).sum())
    notes = words.notes(out, filled.covered, marked - len(first), twice)
    return replace(out, says=words.says(out), notes=notes + _limits(out))


def _limits(report: Report) -> list[str]:
    """What could not be tested, and why."""
    untested = report.unmeasured.differences
    out = ([untested] if untested else []) + _least_p(report.differences)
    if report.masks is not None and report.differences:
        out.append("Annotators drew masks and so marked points of their own: they are compared by parts of images.")
    return out


def _points_on_a_person(study: Study) -> float:
    marks = study.marks
    once = marks.again == 0
    shown = np.unique(marks.annotator[once].astype(np.int64) * len(study.persons) + marks.person[once])
    return float(once.sum() / max(1, len(shown)))


def _least_p(differences: list[Difference]) -> list[str]:
    """How small p can be, where few shared persons keep it from being smaller (it may be drawn a little off)."""
    bound = [d.persons for d in differences if d.p is not None and d.p < 1.5 * compare.least_p(d.persons)]
    return [
        f"With {some} shared persons p cannot be smaller than {compare.least_p(some):.2g}, however large a difference."
        for some in sorted(set(bound))
        if compare.least_p(some) > 2 / compare.FLIPS
    ]


def heat(study: Study, table: Metric) -> NDArray[np.float32]:
    """Mean error (V,) in metres at each vertex of the body, over images and annotators; NaN where no image shows it."""
    study = _by_true_part(study)
    errors = measured(study.marks, table)
    where = sites(study.body, table)
    filled = interpolate.fill(errors, study.marks, study.body, where, study.seen, study.cosines)
    return interpolate.over_vertices(study.body, where, filled.site)


def _by_true_part(study: Study) -> Study:
    """The marks with the part that each point truly shows: drawn masks may have it otherwise."""
    marks = study.marks
    true = np.where(marks.true_face >= 0, study.body.face_part[marks.true_face], marks.part)
    return replace(study, marks=replace(marks, part=true.astype(np.uint8)))


def _counter(progress: Progress | None) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, _STAGES)

    return step


def _network(found: Predictions, table: Metric, drawn: Draws) -> list[Curve]:
    """A network's curve; where it sees no person it is infinitely far."""
    rows = np.flatnonzero(found.true_face >= 0)
    metres = np.full(len(rows), np.inf, np.float32)
    seen = found.face[rows] >= 0
    at = rows[seen]
    metres[seen] = distances(table, (found.true_face[at], found.true_bary[at]), (found.face[at], found.bary[at]))
    order = np.argsort(found.person[rows], kind="stable")
    zero = np.zeros(len(rows), np.int64)
    keyed = Rows(zero, found.person[rows][order], zero, 1, crossed=False)
    return curves(drawn, keyed, metres[order], "network", [found.name])


def _floor(study: Study, errors: Errors, table: Metric, drawn: Draws, seed: int) -> tuple[Figure, list[Curve]]:
    """The mean error of a perfect clicker on some of the study's points, and the curve."""
    _, rows = np.unique(study.marks.point[errors.row], return_index=True)
    rows = errors.row[np.random.default_rng([seed, 4]).permutation(rows)[:_CLICKS]]
    face, bary = study.marks.true_face[rows], study.marks.true_bary[rows]
    clicked, there = floor.perfect_clicks(study.body, face, bary) if len(rows) else (face, bary)
    good = np.flatnonzero(clicked >= 0)
    metres = distances(table, (face[good], bary[good]), (clicked[good], there[good]))
    order = np.argsort(study.marks.person[rows[good]], kind="stable")
    zero = np.zeros(len(good), np.int64)
    keyed = Rows(zero, study.marks.person[rows[good]][order], zero, 1, crossed=False)
    value = ratios(drawn, keyed, metres[order])[0] if len(good) else NOTHING
    return value, curves(drawn, keyed, metres[order], "floor", ["Perfect clicker"])


def _interpolation(own: NDArray[np.floating], foretold: NDArray[np.floating]) -> Interpolation:
    if not len(own):
        return Interpolation(0, None, None, None)
    varies = len(own) > 2 and own.std() > 0 and foretold.std() > 0
    together = float(np.corrcoef(own, foretold)[0, 1]) if varies else None
    return Interpolation(len(own), float(own.mean()), float(foretold.mean()), together)
