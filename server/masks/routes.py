"""/api/masks: part masks and their history."""

from uuid import UUID

from fastapi import APIRouter

from server.access import ANNOTATE, READ, Of, SignedIn, allow
from server.masks import service
from server.masks.schemas import Mask, MaskRevisions, MaskWrite
from server.state import AppState

router = APIRouter(prefix="/api/masks", tags=["masks"])


@router.put("/{mask_id}", dependencies=[allow(ANNOTATE, Of.mask)])
def put_mask(mask_id: UUID, body: MaskWrite, caller: SignedIn, state: AppState) -> Mask:
    """Write the next revision. Idempotent by `write_id`; 409 with the current mask when stale."""
    return service.put_mask(state.database, state.settings, state.bodies, caller, mask_id, body)


@router.get("/{mask_id}/revisions", dependencies=[allow(READ, Of.mask)])
def list_mask_revisions(mask_id: UUID, state: AppState) -> MaskRevisions:
    """Every revision ever written, newest first."""
    with state.database.read() as session:
        return service.list_revisions(session, mask_id)


@router.get("/{mask_id}/revisions/{revision}", dependencies=[allow(READ, Of.mask)])
def get_mask_revision(mask_id: UUID, revision: int, state: AppState) -> Mask:
    """One revision; writing its runs again brings it back."""
    with state.database.read() as session:
        return service.get_revision(session, mask_id, revision)
