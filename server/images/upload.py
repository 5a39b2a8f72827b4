"""Multipart forms, read after access has been checked; files go to disk as they come in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from server.problems import RefusedError

_MOST_FILES = 500  # each is an open file until the request ends
_FIELDS = 20


@dataclass(frozen=True)
class Upload:
    """A file as its sender names it."""

    name: str
    file: BinaryIO


@asynccontextmanager
async def form(request: Request) -> AsyncIterator[FormData]:
    """The request's form; its files are gone when the block ends."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RefusedError("send the files as multipart/form-data")
    try:
        data = await request.form(max_files=_MOST_FILES, max_fields=_FIELDS)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise RefusedError(f"the form cannot be read: {error.detail}") from error
    try:
        yield data
    finally:
        await data.close()


def files_of(data: FormData, field: str) -> list[Upload]:
    """All files of a field."""
    return [Upload(item.filename or "file", item.file) for item in data.getlist(field) if isinstance(item, UploadFile)]


def file_of(data: FormData, field: str) -> Upload:
    """The one file of a field; raises RefusedError when there is none or more."""
    found = files_of(data, field)
    if len(found) != 1:
        raise RefusedError(f"the form must have one file named {field}, not {len(found)}")
    return found[0]
