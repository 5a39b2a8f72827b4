"""The job that makes the report of a study: the table of distances, then the figures, then the files."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from annotation_db import utc_now
from server.jobs.kinds import Kind
from server.jobs.steps import say
from server.problems import RefusedError
from server.state import State
from server.studies import reports
from server.studies.collect import collect, people
from server.studies.service import existing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evaluation.marks import Study
    from evaluation.report import Report
    from surface.body import Body
    from surface.geodesic_table import GeodesicTable

Say = Callable[[str], None]
THEMES = ("light", "dark")
HEAT_SIZE = 1600  # pixels


def make(state: State, study_id: UUID, tell: Say = lambda _message: None) -> Path:
    """Make the report of a study and keep it; returns its folder. The same report of the same content is kept.

    :param tell: called with what is being done, in a few words.
    :raises RefusedError: nothing is measured yet.
    """
    with state.database.read() as session:
        row = existing(session, study_id)
        name = reports.name_of(reports.content(session, row))
        named = {name: id_.hex for name, id_ in people(session, row).items()}
    kept = reports.again(state.settings, study_id, name)
    if kept is not None:
        return kept
    study, table, report, heat = compute(state, study_id, tell)
    tell("writing the report")

    def fill(folder: Path) -> None:
        (folder / reports.PEOPLE).write_text(json.dumps(named))
        write(folder, study, table, report, heat)

    return reports.keep(state.settings, study_id, name, fill)


def compute(state: State, study_id: UUID, tell: Say) -> tuple[Study, GeodesicTable, Report, NDArray[np.float32]]:
    """The marks, the body's table of distances, what they say, and the mean error (V,) in metres at its vertices.

    :raises RefusedError: nothing is measured yet.
    """
    from evaluation.study import heat, report

    study = collect(state, study_id, _counted(tell, "reading the truth of person {} of {}"))
    if not len(study.marks):
        raise RefusedError("nothing is measured yet: nobody has submitted a person of this study")
    table = table_of(state, study.body, tell)
    tell("measuring errors")
    said = report(study, table, progress=_counted(tell, "measuring errors, step {} of {}"))
    return study, table, said, heat(study, table)


def table_of(state: State, body: Body, tell: Say) -> GeodesicTable:
    """The body's table of distances, built first if need be (about a minute on two processors, once for a body)."""
    from surface.geodesic_build import build

    loaded = state.bodies.by_hash(body.hash)
    found = state.geodesics.table(loaded)
    if found is None:
        progress = _counted(tell, "measuring the body, {} of {} vertices (once for each body)")
        folder = state.settings.data / "geodesics"
        build(
            body.hash, body.vertices, body.faces, folder, state.settings.geodesic_processes or None, progress=progress
        )
        found = state.geodesics.table(loaded)
    if found is None:
        raise ValueError("the body's table of distances was built and cannot be read")
    return found


def write(folder: Path, study: Study, table: GeodesicTable, report: Report, heat: NDArray[np.float32]) -> None:
    """All files of a report; report.json last."""
    from evaluation import pdf

    write_pictures(folder, study.body, report, heat)
    (folder / "heat.bin").write_bytes(np.asarray(heat, "<f4").tobytes())
    write_tables(folder, study, table, report)
    pdf.write(report, study.body, heat, folder / "report.pdf", made=f"{utc_now():%d %B %Y}")
    text = json.dumps(dataclasses.asdict(report), allow_nan=False, indent=1)
    (folder / reports.LAST).write_text(text)


def write_pictures(folder: Path, body: Body, report: Report, heat: NDArray[np.float32]) -> None:
    """Curves and bars as figures/NAME.THEME.svg, and the body with its errors as heat.THEME.png."""
    from PIL import Image

    from evaluation import figures
    from evaluation.heat import picture

    (folder / "figures").mkdir()
    for name in figures.FIGURES:
        for theme in THEMES:
            (folder / "figures" / f"{name}.{theme}.svg").write_bytes(figures.svg(report, name, theme))
    for theme in THEMES:
        Image.fromarray(picture(body, heat, theme, HEAT_SIZE)).save(folder / f"heat.{theme}.png", optimize=True)


def write_tables(folder: Path, study: Study, table: GeodesicTable, report: Report) -> None:
    """The report's tables and every single mark as CSV files, packed as tables.zip."""
    from evaluation import raw, tables

    (folder / "tables.zip").write_bytes(tables.zip_bytes(report))
    with zipfile.ZipFile(folder / "tables.zip", "a", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
        _add(file, "marks.csv", raw.csv(study, table))


def _add(file: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> None:
    with file.open(name, "w", force_zip64=True) as out:
        for part in parts:
            out.write(part)


def _counted(tell: Say, words: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(words.format(f"{done:,}", f"{total:,}"))


def _plan(_state: State, args: dict[str, Any]) -> list[str]:
    return [args["study_id"]]


def _step(state: State, _args: dict[str, Any], shard: str) -> str:
    return make(state, UUID(shard), say).name


def _finish(_state: State, args: dict[str, Any], results: list[str]) -> dict[str, str]:
    return {"study": args["study_id"], "content": results[0]}


STUDY_REPORT = Kind("study-report", _plan, _step, _finish)
