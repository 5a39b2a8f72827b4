"""/healthz and /readyz, for supervisors and load balancers."""

from fastapi import APIRouter, Response

from server.access import PUBLIC, allow
from server.health import service
from server.health.schemas import Health, Readiness
from server.state import AppState

router = APIRouter(tags=["health"])


@router.get("/healthz", dependencies=[allow(PUBLIC)])
def healthz() -> Health:
    """The process is alive."""
    return Health(status="ok")


@router.get("/readyz", dependencies=[allow(PUBLIC)], responses={503: {"model": Readiness}})
def readyz(response: Response, state: AppState) -> Readiness:
    """Database, migrations and blobs are there; 503 unless all are. Also tells whether a worker was seen lately."""
    readiness = service.readiness(state)
    if not all(readiness.model_dump(exclude={"worker"}).values()):
        response.status_code = 503
    return readiness
