"""A study's report as a PDF of A4 pages that stands by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fpdf import FPDF
from fpdf.drawing_primitives import Transform
from fpdf.fonts import FontFace
from fpdf.svg import SVGObject
from numpy.typing import NDArray
from PIL import Image

from evaluation import figures, heat
from evaluation.plots import FONTS, written
from evaluation.report import Figure, Rate, Report
from evaluation.words import counted, lines

if TYPE_CHECKING:
    from surface.body import Body

_MARGIN = 18.0
_WIDTH = 210 - 2 * _MARGIN
_INK, _SOFT, _RULE, _HEAD = (32, 36, 43), (105, 113, 126), (216, 220, 227), (241, 243, 246)
_CM = 100.0
_ROW = 5.0  # millimetres of a table's row, about
_LONG = 225.0  # a figure and a table that are longer together part


Table = tuple[Sequence[str], Sequence[Sequence[str]], Sequence[int]]
"""Its head, its rows, and the columns' widths to each other."""


@dataclass(frozen=True)
class Section:
    """A heading, what it tells in plain words, its figure, and its tables."""

    title: str
    words: Sequence[str]
    figure: str | None = None
    tables: Sequence[Table] = ()


def write(report: Report, body: Body, error: NDArray[np.floating] | None, path: str | Path, made: str = "") -> None:
    """Write the report.

    Args:
        report: the report.
        body: the body that was marked.
        error: (V,) metres per vertex of the body, NaN where unseen; None leaves the picture out.
        path: the file; it appears when it is whole.
        made: when and with what it was made, for the foot of each page.
    """
    target = Path(path)
    part = target.with_suffix(".pdf.part")
    part.write_bytes(render(report, body, error, made))
    part.replace(target)


def render(report: Report, body: Body, error: NDArray[np.floating] | None, made: str = "") -> bytes:
    """The PDF's bytes; see ``write``."""
    logging.getLogger("fpdf").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    page = _Page(report.title, made)
    page.add_page()
    _cover(page, report)
    _headline(page, report)
    page.terms(_TERMS)
    for section in sections(report):
        drawing, image, height = None, None, 0.0
        if section.figure is not None:
            drawing = _Drawing(SVGObject(figures.svg(report, section.figure, "light").decode()))
            height = drawing.height
        if section.title == _BODY and error is not None:
            image = heat.picture(body, error, "light", 1400)
            height = _WIDTH * len(image) / image.shape[1]
        page.keep(section, height)
        page.section(section.title)
        for paragraph in section.words:
            page.paragraph(paragraph)
        if drawing is not None:
            page.drawing(drawing)
        if image is not None:
            page.picture(image)
        for table in section.tables:
            page.rows(*table)
    return bytes(page.output())


@dataclass(frozen=True)
class _Drawing:
    svg: SVGObject

    @property
    def height(self) -> float:
        """Millimetres, when it is as wide as the page."""
        assert self.svg.viewbox is not None  # as matplotlib writes it
        return _WIDTH * self.svg.viewbox[3] / self.svg.viewbox[2]


_BODY = "Where on the body"
_TERMS = (
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
            _BODY,
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
                "Ranked by mean error. Those who share a letter were not told apart: their difference may be chance."
                + (" Those without a letter shared no points with others." if _alone(report) else ""),
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
        out.append(Section("Differences between annotators", [words], "differences"))
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
    out.append(Section("Planning the next study", [report.plan.says], "plan"))
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


class _Page(FPDF):
    """A4 with a foot; type that has more than Latin letters."""

    def __init__(self, title: str, made: str) -> None:
        super().__init__(format="A4")
        self._foot = " · ".join(words for words in (title, made) if words)
        self.set_margins(_MARGIN, 16, _MARGIN)
        self.set_auto_page_break(True, 18)
        self.add_font("body", "", str(FONTS / "DejaVuSans.ttf"))
        self.add_font("body", "B", str(FONTS / "DejaVuSans-Bold.ttf"))
        self.set_title(title)
        self.set_creator("DenseMark")
        self.set_text_color(*_INK)

    def normalize_text(self, text: str) -> str:
        """What the font can write; fpdf2 leaves other letters out."""
        return super().normalize_text(written(text))

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("body", "", 7)
        self.set_text_color(*_SOFT)
        self.cell(_WIDTH / 2 + 40, 5, self._foot)
        self.cell(0, 5, f"{self.page_no()} of {{nb}}", align="R")
        self.set_text_color(*_INK)

    def section(self, title: str) -> None:
        self.ln(3)
        self.set_font("body", "B", 12)
        self.cell(0, 8, title, new_x="LMARGIN", new_y="NEXT")

    def paragraph(self, words: str, soft: bool = False, size: float = 9) -> None:
        self.set_font("body", "", size)
        self.set_text_color(*(_SOFT if soft else _INK))
        self.multi_cell(_WIDTH, size * 0.53, words, align="L", new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*_INK)
        self.ln(1.2)

    def terms(self, terms: Sequence[tuple[str, str]]) -> None:
        """What words of the trade mean."""
        self.section("Words used in this report")
        for word, meaning in terms:
            self.set_font("body", "B", 8)
            self.set_x(_MARGIN)
            self.write(4.2, word)
            self.set_font("body", "", 8)
            self.write(4.2, f": {meaning}")
            self.ln(5)

    def bullets(self, lines: Sequence[str]) -> None:
        self.set_font("body", "", 10)
        for line in lines:
            self.set_x(_MARGIN)
            self.cell(5, 5.4, "•")
            self.multi_cell(_WIDTH - 5, 5.4, line, align="L", new_x="LMARGIN", new_y="NEXT")
            self.ln(0.6)

    def keep(self, section: Section, height: float) -> None:
        """Begins a new page unless a heading, its words and its figure fit on this one."""
        self.set_font("body", "", 9)
        if not section.figure and not section.tables and not height:  # words may part
            if self.get_y() > self.h - 60:
                self.add_page()
            return
        lines = sum(int(self.get_string_width(words) / (_WIDTH - 4)) + 1 for words in section.words)
        table = sum(8.0 + _ROW * len(rows) for _, rows, _ in section.tables)
        if height + table > _LONG:
            table = 30.0  # its head and first rows, at least
        if self.get_y() + 12 + 4.8 * lines + 2 * len(section.words) + height + table > self.h - 18:
            self.add_page()

    def drawing(self, drawing: _Drawing) -> None:
        """A figure as wide as the page."""
        top = self.get_y()
        _, _, path = drawing.svg.transform_to_rect_viewport(
            scale=1, width=_WIDTH, height=drawing.height, ignore_svg_top_attrs=True
        )
        assert path.transform is not None
        path.transform = path.transform @ Transform.translation(_MARGIN, top)
        self.set_xy(0, 0)
        self.draw_path(path, copy=False)
        self.set_y(top + drawing.height + 2)

    def picture(self, pixels: NDArray[np.uint8]) -> None:
        self.image(Image.fromarray(pixels), x=_MARGIN, w=_WIDTH)
        self.ln(2)

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """A table; the first column is words, the others figures."""
        self.set_font("body", "", 7.5)
        self.set_draw_color(*_RULE)
        aligned: Any = ("LEFT", *("RIGHT",) * (len(head) - 1))
        with self.table(
            col_widths=tuple(widths), text_align=aligned, borders_layout="HORIZONTAL_LINES", line_height=4.4,
            padding=0.5,
            headings_style=FontFace(emphasis="BOLD", fill_color=_HEAD), width=_WIDTH,
        ) as table:  # fmt: skip
            for cells in (head, *rows):
                table.row(list(cells))
        self.ln(3)


def _cover(page: _Page, report: Report) -> None:
    page.set_font("body", "", 9)
    page.set_text_color(*_SOFT)
    page.cell(0, 6, "How accurate are the annotators?", new_x="LMARGIN", new_y="NEXT")
    page.set_text_color(*_INK)
    page.set_font("body", "B", 20)
    page.multi_cell(_WIDTH, 10, report.title, new_x="LMARGIN", new_y="NEXT")
    page.ln(1)
    people = counted(report.annotators, "annotator")
    if report.simulated:
        people += (
            " (simulated: a program, not a person)"
            if report.annotators == 1
            else (
                " (all simulated: programs, not people)"
                if len(report.simulated) == report.annotators
                else f" ({len(report.simulated)} simulated: programs, not people)"
            )
        )
    words = (
        f"{people} saw {counted(report.distinct_points, 'point')} on {counted(report.persons, 'rendered person')} and"
        f" said where on the body each one lies. Counted once for each annotator who saw them, that is"
        f" {counted(report.points, 'point')}: {report.marked:,} marked, {report.flagged:,} left with a reason,"
        f" {report.outside:,} where no part of the person was seen."
    )
    page.paragraph(words, soft=True)
    page.ln(1)
    page.bullets(report.says)


def _headline(page: _Page, report: Report) -> None:
    whole = next((group for group in report.groups if group.kind == "all"), None)
    if whole is None:
        return
    curve = next((one for one in report.curves if one.source == "annotators"), None)
    rows = [
        ["Mean error", _length(whole.mean), counted(whole.mean.count, "mark")],
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
    page.ln(2)
    page.rows(["Over all parts", "with 95% interval", "from"], rows, (60, 60, 50))


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
    names = [f"{one.rank}. {one.name}" for one in people]
    errors = [
        [name, one.group or "–",
         *(_length(f, unit=False) for f in (one.mean, one.median, one.p90, one.surface_mean)), f"{one.points:,}"]
        for name, one in zip(names, people, strict=True)
    ]  # fmt: skip
    others = [
        [name, _value(one.auc10), _value(one.auc30), _share(one.left_right), _share(one.front_back),
         _value(one.seconds_per_point, 1)]
        for name, one in zip(names, people, strict=True)
    ]  # fmt: skip
    return [
        (["", "letters", "mean (cm)", "median (cm)", "90th pct. (cm)", "surface mean (cm)", "marks"], errors,
         (32, 14, 27, 27, 31, 31, 12)),
        (["", "AUC10", "AUC30", "left/right swaps", "front/back swaps", "seconds per point"], others,
         (32, 26, 26, 32, 32, 26)),
    ]  # fmt: skip


def _swaps(words: str, rate: Rate) -> str:
    if rate.value is None:
        return f"{words}: cannot be said."
    between = "" if rate.low is None or rate.high is None else f"; {100 * rate.low:.1f}–{100 * rate.high:.1f}%"
    of = f"{rate.of:,} {'mark that can tell' if rate.of == 1 else 'marks that can tell'}"
    return f"{words} in {rate.count:,} of {of} ({100 * rate.value:.1f}%{between})."


def _share(rate: Rate) -> str:
    return "–" if rate.value is None else f"{rate.count:,} of {rate.of:,} ({100 * rate.value:.1f}%)"


def _length(figure: Figure, digits: int = 2, unit: bool = True) -> str:
    return _put(figure, lambda value: f"{_CM * value:.{digits}f}", " cm" if unit else "")


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


def _alone(report: Report) -> bool:
    return any(not one.group for one in report.by_annotator)


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
        f" {_CM * known.foretold:.2f} cm on average, where {_CM * known.measured:.2f} cm was measured"
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
