"""Images that their subjects withdrew."""

from uuid import UUID

from fastapi import APIRouter

from server.access import EXPORT, MANAGE, Of, SignedIn, allow
from server.paging import After, Limit
from server.schemas import Page
from server.state import AppState
from server.withdrawals import service
from server.withdrawals.schemas import Reach, Withdrawal, Withdrawn, WithdrawRequest

router = APIRouter(tags=["withdrawals"])


@router.get("/api/images/{photo_id}/withdraw", dependencies=[allow(MANAGE, Of.photo)])
def preview_withdrawal(photo_id: UUID, state: AppState) -> Reach:
    """What withdrawing the image would erase and affect; nothing is changed."""
    with state.database.read() as session:
        return service.reach(session, photo_id)


@router.post("/api/images/{photo_id}/withdraw", dependencies=[allow(MANAGE, Of.photo)])
def withdraw_image(photo_id: UUID, body: WithdrawRequest, caller: SignedIn, state: AppState) -> Withdrawn:
    """Erase an image for good: the photo and everything made on it, in every project that has the very same bytes. It
    cannot be brought back, nor imported again. The same again completes what was interrupted."""
    return service.withdraw(state, photo_id, body.reason, caller.id)


@router.get("/api/projects/{project_id}/withdrawals", dependencies=[allow(EXPORT, Of.project)])
def list_withdrawals(project_id: UUID, state: AppState, after: After = None, limit: Limit = 100) -> Page[Withdrawal]:
    """What was withdrawn from the project, the newest first."""
    with state.database.read() as session:
        return service.list_withdrawals(session, project_id, after, limit)
