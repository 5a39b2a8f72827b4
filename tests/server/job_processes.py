"""Real workers and servers that do jobs, to be killed."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from annotation_db import Database, models
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from server.jobs.service import start
from server.settings import Settings
from server.startup import prepare

ROOT = Path(__file__).parents[2]
_PATIENCE = 180.0


class Jobs:
    """A data folder with jobs of `tests.server.job_kinds`, and the processes that do them."""

    def __init__(self, data: Path, url: str = "") -> None:
        self.settings = Settings(data=data, database_url=url)
        prepare(self.settings)
        self.database = Database(self.settings.resolved_database_url())
        self.processes: list[subprocess.Popen[bytes]] = []

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        """A worker process."""
        return self._run("-m", "cli", "worker", "--name", name)

    def server(self, port: int) -> subprocess.Popen[bytes]:
        """A server with its worker."""
        return self._run("-m", "cli", "serve", "--port", str(port))

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DENSEMARK_DATA": str(self.settings.data),
            "DENSEMARK_JOB_PROCESSES": "1",
            "DENSEMARK_DATABASE_URL": self.settings.database_url,
        }
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env)
        self.processes.append(process)
        return process

    def start(self, **args: Any) -> "Running":
        """A new job; see `tests.server.job_kinds`."""
        with self.database.write() as session:
            notes = self.settings.data / f"notes-{time.monotonic_ns()}"
            notes.touch()
            kind = "tests.server.job_kinds:SQUARES"
            job = start(session, kind, {"file": str(notes), **args}, title="squares")
            return Running(self.database, job.id, notes)

    def answers(self, port: int) -> bool:
        """Whether a server listens."""
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        return False

    def workers(self) -> set[str]:
        """The names of the workers there are."""
        with self.database.read() as session:
            return {row.name for row in jobs.workers(session)}

    def close(self) -> None:
        """End all processes."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.database.close()


class Running:
    """A job that was started, and the notes that its steps leave."""

    def __init__(self, database: Database, job_id: UUID, notes: Path) -> None:
        self.database, self.id, self.notes = database, job_id, notes

    def row(self) -> models.Job:
        """The job as it is now."""
        with self.database.read() as session:
            job = jobs.by_id(session, self.id)
        assert job is not None
        return job

    def reaches(self, done: int) -> models.Job:
        """The job once so many shards are finished."""
        return until(lambda: job if (job := self.row()).done >= done or job.state in jobs.ENDED else None)

    def ends(self) -> models.Job:
        """The job once it has ended."""
        return until(lambda: job if (job := self.row()).state in jobs.ENDED else None)

    def finished(self) -> set[int]:
        """The shards whose results are kept."""
        with self.database.read() as session:
            return set(range(self.row().total)) - set(jobs.unfinished(session, self.id))

    def noted(self, what: str) -> list[int]:
        """The numbers behind the notes of one sort: begin, end, pid, child."""
        return [int(number) for number in re.findall(rf"^{what} (\d+)", self.notes.read_text(), re.MULTILINE)]

    def cancel(self) -> None:
        """Cancel it."""
        with self.database.write() as session:
            assert jobs.end(session, self.id, JobState.cancelled)


def until(found: Callable[[], Any]) -> Any:
    """What `found` gives once that is something. What other processes do is asked for: there is nothing to wait on."""
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {_PATIENCE:.0f} s in vain")


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's question does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@contextmanager
def jobs_in(data: Path, url: str = "") -> Iterator[Jobs]:
    """Jobs in a new data folder."""
    made = Jobs(data, url)
    try:
        yield made
    finally:
        made.close()
