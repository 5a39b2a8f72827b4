"""Renders as jobs."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from annotation_db.models import RenderFileKind
from server.jobs import service as jobs
from server.jobs.schemas import Job
from server.renders import files
from server.renders.schemas import RenderRequest
from server.session.service import Caller


def start(session: Session, caller: Caller, project_id: UUID, request: RenderRequest) -> Job:
    """Note the job: rendered persons, and with them a study where one is asked for.

    Raises RefusedError for files that the project does not have.
    """
    study = request.study
    wanted = {kind: getattr(request, kind.value) for kind in RenderFileKind}
    args = {
        **request.model_dump(mode="json", exclude={kind.value for kind in RenderFileKind}),
        "project": str(project_id),
        "files": files.chosen(session, project_id, wanted),
    }
    what = f"Render {request.count:,} {'image' if request.count == 1 else 'images'}"
    if study is not None:
        # The id is given out here, so that what sets the study up may be done twice.
        args |= {"study_id": str(uuid4()), "user": str(caller.id)}
        what += f" for “{study.name}”"
    row = jobs.start(
        session,
        "render" if study is None else "study-renders",
        args,
        title=what,
        project_id=project_id,
        user_id=caller.id,
    )
    return jobs.out(row)
