"""A real app on a real database, and people of every role to use it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from annotation.words import Role
from server.app import create_app
from server.settings import Settings
from server.state import State
from tests.annotation_db.conftest import (
    database_url,
    postgres_admin_url,
    postgres_template,
    postgres_url,
    sqlite_template,
    sqlite_url,
)
from tests.server.people import Api, add_user, sign_in

__all__ = [
    "database_url",
    "postgres_admin_url",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., FastAPI]]:
    """Makes apps with settings of one's own; closes them afterwards."""
    apps: list[FastAPI] = []

    def make(url: str, **options: object) -> FastAPI:
        settings = Settings(**{"data": tmp_path / "data", "database_url": url} | options)  # type: ignore[arg-type]
        apps.append(create_app(settings))
        return apps[-1]

    yield make
    for app in apps:
        app.state.densemark.geodesics.close()
        app.state.densemark.transfers.close()
        app.state.densemark.database.close()


@pytest.fixture
def app(make_app: Callable[..., FastAPI], sqlite_url: str) -> FastAPI:
    """The app on SQLite."""
    return make_app(sqlite_url)


@pytest.fixture
def any_app(make_app: Callable[..., FastAPI], database_url: str) -> FastAPI:
    """The app on SQLite and on PostgreSQL."""
    return make_app(database_url)


@pytest.fixture
def state(app: FastAPI) -> State:
    """What the app holds."""
    return app.state.densemark


@pytest.fixture
def lead(app: FastAPI) -> Api:
    """A signed-in lead."""
    add_user(app, "lena", Role.lead)
    return sign_in(app, "lena")


@pytest.fixture
def annotator(app: FastAPI) -> Api:
    """A signed-in annotator, member of nothing."""
    add_user(app, "ann", Role.annotator)
    return sign_in(app, "ann")
