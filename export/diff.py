"""What differs between two snapshots, line by line; memory does not grow with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from export.records import ImageRecord, PersonRecord, image_of, person_of
from export.snapshots import (
    IMAGES,
    UNREADABLE,
    DamagedError,
    image_lines,
    person_lines,
    persons_file,
    read_images,
    require_whole,
    splits_in,
)

How = Literal["added", "removed", "changed"]
Lines = Iterator[tuple[int, bytes]]

_OF_PERSONS = {
    "box": ("bbox",),
    "mask": ("masks", "square"),
    "outline": ("segmentation", "area"),
    "keypoints": ("keypoints",),
    "image": ("image_id",),
    "source": ("source",),
}
_OF_IMAGES = {
    "split": ("split",),
    "file": ("file_name", "width", "height", "sha256"),
    "licence": ("licence", "licence_url", "attribution", "source_url"),
    "tags": ("tags",),
}


@dataclass(frozen=True)
class Difference:
    """An image or a person that is not the same; `image` is the file name, `what` says in what a change is."""

    id: int
    image: str
    how: How
    what: tuple[str, ...] = ()


@dataclass
class Differences:
    """Counts, and the first differences by id."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    what: Counter[str] = field(default_factory=Counter)
    items: list[Difference] = field(default_factory=list)


def diff(old: Path, new: Path, limit: int = 1000) -> tuple[Differences, Differences]:
    """What differs in images and in persons from one snapshot's folder to another's; at most ``limit`` are listed of
    each. Raises DamagedError when one is not what it was."""
    names = {image.id: image.file_name for folder in (old, new) for image in read_images(folder)}

    def name_of(line: bytes) -> str:
        return names[person_of(line).image_id]

    try:
        images = _compare(image_lines(old), image_lines(new), _image_changes, _image_name, limit)
        return images, _compare(person_lines(old), person_lines(new), _person_changes, name_of, limit)
    except DamagedError:
        raise
    except UNREADABLE:  # a record that is no record: was it always?
        for folder in (old, new):
            require_whole(folder, [IMAGES, *map(persons_file, splits_in(folder))])
        raise


def _compare(
    old: Lines,
    new: Lines,
    changes: Callable[[bytes, bytes], tuple[str, ...]],
    image_name: Callable[[bytes], str],
    limit: int,
) -> Differences:
    found = Differences()
    for id_, before, after in _side_by_side(old, new):
        if before == after:
            found.same += 1
            continue
        how: How = "added" if before is None else "removed" if after is None else "changed"
        what = changes(before, after) if before is not None and after is not None else ()
        setattr(found, how, getattr(found, how) + 1)
        found.what.update(what)
        if len(found.items) < limit:
            found.items.append(Difference(id_, image_name(after or before or b""), how, what))
    return found


def _side_by_side(old: Lines, new: Lines) -> Iterator[tuple[int, bytes | None, bytes | None]]:
    """The lines of two streams by id, None where a stream has none."""
    a, b = next(old, None), next(new, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield a[0], a[1], None
            a = next(old, None)
        elif a is None or b[0] < a[0]:
            yield b[0], None, b[1]
            b = next(new, None)
        else:
            yield a[0], a[1], b[1]
            a, b = next(old, None), next(new, None)


def _image_name(line: bytes) -> str:
    return image_of(line).file_name


def _image_changes(old: bytes, new: bytes) -> tuple[str, ...]:
    return _named(_OF_IMAGES, image_of(old), image_of(new))


def _person_changes(old: bytes, new: bytes) -> tuple[str, ...]:
    a, b = person_of(old), person_of(new)
    points = ("points",) if not _same_points(a, b) else ()
    return points + _named(_OF_PERSONS, a, b)


def _same_points(a: PersonRecord, b: PersonRecord) -> bool:
    pairs = zip(vars(a.points).values(), vars(b.points).values(), strict=True)
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in pairs)


def _named(groups: dict[str, tuple[str, ...]], a: ImageRecord | PersonRecord, b: Any) -> tuple[str, ...]:
    return tuple(name for name, keys in groups.items() if any(getattr(a, key) != getattr(b, key) for key in keys))
