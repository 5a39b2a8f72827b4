"""Blobs are whole or absent, and the same content is kept once."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation_db import BlobStore, LocalBlobs, open_blobs


@pytest.fixture(params=["local", "remote"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A folder, and an object store in memory behind fsspec."""
    url = (tmp_path / "blobs with space").as_uri() if request.param == "local" else f"memory://{tmp_path.name}"
    return open_blobs(url)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=5000))
def test_what_is_put_is_read_back(store: BlobStore, content: bytes) -> None:
    key = store.put(io.BytesIO(content))
    assert key == hashlib.sha256(content).hexdigest()
    assert store.exists(key)
    with store.open(key) as file:
        assert file.read() == content


def test_putting_rewinds_and_repeats(store: BlobStore) -> None:
    file = io.BytesIO(b"photo")
    file.read()
    assert store.put(file) == store.put(io.BytesIO(b"photo"))
    assert [key for key, _ in store.ages()] == [hashlib.sha256(b"photo").hexdigest()]


def test_deleting_is_final_and_repeatable(store: BlobStore) -> None:
    key = store.put(io.BytesIO(b"photo"))
    age = store.age(key)
    assert age is not None
    assert abs(age - dict(store.ages())[key]) < 60
    store.delete(key)
    store.delete(key)
    assert store.age(key) is None
    assert not store.exists(key)
    with pytest.raises(FileNotFoundError):
        store.open(key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_keys_are_looked_up(store: BlobStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a blob key"):
        store.exists(key)


def test_a_store_that_works_says_so(store: BlobStore) -> None:
    store.check()
    assert list(store.ages()) == []


class _Breaking(io.BytesIO):
    """A file whose second reading breaks off, after its hash has been taken."""

    rounds = 0

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == 0:
            self.rounds += 1
        if self.rounds == 2 and self.tell() > 0:
            raise OSError("disk full")
        return super().read(min(size or 10, 10) if size and size > 0 else 10)


def test_an_interrupted_put_leaves_nothing(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path / "blobs")
    content = b"0123456789" * 3
    with pytest.raises(OSError, match="disk full"):
        store.put(_Breaking(content))
    assert not store.exists(hashlib.sha256(content).hexdigest())
    assert [p for p in store.folder.rglob("*") if p.is_file()] == []


def test_old_partial_files_are_dropped(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    (store.partial / "old").write_bytes(b"x")
    (store.partial / "young").write_bytes(b"x")
    os.utime(store.partial / "old", (0, 0))
    assert store.drop_partial(older_than=60) == 1
    assert [p.name for p in store.partial.iterdir()] == ["young"]


def test_putting_again_makes_a_blob_young(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    key = store.put(io.BytesIO(b"x"))
    path = store.local_path(key)
    assert path is not None
    os.utime(path, (0, 0))
    assert dict(store.ages())[key] > 1e6
    store.put(io.BytesIO(b"x"))
    assert dict(store.ages())[key] < 1e6


def test_a_blob_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalBlobs(tmp_path)
    content = b"photo" * 1000
    seen = []
    sync = os.fsync

    def look(handle: int) -> None:
        sizes = [path.stat().st_size for path in store.partial.iterdir()]
        seen.append((store.exists(hashlib.sha256(content).hexdigest()), sizes))
        sync(handle)

    monkeypatch.setattr(os, "fsync", look)
    store.put(io.BytesIO(content))
    assert seen[0] == (False, [len(content)])
    assert seen[1:] == [(True, []), (True, [])]  # and then the folders that hold the name
