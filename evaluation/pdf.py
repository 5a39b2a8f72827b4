"""A study's report as a PDF of A4 pages that stands by itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
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
from evaluation.report import Report
from evaluation.sections import BODY, TERMS, Section, headline, sections
from evaluation.words import counted

if TYPE_CHECKING:
    from surface.body import Body

_MARGIN = 18.0
_WIDTH = 210 - 2 * _MARGIN
_INK, _SOFT, _RULE, _HEAD = (32, 36, 43), (105, 113, 126), (216, 220, 227), (241, 243, 246)
_ROW = 5.0  # millimetres of a table's row, about
_LONG = 225.0  # a figure and a table that are longer together part


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
    for table in headline(report):
        page.ln(2)
        page.rows(*table)
    page.terms(TERMS)
    for section in sections(report):
        if section.title == BODY and error is None:
            continue
        drawing, image, height = None, None, 0.0
        if section.figure is not None:
            drawing = _Drawing(SVGObject(figures.svg(report, section.figure, "light").decode()))
            height = drawing.height
        if section.title == BODY and error is not None:
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
