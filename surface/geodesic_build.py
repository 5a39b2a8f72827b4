"""Building geodesic tables: exact distances from every vertex of the decimated body, in several processes, resumable.

The processes are spawned, so a script that builds needs ``if __name__ == "__main__":`` around what it does.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from surface import geodesic_file
from surface.decimate import decimate, overlay
from surface.geodesic_file import Layout
from surface.geodesic_read import FAR, TILE
from surface.geodesic_table import failure_path, table_path

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Progress = Callable[[int, int], None]

TARGET = 5000
"""Vertices of the decimated body: 25 MB."""

_POLL = 0.5


@dataclass(frozen=True)
class Status:
    """How far a table is: ``done`` of ``total`` vertices; the error of the last attempt if that failed."""

    state: Literal["absent", "building", "ready", "failed"]
    done: int = 0
    total: int = 0
    error: str | None = None


def build(
    body_hash: str,
    vertices: Floats,
    faces: NDArray[Any],
    folder: Path | None = None,
    processes: int | None = None,
    target: int = TARGET,
    progress: Progress | None = None,
) -> Path:
    """Build a body's table, going on where an earlier build was stopped; returns its file.

    Where another process builds the same table, waits for it, and takes over should that one die.

    Args:
        body_hash: the body's hash.
        vertices: (V,3) metres.
        faces: (F,3).
        folder: where to put it; the cache folder if not given.
        processes: how many measure at once; as many as there are processors if not given.
        target: how many vertices the decimated body may have.
        progress: called with the vertices done and their number.

    Raises:
        ValueError: the mesh is no oriented manifold, cannot be decimated, or cannot be measured.
        OSError: the folder cannot be written.
    """
    path = table_path(body_hash, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    report = progress or (lambda _done, _total: None)
    with _held(path, report):
        if _usable(path, body_hash, target):
            return path
        part = path.with_suffix(".part")
        layout = _resumed(part, body_hash, target) or _begun(part, body_hash, vertices, faces, target)
        _measure(layout, processes or usable_processors(), report)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    return path


def status(body_hash: str, folder: Path | None = None) -> Status:
    """How far a body's table is; cheap enough to ask often. Writes nothing, so the folder may be read-only."""
    path = table_path(body_hash, folder)
    if os.path.exists(path):  # noqa: PTH110  Path.exists raises where a folder may not be looked into
        return Status("ready")
    done, total = _progress(path)
    if _being_built(path):
        return Status("building", done, total)
    with contextlib.suppress(OSError):
        return Status("failed", done, total, failure_path(body_hash, folder).read_text(errors="replace"))
    return Status("absent", done, total)


def words(error: Exception) -> str:
    """What to tell people of an error that ended a build."""
    if isinstance(error, MemoryError):
        return "there was not enough memory to build the table"
    if isinstance(error, (ValueError, OSError)):
        return str(error)
    return f"an unexpected error ended the build: {type(error).__name__}: {error}"


def usable_processors() -> int:
    """Processors that this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return count or 1


# ---------------------------------------------------------------------- the file


def _lock(path: Path) -> FileLock:
    """A lock of the operating system, which dies with its holder."""
    return FileLock(path.with_suffix(".lock"), thread_local=False)


def _being_built(path: Path) -> bool:
    """Whether somebody holds the lock; those who ask do not take one another for builders."""
    lock = path.with_suffix(".lock")
    if sys.platform == "win32":
        # There are no shared locks; another who asks holds it for an instant only.
        try:
            with contextlib.suppress(OSError), _lock(path).acquire(timeout=0.2 if lock.exists() else 0):
                pass
        except Timeout:
            return True
        return False
    import fcntl

    with contextlib.suppress(OSError), lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
    return False


@contextlib.contextmanager
def _held(path: Path, report: Progress) -> Any:
    lock = _lock(path)
    while True:
        try:
            lock.acquire(timeout=_POLL)
            break
        except Timeout:
            done, total = _progress(path)
            if total:
                report(done, total)
    try:
        yield
    finally:
        lock.release()


def _progress(path: Path) -> tuple[int, int]:
    with contextlib.suppress(OSError, ValueError):
        layout = geodesic_file.read_head(path.with_suffix(".part"))
        return _done_vertices(layout, geodesic_file.done(layout, verify=False)), layout.vertices
    return 0, 0


def _done_vertices(layout: Layout, done: NDArray[np.bool_]) -> int:
    return min(int(done.sum()) * TILE, layout.vertices) if not done.all() else layout.vertices


def _usable(path: Path, body_hash: str, target: int) -> bool:
    try:
        layout = geodesic_file.read_head(path)
    except (ValueError, FileNotFoundError):
        return False
    return (layout.body, layout.target) == (body_hash, target) and bool(geodesic_file.done(layout, verify=True).all())


def _resumed(part: Path, body_hash: str, target: int) -> Layout | None:
    try:
        layout = geodesic_file.read_head(part)
    except (FileNotFoundError, ValueError):
        return None
    return layout if (layout.body, layout.target) == (body_hash, target) else None


def _begun(part: Path, body_hash: str, vertices: Floats, faces: NDArray[Any], target: int) -> Layout:
    if not len(faces) or not np.isfinite(vertices).all():
        raise ValueError("a body without triangles, or with positions that are not finite, has no geodesics")
    coarse = decimate(vertices, faces, target)
    over = overlay(vertices, np.asarray(faces, np.int32), coarse)
    arrays: dict[str, NDArray[Any]] = {
        "vertices": coarse.vertices, "faces": coarse.faces, "over_start": over.start, "over_face": over.face,
        "over_weights": over.weights, "over_size": over.size,
    }  # fmt: skip
    return geodesic_file.create(part, body_hash, target, _step(coarse.vertices, coarse.faces), arrays)


# ---------------------------------------------------------------------- measuring


def _components(faces: Ints, count: int) -> Ints:
    """(count,) the component of every vertex."""
    ends = np.stack([faces.reshape(-1), np.roll(faces, 1, axis=1).reshape(-1)])
    graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def _step(vertices: Floats, faces: Ints) -> float:
    """Metres per unit so that every distance fits: none is longer than twice the longest one from any vertex."""
    source, component, bound = Source(vertices, faces), _components(faces, len(vertices)), 0.0
    for c in range(int(component.max()) + 1):
        mine = np.flatnonzero(component == c)
        middle = mine[np.argmin(np.linalg.norm(vertices[mine] - vertices[mine].mean(axis=0), axis=1))]
        bound = max(bound, 2 * float(source.distances(int(middle))[mine].max()))
    return 1.001 * bound / (FAR - 1)


class Source:
    """Exact distances from single vertices of a mesh of any number of components."""

    def __init__(self, vertices: Floats, faces: Ints) -> None:
        self._vertices, self._faces = vertices, faces
        self._component = _components(faces, len(vertices))
        self._algorithms: dict[int, Any] = {}

    def distances(self, vertex: int) -> Floats:
        """(n,) metres to all vertices; infinite to other components. Raises ValueError where the measuring fails."""
        c = int(self._component[vertex])
        mine = self._component == c
        if c not in self._algorithms:
            compact = np.cumsum(mine) - 1
            faces = compact[self._faces[mine[self._faces[:, 0]]]].astype(np.int32)
            self._algorithms[c] = _algorithm(np.ascontiguousarray(self._vertices[mine]), faces)
        out = np.full(len(self._vertices), np.inf)
        found = self._algorithms[c](int(mine[:vertex].sum()))
        out[mine] = found
        if not np.isfinite(found).all() or (found < 0).any() or found.max() > 1e9:
            raise ValueError(f"the distances from vertex {vertex} of the decimated body came out wrong")
        return out


def _algorithm(vertices: Floats, faces: Ints) -> Callable[[int], Floats]:
    """From a vertex to the distances (n,) to all; the mesh is connected."""
    if importlib.util.find_spec("pygeodesic") is not None:
        from pygeodesic.geodesic import PyGeodesicAlgorithmExact

        exact = PyGeodesicAlgorithmExact(vertices, faces)
        return lambda vertex: np.asarray(exact.geodesicDistances(np.array([vertex], np.int32), None)[0])
    import igl

    none, all_, wide = np.zeros(0, np.int64), np.arange(len(vertices)), faces.astype(np.int64)
    return lambda vertex: np.asarray(
        igl.exact_geodesic(vertices, wide, np.array([vertex], np.int64), none, all_, none)
    ).reshape(-1)


def _measure(layout: Layout, processes: int, report: Progress) -> None:
    """Fill in the strips that are not done."""
    good = geodesic_file.done(layout, verify=True)
    report(_done_vertices(layout, good), layout.vertices)
    todo = np.flatnonzero(~good).tolist()
    if not todo:
        return
    context = get_context("spawn")
    mesh = (layout.arrays["vertices"], layout.arrays["faces"], layout.step)
    workers: dict[Any, Any] = {}
    strip_of: dict[Any, int] = {}
    try:
        for _ in range(min(processes, len(todo))):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, *mesh), daemon=True)
            worker.start()
            theirs.close()
            workers[ours] = worker
            strip_of[ours] = todo.pop(0)
            ours.send(strip_of[ours])
        with layout.path.open("rb+") as file:
            while strip_of:
                for ready in cast("list[Any]", connection.wait(list(strip_of))):
                    strip = strip_of.pop(ready)
                    rows = _received(ready, workers[ready], strip)
                    geodesic_file.write_strip(file, layout, strip, rows)
                    good[strip] = True
                    report(_done_vertices(layout, good), layout.vertices)
                    if todo:
                        strip_of[ready] = todo.pop(0)
                        ready.send(strip_of[ready])
    finally:
        for ours, worker in workers.items():
            ours.close()
            worker.terminate()
            worker.join()


def _received(pipe: Any, worker: Any, strip: int) -> NDArray[np.uint16]:
    try:
        answer = pipe.recv()
    except (EOFError, OSError):
        worker.join()
        raise ValueError(
            f"the process that measured from vertices {strip * TILE}.. died with exit status {worker.exitcode}"
        ) from None
    if isinstance(answer, str):
        raise ValueError(answer)
    return answer


def _work(pipe: Any, vertices: Floats, faces: Ints, step: float) -> None:
    """A worker: strips in, rows out, until the pipe or the builder ends."""
    source = Source(vertices, faces)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            strip = pipe.recv()
            try:
                pipe.send(strip_rows(source, len(vertices), strip, step))
            except Exception as error:  # also what a compiled library raises: the builder tells of it
                pipe.send(words(error))


def strip_rows(source: Source, count: int, strip: int, step: float) -> NDArray[np.uint16]:
    """Rows (32, 32 (strip + 1)) of the table: distances in steps from the strip's vertices to all before its end."""
    rows = np.full((TILE, TILE * (strip + 1)), FAR, np.uint16)
    for vertex in range(strip * TILE, min((strip + 1) * TILE, count)):
        found = source.distances(vertex)[: rows.shape[1]]
        reached = np.isfinite(found)
        steps = np.round(found[reached] / step)
        if steps.size and steps.max() >= FAR:
            raise ValueError(f"a distance from vertex {vertex} of the decimated body does not fit the table")
        rows[vertex % TILE, : len(found)][reached] = steps
    return rows
