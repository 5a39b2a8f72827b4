"""A backup holds what people made, whole, even while it is written to; what is damaged is refused."""

import tarfile
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from annotation_db import LocalBlobs
from annotation_db.models import Image, Study, StudyNetwork
from cli.backup import _files, backup, restore
from cli.common import open_state
from server.images.service import store
from server.projects.service import create_project
from server.state import State
from server.withdrawals.service import withdraw
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


def test_a_folder_that_is_there_is_filled(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the one we stand in, or a mount: neither can be replaced."""
    _upload(state, _project(state), 1)
    backup(tmp_path / "b.tar", data=tmp_path / "data")
    there = tmp_path / "there"
    there.mkdir()
    before = there.stat().st_ino
    monkeypatch.chdir(there)
    restore(tmp_path / "b.tar", data=Path())
    assert there.stat().st_ino == before
    assert _photos(there) == 1
    assert {path.name for path in there.iterdir()} >= {"densemark.db", "blobs", "bodies"}
    assert not [path for path in there.iterdir() if path.name.startswith(".densemark-")]


def test_a_lost_file_of_a_network_is_noticed(state: State, tmp_path: Path) -> None:
    project = _project(state)
    key = state.blobs.put(BytesIO(b"predictions"))
    with state.database.write() as session:
        study = Study(project_id=project, name="s", description="", masks="given", points_per_part=3, persons=1,
                      practice=0, again=0, seed=7)  # fmt: skip
        session.add(study)
        session.flush()
        session.add(StudyNetwork(study_id=study.id, name="n", blob=key, points=1))
    backup(tmp_path / "b.tar", data=tmp_path / "data")
    with tarfile.open(tmp_path / "b.tar") as whole, tarfile.open(tmp_path / "less.tar", "w") as less:
        for member in whole.getmembers():
            if not member.name.endswith(key):
                less.addfile(member, whole.extractfile(member))
    with pytest.raises(ValueError, match=f"not in the backup, {key}"):
        restore(tmp_path / "less.tar", data=tmp_path / "new")
    state.blobs.delete(key)
    with pytest.raises(ValueError, match=f"or before, {key}"):
        backup(tmp_path / "c.tar", data=tmp_path / "data")


def test_a_photo_that_is_withdrawn_while_a_backup_is_made_is_told(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _upload(state, _project(state), 1)
    with state.database.read() as session:
        image = session.scalars(select(Image.id)).one()

    def late(folder: Path) -> Iterator[Path]:
        found = list(_files(folder))
        withdraw(state, image, "", None)  # the database is copied, the files are not yet
        return iter(found)

    with monkeypatch.context() as patch:
        patch.setattr("cli.backup._files", late)
        with pytest.raises(ValueError, match="withdrawn meanwhile, make the backup again"):
            backup(tmp_path / "b.tar", data=tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    backup(tmp_path / "b.tar", data=tmp_path / "data")
    restore(tmp_path / "b.tar", data=tmp_path / "new")


def _tar(files: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    return made.getvalue()


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
        (whole[: len(whole) // 2], "no whole backup of DenseMark: it is cut off or damaged$"),
        (b"something else", "b.tar is no backup of DenseMark$"),
        (b"", "b.tar is no backup of DenseMark$"),
        (_tar({"other": b""}), "b.tar is no backup of DenseMark$"),
        (_tar({"densemark-backup.json": b"[]"}), "no whole backup"),
        (_tar({"densemark-backup.json": b'{"form": 1}'}), "no whole backup"),
        (_tar({"densemark-backup.json": b'{"form": 1}', "densemark.db": bytes(5000)}), "no whole backup"),
        (whole.replace(key[:2].encode() + b"/" + key.encode(), b"00/" + b"0" * 64), "is damaged|no whole backup"),
    ):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=word):
            restore(file, data=tmp_path / "new")
        assert not (tmp_path / "new").exists()
