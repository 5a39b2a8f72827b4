"""What a report's document says, section by section: words, the name of a figure, and tables of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.plots import CM, written
from evaluation.report import Figure, Rate, Report
from evaluation.words import counted, lines

Table = tuple[Sequence[str], Sequence[Sequence[str]], Sequence[int]]
"""Its head, its rows, and the columns' widths to each other."""


@dataclass(frozen=True)
class Section:
    """A heading, what it tells in plain words, its figure, and its tables."""

    title: str
    words: Sequence[str]
    figure: str | None = None
    tables: Sequence[Table] = ()


BODY = "Where on the body"
TERMS = (
    ("Error", "the length of the shortest way along the body's surface from the true place to the marked one (the"
     " geodesic distance), on the body in its rest pose. It cannot jump from arm to trunk through the air."),
    ("95% interval", "the range of values that fit these data, for other pictures and other annotators like these. The"
     " fewer pictures and annotators, the wider. Written (1.8–2.4); a line in the figures."),
    ("Mean, median, 90th percentile", "the average error; half of the marks are nearer than the median; nine of ten"
     " are nearer than the 90th percentile."),
    ("Surface mean", "the average over the surface that the pictures show instead of over the marks: errors are"
     " interpolated between the marked points, as in the paper."),
    ("AUC10, AUC30", "area under the curve: the share of marks nearer than a threshold, averaged over all thresholds"
     " up to 10 or 30 cm. 1 is perfect, 0 is all beyond."),
    ("Swap", "a mark put where the mirror image of the point is (left for right), or on the other side of the part"
     " (front for back)."),
    ("The paper", "Güler, Neverova and Kokkinos: DensePose. Dense Human Pose Estimation In The Wild, CVPR 2018, which"
     " measured its annotators in the same way."),
)  # fmt: skip


def sections(report: Report) -> list[Section]:
    """What follows the headline, in order."""
    out = [
        Section(
            "Part by part",
            [
                "The mean weighs every mark alike. Left and right are taken together in the figure; the table tells"
                " them apart.",
            ],
            "parts",
            _parts(report),
        ),
        Section(
            BODY,
            [
                "The mean error at each place of the surface, interpolated between the marked points of each picture:"
                " violet is near the truth, yellow is far off, grey was seen by no picture. L and R are the person's"
                " own left and right."
            ],
        ),
        Section(
            "How many marks are good enough",
            [
                "For every distance on the horizontal axis, the curve tells which share of the marks lies within it:"
                " the higher, the better. The band is the 95% interval.",
                *(
                    f"For comparison: {known.name[:1].lower()}{known.name[1:]}, AUC10 {known.auc10:.3f} and AUC30"
                    f" {known.auc30:.3f} ({known.citation}). They marked other pictures, on another body."
                    for known in report.published
                ),
            ],
            "curve",
            _areas(report),
        ),
        Section(
            "Annotator by annotator",
            [
                _ranked(report),
                _swaps("Left and right were swapped", report.left_right) + " "
                + _swaps("Front and back were swapped", report.front_back),
            ],
            "annotators",
            _annotators(report),
        ),
    ]  # fmt: skip
    if len(report.by_annotator) > 1:
        words = (
            "Each pair is compared on what both marked. A difference counts as shown when, were all annotators alike,"
            " chance would make any as large in less than 5% of studies, all comparisons taken together (permutation"
            " test over pictures)."
        )
        untested = report.unmeasured.differences
        out.append(Section("Differences between annotators", [untested or words], "differences"))
    out += [
        Section(f"Error and {trend.label[:1].lower()}{trend.label[1:]}", [trend.says], trend.name)
        for trend in report.trends
    ]
    words = (
        "Errors differ from mark to mark. How much of that (of their variance) goes with who marked, with the picture,"
        " with the part of the body, and with none of them?"
    )
    out.append(Section("What the errors go with", [words], "shares"))
    if report.masks:
        out.append(Section("Part masks", ["The overlap of drawn and true masks; 100% is perfect."], "masks"))
    elif report.unmeasured.masks:
        out.append(Section("Part masks", [report.unmeasured.masks]))
    if report.retest is not None:
        again = report.retest
        words = (
            f"{counted(again.points, 'point was', 'points were')} given twice to the same annotators. The two marks lie"
            f" {_length(again.distance)} apart on average; the errors were {_length(again.first)} the first time and"
            f" {_length(again.second)} the second. The two errors go together with a"
            f" correlation of {_value(again.correlation)}: 1 means that the same points were as hard both times, 0 that"
            " one tells nothing of the other (intraclass correlation)."
        )
        out.append(Section("The same points again", [words]))
    elif report.unmeasured.retest:
        out.append(Section("The same points again", [report.unmeasured.retest]))
    out.append(Section("Planning the next study", [report.plan.says, *_beyond(report)], "plan"))
    out.append(
        Section(
            "How it was measured, and its limits",
            [
                "The pictures are rendered, so that the true place of every pixel on the surface of the body"
                f" ({report.body}) is known.",
                _between(report),
                f"The tool's own floor: a perfect click is off by {_length(report.floor, 3)}, from the pixels of the"
                " display and of the views.",
                *report.notes,
                *_unwritten(report),
            ],
        )
    )
    return out


def headline(report: Report) -> list[Table]:
    """The figures over all parts."""
    whole = next((group for group in report.groups if group.kind == "all"), None)
    if whole is None:
        return []
    curve = next((one for one in report.curves if one.source == "annotators"), None)
    rows = [
        ["Mean error, these annotators", _length(report.here), counted(report.here.count, "mark")],
        ["Mean error, other annotators too", _length(whole.mean), counted(report.annotators, "annotator")],
        ["Median error", _length(whole.median), counted(whole.median.count, "mark")],
        ["90th percentile", _length(whole.p90), counted(whole.p90.count, "mark")],
        ["Surface mean", _length(whole.surface_mean), _pictures(report, whole.surface_mean.count)],
    ]
    if curve is not None:
        rows += [
            ["AUC10", _value(curve.auc10, 3), counted(curve.auc10.count, "mark")],
            ["AUC30", _value(curve.auc30, 3), counted(curve.auc30.count, "mark")],
        ]
    rows.append(
        ["Error of a perfect click (the tool's floor)", _length(report.floor, 3), counted(report.floor.count, "point")]
    )
    return [(["Over all parts", "with 95% interval", "from"], rows, (60, 60, 50))]


def _parts(report: Report) -> list[Table]:
    rows = [
        [("\u2003" if line.under else "") + line.name,
         *(_length(f, unit=False) for f in (line.group.mean, line.group.median, line.group.p90)),
         _length(line.group.surface_mean, unit=False), f"{line.group.points:,}", str(line.group.persons)]
        for line in lines(report.groups)
    ]  # fmt: skip
    head = ["", "mean (cm)", "median (cm)", "90th pct. (cm)", "surface mean (cm)", "marks", "persons"]
    return [(head, rows, (26, 28, 28, 30, 31, 14, 16))] if rows else []


def _areas(report: Report) -> list[Table]:
    names = {"annotators": "All annotators", "floor": "A perfect clicker"}
    rows = [
        [names.get(one.source, one.name), _value(one.auc10, 3), _value(one.auc30, 3), f"{one.auc10.count:,}"]
        for one in report.curves
        if one.source != "annotator"
    ]
    rows += [[one.name, f"{one.auc10:.3f}", f"{one.auc30:.3f}", ""] for one in report.published]
    return [(["", "AUC10", "AUC30", "marks"], rows, (50, 45, 45, 20))] if rows else []


def _annotators(report: Report) -> list[Table]:
    people = sorted(report.by_annotator, key=lambda one: one.rank)
    if not people:
        return []
    names = [f"{one.rank}. {written(one.name, 24)}" for one in people]
    lettered = report.unmeasured.differences is None
    errors = [
        [name, *([one.group or "–"] if lettered else []),
         *(_length(f, unit=False) for f in (one.mean, one.median, one.p90, one.surface_mean)), f"{one.points:,}"]
        for name, one in zip(names, people, strict=True)
    ]  # fmt: skip
    others = [
        [name, _value(one.auc10), _value(one.auc30), _share(one.left_right), _share(one.front_back),
         _value(one.seconds_per_point, 1)]
        for name, one in zip(names, people, strict=True)
    ]  # fmt: skip
    return [
        (["", *(["letters"] if lettered else []), "mean (cm)", "median (cm)", "90th pct. (cm)", "surface mean (cm)",
          "marks"], errors, (32, *((14,) if lettered else ()), 27, 27, 31, 31, 12)),
        (["", "AUC10", "AUC30", "left/right swaps", "front/back swaps", "seconds per point"], others,
         (28, 24, 24, 37, 37, 24)),
    ]  # fmt: skip


def _swaps(words: str, rate: Rate) -> str:
    if not rate.of:
        return f"{words}: cannot be said."
    of = f"{rate.of:,} {'mark that can tell' if rate.of == 1 else 'marks that can tell'}"
    if rate.value is None:
        return f"{words} in {rate.count:,} of {of}: too few to say."
    between = "" if rate.low is None or rate.high is None else f"; {100 * rate.low:.1f}–{100 * rate.high:.1f}%"
    return f"{words} in {rate.count:,} of {of} ({100 * rate.value:.1f}%{between})."


def _share(rate: Rate) -> str:
    if not rate.of:
        return "–"
    return f"{rate.count:,} of {rate.of:,} ({'too few to say' if rate.value is None else f'{100 * rate.value:.1f}%'})"


def _length(figure: Figure, digits: int = 2, unit: bool = True) -> str:
    return _put(figure, lambda value: f"{CM * value:.{digits}f}", " cm" if unit else "")


def _value(figure: Figure, digits: int = 2) -> str:
    return _put(figure, lambda value: f"{value:.{digits}f}", "")


def _put(figure: Figure, words: Callable[[float], str], unit: str) -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return words(figure.value) + unit
    return f"{words(figure.value)}{unit} ({words(figure.low)}–{words(figure.high)})"


def _pictures(report: Report, count: int) -> str:
    """What a surface mean rests on."""
    return counted(count, "picture") + (", each annotator's" if report.annotators > 1 else "")


def _ranked(report: Report) -> str:
    """How the list of annotators is to be read."""
    if report.unmeasured.differences:
        return f"Ranked by mean error; the ranks may be chance. {report.unmeasured.differences}"
    words = "Ranked by mean error. Those who share a letter were not told apart: their difference may be chance."
    if all(one.group for one in report.by_annotator):
        return words
    return words + " Those without a letter shared too few persons with others to be compared."


def _beyond(report: Report) -> list[str]:
    """What of the plan the study's settings cannot give."""
    if all(row.reachable for row in report.plan.rows):
        return []
    return [
        f"Hollow: this study's settings give at most {report.plan.most} points on a person; it takes more points on"
        " each part."
    ]


def _between(report: Report) -> str:
    """How the surface mean is found, and how far it can be trusted."""
    words = (
        "The surface mean follows the paper: errors are interpolated between the marked points of each part, then"
        " averaged over the surface that a picture shows, over pictures and over annotators. Beyond the paper, errors"
        " may grow where the surface turns away from the viewer."
    )
    known = report.interpolation
    if known.measured is None or known.foretold is None:
        return words
    words += (
        f" As a check, each of {counted(known.points, 'mark')} was left out and its error foretold from the others:"
        f" {CM * known.foretold:.2f} cm on average, where {CM * known.measured:.2f} cm was measured"
    )
    if known.correlation is None:
        return words + "."
    much = "little" if known.correlation < 0.3 else "something" if known.correlation < 0.7 else "much"
    return (
        f"{words}. Single errors and what was foretold go together with a correlation of {known.correlation:.2f} (1 is"
        f" entirely, 0 not at all): a mark tells {much} of the error at its neighbours, and averages over many can be"
        " trusted more than single places."
    )


def _unwritten(report: Report) -> list[str]:
    """That letters are missing, if any are."""
    names = [report.title, *(one.name for one in report.by_annotator), *(one.name for one in report.curves)]
    if all(written(name) == name for name in names):
        return []
    return ["Names hold letters that this document's font lacks; a box stands for each. The tables have them whole."]
