"""The file of a geodesic table: written strip by strip, safe against ``kill -9`` at any moment, memory-mapped to read.

offset 0     8 bytes DMGEOD1\\n, u32 length and u32 CRC-32 of the JSON that follows (little-endian throughout)
4096         arrays (their place, type, shape and CRC-32 stand in the JSON), each at a multiple of 64
done_at      per strip u32 CRC-32 of its tiles and u32 1 once they are written
tiles_at     the strips: strip p holds tiles 0..p, and tile (p, q) the distances between vertices 32p.. and 32q..,
             32 x 32 u16 by row, in steps of ``step`` metres; 65535 where no path leads
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from surface.geodesic_read import TILE

MAGIC = b"DMGEOD1\n"
FORMAT = 1
_HEAD = struct.Struct("<8sII")
_RECORD = struct.Struct("<II")
_ARRAYS_AT = 4096
_TILE_BYTES = TILE * TILE * 2
_DTYPES = {"<f8", "<f4", "<i4"}

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Layout:
    """What the head of a table file says.

    Attributes:
        path: the file.
        body: the body's hash.
        target: the number of vertices that was asked for.
        vertices: n, the number of vertices there are.
        step: metres per unit of an entry.
        done_at: offset of the strips' records.
        tiles_at: offset of the tiles.
        arrays: the small arrays by name.
    """

    path: Path
    body: str
    target: int
    vertices: int
    step: float
    done_at: int
    tiles_at: int
    arrays: Arrays

    @property
    def strips(self) -> int:
        """How many strips there are."""
        return -(-self.vertices // TILE)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.tiles_at + _tiles_before(self.strips) * _TILE_BYTES

    def span(self, strip: int) -> tuple[int, int]:
        """Offset and length of a strip in the file."""
        return self.tiles_at + _tiles_before(strip) * _TILE_BYTES, (strip + 1) * _TILE_BYTES


def _tiles_before(strip: int) -> int:
    return strip * (strip + 1) // 2


def _aligned(offset: int, to: int) -> int:
    return -(-offset // to) * to


def create(path: Path, body: str, target: int, step: float, arrays: Arrays) -> Layout:
    """Write head and arrays of a new table file, with no strip done; the coarse vertices are ``arrays["vertices"]``."""
    at = _ARRAYS_AT
    entries: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        entries[name] = {
            "dtype": array.dtype.str, "shape": list(array.shape), "at": at, "crc": zlib.crc32(_bytes(array))
        }  # fmt: skip
        at = _aligned(at + array.nbytes, 64)
    count = len(arrays["vertices"])
    strips = -(-count // TILE)
    tiles_at = _aligned(at + strips * _RECORD.size, 4096)
    head = {"format": FORMAT, "body": body, "target": target, "vertices": count, "step": step}
    text = json.dumps(head | {"done_at": at, "tiles_at": tiles_at, "arrays": entries}).encode()
    if _HEAD.size + len(text) > _ARRAYS_AT:
        raise ValueError("the head of the table does not fit")
    layout = Layout(path, body, target, count, step, at, tiles_at, arrays)
    with path.open("wb") as file:
        for name, array in arrays.items():
            file.seek(entries[name]["at"])
            file.write(_bytes(array))
        file.truncate(layout.size)
        file.seek(0)
        file.write(_HEAD.pack(MAGIC, len(text), zlib.crc32(text)) + text)
    return layout


def read_head(path: Path) -> Layout:
    """Read and check head and arrays, not the tiles.

    Raises:
        ValueError: it is no table file, one of another format, damaged or cut short; the message says which.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            magic, length, crc = _HEAD.unpack(file.read(_HEAD.size))
        except struct.error:
            raise ValueError(f"{path}: not a geodesic table") from None
        if magic != MAGIC:
            raise ValueError(f"{path}: not a geodesic table")
        text = file.read(length) if _HEAD.size + length <= _ARRAYS_AT else b""
        if zlib.crc32(text) != crc or not text:
            raise ValueError(f"{path}: the head of this geodesic table is damaged")
        head = json.loads(text)
        if head["format"] != FORMAT:
            raise ValueError(f"{path}: a geodesic table of format {head['format']}; this release reads {FORMAT}")
        arrays = {name: _read_array(file, path, name, entry) for name, entry in head["arrays"].items()}
        layout = Layout(
            path,
            head["body"],
            head["target"],
            head["vertices"],
            head["step"],
            head["done_at"],
            head["tiles_at"],
            arrays,
        )
        size = os.fstat(file.fileno()).st_size
    if size != layout.size:
        raise ValueError(f"{path}: this geodesic table has {size:,} bytes; it should have {layout.size:,}")
    return layout


def _read_array(file: BinaryIO, path: Path, name: str, entry: dict[str, Any]) -> NDArray[Any]:
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"{path}: array {name!r} of this geodesic table has type {entry['dtype']}")
    dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    file.seek(entry["at"])
    data = file.read(int(np.prod(shape)) * dtype.itemsize)
    if zlib.crc32(data) != entry["crc"]:
        raise ValueError(f"{path}: array {name!r} of this geodesic table is damaged")
    array = np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    array.setflags(write=False)
    return array


def done(layout: Layout, verify: bool) -> NDArray[np.bool_]:
    """Which strips are written; with ``verify``, written and not damaged."""
    out = np.zeros(layout.strips, np.bool_)
    with layout.path.open("rb") as file:
        file.seek(layout.done_at)
        records = list(_RECORD.iter_unpack(file.read(layout.strips * _RECORD.size)))
        for strip, (crc, flag) in enumerate(records):
            out[strip] = flag == 1
            if out[strip] and verify:
                at, length = layout.span(strip)
                file.seek(at)
                out[strip] = zlib.crc32(file.read(length)) == crc
    return out


def write_strip(file: BinaryIO, layout: Layout, strip: int, rows: NDArray[np.uint16]) -> None:
    """Write a strip (32, 32 (strip + 1)) and then its record: what a crash leaves between them is not done."""
    tiles = rows.reshape(TILE, strip + 1, TILE).transpose(1, 0, 2)
    data = tiles.astype("<u2").tobytes()
    file.seek(layout.span(strip)[0])
    file.write(data)
    file.flush()
    file.seek(layout.done_at + strip * _RECORD.size)
    file.write(_RECORD.pack(zlib.crc32(data), 1))
    file.flush()


def tiles(layout: Layout) -> NDArray[np.uint16]:
    """The tiles, flat and memory-mapped."""
    count = (layout.size - layout.tiles_at) // 2
    return np.memmap(layout.path, "<u2", mode="r", offset=layout.tiles_at, shape=(count,))


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
