"""The report of a study, as JSON and as files."""

import re
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from server.access import MANAGE, STAFF, Of, SignedIn, allow
from server.jobs.schemas import Job
from server.state import AppState
from server.studies import report_service, reports
from server.studies.schemas import StudyReport
from server.studies.service import existing

router = APIRouter(prefix="/api/studies/{study_id}", tags=["studies"])

Theme = Annotated[Literal["light", "dark"], Query()]
FigureName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]


@router.get("/report", dependencies=[allow(STAFF, Of.study)])
def get_study_report(study_id: UUID, state: AppState) -> StudyReport:
    """The newest report, if there is one, and the job that makes one."""
    return report_service.get(state, study_id)


@router.post("/report", dependencies=[allow(MANAGE, Of.study)])
def make_study_report(study_id: UUID, caller: SignedIn, state: AppState) -> Job:
    """Make a report in the background, unless that is under way."""
    return report_service.start(state, study_id, caller.id)


@router.get(
    "/report.json",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"application/json": {}}}},
)
def get_report_json(study_id: UUID, state: AppState) -> FileResponse:
    """The report as a file."""
    return _file(state, study_id, "report.json", "application/json", _named(state, study_id, "report.json"))


@router.get(
    "/report.pdf",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"application/pdf": {}}}},
)
def get_report_pdf(study_id: UUID, state: AppState) -> FileResponse:
    """The report to print."""
    return _file(state, study_id, "report.pdf", "application/pdf", _named(state, study_id, "report.pdf"))


@router.get(
    "/report.csv",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}},
)
def get_report_tables(study_id: UUID, state: AppState) -> FileResponse:
    """The tables of the report and all marks, CSV in a zip."""
    return _file(state, study_id, "tables.zip", "application/zip", _named(state, study_id, "report-tables.zip"))


@router.get(
    "/figures/{name}.svg",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
def get_report_figure(study_id: UUID, name: FigureName, state: AppState, theme: Theme = "light") -> FileResponse:
    """A figure of the report."""
    return _file(state, study_id, f"figures/{name}.{theme}.svg", "image/svg+xml")


@router.get(
    "/heat.png",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}}},
)
def get_report_heat_picture(study_id: UUID, state: AppState, theme: Theme = "light") -> FileResponse:
    """The mean error on the body from six sides."""
    return _file(state, study_id, f"heat.{theme}.png", "image/png")


@router.get(
    "/heat.bin",
    dependencies=[allow(STAFF, Of.study)],
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def get_report_heat(study_id: UUID, state: AppState) -> FileResponse:
    """The mean error at the body's vertices, f32 (V), little-endian, metres; NaN where nothing was measured."""
    return _file(state, study_id, "heat.bin", "application/octet-stream")


def _named(state: AppState, study_id: UUID, name: str) -> str:
    """What a file is saved as: it begins with the study's name."""
    with state.database.read() as session:
        words = re.findall(r"\w+", existing(session, study_id).name)
    return "-".join([*words, name])


def _file(state: AppState, study_id: UUID, name: str, media_type: str, saved_as: str | None = None) -> FileResponse:
    return FileResponse(reports.file(state.settings, study_id, name), media_type=media_type, filename=saved_as)
