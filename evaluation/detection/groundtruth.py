"""Ground truth in COCO's layout with DensePose's keys, as arrays (Güler et al., CVPR 2018)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POINT_KEYS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """M images with P persons and N points.

    Persons are sorted by category and image id; those of one image and category keep the file's order.

    Attributes:
        image_ids: (M,) ascending.
        image_sizes: (M,2) height and width.
        file_names: M, "" where the file has none.
        category_ids: (K,) ascending.
        ids: (P,) annotation ids.
        image: (P,) row of the person's image.
        category: (P,) row of its category.
        boxes: (P,4) x, y, w, h.
        areas: (P,) as the file says.
        crowd: (P,) iscrowd.
        annotated: (P,) whether it has dp_x; the others are ignored in matching.
        start: (P+1,) rows of each person's points in the following.
        x, y: (N,) 0..255 relative to the box.
        I, U, V: (N,) as the file says; only whole I from 1 on are points of a surface.
        entries: P annotations as they stand in the file.
    """

    image_ids: Ints
    image_sizes: Ints
    file_names: tuple[str, ...]
    category_ids: Ints
    ids: Ints
    image: Ints
    category: Ints
    boxes: Floats
    areas: Floats
    crowd: NDArray[np.bool_]
    annotated: NDArray[np.bool_]
    start: Ints
    x: Floats
    y: Floats
    I: Floats
    U: Floats
    V: Floats
    entries: tuple[Mapping[str, Any], ...]


def read(path: str | Path) -> GroundTruth:
    """Ground truth of a COCO file.

    Raises:
        ValueError: the file is not JSON, or breaks a rule; the message names the annotation.
        OSError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return from_coco(json.load(file))
    except RecursionError as error:
        raise ValueError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def from_coco(dataset: Mapping[str, Any]) -> GroundTruth:
    """Ground truth of a COCO dataset ("images", "annotations", "categories").

    As in the reference, annotations of images or categories that the dataset does not list are left out.

    Raises:
        ValueError: it breaks a rule; the message names the image or annotation.
    """
    images = sorted((_image(n, e) for n, e in enumerate(_entries(dataset, "images"))), key=lambda image: image[0])
    image_ids = np.array([image[0] for image in images], np.int64)
    _distinct(image_ids, "image")
    categories = {whole(entry, "id", f"category {n}") for n, entry in enumerate(_entries(dataset, "categories"))}
    category_ids = np.array(sorted(categories), np.int64)
    rows = {id_: row for row, id_ in enumerate(image_ids.tolist())}
    kinds = {id_: row for row, id_ in enumerate(category_ids.tolist())}

    persons: list[tuple[int, int, int, Mapping[str, Any]]] = []
    for n, entry in enumerate(_entries(dataset, "annotations")):
        id_ = whole(entry, "id", f"annotation {n} (counted from 0)")
        where = f"annotation {id_}"
        image, category = (whole(entry, key, where) for key in ("image_id", "category_id"))
        if image in rows and category in kinds:
            persons.append((rows[image], kinds[category], id_, entry))
    persons.sort(key=lambda person: (person[1], person[0]))
    ids = np.array([person[2] for person in persons], np.int64)
    _distinct(ids, "annotation")
    entries = tuple(person[3] for person in persons)
    annotated = np.array(["dp_x" in entry for entry in entries], np.bool_)
    points = [_points(entry, f"annotation {id_}") for id_, entry in zip(ids, entries, strict=True)]
    columns = np.concatenate([np.zeros((5, 0)), *points], axis=1)
    return GroundTruth(
        image_ids=image_ids,
        image_sizes=np.array([image[1:3] for image in images], np.int64).reshape(-1, 2),
        file_names=tuple(image[3] for image in images),
        category_ids=category_ids,
        ids=ids,
        image=np.array([person[0] for person in persons], np.int64),
        category=np.array([person[1] for person in persons], np.int64),
        boxes=box_array([box(entry, f"annotation {id_}") for id_, entry in zip(ids, entries, strict=True)]),
        areas=np.array([number(entry, "area", f"annotation {id_}") for id_, entry in zip(ids, entries, strict=True)]),
        crowd=np.array([bool(entry.get("iscrowd", 0)) for entry in entries], np.bool_),
        annotated=annotated,
        start=np.concatenate([[0], np.cumsum([p.shape[1] for p in points])]).astype(np.int64),
        x=columns[0],
        y=columns[1],
        I=columns[2],
        U=columns[3],
        V=columns[4],
        entries=entries,
    )


def is_finite(value: Any) -> TypeGuard[float]:
    """Whether a value is a number, and one that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def number(entry: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number of an entry; ValueError says where it is none."""
    value = entry.get(key)
    if not is_finite(value):
        raise ValueError(f"{where}: {key!r} is {str(value)[:50]}, not a finite number")
    return float(value)


def box(entry: Mapping[str, Any], where: str) -> list[float]:
    """The bbox of an entry; ValueError says where it is none."""
    values = entry.get("bbox")
    good = isinstance(values, Sequence) and len(values) == 4 and not isinstance(values, str)
    if not good or not all(is_finite(n) and abs(n) < 2**31 for n in values or ()):
        raise ValueError(f"{where}: 'bbox' is {str(values)[:80]}, not four finite numbers")
    return [float(n) for n in values or ()]


def box_array(boxes: list[list[float]]) -> Floats:
    """(N,4), also of none."""
    return np.array(boxes, np.float64).reshape(-1, 4)


def _entries(dataset: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = dataset.get(key) if isinstance(dataset, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise ValueError(f"no COCO dataset: {key!r} is not a list of objects")
    return found


def whole(entry: Mapping[str, Any], key: str, where: str) -> int:
    """A whole number of an entry; ValueError says where it is none."""
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError(f"{where}: {key!r} is {str(value)[:50]}, not a whole number")
    return value


def _image(n: int, entry: Mapping[str, Any]) -> tuple[int, int, int, str]:
    id_ = whole(entry, "id", f"image {n} (counted from 0)")
    height, width = (whole(entry, key, f"image {id_}") for key in ("height", "width"))
    if not (0 < height < 2**16 and 0 < width < 2**16):
        raise ValueError(f"image {id_}: a size of {width} x {height} pixels")
    if entry.get("ignore_regions_x"):
        raise ValueError(f"image {id_}: it has regions to ignore (DensePose-PoseTrack), which are not read")
    return id_, height, width, str(entry.get("file_name", ""))


def _distinct(ids: Ints, what: str) -> None:
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"{what} {int(values[counts > 1][0])} is there {int(counts.max())} times")


def _points(entry: Mapping[str, Any], where: str) -> Floats:
    """dp_x, dp_y, dp_I, dp_U, dp_V (5,n)."""
    if "dp_x" not in entry:
        return np.zeros((5, 0))
    columns = [entry.get(key) for key in POINT_KEYS]
    for key, column in zip(POINT_KEYS, columns, strict=True):
        if not isinstance(column, list):
            raise ValueError(f"{where}: {key!r} is missing, or not a list")
    lengths = {key: len(column or ()) for key, column in zip(POINT_KEYS, columns, strict=True)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{where}: its lists differ in length ({', '.join(f'{k} {n}' for k, n in lengths.items())})")
    try:
        found = np.array(columns, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{where}: its points are not all numbers") from error
    if found.ndim != 2 or not np.isfinite(found).all():
        raise ValueError(f"{where}: its points are not all finite numbers")
    return found
