"""/api/users: accounts."""

from uuid import UUID

from fastapi import APIRouter

from server.access import ADMIN, LEADS, allow
from server.paging import After, Limit
from server.schemas import Page
from server.state import AppState
from server.users import service
from server.users.schemas import User, UserCreate, UserPatch

router = APIRouter(prefix="/api/users", tags=["users"])


@router.get("", dependencies=[allow(LEADS)])
def list_users(state: AppState, after: After = None, limit: Limit = 100) -> Page[User]:
    """All accounts, by name."""
    with state.database.read() as session:
        return service.list_users(session, after, limit)


@router.post("", status_code=201, dependencies=[allow(ADMIN)])
def create_user(body: UserCreate, state: AppState) -> User:
    """Make an account."""
    hashed = service.hash_password(body.password)
    with state.database.write() as session:
        return service.create_user_hashed(session, body.username, body.name, hashed, body.role, body.simulated)


@router.patch("/{user_id}", dependencies=[allow(ADMIN)])
def update_user(user_id: UUID, body: UserPatch, state: AppState) -> User:
    """Change an account; a new password or `active: false` ends its sessions."""
    hashed = service.hash_password(body.password) if body.password is not None else None
    with state.database.write() as session:
        return service.update_user(
            session, user_id, name=body.name, role=body.role, password_hash=hashed, active=body.active
        )
