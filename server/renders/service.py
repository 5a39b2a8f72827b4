"""Renders as jobs."""

from uuid import UUID

from sqlalchemy.orm import Session

from server.jobs import service as jobs
from server.jobs.schemas import Job
from server.renders.schemas import RenderRequest
from server.session.service import Caller


def start(session: Session, caller: Caller, project_id: UUID, request: RenderRequest) -> Job:
    """Note the job."""
    row = jobs.start(
        session,
        "render",
        {**request.model_dump(mode="json"), "project": str(project_id)},
        title=f"Render {request.count:,} {'image' if request.count == 1 else 'images'}",
        project_id=project_id,
        user_id=caller.id,
    )
    return jobs.out(row)
