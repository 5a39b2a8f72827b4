"""/api/session: sign in, who am I, sign out, own password."""

from fastapi import APIRouter, Request, Response

from server.access import PUBLIC, SIGNED_IN, SignedIn, allow
from server.session import service
from server.session.schemas import Me, PasswordChange, SignIn
from server.state import AppState, State

router = APIRouter(prefix="/api/session", tags=["session"])


@router.post("", dependencies=[allow(PUBLIC)], responses={429: {"description": "Too many failed sign-ins"}})
def sign_in(body: SignIn, request: Request, response: Response, state: AppState) -> Me:
    """Start a session; sets the session cookie."""
    address = request.client.host if request.client else ""
    token, caller = service.sign_in(state.database, state.settings, body.username, body.password, address)
    _set_cookie(response, state, token)
    return service.me(caller)


@router.get("", dependencies=[allow(SIGNED_IN)])
def get_session(caller: SignedIn, request: Request, response: Response, state: AppState) -> Me:
    """The signed-in user; the cookie lives on from now."""
    _set_cookie(response, state, request.cookies[state.settings.cookie_name])
    return service.me(caller)


@router.delete("", status_code=204, dependencies=[allow(PUBLIC)])
def sign_out(request: Request, response: Response, state: AppState) -> None:
    """End the session, if there is one."""
    service.sign_out(state.database, request.cookies.get(state.settings.cookie_name))
    response.delete_cookie(
        state.settings.cookie_name, path="/", secure=state.settings.https, httponly=True, samesite="lax"
    )


@router.post("/password", status_code=204, dependencies=[allow(SIGNED_IN)])
def change_password(body: PasswordChange, caller: SignedIn, request: Request, state: AppState) -> None:
    """Change the own password; all other sessions of the user end."""
    token = request.cookies[state.settings.cookie_name]
    service.change_password(state.database, caller, token, body.current, body.new)


def _set_cookie(response: Response, state: State, token: str) -> None:
    response.set_cookie(
        state.settings.cookie_name,
        token,
        max_age=int(state.settings.session_hours * 3600),
        path="/",
        secure=state.settings.https,
        httponly=True,
        samesite="lax",
    )
