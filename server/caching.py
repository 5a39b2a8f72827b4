"""Responses for content that never changes, and cache files that are whole or absent."""

import os
import tempfile
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse

IMMUTABLE = "private, max-age=31536000, immutable"


def not_modified(etag: str, if_none_match: str | None) -> Response | None:
    """A 304 when the client has it already."""
    tags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return Response(status_code=304, headers=_headers(etag)) if tags & {f'"{etag}"', "*"} else None


def immutable_file(path: Path, etag: str, media_type: str) -> FileResponse:
    """A file that never changes under its address."""
    return FileResponse(path, media_type=media_type, headers=_headers(etag))


def immutable_bytes(content: bytes, etag: str, media_type: str) -> Response:
    """Content that never changes under its address."""
    return Response(content, media_type=media_type, headers=_headers(etag))


def immutable_stream(stream: StreamingResponse, etag: str) -> StreamingResponse:
    """Add the headers of content that never changes."""
    stream.headers.update(_headers(etag))
    return stream


def write_whole(path: Path, content: bytes) -> None:
    """Write a cache file: whole or not at all, also with several writers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": f'"{etag}"', "Cache-Control": IMMUTABLE}
