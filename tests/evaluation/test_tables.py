"""Reports as CSV."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from evaluation import tables
from tests.evaluation import sample


def read(name: str, report=None) -> list[dict[str, str]]:
    made = tables.text(tables.tables(report or sample.report())[name])
    return list(csv.DictReader(io.StringIO(made, newline="")))


def test_lengths_are_centimetres_and_shares_are_not() -> None:
    report = sample.report()
    first = report.by_annotator[0]
    row = read("annotators")[0]
    assert float(row["mean_cm"]) == pytest.approx(100 * first.mean.value)
    assert float(row["p90_high_cm" if "p90_high_cm" in row else "p90_cm_high"]) == pytest.approx(100 * first.p90.high)
    assert float(row["auc10"]) == pytest.approx(first.auc10.value, rel=1e-5)
    assert row["simulated"] == "yes"


def test_what_cannot_be_said_is_an_empty_cell() -> None:
    report = sample.report()
    mute = replace(report.groups[0], mean=sample.NOTHING)
    rows = read("parts", replace(report, groups=[mute, *report.groups[1:]]))
    assert rows[0]["mean_cm"] == ""
    assert rows[1]["mean_cm"] != ""


def test_every_figure_tells_its_interval_and_what_it_rests_on() -> None:
    for name, rows in tables.tables(sample.report()).items():
        columns = {column for row in rows for column in row}
        for column in columns:
            if column.endswith("_low") or column.endswith("_low_cm"):
                stem = column.removesuffix("_cm").removesuffix("_low")
                assert {stem + "_n", stem.removesuffix("_rate") + "_of"} & columns, f"{name}: {column}"
    assert float(read("trends")[0]["slope_low_cm"]) == pytest.approx(0.0)
    assert read("trends")[0]["slope_n"] == "4000"
    assert read("interpolation")[0]["correlation"] == "0.42"


def test_names_are_no_formulas() -> None:
    report = sample.report()
    sly = replace(report.by_annotator[0], name='=HYPERLINK("x")')
    assert read("annotators", replace(report, by_annotator=[sly]))[0]["annotator"] == '\'=HYPERLINK("x")'


def test_tables_without_masks_and_retest_are_left_out() -> None:
    names = tables.tables(replace(sample.report(), masks=None, retest=None))
    assert "masks" not in names
    assert "retest" not in names


def test_zip_and_folder_hold_the_same(tmp_path) -> None:
    report = sample.report()
    files = tables.write(report, tmp_path / "new")
    made = tables.zip_bytes(report)
    assert made == tables.zip_bytes(report)
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert {name: file.read(name) for name in file.namelist()} == {path.name: path.read_bytes() for path in files}
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in files)
