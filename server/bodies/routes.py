"""/api/bodies: reference surfaces, the views of their parts, and picking."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from server.access import SIGNED_IN, allow
from server.bodies import images, service
from server.bodies.schemas import Body, Pick, Theme
from server.marks.schemas import SurfacePoint
from server.state import AppState

router = APIRouter(prefix="/api/bodies", tags=["bodies"])

BodyHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Part = Annotated[int, Path(ge=1, le=14)]


@router.get("/{body_hash}", dependencies=[allow(SIGNED_IN)])
def get_body(body_hash: BodyHash, state: AppState) -> Body:
    """A body's parts and their views."""
    return service.describe(state.bodies.by_hash(body_hash))


@router.get(
    "/{body_hash}/parts/{part}/views/{index}.webp",
    dependencies=[allow(SIGNED_IN)],
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}},
)
def get_view_image(
    body_hash: BodyHash,
    part: Part,
    index: Annotated[int, Path(ge=0, le=5)],
    request: Request,
    state: AppState,
    size: Annotated[int, Query(ge=128, le=1024)] = 512,
    theme: Theme = "light",
) -> Response:
    """The picture of one view."""
    body = state.bodies.by_hash(body_hash)
    return images.view_image(state, body, part, index, size, theme, request.headers.get("if-none-match"))


@router.post("/{body_hash}/parts/{part}/pick", dependencies=[allow(SIGNED_IN)])
def pick_surface_point(body_hash: BodyHash, part: Part, body: Pick, state: AppState) -> SurfacePoint:
    """The surface point under a place in a view; 422 beside the part."""
    return service.pick(state.bodies.by_hash(body_hash), part, body.view, body.x, body.y)
