"""A study's report as a PDF of A4 pages that stands by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from fpdf import FPDF
from fpdf.drawing_primitives import Transform
from fpdf.fonts import FontFace
from fpdf.svg import SVGObject
from numpy.typing import NDArray
from PIL import Image

from evaluation import figures, heat
from evaluation.report import Figure, Rate, Report

if TYPE_CHECKING:
    from surface.body import Body

_MARGIN = 18.0
_WIDTH = 210 - 2 * _MARGIN
_INK, _SOFT, _RULE, _HEAD = (32, 36, 43), (105, 113, 126), (216, 220, 227), (241, 243, 246)
_CM = 100.0


@dataclass(frozen=True)
class Section:
    """A heading, what it tells in plain words, its figure, and its table."""

    title: str
    words: Sequence[str]
    figure: str | None = None
    table: tuple[Sequence[str], Sequence[Sequence[str]], Sequence[int]] | None = None


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
    for section in sections(report):
        drawing = None
        if section.figure is not None:
            drawing = _Drawing(SVGObject(figures.svg(report, section.figure, "light").decode()))
        image = heat.picture(body, error, "light", 2000) if section.title == _BODY and error is not None else None
        page.keep(
            section, drawing.height if drawing else 0.0 if image is None else _WIDTH * len(image) / image.shape[1]
        )
        page.section(section.title)
        for paragraph in section.words:
            page.paragraph(paragraph)
        if drawing is not None:
            page.drawing(drawing)
        if image is not None:
            page.picture(image)
        if section.table is not None:
            page.rows(*section.table)
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


def sections(report: Report) -> list[Section]:
    """What follows the headline, in order."""
    out = [
        Section(
            "Part by part",
            [
                "Each row is a part of the body. The mean weighs every mark alike; half of the marks lie nearer than"
                " the median, nine in ten nearer than the 90th percentile. Lines show 95% intervals: where the figure"
                " would lie if the study were repeated with other pictures.",
            ],
            "parts",
            _parts(report),
        ),
        Section(
            _BODY,
            ["Errors are interpolated between the marked points over the surface each picture shows, then averaged."],
        ),
        Section(
            "How many marks are good enough",
            [
                "For every distance on the horizontal axis, the curve tells which share of the marks lies within it."
                " The area under it up to 10 cm and up to 30 cm (AUC10, AUC30; 1 is perfect) sums a curve up in one"
                " number.",
                *(
                    f"Beside it: {known.name[:1].lower()}{known.name[1:]}, AUC10 {known.auc10:.3f} and AUC30"
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
                "Ranked by mean error. Those who share a letter were not told apart: their difference may be chance.",
                _swaps("Left and right were swapped", report.left_right) + " "
                + _swaps("Front and back were swapped", report.front_back),
            ],
            "annotators",
            _annotators(report),
        ),
    ]  # fmt: skip
    if len(report.by_annotator) > 1:
        words = (
            "Each pair is compared on the points that both marked. A difference counts as shown when chance would make"
            " one as large in less than 5% of studies, all comparisons together (permutation test over pictures, Holm)."
        )
        out.append(Section("Differences between annotators", [words], "differences"))
    out += [
        Section(f"Error and {trend.label[:1].lower()}{trend.label[1:]}", [trend.says], trend.name)
        for trend in report.trends
    ]
    words = "If errors differ, does that lie with who marked, with the picture, with the part, or with none of them?"
    out.append(Section("Where the differences lie", [words], "shares"))
    if report.masks:
        out.append(Section("Part masks", ["The overlap of drawn and true masks; 100% is perfect."], "masks"))
    if report.retest is not None:
        again = report.retest
        words = (
            f"{again.points:,} points were given twice to the same annotators. Their two marks lie"
            f" {_length(again.distance)} apart on average; the errors were {_length(again.first)} the first time and"
            f" {_length(again.second)} the second. The correlation of the two errors is {_value(again.correlation)}."
        )
        out.append(Section("The same points again", [words]))
    out.append(Section("Planning the next study", [report.plan.says], "plan"))
    known = report.interpolation
    held = ""
    if known.measured is not None and known.foretold is not None:
        held = (
            f" Each point left out in turn and foretold from the others gives {_CM * known.foretold:.2f} cm on average,"
            f" where {_CM * known.measured:.2f} cm was measured."
        )
    out.append(
        Section(
            "How it was measured, and its limits",
            [
                "The pictures are rendered, so that the true place of every pixel on the body's surface is known. The"
                " error of a mark is the length of the shortest way along the surface from the true place to the marked"
                f" one, on the body {report.body} in its rest pose.",
                "“Surface mean” is the figure of the DensePose paper: errors interpolated over the visible surface,"
                " then averaged over it, over pictures and over annotators." + held,
                f"The tool's own floor: a perfect click is off by {_length(report.floor, 3)}, from the pixels of the"
                " display and of the views.",
                *report.notes,
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
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font("body", "", str(fonts / "DejaVuSans.ttf"))
        self.add_font("body", "B", str(fonts / "DejaVuSans-Bold.ttf"))
        self.set_title(title)
        self.set_creator("DenseMark")
        self.set_text_color(*_INK)

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
        self.multi_cell(_WIDTH, size * 0.53, words, new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*_INK)
        self.ln(1.2)

    def bullets(self, lines: Sequence[str]) -> None:
        self.set_font("body", "", 10)
        for line in lines:
            self.set_x(_MARGIN)
            self.cell(5, 5.4, "•")
            self.multi_cell(_WIDTH - 5, 5.4, line, new_x="LMARGIN", new_y="NEXT")
            self.ln(0.6)

    def keep(self, section: Section, height: float) -> None:
        """Begins a new page unless a heading, its words and its figure fit on this one."""
        self.set_font("body", "", 9)
        lines = sum(int(self.get_string_width(words) / (_WIDTH - 4)) + 1 for words in section.words)
        table = 30.0 if section.table is not None else 0.0  # its head and first rows, at least
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
    people = _count(report.annotators, "annotator")
    if report.simulated:
        people += f" ({len(report.simulated)} simulated)"
    words = (
        f"{people} saw points on {_count(report.persons, 'rendered person')} and said where on the body each one lies:"
        f" {report.marked:,} marks on {report.points:,} points; {report.flagged:,} were left with a reason,"
        f" {report.outside:,} showed no part of the person."
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
        ["Mean error", _length(whole.mean), f"{whole.mean.count:,}"],
        ["Median error", _length(whole.median), f"{whole.median.count:,}"],
        ["90th percentile", _length(whole.p90), f"{whole.p90.count:,}"],
        ["Surface mean (as in the paper)", _length(whole.surface_mean), f"{whole.surface_mean.count:,}"],
    ]
    if curve is not None:
        rows += [
            ["AUC10", _value(curve.auc10, 3), f"{curve.auc10.count:,}"],
            ["AUC30", _value(curve.auc30, 3), f"{curve.auc30.count:,}"],
        ]
    rows.append(["Error of a perfect click (the tool's floor)", _length(report.floor, 3), f"{report.floor.count:,}"])
    page.ln(2)
    page.rows(["Over all parts", "with 95% interval", "points"], rows, (60, 60, 25))


def _parts(report: Report) -> tuple[list[str], list[list[str]], tuple[int, ...]] | None:
    rows = [
        [group.name, *(_length(f, unit=False) for f in (group.mean, group.median, group.p90, group.surface_mean)),
         f"{group.points:,}", str(group.persons)]
        for group in report.groups
    ]  # fmt: skip
    head = ["", "mean (cm)", "median (cm)", "90th pct. (cm)", "surface mean (cm)", "points", "persons"]
    return (head, rows, (30, 28, 28, 30, 30, 14, 14)) if rows else None


def _areas(report: Report) -> tuple[list[str], list[list[str]], tuple[int, ...]] | None:
    names = {"annotators": "All annotators", "floor": "A perfect clicker"}
    rows = [
        [names.get(one.source, one.name), _value(one.auc10, 3), _value(one.auc30, 3), f"{one.auc10.count:,}"]
        for one in report.curves
    ]
    rows += [[one.name, f"{one.auc10:.3f}", f"{one.auc30:.3f}", ""] for one in report.published]
    return (["", "AUC10", "AUC30", "points"], rows, (50, 45, 45, 20)) if rows else None


def _annotators(report: Report) -> tuple[list[str], list[list[str]], tuple[int, ...]] | None:
    rows = [
        [f"{one.rank}. {one.name}", one.group, _length(one.mean, unit=False), _length(one.p90, unit=False),
         _share(one.left_right), _share(one.front_back), _value(one.seconds_per_point, 1), f"{one.points:,}"]
        for one in sorted(report.by_annotator, key=lambda one: one.rank)
    ]  # fmt: skip
    head = ["", "letters", "mean (cm)", "90th pct. (cm)", "L/R swaps", "F/B swaps", "s per point", "points"]
    return (head, rows, (36, 12, 28, 28, 20, 20, 24, 14)) if rows else None


def _swaps(words: str, rate: Rate) -> str:
    if rate.value is None:
        return f"{words}: cannot be said."
    return f"{words} in {rate.count:,} of {rate.of:,} points ({100 * rate.value:.1f}%)."


def _share(rate: Rate) -> str:
    return "–" if rate.value is None else f"{rate.count} ({100 * rate.value:.1f}%)"


def _length(figure: Figure, digits: int = 2, unit: bool = True) -> str:
    return _written(figure, lambda value: f"{_CM * value:.{digits}f}", " cm" if unit else "")


def _value(figure: Figure, digits: int = 2) -> str:
    return _written(figure, lambda value: f"{value:.{digits}f}", "")


def _written(figure: Figure, words: Callable[[float], str], unit: str) -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return words(figure.value) + unit
    return f"{words(figure.value)}{unit} ({words(figure.low)}–{words(figure.high)})"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
