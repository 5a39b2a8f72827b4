"""/api/projects/{project_id}/renders and render-files: rendered persons for a project, and what they are made with."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from annotation_db.models import RenderFileKind
from server.access import MANAGE, Of, SignedIn, allow
from server.images import upload
from server.images.routes import multipart
from server.jobs.schemas import Job
from server.renders import files, service
from server.renders.schemas import RenderFile, RenderFilesResult, RenderRequest
from server.state import AppState
from server.studies import service as studies

router = APIRouter(tags=["renders"])

_WHAT = {
    RenderFileKind.poses: "AMASS or SMPL .npz, BVH",
    RenderFileKind.backgrounds: "photos to stand before",
    RenderFileKind.textures: "pictures of fabrics",
}
_FORM = {
    kind.value: {"type": "array", "items": {"type": "string", "format": "binary"}, "description": what}
    for kind, what in _WHAT.items()
}


@router.post("/api/projects/{project_id}/renders", status_code=201, dependencies=[allow(MANAGE, Of.project)])
def start_render(project_id: UUID, body: RenderRequest, caller: SignedIn, state: AppState) -> Job:
    """Have images of rendered persons, whose true surface points are known, made and put into the project; and a
    study set up with them, where one is asked for."""
    if body.study is not None:
        studies.check(state, project_id, body.study)
    with state.database.write() as session:
        return service.start(session, caller, project_id, body)


@router.post(
    "/api/projects/{project_id}/render-files",
    dependencies=[allow(MANAGE, Of.project)],
    openapi_extra=multipart(_FORM, required=[]),
)
async def upload_render_files(
    project_id: UUID, request: Request, caller: SignedIn, state: AppState
) -> RenderFilesResult:
    """Keep own poses, backgrounds and textures to render with. Each file is read at once, as the renderer will, and
    has its own result; the others go through."""
    async with upload.form(request) as form:
        sent = [(kind, file) for kind in RenderFileKind for file in upload.files_of(form, kind.value)]
        return await run_in_threadpool(files.take, state, project_id, caller.id, sent)


@router.get("/api/projects/{project_id}/render-files", dependencies=[allow(MANAGE, Of.project)])
def list_render_files(project_id: UUID, state: AppState) -> list[RenderFile]:
    """The project's own poses, backgrounds and textures, by kind and name."""
    with state.database.read() as session:
        return files.list_files(session, project_id)


@router.delete(
    "/api/projects/{project_id}/render-files/{file_id}", status_code=204, dependencies=[allow(MANAGE, Of.project)]
)
def delete_render_file(project_id: UUID, file_id: UUID, state: AppState) -> None:
    """Forget a file. What was rendered with it stays."""
    with state.database.write() as session:
        files.remove(session, project_id, file_id)
