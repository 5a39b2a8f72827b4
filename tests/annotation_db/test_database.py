"""Transactions are whole, durable and do not lose each other's writes."""

import threading
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError

from annotation_db import Database
from annotation_db.database import make_engine
from annotation_db.models import Member, Project
from annotation_db.repositories import projects


def _project(name: str = "p") -> Project:
    return Project(name=name, body_name="anny", body_hash="0" * 64)


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as session:
            projects.add(session, _project())
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_and_fail()
    with database.read() as session:
        assert projects.page(session, None, None, 10) == []


def test_a_read_never_keeps_anything(database: Database) -> None:
    refused = nullcontext() if database.is_sqlite else pytest.raises(InternalError, match="read-only")
    with refused, database.read() as session:
        projects.add(session, _project())
    with database.read() as session:
        assert projects.page(session, None, None, 10) == []


def test_a_read_sees_one_moment(database: Database) -> None:
    with database.read() as session:
        assert projects.page(session, None, None, 10) == []
        with database.write() as other:
            projects.add(other, _project())
        assert projects.page(session, None, None, 10) == []
    with database.read() as session:
        assert len(projects.page(session, None, None, 10)) == 1


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Member(project_id=uuid4(), user_id=uuid4()))


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    row = _project()
    with database.write() as session:
        projects.add(session, row)

    def count_up() -> None:
        for _ in range(10):
            with database.write() as session:
                found = projects.by_id(session, row.id, lock=True)
                assert found is not None
                found.revision += 1

    threads = [threading.Thread(target=count_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        found = projects.by_id(session, row.id)
        assert found is not None
        assert found.revision == 61


def test_two_processes_worth_of_connections_wait_for_each_other(sqlite_url: str) -> None:
    first, second = Database(sqlite_url), Database(sqlite_url)
    entered = threading.Event()
    finished: list[str] = []

    def late() -> None:
        entered.wait()
        with second.write() as session:
            projects.add(session, _project("late"))
        finished.append("late")

    thread = threading.Thread(target=late)
    thread.start()
    with first.write() as session:
        projects.add(session, _project("early"))
        entered.set()
        finished.append("early")
    thread.join()
    assert finished == ["early", "late"]
    with first.read() as session:
        assert [p.name for p in projects.page(session, None, None, 10)] == ["early", "late"]
    first.close()
    second.close()


def test_sqlite_syncs_every_commit(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as session:
        pragmas = {name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a database this server can use"):
        make_engine(url)


def test_a_password_in_a_url_is_not_told() -> None:
    with pytest.raises(ValueError) as caught:
        make_engine("mysql://user:secret@host/db")
    assert "secret" not in str(caught.value)


def test_the_folder_of_a_database_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a' / 'b.db'}")
    database.check()
    assert (tmp_path / "a" / "b.db").exists()
    database.close()
