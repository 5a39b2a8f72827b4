"""A worker: hands new jobs to the queue, does what the queue gives it, and takes over from workers that are gone.

``python -m server.jobs.worker`` is the one that a server runs: it reads what it shall be from its standard input, and
ends when that does, however the server has ended.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from annotation_db import Database, models, utc_now
from annotation_db.repositories import jobs
from server.jobs.crew import Crew, processors
from server.jobs.kinds import DEFAULT_QUEUE, TRAINING_QUEUE
from server.runs.devices import lanes
from server.settings import Settings

SIGN_OF_LIFE = 5.0
"""Seconds between two signs of life of a worker."""
GONE = 30.0
"""Seconds without a sign of life after which a worker on another machine is taken to be gone."""
NICE = 5
"""Below the web server, whose answers people wait for. The step processes have it from their worker."""
_TICK = 0.4
_LOOK_ROUND = 1.0
_GRACE = 5.0
_CLEAN_EVERY = 3600.0
_log = logging.getLogger("densemark.jobs")


class Worker:
    """One worker process. `run` returns when `end` was called, by a signal say; the process must end then.

    Args:
        settings: where everything is. The database must have been prepared.
        queues: the queues it takes work from.
        name: who it is; a free one made of the machine's name if none is given.
        concurrency: how many steps at once, trainings not counted; None for what the settings say.

    Raises:
        ValueError: the name is taken by a worker that lives, or is no name.
    """

    def __init__(
        self,
        settings: Settings,
        queues: list[str] | None = None,
        name: str | None = None,
        concurrency: int | None = None,
    ) -> None:
        self._settings = settings
        self._database = Database(settings.resolved_database_url())
        self._queues = queues or [DEFAULT_QUEUE, TRAINING_QUEUE]
        self.concurrency = concurrency or settings.job_processes or processors()
        self._folder = settings.data.absolute() / "workers"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ended = threading.Event()
        self._watched: dict[str, tuple[datetime, float]] = {}
        self._started = utc_now()
        self.name, self._lock = self._claim(name)

    def run(self) -> None:
        """Work until told to end."""
        from server.jobs.queue import Queue  # dbos takes a second or more to import

        crews = self._crews()
        queue = Queue(self._settings, self.name, crews, self._database)
        with self._database.write() as session:
            jobs.hand_again(session)
        sign = look = clean = 0.0
        while not self._ended.wait(_TICK):
            try:
                now = time.monotonic()
                if now - sign >= SIGN_OF_LIFE:
                    sign = now
                    self._give_sign()
                if now - look >= _LOOK_ROUND:
                    look = now
                    self._take_over(queue)
                self._hand(queue)
                for crew in set(crews.values()):
                    self._stop(crew)
                    crew.rest()
                self._sweep(queue)
                if now - clean >= _CLEAN_EVERY:
                    clean = now
                    self._clean()
            except SQLAlchemyError:
                _log.exception("the worker goes on, but could not")
        queue.end(self.name)
        with contextlib.suppress(SQLAlchemyError), self._database.write() as session:
            jobs.forget(session, self.name)

    def end(self) -> None:
        """Have `run` return, within a moment; what was begun is left to others."""
        self._ended.set()

    def _crews(self) -> dict[str, Crew]:
        """Who does what is in each queue. Trainings have a crew of their own, of which most of the time one process
        waits for its trainer: as many as the machine can do at once, whatever else is done here."""
        common = Crew(self._settings, self.concurrency)
        return {name: Crew(self._settings, lanes()) if name == TRAINING_QUEUE else common for name in self._queues}

    def _claim(self, name: str | None) -> tuple[str, FileLock]:
        """A name that no living worker has, with its lock."""
        if name is not None and not re.fullmatch(r"[\w.@-]{1,100}", name):
            raise ValueError(f"{name!r} is no name for a worker: letters, digits and . _ @ - only")
        host = re.sub(r"[^\w.-]", "-", socket.gethostname())[:80] or "worker"
        number = 0
        while True:
            number += 1
            chosen = name or f"{host}-{number}"
            lock = self._free(chosen)
            if lock is not None:
                return chosen, lock
            if name is not None:
                raise ValueError(f"a worker called {name} lives already; give this one another --name")

    def _free(self, name: str) -> FileLock | None:
        lock = _locked(self._folder / f"{name}.lock")
        if lock is None:
            return None
        with self._database.write() as session:
            row = jobs.worker(session, name)
            ours = row is not None and (row.host, row.lock) == (socket.gethostname(), lock.lock_file)
            if row is not None and not ours and (utc_now() - row.seen_at).total_seconds() < GONE:
                lock.release()
                return None
            jobs.see(session, self._row(name, lock))
        return lock

    def _row(self, name: str, lock: FileLock) -> models.Worker:
        return models.Worker(
            name=name,
            host=socket.gethostname(),
            lock=str(lock.lock_file),
            queues=self._queues,
            concurrency=self.concurrency,
            started_at=self._started,
            seen_at=utc_now(),
        )

    def _give_sign(self) -> None:
        with self._database.write() as session:
            jobs.see(session, self._row(self.name, self._lock))

    def _take_over(self, queue: Any) -> None:
        """Queue again what workers held that are gone."""
        with self._database.read() as session:
            others = [row for row in jobs.workers(session) if row.name != self.name]
        for row in others:
            here = row.host == socket.gethostname()
            lock = _locked(Path(row.lock)) if here and Path(row.lock).exists() else None
            try:
                # Where the file cannot be seen, by time: by our own clock, whatever the other's says.
                if lock is not None or (not (here and Path(row.lock).exists()) and self._silent(row)):
                    _log.warning("the worker %s is gone; what it held is queued again", row.name)
                    queue.recover(row.name)
                    with self._database.write() as session:
                        jobs.forget(session, row.name, row.seen_at)
            finally:
                if lock is not None:
                    lock.release()

    def _silent(self, row: models.Worker) -> bool:
        seen, since = self._watched.get(row.name, (None, 0.0))
        if seen != row.seen_at:
            self._watched[row.name] = (row.seen_at, time.monotonic())
            return False
        return time.monotonic() - since >= GONE

    def _hand(self, queue: Any) -> None:
        with self._database.read() as session:
            waiting = jobs.to_hand(session)
        for job_id, queue_name in waiting:
            queue.hand(job_id, queue_name)
            with self._database.write() as session:
                jobs.hand(session, [job_id], handed=True)

    def _stop(self, crew: Crew) -> None:
        """End the steps of jobs that failed or were cancelled."""
        busy = crew.jobs()
        if not busy:
            return
        with self._database.read() as session:
            stopped = jobs.given_up(session, [UUID(job) for job in busy])
        crew.stop({str(job_id) for job_id in stopped})

    def _sweep(self, queue: Any) -> None:
        """Take failed and cancelled jobs off the queue; have it forget those that ended long ago."""
        before = utc_now() - timedelta(days=self._settings.job_days)
        with self._database.read() as session:
            stopped, old = jobs.to_stop(session), jobs.to_forget(session, before)
        for job in stopped:
            queue.cancel(job.id, job.total)
            with self._database.write() as session:
                jobs.stop(session, job.id)
        for job in old:
            queue.delete(job.id, job.total)
            with self._database.write() as session:
                jobs.hand(session, [job.id], handed=False)

    def _clean(self) -> None:
        with self._database.write() as session:
            jobs.drop_shards(session, utc_now() - timedelta(days=self._settings.job_days))


def _locked(path: Path) -> FileLock | None:
    """The lock at `path`, unless somebody has it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return lock


def main() -> int:
    """The worker of a server."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which ends this process by its input
    stdin = sys.stdin.buffer
    worker = Worker(Settings.model_validate_json(stdin.readline()))

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(stdin.fileno(), 1):
                pass
        worker.end()
        time.sleep(_GRACE)
        os._exit(1)  # it waits for a database, say: whatever it was at is done by another

    threading.Thread(target=watch, daemon=True).start()
    work(worker)
    return 0


def work(worker: Worker) -> None:
    """Run a worker until SIGTERM, or until it is ended; then this process ends, whatever else still runs in it."""
    signal.signal(signal.SIGTERM, lambda *_: worker.end())
    worker.run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
