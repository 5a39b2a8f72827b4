"""Tasks: what to do next, leases, submitting."""

from uuid import UUID

from fastapi import APIRouter, Response

from server.access import ANNOTATE, READ, Of, SignedIn, allow
from server.masks.schemas import Mask
from server.state import AppState
from server.tasks import points, queue, service, submit
from server.tasks.schemas import MaskSubmit, Points, Task

router = APIRouter(tags=["tasks"])


@router.post(
    "/api/projects/{project_id}/tasks/next",
    dependencies=[allow(ANNOTATE, Of.project)],
    response_model=Task,
    responses={204: {"description": "nothing to do"}},
)
def next_task(project_id: UUID, caller: SignedIn, state: AppState) -> Task | Response:
    """Lease the caller's next task: work in hand first, then the oldest person that waits."""
    with state.database.write() as session:
        task = queue.next_task(session, state.settings, caller, project_id)
    return task or Response(status_code=204)


@router.post("/api/persons/{person_id}/task", dependencies=[allow(ANNOTATE, Of.person)])
def open_person_task(person_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """Lease the present task of one person; 409 when somebody else works on it."""
    with state.database.write() as session:
        return queue.open_person(session, state.settings, caller, person_id)


@router.get("/api/tasks/{task_id}", dependencies=[allow(READ, Of.task)])
def get_task(task_id: UUID, state: AppState) -> Task:
    """One task."""
    with state.database.read() as session:
        return service.get_task(session, task_id)


@router.post("/api/tasks/{task_id}/lease", dependencies=[allow(ANNOTATE, Of.task)])
def renew_lease(task_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """Renew the caller's lease, or take a free one; 409 when somebody else has it."""
    with state.database.write() as session:
        return queue.renew(session, state.settings, caller, task_id)


@router.delete("/api/tasks/{task_id}/lease", dependencies=[allow(ANNOTATE, Of.task)])
def release_lease(task_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """Give the task back; leads and administrators may free anyone's."""
    with state.database.write() as session:
        return queue.release_lease(session, caller, task_id)


@router.get("/api/tasks/{task_id}/mask", dependencies=[allow(READ, Of.task)])
def get_task_mask(task_id: UUID, state: AppState) -> Mask:
    """The present mask of the task's person; revision 0 without runs when there is none yet."""
    with state.database.read() as session:
        return service.get_mask(session, task_id)


@router.post("/api/tasks/{task_id}/mask/submit", dependencies=[allow(ANNOTATE, Of.task)])
def submit_mask(task_id: UUID, body: MaskSubmit, caller: SignedIn, state: AppState) -> Task:
    """End the mask, sample its points, and go on with the points task of the same person."""
    return submit.submit_mask(state.database, state.settings, state.bodies, caller, task_id, body.revision)


@router.post("/api/tasks/{task_id}/reopen-mask", dependencies=[allow(ANNOTATE, Of.task)])
def reopen_mask(task_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """From points back to the mask. Marks on points whose part stays as it is are kept at the next submit."""
    with state.database.write() as session:
        return submit.reopen_mask(session, state.settings, caller, task_id)


@router.get("/api/tasks/{task_id}/points", dependencies=[allow(READ, Of.task)])
def get_points(task_id: UUID, caller: SignedIn, state: AppState) -> Points:
    """The person's points in the order to mark them, with their marks."""
    with state.database.read() as session:
        return points.list_points(session, state.bodies, caller, task_id)


@router.post("/api/tasks/{task_id}/submit", dependencies=[allow(ANNOTATE, Of.task)])
def submit_points(task_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """End the points; 422 listing the points that have neither mark nor flag."""
    with state.database.write() as session:
        return submit.submit_points(session, state.settings, caller, task_id)


@router.post("/api/tasks/{task_id}/reopen", dependencies=[allow(ANNOTATE, Of.task)])
def reopen_points(task_id: UUID, caller: SignedIn, state: AppState) -> Task:
    """Take submitted points up again."""
    with state.database.write() as session:
        return submit.reopen_points(session, state.settings, caller, task_id)
