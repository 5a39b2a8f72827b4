"""The report as a PDF."""

import re
from dataclasses import replace

import numpy as np

import surface
from evaluation import pdf, sections, words
from tests.evaluation import sample


def test_a_whole_report_is_a_pdf_of_some_pages(tmp_path) -> None:
    body = surface.load("anny")
    report = replace(sample.report(3), title="Studie Łódź — 東", masks=None, retest=None, trends=[])
    path = tmp_path / "report.pdf"
    pdf.write(report, body, np.full(len(body.vertices), 0.02), path)
    made = path.read_bytes()
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert int(re.search(rb"/Count (\d+)", made).group(1)) >= 4
    assert [file.name for file in tmp_path.iterdir()] == ["report.pdf"]


def test_words_of_the_trade_are_explained_and_missing_letters_are_boxes_not_blanks() -> None:
    explained = [word for word, _ in sections.TERMS]
    for word in ("Error", "95% interval", "Swap"):
        assert word in explained
    assert any("AUC10" in word for word in explained)
    page = pdf._Page("A", "")
    page.set_font("body", "", 9)
    assert page.normalize_text("Łódź 東京") == "Łódź □□"
    report = sample.report(2)
    sly = replace(report, by_annotator=[replace(report.by_annotator[0], name="東京")])
    assert "a box stands for each" in " ".join(sections.sections(sly)[-1].words)
    assert "a box stands for each" not in " ".join(sections.sections(report)[-1].words)


def test_sections_tell_what_was_measured_and_what_limits_it() -> None:
    report = sample.report()
    titles = [section.title for section in sections.sections(report)]
    assert titles.index("Part by part") < titles.index("Planning the next study")
    assert "Part masks" in titles
    last = " ".join(sections.sections(report)[-1].words)
    assert "0.030 cm (0.020–0.040)" in last
    assert report.notes[0] in last
    assert "correlation of 0.42" in last


def test_words_agree_with_their_numbers_and_tell_the_true_reason() -> None:
    report = replace(
        sample.report(1), persons=1, flagged=1, outside=1, masks=None, left_right=replace(sample.rate(1, 2), of=0)
    )
    said = " ".join(words.notes(report, 0.97, 1, 1))
    assert "1 point was flagged" in said
    assert "1 mark lies on a piece" in said
    assert "1 points" not in said
    assert "1 marks" not in said
    assert "intervals are wide" not in said
    assert "there are no intervals" in said
    assert "part masks were given" in said
    assert "no left and right" not in said


def test_sections_without_data_are_left_out_and_never_break() -> None:
    none = sample.NOTHING
    bare = replace(
        sample.report(1), masks=None, retest=None, trends=[], by_annotator=[], differences=[], floor=none,
        left_right=replace(sample.rate(1, 2), value=None), curves=[], published=[], groups=[],
    )  # fmt: skip
    titles = [section.title for section in sections.sections(bare)]
    assert "Part masks" not in titles
    assert "Differences between annotators" not in titles
    assert any("cannot be said" in line for section in sections.sections(bare) for line in section.words)
