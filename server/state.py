"""What a running server holds, and how routes reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from annotation_db import BlobStore, Database
from server.bodies.geodesics import Geodesics
from server.bodies.registry import Bodies
from server.exports.transfers import Transfers
from server.jobs.events import Watching
from server.settings import Settings


@dataclass(frozen=True)
class State:
    """Made once by `server.open_state`; safe to share between threads."""

    settings: Settings
    database: Database
    blobs: BlobStore
    bodies: Bodies
    geodesics: Geodesics
    transfers: Transfers
    watching: Watching


def state_of(request: Request) -> State:
    """The state of the app that serves `request`."""
    return request.app.state.densemark


AppState = Annotated[State, Depends(state_of)]
