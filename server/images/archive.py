"""Photos out of zips, with every entry under suspicion."""

import contextlib
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from server.images import names
from server.settings import Settings

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_SPOOL = 8 << 20  # bytes kept in memory per entry before they go to disk
_RATIO = 200  # photos do not compress; what unpacks to more than this many times its size is a bomb
_RATIO_FROM = 1 << 20  # bytes unpacked below which the ratio says nothing
_CHUNK = 1 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks the others' blocks whole, however large


@dataclass(frozen=True)
class Unpacked:
    """A file of a zip, open while the iteration stands on it; or the reason why there is none."""

    name: str
    file: BinaryIO | None
    reason: str | None = None


def is_zip(file: BinaryIO) -> bool:
    """Whether the file begins as a zip does."""
    file.seek(0)
    begin = file.read(4)
    file.seek(0)
    return begin in _MAGIC


def unpack(file: BinaryIO, settings: Settings) -> Iterator[Unpacked]:
    """Every entry of a zip but folders and operating systems' litter. Nothing is written under an entry's own name.

    Raises ValueError for a file that cannot be read as a zip, or holds too much altogether.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ValueError(f"the zip is damaged ({error})") from error
    with archive:
        entries = [e for e in archive.infolist() if not e.is_dir() and not names.is_litter(e.filename)]
        if len(entries) > settings.max_zip_files:
            raise ValueError(f"the zip has {len(entries)} files, more than the limit of {settings.max_zip_files}")
        total = sum(entry.file_size for entry in entries)
        if total > settings.max_zip_bytes:
            limit = settings.max_zip_bytes / 2**30
            raise ValueError(f"the zip unpacks to {total / 2**30:.1f} GiB, more than the limit of {limit:.1f}")
        for entry in entries:
            name = names.clean(entry.filename)
            if reason := _suspicion(entry, settings):
                yield Unpacked(name, None, reason)
                continue
            with contextlib.closing(tempfile.SpooledTemporaryFile(max_size=_SPOOL)) as spool:
                try:
                    _extract(archive, entry, spool)
                except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
                    yield Unpacked(name, None, f"this entry of the zip is damaged ({error})")
                    continue
                yield Unpacked(name, spool)  # type: ignore[arg-type]


def _suspicion(entry: zipfile.ZipInfo, settings: Settings) -> str | None:
    """Why an entry is refused without looking at its content."""
    mode = entry.external_attr >> 16
    if names.leaves_folder(entry.orig_filename):
        return "its path in the zip points outside the zip"
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "it is a link or a device, not a file"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        return "it is packed in a way that this server does not open; make the zip with the usual method (deflate)"
    if entry.file_size > settings.max_file_bytes:
        return f"it unpacks to {entry.file_size / 2**20:.0f} MiB, more than {settings.max_file_bytes / 2**20:.0f}"
    if entry.file_size > _RATIO_FROM and entry.file_size > _RATIO * max(entry.compress_size, 1):
        return f"it unpacks to {entry.file_size // max(entry.compress_size, 1)} times its size, as no photo does"
    return None


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: tempfile.SpooledTemporaryFile) -> None:
    """Unpack one stored or deflated entry, at most a chunk at a time.

    zipfile stops at the size that the entry states, and checks its CRC.
    """
    with archive.open(entry) as source:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
    target.seek(0)
