"""Bodies of /healthz and /readyz."""

from typing import Literal

from pydantic import Field

from server.schemas import Out


class Health(Out):
    """Alive."""

    status: Literal["ok"]


class Readiness(Out):
    """Each part the server needs, and whether it is there."""

    database: bool
    migrations: bool
    blobs: bool
    worker: bool = Field(description="Whether a worker was seen lately. Without one people work on, and jobs wait.")
