"""Writes DensePose-COCO annotation files (Güler et al., CVPR 2018, arXiv 1802.00434; keys in docs/formats.md).

Every rule here is one that the reference reader relies on: ``export.check`` verifies them from the reader's side.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from pycocotools import mask as coco_mask

from annotation.masks import to_coco_rle
from export.densepose_parts import COARSE_COUNT, FINE_COUNT

SIZE = 256
"""Side of the square that every box is stretched to."""

KEYPOINT_NAMES: tuple[str, ...] = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
SKELETON: tuple[tuple[int, int], ...] = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
    (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""Pairs of keypoints joined by a bone, 1-based as COCO has them."""

PERSON_CATEGORY = {
    "supercategory": "person",
    "id": 1,
    "name": "person",
    "keypoints": list(KEYPOINT_NAMES),
    "skeleton": [list(bone) for bone in SKELETON],
}

_ROUNDING = 1e-6  # how far U, V may exceed [0, 1] before it is a fault and no rounding
_BORDER = 1.0  # pixels: a pixel of the box's hull may have its centre this far outside the fractional box


@dataclass(frozen=True)
class ExportImage:
    """An image; id >= 1, file_name relative to the image folder, size in pixels."""

    id: int
    file_name: str
    width: int
    height: int


@dataclass(frozen=True)
class ExportPerson:
    """A person: COCO's own values, and its part mask and marked points if it has them.

    :param bbox: x, y, w, h in pixels.
    :param area: of the segmentation, in square pixels.
    :param segmentation: polygons or RLE; None if there is none, then the part mask or else the box stands in.
    :param keypoints: 17 times x, y, visibility, or None.
    :param label_map: (h, w) u8 coarse labels over a region of the image, or None.
    :param origin: x0, y0 of the region.
    :param xy: (N, 2) image positions of the points in pixels (pixel centres at .5).
    :param iuv: (N, 3) chart 1..24, U and V of each point.
    :param labels: further keys for a person with points, that readers of the format pass over.
    """

    id: int
    image_id: int
    bbox: tuple[float, float, float, float]
    area: float
    segmentation: Sequence[Sequence[float]] | Mapping[str, Any] | None = None
    keypoints: Sequence[float] | None = None
    label_map: np.ndarray | None = None
    origin: tuple[int, int] = (0, 0)
    xy: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    iuv: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    labels: Mapping[str, Any] = field(default_factory=dict)


def to_box(xy: np.ndarray, bbox: Sequence[float]) -> np.ndarray:
    """dp_x, dp_y (N, 2) of image positions (N, 2): the box stretched to 256 x 256, x and y each on their own."""
    x, y, w, h = bbox
    return (np.asarray(xy, np.float64) - (x, y)) * (SIZE / np.array((w, h), np.float64))


def resample_mask(label_map: np.ndarray, origin: tuple[int, int], bbox: Sequence[float]) -> np.ndarray:
    """Label map (256, 256) u8 of the exact box, each cell holding the label of the image pixel under its centre.

    Nothing is shifted: cell (row, column) has its centre at y0 + (row + .5) h / 256, x0 + (column + .5) w / 256.
    Pixels outside the region are background.
    """
    x, y, w, h = bbox
    centres = (np.arange(SIZE) + 0.5) / SIZE
    columns = np.floor(x + centres * w).astype(np.int64) - origin[0]
    rows = np.floor(y + centres * h).astype(np.int64) - origin[1]
    inside = ((rows >= 0) & (rows < label_map.shape[0]))[:, None] & ((columns >= 0) & (columns < label_map.shape[1]))
    picked = label_map[rows.clip(0, label_map.shape[0] - 1)[:, None], columns.clip(0, label_map.shape[1] - 1)]
    return np.where(inside, picked, 0).astype(np.uint8)


def dp_masks(stretched: np.ndarray) -> list[Any]:
    """The 14 entries of dp_masks, RLE or [] for a part that is absent, of a label map (256, 256) u8."""
    entries: list[Any] = []
    for label in range(1, COARSE_COUNT + 1):
        mask = stretched == label
        if not mask.any():
            entries.append([])
            continue
        rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
        entries.append({"counts": rle["counts"].decode("ascii"), "size": [SIZE, SIZE]})
    return entries


def annotation(person: ExportPerson, image: ExportImage) -> dict[str, Any]:
    """The annotation entry of a person. Raises ValueError, naming the person, for what no reader could use."""
    try:
        return _annotation(person, image)
    except ValueError as error:
        raise ValueError(f"person {person.id}: {error}") from error


def _annotation(person: ExportPerson, image: ExportImage) -> dict[str, Any]:
    if person.id < 1:
        raise ValueError("annotation ids begin at 1")
    bbox = [_finite(value, "bbox") for value in person.bbox]
    if len(bbox) != 4 or bbox[2] <= 0 or bbox[3] <= 0:
        raise ValueError(f"box {bbox} has no area")
    segmentation, area = _segmentation(person, image)
    entry: dict[str, Any] = {
        "id": person.id,
        "image_id": person.image_id,
        "category_id": PERSON_CATEGORY["id"],
        "iscrowd": 0,
        "bbox": bbox,
        "area": area,
        "segmentation": segmentation,
    }
    if person.keypoints is not None:
        entry |= _keypoints(person.keypoints)
    if len(person.xy):
        entry |= _points(person, bbox) | dict(person.labels)
    return entry


def _finite(value: Any, what: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{what} holds {number}")
    return number


def _segmentation(person: ExportPerson, image: ExportImage) -> tuple[Any, float]:
    """Segmentation and its area: the person's own, else the union of its parts, else its box."""
    area = _finite(person.area, "area")
    given = person.segmentation
    if isinstance(given, Mapping):
        return {"counts": given["counts"], "size": [int(n) for n in given["size"]]}, area
    if given:
        polygons = [[_finite(value, "segmentation") for value in polygon] for polygon in given]
        if any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
            raise ValueError("a polygon of the segmentation has fewer than 3 points")
        return polygons, area
    if person.label_map is not None and person.label_map.any():
        whole = (person.label_map > 0).astype(np.uint8)
        return to_coco_rle(whole, person.origin, image.width, image.height)[1], float(np.count_nonzero(whole))
    x, y, w, h = (float(value) for value in person.bbox)
    return [[x, y, x + w, y, x + w, y + h, x, y + h]], area


def _keypoints(values: Sequence[float]) -> dict[str, Any]:
    """Positions as floats, visibility as the integer COCO has."""
    if len(values) != 3 * len(KEYPOINT_NAMES):
        raise ValueError(f"{len(values)} numbers are not 17 keypoints")
    numbers = [_finite(value, "keypoints") for value in values]
    keypoints: list[float | int] = [int(v) if index % 3 == 2 else v for index, v in enumerate(numbers)]
    return {"keypoints": keypoints, "num_keypoints": sum(v > 0 for v in keypoints[2::3])}


def _points(person: ExportPerson, bbox: list[float]) -> dict[str, Any]:
    if person.label_map is None or not person.label_map.any():
        raise ValueError("has points but no part mask")
    if person.xy.shape != (len(person.xy), 2) or person.iuv.shape != (len(person.xy), 3):
        raise ValueError(f"positions {person.xy.shape} and charts {person.iuv.shape} do not belong together")
    if not (np.isfinite(person.xy).all() and np.isfinite(person.iuv).all()):
        raise ValueError("a point is not finite")
    beyond = np.maximum(np.array(bbox[:2]) - person.xy, person.xy - (np.array(bbox[:2]) + bbox[2:])).max(axis=1)
    if beyond.max() > _BORDER:
        worst = int(beyond.argmax())
        raise ValueError(f"point {worst} at {person.xy[worst].tolist()} lies outside the box {bbox}")
    chart, uv = person.iuv[:, 0], person.iuv[:, 1:]
    if not np.isin(chart, np.arange(1, FINE_COUNT + 1)).all():
        raise ValueError(f"a chart is outside 1..{FINE_COUNT}")
    if uv.min() < -_ROUNDING or uv.max() > 1 + _ROUNDING:
        raise ValueError("U or V is outside [0, 1]")
    position = to_box(person.xy, bbox).clip(0.0, float(SIZE))
    uv = uv.clip(0.0, 1.0)
    return {
        "dp_masks": dp_masks(resample_mask(person.label_map, person.origin, bbox)),
        "dp_x": position[:, 0].tolist(),
        "dp_y": position[:, 1].tolist(),
        "dp_I": chart.astype(np.float64).tolist(),
        "dp_U": uv[:, 0].tolist(),
        "dp_V": uv[:, 1].tolist(),
    }


def write(
    path: str | Path,
    images: Iterable[ExportImage],
    persons: Iterable[ExportPerson],
    info: Mapping[str, Any] | None = None,
    licenses: Sequence[Mapping[str, Any]] = (),
) -> dict[str, int]:
    """Writes a DensePose-COCO file, person by person, so that memory does not grow with the dataset.

    The same input gives the same bytes. The file appears complete or not at all.

    :param persons: ascending ids, each of one of ``images``.
    :return: counts of images, persons, annotated persons and points.
    :raises ValueError: naming the image or person, for duplicate ids and for whatever no reader could use.
    """
    by_id: dict[int, ExportImage] = {}
    for image in images:
        if image.id in by_id or image.id < 1:
            raise ValueError(f"image {image.id} ({image.file_name}): ids are unique and begin at 1")
        by_id[image.id] = image
    counts = {"images": len(by_id), "persons": 0, "annotated": 0, "points": 0}
    with replacing(path) as file:
        file.write('{"info": ' + _json(dict(info or {})) + ',\n"licenses": ' + _json([dict(x) for x in licenses]))
        file.write(',\n"categories": ' + _json([PERSON_CATEGORY]) + ',\n"images": [')
        for index, image in enumerate(by_id.values()):
            listed = {"id": image.id, "file_name": image.file_name, "width": image.width, "height": image.height}
            file.write((",\n" if index else "\n") + _json(listed))
        file.write('\n],\n"annotations": [')
        last = 0
        for person in persons:
            if person.image_id not in by_id:
                raise ValueError(f"person {person.id}: image {person.image_id} is not in the file")
            entry = annotation(person, by_id[person.image_id])
            if person.id <= last:
                raise ValueError(f"person {person.id}: ids do not ascend (the one before is {last})")
            file.write((",\n" if counts["persons"] else "\n") + _json(entry))
            last = person.id
            counts["persons"] += 1
            counts["annotated"] += "dp_x" in entry
            counts["points"] += len(entry.get("dp_x", []))
        file.write("\n]}\n")
    return counts


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


@contextmanager
def replacing(path: str | Path) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when the block ends well, and leaves nothing behind otherwise."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
