"""Reads images and persons from a COCO file (https://cocodataset.org/#format-data), with DensePose data if it has any.

Nothing is trusted: what cannot be annotated is refused by id with a reason, what can be mended is mended with a note.
The file is streamed twice, so that it may be of any size: once for everything but the persons, once for these.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from annotation.masks import rle_lengths
from annotation.polygons import polygon_fault
from export.check_person import bbox_fault, is_dense
from export.check_rules import are_numbers, is_number
from export.dense_in import Dense, dense, kept_masks
from export.stream import Item, items

KEYPOINT_COUNT = 17
_LEAST_SIDE = 1.0  # pixels: a thinner box holds nothing to annotate
_CLIP_NOTICE = 0.01  # pixels: COCO's boxes have two decimals, so a smaller cut is rounding
LARGEST_ID = 10**15  # from here on ids are not kept in exports: not every reader of JSON holds them exactly
_MESHES = 5  # names of meshes that are told

Progress = Callable[[int], None]
"""Told the bytes that were read, from time to time."""


@dataclass(frozen=True, slots=True)
class CocoImage:
    """An image entry; width and height as the file states them, in pixels."""

    id: int
    file_name: str
    width: int
    height: int
    licence_id: int | None = None
    source_url: str | None = None
    attribution: str | None = None


@dataclass(frozen=True)
class CocoPerson:
    """A person's entry.

    :param bbox: x, y, w, h within the image.
    :param keypoints: 17 times x, y, visibility; None without any that is labelled.
    :param notes: what was mended.
    :param dense: points and part masks, if it has them.
    :param entry: the entry as it stood in the file, but for its points and for what cannot be used.
    """

    id: int
    image_id: int
    bbox: tuple[float, float, float, float]
    area: float
    segmentation: list[list[float]] | dict[str, Any] | None
    keypoints: list[float] | None
    notes: list[str]
    dense: Dense | None
    entry: dict[str, Any]


class Refused(NamedTuple):
    """A person that is left out: its id, None if it has none, and why."""

    id: Any
    reason: str


@dataclass
class CocoFile:
    """What a COCO file holds beside its persons.

    :param images: by id.
    :param broken: reasons why other images are left out, by their id.
    :param people: ids of the categories named person.
    :param licences: name and URL by id.
    :param info: the file's own description.
    :param annotations: how many there are, of all categories.
    :param dense: how many of them carry DensePose data.
    :param charts: whether any of these names charts.
    :param meshes: some of the names of meshes that vertices are on.
    :param repeated: annotation ids that stand more than once.
    """

    path: Path
    images: dict[int, CocoImage] = field(default_factory=dict)
    broken: dict[Any, str] = field(default_factory=dict)
    people: list[Any] = field(default_factory=list)
    licences: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    annotations: int = 0
    dense: int = 0
    charts: bool = False
    meshes: set[str] = field(default_factory=set)
    repeated: frozenset[int] = frozenset()


def survey(path: str | Path, progress: Progress | None = None) -> CocoFile:
    """Reads everything but the persons. Raises ValueError, naming the file, if it cannot be read or is no COCO file."""
    survey = _Survey(Path(path))
    for item in items(path):
        try:
            survey.take(item)
        except ValueError as error:
            raise ValueError(f"{Path(path).name}: {error}") from error
        _tell(progress, item)
    try:
        return survey.finish()
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from error


def persons(coco: CocoFile, progress: Progress | None = None) -> Iterator[CocoPerson | Refused]:
    """The persons of a surveyed file in its order, and those that are left out. Other categories than person are
    neither."""
    seen: set[int] = set()
    for item in items(coco.path):
        _tell(progress, item)
        if item.key != "annotations" or item.number < 0:
            continue
        entry = item.value
        if not isinstance(entry, dict):
            yield Refused(None, f"annotation number {item.number} is not an object")
            continue
        if entry.get("category_id", 1) not in coco.people:
            continue
        try:
            person = _person(entry, coco, seen)
        except ValueError as error:
            yield Refused(entry.get("id"), str(error))
            continue
        if person.id in coco.repeated:
            seen.add(person.id)
        yield person


def _tell(progress: Progress | None, item: Item) -> None:
    if progress and item.number % 64 == 0:
        progress(item.end)


class _Survey:
    """Takes the pieces of a file."""

    def __init__(self, path: Path) -> None:
        self._file = CocoFile(path)
        self._lists: set[str | None] = set()
        self._categories: list[Any] = []
        self._ids = array("q")

    def take(self, item: Item) -> None:
        """Raises ValueError where a COCO file has something else."""
        if item.number < 0:
            self._whole(item.key, item.value)
        elif item.key == "images":
            _add_image(self._file, item.number, item.value)
        elif item.key == "annotations":
            self._annotation(item.value)
        elif item.key == "categories":
            if not isinstance(item.value, dict):
                raise ValueError("is not a COCO file (categories is not a list of objects)")
            self._categories.append(item.value)
        elif item.key == "licenses" and isinstance(item.value, dict) and _is_id(item.value.get("id")):
            self._file.licences[item.value["id"]] = _text(item.value.get("name"), 300), _text(item.value.get("url"))

    def _whole(self, key: str | None, value: Any) -> None:
        if key is None:
            raise ValueError("is not a COCO file (no JSON object)")
        if key in ("images", "annotations") and value != []:
            raise ValueError(f"is not a COCO file (no list of {key})")
        if key == "categories" and value:
            raise ValueError("is not a COCO file (categories is not a list of objects)")
        if key == "info" and isinstance(value, dict):
            self._file.info = value
        self._lists.add(key)

    def _annotation(self, entry: Any) -> None:
        self._file.annotations += 1
        if not isinstance(entry, dict):
            return
        if _is_id(entry.get("id")) and abs(entry["id"]) < 2**63:
            self._ids.append(entry["id"])
        if is_dense(entry):
            self._file.dense += 1
            self._file.charts = self._file.charts or "dp_I" in entry
            if isinstance(entry.get("ref_model"), str) and len(self._file.meshes) < _MESHES:
                self._file.meshes.add(entry["ref_model"])

    def finish(self) -> CocoFile:
        """What the file holds. Raises ValueError unless it has images and annotations, and persons among these."""
        for key in ("images", "annotations"):
            if key not in self._lists:
                raise ValueError(f"is not a COCO file (no list of {key})")
        self._file.people = _person_categories(self._categories)
        ids, counts = np.unique(np.frombuffer(self._ids, np.int64), return_counts=True)
        self._file.repeated = frozenset(ids[counts > 1].tolist())
        return self._file


def _person_categories(categories: list[dict[str, Any]]) -> list[Any]:
    """Ids of the categories named person; 1, as in COCO, where the file names none at all."""
    if not categories:
        return [1]
    people = [c.get("id") for c in categories if str(c.get("name")).lower() == "person"]
    if not people:
        raise ValueError(f"no category is named person, only {', '.join(str(c.get('name')) for c in categories[:5])}")
    return people


def _add_image(coco: CocoFile, number: int, entry: Any) -> None:
    if not isinstance(entry, dict) or not _is_id(entry.get("id")):
        coco.broken[f"number {number}"] = "has no integer id"
        return
    key = entry["id"]
    name, width, height = entry.get("file_name"), entry.get("width"), entry.get("height")
    if key in coco.images:
        coco.broken[key] = "appears twice"
        del coco.images[key]
    elif key in coco.broken:
        return
    elif not isinstance(name, str) or not _is_safe(name):
        coco.broken[key] = f"has no usable file_name ({name!r:.80})"
    elif not (_is_id(width) and _is_id(height) and width > 0 and height > 0):
        coco.broken[key] = f"has no usable size ({width!r:.20} x {height!r:.20})"
    else:
        links = [_text(entry.get(key)) for key in ("coco_url", "flickr_url", "source_url")]
        known = [link for link in links if link]
        attribution = _text(entry.get("attribution"), 500) or (_text(links[1], 500) if links[0] else None)
        licence = entry.get("license")
        coco.images[key] = CocoImage(
            key, name, width, height, licence if _is_id(licence) else None, known[0] if known else None, attribution
        )


def _text(value: Any, longest: int = 2000) -> str | None:
    """Text that any database keeps; None for anything else, and for what is empty or too long."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
        return None
    return value.encode("utf-8", "replace").decode()


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_safe(name: str) -> bool:
    """A relative name below the image folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _person(entry: Mapping[str, Any], coco: CocoFile, seen: set[int]) -> CocoPerson:
    """One person. Raises ValueError with the reason to leave it out."""
    key, image_id = entry.get("id"), entry.get("image_id")
    if not _is_id(key):
        raise ValueError(f"id {key!r:.80} is not an integer")
    if key < 1:
        raise ValueError(f"id-positive: id is {key}, which evaluators read as unmatched; ids begin at 1")
    if key in seen:
        raise ValueError(f"id-unique: id {key} appears twice; the first one is taken")
    if entry.get("iscrowd"):
        raise ValueError("is a crowd, not one person")
    if not _is_id(image_id):
        raise ValueError(f"image_id {image_id!r:.80} is not an integer")
    if image_id not in coco.images:
        raise ValueError(f"image-missing: image {image_id} {coco.broken.get(image_id, 'is not in the file')}")
    image = coco.images[image_id]
    notes: list[str] = []
    if key >= LARGEST_ID:
        notes.append("has an id of more than 15 digits: it is exported under another one")
    bbox = _clipped_box(entry.get("bbox"), image, notes)
    area = _number(entry.get("area"))
    if area is None or area <= 0:
        area = bbox[2] * bbox[3]
        notes.append("has no usable area; that of its box is taken")
    person = CocoPerson(
        id=key,
        image_id=image_id,
        bbox=bbox,
        area=area,
        segmentation=_segmentation(entry.get("segmentation"), image, notes),
        keypoints=_keypoints(entry.get("keypoints"), notes),
        notes=notes,
        dense=dense(entry) if is_dense(entry) else None,
        entry={"id": key, "image_id": image_id, "bbox": [float(value) for value in entry["bbox"]], "area": area},
    )
    _keep(person, entry)
    return person


def _keep(person: CocoPerson, entry: Mapping[str, Any]) -> None:
    """Complete the entry that is kept as it stood."""
    if person.segmentation is not None:
        person.entry["segmentation"] = person.segmentation
    keypoints = _numbers(entry.get("keypoints"))
    if keypoints is not None and len(keypoints) == 3 * KEYPOINT_COUNT:
        person.entry["keypoints"] = keypoints
    if person.dense is not None:
        person.entry["dp_masks"] = kept_masks(entry["dp_masks"])
        if person.dense.mesh is not None:
            person.entry["ref_model"] = person.dense.mesh


def _number(value: Any) -> float | None:
    """A finite float, or None for anything else."""
    return float(value) if is_number(value) else None


def _numbers(values: Any) -> list[float] | None:
    """Finite floats, or None if any is not or there is no list."""
    return [float(value) for value in values] if isinstance(values, list) and are_numbers(values) else None


def _clipped_box(value: Any, image: CocoImage, notes: list[str]) -> tuple[float, float, float, float]:
    if fault := bbox_fault(value):
        raise ValueError(f"box {value!r:.80} {fault}")
    x, y, w, h = numbers = [float(number) for number in value]
    left, top, right, bottom = max(0.0, x), max(0.0, y), min(float(image.width), x + w), min(float(image.height), y + h)
    if right <= left or bottom <= top:
        raise ValueError(f"box {numbers} lies outside its image of {image.width}x{image.height}")
    cut = max(left - x, top - y, x + w - right, y + h - bottom)
    if cut > 0:
        x, y, w, h = left, top, right - left, bottom - top
    if cut > _CLIP_NOTICE:
        notes.append(f"box {numbers} reaches outside its image of {image.width}x{image.height} and is clipped")
    if w < _LEAST_SIDE or h < _LEAST_SIDE:
        raise ValueError(f"box {[x, y, w, h]} is less than a pixel wide or high")
    return x, y, w, h


def _segmentation(value: Any, image: CocoImage, notes: list[str]) -> list[list[float]] | dict[str, Any] | None:
    """Polygons or RLE as given, or None with a note if unusable."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        for index, polygon in enumerate(value):
            if fault := polygon_fault(polygon):
                notes.append(f"has a segmentation whose polygon {index} {fault}; it is left out")
                return None
        return [[float(number) for number in polygon] for polygon in value]
    try:
        if not isinstance(value, dict):
            raise ValueError("it is neither polygons nor RLE")
        if rle_lengths(value)[:2] != (image.height, image.width):
            raise ValueError(f"its size is {value['size']}, the image's {[image.height, image.width]}")
    except ValueError as error:
        notes.append(f"has an unusable segmentation ({error}); it is left out")
        return None
    return {"size": list(value["size"]), "counts": value["counts"]}


def _keypoints(value: Any, notes: list[str]) -> list[float] | None:
    """51 numbers, or None with a note if unusable; None too if no keypoint is labelled."""
    if value is None or value == []:
        return None
    numbers = _numbers(value)
    if numbers is None or len(numbers) != 3 * KEYPOINT_COUNT or not set(numbers[2::3]) <= {0.0, 1.0, 2.0}:
        notes.append("has keypoints that are not 17 times x, y, visibility; they are left out")
        return None
    return numbers if any(numbers[2::3]) else None
