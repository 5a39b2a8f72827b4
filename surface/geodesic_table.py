"""A table of the geodesic distances between any two points of a body, memory-mapped.

All distances between the vertices of a decimated body are exact (Mitchell, Mount and Papadimitriou 1987). Between them
squared distances are interpolated over the 3 x 3 pairs of corners, less both points' barycentric variances: exact where
the surface is flat. ``geodesic_build`` makes tables, docs/methods/geodesics.md has the figures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface import geodesic_file
from surface.geodesic_read import between, face_records, locate, over_records

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# A thread gets at least so many pairs: below that, starting it costs more.
_SHARE = 50_000
# Points are located so many at a time: enough for each step to keep what it reads in the processor's cache.
_BLOCK = 500_000

_opened: WeakKeyDictionary[Body, dict[Path, GeodesicTable]] = WeakKeyDictionary()


def cache_folder() -> Path:
    """Where tables for Python users are kept: $DENSEMARK_CACHE, else the platform's cache folder of this user."""
    named = os.environ.get("DENSEMARK_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("densemark", appauthor=False)) / "geodesics"


def table_path(body_hash: str, folder: Path | None = None) -> Path:
    """Where the table of the body with this hash is, or will be."""
    return (folder or cache_folder()) / f"{body_hash}.geodesics"


def failure_path(body_hash: str, folder: Path | None = None) -> Path:
    """Where a background builder leaves word of why it could not build the table."""
    return table_path(body_hash, folder).with_suffix(".failed")


def find(body: Body, folder: Path | None = None) -> GeodesicTable | None:
    """The body's table if there is one in the folder (else in the cache folder); opened once.

    Raises:
        ValueError: there is one, but it is damaged or another body's.
    """
    path = table_path(body.hash, folder)
    known = _opened.setdefault(body, {})
    if path not in known:
        if not path.exists():
            return None
        known[path] = GeodesicTable.open(path, body)
    return known[path]


def set_aside(body: Body, folder: Path | None = None) -> Path | None:
    """Rename the body's table in the folder if it is damaged, so that it can be built anew; returns its new name.

    It is read once more, and stays where it is if that finds nothing wrong or if another has been put in its place.

    Raises:
        OSError: it cannot be read, or not be renamed; it stays.
    """
    path = table_path(body.hash, folder)
    before = path.stat()
    try:
        GeodesicTable.open(path, body)
    except ValueError:
        now = path.stat()
        if (now.st_ino, now.st_mtime_ns, now.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size):
            return path.replace(path.with_suffix(".damaged"))
    return None


@dataclass(frozen=True, eq=False)
class Located:
    """Surface points of a body, found on the surface of its table: made by ``GeodesicTable.locate``.

    Attributes:
        face: (N,) faces of the body.
        record: (N,8) float32, as ``geodesic_read.locate`` writes them.
    """

    face: NDArray[np.int32]
    record: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.face)

    def __getitem__(self, rows: Any) -> Located:
        """Some of the points, by a slice, indices (n,) or a mask."""
        return Located(self.face[rows], self.record[rows])


class GeodesicTable:
    """Distances between surface points of one body. Safe to share between threads.

    Attributes:
        path: the file.
        vertices: the number of vertices between which distances are stored.
        step: metres between two distances that can be stored.
    """

    def __init__(self, layout: geodesic_file.Layout, body: Body) -> None:
        self.path, self.vertices, self.step = layout.path, layout.vertices, layout.step
        arrays = layout.arrays
        vertices = np.ascontiguousarray(body.vertices)
        edges = face_records(arrays["vertices"], arrays["faces"])
        self._surface: tuple[Any, ...] = (
            vertices, np.ascontiguousarray(body.faces, dtype=np.int32), vertices.mean(axis=0), arrays["over_start"],
            over_records(arrays["over_weights"], arrays["over_size"], arrays["over_face"]), edges,
        )  # fmt: skip
        coarse = np.ascontiguousarray(arrays["faces"], dtype=np.int32)
        self._entries: tuple[Any, ...] = (coarse, edges, geodesic_file.tiles(layout), layout.step)

    @classmethod
    def open(cls, path: str | Path, body: Body) -> Self:
        """Open a body's table and check every byte of it.

        Raises:
            ValueError: it is no table, damaged, cut short, unfinished, or another body's; the message says which.
            OSError: it cannot be read.
        """
        layout = geodesic_file.read_head(Path(path))
        if layout.body != body.hash:
            raise ValueError(f"{path}: the table of body {layout.body[:12]}, not of {body.name} ({body.hash[:12]})")
        good = geodesic_file.done(layout, verify=True)
        if not good.all():
            raise ValueError(f"{path}: {int((~good).sum())} of {len(good)} strips of this geodesic table are damaged")
        return cls(layout, body)

    def distances(
        self, a: tuple[ArrayLike, ArrayLike], b: tuple[ArrayLike, ArrayLike], threads: int | None = None
    ) -> Floats:
        """Geodesic distances (N,) in metres between surface points a and b, each (face (N,), bary (N,3)).

        Either side may be a single point, which is then measured to all of the other side. Infinite between components.

        Args:
            a: one side.
            b: the other side.
            threads: how many may read at once; as many as there are processors if not given.

        Raises:
            ValueError: shapes do not fit, or a face or barycentrics are none of the body's; the message says which.
        """
        sides = [_side(*a), _side(*b)]
        count = _pairs(len(sides[0][0]), len(sides[1][0]))
        single = [self._locate(f, w) if len(f) == 1 else None for f, w in sides]
        out = np.empty(count)

        def work(begin: int, end: int) -> None:
            for at in range(begin, end, _BLOCK):
                rows = slice(at, min(at + _BLOCK, end))
                located = [
                    known or self._locate(f[rows], w[rows], at) for known, (f, w) in zip(single, sides, strict=True)
                ]
                self._between(located[0], located[1], out[rows])

        _shared(work, count, threads)
        return out

    def locate(self, face: ArrayLike, bary: ArrayLike, threads: int | None = None) -> Located:
        """Find surface points (face (N,), bary (N,3)) once, for many distances between them.

        Raises:
            ValueError: shapes do not fit, or a face or barycentrics are none of the body's; the message says which.
        """
        f, w = _side(face, bary)
        record = np.empty((len(f), 8), np.float32)

        def work(begin: int, end: int) -> None:
            record[begin:end] = self._locate(f[begin:end], w[begin:end], begin).record

        _shared(work, len(f), threads)
        return Located(f, record)

    def between(self, a: Located, b: Located, threads: int | None = None) -> Floats:
        """Geodesic distances (N,) in metres between located points; either side may be a single point.

        Raises:
            ValueError: the sides hold different numbers of points.
        """
        out = np.empty(_pairs(len(a), len(b)))

        def work(begin: int, end: int) -> None:
            p, q = (side if len(side) == 1 else side[begin:end] for side in (a, b))
            self._between(p, q, out[begin:end])

        _shared(work, len(out), threads)
        return out

    def _locate(self, face: NDArray[np.int32], bary: Floats, first: int = 0) -> Located:
        record = np.empty((len(face), 8), np.float32)
        compiled: Any = locate
        wrong = compiled(face, bary, *self._surface, record)
        if wrong >= 0:
            raise ValueError(
                f"point {first + wrong}: faces must be those of the body, and barycentrics finite, not negative, sum 1"
            )
        return Located(face, record)

    def _between(self, a: Located, b: Located, out: Floats) -> None:
        compiled: Any = between
        compiled(a.face, a.record, b.face, b.record, *self._entries, out)


def _pairs(a: int, b: int) -> int:
    """How many pairs a points and b points make: as many as there are, or one to all."""
    if a != b and 1 not in (a, b):
        raise ValueError(f"{a} points on one side, {b} on the other")
    return 0 if 0 in (a, b) else max(a, b)


def _shared(work: Callable[[int, int], Any], count: int, threads: int | None) -> list[Any]:
    """What ``work(begin, end)`` returns for the shares of ``count`` items, done by several threads at once."""
    parts = max(1, min(threads or os.cpu_count() or 1, count // _SHARE))
    spans = list(pairwise(np.linspace(0, count, parts + 1).astype(int).tolist()))
    if parts == 1:
        return [work(*span) for span in spans]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(lambda span: work(*span), spans))


def _side(face: ArrayLike, bary: ArrayLike) -> tuple[NDArray[np.int32], Floats]:
    f, b = np.atleast_1d(np.asarray(face)), np.atleast_2d(np.asarray(bary, dtype=np.float64))
    if f.ndim != 1 or b.shape != (len(f), 3):
        raise ValueError(f"faces have shape {f.shape} and barycentrics {b.shape}; they must be (N,) and (N, 3)")
    if f.dtype.kind not in "iu":
        raise ValueError(f"faces must be integers, not {f.dtype}")
    if f.dtype.itemsize > 4 and len(f) and (f.min() < -1 or f.max() > 2**31 - 1):
        raise ValueError("faces must be those of the body")
    return np.ascontiguousarray(f, dtype=np.int32), np.ascontiguousarray(b)
