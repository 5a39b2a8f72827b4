"""Snapshots whose files are not what they were, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from export.snapshots import DamagedError
from server.problems import ConflictError


@contextmanager
def named(snapshots: Mapping[Path, str]) -> Iterator[None]:
    """Damage to files in one of these folders is a ConflictError that names the snapshot."""
    try:
        yield
    except DamagedError as error:
        name = snapshots[error.folder]
        raise ConflictError(f"the snapshot {name!r} is damaged: {error}") from error
