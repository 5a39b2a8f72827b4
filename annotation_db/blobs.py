"""Files by the SHA-256 of their content: in a local folder, or anywhere fsspec reaches (S3, ...)."""

import hashlib
import os
import re
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import fsspec

_KEY = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


def digest_of(file: BinaryIO) -> str:
    """SHA-256 (hex) of a file from its beginning, which is left rewound."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


class BlobStore(ABC):
    """Content-addressed files. A blob is there whole or not at all, and never changes."""

    @abstractmethod
    def put(self, file: BinaryIO) -> str:
        """Keep a file; returns its key. Putting the same content again renews the blob's age."""

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading; raises FileNotFoundError."""

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Whether the blob is there."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a blob, if it is there."""

    @abstractmethod
    def ages(self) -> Iterator[tuple[str, float]]:
        """All keys with the seconds since they were last put."""

    @abstractmethod
    def age(self, key: str) -> float | None:
        """Seconds since the blob was last put; None when it is not there."""

    @abstractmethod
    def check(self) -> None:
        """Raise OSError unless blobs can be kept."""

    def local_path(self, _key: str) -> Path | None:
        """The blob as a local file, where it is one."""
        return None


class LocalBlobs(BlobStore):
    """Blobs in a folder: written beside, synced, renamed into place, the folder synced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.partial = folder / "partial"
        self.partial.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a blob key: {key!r}")
        return self.folder / key[:2] / key

    def put(self, file: BinaryIO) -> str:
        """See BlobStore."""
        key = digest_of(file)
        path = self._path(key)
        try:
            os.utime(path)
            return key
        except FileNotFoundError:
            pass
        path.parent.mkdir(exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=self.partial)
        try:
            with os.fdopen(handle, "wb") as out:
                shutil.copyfileobj(file, out, _CHUNK)
                out.flush()
                os.fsync(out.fileno())
            Path(partial).chmod(0o644)
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        _sync_folder(self.folder)
        return key

    def open(self, key: str) -> BinaryIO:
        """See BlobStore."""
        return self._path(key).open("rb")

    def exists(self, key: str) -> bool:
        """See BlobStore."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """See BlobStore."""
        self._path(key).unlink(missing_ok=True)

    def ages(self) -> Iterator[tuple[str, float]]:
        """See BlobStore."""
        now = time.time()
        for path in self.folder.glob("??/*"):
            if _KEY.fullmatch(path.name):
                yield path.name, now - path.stat().st_mtime

    def age(self, key: str) -> float | None:
        """See BlobStore."""
        try:
            return time.time() - self._path(key).stat().st_mtime
        except FileNotFoundError:
            return None

    def check(self) -> None:
        """See BlobStore."""
        handle, path = tempfile.mkstemp(dir=self.partial)
        os.close(handle)
        Path(path).unlink()

    def local_path(self, key: str) -> Path | None:
        """See BlobStore."""
        return self._path(key)

    def drop_partial(self, older_than: float) -> int:
        """Remove what interrupted writes left, if older than so many seconds; returns how many files."""
        dropped = 0
        for path in self.partial.iterdir():
            if time.time() - path.stat().st_mtime >= older_than:
                path.unlink(missing_ok=True)
                dropped += 1
        return dropped


class RemoteBlobs(BlobStore):
    """Blobs in an object store, whose writes are whole or absent by themselves."""

    def __init__(self, url: str) -> None:
        self.fs, root = fsspec.core.url_to_fs(url)
        self.root = str(root).rstrip("/")

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a blob key: {key!r}")
        return f"{self.root}/{key[:2]}/{key}"

    def put(self, file: BinaryIO) -> str:
        """See BlobStore. Always written, which renews the age."""
        key = digest_of(file)
        with self.fs.open(self._path(key), "wb") as out:
            shutil.copyfileobj(file, out, _CHUNK)
        return key

    def open(self, key: str) -> BinaryIO:
        """See BlobStore."""
        opened: BinaryIO = self.fs.open(self._path(key), "rb")
        return opened

    def exists(self, key: str) -> bool:
        """See BlobStore."""
        return bool(self.fs.isfile(self._path(key)))

    def delete(self, key: str) -> None:
        """See BlobStore."""
        if self.exists(key):
            self.fs.rm_file(self._path(key))

    def ages(self) -> Iterator[tuple[str, float]]:
        """See BlobStore."""
        now = time.time()
        self.fs.invalidate_cache()
        for path in self.fs.find(self.root):
            key = str(path).rsplit("/", 1)[-1]
            if _KEY.fullmatch(key):
                modified: Any = self.fs.modified(path)
                yield key, now - modified.timestamp()

    def age(self, key: str) -> float | None:
        """See BlobStore."""
        self.fs.invalidate_cache()
        try:
            modified: Any = self.fs.modified(self._path(key))
        except FileNotFoundError:
            return None
        return time.time() - float(modified.timestamp())

    def check(self) -> None:
        """See BlobStore."""
        self.fs.invalidate_cache()
        self.fs.exists(self.root)


def open_blobs(url: str) -> BlobStore:
    """The store at a URL: a path or file:// is a folder, anything else goes through fsspec (s3://bucket/prefix)."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalBlobs(Path(url2pathname(parts.path)))
    if "://" not in url:
        return LocalBlobs(Path(url))
    return RemoteBlobs(url)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where folders can be synced at all (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
