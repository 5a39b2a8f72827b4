"""Migrations make exactly the models' tables, back up first, and are all or nothing."""

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from annotation_db import current_revision, migrate, newest_revision
from annotation_db.migration import _config, back_up
from annotation_db.models import Base


def test_migrated_tables_are_the_models(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    first, second = migrate(empty_url), migrate(empty_url)
    assert (first.before, first.after) == (None, newest_revision())
    assert (second.before, second.after, second.backup) == (newest_revision(), newest_revision(), None)


def test_every_migration_goes_up_and_down(empty_url: str) -> None:
    from alembic import command

    engine = create_engine(empty_url)
    for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions())):
        for step in (command.upgrade, command.downgrade, command.upgrade):
            config = _config()
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                step(config, script.revision if step is command.upgrade else (script.down_revision or "base"))
    assert current_revision(engine) == newest_revision()
    engine.dispose()


def test_an_old_sqlite_file_is_copied_before_it_is_migrated(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO projects VALUES ('p', '', 'anny', 'h', 1, NULL, '2026-01-01', 'id')")
        connection.execute("CREATE TABLE stray (x INTEGER)")
    monkeypatch.setattr("annotation_db.migration.current_revision", lambda engine: "before")
    monkeypatch.setattr("annotation_db.migration._known", lambda: {"before"})
    done = migrate(sqlite_url)
    assert done.backup is not None
    with sqlite3.connect(done.backup) as copy:
        assert copy.execute("SELECT name FROM projects").fetchall() == [("p",)]
        assert copy.execute("SELECT count(*) FROM stray").fetchone() == (0,)


def test_a_backup_is_whole_while_the_database_is_written(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE pairs (a INTEGER, b INTEGER)"))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO pairs VALUES (:n, :n)"), {"n": number})
                connection.execute(text("UPDATE pairs SET a = :n, b = :n"), {"n": number})

    writer = threading.Thread(target=write)
    writer.start()
    copies = [back_up(engine) for _ in range(3)]
    stop.set()
    writer.join()
    for path in copies:
        assert path is not None
        with sqlite3.connect(path) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("SELECT count(*) FROM pairs WHERE a != b").fetchone() == (0,)
    engine.dispose()


def test_a_failing_migration_leaves_the_database_as_it_was(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    drop = op.create_index
    made: list[str] = []

    def create_index(name: str, *args: object, **options: object) -> None:
        made.append(name)
        if len(made) == 3:
            raise RuntimeError("power cut")
        drop(name, *args, **options)

    monkeypatch.setattr(op, "create_index", create_index)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(empty_url)
    engine = create_engine(empty_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_newer_database_is_refused(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'future'"))
    engine.dispose()
    with pytest.raises(ValueError, match="version future"):
        migrate(database_url)


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    failures: list[Exception] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    engine = create_engine(empty_url)
    assert current_revision(engine) == newest_revision()
    engine.dispose()
