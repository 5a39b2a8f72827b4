"""Images of a project: upload, list, file, thumbnail; import of COCO files."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import StringConstraints

from server.access import MANAGE, READ, Of, SignedIn, allow
from server.images import coco, files, service, upload
from server.images.schemas import CocoResult, Image, ImageDetail, ImportResult
from server.paging import After, Limit
from server.schemas import Page
from server.state import AppState

router = APIRouter(tags=["images"])

Tags = Annotated[
    Sequence[Annotated[str, StringConstraints(min_length=1, max_length=100)]],
    Query(max_length=20, description="Tags for the images, those too that were there before."),
]

_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}, "description": "photos and zips of photos"}


def multipart(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """The request body in OpenAPI terms. The form is read inside the route, so that nobody uploads before access is
    checked."""
    schema = {"type": "object", "properties": properties, "required": required}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post(
    "/api/projects/{project_id}/images",
    dependencies=[allow(MANAGE, Of.project)],
    openapi_extra=multipart({"files": _FILES}, required=["files"]),
)
async def upload_images(
    project_id: UUID, request: Request, caller: SignedIn, state: AppState, tag: Tags = ()
) -> ImportResult:
    """Store photos. Each file has its own result; the others go through."""
    async with upload.form(request) as form:
        photos = upload.files_of(form, "files")
        result = await run_in_threadpool(service.import_files, state, project_id, caller.id, photos, tag)
        return result.cut()


@router.post(
    "/api/projects/{project_id}/coco",
    dependencies=[allow(MANAGE, Of.project)],
    openapi_extra=multipart({"coco": {"type": "string", "format": "binary"}, "files": _FILES}, required=["coco"]),
)
async def upload_coco(
    project_id: UUID,
    request: Request,
    caller: SignedIn,
    state: AppState,
    tag: Tags = (),
    as_project_body: Annotated[
        bool, Query(description="Read the file's points as on the project's body, even if it names another.")
    ] = False,
) -> CocoResult:
    """Store photos and the persons of a COCO file, with the points and masks of DensePose-COCO and CSE files. Photos
    that the project has already need not be sent again."""
    options = coco.Options(as_project_body, tuple(tag))
    async with upload.form(request) as form:
        annotations = upload.file_of(form, "coco")
        photos = upload.files_of(form, "files")
        result = await run_in_threadpool(coco.import_coco, state, project_id, caller.id, annotations, photos, options)
        return result.cut()


@router.get("/api/projects/{project_id}/images", dependencies=[allow(READ, Of.project)])
def list_images(
    project_id: UUID,
    caller: SignedIn,
    state: AppState,
    after: After = None,
    limit: Limit = 100,
    q: Annotated[str | None, Query(max_length=200, description="part of the file name")] = None,
) -> Page[Image]:
    """The project's images, by file name; those of a study that is not closed only for the staff."""
    with state.database.read() as session:
        return service.list_images(session, caller, project_id, after, limit, q)


@router.get("/api/images/{image_id}", dependencies=[allow(READ, Of.image)])
def get_image(image_id: UUID, caller: SignedIn, state: AppState) -> ImageDetail:
    """One image with its persons."""
    with state.database.read() as session:
        return service.get_image(session, caller, image_id)


@router.delete("/api/images/{image_id}", status_code=204, dependencies=[allow(MANAGE, Of.image)])
def delete_image(image_id: UUID, state: AppState) -> None:
    """Take an image out of the project. Uploading the same file again brings it back with everything on it."""
    with state.database.write() as session:
        service.delete_image(session, image_id)


@router.get(
    "/api/images/{image_id}/file",
    dependencies=[allow(READ, Of.image)],
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}},
)
def get_image_file(image_id: UUID, request: Request, state: AppState) -> Response:
    """The upright photo."""
    return files.photo(state, image_id, request.headers.get("if-none-match"))


@router.get(
    "/api/images/{image_id}/thumbnail",
    dependencies=[allow(READ, Of.image)],
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}},
)
def get_image_thumbnail(
    image_id: UUID, request: Request, state: AppState, size: Annotated[int, Query(ge=32, le=1024)] = 256
) -> Response:
    """The photo within a square of `size` pixels (rounded up to 128, 256, 512 or 1024), as WebP."""
    return files.thumbnail(state, image_id, size, request.headers.get("if-none-match"))
