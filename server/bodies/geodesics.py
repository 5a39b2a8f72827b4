"""Geodesic distances and paths for the browser: from the body's table; until that is there, exactly, source by source,
by a process that does nothing else.

A table is built in a process of low priority, never in one that serves. The build is one for all server processes (a
lock that dies with its holder), goes on where it was stopped, and ends with the server process that started it.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.bodies.registry import LoadedBody
from server.problems import BusyError, ConflictError, RefusedError
from surface import geodesic_helper, geodesic_table
from surface.body import Body
from surface.geodesic_build import TARGET, Status, status, usable_processors, words
from surface.geodesic_builder import message
from surface.geodesic_table import GeodesicTable, failure_path

_log = logging.getLogger("densemark.geodesics")

BUILDER = (sys.executable, "-P", "-m", "surface.geodesic_builder")
_ATTEMPTS = 3  # a builder that was killed is started again so often

Place = tuple[int, Sequence[float]]
Source = Literal["exact", "table"]


class Geodesics:
    """The geodesic tables in a folder; safe to share between threads.

    Args:
        folder: where tables are kept.
        processes: how many measure while a table is built; None for one per processor, 0 if none is to be built.
    """

    def __init__(self, folder: Path, processes: int | None = None) -> None:
        self._folder = folder
        self._processes = usable_processors() if processes is None else processes
        self._lock = threading.Lock()
        self._exact = geodesic_helper.Helper()
        self._turn = threading.Lock()  # one build at a time: each takes all the processors it may
        self._builders: dict[str, threading.Thread] = {}
        self._failed: dict[str, str] = {}  # what the folder would not take

    def status(self, loaded: LoadedBody) -> Status:
        """How far the body's table is."""
        if self._table(loaded.body) is not None:
            return Status("ready")
        with self._lock:
            builder, failed = self._builders.get(loaded.hash), self._failed.get(loaded.hash)
        found = status(loaded.hash, self._folder)
        if found.state in ("absent", "failed") and builder is not None and builder.is_alive():
            return Status("building", found.done, found.total)
        if found.state == "absent" and failed is not None:
            return Status("failed", found.done, found.total, failed)
        return found

    def table(self, loaded: LoadedBody) -> GeodesicTable | None:
        """The body's table, if it is there."""
        return self._table(loaded.body)

    def start(self, loaded: LoadedBody) -> Status:
        """Begin to build the table, after those begun before, unless that is done or under way.

        Raises ConflictError where none is built.
        """
        found = self.status(loaded)
        if found.state in ("ready", "building"):
            return found
        if not self._processes:
            raise ConflictError("this server builds no geodesic tables (DENSEMARK_GEODESIC_PROCESSES is 0)")
        with self._lock:
            builder = self._builders.get(loaded.hash)
            if builder is None or not builder.is_alive():
                self._failed.pop(loaded.hash, None)
                builder = threading.Thread(target=self._build, args=(loaded.body,), daemon=True)
                self._builders[loaded.hash] = builder
                builder.start()
        return self.status(loaded)

    def distances(self, loaded: LoadedBody, place: Place) -> tuple[NDArray[np.float32], Source]:
        """Distances (V,) in metres from a surface point to all vertices, and how they were found.

        Starts the building of the body's table where there is none. Raises RefusedError for what is no surface point,
        BusyError where there is no table yet and many are asking.
        """
        face, bary = _point(loaded.body, place)
        table = self._table(loaded.body)
        if table is not None:
            return table.distances((face, bary), corners(loaded.body)).astype(np.float32), "table"
        if self._processes and self.status(loaded).state == "absent":
            self.start(loaded)
        with _busy_told():
            return self._exact.distances(loaded.body, (int(face[0]), bary[0])), "exact"

    def path(self, loaded: LoadedBody, start: Place, end: Place) -> tuple[float, NDArray[np.float64]]:
        """Length in metres and points (N,3) of a shortest path. Raises RefusedError where there is none,
        BusyError where many are asking."""
        (face_a, bary_a), (face_b, bary_b) = _point(loaded.body, start), _point(loaded.body, end)
        try:
            with _busy_told():
                return self._exact.path(loaded.body, (int(face_a[0]), bary_a[0]), (int(face_b[0]), bary_b[0]))
        except ValueError as error:
            raise RefusedError(str(error)) from error

    def close(self) -> None:
        """End the process that measures exactly; builders end with this process."""
        self._exact.close()

    def _table(self, body: Body) -> GeodesicTable | None:
        try:
            return geodesic_table.find(body, self._folder) or _ready_made(body)
        except OSError as error:
            _log.warning("not to be read now: %s", error)  # too many open files, say: that passes
        except ValueError as error:
            with suppress(OSError):
                aside = geodesic_table.set_aside(body, self._folder)
                if aside is not None:
                    _log.warning("set aside as %s, to be built anew: %s", aside.name, error)
        return None

    def _build(self, body: Body) -> None:
        with self._turn:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                failure_path(body.hash, self._folder).unlink(missing_ok=True)
                trouble = self._run(body)
            except (OSError, MemoryError) as error:
                trouble = f"no builder could be started: {words(error)}"
            if trouble is not None:
                _log.warning("the geodesic table of %s: %s", body.name, trouble)
                try:
                    failure_path(body.hash, self._folder).write_text(trouble)
                except OSError:
                    with self._lock:
                        self._failed[body.hash] = trouble

    def _run(self, body: Body) -> str | None:
        """Build in a process of its own; what went wrong, unless that has left word itself."""
        order = message(body.hash, body.vertices, body.faces, self._folder, self._processes, TARGET)
        for _ in range(_ATTEMPTS):
            # Open as long as this process lives: its end is what tells the builder to end.
            builder = subprocess.Popen(BUILDER, stdin=subprocess.PIPE)  # noqa: S603 - a program of this package
            assert builder.stdin is not None
            with suppress(OSError):
                builder.stdin.write(order)
                builder.stdin.flush()
            code = builder.wait()
            with suppress(OSError):
                builder.stdin.close()
            if code == 0 or (code == 1 and failure_path(body.hash, self._folder).exists()):
                return None
            _log.warning("the builder of the geodesic table of %s ended with status %s", body.name, code)
        return (
            f"the builder ended {_ATTEMPTS} times without a word, at last with status {code}; is there enough memory?"
        )


@contextmanager
def _busy_told() -> Iterator[None]:
    try:
        yield
    except geodesic_helper.BusyError as error:
        raise BusyError(str(error), headers={"Retry-After": "2"}) from error


def corners(body: Body) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Every vertex as a surface point: face (V,), bary (V,3); one without triangles is put at a corner of the first."""
    face, corner = np.zeros(len(body.vertices), np.int32), np.zeros(len(body.vertices), np.int64)
    for k in range(3):
        face[body.faces[:, k]], corner[body.faces[:, k]] = np.arange(len(body.faces)), k
    return face, np.eye(3)[corner]


def _ready_made(body: Body) -> GeodesicTable | None:
    """The table that this user's Python or shell has built."""
    with suppress(ValueError, OSError):
        return geodesic_table.find(body)
    return None


def _point(body: Body, place: Place) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    face, bary = np.array([place[0]]), np.array([place[1]], np.float64)
    try:
        body.position(face, bary)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return face.astype(np.int32), bary
