"""The workers' queue: dbos workflows that plan a job, do one shard, or finish it.

A workflow does nothing itself: it has the crew do it, and what that does may be done twice. So it needs no steps of its
own: dbos keeps which workflows there are and which worker has them, and a workflow whose worker is gone is begun again.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeVar
from uuid import UUID

from dbos import DBOS, DBOSClient
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from annotation_db import Database
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from server.jobs.crew import Crew, EndedError, persist
from server.jobs.words import in_words
from server.settings import Settings

PROTOCOL = "1"
"""What workflows there are and what they are given. Workers take only what was queued under the same number, whatever
version of DenseMark they are: change it with the meaning of a workflow's arguments, and with nothing else."""
SCHEMA = "densemark_jobs"
_NAME = "densemark"
_PLAN, _SHARD, _FINISH = "plan", "shard", "finish"
_FIRST, _SHORT, _LONG = 1, 5, 10  # priorities: what lets others begin; jobs of few shards before those of many
_FEW = 4
_IDLE_POLL, _BUSY_POLL = 0.4, 0.05  # seconds between two looks for work
_BATCH = 500
_PAUSE = 2.0
T = TypeVar("T")
_log = logging.getLogger("densemark.jobs")


def url_of(settings: Settings) -> str:
    """Where the queue is kept: a file of its own, or the project's PostgreSQL (in a schema of its own)."""
    url = settings.resolved_database_url()
    return url if make_url(url).get_backend_name() == "postgresql" else f"sqlite:///{settings.jobs_path()}"


class Queue:
    """dbos in this process, on behalf of one worker. One for each process.

    :param crews: who does what is in each queue; several queues may have one crew.
    """

    def __init__(self, settings: Settings, worker: str, crews: Mapping[str, Crew], database: Database) -> None:
        self._crews, self._database, self._queues = crews, database, list(crews)
        self._ending = threading.Event()
        url = url_of(settings)
        if url.startswith("sqlite"):
            _write_ahead(url)
        for name, function in ((_PLAN, self._plan), (_SHARD, self._shard), (_FINISH, self._finish)):
            DBOS.workflow(name=name, max_recovery_attempts=None)(self._guarded(function))
        self._dbos = DBOS(
            config={
                "name": _NAME,
                "system_database_url": url,
                "dbos_system_schema": SCHEMA,
                "application_version": PROTOCOL,
                "executor_id": worker,
                "log_level": "ERROR",
                "enable_otlp": False,
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": 30.0,
            }
        )
        DBOS.listen_queues(self._queues)
        DBOS.launch()  # it sets the level of its log itself
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # a workflow that is cancelled is no error to tell
        self._limit_here()
        for queue in self._queues:
            DBOS.register_queue(queue, polling_interval_sec=_IDLE_POLL, on_conflict="never_update")
        self._client = DBOSClient(system_database_url=url, dbos_system_schema=SCHEMA, application_name=_NAME)

    def hand(self, job_id: UUID, queue: str) -> None:
        """Queue the planning of a job, unless that is or was queued."""
        self._enqueue([(f"{job_id}:{_PLAN}", _PLAN, queue, _FIRST, (str(job_id), queue))])

    def recover(self, worker: str) -> None:
        """Queue again what a worker held that is gone."""
        self._dbos._recover_pending_workflows([worker])

    def cancel(self, job_id: UUID, shards: int) -> None:
        """Take what is left of a job off the queue."""
        for batch in _batches(_ids(job_id, shards)):
            DBOS.cancel_workflows(batch)

    def delete(self, job_id: UUID, shards: int) -> None:
        """Forget an ended job."""
        for batch in _batches(_ids(job_id, shards)):
            DBOS.delete_workflows(batch)

    def end(self, worker: str) -> None:
        """Begin nothing any more and leave what is held to others. The process must end right after this."""
        self._ending.set()
        for crew in set(self._crews.values()):
            crew.close()
        self.recover(worker)

    def _guarded(self, method: Callable[..., None]) -> Callable[..., None]:
        """A workflow that ends well, whatever happens: what goes wrong is the job's failure."""

        def workflow(job: str, *args: Any) -> None:
            try:
                method(job, *args)
            except Exception as error:  # a kind's own code may raise anything
                _log.exception("job %s", job)
                self._fail(job, in_words(error))

        return workflow

    def _fail(self, job: str, error: str) -> None:
        def end() -> None:
            with self._database.write() as session:
                jobs.end(session, UUID(job), JobState.failed, error=error)

        _patiently(end)
        _log.warning("job %s failed: %s", job, error)

    def _plan(self, job: str, queue: str) -> None:
        shards: list[int] | None = self._do(job, queue, {"do": "plan"})
        if shards is None:
            return
        if not shards:
            self._queue_finish(job, queue)
            return
        priority = _SHORT if len(shards) <= _FEW else _LONG
        for batch in _batches(shards):
            self._enqueue([(f"{job}:{i}", _SHARD, queue, priority, (job, i, queue)) for i in batch])

    def _shard(self, job: str, index: int, queue: str) -> None:
        if self._do(job, queue, {"do": "step", "index": index}) == 0:
            self._queue_finish(job, queue)

    def _finish(self, job: str, queue: str) -> None:
        self._do(job, queue, {"do": "finish"})

    def _queue_finish(self, job: str, queue: str) -> None:
        self._enqueue([(f"{job}:{_FINISH}", _FINISH, queue, _FIRST, (job, queue))])

    def _do(self, job: str, queue: str, order: dict[str, Any]) -> Any:
        """What the crew answers; None when the job has failed or ended otherwise."""

        def attempt() -> dict[str, Any]:
            try:
                return self._crews[queue].run(job, {"job": job, **order})
            except EndedError:
                if self._ending.is_set():
                    threading.Event().wait()  # for the end of this process: another worker will do it
                raise

        def over() -> bool:
            with self._database.read() as session:
                return bool(jobs.ended(session, [UUID(job)]))

        answer = persist(attempt, lambda: _patiently(over))
        if answer is None or "done" in answer:
            return answer and answer["done"]
        self._fail(job, answer["failed"])
        return None

    def _enqueue(self, workflows: Sequence[tuple[str, str, str, int, tuple[Any, ...]]]) -> None:
        """Queue workflows, all or none; those whose id is known already stay as they are."""
        _patiently(lambda: self._insert(workflows))

    def _insert(self, workflows: Sequence[tuple[str, str, str, int, tuple[Any, ...]]]) -> None:
        with self._client._sys_db.engine.begin() as connection:
            for workflow_id, name, queue, priority, args in workflows:
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_id": workflow_id,
                        "workflow_name": name,
                        "queue_name": queue,
                        "priority": priority,
                        "app_version": PROTOCOL,
                    },
                    *args,
                )

    def _limit_here(self) -> None:
        """dbos keeps one limit for all workers of a queue; each of ours has its own, and looks more often for more
        work while it has some. dbos reads the queue before each look, which is where both are put in."""
        system: Any = self._dbos._sys_db
        read: Callable[..., Any] = system.get_queue

        def get_queue(name: str, **options: Any) -> Any:
            queue = read(name, **options)
            if queue is not None:
                crew = self._crews[name]  # dbos looks into those alone that it listens to
                queue._worker_concurrency = crew.size
                queue._polling_interval_sec = _BUSY_POLL if crew.busy() else _IDLE_POLL
            return queue

        system.get_queue = get_queue


def _patiently(act: Callable[[], T]) -> T:
    """What `act` gives, once the database answers."""
    while True:
        try:
            return act()
        except DBAPIError as error:
            _log.warning("waiting for the database: %s", error.orig)
            time.sleep(_PAUSE)


def _write_ahead(url: str) -> None:
    """Let readers and the writer of an SQLite file not wait for each other; the file remembers."""
    path = str(make_url(url).database)
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _ids(job_id: UUID, shards: int) -> list[str]:
    return [f"{job_id}:{_PLAN}", *(f"{job_id}:{index}" for index in range(shards)), f"{job_id}:{_FINISH}"]


def _batches(items: Sequence[Any]) -> list[list[Any]]:
    return [list(items[start : start + _BATCH]) for start in range(0, len(items), _BATCH)]
