"""/api/bodies: reference surfaces, the views of their parts, and picking."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from server.access import SIGNED_IN, allow
from server.bodies import images, service
from server.bodies.schemas import Body, BodyList, Pick, Theme
from server.caching import immutable_bytes, not_modified
from server.marks.schemas import SurfacePoint
from server.state import AppState

router = APIRouter(prefix="/api/bodies", tags=["bodies"])

BodyHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Part = Annotated[int, Path(ge=1, le=255, description="Label of one of the body's parts.")]


@router.get("", dependencies=[allow(SIGNED_IN)])
def list_bodies(state: AppState) -> BodyList:
    """The bodies that projects can be made on, by name."""
    return service.list_bodies(state.bodies)


@router.get("/{body_hash}", dependencies=[allow(SIGNED_IN)])
def get_body(body_hash: BodyHash, state: AppState) -> Body:
    """A body's parts, their views, and its charts."""
    return service.describe(state.bodies.by_hash(body_hash))


@router.get(
    "/{body_hash}/mesh",
    dependencies=[allow(SIGNED_IN)],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def get_body_mesh(body_hash: BodyHash, request: Request, state: AppState) -> Response:
    """The mesh as little-endian arrays: positions f32 (V,3), faces u32 (F,3), U,V f32 (F,3,2), charts u8 (F)."""
    loaded = state.bodies.by_hash(body_hash)
    etag = f"{loaded.hash[:16]}-mesh-1"
    if unchanged := not_modified(etag, request.headers.get("if-none-match")):
        return unchanged
    return immutable_bytes(service.mesh(loaded), etag, "application/octet-stream")


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
    service.check_part(body, part)
    return images.view_image(state, body, part, index, size, theme, request.headers.get("if-none-match"))


@router.post("/{body_hash}/parts/{part}/pick", dependencies=[allow(SIGNED_IN)])
def pick_surface_point(body_hash: BodyHash, part: Part, body: Pick, state: AppState) -> SurfacePoint:
    """The surface point under a place in a view; 422 beside the part."""
    return service.pick(state.bodies.by_hash(body_hash), part, body.view, body.x, body.y)
