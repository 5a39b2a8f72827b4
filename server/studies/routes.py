"""Studies: set them up, take part, see how far they are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from server.access import ANNOTATE, MANAGE, READ, SIGNED_IN, STAFF, Of, SignedIn, allow
from server.paging import After, Limit
from server.schemas import Page
from server.state import AppState
from server.studies import feedback, mine, networks, service
from server.studies.schemas import (
    AnnotatorsAdd,
    Feedback,
    MyStudies,
    MyStudy,
    Network,
    NetworkWrite,
    Study,
    StudyCreate,
    StudyDetail,
    StudyPatch,
    StudyProgress,
)
from server.tasks.schemas import Task

router = APIRouter(tags=["studies"])

NetworkName = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("/api/projects/{project_id}/studies", dependencies=[allow(STAFF, Of.project)])
def list_studies(project_id: UUID, state: AppState, after: After = None, limit: Limit = 100) -> Page[Study]:
    """The project's studies, the newest first."""
    with state.database.read() as session:
        return service.list_studies(session, project_id, after, limit)


@router.post("/api/projects/{project_id}/studies", status_code=201, dependencies=[allow(MANAGE, Of.project)])
def create_study(project_id: UUID, body: StudyCreate, caller: SignedIn, state: AppState) -> StudyDetail:
    """Set a study up, as a draft. Its annotators become members of the project."""
    return service.create(state, project_id, body, caller.id)


@router.get("/api/studies", dependencies=[allow(SIGNED_IN)])
def list_my_studies(caller: SignedIn, state: AppState) -> MyStudies:
    """The open studies that the caller takes part in."""
    with state.database.read() as session:
        return mine.list_mine(session, caller)


@router.get("/api/studies/{study_id}", dependencies=[allow(STAFF, Of.study)])
def get_study(study_id: UUID, state: AppState) -> StudyDetail:
    """One study."""
    with state.database.read() as session:
        return service.get(session, study_id)


@router.patch("/api/studies/{study_id}", dependencies=[allow(MANAGE, Of.study)])
def update_study(study_id: UUID, body: StudyPatch, state: AppState) -> StudyDetail:
    """Rename or describe a study."""
    with state.database.write() as session:
        return service.update(session, study_id, body)


@router.post("/api/studies/{study_id}/annotators", dependencies=[allow(MANAGE, Of.study)])
def add_study_annotators(study_id: UUID, body: AnnotatorsAdd, state: AppState) -> StudyDetail:
    """Let more people take part, at once where the study is open."""
    return service.add_annotators(state, study_id, body.annotators)


@router.post("/api/studies/{study_id}/open", dependencies=[allow(MANAGE, Of.study)])
def open_study(study_id: UUID, state: AppState) -> StudyDetail:
    """Let the annotators begin, or go on after it was closed."""
    return service.open_study(state, study_id)


@router.post("/api/studies/{study_id}/close", dependencies=[allow(MANAGE, Of.study)])
def close_study(study_id: UUID, state: AppState) -> StudyDetail:
    """End the work; what was saved stays and counts."""
    with state.database.write() as session:
        return service.close(session, study_id)


@router.get("/api/studies/{study_id}/progress", dependencies=[allow(STAFF, Of.study)])
def get_study_progress(study_id: UUID, state: AppState) -> StudyProgress:
    """How far each annotator is."""
    with state.database.read() as session:
        return service.progress(session, state.settings, study_id)


@router.get("/api/studies/{study_id}/mine", dependencies=[allow(READ, Of.study)])
def get_my_study(study_id: UUID, caller: SignedIn, state: AppState) -> MyStudy:
    """How far the caller is, who takes part."""
    with state.database.read() as session:
        return mine.get_mine(session, caller, study_id)


@router.post(
    "/api/studies/{study_id}/next",
    dependencies=[allow(ANNOTATE, Of.study)],
    response_model=Task,
    responses={204: {"description": "the caller is done"}},
)
def next_study_task(study_id: UUID, caller: SignedIn, state: AppState) -> Task | Response:
    """Lease the caller's next task: the first person, in the caller's own order, that is not done."""
    return mine.next_task(state, caller, study_id) or Response(status_code=204)


@router.get("/api/tasks/{task_id}/feedback", dependencies=[allow(READ, Of.task)])
def get_task_feedback(task_id: UUID, state: AppState) -> Feedback:
    """The errors of a practice person, after it was submitted; 409 for any other task."""
    return feedback.feedback(state, task_id)


@router.get(
    "/api/studies/{study_id}/points",
    dependencies=[allow(STAFF, Of.study)],
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
def get_study_points(study_id: UUID, state: AppState) -> StreamingResponse:
    """The points of the measured persons, one JSON object a line, for networks to predict; without their truth."""
    return StreamingResponse(networks.lines(state, study_id), media_type="application/x-ndjson")


@router.put("/api/studies/{study_id}/networks/{name}", dependencies=[allow(STAFF, Of.study)])
def put_study_network(
    study_id: UUID, name: NetworkName, body: NetworkWrite, caller: SignedIn, state: AppState
) -> Network:
    """Keep what a network predicts for the points; the report shows it beside the annotators."""
    return networks.put(state, study_id, name, body.items, caller.id)
