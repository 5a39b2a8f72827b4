"""kill -9 of workers and of the server: jobs come to their end, and nothing counts twice."""

import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from annotation_db.models import JobState
from tests.server.job_processes import Running, jobs_in, lives, until

pytestmark = pytest.mark.slow


def _killed_midway(job: Running, victim: int, done: int) -> set[int]:
    """kill -9 once so many shards are finished; returns those that were by then."""
    assert job.reaches(done).state == JobState.running
    stepper = job.noted("pid")[-1]
    psutil.Process(victim).send_signal(signal.SIGKILL)
    until(lambda: not lives(victim) and not lives(stepper))
    return job.finished()


def _came_to_its_end(job: Running, count: int, kills: int, finished: set[int]) -> None:
    ended = job.ends()
    assert (ended.state, ended.done, ended.total, ended.error) == (JobState.done, count, count, None)
    assert ended.result == {"sum": sum(n * n for n in range(count))}
    begun = job.noted("begin")
    assert set(begun) == set(range(count))
    assert len(begun) <= count + kills  # only what was being done is done again
    assert [n for n in finished if begun.count(n) > 1] == []


def test_a_killed_worker_and_a_killed_server_on_sqlite(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with jobs_in(tmp_path) as jobs:
        server = jobs.server(port)
        until(lambda: jobs.answers(port) and jobs.workers())
        readiness = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60).json()
        assert readiness == {"database": True, "migrations": True, "blobs": True, "worker": True}
        job = jobs.start(count=16, seconds=0.3)
        job.reaches(1)
        worker = next(p for p in psutil.Process(server.pid).children() if "server.jobs.worker" in p.cmdline())
        finished = _killed_midway(job, worker.pid, 2)
        job.reaches(len(finished) + 2)  # by the worker that the server has started anew
        below = psutil.Process(server.pid).children(recursive=True)
        _killed_midway(job, server.pid, len(finished) + 3)
        server.wait()
        until(lambda: not any(lives(process.pid) for process in below))
        jobs.worker("another")
        _came_to_its_end(job, 16, 2, finished)


def test_another_worker_takes_over_on_postgresql_and_steps_end_in_every_way(tmp_path: Path, postgres_url: str) -> None:
    with jobs_in(tmp_path, postgres_url) as jobs:
        first = jobs.worker("first")
        job = jobs.start(count=12, seconds=0.15)
        job.reaches(1)
        jobs.worker("second")
        finished = _killed_midway(job, first.pid, 3)
        _came_to_its_end(job, 12, 1, finished)
        until(lambda: jobs.workers() == {"second"})

        failed = jobs.start(count=12, fault=3)
        assert (failed.ends().state, failed.row().error) == (JobState.failed, "the fourth wall is missing")
        hiccup = jobs.start(count=2, hiccup=1)
        assert (hiccup.ends().state, hiccup.noted("begin").count(1)) == (JobState.done, 3)

        cancelled = jobs.start(count=2, child=True, seconds=60)
        child = until(lambda: cancelled.noted("child"))[0]
        assert lives(child)
        cancelled.cancel()
        until(lambda: not lives(child) and not any(lives(pid) for pid in cancelled.noted("pid")))
        assert (cancelled.noted("end"), cancelled.noted("begin")) == ([], [0])
        assert failed.noted("begin") == [0, 1, 2, 3]  # the other shards were taken off the queue
