"""True surface points of rendered persons, of which only what is needed is read."""

import io
import mmap
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from annotation_db import BlobStore
from synthesis import truth
from synthesis.truth import Truth

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


def _mapped(path: Path) -> Truth | None:
    """The truth in an uncompressed file; None where it is anything else."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # lives as long as an array on it does
            found = {info.filename.removesuffix(".npy"): _array(whole, info) for info in archive.infolist()}
        if int(found["form"]) != truth.FORM or any(len(found[name]) != len(found["pixel"]) for name in _ARRAYS):
            return None
        width, height = (int(v) for v in found["size"])
        seen = np.unpackbits(found["seen"], count=int(found["faces"])).astype(bool)
        return Truth(
            body=str(found["body"]), width=width, height=height, seen=seen, **{name: found[name] for name in _ARRAYS}
        )
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None


def _array(whole: mmap.mmap, info: zipfile.ZipInfo) -> Any:
    """One array of an archive, mapped."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed")
    names = int.from_bytes(whole[info.header_offset + 26 : info.header_offset + 28], "little")
    extra = int.from_bytes(whole[info.header_offset + 28 : info.header_offset + 30], "little")
    start = info.header_offset + 30 + names + extra
    head = io.BytesIO(whole[start : start + 512])
    np.lib.format.read_magic(head)
    shape, _, dtype = np.lib.format.read_array_header_1_0(head)
    count = int(np.prod(shape, dtype=np.int64))
    if head.tell() + count * dtype.itemsize > info.file_size:
        raise ValueError("cut short")
    return np.frombuffer(whole, dtype, count, start + head.tell()).reshape(shape)
