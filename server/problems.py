"""Errors as RFC 9457 problem details (application/problem+json), for every way a request can fail."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from annotation_db import is_passing


class ProblemError(Exception):
    """Base of the errors that services raise; becomes a problem response.

    `kind` is the last part of the problem's type URI, `extra` its extension members.
    """

    status = 500
    kind = "error"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers
        self.extra = extra


class UnauthenticatedError(ProblemError):
    """Nobody is signed in, or name and password do not fit."""

    status, kind = 401, "unauthenticated"


class ForbiddenError(ProblemError):
    """Signed in, but not allowed."""

    status, kind = 403, "forbidden"


class NotFoundError(ProblemError):
    """Not there, or not to be seen by the caller."""

    status, kind = 404, "not-found"


class ConflictError(ProblemError):
    """The object's present state does not allow this."""

    status, kind = 409, "conflict"


class StaleError(ConflictError):
    """The client wrote on top of a revision that is no longer the current one; `current` carries that."""

    kind = "stale"


class LeaseLostError(ConflictError):
    """Somebody else works on this person now."""

    kind = "lease"


class RefusedError(ProblemError):
    """The input is well-formed but wrong."""

    status, kind = 422, "refused"


class UnmarkedError(RefusedError):
    """Points are left without mark or flag; `unmarked` lists them."""

    kind = "unmarked"


class TooManyError(ProblemError):
    """Too many failed sign-ins."""

    status, kind = 429, "too-many"


class BusyError(ProblemError):
    """Too much is asked at once; the same request may be sent again."""

    status, kind = 503, "busy"


def problem(
    status: int, kind: str, detail: str | None, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """Build the response."""
    content = {"type": f"/problems/{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(
        jsonable_encoder(content | extra), status, headers=headers, media_type="application/problem+json"
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem response."""

    @app.exception_handler(ProblemError)
    async def on_problem(_request: Request, error: ProblemError) -> JSONResponse:
        return problem(error.status, error.kind, error.detail, error.headers, **error.extra)

    @app.exception_handler(DBAPIError)
    async def on_database_error(_request: Request, error: DBAPIError) -> JSONResponse:
        if not is_passing(error):
            raise error
        return problem(503, "busy", "the database was busy; send the request again", {"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The offending input is left out: it may be a password.
        errors = [{"where": list(item["loc"]), "message": item["msg"]} for item in error.errors()]
        first = f"{'.'.join(map(str, errors[0]['where']))}: {errors[0]['message']}" if errors else "invalid request"
        return problem(422, "validation", first, errors=errors)

    @app.exception_handler(HTTPException)
    async def on_http(_request: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        kind = "too-large" if error.status_code == 413 else phrase  # Python's phrase for it has changed
        return problem(error.status_code, kind, str(error.detail), dict(error.headers) if error.headers else None)
