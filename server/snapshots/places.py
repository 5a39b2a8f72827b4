"""Where snapshots lie: content in DATA/snapshots/HASH, whole or not there, cards in DATA/snapshots/cards/ID.json and
ID.md, and what is under way in DATA/snapshots/.making/ID.

Several snapshots, of several projects even, can have the same content; each has a card of its own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from export import card as cards
from export.card import Card
from export.files import replacing
from server.problems import NotFoundError
from server.settings import Settings

_MAKING = ".making"
_CARDS = "cards"
_HASH = re.compile(r"(\.gone-)?[0-9a-f]{64}")


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


def put(settings: Settings, made: Path, hash_: str) -> None:
    """Move a folder to its place, unless the same content is there already; on disk when this returns."""
    place = place_of(settings, hash_)
    if not place.exists():
        made.rename(place)
    sync(place.parent)


def put_card(settings: Settings, snapshot_id: UUID, card: Card) -> None:
    """Write the card of a snapshot, as JSON and to read."""
    folder = settings.data / "snapshots" / _CARDS
    folder.mkdir(parents=True, exist_ok=True)
    for ending, text in (("json", cards.to_json(card)), ("md", cards.markdown(card))):
        with replacing(folder / f"{snapshot_id}.{ending}") as file:
            file.write(text)


def drop_card(settings: Settings, snapshot_id: UUID) -> None:
    """Remove the card of a snapshot."""
    for ending in ("json", "md"):
        (settings.data / "snapshots" / _CARDS / f"{snapshot_id}.{ending}").unlink(missing_ok=True)


def drop_but(settings: Settings, hashes: Collection[str], ready: Collection[UUID]) -> None:
    """Remove all contents but these, and the cards of all snapshots but these."""
    parent = settings.data / "snapshots"
    for folder in parent.iterdir() if parent.is_dir() else ():
        if _HASH.fullmatch(folder.name) and folder.name not in hashes:
            drop(settings, folder.name.removeprefix(".gone-"))
    named = {str(snapshot_id) for snapshot_id in ready}
    for path in (parent / _CARDS).iterdir() if (parent / _CARDS).is_dir() else ():
        if path.stem not in named:
            path.unlink(missing_ok=True)


def drop(settings: Settings, hash_: str) -> None:
    """Remove the files of a content."""
    place = place_of(settings, hash_)
    gone = place.with_name(f".gone-{hash_}")
    shutil.rmtree(gone, ignore_errors=True)
    if place.is_dir():
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
