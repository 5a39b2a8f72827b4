"""What every request passes: origin, headers, sizes, problems; and the pages of the app."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Headers

from annotation.words import Role
from server import static
from server.openapi import document
from tests.server.people import ORIGIN, PASSWORD, Api, add_user, sign_in

SIGN_IN = {"username": "ann", "password": PASSWORD}


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": ORIGIN}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:5173"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}, True),
    ],
)
def test_writes_come_from_the_same_origin(app: FastAPI, headers: dict[str, str], allowed: bool) -> None:
    add_user(app, "ann", Role.annotator)
    response = TestClient(app, base_url=ORIGIN).post("/api/session", json=SIGN_IN, headers=headers)
    assert response.status_code == (200 if allowed else 403)
    assert allowed or response.json()["type"] == "/problems/origin"


def test_behind_a_proxy_the_public_origin_counts(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, public_origin="https://lab.example")
    add_user(app, "ann", Role.annotator)
    client = TestClient(app, base_url=ORIGIN)
    assert client.post("/api/session", json=SIGN_IN, headers={"Origin": ORIGIN}).status_code == 403
    assert client.post("/api/session", json=SIGN_IN, headers={"Origin": "https://lab.example"}).status_code == 200


def _has_security_headers(headers: Headers) -> bool:
    policy = headers["content-security-policy"]
    return (
        "frame-ancestors 'none'" in policy
        and "script-src 'self';" in policy
        and headers["x-content-type-options"] == "nosniff"
        and headers["referrer-policy"] == "same-origin"
    )


def test_every_answer_has_security_headers(app: FastAPI, annotator: Api) -> None:
    for path in ("/", "/healthz", "/api/session", "/api/nowhere", "/api/openapi.json"):
        response = annotator.client.get(path)
        assert _has_security_headers(response.headers), path
    assert annotator.client.get("/api/session").headers["cache-control"] == "no-store"


def test_errors_are_problems(app: FastAPI, annotator: Api) -> None:
    assert annotator.fails("GET", "/api/nowhere", 404)["type"] == "/problems/not-found"
    assert annotator.fails("POST", "/api/bodies/x/parts/1/pick", 422)["type"] == "/problems/validation"
    annotator.fails("PUT", "/api/session", 405)
    problem = annotator.fails("POST", "/api/session", 422, json={"username": "ann", "password": 5, "extra": 1})
    assert [error["where"] for error in problem["errors"]] == [["body", "password"], ["body", "extra"]]
    assert "5" not in json.dumps(problem["errors"])


def test_a_crash_tells_nothing(app: FastAPI, annotator: Api, caplog: pytest.LogCaptureFixture) -> None:
    app.state.densemark.database.close()
    object.__setattr__(app.state.densemark, "database", None)
    problem = annotator.fails("GET", "/api/session", 500)
    assert "NoneType" not in json.dumps(problem)
    assert "NoneType" in caplog.text
    assert _has_security_headers(annotator.client.get("/api/session").headers)
    app.state.densemark.__dict__["database"] = _Closed()


class _Closed:
    def close(self) -> None:
        """Closed already."""


def test_bodies_have_a_size_limit(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, max_json_bytes=1000, max_upload_bytes=3000)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()
    large = lead.fails("POST", "/api/projects", 413, json={"name": "x", "description": "y" * 2000})
    assert large["type"] == "/problems/too-large"
    lead.upload(project, ("small.jpg", b"x" * 2000))
    lead.fails("POST", f"/api/projects/{project}/images", 413, files=[("files", ("big.jpg", b"x" * 4000))])
    unstated = iter([b'{"name": "', b"x" * 2000, b'"}'])
    lead.fails("POST", "/api/projects", 413, content=unstated, headers={"Content-Type": "application/json"})


def test_large_answers_are_compressed(app: FastAPI, annotator: Api) -> None:
    response = annotator.client.get("/api/openapi.json")
    assert response.headers["content-encoding"] == "gzip"
    assert response.json()["info"]["title"] == "DenseMark"


def test_the_frontend_has_the_present_openapi_document() -> None:
    kept = Path(__file__).parents[2] / "frontend" / "openapi.json"
    assert json.loads(kept.read_text()) == json.loads(document()), (
        "run: python -m server.openapi > frontend/openapi.json"
    )


def test_the_access_log_is_quiet_unless_wanted(
    make_app: Callable[..., FastAPI], sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "densemark.access")
    TestClient(make_app(sqlite_url)).get("/healthz")
    assert caplog.records == []
    TestClient(make_app(sqlite_url, access_log=True)).get("/healthz")
    line = json.loads(caplog.records[0].message)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200)


def test_without_a_built_frontend_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    app = FastAPI()
    static.add_frontend(app, tmp_path)
    response = TestClient(app).get("/")
    assert response.status_code == 200
    assert "make demo" in response.text


def test_the_built_frontend(tmp_path: Path) -> None:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<title>app</title>")
    (tmp_path / "site" / "assets" / "main-1a2b.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    app = FastAPI()
    static.add_frontend(app, tmp_path / "site")
    client = TestClient(app)
    asset = client.get("/assets/main-1a2b.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    for page in ("/", "/projects/1/annotate", "/index.html"):
        response = client.get(page)
        assert response.text == "<title>app</title>"
        assert response.headers["cache-control"] == "no-cache"
    for outside in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret"):
        assert "secret" not in client.get(outside).text


def test_a_missing_asset_is_no_page(app: FastAPI) -> None:
    assert TestClient(app).get("/assets/gone.js").status_code == 404


@pytest.mark.parametrize("path", ["/%00", "/assets/%00", "/" + "a" * 5000, "/" + "a/" * 3000])
def test_a_path_that_no_file_can_have_is_not_found(app: FastAPI, path: str) -> None:
    assert TestClient(app).get(path).status_code == 404


def test_ready_only_with_everything_there(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(app)
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"database": True, "migrations": True, "blobs": True, "worker": False}
    monkeypatch.setattr("server.health.service.newest_revision", lambda: "later")
    late = client.get("/readyz")
    assert (late.status_code, late.json()["migrations"]) == (503, False)
    app.state.densemark.blobs.partial.rmdir()
    assert client.get("/readyz").json()["blobs"] is False
