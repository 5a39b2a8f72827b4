"""The report's page about each annotator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation import compare, overlap, summaries, swaps
from evaluation.curves import areas
from evaluation.errors import Errors
from evaluation.interpolate import Filled
from evaluation.intervals import Draws, Rows, ratios
from evaluation.marks import FLAGGED, OUTSIDE
from evaluation.report import Annotator, Difference, Figure, Rate
from evaluation.swaps import Swaps
from evaluation.words import counted, percent

if TYPE_CHECKING:
    from evaluation.marks import Study

Ints = NDArray[np.int64]

_MUCH = 3.0  # times the others' median error


def annotators(
    study: Study,
    errors: Errors,
    filled: Filled,
    drawn: Draws,
    differences: list[Difference],
    mixed: dict[str, Swaps | None],
    apart: list[Figure] | None,
) -> list[Annotator]:
    """One entry for each annotator of the study, best first; those without marks last.

    ``mixed`` holds the swaps by their plain names, ``apart`` each annotator's mean distance between two marks.
    """
    count, marks = len(study.annotators), study.marks
    who = errors.annotator.astype(np.int64)
    found = summaries.summary(errors, who, filled, filled.annotator.astype(np.int64), count, drawn, False)
    ten, thirty = areas(drawn, Rows(who, errors.image, errors.annotator, count, False), errors.metres)
    kind = summaries.kinds(study.body)[-1]
    keys = len(kind.names)
    parts = summaries.summary(
        errors, who * keys + kind.of_part[errors.part], filled, filled.annotator.astype(np.int64) * keys
        + kind.of_part[filled.part], count * keys, drawn, False,
    )  # fmt: skip
    flagged_parts = summaries.flags(marks, kind, count)
    flagged, outside = (
        np.bincount(marks.annotator[(marks.kind == kind_) & (marks.again == 0)], minlength=count)
        for kind_ in (FLAGGED, OUTSIDE)
    )
    seconds = _seconds(study, drawn)
    ious = overlap.by_annotator(study.masks, count, drawn) if study.masks is not None else [None] * count
    rank = sorted(range(count), key=lambda a: (found.mean[a].value is None, found.mean[a].value or 0.0))
    letters = _letters(study.annotators, rank, differences)
    rates = {
        name: [swaps.rate(own, errors.image, np.flatnonzero(who == a)) for a in range(count)]
        for name, own in mixed.items()
    }
    suspect: list[list[str]] = [[] for _ in range(count)]
    for name, own_rates in rates.items():
        counts = swaps.independent(mixed[name], who, errors.image, count)
        for a, high in enumerate(compare.stand_out(counts)):
            if high:
                suspect[a].append(f"mixes up {name} in {_often(own_rates[a])}, far more than others")
    for a in range(count):
        others = [f.value for b, f in enumerate(found.mean) if b != a and f.value is not None]
        low = found.mean[a].low
        if len(others) > 1 and low is not None and low > _MUCH * float(np.median(others)):
            suspect[a].append("errs more than three times as far as others do")
    left_right, front_back = (rates[name] for name in mixed)
    return [
        Annotator(
            name=study.annotators[a],
            simulated=study.annotators[a] in study.simulated,
            rank=place,
            group=letters[a],
            persons=int(found.persons[a]),
            points=int(found.points[a]),
            flagged=int(flagged[a]),
            outside=int(outside[a]),
            mean=found.mean[a],
            median=found.median[a],
            p90=found.p90[a],
            surface_mean=found.surface_mean[a],
            auc10=ten[a],
            auc30=thirty[a],
            left_right=left_right[a],
            front_back=front_back[a],
            suspect=suspect[a],
            seconds_per_point=seconds[a],
            mask_iou=ious[a],
            retest=apart[a] if apart and apart[a].count else None,
            parts=summaries.groups_of(kind, parts, flagged_parts, slice(a * keys, (a + 1) * keys)),
        )
        for place, a in enumerate(rank, 1)
    ]


def _often(rate: Rate) -> str:
    if rate.value is None:
        return f"{rate.count} of {counted(rate.of, 'mark')} that can tell"
    return f"{percent(rate.value)} of marks"


def _letters(names: tuple[str, ...], rank: list[int], differences: list[Difference]) -> dict[int, str]:
    """Of those who were compared with anyone; the others have none."""
    index = {name: n for n, name in enumerate(names)}
    met = {index[name] for d in differences if d.p is not None for name in (d.first, d.second)}
    known = compare.letters(
        [a for a in rank if a in met], {(index[d.first], index[d.second]) for d in differences if d.differs}
    )
    return {a: known.get(a, "") for a in rank}


def _seconds(study: Study, drawn: Draws) -> list[Figure]:
    marks = study.marks
    rows = np.flatnonzero(np.isfinite(marks.seconds) & (marks.again == 0))
    who = marks.annotator[rows].astype(np.int64)
    keyed = Rows(who, marks.person[rows], marks.annotator[rows], drawn.annotators, crossed=False)
    return ratios(drawn, keyed, marks.seconds[rows])
