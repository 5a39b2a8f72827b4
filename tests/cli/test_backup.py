"""A backup holds what people made, whole, even while it is written to; what is damaged is refused."""

import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from annotation_db import LocalBlobs
from annotation_db.models import Image
from cli.backup import backup, restore
from cli.common import open_state
from server.images.service import store
from server.projects.service import create_project
from server.state import State
from tests.server.people import png


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "data", create=True) as opened:
        yield opened


def _project(state: State) -> UUID:
    body = state.bodies.keep("anny")
    with state.database.write() as session:
        return create_project(session, None, "p", "", body.name, body.hash).id


def _upload(state: State, project: UUID, number: int) -> None:
    outcome = store(state, project, None, "", f"{number}.png", BytesIO(png(20, 20, seed=number)))
    assert outcome.kind == "stored"


def _photos(data: Path) -> int:
    with open_state(data) as state, state.database.read() as session:
        for blob in session.scalars(select(Image.blob)):
            assert state.blobs.exists(blob)
        return session.scalar(select(func.count()).select_from(Image)) or 0


def test_a_backup_made_while_photos_come_in_is_whole(state: State, tmp_path: Path) -> None:
    project = _project(state)
    for number in range(5):
        _upload(state, project, number)
    stop = threading.Event()

    def go_on() -> None:
        number = 5
        while not stop.is_set():
            _upload(state, project, number)
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    backup(tmp_path / "b.tar", data=tmp_path / "data")
    stop.set()
    writer.join()
    restore(tmp_path / "b.tar", data=tmp_path / "new")
    assert 5 <= _photos(tmp_path / "new") <= _photos(tmp_path / "data")
    assert {path.name for path in (tmp_path / "new").iterdir()} >= {"densemark.db", "blobs", "bodies"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data", "new"]  # nothing half-made is left


def test_nothing_is_overwritten_and_damage_is_refused(state: State, tmp_path: Path) -> None:
    _upload(state, _project(state), 1)
    file = tmp_path / "b.tar"
    backup(file, data=tmp_path / "data")
    with pytest.raises(ValueError, match="exists already"):
        backup(file, data=tmp_path / "data")
    with pytest.raises(ValueError, match="not empty"):
        restore(file, data=tmp_path / "data")
    whole = file.read_bytes()
    blob = LocalBlobs(tmp_path / "data" / "blobs")
    key = next(blob.ages())[0]
    content = blob.open(key).read()
    for damaged, word in (
        (whole.replace(content, content[:-1] + bytes([content[-1] ^ 1])), "is damaged"),
        (whole[: len(whole) // 2], "no whole backup"),
        (b"something else", "no whole backup"),
        (whole.replace(key[:2].encode() + b"/" + key.encode(), b"00/" + b"0" * 64), "is damaged|no whole backup"),
    ):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=word):
            restore(file, data=tmp_path / "new")
        assert not (tmp_path / "new").exists()
