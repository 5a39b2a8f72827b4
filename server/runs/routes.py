"""Trainings of a project: ask for them, follow them, take their networks home."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from annotation_db.models import RunState
from server.access import EXPORT, MANAGE, READ, STAFF, Of, SignedIn, allow
from server.paging import After, Limit
from server.runs import folder, service
from server.runs import training as trainings
from server.runs.schemas import (
    Log,
    Metrics,
    RecipeCheck,
    RecipeChecked,
    Run,
    RunChange,
    RunClone,
    RunCreate,
    RunFile,
    RunResume,
    Samples,
    Training,
)
from server.schemas import Page
from server.state import AppState, State

router = APIRouter(tags=["runs"])

_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/api/training", dependencies=[allow(STAFF)])
def get_training(state: AppState) -> Training:
    """Recipes and devices, and what is missing to train here, with how to mend it."""
    return trainings.training(state)


@router.post("/api/training/check", dependencies=[allow(STAFF)])
def check_recipe(body: RecipeCheck) -> RecipeChecked:
    """A recipe with changes: all of it, or which change cannot be used and why."""
    return trainings.check(body.recipe, body.changes)


@router.get("/api/projects/{project_id}/runs", dependencies=[allow(READ, Of.project)])
def list_runs(
    project_id: UUID,
    state: AppState,
    of: Annotated[
        RunState | None, Query(alias="state", description="Only runs in this state; finished: the models.")
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Run]:
    """The project's runs, the newest first."""
    with state.database.read() as session:
        return service.list_runs(session, project_id, of, after, limit)


@router.post("/api/projects/{project_id}/runs", status_code=201, dependencies=[allow(EXPORT, Of.project)])
def create_run(project_id: UUID, body: RunCreate, caller: SignedIn, state: AppState) -> Run:
    """Have a network trained on a snapshot. The same `id` again answers with the same run."""
    return service.create(state, project_id, body, caller.id)


@router.get("/api/runs/{run_id}", dependencies=[allow(READ, Of.run)])
def get_run(run_id: UUID, state: AppState) -> Run:
    """One run."""
    with state.database.read() as session:
        return service.get(session, run_id)


@router.patch("/api/runs/{run_id}", dependencies=[allow(EXPORT, Of.run)])
def change_run(run_id: UUID, body: RunChange, state: AppState) -> Run:
    """Change name, notes or tags."""
    with state.database.write() as session:
        return service.change(session, run_id, body)


@router.delete("/api/runs/{run_id}", status_code=204, dependencies=[allow(MANAGE, Of.run)])
def delete_run(run_id: UUID, state: AppState) -> None:
    """Remove a run that has ended, with its network and all its files."""
    service.delete(state, run_id)


@router.post("/api/runs/{run_id}/stop", dependencies=[allow(EXPORT, Of.run)])
def stop_run(run_id: UUID, state: AppState) -> Run:
    """Have it end after the step it is at, with a checkpoint; again is no error."""
    return service.stop(state, run_id)


@router.post("/api/runs/{run_id}/resume", dependencies=[allow(EXPORT, Of.run)])
def resume_run(run_id: UUID, body: RunResume, caller: SignedIn, state: AppState) -> Run:
    """Have a run that was stopped or failed go on from its last checkpoint."""
    return service.resume(state, run_id, body, caller.id)


@router.post("/api/runs/{run_id}/clone", status_code=201, dependencies=[allow(EXPORT, Of.run)])
def clone_run(run_id: UUID, body: RunClone, caller: SignedIn, state: AppState) -> Run:
    """Have another one trained like this one, but for what is given."""
    return service.clone(state, run_id, body, caller.id)


@router.get("/api/runs/{run_id}/metrics", dependencies=[allow(READ, Of.run)])
def get_run_metrics(
    run_id: UUID,
    state: AppState,
    after: Annotated[int, Query(ge=-1, le=10**12, description="Only lines of later steps than this.")] = -1,
) -> Metrics:
    """What metrics.jsonl says (docs/formats.md), at most 2,000 lines: those of training are thinned evenly. Where
    `step` is less than `after`, a resumed run has gone back to its checkpoint: ask from the beginning."""
    found, step = folder.lines(_folder(state, run_id), after)
    return Metrics(lines=found, step=step)


@router.get("/api/runs/{run_id}/log", dependencies=[allow(STAFF, Of.run)])
def get_run_log(
    run_id: UUID,
    state: AppState,
    after: Annotated[int, Query(ge=0, le=10**15, description="`next` of the piece before.")] = 0,
) -> Log:
    """What the trainer printed, from a byte on."""
    text, following, end = folder.log(_folder(state, run_id), after)
    return Log(text=text, next=following, end=end)


@router.get("/api/runs/{run_id}/samples", dependencies=[allow(STAFF, Of.run)])
def list_run_samples(run_id: UUID, state: AppState) -> list[Samples]:
    """The pictures of each evaluation, by step."""
    return [Samples(step=step, names=names) for step, names in folder.samples(_folder(state, run_id))]


@router.get(
    "/api/runs/{run_id}/samples/{step}/{name}",
    dependencies=[allow(STAFF, Of.run)],
    response_class=FileResponse,
    responses=_PICTURE,
)
def get_run_sample(run_id: UUID, step: int, name: str, state: AppState) -> FileResponse:
    """What the network found in a held-out image after so many steps."""
    path = folder.sample(_folder(state, run_id), step, name)
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


@router.get("/api/runs/{run_id}/files", dependencies=[allow(EXPORT, Of.run)])
def list_run_files(run_id: UUID, state: AppState) -> list[RunFile]:
    """What can be downloaded of it, the network first."""
    return [RunFile(name=name, bytes=size) for name, size in folder.files(_folder(state, run_id))]


@router.get(
    "/api/runs/{run_id}/files/{name}",
    dependencies=[allow(EXPORT, Of.run)],
    response_class=FileResponse,
    responses=_BINARY,
)
def get_run_file(run_id: UUID, name: str, state: AppState) -> FileResponse:
    """One of these files."""
    path = folder.file(_folder(state, run_id), name)
    return FileResponse(path, media_type="application/octet-stream", filename=name)


def _folder(state: State, run_id: UUID) -> Path:
    """The folder of a run that is there; raises NotFoundError."""
    with state.database.read() as session:
        service.existing(session, run_id)
    return folder.of(state.settings, run_id)
