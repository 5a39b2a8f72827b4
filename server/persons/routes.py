"""/api/persons: the persons in an image."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query

from annotation.words import PersonState
from server.access import ANNOTATE, READ, Of, SignedIn, allow
from server.paging import After, Limit
from server.persons import service
from server.persons.schemas import Person, PersonWrite
from server.schemas import Page, Revision
from server.state import AppState

router = APIRouter(tags=["persons"])


@router.get("/api/projects/{project_id}/persons", dependencies=[allow(READ, Of.project)])
def list_persons(
    project_id: UUID,
    caller: SignedIn,
    state: AppState,
    after: After = None,
    limit: Limit = 100,
    person_state: Annotated[PersonState | None, Query(alias="state")] = None,
) -> Page[Person]:
    """The project's persons, by the time they were added; those of a study that is not closed only for the staff."""
    with state.database.read() as session:
        return service.list_persons(session, caller, project_id, after, limit, person_state)


@router.get("/api/persons/{person_id}", dependencies=[allow(READ, Of.person)])
def get_person(person_id: UUID, caller: SignedIn, state: AppState) -> Person:
    """One person, deleted ones too."""
    with state.database.read() as session:
        return service.get_person(session, caller, person_id)


@router.put("/api/persons/{person_id}", dependencies=[allow(ANNOTATE, Of.body)])
def put_person(person_id: UUID, body: PersonWrite, caller: SignedIn, state: AppState) -> Person:
    """Draw, move or restore a person's box. Idempotent by `write_id`; 409 with the current person when stale."""
    with state.database.write() as session:
        return service.put_person(session, caller, person_id, body)


@router.delete("/api/persons/{person_id}", dependencies=[allow(ANNOTATE, Of.person)])
def delete_person(person_id: UUID, revision: Annotated[Revision, Query()], caller: SignedIn, state: AppState) -> Person:
    """Take a person out; everything on it is kept and comes back when it is written again."""
    with state.database.write() as session:
        return service.delete_person(session, caller, person_id, uuid4(), revision)
