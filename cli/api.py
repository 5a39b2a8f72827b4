"""A small client of DenseMark's own HTTP API, for commands that act like a person in the browser."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx


class ApiError(ValueError):
    """The server refused: its problem detail, and the status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Api:
    """One signed-in user at one server.

    Args:
        url: scheme://host:port of the server.
        username, password: an account of it.
        transport: for tests that reach an app without a socket.

    Raises:
        ApiError: on any answer that is no success; the message is the server's own.
    """

    def __init__(self, url: str, username: str, password: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, transport=transport)
        self.me = self.post("/api/session", {"username": username, "password": password})["user"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._client.get(path, params=query))

    def post(self, path: str, body: object | None = None) -> Any:
        return self._answer(self._client.post(path, json=body))

    def put(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """A write as the browser makes it: with an id of its own, so that sending it twice does no harm."""
        return self._answer(self._client.put(path, json={"write_id": str(uuid4()), **body} if body else None))

    def delete(self, path: str) -> None:
        self._answer(self._client.delete(path))

    def download(self, path: str, **query: Any) -> bytes:
        return self._checked(self._client.get(path, params=query)).content

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list that pages by key."""
        page = self.get(path, **query)
        found: list[dict[str, Any]] = page["items"]
        while page.get("next"):
            page = self.get(path, **query, after=page["next"])
            found.extend(page["items"])
        return found

    def _answer(self, response: httpx.Response) -> Any:
        return self._checked(response).json() if response.content else None

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        try:
            problem = response.json()
            detail = problem.get("detail") or problem.get("title") or response.reason_phrase
        except ValueError:
            detail = response.reason_phrase
        request = response.request
        raise ApiError(response.status_code, f"{request.method} {request.url.path}: {detail}")
