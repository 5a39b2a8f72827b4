"""/api/projects/{project_id}/renders: rendered persons for a project."""

from uuid import UUID

from fastapi import APIRouter

from server.access import MANAGE, Of, SignedIn, allow
from server.jobs.schemas import Job
from server.renders import service
from server.renders.schemas import RenderRequest
from server.state import AppState
from server.studies import service as studies

router = APIRouter(tags=["renders"])


@router.post("/api/projects/{project_id}/renders", status_code=201, dependencies=[allow(MANAGE, Of.project)])
def start_render(project_id: UUID, body: RenderRequest, caller: SignedIn, state: AppState) -> Job:
    """Have images of rendered persons, whose true surface points are known, made and put into the project; and a
    study set up with them, where one is asked for."""
    if body.study is not None:
        studies.check(state, project_id, body.study)
    with state.database.write() as session:
        return service.start(session, caller, project_id, body)
