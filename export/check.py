"""Checks a DensePose-COCO file from the reader's side: what would the reference code make of it?

Nothing of the writer is used. Each problem names the annotation, the rule, and what happens if it stays. The file is
streamed: of its persons only the ids are kept.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from export.check_person import check_person
from export.check_rules import LISTED, RULES, WARNINGS, Problem, Report, is_integer
from export.stream import Item, items
from surface.body import Body

__all__ = ["RULES", "WARNINGS", "Problem", "Report", "check", "check_document"]

_LISTS = ("images", "annotations")
_NONE = -(2**63)
_ORIENTATION = 274  # EXIF tag; 5 to 8 turn the picture by a quarter


def check(
    path: str | Path,
    images: str | Path | None = None,
    body: Body | None = None,
    limit: int = LISTED,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Checks a file of any size; memory grows with its images, and by 16 bytes for each person.

    :param images: folder in which every image of the file must be, in the size that is stated.
    :param body: that dp_vertex must be on, whatever ref_model says.
    :param limit: problems of one rule that are listed; all are counted.
    :param progress: told the bytes read so far, from time to time.
    :raises ValueError: naming the file, if it cannot be read or is no COCO file at all.
    """
    checker = _Checker(limit, None if images is None else Path(images), body)
    late = _read(path, checker, progress)
    if late:  # persons came before the images that they are in
        for item in items(path):
            if item.key == "annotations" and item.number >= 0:
                checker.person(item.number, item.value)
    return checker.finish()


def _read(path: str | Path, checker: _Checker, progress: Callable[[int], None] | None) -> bool:
    """Takes in a file; whether its persons could not be checked, because the images stand behind them."""
    lists: set[str | None] = set()
    late = False
    for item in items(path):
        if item.number < 0:
            _check_kind(path, item)
            lists.add(item.key)
            late = late or (item.key == "annotations" and "images" not in lists)
        elif item.key == "images":
            checker.image(item.number, item.value)
        elif item.key == "categories":
            checker.category(item.value)
        elif item.key == "annotations" and not late:
            checker.person(item.number, item.value)
        if progress and item.number % 64 == 0:
            progress(item.end)
    if not lists >= set(_LISTS):
        raise ValueError(f"{Path(path).name}: is not a COCO file (no lists of images and annotations)")
    return late


def _check_kind(path: str | Path, item: Item) -> None:
    if item.key is None or (item.key in _LISTS and item.value != []):
        raise ValueError(f"{Path(path).name}: is not a COCO file (no lists of images and annotations)")


def check_document(document: Mapping[str, Any], limit: int = LISTED, body: Body | None = None) -> Report:
    """Checks a decoded document with lists ``images`` and ``annotations``."""
    checker = _Checker(limit, None, body)
    categories = document.get("categories")
    for number, entry in enumerate(document["images"]):
        checker.image(number, entry)
    for entry in categories if isinstance(categories, list) else []:
        checker.category(entry)
    for number, entry in enumerate(document["annotations"]):
        checker.person(number, entry)
    return checker.finish()


class _Checker:
    """Takes images, categories and persons one by one, all images before the first person."""

    def __init__(self, limit: int, folder: Path | None, body: Body | None) -> None:
        self._report = Report(limit=limit)
        self._folder = folder
        self._body = body
        self._totals = Counter({"images": 0, "persons": 0, "annotated": 0, "points": 0, "masks": 0})
        self._images: dict[int, tuple[int, int]] = {}
        self._sizes: dict[tuple[int, int], tuple[int, int]] = {}  # one of each, since most images share theirs
        self._people: set[int] = set()
        self._named = False
        self._ids = array("q")  # of every annotation, and its category beside it
        self._categories = array("q")

    def image(self, number: int, entry: Any) -> None:
        """An entry of ``images``."""
        self._totals["images"] += 1
        fault = None
        if not isinstance(entry, dict) or not is_integer(entry.get("id")):
            fault = "has no integer id"
        elif entry["id"] in self._images:
            fault = f"has the id {entry['id']} of another image"
        elif not isinstance(entry.get("file_name"), str) or not entry["file_name"]:
            fault = f"(id {entry['id']}) has no file_name"
        elif not all(is_integer(entry.get(key)) and 0 < entry[key] < 2**31 for key in ("width", "height")):
            fault = f"(id {entry['id']}) has no size"
        if fault:
            self._report.add(None, "image-entry", f"image number {number} {fault}")
            return
        size = entry["height"], entry["width"]
        self._images[entry["id"]] = self._sizes.setdefault(size, size)
        if self._folder is not None:
            self._file(self._folder, entry)

    def _file(self, folder: Path, entry: Mapping[str, Any]) -> None:
        """The image itself, as far as its head tells."""
        name, stated = entry["file_name"], (entry["width"], entry["height"])
        try:
            with Image.open(folder / name) as image:
                turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
                size = image.size[::-1] if turned else image.size
        except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "is no image"
            self._report.add(None, "image-file", f"image {entry['id']}: {name!r:.200}: {reason}")
            return
        if size != stated:
            told = f"has {size[0]} x {size[1]} pixels, the file says {stated[0]} x {stated[1]}"
            self._report.add(None, "image-size", f"image {entry['id']}: {name!r:.200} {told}")

    def category(self, entry: Any) -> None:
        """An entry of ``categories``."""
        if not isinstance(entry, dict) or entry.get("name") != "person":
            return
        self._named = True
        if not isinstance(entry.get("keypoints"), list) or len(entry["keypoints"]) != 17:
            self._report.add(None, "category", "the category person does not name 17 keypoints")
        if is_integer(entry.get("id")):
            self._people.add(entry["id"])

    def person(self, number: int, entry: Any) -> None:
        """An entry of ``annotations``."""
        if not isinstance(entry, dict):
            self._report.add(None, "annotation-entry", f"annotation number {number} is no object")
            entry = {}
        else:
            self._checked(number, entry)
        self._ids.append(_whole(entry.get("id")))
        self._categories.append(_whole(entry.get("category_id")))

    def _checked(self, number: int, entry: Mapping[str, Any]) -> None:
        shown = entry.get("id", f"number {number}")
        for rule, message in check_person(entry, self._images, self._body):
            self._report.add(shown, rule, message)
        if "category_id" in entry and _whole(entry["category_id"]) == _NONE:
            self._report.add(shown, "category", f"category_id {entry['category_id']!r:.80} is no integer")
        self._totals["persons"] += 1
        if isinstance(entry.get("dp_x"), list):
            self._totals["annotated"] += 1
            self._totals["points"] += len(entry["dp_x"])
            if isinstance(entry.get("dp_masks"), list):
                self._totals["masks"] += sum(map(bool, entry["dp_masks"]))

    def finish(self) -> Report:
        """The report, with what only the whole file tells."""
        ids, categories = np.frombuffer(self._ids, np.int64), np.frombuffer(self._categories, np.int64)
        if not self._named:
            self._report.add(None, "category", "no category is named person")
        elif self._people:
            for number in np.flatnonzero(~np.isin(categories, [*self._people, _NONE])).tolist():
                shown = f"number {number}" if ids[number] == _NONE else int(ids[number])
                self._report.add(shown, "category", f"category_id {categories[number]} is not that of person")
        known, counts = np.unique(ids[ids != _NONE], return_counts=True)
        for key, count in zip(known[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True):
            self._report.add(key, "id-unique", f"{count} annotations have this id", count)
        self._report.counts = dict(self._totals)
        return self._report


def _whole(value: Any) -> int:
    """An integer that arrays hold, as it is; ``_NONE`` for anything else."""
    return value if is_integer(value) and abs(value) < -_NONE else _NONE
