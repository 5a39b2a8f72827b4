"""/api/jobs: work that takes long."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from server.access import EXPORT, MANAGE, Of, allow
from server.jobs import service
from server.jobs.schemas import Job
from server.paging import After, Limit
from server.schemas import Page
from server.state import AppState

router = APIRouter(tags=["jobs"])


@router.get("/api/projects/{project_id}/jobs", dependencies=[allow(EXPORT, Of.project)])
def list_jobs(project_id: UUID, state: AppState, after: After = None, limit: Limit = 100) -> Page[Job]:
    """The jobs of a project, the youngest first."""
    with state.database.read() as session:
        return service.list_jobs(session, project_id, after, limit)


@router.get("/api/jobs/{job_id}", dependencies=[allow(EXPORT, Of.job)])
def get_job(job_id: UUID, state: AppState) -> Job:
    """One job."""
    with state.database.read() as session:
        return service.get_job(session, job_id)


@router.get(
    "/api/jobs/{job_id}/events",
    dependencies=[allow(EXPORT, Of.job)],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def job_events(job_id: UUID, state: AppState) -> StreamingResponse:
    """The job at every change, as server-sent events with the Job's JSON as data; ends when the job has."""
    return StreamingResponse(
        state.watching.follow(job_id), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@router.post("/api/jobs/{job_id}/cancel", dependencies=[allow(MANAGE, Of.job)])
def cancel_job(job_id: UUID, state: AppState) -> Job:
    """Cancel a job; again is no error. What it has stored by then stays."""
    with state.database.write() as session:
        return service.cancel(session, job_id)
