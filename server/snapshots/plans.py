"""What a snapshot's job is to do, as a file: its shards are ranges of it, so that all of them go by the same moment."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from export.files import replacing_bytes
from export.wanted import Plan, PlannedPerson


@dataclass(frozen=True)
class Written:
    """A plan as it was written: persons by ascending number, images with their numbers, photos that lack a perceptual
    hash, and what was left out so far."""

    persons: list[PlannedPerson]
    images: dict[UUID, int]
    photos: list[UUID]
    left_out: Counter[str]


def write(folder: Path, plan: Plan, photos: Sequence[UUID]) -> str:
    """Write a plan, under a name that follows from what it says; returns the name."""
    said = {
        "persons": [[p.number, p.id.hex, p.image, p.image_id.hex, p.taken] for p in plan.persons],
        "images": [[id_.hex, number] for id_, (number, _) in plan.images.items()],
        "photos": [id_.hex for id_ in photos],
        "left_out": plan.left_out,
    }
    content = json.dumps(said, sort_keys=True).encode()
    name = f"plan-{hashlib.sha256(content).hexdigest()[:32]}.json"
    with replacing_bytes(folder / name) as file:
        file.write(content)
    return name


def read(folder: Path, name: str) -> Written:
    """A plan; raises FileNotFoundError."""
    said = json.loads((folder / name).read_bytes())
    return Written(
        [PlannedPerson(number, UUID(id_), image, UUID(of), taken) for number, id_, image, of, taken in said["persons"]],
        {UUID(id_): number for id_, number in said["images"]},
        [UUID(id_) for id_ in said["photos"]],
        Counter(said["left_out"]),
    )
