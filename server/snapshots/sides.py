"""Which side of a split each photo of a project falls on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from export.card import NearDuplicates
from export.near import groups
from export.splits import sides
from server.snapshots.schemas import Selection


class Photo(NamedTuple):
    """A photo of a project, also one that was taken out: it keeps those that look like it together, on its side."""

    id: UUID
    sha256: str
    deleted: bool


def sides_of(
    photos: Sequence[Photo], phashes: Sequence[str | None], settings: Selection
) -> tuple[dict[UUID, str], NearDuplicates | None]:
    """The split of each of N photos, given by age with their N perceptual hashes, and what is to be said of
    near-duplicates among those that were not taken out; without splits nothing of both."""
    if not settings.splits:
        return {}, None
    group = groups(phashes, settings.near_distance)
    named = sides([photo.sha256 for photo in photos], group, settings.splits)
    there = np.array([not photo.deleted for photo in photos], bool)
    sizes = np.bincount(group[there])
    told = NearDuplicates(
        distance=settings.near_distance,
        groups=int((sizes > 1).sum()),
        images=int(sizes[sizes > 1].sum()),
        unreadable=sum(phash is None for phash, here in zip(phashes, there, strict=True) if here),
    )
    return {photo.id: name for photo, name in zip(photos, named, strict=True)}, told
