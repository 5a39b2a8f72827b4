"""Exact distances and paths from a process of their own, for programs that serve others meanwhile.

pygeodesic holds Python's lock while it measures, for half a second on a person's body: whoever measures in a serving
process makes all others wait. One process is started when it is first needed, ends with the one that started it, and is
replaced should it die. Few may wait for it, and not for long.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from surface.geodesic import to_vertices
from surface.paths import shortest

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Point = tuple[int, Floats]
Key = tuple[Any, ...]

_STARTING = 20.0  # seconds that the process may take to begin


class BusyError(Exception):
    """Too many wait already, or it took too long; the same may be asked again."""


@dataclass
class _Job:
    future: Future[Any]
    waiting: int = 0


class Helper:
    """Measures in a process of its own; safe to share between threads.

    Args:
        wait: seconds that one who asks waits at most, once the process has begun.
        waiting: how many may wait at once.
        kept: how many answers are remembered.
    """

    def __init__(self, wait: float = 3.0, waiting: int = 4, kept: int = 64) -> None:
        self._wait, self._most, self._kept = wait, waiting, kept
        self._lock = threading.RLock()
        self._pool: ProcessPoolExecutor | None = None
        self._begun: Future[None] | None = None
        self._jobs: dict[Key, _Job] = {}
        self._answers: OrderedDict[Key, Any] = OrderedDict()

    def distances(self, body: Body, source: Point) -> NDArray[np.float32]:
        """Distances (V,) in metres from a surface point (face, bary (3,)) of the body to all its vertices.

        Raises:
            BusyError: see there.
        """
        return cast("NDArray[np.float32]", self._ask((body.hash, _key(source)), body, _distances, source))

    def path(self, body: Body, start: Point, end: Point) -> tuple[float, Floats]:
        """A shortest path between two surface points of the body; see ``surface.paths.path``.

        Raises:
            ValueError: they lie on different components, or pygeodesic is missing.
            BusyError: see there.
        """
        key = body.hash, _key(start), _key(end)
        return cast("tuple[float, Floats]", self._ask(key, body, _path, start, end))

    def close(self) -> None:
        """End the process; a later question starts another."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, key: Key, body: Body, function: Callable[..., Any], *points: Point) -> Any:
        for _ in range(2):
            with self._lock:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    return self._answers[key]
                job = self._join(key, body, function, points)
                begun = self._begun
            try:
                if begun is not None:
                    begun.result(_STARTING)
                return job.future.result(self._wait)
            except (TimeoutError, CancelledError):
                raise BusyError("measuring takes long just now; ask again in a moment") from None
            except BrokenProcessPool:
                continue  # it was killed: once more, with another
            finally:
                with self._lock:
                    job.waiting -= 1
                    if not job.waiting:
                        job.future.cancel()  # unless it is being measured: then it will be remembered
        raise BusyError("the process that measures has ended twice; ask again in a moment")

    def _join(self, key: Key, body: Body, function: Callable[..., Any], points: tuple[Point, ...]) -> _Job:
        """Wait for what is asked, which others may have asked before."""
        job = self._jobs.get(key)
        if sum(other.waiting for other in self._jobs.values()) >= self._most or (
            job is None and len(self._jobs) >= self._most
        ):
            raise BusyError("many are waiting for distances just now; ask again in a moment")
        if job is None:
            job = self._jobs[key] = _Job(self._submit(function, body.vertices, body.faces, *points))
            job.future.add_done_callback(lambda future: self._keep(key, future))
        job.waiting += 1
        return job

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        for _ in range(2):
            try:
                if self._pool is None:
                    self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin)
                    self._begun = self._pool.submit(_nothing)
                return self._pool.submit(function, *arguments)
            except (BrokenProcessPool, OSError):
                self.close()
        raise BusyError("no process could be started to measure in; ask again in a moment")

    def _keep(self, key: Key, future: Future[Any]) -> None:
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.future is future:
                del self._jobs[key]
            if not future.cancelled() and future.exception() is None:
                self._answers[key] = future.result()
                while len(self._answers) > self._kept:
                    self._answers.popitem(last=False)


def _key(point: Point) -> Key:
    return int(point[0]), *np.round(point[1], 6).tolist()


# ---------------------------------------------------------------------- in the process


@dataclass(frozen=True, eq=False)
class _Mesh:
    """As much of a body as measuring needs."""

    vertices: Floats
    faces: NDArray[np.int32]


def _begin() -> None:
    """End with whoever started this process, however that ends; its interrupts are not for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)


def _nothing() -> None:
    """What is done first: then the process has begun."""


def _distances(vertices: Floats, faces: NDArray[np.int32], source: Point) -> NDArray[np.float32]:
    return to_vertices(cast("Body", _Mesh(vertices, faces)), source).astype(np.float32)


def _path(vertices: Floats, faces: NDArray[np.int32], start: Point, end: Point) -> tuple[float, Floats]:
    return shortest(cast("Body", _Mesh(vertices, faces)), start, end)
