"""Where snapshots lie: DATA/snapshots/HASH, whole or not there, and DATA/snapshots/.making/ID while they are made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from server.problems import NotFoundError
from server.settings import Settings

_MAKING = ".making"


def folder_of(settings: Settings, hash_: str) -> Path:
    """The folder of a snapshot of this content; raises NotFoundError when it is not there."""
    folder = place_of(settings, hash_)
    if not folder.is_dir():
        raise NotFoundError("the files of this snapshot are not in this data folder")
    return folder


def place_of(settings: Settings, hash_: str) -> Path:
    """Where a snapshot of this content is, or will be."""
    return settings.data / "snapshots" / hash_


def working(settings: Settings, snapshot_id: UUID) -> Path:
    """The folder that a snapshot is made in; made if need be."""
    folder = settings.data / "snapshots" / _MAKING / snapshot_id.hex
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def drop_working(settings: Settings, snapshot_id: UUID) -> None:
    """Remove what was made on the way."""
    shutil.rmtree(settings.data / "snapshots" / _MAKING / snapshot_id.hex, ignore_errors=True)


def drop_working_but(settings: Settings, making: Collection[UUID]) -> None:
    """Remove what was made on the way, but for snapshots that are being made."""
    kept = {snapshot_id.hex for snapshot_id in making}
    parent = settings.data / "snapshots" / _MAKING
    for folder in parent.iterdir() if parent.is_dir() else ():
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def sync(folder: Path) -> None:
    """Have the names in a folder on disk, where folders can be synced at all (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop(settings: Settings, hash_: str) -> None:
    """Remove the files of a snapshot."""
    place = place_of(settings, hash_)
    gone = place.with_name(f".gone-{hash_}")
    shutil.rmtree(gone, ignore_errors=True)
    if place.is_dir():
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
