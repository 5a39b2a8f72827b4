"""/api/marks: surface points that annotators set, and their history."""

from uuid import UUID

from fastapi import APIRouter

from server.access import ANNOTATE, READ, Of, SignedIn, allow
from server.marks import service
from server.marks.schemas import Mark, MarkRevisions, MarkWrite
from server.state import AppState

router = APIRouter(prefix="/api/marks", tags=["marks"])


@router.put("/{mark_id}", dependencies=[allow(ANNOTATE, Of.body)])
def put_mark(mark_id: UUID, body: MarkWrite, caller: SignedIn, state: AppState) -> Mark:
    """Write the next revision. Idempotent by `write_id`; 409 with the current mark when stale."""
    return service.put_mark(state.database, state.settings, state.bodies, caller, mark_id, body)


@router.get("/{mark_id}/revisions", dependencies=[allow(READ, Of.mark)])
def list_mark_revisions(mark_id: UUID, state: AppState) -> MarkRevisions:
    """Every revision ever written, newest first."""
    with state.database.read() as session:
        return service.list_revisions(session, mark_id)
