"""/api/projects: projects and their members."""

from uuid import UUID

from fastapi import APIRouter

from server.access import LEADS, MANAGE, READ, SIGNED_IN, Of, SignedIn, allow
from server.paging import After, Limit
from server.projects import service
from server.projects.schemas import Member, Project, ProjectCreate, ProjectPatch
from server.schemas import Page
from server.state import AppState

router = APIRouter(prefix="/api/projects", tags=["projects"])


@router.get("", dependencies=[allow(SIGNED_IN)])
def list_projects(caller: SignedIn, state: AppState, after: After = None, limit: Limit = 100) -> Page[Project]:
    """The projects the caller may see, by name."""
    with state.database.read() as session:
        return service.list_projects(session, caller, after, limit)


@router.post("", status_code=201, dependencies=[allow(LEADS)])
def create_project(body: ProjectCreate, caller: SignedIn, state: AppState) -> Project:
    """Make a project on a body."""
    chosen = state.bodies.keep(body.body)
    with state.database.write() as session:
        return service.create_project(session, caller, body.name, body.description, chosen.name, chosen.hash)


@router.get("/{project_id}", dependencies=[allow(READ, Of.project)])
def get_project(project_id: UUID, caller: SignedIn, state: AppState) -> Project:
    """One project."""
    with state.database.read() as session:
        return service.get_project(session, caller, project_id)


@router.patch("/{project_id}", dependencies=[allow(MANAGE, Of.project)])
def update_project(project_id: UUID, body: ProjectPatch, caller: SignedIn, state: AppState) -> Project:
    """Rename or describe a project."""
    with state.database.write() as session:
        return service.update_project(session, caller, project_id, body.revision, body.name, body.description)


@router.get("/{project_id}/members", dependencies=[allow(MANAGE, Of.project)])
def list_members(project_id: UUID, state: AppState, after: After = None, limit: Limit = 100) -> Page[Member]:
    """The members, by name."""
    with state.database.read() as session:
        return service.list_members(session, project_id, after, limit)


@router.put("/{project_id}/members/{user_id}", dependencies=[allow(MANAGE, Of.project)])
def add_member(project_id: UUID, user_id: UUID, state: AppState) -> Member:
    """Let a user work in the project."""
    with state.database.write() as session:
        return service.add_member(session, project_id, user_id)


@router.delete("/{project_id}/members/{user_id}", status_code=204, dependencies=[allow(MANAGE, Of.project)])
def remove_member(project_id: UUID, user_id: UUID, state: AppState) -> None:
    """End a membership; what the user made stays."""
    with state.database.write() as session:
        service.remove_member(session, project_id, user_id)
