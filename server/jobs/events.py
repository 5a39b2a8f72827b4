"""Changes of jobs as server-sent events, whichever process makes them: one watcher asks the database for all that
anybody in this process follows."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from annotation_db import Database
from annotation_db.repositories import jobs
from server.jobs import service
from server.jobs.schemas import Job

_EVERY = 0.5  # seconds between two looks
_SIGN = 15.0  # seconds after which something is sent in any case, so that nobody between takes the line for dead


class Watching:
    """Who follows which jobs. Used within one event loop, but for `close`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: dict[UUID, set[asyncio.Queue[Job | None]]] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def follow(self, job_id: UUID) -> AsyncGenerator[bytes]:
        """The job now and at every change, each as an event; ends when the job has, or at `close`."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Job | None] = asyncio.Queue(1)
        self._followers.setdefault(job_id, set()).add(queue)
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())
        try:
            last: Job | None = None
            while not self._closed:
                try:
                    job = await asyncio.wait_for(queue.get(), _SIGN)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if job is None:
                    return
                if job != last:
                    last = job
                    yield f"data: {job.model_dump_json()}\n\n".encode()
                if job.state in jobs.ENDED:
                    return
        finally:
            self._followers[job_id].discard(queue)
            if not self._followers[job_id]:
                del self._followers[job_id]

    def close(self) -> None:
        """Tell all followers that there will be nothing more; from any thread, or a signal handler."""
        self._closed = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._end)

    async def _watch(self) -> None:
        while self._followers and not self._closed:
            with suppress(SQLAlchemyError):  # it may come back
                for job in await run_in_threadpool(self._look, list(self._followers)):
                    for queue in self._followers.get(job.id, ()):
                        _put(queue, job)
            await asyncio.sleep(_EVERY)

    def _look(self, job_ids: list[UUID]) -> list[Job]:
        with self._database.read() as session:
            return service.outs(jobs.many(session, job_ids))

    def _end(self) -> None:
        for queues in self._followers.values():
            for queue in queues:
                _put(queue, None)


def _put(queue: asyncio.Queue[Job | None], job: Job | None) -> None:
    """Offer the newest; what a follower who reads slowly has not taken by now is old."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(job)


def close_at_signals(close: Callable[[], None]) -> None:
    """Have SIGINT and SIGTERM call `close` before what they do now. A server that ends waits for its open answers, and
    these would stay open."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        before: Any = signal.getsignal(number)
        if callable(before):

            def handle(signum: int, frame: Any, before: Any = before) -> None:
                close()
                before(signum, frame)

            signal.signal(number, handle)
