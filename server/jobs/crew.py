"""The step processes of a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from server.settings import Settings

_IDLE = 60.0  # seconds after which a process that has nothing to do ends
_TRIES = 3
ORDER = (sys.executable, "-P", "-m", "server.jobs.stepper")
"""Starts one; -P, here and elsewhere: what lies in the folder that a server was started in is no program of ours."""


def processors() -> int:
    """Processors that this process may use."""
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()) or 1


class EndedError(Exception):
    """The process ended before it had answered."""


def persist(attempt: Callable[[], dict[str, Any]], over: Callable[[], bool]) -> dict[str, Any] | None:
    """The answer of `attempt` (see `Crew.run`), tried again where that may help; None once the job is `over`."""
    for tried in range(1, _TRIES + 1):
        try:
            answer = attempt()
        except EndedError as error:
            answer = {"failed": f"{error}; is there enough memory?", "passes": True}
        if "done" in answer:
            return answer
        if over():
            return None
        if tried == _TRIES or not answer["passes"]:
            break
    return answer


class Crew:
    """At most `size` step processes, which are started when they are needed; safe to share between threads."""

    def __init__(self, settings: Settings, size: int) -> None:
        self.size = size
        self._settings = settings.model_dump_json().encode() + b"\n"
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[tuple[_Stepper, float]] = []
        self._busy: dict[_Stepper, str] = {}
        self._closed = False

    def run(self, job: str, order: dict[str, Any]) -> dict[str, Any]:
        """The answer to an order for a job, when a process is free.

        Raises EndedError when the process ends before, as it does by `stop` and `close`.
        """
        with self._slots:
            stepper = self._take(job)
            try:
                answered = stepper.ask(order)
            except BaseException:  # whatever ends the wait, a step that is not waited for must not run on
                stepper.end()
                raise
            finally:
                with self._lock:
                    del self._busy[stepper]
            with self._lock:
                self._idle.append((stepper, time.monotonic()))
            return answered

    def jobs(self) -> set[str]:
        """The jobs that are worked on."""
        with self._lock:
            return set(self._busy.values())

    def busy(self) -> bool:
        """Whether anything is worked on."""
        return bool(self._busy)

    def stop(self, jobs: set[str]) -> None:
        """End the processes that work on these jobs."""
        with self._lock:
            for stepper, job in self._busy.items():
                if job in jobs:
                    stepper.kill()

    def rest(self) -> None:
        """End processes that have had nothing to do for a while."""
        with self._lock:
            old = [stepper for stepper, since in self._idle if time.monotonic() - since > _IDLE]
            self._idle = [(stepper, since) for stepper, since in self._idle if stepper not in old]
        for stepper in old:
            stepper.end()

    def close(self) -> None:
        """End all; nothing is begun any more."""
        with self._lock:
            self._closed = True
            for stepper in (*self._busy, *(stepper for stepper, _ in self._idle)):
                stepper.kill()

    def _take(self, job: str) -> _Stepper:
        with self._lock:
            if self._closed:
                raise EndedError("the worker is ending")
            while self._idle:
                stepper, _ = self._idle.pop()
                if stepper.lives():
                    break
                stepper.end()
            else:
                stepper = _Stepper(self._settings, self.size)
            self._busy[stepper] = job
            return stepper


class _Stepper:
    """One step process; see `server.jobs.stepper`."""

    def __init__(self, settings: bytes, crew: int) -> None:
        threads = str(max(1, processors() // crew))
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), threads)
        # Its input stays open as long as this process lives: its end is what tells the other to end. A session of its
        # own makes it and all it starts one group, which can be ended as a whole.
        self._process = subprocess.Popen(  # noqa: S603 - a program of this package
            ORDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=limits | os.environ
        )
        self._settings: bytes | None = settings

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # it has ended: the answer lacks too
            if self._settings is not None:
                self._process.stdin.write(self._settings)
                self._settings = None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EndedError(f"the process that did it ended with status {self._process.wait()}")
        answered: dict[str, Any] = json.loads(line)
        return answered

    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it and what it has started; whoever waits for its answer learns so."""
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def end(self) -> None:
        """End it, and leave nothing of it behind."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
