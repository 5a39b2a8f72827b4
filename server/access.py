"""Who may call what. Every API route carries `allow(RULE, of=...)`, which checks the caller and marks the route."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.params import Depends as DependsParam
from sqlalchemy.orm import Session

from annotation.words import Role
from annotation_db.repositories import (
    images,
    jobs,
    marks,
    masks,
    persons,
    projects,
    runs,
    snapshots,
    studies,
    tasks,
    withdrawals,
)
from annotation_db.repositories.place import Place
from server.problems import ForbiddenError, NotFoundError, UnauthenticatedError
from server.session import service as sessions
from server.session.service import Caller
from server.state import AppState


@dataclass(frozen=True)
class Rule:
    """Roles that are always allowed, and roles that are allowed in projects they are members of."""

    name: str
    always: frozenset[Role] = frozenset()
    members: frozenset[Role] = frozenset()
    public: bool = False

    def permits(self, role: Role, member: bool) -> bool:
        """Whether `role` may, being a member of the project or not."""
        return self.public or role in self.always or (member and role in self.members)


class Of(StrEnum):
    """What a route is about, by the name of its path parameter; `photo`: an image, also one that was taken out or
    withdrawn; `body`: the service finds the project by the body."""

    project = "project_id"
    image = "image_id"
    person = "person_id"
    task = "task_id"
    mask = "mask_id"
    mark = "mark_id"
    study = "study_id"
    job = "job_id"
    snapshot = "snapshot_id"
    run = "run_id"
    photo = "photo_id"
    body = "body"


_EVERYONE = frozenset(Role)
_LEADS = frozenset({Role.lead, Role.admin})
_STAFF = frozenset({Role.lead, Role.engineer, Role.admin})

PUBLIC = Rule("public", public=True)
SIGNED_IN = Rule("signed in", always=_EVERYONE)
ADMIN = Rule("admin", always=frozenset({Role.admin}))
LEADS = Rule("leads", always=_LEADS)
READ = Rule("read", always=_STAFF, members=frozenset({Role.annotator, Role.reviewer}))
ANNOTATE = Rule("annotate", always=_LEADS, members=frozenset({Role.annotator, Role.reviewer, Role.engineer}))
MANAGE = Rule("manage", always=_LEADS)
EXPORT = Rule("export", always=_STAFF)
STAFF = Rule("staff", always=_STAFF)

_PLACE_OF: dict[Of, Callable[[Session, UUID], Place | None]] = {
    Of.project: projects.place_of,
    Of.image: images.place_of,
    Of.person: persons.place_of,
    Of.task: tasks.place_of,
    Of.mask: masks.place_of,
    Of.mark: marks.place_of,
    Of.study: studies.place_of,
    Of.job: jobs.place_of,
    Of.snapshot: snapshots.place_of,
    Of.run: runs.place_of,
    Of.photo: withdrawals.place_of,
}


def signed_in(request: Request, state: AppState) -> Caller:
    """The user whose session cookie the request carries; raises UnauthenticatedError (401)."""
    token = request.cookies.get(state.settings.cookie_name)
    caller = sessions.caller_of(state.database, state.settings, token) if token else None
    if caller is None:
        raise UnauthenticatedError("sign in first")
    return caller


SignedIn = Annotated[Caller, Depends(signed_in)]


def require(session: Session, caller: Caller, rule: Rule, place: Place | None, what: str) -> None:
    """Raise NotFoundError unless the caller can see the place, ForbiddenError unless `rule` permits.

    What a study gives to one annotator nobody else works on, and nobody but the staff sees.
    """
    member = place is not None and projects.is_member(session, place.project_id, caller.id)
    another = place is not None and place.assigned_to not in (None, caller.id)
    if place is None or not READ.permits(caller.role, member and not another):
        raise NotFoundError(f"no such {what}")
    if not rule.permits(caller.role, member):
        raise ForbiddenError(f"the role {caller.role} may not do this here")
    if another and rule == ANNOTATE:
        raise ForbiddenError("a study has given this to somebody else")


def is_staff(caller: Caller) -> bool:
    """Whether the caller may see what those who annotate should not know."""
    return STAFF.permits(Role(caller.role), member=False)


def allow(rule: Rule, of: Of | None = None) -> Any:
    """A dependency that lets the caller pass by `rule`, and marks the route with it (see `declared`)."""
    if rule.public:
        check: Callable[..., None] = _pass
    elif of is None or of == Of.body:
        check = _role_check(rule)
    else:
        check = _project_check(rule, of)
    marked: Any = check
    marked.declared = (rule, of)
    return Depends(check)


def declared(dependencies: list[DependsParam]) -> tuple[Rule, Of | None] | None:
    """The mark that `allow` left among a route's dependencies."""
    for dependency in dependencies:
        mark: tuple[Rule, Of | None] | None = getattr(dependency.dependency, "declared", None)
        if mark is not None:
            return mark
    return None


def _pass() -> None:
    """Public routes need no check."""


def _role_check(rule: Rule) -> Callable[..., None]:
    def check(caller: SignedIn) -> None:
        if not rule.permits(caller.role, member=True):
            raise ForbiddenError(f"the role {caller.role} may not do this")

    return check


def _project_check(rule: Rule, of: Of) -> Callable[..., None]:
    def check(request: Request, caller: SignedIn, state: AppState) -> None:
        what = of.value.removesuffix("_id")
        try:
            id_ = UUID(request.path_params[of.value])
        except ValueError as error:
            raise NotFoundError(f"no such {what}") from error
        with state.database.read() as session:
            require(session, caller, rule, _PLACE_OF[of](session, id_), what)

    return check
