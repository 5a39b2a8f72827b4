"""What every request passes: only same-origin writes, security headers, the access log, no details of a crash."""

import json
import logging
import re
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import problem
from server.settings import Settings

log = logging.getLogger("densemark.server")
access_log = logging.getLogger("densemark.access")

_UPLOADS = re.compile(r"/api/projects/[^/]+/(images|coco)")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Mantine writes its variables into <style> elements
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.headers = {
            "Content-Security-Policy": _CSP,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if settings.https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            if self._foreign(scope):
                response = problem(403, "origin", "this request comes from another site")
                await response(scope, receive, send_guarded)
            else:
                await self.app(scope, self._limited(scope, receive), send_guarded)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if status:  # too late for another answer: the broken connection tells the client
                raise
            response = problem(500, "internal", "The server failed on this request; its log says why.")
            await response(scope, receive, send_guarded)
        finally:
            if self.settings.access_log:
                _log_access(scope, status, time.perf_counter() - began)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that raises 413 when the body grows over the limit, whatever length its sender states."""
        uploads = bool(_UPLOADS.fullmatch(scope["path"]))
        limit = self.settings.max_upload_bytes if uploads else self.settings.max_json_bytes
        stated = Headers(scope=scope).get("content-length", "")
        too_large = HTTPException(413, f"the request is larger than {limit} bytes")
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            if stated.isdigit() and int(stated) > limit:
                raise too_large
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        return receive_limited

    def _foreign(self, scope: Scope) -> bool:
        """Whether a browser sends this write on behalf of another site. Scripts send neither header."""
        if scope["method"] in _SAFE_METHODS:
            return False
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return True
        origin = headers.get("origin")
        if origin is None:
            return False
        if self.settings.public_origin:
            return origin.lower() != self.settings.public_origin.lower()
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    line = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 1),
        "client": scope["client"][0] if scope.get("client") else None,
    }
    access_log.info(json.dumps(line))
