"""Snapshots as dataset files."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi.responses import FileResponse

from annotation_db.repositories import snapshots
from export.files import all_or_none
from export.formats import require_format, write
from export.on_body import transferred_from
from export.photos import copy_photo
from export.snapshots import (
    IMAGES,
    UNREADABLE,
    DamagedError,
    persons_file,
    read_images,
    read_persons,
    require_whole,
    splits_in,
)
from server.exports.downloads import download_of
from server.problems import RefusedError
from server.snapshots import places
from server.snapshots.cards import card_of
from server.snapshots.damaged import named
from server.snapshots.service import ready
from server.state import State


@dataclass
class SnapshotExport:
    """Files written, counts over all of them, and how many images were left out since they were withdrawn."""

    files: list[Path] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0


@dataclass(frozen=True)
class _Source:
    name: str
    hash: str
    folder: Path
    body_hash: str
    info: dict[str, Any]
    labels: dict[str, Any]
    withdrawn: frozenset[str]


def export(
    state: State, snapshot_id: UUID, out: Path, format_: str, images: bool = False, split: str | None = None
) -> SnapshotExport:
    """Write a snapshot into a folder: a file for each split, or one split, without what was withdrawn since. All files
    appear or none.

    :param images: copy the photos, too, to ``images/``.
    :raises NotFoundError: no such snapshot.
    :raises RefusedError: no such split.
    :raises ConflictError: files of the snapshot are not what they were.
    :raises ValueError: it cannot be written like this; the message says why.
    """
    source = _source(state, snapshot_id)
    with named({source.folder: source.name}):
        names = splits_in(source.folder)
    if split is not None and split not in names:
        raise RefusedError(f"the snapshot has {_listed(names)}, not {split!r}")
    done = SnapshotExport()
    with named({source.folder: source.name}), all_or_none(out) as staged:
        for name in names if split is None else [split]:
            path = staged / f"{format_}{'-' * bool(name)}{name}.json"
            done.counts.update(_write(state, source, name, path, format_, done))
            done.files.append(out / path.name)
            if images:
                for image in read_images(source.folder, name):
                    if image.sha256 not in source.withdrawn:
                        copy_photo(state.blobs, image.sha256, image.file_name, staged / "images")
    return done


def download(state: State, snapshot_id: UUID, format_: str, split: str | None) -> FileResponse:
    """One split of a snapshot, or all of one without splits, as a file; raises RefusedError, NotFoundError,
    ConflictError."""
    source = _source(state, snapshot_id)
    with named({source.folder: source.name}):
        names = splits_in(source.folder)
    if split is None and len(names) > 1:
        raise RefusedError(f"split: name one; the snapshot has {_listed(names)}")
    chosen = names[0] if split is None else split
    if chosen not in names:
        raise RefusedError(f"split: the snapshot has {_listed(names)}, not {chosen!r}")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", source.name).strip("-.") or "snapshot"

    def made(path: Path) -> None:
        with named({source.folder: source.name}):
            _write(state, source, chosen, path, format_, SnapshotExport())

    return download_of(state, f"{stem}{'-' * bool(chosen)}{chosen}-{format_}.json", made)


def _write(state: State, source: _Source, split: str, path: Path, format_: str, done: SnapshotExport) -> dict[str, int]:
    body = state.bodies.by_hash(source.body_hash).body
    require_format(format_, body)
    there, gone = {}, 0
    for image in read_images(source.folder, split):
        if image.sha256 in source.withdrawn:
            gone += 1
        else:
            there[image.id] = image
    done.withdrawn += gone
    info = source.info | ({"withdrawn_images": gone} if gone else {})
    try:
        return write(
            format_,
            path,
            body,
            there.values(),
            read_persons(source.folder, split, there),
            info={"description": source.name, "version": "1.0", "densemark": info},
            labels=source.labels,
        )
    except DamagedError:
        raise
    except UNREADABLE:  # a record that cannot be written: is it what it was?
        require_whole(source.folder, [IMAGES, persons_file(split)])
        raise


def _source(state: State, snapshot_id: UUID) -> _Source:
    with state.database.read() as session:
        row = ready(session, snapshot_id)
        withdrawn = frozenset(snapshots.withdrawn_of(session, snapshot_id).values())
    assert row.hash is not None
    assert row.card is not None
    card = card_of(row.card)
    info: dict[str, Any] = {
        "project": str(row.project_id),
        "snapshot": row.hash,
        "body": card.body,
        "body_hash": card.body_hash,
    }
    labels: dict[str, Any] = {}
    if card.transferred_from is not None:
        made_on = {"body": card.transferred_from.body, "body_hash": card.transferred_from.body_hash}
        info["transferred_from"] = transferred_from(made_on, card.transferred_from.figures)
        labels["transferred_from"] = made_on
    folder = places.folder_of(state.settings, row.hash)
    return _Source(row.name, row.hash, folder, card.body_hash, info, labels, withdrawn)


def _listed(names: list[str]) -> str:
    return "no splits" if names == [""] else f"the splits {', '.join(names)}"
