"""What every command shares: the data folder, output, and one clear line on bad input."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from uuid import UUID

    from annotation_db import Database
    from server.settings import Settings
    from server.state import State

_PIPE_WIDTH = 160  # columns where nobody says how wide the output is

# Names and messages come from outside, and may look like markup: it is read only where a print asks for it.
_width = None if sys.stdout.isatty() else _PIPE_WIDTH
console = Console(markup=False, highlight=False, soft_wrap=True, width=_width)
errors = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)

DataDir = Annotated[
    Path,
    typer.Option("--data", envvar="DENSEMARK_DATA", help="Folder of the database and files.", show_default=True),
]
DEFAULT_DATA = Path("densemark-data")
DEFAULT_BODY = "anny"
AsJson = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]


def stop(message: str) -> NoReturn:
    """Ends the command with one line on standard error and exit status 1."""
    errors.print(f"[red]error:[/red] {escape(message)}", markup=True)
    raise typer.Exit(1)


@contextmanager
def model_needed() -> Iterator[None]:
    """What is missing of the parts that networks need is told in one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("model", "export", "surface", "evaluation"):
            raise
        stop(f"networks need {error.name}, which is not installed: pip install 'densemark[model]'")


def counted(count: int, noun: str) -> str:
    """ "1 part", "2 parts"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def settings_for(data: Path, **overrides: Any) -> Settings:
    """Settings of the server over a data folder; environment variables fill what is not given."""
    from server.settings import Settings

    return Settings(data=data, **overrides)


@contextmanager
def open_state(data: Path, create: bool = False) -> Iterator[State]:
    """The server's state over a data folder, migrated and ready; closed at the end.

    Raises:
        ValueError: there is no data yet and `create` is not set, the folder cannot be used, or its database is damaged.
    """
    from sqlalchemy.exc import DatabaseError

    from server import startup

    settings = settings_for(data)
    if not create and not settings.database_url and not (data / "densemark.db").exists():
        raise ValueError(
            f"no DenseMark data in {data.absolute()}: `densemark user add` or `densemark demo` begins there"
        )
    try:
        startup.prepare(settings)
    except OSError as error:
        raise ValueError(f"the data folder {data.absolute()} cannot be used: {error.strerror or error}") from error
    except DatabaseError as error:
        raise ValueError(f"the database in {data.absolute()} cannot be used: {error.orig}") from error
    state = startup.open_state(settings)
    try:
        yield state
    finally:
        state.database.close()


@contextmanager
def open_database(data: Path, create: bool = False) -> Iterator[Database]:
    """The database of a data folder; see `open_state`."""
    with open_state(data, create) as state:
        yield state.database


def find_project(
    state: State, name: str, create: bool = False, description: str = "", body: str | None = None
) -> tuple[UUID, str]:
    """Id and name of the project with this name or id; made on a body (the default one if none is named) when `create`
    is set.

    Raises:
        ValueError: no such project, or several of that name; a project that is on another body than the one named.
        RefusedError: no such body.
    """
    from annotation_db.repositories import projects
    from server.projects.service import create_project

    with state.database.read() as session:
        found = [
            project for project in projects.page(session, None, None, 10_000) if name in (project.name, str(project.id))
        ]
    if len(found) > 1:
        raise ValueError(f"{len(found)} projects are called {name!r}; name one by its id: {[str(p.id) for p in found]}")
    if found:
        if body not in (None, found[0].body_name, found[0].body_hash):
            raise ValueError(f"the project {name!r} is on the body {found[0].body_name!r}, not on {body!r}")
        return found[0].id, found[0].name
    if not create:
        raise ValueError(f"no project {name!r}")
    kept = state.bodies.keep(body or DEFAULT_BODY)
    with state.database.write() as session:
        made = create_project(session, None, name, description, kept.name, kept.hash)
    return made.id, made.name


def find_users(state: State, names: Iterable[str]) -> list[UUID]:
    """Ids of the accounts with these user names. Raises ValueError where there is none."""
    from annotation_db.repositories import users

    found = []
    with state.database.read() as session:
        for name in names:
            user = users.by_login(session, name.strip().casefold())
            if user is None:
                raise ValueError(f"no user {name}")
            found.append(user.id)
    return found


def port_problem(host: str, port: int) -> str | None:
    """Why nothing can listen on host and port; None when it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # elsewhere the option would let two servers share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return f"cannot listen on {host}:{port}: {error.strerror or error}"
    return None


def free_port(host: str, first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, first + 100):
        if port_problem(host, port) is None:
            return port
    raise ValueError(port_problem(host, first))


def print_json(value: object) -> None:
    console.print_json(json.dumps(value), indent=2)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """A plain table; numbers are aligned to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    listed = [[_cell(value) for value in row] for row in rows]
    for index, column in enumerate(columns):
        numeric = bool(listed) and all(isinstance(row[index][1], int | float) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in listed:
        table.add_row(*(text for text, _ in row))
    console.print(table)


def _cell(value: object) -> tuple[str, object]:
    if isinstance(value, bool):
        return ("yes" if value else "no"), value
    if isinstance(value, float):
        return f"{value:.4g}", value
    return str(value), value


class LoggedProgress(Progress):
    """A progress bar; where standard error is no terminal, which shows a bar only at its end, a line every
    ``every`` seconds at most."""

    def __init__(self, *columns: ProgressColumn, transient: bool = False, every: float = 10.0) -> None:
        super().__init__(*columns, console=errors, transient=transient)
        self._every, self._told = every, monotonic()

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """As in `Progress`; this prints a line where it is time."""
        super().update(task_id, **changes)
        self._tell(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """As in `Progress`; this prints a line where it is time."""
        super().advance(task_id, advance)
        self._tell(task_id)

    def _tell(self, task_id: TaskID) -> None:
        if self.console.is_terminal:
            return
        with self._lock:
            if monotonic() - self._told < self._every:
                return
            self._told = monotonic()
        task = next(task for task in self.tasks if task.id == task_id)
        total = "" if task.total is None else f" of {task.total:,.0f}"
        left = f", {timedelta(seconds=round(task.time_remaining))} left" if task.time_remaining else ""
        self.console.print(f"{task.description} {task.completed:,.0f}{total}{left}")


def progress_bar(transient: bool = False) -> Progress:
    """A progress bar with count and time left, on standard error; `transient`: gone at the end."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return LoggedProgress(*columns, transient=transient)
