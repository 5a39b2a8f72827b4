"""Checks a DensePose-COCO file from the reader's side: what would the reference code make of it?

Nothing of the writer is used. Each problem names the annotation, the rule, and what happens if it stays.
"""

import contextlib
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from pycocotools.coco import COCO

from annotation.masks import rle_lengths
from export.reference import (
    CHART_COUNT,
    CHART_TO_MASK,
    MASK_COUNT,
    MASK_SIDE,
    image_positions,
    labels_at,
    read_person,
)

RULES: dict[str, str] = {
    "image-entry": "images without a unique integer id, file_name and size cannot be loaded",
    "category": "the reader looks for the category person with its 17 keypoints and finds none",
    "annotation-entry": "the reader stops at the first entry that is not an object",
    "id-integer": "ids are kept in arrays of numbers; this one is refused",
    "id-positive": "the evaluator reads id 0 as unmatched: this person counts as missed even when found",
    "id-unique": "the index keeps the last of them; the other person is lost, or counted twice",
    "image-missing": "the person belongs to no image and is never seen, or the loader stops with a KeyError",
    "key-missing": "the loader stops with a KeyError",
    "bbox": "crops, point positions and masks are all relative to the box and come out wrong or not finite",
    "area": "areas decide between medium and large; this person is sorted wrongly or dropped",
    "iscrowd": "crowds are left out of training and matched by other rules in evaluation",
    "ignore": "the evaluator leaves the person out",
    "segmentation-empty": "the loader stops, or drops the person",
    "segmentation-polygon": "a polygon of fewer than 3 points stops the mask rasteriser, a far one takes all memory",
    "segmentation-rle": "the mask does not decode, or to the wrong size",
    "keypoints": "the keypoint loader reshapes to 17 x 3 and stops",
    "points-incomplete": "the reader takes a person for annotated by some keys and stops at the missing ones",
    "points-empty": "a person with an empty dp_x gives tensors of no points, and the loss of its batch is lost or NaN",
    "points-length": "coordinates are paired by position: the points are paired wrongly or the reader stops",
    "points-number": "one NaN or non-number makes the loss of its whole batch NaN",
    "points-float": "a list of integers becomes an integer tensor, and the mirror augmentation truncates it",
    "points-range": "the point lies outside its box and is sampled from a neighbour or dropped",
    "chart-range": "charts are used as indices 1..24: the reader stops or the evaluator skips the point",
    "uv-range": "the mirror table is read at [v * 255, u * 255] and stops beyond 1; losses pull out of the chart",
    "vertex": "vertices are used as indices of the mesh named by ref_model",
    "masks-missing": "one person without dp_masks drops the mask loss of its whole batch",
    "masks-count": "masks are told apart by position: all after the missing one are other parts",
    "mask-size": "the reader merges masks into 256 x 256 and stops at any other size",
    "mask-rle": "the mask does not decode",
    "point-off-mask": "the point lies on no part mask: the segmentation and the point teach opposite things",
    "chart-off-mask": "the chart is not of the part painted there: segmentation and point teach opposite things",
    "pycocotools": "pycocotools, through which every reader loads the file, stops",
}
"""Rule and what the reference code does with a file that breaks it."""

WARNINGS = frozenset({"point-off-mask", "chart-off-mask"})
"""Rules that a file may break and still be read."""

_FAR = 1_000_000  # pixels
_POINT_KEYS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
_VERTEX_KEYS = ("dp_x", "dp_y", "dp_vertex", "ref_model")
_REQUIRED = ("image_id", "bbox", "area", "category_id", "iscrowd", "segmentation")


@dataclass(frozen=True)
class Problem:
    """One broken rule.

    :param annotation_id: None where the file as a whole is meant.
    :param consequence: what the reference code does with it.
    :param severity: "error", or "warning" where the file can still be read.
    """

    annotation_id: Any
    rule: str
    message: str
    consequence: str
    severity: str

    def __str__(self) -> str:
        where = "file" if self.annotation_id is None else f"annotation {self.annotation_id}"
        return f"{where}: {self.rule}: {self.message} ({self.severity}: {self.consequence})"


@dataclass
class Report:
    """Problems of a file, and counts of images, persons, annotated persons, points and masks."""

    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, annotation_id: Any, rule: str, message: str) -> None:
        """Note a broken rule."""
        severity = "warning" if rule in WARNINGS else "error"
        self.problems.append(Problem(annotation_id, rule, message, RULES[rule], severity))

    @property
    def errors(self) -> list[Problem]:
        """Problems that a reader stumbles over."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def ok(self) -> bool:
        """Whether the reference code reads the file as meant."""
        return not self.errors


def check(path: str | Path) -> Report:
    """Checks a file. Raises ValueError, naming the file, if it cannot be read or is no COCO file at all."""
    name = Path(path).name
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is not JSON ({error})") from error
    if not isinstance(document, dict) or not all(isinstance(document.get(k), list) for k in ("images", "annotations")):
        raise ValueError(f"{name}: is not a COCO file (no lists of images and annotations)")
    report = check_document(document)
    if report.ok:
        try:
            _load_with_pycocotools(document)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            report.add(None, "pycocotools", f"{type(error).__name__}: {error}")
    return report


def check_document(document: Mapping[str, Any]) -> Report:
    """Checks a decoded document with lists ``images`` and ``annotations``."""
    report = Report()
    images = _check_images(document["images"], report)
    people = _check_categories(document.get("categories"), report)
    ids = Counter(
        entry["id"] for entry in document["annotations"] if isinstance(entry, dict) and _is_integer(entry.get("id"))
    )
    totals = Counter({"images": len(document["images"]), "persons": 0, "annotated": 0, "points": 0, "masks": 0})
    for index, entry in enumerate(document["annotations"]):
        if not isinstance(entry, dict):
            report.add(None, "annotation-entry", f"annotation number {index} is no object")
            continue
        for rule, message in _check_annotation(entry, ids, images, people):
            report.add(entry.get("id", f"number {index}"), rule, message)
        totals["persons"] += 1
        if isinstance(entry.get("dp_x"), list):
            totals["annotated"] += 1
            totals["points"] += len(entry["dp_x"])
            if isinstance(entry.get("dp_masks"), list):
                totals["masks"] += sum(bool(mask) for mask in entry["dp_masks"])
    report.counts = dict(totals)
    return report


def _load_with_pycocotools(document: Any) -> None:
    """The reader's own first steps: index the file, then turn every segmentation into RLE."""
    coco = COCO()
    coco.dataset = document
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        for entry in coco.loadAnns(coco.getAnnIds()):
            coco.annToRLE(entry)


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and not math.isnan(value)


def _check_images(entries: list[Any], report: Report) -> dict[int, tuple[int, int]]:
    """Height and width of each image by id."""
    images: dict[int, tuple[int, int]] = {}
    for index, entry in enumerate(entries):
        fault = None
        if not isinstance(entry, dict) or not _is_integer(entry.get("id")):
            fault = "has no integer id"
        elif entry["id"] in images:
            fault = f"has the id {entry['id']} of another image"
        elif not isinstance(entry.get("file_name"), str) or not entry["file_name"]:
            fault = f"(id {entry['id']}) has no file_name"
        elif not all(_is_integer(entry.get(k)) and 0 < entry[k] < 2**31 for k in ("width", "height")):
            fault = f"(id {entry['id']}) has no size"
        else:
            images[entry["id"]] = entry["height"], entry["width"]
        if fault:
            report.add(None, "image-entry", f"image number {index} {fault}")
    return images


def _check_categories(entries: Any, report: Report) -> set[Any]:
    """Ids of the category person."""
    known = (
        [c for c in entries if isinstance(c, dict) and c.get("name") == "person"] if isinstance(entries, list) else []
    )
    if not known:
        report.add(None, "category", "no category is named person")
    for category in known:
        if not isinstance(category.get("keypoints"), list) or len(category["keypoints"]) != 17:
            report.add(None, "category", "the category person does not name 17 keypoints")
    return {c["id"] for c in known if _is_integer(c.get("id"))}


Found = Iterator[tuple[str, str]]
"""Rule and message."""


def _check_annotation(
    entry: dict[str, Any], ids: Mapping[int, int], images: Mapping[int, tuple[int, int]], people: set[Any]
) -> Found:
    yield from _check_ids(entry, ids, images)
    for key in _REQUIRED:
        if key not in entry:
            yield "key-missing", f"has no {key}"
    category = entry.get("category_id")
    if people and "category_id" in entry and not (_is_integer(category) and category in people):
        yield "category", f"category_id {category!r:.80} is not that of person"
    if entry.get("iscrowd", 0) != 0:
        yield "iscrowd", f"iscrowd is {entry['iscrowd']!r}"
    if entry.get("ignore", 0) != 0:
        yield "ignore", f"ignore is {entry['ignore']!r}"
    bbox_fault = _bbox_fault(entry["bbox"]) if "bbox" in entry else "is missing"
    if "bbox" in entry and bbox_fault:
        yield "bbox", f"bbox {entry['bbox']!r:.80} {bbox_fault}"
    if "area" in entry and not (_is_number(entry["area"]) and entry["area"] > 0):
        yield "area", f"area is {entry['area']!r:.80}"
    if "segmentation" in entry:
        image = entry.get("image_id")
        yield from _check_segmentation(entry["segmentation"], images.get(image) if _is_integer(image) else None)
    keypoints = entry.get("keypoints")
    if "keypoints" in entry and not (
        isinstance(keypoints, list) and len(keypoints) == 51 and all(_is_number(v) for v in keypoints)
    ):
        yield "keypoints", "keypoints are not 51 finite numbers"
    if any(key.startswith("dp_") or key == "ref_model" for key in entry):
        yield from _check_dense(entry, readable_box=bbox_fault is None)


def _check_ids(entry: Mapping[str, Any], ids: Mapping[int, int], images: Mapping[int, tuple[int, int]]) -> Found:
    key, image = entry.get("id"), entry.get("image_id")
    if not _is_integer(key):
        yield "id-integer", f"id is {key!r:.80}"
    else:
        if key < 1:
            yield "id-positive", f"id is {key}"
        if ids[key] > 1:
            yield "id-unique", f"{ids[key]} annotations have this id"
    if "image_id" in entry and (not _is_integer(image) or image not in images):
        yield "image-missing", f"image_id {image!r:.80} is not among the images"


def _bbox_fault(bbox: Any) -> str | None:
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(_is_number(v) for v in bbox):
        return "is not four finite numbers"
    return "has no area" if bbox[2] <= 0 or bbox[3] <= 0 else None


def _check_segmentation(value: Any, size: tuple[int, int] | None) -> Found:
    if isinstance(value, dict):
        try:
            shape = rle_lengths(value)[:2]
        except ValueError as error:
            yield "segmentation-rle", str(error)
            return
        if size and shape != size:
            yield "segmentation-rle", f"RLE size {list(shape)} is not the image's {list(size)}"
    elif not isinstance(value, list) or not value:
        yield "segmentation-empty", f"segmentation is {value!r:.80}"
    else:
        for index, polygon in enumerate(value):
            if not isinstance(polygon, list) or not all(_is_number(v) for v in polygon):
                yield "segmentation-polygon", f"polygon {index} is not a list of finite numbers"
            elif len(polygon) < 6 or len(polygon) % 2:
                yield "segmentation-polygon", f"polygon {index} has {len(polygon)} numbers"
            elif max(map(abs, polygon)) > _FAR:
                yield "segmentation-polygon", f"polygon {index} reaches more than {_FAR} pixels from the origin"


def _check_dense(entry: Mapping[str, Any], readable_box: bool) -> Found:
    keys = _VERTEX_KEYS if "dp_vertex" in entry or "ref_model" in entry else _POINT_KEYS
    absent = [key for key in keys if key not in entry]
    if absent:
        yield (
            "points-incomplete",
            f"has {', '.join(sorted(k for k in entry if k[:3] == 'dp_'))} but no {', '.join(absent)}",
        )
    found = [*_check_points(entry), *_check_masks(entry)]
    yield from found
    if not absent and not found and readable_box and keys is _POINT_KEYS:
        yield from _check_agreement(entry)


def _check_points(entry: Mapping[str, Any]) -> Found:
    lists = {key: entry[key] for key in (*_POINT_KEYS, "dp_vertex") if key in entry}
    for key, values in lists.items():
        if not isinstance(values, list):
            yield "points-number", f"{key} is no list"
        elif not values:
            yield "points-empty", f"{key} is empty"
        else:
            yield from _check_values(key, values)
    lengths = {key: len(values) for key, values in lists.items() if isinstance(values, list)}
    if len(set(lengths.values())) > 1:
        yield "points-length", "lists differ in length: " + ", ".join(f"{k} {n}" for k, n in lengths.items())


def _check_values(key: str, values: list[Any]) -> Found:
    for index, value in enumerate(values):
        if not _is_number(value):
            yield "points-number", f"{key}[{index}] is {value!r:.80}"
            return
    if key == "dp_vertex":
        for index, value in enumerate(values):
            if not _is_integer(value) or value < 0:
                yield "vertex", f"dp_vertex[{index}] is {value!r}, no 0-based vertex"
                return
        return
    if all(isinstance(value, int) for value in values):
        yield "points-float", f"{key} holds integers only"
    rule, low, high = {
        "dp_x": ("points-range", 0, MASK_SIDE),
        "dp_y": ("points-range", 0, MASK_SIDE),
        "dp_I": ("chart-range", 1, CHART_COUNT),
    }.get(key, ("uv-range", 0, 1))
    for index, value in enumerate(values):
        if not low <= value <= high:
            yield rule, f"{key}[{index}] is {value}, outside {low}..{high}"
        elif key == "dp_I" and value != int(value):
            yield rule, f"{key}[{index}] is {value}, no whole number"


def _check_masks(entry: Mapping[str, Any]) -> Found:
    masks = entry.get("dp_masks")
    if not isinstance(masks, list):
        yield "masks-missing", "has points but no list dp_masks"
        return
    if len(masks) != MASK_COUNT:
        yield "masks-count", f"dp_masks has {len(masks)} items, not {MASK_COUNT}"
    for part, mask in enumerate(masks, start=1):
        if mask == []:
            continue
        if not isinstance(mask, dict) or not isinstance(mask.get("counts"), str):
            yield "mask-rle", f"mask {part} is neither [] nor a compressed RLE"
        elif mask.get("size") != [MASK_SIDE, MASK_SIDE]:
            yield "mask-size", f"mask {part} has the size {mask.get('size')!r:.80}, not [256, 256]"
        else:
            try:
                rle_lengths(mask)
            except ValueError as error:
                yield "mask-rle", f"mask {part}: {error}"


def _check_agreement(entry: Mapping[str, Any]) -> Found:
    """Points against masks, of an entry that is otherwise sound."""
    person = read_person(entry)
    painted, meant = labels_at(person), CHART_TO_MASK[person.i.astype(np.int64)]
    positions = image_positions(person)
    for index in np.flatnonzero(painted == 0):
        x, y = positions[index]
        yield "point-off-mask", f"point {index} at image position {x:.1f}, {y:.1f} lies on no part"
    for index in np.flatnonzero((painted != 0) & (painted != meant)):
        chart = int(person.i[index])
        yield "chart-off-mask", f"point {index}: chart {chart} of part {meant[index]} is on part {painted[index]}"
