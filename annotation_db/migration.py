"""Bring a database to the newest form, after a backup."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from annotation_db.columns import utc_now
from annotation_db.database import make_engine

if TYPE_CHECKING:  # few processes migrate; the others need not import Alembic
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x64656E73  # one migration at a time on PostgreSQL


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did; `backup` is the copy of the SQLite file as it was before."""

    before: str | None
    after: str
    backup: Path | None


def migrate(url: str) -> Migrated:
    """Run the migrations that `url` has not had yet, all or none of them.

    An SQLite file that holds data and needs migrating is copied first, beside itself. Raises ValueError when the
    database is newer than this version of DenseMark.
    """
    from alembic import command

    engine = make_engine(url)
    try:
        before, newest = current_revision(engine), newest_revision()
        if before == newest:
            return Migrated(before, newest, None)
        if before is not None and before not in _known():
            raise ValueError(f"the database has version {before}, which this version of DenseMark does not know")
        backup = back_up(engine) if before is not None else None
        config = _config()
        with engine.execution_options(densemark_writes=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return Migrated(before, newest, backup)
    finally:
        engine.dispose()


def current_revision(engine: Engine) -> str | None:
    """The last migration a database has had; None on an empty one."""
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The last migration there is."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise RuntimeError("this installation has no migrations")
    return newest


def back_up(engine: Engine) -> Path | None:
    """Copy an SQLite database, consistently even while it is in use; returns the copy (None on PostgreSQL)."""
    if engine.dialect.name != "sqlite":
        return None
    source = Path(str(engine.url.database))
    target = source.with_name(f"{source.name}.{utc_now():%Y%m%dT%H%M%S%fZ}.backup")
    with sqlite3.connect(source) as data, sqlite3.connect(target) as copy:
        data.backup(copy)
    data.close()
    copy.close()
    return target


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
