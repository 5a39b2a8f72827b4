"""Signing in, staying signed in, and not getting in."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from annotation.words import Role
from annotation_db import utc_now
from annotation_db.models import User, UserSession
from annotation_db.repositories import users
from server.session import service
from server.state import State
from tests.server.people import ORIGIN, PASSWORD, Api, add_user, sign_in


def _client(app: FastAPI) -> Api:
    return Api(TestClient(app, base_url=ORIGIN))


def _sign_in(api: Api, username: str, password: str = PASSWORD) -> int:
    return api.client.post("/api/session", json={"username": username, "password": password}).status_code


def test_sign_in_and_out(any_app: FastAPI) -> None:
    user_id = add_user(any_app, "ann", Role.annotator)
    api = _client(any_app)
    assert api.fails("GET", "/api/session", 401)["type"] == "/problems/unauthenticated"
    me = api.ok("POST", "/api/session", json={"username": " Ann ", "password": PASSWORD})
    assert me["user"] == {"id": str(user_id), "username": "ann", "name": "Ann", "role": "annotator"}
    assert api.ok("GET", "/api/session") == me
    api.ok("DELETE", "/api/session", 204)
    api.fails("GET", "/api/session", 401)


def test_the_token_is_only_kept_as_its_hash(app: FastAPI, state: State) -> None:
    add_user(app, "ann", Role.annotator)
    api = _client(app)
    assert _sign_in(api, "ann") == 200
    token = api.client.cookies["densemark_session"]
    with state.database.read() as session:
        assert session.scalars(select(UserSession.token_hash)).all() == [hashlib.sha256(token.encode()).hexdigest()]


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("", "densemark_session", False), ("https://lab.example", "__Host-densemark_session", True)],
)
def test_the_cookie_is_out_of_reach(
    make_app: Callable[..., FastAPI], sqlite_url: str, origin: str, name: str, secure: bool
) -> None:
    app = make_app(sqlite_url, public_origin=origin)
    add_user(app, "ann", Role.annotator)
    client = TestClient(app, base_url=origin or ORIGIN)
    response = client.post("/api/session", json={"username": "ann", "password": PASSWORD})
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith(f"{name.lower()}=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert ("secure" in cookie) == secure
    assert client.get("/api/session").status_code == 200


def test_wrong_passwords_and_unknown_names_are_told_apart_by_nothing(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(app, "ann", Role.annotator)
    checked = []
    verify = service.PASSWORDS.verify_and_update

    def count(password: str, hashed: str) -> tuple[bool, str | None]:
        checked.append(hashed[:30])
        return verify(password, hashed)

    monkeypatch.setattr(type(service.PASSWORDS), "verify_and_update", lambda _, *a: count(*a))
    api = _client(app)
    known = api.fails("POST", "/api/session", 401, json={"username": "ann", "password": "wrong one"})
    unknown = api.fails("POST", "/api/session", 401, json={"username": "bob", "password": "wrong one"})
    assert known == unknown
    assert len(checked) == 2
    assert checked[0] == checked[1]  # the same algorithm with the same cost


def test_guessing_is_slowed_down(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, sign_in_failures=2)
    add_user(app, "ann", Role.annotator)
    add_user(app, "bob", Role.annotator)
    api = _client(app)
    assert [_sign_in(api, "ann", "wrong one") for _ in range(3)] == [401, 401, 429]
    refused = api.client.post("/api/session", json={"username": "ann", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
    assert _sign_in(api, "bob") == 200


def test_one_address_cannot_try_many_names(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, sign_in_failures=1)
    statuses = [_sign_in(_client(app), f"user{n}", "wrong one") for n in range(6)]
    assert statuses == [401] * 5 + [429]


def test_success_forgets_failures(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, sign_in_failures=2)
    add_user(app, "ann", Role.annotator)
    api = _client(app)
    assert [_sign_in(api, "ann", p) for p in ("wrong one", PASSWORD, "wrong one", PASSWORD)] == [401, 200, 401, 200]


def test_success_does_not_count_against_the_address(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, sign_in_failures=1)  # five failures per address
    add_user(app, "ann", Role.annotator)
    assert [_sign_in(_client(app), "ann") for _ in range(7)] == [200] * 7
    assert [_sign_in(_client(app), f"user{n}", "wrong one") for n in range(6)] == [401] * 5 + [429]


def _set_expiry(state: State, hours: float) -> None:
    with state.database.write() as session:
        session.execute(update(UserSession).values(expires_at=utc_now() + timedelta(hours=hours)))


def test_sessions_run_out_unless_used(app: FastAPI, state: State, annotator: Api) -> None:
    _set_expiry(state, 1)
    annotator.ok("GET", "/api/session")
    with state.database.read() as session:
        expires = session.scalars(select(UserSession.expires_at)).one()
    assert expires > utc_now() + timedelta(hours=state.settings.session_hours - 1)
    _set_expiry(state, -1)
    annotator.fails("GET", "/api/session", 401)


def test_a_password_change_ends_the_other_sessions(app: FastAPI, annotator: Api) -> None:
    other = sign_in(app, "ann")
    change = {"current": PASSWORD, "new": "battery staple"}
    annotator.fails("POST", "/api/session/password", 422, json=change | {"current": "wrong one"})
    annotator.fails("POST", "/api/session/password", 422, json=change | {"new": "short"})
    other.ok("GET", "/api/session")
    annotator.ok("POST", "/api/session/password", 204, json=change)
    annotator.ok("GET", "/api/session")
    other.fails("GET", "/api/session", 401)
    assert _sign_in(_client(app), "ann", "battery staple") == 200


def test_administrators_manage_accounts(app: FastAPI, annotator: Api) -> None:
    add_user(app, "root", Role.admin)
    admin = sign_in(app, "root")
    new = {"username": "Bob.B", "name": "Bob", "password": "password 1", "role": "reviewer"}
    bob = admin.ok("POST", "/api/users", 201, json=new)
    assert "password" not in str(bob)
    assert admin.fails("POST", "/api/users", 409, json=new | {"username": "bob.b"})["detail"]
    assert [user["username"] for user in admin.ok("GET", "/api/users")["items"]] == ["ann", "Bob.B", "root"]
    api = _client(app)
    assert _sign_in(api, "bob.b", "password 1") == 200
    changed = admin.ok("PATCH", f"/api/users/{bob['id']}", json={"role": "lead", "name": "Robert"})
    assert (changed["role"], changed["name"]) == ("lead", "Robert")
    assert api.ok("GET", "/api/session")["user"]["role"] == "lead"
    admin.ok("PATCH", f"/api/users/{bob['id']}", json={"active": False})
    api.fails("GET", "/api/session", 401)
    assert _sign_in(_client(app), "bob.b", "password 1") == 401


def test_the_last_administrator_stays(app: FastAPI) -> None:
    root: UUID = add_user(app, "root", Role.admin)
    admin = sign_in(app, "root")
    for change in ({"role": "lead"}, {"active": False}):
        admin.fails("PATCH", f"/api/users/{root}", 409, json=change)
    add_user(app, "other", Role.admin)
    admin.ok("PATCH", f"/api/users/{root}", json={"role": "lead"})


def test_two_administrators_cannot_demote_each_other(
    make_app: Callable[..., FastAPI], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(postgres_url)
    ids = {name: add_user(app, name, Role.admin) for name in ("root", "other")}
    clients = [(sign_in(app, "root"), ids["other"]), (sign_in(app, "other"), ids["root"])]
    both = Barrier(2, timeout=1)
    delete_sessions = users.delete_sessions_of

    def meet(*args: Any) -> None:
        with suppress(BrokenBarrierError):  # one waits for the other's end, and so they cannot meet
            both.wait()
        delete_sessions(*args)

    monkeypatch.setattr("server.users.service.users.delete_sessions_of", meet)

    def retire(of: tuple[Api, UUID]) -> int:
        return of[0].client.patch(f"/api/users/{of[1]}", json={"active": False}).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(retire, clients))
    assert statuses[0] == 200
    assert statuses[1] in {401, 409}
    with app.state.densemark.database.read() as session:
        assert session.scalar(select(func.count()).where(User.active.is_(True))) == 1


def test_lists_go_on_by_key(app: FastAPI) -> None:
    names = sorted(f"u{n:02}" for n in range(7))
    for name in names:
        add_user(app, name, Role.admin)
    admin = sign_in(app, "u00")
    seen, after = [], None
    while True:
        page = admin.ok("GET", "/api/users", params={"limit": 3} | ({"after": after} if after else {}))
        seen += [user["username"] for user in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == names
    admin.fails("GET", "/api/users", 422, params={"after": "nonsense"})
