"""Run the server."""

import logging
import os
import sys
import threading
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI

from annotation.sampling import sample_points
from server.app import create_app
from server.jobs.child import WorkerChild
from server.settings import Settings
from server.startup import clean, prepare
from server.state import State

_HANDED_DOWN = "DENSEMARK_SETTINGS_JSON"


def run(settings: Settings, host: str = "127.0.0.1", port: int = 8000, workers: int = 1, jobs: bool = True) -> None:
    """Prepare and serve until told to stop. `workers` are server processes that share the database; beside them all
    runs one worker that does jobs, unless `jobs` is false."""
    prepare(settings)
    clean(settings)
    common: dict[str, Any] = {
        "host": host,
        "port": port,
        "access_log": False,
        "log_level": "warning",
        "forwarded_allow_ips": settings.proxy_addresses,
        "timeout_graceful_shutdown": 10,
    }
    child = WorkerChild(settings) if jobs else None
    try:
        if workers == 1:
            uvicorn.run(_make(settings), **common)
        else:
            os.environ[_HANDED_DOWN] = settings.model_dump_json()
            uvicorn.run("server.running:app_of_worker", factory=True, workers=workers, **common)
    finally:
        if child is not None:
            child.close()


def app_of_worker() -> FastAPI:
    """The app in a worker process, with the settings that `run` was given."""
    return _make(Settings.model_validate_json(os.environ[_HANDED_DOWN]))


def _make(settings: Settings) -> FastAPI:
    _configure_logs(settings)
    app = create_app(settings)
    threading.Thread(target=_warm_up, args=(app.state.densemark,), daemon=True).start()
    return app


def _warm_up(state: State) -> None:
    """The first click and the first submitted mask should not wait for the body and for compiled code."""
    state.bodies.warm_up()
    sample_points(np.ones((40, 40), np.uint8), (0, 0), 0, (1,))


def _configure_logs(settings: Settings) -> None:
    if settings.access_log:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger = logging.getLogger("densemark.access")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
