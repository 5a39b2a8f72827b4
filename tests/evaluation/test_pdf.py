"""The report as a PDF."""

import re
from dataclasses import replace

import numpy as np

import surface
from evaluation import pdf, sections, words
from evaluation.report import Rate, Unmeasured
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
        left_right=Rate(0, 0, None, None, None), curves=[], published=[], groups=[],
    )  # fmt: skip
    titles = [section.title for section in sections.sections(bare)]
    assert "Part masks" not in titles
    assert "Differences between annotators" not in titles
    assert any("cannot be said" in line for section in sections.sections(bare) for line in section.words)


def test_what_was_not_measured_has_its_section_with_the_reason() -> None:
    why = Unmeasured("They share too few persons.", "Nobody saw a person twice.", words.NO_MASKS)
    report = replace(sample.report(3), masks=None, retest=None, unmeasured=why)
    said = {section.title: section for section in sections.sections(report)}
    assert list(said["Part masks"].words) == [words.NO_MASKS]
    assert list(said["The same points again"].words) == [why.retest]
    assert list(said["Differences between annotators"].words) == [why.differences]
    ranked = said["Annotator by annotator"]
    assert str(why.differences) in ranked.words[0]
    for head, rows, widths in ranked.tables:
        assert "letters" not in head
        assert {len(head), len(widths)} == {len(row) for row in rows} | {len(head)}
    assert "letters" in sections.sections(sample.report(3))[3].tables[0][0]


def test_of_too_few_marks_there_are_counts_and_no_share() -> None:
    few = Rate(2, 17, None, None, None)
    report = replace(sample.report(2), left_right=few)
    report = replace(report, by_annotator=[replace(one, left_right=few) for one in report.by_annotator])
    ranked = next(section for section in sections.sections(report) if section.title == "Annotator by annotator")
    assert "Left and right were swapped in 2 of 17 marks that can tell: too few to say." in ranked.words[1]
    assert {row[3] for row in ranked.tables[1][1]} == {"2 of 17 (too few to say)"}
    assert "cannot be said from 17 marks" in " ".join(words.says(replace(report, published=report.published)))


def test_a_plan_tells_its_own_number_of_points_and_what_its_settings_cannot_give() -> None:
    planned = next(s for s in sections.sections(sample.report()) if s.title.startswith("Planning"))
    assert "at most 84 points on a person" in " ".join(planned.words)
