"""The table of distances of the reference evaluator: 1.5 GB that are mapped into memory where they lie.

The pickle is read by a machine that has nothing to call (``surface.builders.pickle_reader``); it only says where the
numbers are. Where a file holds them in a form that cannot be mapped (bytes that Python 3 wrote for Python 2,
compressed HDF5), they are written once, piece by piece, as raw numbers to the folder for caches.
"""

from __future__ import annotations

import codecs
import hashlib
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surface.builders.pickle_arrays import KNOWN, NoArrayError, Stored, array, stored
from surface.builders.pickle_reader import UnreadablePickleError, read
from surface.geodesic_table import cache_folder

NAME = "Pdist_matrix"
FILES = tuple(f"{NAME}.{ending}" for ending in ("pkl", "mat", "h5", "hdf5"))

_SMALL = 256  # bytes that a pickle's values may have without being left in the file
_PIECE = 2**22  # bytes written at once


def find(folder: Path) -> tuple[Path, NDArray[np.floating]]:
    """The file with the table in a folder, and its distances (K,), mapped into memory.

    Raises:
        ValueError: it is damaged, wants to run code, or holds something else.
        FileNotFoundError: there is none.
        OSError: it cannot be read, or numbers in a form that cannot be mapped not be written to the cache.
    """
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder}: none of {', '.join(FILES)} is there")
    try:
        return path, _flat(*(of_pickle(path) if path.suffix == ".pkl" else of_hdf5(path)))
    except (UnreadablePickleError, NoArrayError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def of_pickle(path: Path) -> tuple[tuple[int, ...], NDArray[Any]]:
    """Shape and numbers (K,) of the array "Pdist_matrix" of a pickled dictionary. No name in it is ever looked up.

    Raises:
        ValueError: it is no such pickle, or uses a name that no array needs.
        OSError: it cannot be read.
    """
    if not path.stat().st_size:
        raise ValueError("an empty file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = read(data, KNOWN, longest=_SMALL)
        if not isinstance(found, dict) or NAME not in found:
            raise ValueError(f"no dictionary with the key {NAME!r}")
        where = stored(found[NAME])
        if where is None:
            small = array(found[NAME])
            if not isinstance(small, np.ndarray):
                raise ValueError(f"{NAME!r} is a sparse matrix")
            return small.shape, small.reshape(-1)
        if where.span.text:
            return where.shape, _written(path, where.dtype, _count(where), _decoded(data, where))
    return where.shape, _mapped(path, where.dtype, _count(where), where.span.start)


def of_hdf5(path: Path) -> tuple[tuple[int, ...], NDArray[Any]]:
    """Shape and numbers (K,) of the dataset "Pdist_matrix" of an HDF5 file, which MATLAB 7.3 files are.

    Raises:
        ValueError: it is no HDF5 file, or has no such dataset.
        OSError: it cannot be read.
    """
    import h5py

    if not h5py.is_hdf5(path):
        raise ValueError("no HDF5 file; of MATLAB's files only those of version 7.3 are (save it with -v7.3)")
    try:
        with h5py.File(path, "r") as file:
            dataset = file.get(NAME)
            if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind != "f" or dataset.is_virtual:
                raise ValueError(f"no dataset {NAME!r} of numbers")
            shape, dtype, count = dataset.shape, dataset.dtype, int(dataset.size)
            if sum(side != 1 for side in shape) > 1:
                raise ValueError(_unlike(shape))
            offset = None if dataset.chunks or dataset.external else dataset.id.get_offset()
            if offset is not None:
                found = _mapped(path, dtype, count, int(offset))
                ends = [0, count - 1]
                if np.array_equal(found[ends], [_rows(dataset, n, n + 1)[0] for n in ends], equal_nan=True):
                    return shape, found
            return shape, _written(path, dtype, count, _pieces(dataset, count))
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"a damaged HDF5 file ({str(error)[:200]})") from error


def _flat(shape: tuple[int, ...], values: NDArray[Any]) -> NDArray[np.floating]:
    """Checked to be a row or a column of floats."""
    if values.dtype.kind != "f" or values.dtype.itemsize not in (4, 8):
        raise ValueError(f"{NAME!r} is of {values.dtype}; expected float32")
    if sum(side != 1 for side in shape) > 1:
        raise ValueError(_unlike(shape))
    return values


def _unlike(shape: tuple[int, ...]) -> str:
    return f"{NAME!r} has shape {shape}; expected ({NAME} of n vertices: n (n - 1) / 2, 1)"


def _count(where: Stored) -> int:
    return int(np.prod(where.shape, dtype=np.int64))


def _mapped(path: Path, dtype: np.dtype[Any], count: int, offset: int) -> NDArray[Any]:
    # A plain array: the class that NumPy has for such files is slow at every access.
    return np.asarray(np.memmap(path, dtype, "r", offset, (count,))) if count else np.zeros(0, dtype)


def _decoded(data: mmap.mmap, where: Stored) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    end = where.span.start + where.span.length
    for at in range(where.span.start, end, _PIECE):
        yield decoder.decode(data[at : min(at + _PIECE, end)]).encode("latin-1")
    decoder.decode(b"", final=True)


def _rows(dataset: Any, begin: int, end: int) -> NDArray[Any]:
    """Numbers begin to end of a dataset of one long axis."""
    long = max(range(dataset.ndim), key=lambda axis: dataset.shape[axis])
    where = tuple(slice(begin, end) if axis == long else slice(None) for axis in range(dataset.ndim))
    return np.asarray(dataset[where]).reshape(-1)


def _pieces(dataset: Any, count: int) -> Iterator[bytes]:
    step = _PIECE // dataset.dtype.itemsize
    for at in range(0, count, step):
        yield _rows(dataset, at, min(at + step, count)).tobytes()


def _written(path: Path, dtype: np.dtype[Any], count: int, pieces: Iterator[bytes]) -> NDArray[Any]:
    """The pieces as a mapped file in the cache, written unless that has been done before."""
    state = path.stat()
    key = f"{path.resolve()} {state.st_size} {state.st_mtime_ns} {dtype.str} {count}"
    folder = cache_folder()
    cached = folder / f"{hashlib.sha256(key.encode()).hexdigest()}.distances"
    size = count * dtype.itemsize
    if not cached.exists() or cached.stat().st_size != size:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=".distances.part")
        try:
            with os.fdopen(descriptor, "wb") as out:
                for piece in pieces:
                    out.write(piece)
                written = out.tell()
            if written != size:
                raise ValueError(f"{count:,} numbers of {dtype} are {size:,} bytes; it holds {written:,}")
            Path(name).replace(cached)
        finally:
            Path(name).unlink(missing_ok=True)
    return _mapped(cached, dtype, count, 0)
