"""A report as tables: CSV in UTF-8, lengths in centimetres, one file for each kind of row.

Every figure has its interval and what it rests on: ``mean_cm``, ``mean_low_cm``, ``mean_high_cm`` and ``mean_n``. That
is a number of marks, but for ``surface_mean_n`` (images, once for each annotator) and ``iou_n`` (masks).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.report import Figure, Group, Rate, Report

Row = dict[str, object]

_CM = 100.0
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tables(report: Report) -> dict[str, list[Row]]:
    """The rows of each table by its name; a cell that cannot be said is None."""
    out: dict[str, list[Row]] = {
        "summary": _summary(report),
        "parts": [_group(group) for group in report.groups],
        "annotators": [
            {"rank": one.rank, "annotator": one.name, "simulated": one.simulated, "not_told_apart": one.group}
            | {"persons": one.persons, "points": one.points, "flagged": one.flagged, "outside": one.outside}
            | _cm("mean", one.mean) | _cm("median", one.median) | _cm("p90", one.p90)
            | _cm("surface_mean", one.surface_mean) | _plain("auc10", one.auc10) | _plain("auc30", one.auc30)
            | _rate("left_right", one.left_right) | _rate("front_back", one.front_back)
            | {"stands_out": "; ".join(one.suspect)} | _plain("seconds_per_point", one.seconds_per_point)
            | _plain("mask_iou", one.mask_iou) | _cm("retest", one.retest)
            for one in report.by_annotator
        ],
        "annotator_parts": [
            {"annotator": one.name} | _group(group) for one in report.by_annotator for group in one.parts
        ],
        "differences": [
            {"first": one.first, "second": one.second, "points": one.points, "persons": one.persons}
            | _cm("difference", one.difference)
            | {"p": one.p, "p_corrected": one.p_corrected, "differs": one.differs}
            for one in report.differences
        ],
        "curves": [
            {"source": one.source, "name": one.name, "threshold_cm": _CM * at, "ratio": ratio, "low": low, "high": high,
             "n": one.auc10.count}
            for one in report.curves
            for at, ratio, low, high in zip(one.thresholds, one.ratio, one.low, one.high, strict=True)
        ],
        "areas": [
            {"source": one.source, "name": one.name} | _plain("auc10", one.auc10) | _plain("auc30", one.auc30)
            for one in report.curves
        ]
        + [
            {"source": "published", "name": f"{one.name} ({one.citation})", "auc10": one.auc10, "auc30": one.auc30}
            for one in report.published
        ],
        "trends": [
            {"against": one.name, "unit": one.unit} | _cm("slope", one.slope) | {"p": one.p, "says": one.says}
            for one in report.trends
        ],
        "trend_bins": [
            {"against": one.name, "unit": one.unit, "from": bin_.low, "to": bin_.high, "middle": bin_.middle}
            | _cm("mean", bin_.mean)
            for one in report.trends
            for bin_ in one.bins
        ],
        "shares": [
            {"of": name} | _plain("share", figure)
            for name, figure in (
                ("annotator", report.shares.annotator), ("image", report.shares.image), ("part", report.shares.part),
                ("rest", report.shares.rest),
            )
        ],
        "interpolation": [_interpolation(report)],
        "plan": [
            {"points_per_person": row.points_per_person, "difference_cm": _CM * row.difference, "persons": row.persons,
             "settings_give_so_many": row.reachable, "this_study": row.points_per_person == report.plan.own}
            for row in report.plan.rows
        ],
    }  # fmt: skip
    missing = report.unmeasured
    reasons = (("differences", missing.differences), ("retest", missing.retest), ("masks", missing.masks))
    if any(why for _, why in reasons):
        out["not_measured"] = [{"what": what, "why": why} for what, why in reasons if why]
    if report.masks is not None:
        out["masks"] = [
            {"part": one.name, "label": one.label, "masks": one.masks} | _plain("iou", one.iou) for one in report.masks
        ]
    if report.retest is not None:
        again = report.retest
        out["retest"] = [
            {"points": again.points} | _cm("distance", again.distance) | _cm("first", again.first)
            | _cm("second", again.second) | _plain("correlation", again.correlation)
        ]  # fmt: skip
    return out


def text(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as CSV; the head names every column that any of them has."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def write(report: Report, folder: str | Path) -> list[Path]:
    """Write every table into a folder, which is made; returns the files."""
    to = Path(folder)
    to.mkdir(parents=True, exist_ok=True)
    files = []
    for name, rows in tables(report).items():
        path = to / f"{name}.csv"
        part = path.with_suffix(".csv.part")
        part.write_bytes(text(rows).encode())
        part.replace(path)
        files.append(path)
    return files


def zip_bytes(report: Report) -> bytes:
    """Every table in one zip; the same report gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in tables(report).items():
            file.writestr(
                zipfile.ZipInfo(f"{name}.csv", (1980, 1, 1, 0, 0, 0)), text(rows).encode(), zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def _summary(report: Report) -> list[Row]:
    whole = next((group for group in report.groups if group.kind == "all"), None)
    row: Row = {
        "title": report.title, "body": report.body, "body_hash": report.body_hash, "persons": report.persons,
        "annotators": report.annotators, "simulated_annotators": len(report.simulated),
        "distinct_points": report.distinct_points, "showings": report.points,
        "marked": report.marked, "flagged": report.flagged, "outside": report.outside,
    }  # fmt: skip
    if whole is not None:
        row |= _cm("mean_these_annotators", report.here)
        row |= _cm("mean", whole.mean) | _cm("median", whole.median) | _cm("p90", whole.p90)
        row |= _cm("surface_mean", whole.surface_mean)
    row |= _cm("floor", report.floor)
    return [row | _rate("left_right", report.left_right) | _rate("front_back", report.front_back)]


def _interpolation(report: Report) -> Row:
    """How well errors between the points are known."""
    known = report.interpolation
    return {
        "covered_share": report.covered,
        "points": known.points,
        "measured_cm": None if known.measured is None else _CM * known.measured,
        "foretold_cm": None if known.foretold is None else _CM * known.foretold,
        "correlation": known.correlation,
    }


def _group(group: Group) -> Row:
    row: Row = {"kind": group.kind, "name": group.name, "label": group.label, "persons": group.persons}
    row |= {"points": group.points, "flagged": group.flagged}
    return row | _cm("mean", group.mean) | _cm("median", group.median) | _cm("p90", group.p90) | _cm(
        "surface_mean", group.surface_mean
    )  # fmt: skip


def _cm(name: str, figure: Figure | None) -> Row:
    row: Row = {f"{key}_cm": None if value is None else _CM * value for key, value in _ends(name, figure)}
    return row | {f"{name}_n": _n(figure)}


def _plain(name: str, figure: Figure | None) -> Row:
    row: Row = dict(_ends(name, figure))
    return row | {f"{name}_n": _n(figure)}


def _n(figure: Figure | None) -> int | None:
    return None if figure is None else figure.count


def _ends(name: str, figure: Figure | None) -> list[tuple[str, float | None]]:
    value, low, high = (None, None, None) if figure is None else (figure.value, figure.low, figure.high)
    return [(name, value), (f"{name}_low", low), (f"{name}_high", high)]


def _rate(name: str, rate: Rate) -> Row:
    return {
        f"{name}_swaps": rate.count,
        f"{name}_of": rate.of,
        f"{name}_rate": rate.value,
        f"{name}_rate_low": rate.low,
        f"{name}_rate_high": rate.high,
    }


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
