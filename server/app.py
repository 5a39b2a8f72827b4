"""The application: every resource's routes behind the same guards."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.routing import APIRoute

from server import static
from server.access import declared
from server.bodies.geodesics_routes import router as geodesics
from server.bodies.routes import router as bodies
from server.exports.routes import router as exports
from server.health.routes import router as health
from server.images.routes import router as images
from server.jobs.events import close_at_signals
from server.jobs.routes import router as jobs
from server.marks.routes import router as marks
from server.masks.routes import router as masks
from server.persons.routes import router as persons
from server.problems import add_problem_handlers
from server.projects.routes import router as projects
from server.renders.routes import router as renders
from server.runs.routes import router as runs
from server.schemas import FieldError, Problem
from server.security import Guard
from server.session.routes import router as session
from server.settings import Settings
from server.snapshots.routes import router as snapshots
from server.startup import open_state
from server.studies.report_routes import router as study_reports
from server.studies.routes import router as studies
from server.tasks.routes import router as tasks
from server.users.routes import router as users
from server.version import version
from server.withdrawals.routes import router as withdrawals

_ROUTERS = (
    health,
    session,
    users,
    projects,
    images,
    persons,
    tasks,
    masks,
    marks,
    bodies,
    geodesics,
    exports,
    jobs,
    renders,
    studies,
    study_reports,
    snapshots,
    runs,
    withdrawals,
)
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    for status in (400, 401, 403, 404, 409, 413, 422)
}


def create_app(settings: Settings) -> FastAPI:
    """Make the app for `settings`. The database must have been prepared (`server.prepare`)."""
    app = FastAPI(
        title="DenseMark",
        version=version(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
        lifespan=_serving,
    )
    app.state.densemark = open_state(settings)
    for router in _ROUTERS:
        app.include_router(router, responses=_RESPONSES)
    app.openapi = _with_problems(app.openapi)  # type: ignore[method-assign]
    static.add_frontend(app)
    add_problem_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=2048)
    app.add_middleware(Guard, settings=settings)
    check_declared(app)
    return app


@asynccontextmanager
async def _serving(app: FastAPI) -> AsyncIterator[None]:
    close_at_signals(app.state.densemark.watching.close)
    yield
    app.state.densemark.geodesics.close()
    app.state.densemark.transfers.close()


def routes_of(app: FastAPI) -> list[APIRoute]:
    """All routes of the app, those of its routers first."""
    own = [route for route in app.routes if isinstance(route, APIRoute)]
    return [route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)] + own


def check_declared(app: FastAPI) -> None:
    """Raise RuntimeError when a route does not state who may call it."""
    for route in routes_of(app):
        if declared(route.dependencies) is None:
            raise RuntimeError(f"{route.path} does not state who may call it; see server.access")


def _operation_id(route: APIRoute) -> str:
    """Function names as operation ids make the generated client readable."""
    return route.name


def _with_problems(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Add the models of error responses, which no route names as its own model."""

    def document() -> dict[str, Any]:
        made = make()
        for model in (Problem, FieldError):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schema.pop("$defs", None)
            made["components"]["schemas"][model.__name__] = schema
        return made

    return document
