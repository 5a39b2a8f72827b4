"""What a running server holds, and how routes reach it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from annotation_db import BlobStore, Database
from server.settings import Settings

if TYPE_CHECKING:
    from server.bodies.geodesics import Geodesics
    from server.bodies.registry import Bodies
    from server.exports.transfers import Transfers
    from server.jobs.events import Watching


@dataclass(frozen=True)
class State:
    """Made once by `server.startup`; safe to share between threads.

    What the properties give is imported and made when it is first asked for: step processes need little of it. A
    server asks for all before it has threads.
    """

    settings: Settings
    database: Database
    blobs: BlobStore

    @cached_property
    def bodies(self) -> Bodies:
        """The bodies of this data folder."""
        from server.bodies.registry import Bodies

        return Bodies(self.settings.data / "bodies")

    @cached_property
    def geodesics(self) -> Geodesics:
        """Geodesic distances, and who builds their tables."""
        from server.bodies.geodesics import Geodesics

        return Geodesics(self.settings.data / "geodesics", self.settings.geodesic_processes)

    @cached_property
    def transfers(self) -> Transfers:
        """Maps between bodies, and who makes them."""
        from server.exports.transfers import Transfers

        return Transfers(self.settings.data / "bodies" / "transfers")

    @cached_property
    def watching(self) -> Watching:
        """Who follows which jobs."""
        from server.jobs.events import Watching

        return Watching(self.database)


def state_of(request: Request) -> State:
    """The state of the app that serves `request`."""
    return request.app.state.densemark


AppState = Annotated[State, Depends(state_of)]
