"""The figures of a report."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from evaluation import figures, words
from evaluation.plots import THEMES
from evaluation.report import Shares
from tests.evaluation import sample


def labels(canvas) -> str:
    """All words of a figure."""
    found = []
    for axes in canvas.axes:
        found += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title()]
        found += [text.get_text() for text in axes.texts] + [label.get_text() for label in axes.get_yticklabels()]
        if axes.get_legend():
            found += [text.get_text() for text in axes.get_legend().get_texts()]
    return "\n".join(found)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_every_figure_names_its_units(name: str) -> None:
    found = labels(figures.draw(sample.report(), name))
    assert re.search(r"\(cm\)|cm\b|variance|overlap|persons", found)
    assert re.search(r"\d marks|marks$|masks|shared points|\d pairs", found, re.MULTILINE)  # what it rests on


def test_svg_is_one_document_and_always_the_same() -> None:
    made = figures.svg(sample.report(), "parts", "dark")
    assert ElementTree.fromstring(made).tag.endswith("svg")
    assert made == figures.svg(sample.report(), "parts", "dark")
    assert made != figures.svg(sample.report(), "parts", "light")


def test_a_dot_stands_at_its_value_in_centimetres() -> None:
    report = sample.report()
    axes = figures.draw(report, "parts").axes[0]
    means = next(line for line in axes.lines if line.get_label() == "mean")
    rows = [line for line in words.lines(report.groups) if not line.under]
    assert means.get_xdata() == pytest.approx([100 * line.group.mean.value for line in rows])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "All parts"
    assert names.count("Torso") == names.count("Hands") == 1
    assert "Left Hand" not in names


def test_parts_stand_under_their_group_once() -> None:
    names = [(line.name, line.under) for line in words.lines(sample.report().groups)]
    at = names.index(("Hands", False))
    assert names[at + 1 : at + 3] == [("left", True), ("right", True)]
    assert len(names) == 1 + len(sample.PARTS) + 6  # all, parts, and groups of two
    assert names.count(("Head", False)) == 1


def test_words_on_dark_cells_are_light_and_on_light_cells_dark() -> None:
    report = replace(sample.report(2), differences=[])
    wide = replace(sample.report().differences[0], difference=sample.figure(-0.05, 0.01, 90))
    for theme, ground in (("light", "#ffffff"), ("dark", "#1b1e24")):
        axes = figures.draw(replace(report, differences=[wide]), "differences", theme).axes[0]
        inks = {text.get_text(): text.get_color() for text in axes.texts}
        assert ground == THEMES[theme].page
        assert inks["-5.0"] == ("#ffffff" if theme == "light" else "#111418")  # on the dark and on the light blue


def test_names_without_letters_in_the_font_are_boxes_not_blanks() -> None:
    report = sample.report(2)
    people = [replace(one, name="東京" + "x" * 60) for one in report.by_annotator]
    found = labels(figures.draw(replace(report, by_annotator=people), "annotators"))
    assert "1. □□xx" in found
    assert "…" in found
    assert "x" * 40 not in found


def test_curves_tell_areas_and_the_papers() -> None:
    found = labels(figures.draw(sample.report(), "curve"))
    assert "AUC10 0.563, AUC30 0.835" in found
    assert "FCN: AUC10" in found


def test_nothing_to_draw_is_said_in_words() -> None:
    none = sample.NOTHING
    bare = replace(
        sample.report(), groups=[], curves=[], by_annotator=[], differences=[], trends=[], masks=None,
        shares=Shares(none, none, none, none, None), plan=replace(sample.report().plan, rows=[]),
    )  # fmt: skip
    for name in figures.FIGURES:
        axes = figures.draw(bare, name).axes[0]
        assert not axes.axison
        assert axes.texts[0].get_text().endswith(".")


def test_unknown_figures_and_themes_are_refused() -> None:
    with pytest.raises(ValueError, match="'pie' is not one of parts"):
        figures.draw(sample.report(), "pie")
    with pytest.raises(ValueError, match=f"'pink' is not one of {', '.join(THEMES)}"):
        figures.draw(sample.report(), "parts", "pink")
