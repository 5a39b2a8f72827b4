"""The figures of a report."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from evaluation import figures
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
    words = labels(figures.draw(sample.report(), name))
    assert re.search(r"\(cm\)|cm\b|variance|overlap|persons", words)


def test_svg_is_one_document_and_always_the_same() -> None:
    made = figures.svg(sample.report(), "parts", "dark")
    assert ElementTree.fromstring(made).tag.endswith("svg")
    assert made == figures.svg(sample.report(), "parts", "dark")
    assert made != figures.svg(sample.report(), "parts", "light")


def test_a_dot_stands_at_its_value_in_centimetres() -> None:
    report = sample.report()
    axes = figures.draw(report, "parts").axes[0]
    means = next(line for line in axes.lines if line.get_label() == "mean")
    assert means.get_xdata() == pytest.approx([100 * group.mean.value for group in report.groups])
    assert axes.get_yticklabels()[0].get_text() == "All parts"


def test_curves_tell_areas_and_the_papers() -> None:
    words = labels(figures.draw(sample.report(), "curve"))
    assert "AUC10 0.563, AUC30 0.835" in words
    assert "FCN: AUC10" in words


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
