"""The worker that a server runs beside itself."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from contextlib import suppress

from server.settings import Settings

ORDER = (sys.executable, "-P", "-m", "server.jobs.worker")
_LONGEST_PAUSE = 60.0  # seconds before a worker that ended is started again
_GRACE = 5.0
_log = logging.getLogger("densemark.jobs")


class WorkerChild:
    """A worker in a child process, started again when it ends; it ends with this process, however that ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_dump_json().encode() + b"\n"
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._closed.set()
            process = self._process
        if process is not None:
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
        self._keeper.join(_GRACE)

    def _keep(self) -> None:
        pause = 1.0
        while True:
            with self._lock:
                if self._closed.is_set():
                    return
                # Its input stays open as long as this process lives: its end is what tells the worker to end.
                process = self._process = subprocess.Popen(ORDER, stdin=subprocess.PIPE)  # noqa: S603
            assert process.stdin is not None
            began = time.monotonic()
            with suppress(OSError, ValueError):
                process.stdin.write(self._settings)
                process.stdin.flush()
            status = process.wait()
            with suppress(OSError):
                process.stdin.close()
            if self._closed.is_set():
                return
            pause = 1.0 if time.monotonic() - began > _LONGEST_PAUSE else min(2 * pause, _LONGEST_PAUSE)
            _log.warning("the worker ended with status %s; another is started in %.0f s", status, pause)
            if self._closed.wait(pause):
                return
