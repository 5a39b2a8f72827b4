"""Snapshots of a project: ask for them, list them, compare them, take their files home."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from server.access import EXPORT, MANAGE, Of, SignedIn, allow
from server.paging import After, Limit
from server.schemas import Page
from server.snapshots import exports, preview, service
from server.snapshots.schemas import (
    Snapshot,
    SnapshotCreate,
    SnapshotDetail,
    SnapshotDiff,
    SnapshotPreview,
    SnapshotSettings,
)
from server.state import AppState

router = APIRouter(tags=["snapshots"])

Format = Literal["densepose-coco", "densepose-cse", "coco"]


@router.get("/api/projects/{project_id}/snapshots", dependencies=[allow(EXPORT, Of.project)])
def list_snapshots(project_id: UUID, state: AppState, after: After = None, limit: Limit = 100) -> Page[Snapshot]:
    """The project's snapshots, the newest first."""
    with state.database.read() as session:
        return service.list_snapshots(session, project_id, after, limit)


@router.post("/api/projects/{project_id}/snapshots", status_code=201, dependencies=[allow(EXPORT, Of.project)])
def create_snapshot(project_id: UUID, body: SnapshotCreate, caller: SignedIn, state: AppState) -> Snapshot:
    """Have a snapshot made of the work as it is at this moment. The same `id` again answers with the same snapshot."""
    return service.create(state, project_id, body, caller.id)


@router.post("/api/projects/{project_id}/snapshots/preview", dependencies=[allow(EXPORT, Of.project)])
def preview_snapshot(project_id: UUID, body: SnapshotSettings, state: AppState) -> SnapshotPreview:
    """What a snapshot with these settings would hold."""
    return preview.preview(state, project_id, body)


@router.get("/api/snapshots/{snapshot_id}", dependencies=[allow(EXPORT, Of.snapshot)])
def get_snapshot(snapshot_id: UUID, state: AppState) -> SnapshotDetail:
    """One snapshot with its card."""
    with state.database.read() as session:
        return service.get(session, snapshot_id)


@router.delete("/api/snapshots/{snapshot_id}", status_code=204, dependencies=[allow(MANAGE, Of.snapshot)])
def delete_snapshot(snapshot_id: UUID, state: AppState) -> None:
    """Remove a snapshot and its files; one that is being made is stopped."""
    service.delete(state, snapshot_id)


@router.get(
    "/api/snapshots/{snapshot_id}/card.md",
    dependencies=[allow(EXPORT, Of.snapshot)],
    response_class=Response,
    responses={200: {"content": {"text/markdown": {}}}},
)
def get_snapshot_card(snapshot_id: UUID, state: AppState) -> Response:
    """The card to read, with what was withdrawn since."""
    with state.database.read() as session:
        text = service.card_markdown(session, snapshot_id)
    return Response(text, media_type="text/markdown; charset=utf-8")


@router.get(
    "/api/snapshots/{snapshot_id}/export",
    dependencies=[allow(EXPORT, Of.snapshot)],
    response_class=FileResponse,
    responses={200: {"content": {"application/json": {}}}},
)
def export_snapshot(
    snapshot_id: UUID,
    state: AppState,
    format: Format = "densepose-coco",  # noqa: A002 - the name in the URL
    split: Annotated[str | None, Query(max_length=50, description="Of a snapshot with splits: which of them.")] = None,
) -> FileResponse:
    """A snapshot as a dataset file, without what was withdrawn since."""
    return exports.download(state, snapshot_id, format, split)


@router.get("/api/snapshots/{snapshot_id}/diff", dependencies=[allow(EXPORT, Of.snapshot)])
def diff_snapshots(
    snapshot_id: UUID,
    other: UUID,
    state: AppState,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Most images and persons that are listed.")] = 1000,
) -> SnapshotDiff:
    """What differs from `other`, an earlier snapshot of the project, to this one."""
    return service.compare(state, snapshot_id, other, limit)
