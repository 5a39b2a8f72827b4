"""Migrations make exactly the models' tables, back up first, and are all or nothing."""

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from annotation_db import current_revision, migrate, newest_revision
from annotation_db.database import make_engine
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


def test_rows_live_through_every_migration_up_and_down(empty_url: str) -> None:
    user, project, image, person, mask, study, copy = (f"'{number:032x}'" for number in range(7))
    day = "'2026-01-01 00:00:00'"
    first = (
        f"users VALUES ('u', 'u', 'U', 'lead', '', true, {day}, {user})",
        f"projects VALUES ('p', '', 'anny', 'h', 1, {user}, {day}, {project})",
        f"images VALUES ({project}, 'f', 's', 'b', 'image/png', 9, 9, {user}, {day}, NULL, {image})",
        _person.format(person, user=user, project=project, image=image, day=day),
        f"masks VALUES ({person}, 0, 0, {mask})",
    )
    later = (
        f"studies VALUES ({project}, 's', '', 'open', 'given', NULL, 3, 1, 0, 0, 7, 1, {user}, {day}, {day}, NULL, "
        f"{study})",
        _person.format(copy, user=user, project=project, image=image, day=day),
        f"study_persons VALUES ({study}, {person}, 1, false, false, 0, 0, 5, 5)",
        f"study_annotators VALUES ({study}, {user}, 1, {day})",
        f"study_networks VALUES ({study}, 'n', 'b', 1, {user}, {day})",
    )
    engine = make_engine(empty_url).execution_options(densemark_writes=True)
    tables = ("users", "projects", "images", "persons", "masks")
    _move(engine, "0001")
    _insert(engine, first)
    before = {table: _rows(engine, table) for table in tables}
    _move(engine, newest_revision())
    assert {table: [row.items() & old.items() for row, old in zip(_rows(engine, table), before[table], strict=True)]
            for table in tables} == {table: [row.items() for row in before[table]] for table in tables}  # fmt: skip
    _insert(engine, later)
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE persons SET study_id = {study}, source_person_id = {person} WHERE id = {copy}")
        )
    _move(engine, "0001", down=True)
    after = {table: _rows(engine, table) for table in tables}
    copied = after["persons"].pop()
    assert after == before
    assert copied["deleted_at"] is not None  # a study's copy is no person of the project
    _move(engine, newest_revision())
    assert _rows(engine, "studies") == []
    engine.dispose()


_person = (
    "persons (project_id, image_id, x, y, w, h, area, source, state, parts, points, marks, revision, created_by, "
    "created_at, id) VALUES ({project}, {image}, 0, 0, 5, 5, 25, 'rendered', 'new', 0, 0, 0, 1, {user}, {day}, {})"
)


def _move(engine: Engine, revision: str, down: bool = False) -> None:
    from alembic import command

    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def _insert(engine: Engine, rows: Iterable[str]) -> None:
    with engine.begin() as connection:
        for row in rows:
            connection.execute(text(f"INSERT INTO {row}"))


def _rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()]


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
