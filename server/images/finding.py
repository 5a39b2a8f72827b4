"""Which image of a project a name in a COCO file means."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from uuid import UUID

from annotation_db.repositories.images import Named
from export.coco_in import CocoImage
from server.images import names
from server.images.schemas import ImportResult

_ABSENT = "image-missing: the COCO file names this image, but it is neither in the project nor among the files sent"
_SEVERAL = "image-missing: several images could be the one that the COCO file names"
_CLAIMED = (
    "image-missing: only an image of another folder has this name, and another entry of the COCO file names that one"
)


def find(
    rows: Iterable[Named], sent: ImportResult, entries: Mapping[int, CocoImage]
) -> tuple[dict[int, Named], dict[int, str]]:
    """The image of each entry by the entry's id, and the reasons why others have none.

    A name means the file that was sent under it with this import, even if its image has another name in the project,
    else the image of that path. Without either it means an image whose path ends with the name, or is the end of it,
    if there is one such image only, and no other entry means that one.
    """
    known = _Names(rows, sent)
    found: dict[int, Named] = {}
    reasons: dict[int, str] = {}
    loose: dict[int, Named] = {}
    for id_, entry in entries.items():
        name = names.clean(entry.file_name)
        exact, near = known.exact(name), []
        if not exact:
            near = known.near(name)
        if len(exact) == 1:
            found[id_] = exact[0]
        elif len(near) == 1:
            loose[id_] = near[0]
        else:
            reasons[id_] = _SEVERAL if exact or near else _ABSENT
    claims = Counter(row.id for row in loose.values())
    claims.update({row.id for row in found.values()})
    for id_, row in loose.items():
        if claims[row.id] == 1:
            found[id_] = row
        else:
            reasons[id_] = _CLAIMED
    return found, reasons


class _Names:
    """A project's images by their paths, and by those of the files that were just sent."""

    def __init__(self, rows: Iterable[Named], sent: ImportResult) -> None:
        self._by_id: dict[UUID, Named] = {}
        self._by_path: dict[str, Named] = {}
        self._by_last: dict[str, list[Named]] = defaultdict(list)
        for row in rows:
            self._by_id[row.id] = row
            self._by_path[row.file_name] = row
            self._by_last[PurePosixPath(row.file_name).name].append(row)
        self._sent: dict[str, set[UUID]] = defaultdict(set)
        for name, image in _sent_as(sent):
            self._sent[name].add(image)

    def exact(self, name: str) -> list[Named]:
        """Images of this very name."""
        if name in self._sent:
            return [self._by_id[id_] for id_ in self._sent[name] if id_ in self._by_id]
        return [self._by_path[name]] if name in self._by_path else []

    def near(self, name: str) -> list[Named]:
        """Images whose path ends with the name, or is the end of it."""
        same = self._by_last.get(PurePosixPath(name).name, [])
        return [row for row in same if _ends_with(row.file_name, name) or _ends_with(name, row.file_name)]


def _sent_as(sent: ImportResult) -> Iterator[tuple[str, UUID]]:
    """The name that each file came under, in its zip if it came in one, and its image."""
    for item in (*sent.stored, *sent.duplicates):
        yield names.clean(re.split(r"\.zip/", item.file, flags=re.IGNORECASE)[-1]), item.image.id


def _ends_with(path: str, end: str) -> bool:
    return f"/{path}".endswith(f"/{end}")
