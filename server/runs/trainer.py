"""The trainer: ``densemark train`` in a process of its own, begun, asked to end, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from server.runs import known
from server.runs.folder import LOG
from server.settings import Settings

ORDER = (sys.executable, "-P", "-m", "server.runs.lifeline")
MARK = "DENSEMARK_TRAINS"
"""Variable of the environment by which a trainer, and all it starts, is known for the run it trains."""
_GRACE = 30.0  # seconds for killed processes to be gone


class Trainer:
    """A trainer that runs; `end` it, whatever happens.

    :param words: arguments of ``densemark train``.
    :param folder: of the run; the output is added to its log.
    """

    def __init__(self, settings: Settings, run_id: UUID, folder: Path, words: list[str]) -> None:
        environment = os.environ | {
            MARK: str(run_id),
            "DENSEMARK_DATA": str(settings.data.absolute()),
            "DENSEMARK_DATABASE_URL": settings.database_url,
            "DENSEMARK_BLOB_URL": settings.blob_url,
            "PYTHONUNBUFFERED": "1",
        }
        with (folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this package
                [*ORDER, *known.ORDER, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Whether it has."""
        return self._process.poll() is not None

    def status(self) -> int:
        """What it ended with, once it has: its exit status, or less than 0 for the signal that killed it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        return int(line) if line else -signal.SIGKILL

    def ask(self) -> None:
        """Have it end after its step."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def end(self) -> None:
        """End it and all it has started, at once; nothing is left when this returns."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._process.kill()
        self._process.wait()


def end_orphans(run_id: UUID) -> int:
    """Kill processes of a run's trainer that nobody watches any more; returns how many there were.

    Linux alone can tell; elsewhere a trainer ends with its lifeline, or keeps its folder locked.

    :raises TimeoutError: one does not go.
    """
    found = list(_of(run_id))
    began = time.monotonic()
    while there := list(_of(run_id)):
        for pid in there:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() - began > _GRACE:
            raise TimeoutError(f"the process {there[0]} of an earlier attempt cannot be killed")
        time.sleep(0.05)
    return len(found)


def _of(run_id: UUID) -> Iterator[int]:
    """Processes that have the mark of a run and have not ended."""
    wanted = f"{MARK}={run_id}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (path / "environ").read_bytes().split(b"\0") and int(path.name) != os.getpid():
                yield int(path.name)
