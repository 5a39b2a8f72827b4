"""Reads images and persons from a COCO file (https://cocodataset.org/#format-data).

Nothing is trusted: what cannot be annotated is refused by id with a reason, what can be mended is mended with a note.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from annotation.masks import rle_lengths

KEYPOINT_COUNT = 17
_LEAST_SIDE = 1.0  # pixels: a thinner box holds nothing to annotate
_CLIP_NOTICE = 0.01  # pixels: COCO's boxes have two decimals, so a smaller cut is rounding


@dataclass(frozen=True)
class CocoImage:
    """An image entry; width and height as the file states them, in pixels."""

    id: int
    file_name: str
    width: int
    height: int


@dataclass(frozen=True)
class CocoPerson:
    """A person's entry; bbox is x, y, w, h within the image, keypoints are 17 times x, y, visibility or None."""

    id: int
    image_id: int
    bbox: tuple[float, float, float, float]
    area: float
    segmentation: list[list[float]] | dict[str, Any] | None
    keypoints: list[float] | None
    iscrowd: int


@dataclass
class CocoFile:
    """What a COCO file holds for annotation, in file order.

    ``refused`` lists (annotation id, reason) for persons left out, ``notes`` (annotation id, what was changed) for
    persons taken with something mended. Other categories than person are in neither.
    """

    images: list[CocoImage] = field(default_factory=list)
    persons: list[CocoPerson] = field(default_factory=list)
    refused: list[tuple[Any, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)


def read(path: str | Path) -> CocoFile:
    """Reads a COCO file. Raises ValueError, naming the file, if it cannot be read or is no COCO file."""
    name = Path(path).name
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is not JSON ({error})") from error
    try:
        return parse(document)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def parse(document: Any) -> CocoFile:
    """Takes a decoded COCO document apart. Raises ValueError if it is none."""
    if not isinstance(document, dict):
        raise ValueError("is not a COCO file (no JSON object)")
    for key in ("images", "annotations"):
        if not isinstance(document.get(key), list):
            raise ValueError(f"is not a COCO file (no list of {key})")
    result = CocoFile()
    people = _person_categories(document.get("categories"))
    images, broken = _images(document["images"])
    result.images = list(images.values())
    seen: set[int] = set()
    for index, entry in enumerate(document["annotations"]):
        if not isinstance(entry, dict):
            result.refused.append((None, f"annotation number {index} is not an object"))
            continue
        if entry.get("category_id", 1) not in people:
            continue
        try:
            person, notes = _person(entry, images, broken, seen)
        except ValueError as error:
            result.refused.append((entry.get("id"), str(error)))
            continue
        seen.add(person.id)
        result.persons.append(person)
        result.notes += [(person.id, note) for note in notes]
    return result


def _person_categories(categories: Any) -> list[Any]:
    """Ids of the categories named person; 1, as in COCO, where the file names none at all."""
    if not categories:
        return [1]
    if not isinstance(categories, list) or not all(isinstance(c, dict) for c in categories):
        raise ValueError("is not a COCO file (categories is not a list of objects)")
    people = [c.get("id") for c in categories if str(c.get("name")).lower() == "person"]
    if not people:
        raise ValueError(f"no category is named person, only {', '.join(str(c.get('name')) for c in categories[:5])}")
    return people


def _images(entries: list[Any]) -> tuple[dict[int, CocoImage], dict[Any, str]]:
    """Images by id, and the reasons why others are left out by their id."""
    images: dict[int, CocoImage] = {}
    broken: dict[Any, str] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or not _is_id(entry.get("id")):
            broken[f"number {index}"] = "has no integer id"
            continue
        key = entry["id"]
        name, width, height = entry.get("file_name"), entry.get("width"), entry.get("height")
        if key in images:
            broken[key] = "appears twice"
            del images[key]
        elif key in broken:
            continue
        elif not isinstance(name, str) or not _is_safe(name):
            broken[key] = f"has no usable file_name ({name!r:.80})"
        elif not (_is_id(width) and _is_id(height) and width > 0 and height > 0):
            broken[key] = f"has no usable size ({width!r:.20} x {height!r:.20})"
        else:
            images[key] = CocoImage(key, name, width, height)
    return images, broken


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_safe(name: str) -> bool:
    """A relative name below the image folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _person(
    entry: Mapping[str, Any], images: Mapping[int, CocoImage], broken: Mapping[Any, str], seen: set[int]
) -> tuple[CocoPerson, list[str]]:
    """One person and notes on what was mended. Raises ValueError with the reason to leave it out."""
    key, image_id = entry.get("id"), entry.get("image_id")
    if not _is_id(key):
        raise ValueError(f"id {key!r:.80} is not an integer")
    if key in seen:
        raise ValueError(f"id {key} appears twice; the first one is taken")
    if entry.get("iscrowd"):
        raise ValueError("is a crowd, not one person")
    if not _is_id(image_id):
        raise ValueError(f"image_id {image_id!r:.80} is not an integer")
    if image_id not in images:
        raise ValueError(f"image {image_id} {broken.get(image_id, 'is not in the file')}")
    image = images[image_id]
    notes: list[str] = []
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
        iscrowd=0,
    )
    return person, notes


def _number(value: Any) -> float | None:
    """A finite float, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _numbers(values: Any) -> list[float] | None:
    """Finite floats, or None if any is not or there is no list."""
    if not isinstance(values, list):
        return None
    numbers = [number for value in values if (number := _number(value)) is not None]
    return numbers if len(numbers) == len(values) else None


def _clipped_box(value: Any, image: CocoImage, notes: list[str]) -> tuple[float, float, float, float]:
    numbers = _numbers(value)
    if numbers is None or len(numbers) != 4:
        raise ValueError(f"box {value!r:.80} is not four finite numbers")
    x, y, w, h = numbers
    if w <= 0 or h <= 0:
        raise ValueError(f"box {numbers} has no area")
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
        polygons = [_numbers(polygon) for polygon in value]
        usable = [p for p in polygons if p is not None and len(p) >= 6 and len(p) % 2 == 0]
        if len(usable) == len(value):
            return usable
        notes.append("has a segmentation polygon that is not three or more points; the segmentation is left out")
        return None
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
