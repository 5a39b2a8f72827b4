"""Connections and transactions, on SQLite and PostgreSQL alike."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_BUSY_SECONDS = 30
_WRITES = "densemark_writes"
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_PASSING = {"40001", "40P01"}  # serialization_failure, deadlock_detected


class Database:
    """A database by URL (`sqlite:///file` or `postgresql+psycopg://...`).

    All work goes through `read()` and `write()`, which are whole transactions: what they yield is committed when the
    block ends, and undone when it raises.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._write_engine = self.engine.execution_options(**{_WRITES: True})
        self._read_engine = self.engine if self.is_sqlite else self.engine.execution_options(**_SNAPSHOT)
        # SQLite has one writer. Waiting here is fair and immediate; its own busy handler polls with growing sleeps.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads, and sees one moment of the database from its first query to its end.

        PostgreSQL refuses writes in it; on SQLite they are undone.
        """
        with Session(self._read_engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes; on disk when the block has ended."""
        with self._one_writer, Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    def check(self) -> None:
        """Raise SQLAlchemyError unless the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def forget_deleted(self) -> None:
        """Have SQLite's log give back what was deleted since it was last emptied, as far as nobody reads in it now;
        the database's own file has it overwritten (`secure_delete`)."""
        if self.is_sqlite:
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def is_passing(error: DBAPIError) -> bool:
    """Whether the same transaction, which left nothing, may succeed when it is tried again: PostgreSQL ended a deadlock
    or could not serialise it, or another process kept SQLite's lock for too long."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in _PASSING


def make_engine(url: str) -> Engine:
    """An engine with this project's settings; makes the folder of an SQLite file. Raises ValueError on other kinds."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return create_engine(parsed, pool_size=20, max_overflow=20, pool_pre_ping=True)
    if kind != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError(f"not a database this server can use: {parsed.render_as_string(hide_password=True)}")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, pool_size=20, max_overflow=20, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    """WAL with a sync at every commit: an acknowledged write outlives a power cut. What is deleted is overwritten.
    Transactions are begun by hand."""
    connection.isolation_level = None
    wait = f"busy_timeout={_BUSY_SECONDS * 1000}"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", wait):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that first reads and then writes could fail half-way."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
