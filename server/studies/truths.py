"""True surface points of rendered persons, of which only what is needed is read."""

import io
import math
import mmap
import os
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from annotation_db import BlobStore
from synthesis import truth
from synthesis.truth import Truth

# The head of an array as numpy writes it, version 1.0; numpy's own reader takes a hundred times as long.
_HEAD = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n", re.S
)
_ARRAYS = ("pixel", "face", "bary", "depth", "chart", "uv", "part", "facing")


def open_truth(blobs: BlobStore, key: str) -> Truth:
    """The truth in a blob; of a local file the arrays are mapped, so that what is not looked at is not read.

    :raises ValueError: it is no truth, or damaged.
    :raises OSError: it cannot be read.
    """
    path = blobs.local_path(key)
    found = _mapped(path) if path is not None else None
    if found is not None:
        return found
    with blobs.open(key) as file:
        return truth.read(io.BytesIO(file.read()))


def expect(blobs: BlobStore, key: str) -> None:
    """Have the system read a truth from disk in the meantime, where it can: it will be opened soon."""
    with suppress(OSError, ValueError):  # what cannot be read is told when it is opened
        path = blobs.local_path(key)
        if path is not None and hasattr(os, "posix_fadvise"):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


def _mapped(path: Path) -> Truth | None:
    """The truth in an uncompressed file; None where it is anything else."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # lives as long as an array on it does
            found = {info.filename.removesuffix(".npy"): _array(whole, info) for info in archive.infolist()}
        if int(found["form"]) != truth.FORM or any(len(found[name]) != len(found["pixel"]) for name in _ARRAYS):
            return None
        width, height = (int(v) for v in found["size"])
        seen, cosines = truth.seen_in(found)
        return Truth(
            body=str(found["body"]), width=width, height=height, seen=seen, cosines=cosines,
            **{name: found[name] for name in _ARRAYS},
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None


def _array(whole: mmap.mmap, info: zipfile.ZipInfo) -> Any:
    """One array of an archive, mapped."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed")
    names = int.from_bytes(whole[info.header_offset + 26 : info.header_offset + 28], "little")
    extra = int.from_bytes(whole[info.header_offset + 28 : info.header_offset + 30], "little")
    start = info.header_offset + 30 + names + extra
    head = _HEAD.match(whole[start : start + 256])
    if head is None:
        raise ValueError("an array of another form")
    dtype = np.dtype(head[2].decode())
    shape = tuple(int(n) for n in head[3].split(b",") if n.strip())
    offset, count = 10 + int.from_bytes(head[1], "little"), math.prod(shape)
    if offset + count * dtype.itemsize > info.file_size:
        raise ValueError("cut short")
    return np.frombuffer(whole, dtype, count, start + offset).reshape(shape)
