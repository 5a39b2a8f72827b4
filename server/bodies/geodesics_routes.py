"""/api/bodies/{hash}/...: geodesic distances, shortest paths, and the state of the body's table."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from server.access import SIGNED_IN, allow
from server.bodies.routes import BodyHash
from server.marks.schemas import Fraction
from server.schemas import In, Out
from server.state import AppState
from surface.geodesic_build import Status

router = APIRouter(prefix="/api/bodies", tags=["bodies"])

_BUSY: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "Many are asking; send the request again",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
    }
}


class Place(In):
    """A surface point."""

    face: int = Field(ge=0, le=2**31 - 1)
    bary: tuple[Fraction, Fraction, Fraction] = Field(description="barycentric coordinates, sum 1")


class PathWanted(In):
    """The two ends of a path."""

    start: Place = Field(alias="from")
    end: Place = Field(alias="to")


class GeodesicPath(Out):
    """A shortest path on the surface."""

    length: float = Field(description="metres")
    points: list[tuple[float, float, float]] = Field(description="its corners, from end to end, metres")


class Geodesics(Out):
    """How far a body's table of geodesic distances is."""

    state: Literal["absent", "building", "ready", "failed"]
    done: int
    total: int = Field(description="0 until the build has begun, and when it is ready")
    error: str | None


@router.get("/{body_hash}/geodesics", dependencies=[allow(SIGNED_IN)])
def get_geodesics(body_hash: BodyHash, state: AppState) -> Geodesics:
    """How far the table is."""
    return told(state.geodesics.status(state.bodies.by_hash(body_hash)))


@router.post("/{body_hash}/geodesics", dependencies=[allow(SIGNED_IN)])
def build_geodesics(body_hash: BodyHash, state: AppState) -> Geodesics:
    """Begin to build the table in the background unless that is done or under way."""
    return told(state.geodesics.start(state.bodies.by_hash(body_hash)))


@router.post(
    "/{body_hash}/distances",
    dependencies=[allow(SIGNED_IN)],
    response_class=Response,
    responses=_BUSY
    | {
        200: {
            "content": {"application/octet-stream": {}},
            "headers": {"X-Densemark-Geodesics": {"schema": {"type": "string", "enum": ["exact", "table"]}}},
        }
    },
)
def get_distances(body_hash: BodyHash, body: Place, state: AppState) -> Response:
    """Geodesic distances in metres from a surface point to all vertices, f32 (V), little-endian; infinite where no path
    leads. Exact until the table is ready; the first request begins to build it."""
    found, how = state.geodesics.distances(state.bodies.by_hash(body_hash), (body.face, body.bary))
    return Response(found.astype("<f4").tobytes(), 200, {"X-Densemark-Geodesics": how}, "application/octet-stream")


@router.post("/{body_hash}/path", dependencies=[allow(SIGNED_IN)], responses=_BUSY)
def get_path(body_hash: BodyHash, body: PathWanted, state: AppState) -> GeodesicPath:
    """A shortest path between two surface points, exact."""
    start, end = (body.start.face, body.start.bary), (body.end.face, body.end.bary)
    length, points = state.geodesics.path(state.bodies.by_hash(body_hash), start, end)
    return GeodesicPath(length=length, points=[(x, y, z) for x, y, z in points.tolist()])


def told(status: Status) -> Geodesics:
    """A table's state as the API shows it."""
    return Geodesics(state=status.state, done=status.done, total=status.total, error=status.error)
