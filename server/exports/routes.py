"""Datasets as file downloads."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from server.access import EXPORT, Of, allow
from server.exports import service
from server.state import AppState

router = APIRouter(tags=["exports"])


@router.get(
    "/api/projects/{project_id}/export",
    dependencies=[allow(EXPORT, Of.project)],
    response_class=FileResponse,
    responses={
        200: {"content": {"application/json": {}}},
        503: {
            "description": "The transfer to the body is being made; send the request again",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
        },
    },
)
def export_project(
    project_id: UUID,
    state: AppState,
    format: Literal["densepose-coco", "densepose-cse", "coco"] = "densepose-coco",  # noqa: A002 - the name in the URL
    body: Annotated[str | None, Query(min_length=1, max_length=200, description="Name or hash of a body.")] = None,
) -> FileResponse:
    """The project's submitted persons as one dataset file.

    With a body other than the project's, marks are transferred to it and labelled as transferred. The first transfer
    between two bodies is made in the background, about half a minute long; until then the answer is 503 with
    Retry-After.
    """
    return service.export_project(state, project_id, format, body)
