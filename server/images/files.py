"""The photo itself and its thumbnails."""

import io
from collections.abc import Iterator
from typing import BinaryIO
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from PIL import Image

from annotation_db import models
from server.caching import immutable_file, immutable_stream, not_modified, write_whole
from server.images import service
from server.problems import NotFoundError
from server.state import State

_SIZES = (128, 256, 512, 1024)
_CHUNK = 1 << 18


def photo(state: State, image_id: UUID, if_none_match: str | None) -> Response:
    """The upright photo."""
    row = _row(state, image_id)
    if unchanged := not_modified(row.blob, if_none_match):
        return unchanged
    path = state.blobs.local_path(row.blob)
    if path is not None:
        return immutable_file(path, row.blob, row.media_type)
    chunks = _chunks(_open(state, row))
    return immutable_stream(StreamingResponse(chunks, media_type=row.media_type), row.blob)


def thumbnail(state: State, image_id: UUID, size: int, if_none_match: str | None) -> Response:
    """A small WebP, made once and kept on disk."""
    row = _row(state, image_id)
    side = next(step for step in _SIZES if step >= size)
    etag = f"{row.blob[:32]}-{side}"
    if unchanged := not_modified(etag, if_none_match):
        return unchanged
    path = state.settings.data / "cache" / "thumbnails" / row.blob[:2] / f"{etag}.webp"
    if not path.exists():
        with _open(state, row) as file, Image.open(file) as image:
            image.draft("RGB", (side * 2, side * 2))  # JPEGs decode at a fraction of their size
            small = image.convert("RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2)
        encoded = io.BytesIO()
        small.save(encoded, "WEBP", quality=80)
        write_whole(path, encoded.getvalue())
    return immutable_file(path, etag, "image/webp")


def _row(state: State, image_id: UUID) -> models.Image:
    with state.database.read() as session:
        return service.existing(session, image_id)


def _open(state: State, row: models.Image) -> BinaryIO:
    try:
        return state.blobs.open(row.blob)
    except FileNotFoundError as error:
        raise NotFoundError("the file of this image is missing from the blob store") from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
