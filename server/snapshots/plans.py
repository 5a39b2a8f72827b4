"""What a snapshot's job is to do, as files: its shards are ranges of them, so that all go by the same moment."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from annotation_db.repositories.dataset_rows import ImageRow
from export.files import replacing_bytes
from export.wanted import Plan, PlannedPerson, batches
from server.snapshots.sides import Photo


@dataclass(frozen=True)
class Written:
    """A plan as it was written, but for its persons: images with their numbers, all photos of the project by age, those
    that lack a perceptual hash, and what was left out so far."""

    images: list[tuple[int, ImageRow]]
    everything: list[Photo]
    photos: list[UUID]
    left_out: Counter[str]


def write(folder: Path, plan: Plan, photos: Sequence[UUID], size: int) -> tuple[str, list[tuple[int, int]]]:
    """Write a plan under a name that follows from what it says; returns the name, and the places in the file of
    persons where so many at a time begin and end."""
    lines = [_line(person) for person in plan.persons]
    said = {
        "images": [[number, row.id.hex, *row[1:]] for number, row in plan.images.values()],
        "everything": [[row.id.hex, row.sha256, row.deleted] for row in plan.everything],
        "photos": [id_.hex for id_ in photos],
        "left_out": plan.left_out,
    }
    head, persons = json.dumps(said, sort_keys=True).encode(), b"".join(lines)
    name = f"plan-{hashlib.sha256(head + persons).hexdigest()[:32]}"
    for path, content in ((_persons(folder, name), persons), (_head(folder, name), head)):
        with replacing_bytes(path) as file:
            file.write(content)
    ranges, start = [], 0
    for group in batches(lines, size):
        end = start + sum(map(len, group))
        ranges.append((start, end))
        start = end
    return name, ranges


def read(folder: Path, name: str) -> Written:
    """A plan; raises FileNotFoundError."""
    said = json.loads(_head(folder, name).read_bytes())
    return Written(
        [(number, _row(id_, rest)) for number, id_, *rest in said["images"]],
        [Photo(UUID(id_), sha256, deleted) for id_, sha256, deleted in said["everything"]],
        [UUID(id_) for id_ in said["photos"]],
        Counter(said["left_out"]),
    )


def read_persons(folder: Path, name: str, start: int, end: int) -> list[PlannedPerson]:
    """The persons between two places of a plan; raises FileNotFoundError."""
    with _persons(folder, name).open("rb") as file:
        file.seek(start)
        rows = map(json.loads, file.read(end - start).splitlines())
        return [PlannedPerson(number, UUID(id_), image, UUID(of), taken) for number, id_, image, of, taken in rows]


def _row(id_: str, rest: list[Any]) -> ImageRow:
    return ImageRow(UUID(id_), *rest)


def _line(person: PlannedPerson) -> bytes:
    row = [person.number, person.id.hex, person.image, person.image_id.hex, person.taken]
    return json.dumps(row).encode() + b"\n"


def _head(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _persons(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl"
