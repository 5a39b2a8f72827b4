"""What every dataset file is written from and read into: records of images and of persons.

Records are plain data in the project's own terms (image pixels, surface points of one body). Writers turn streams of
them into a format, readers a format into streams of them; a snapshot keeps them as lines of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.masks import Region, from_coco_rle, region_of


@dataclass(frozen=True)
class ImageRecord:
    """An image.

    :param id: at least 1, unique in a dataset.
    :param file_name: relative to the image folder.
    :param width: in pixels of the upright image.
    :param height: in pixels of the upright image.
    :param sha256: of the file's bytes as they are kept ("" if unknown).
    :param split: name of the split that the image and all its persons are in ("" without splits).
    """

    id: int
    file_name: str
    width: int
    height: int
    sha256: str = ""
    split: str = ""
    licence: str | None = None
    licence_url: str | None = None
    attribution: str | None = None
    source_url: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Points:
    """The marked points of a person, N of them, on the dataset's body.

    :param xy: (N, 2) f8 image positions in pixels; pixel centres at .5.
    :param part: (N,) u1 part label of the mask that each was sampled from.
    :param face: (N,) i4 face of the body.
    :param bary: (N, 3) f8 barycentric coordinates in the face.
    :param iuv: (N, 3) f8 chart, U and V of the same surface points.
    :param marks: (N,) i4 how many annotators marked each.
    :param spread: (N,) f8 mean geodesic distance in metres of the marks from the chosen one; NaN with one mark.
    :param seconds: (N,) f8 time that the chosen mark took; NaN if unknown.
    """

    xy: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    part: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    face: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    bary: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    iuv: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    marks: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    spread: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.xy)


@dataclass(frozen=True)
class PersonRecord:
    """A person; without mask and points it is "not annotated".

    :param id: at least 1, unique in a dataset.
    :param image_id: id of its image's record.
    :param bbox: x, y, w, h in pixels, exact.
    :param area: of the segmentation, in square pixels.
    :param segmentation: polygons or compressed RLE, None if there is none.
    :param keypoints: 17 times x, y, visibility, or None.
    :param masks: compressed COCO RLE counts of the whole image by part label.
    :param square: the 14 entries of dp_masks as they were imported, while the mask is still that one; None otherwise.
    :param source: where the person's box came from ("drawn", "coco", "rendered").
    """

    id: int
    image_id: int
    bbox: tuple[float, float, float, float]
    area: float
    segmentation: list[list[float]] | Mapping[str, Any] | None = None
    keypoints: list[float] | None = None
    masks: Mapping[int, str] = field(default_factory=dict)
    square: list[Any] | None = None
    points: Points = field(default_factory=Points)
    source: str = ""

    def label_map(self, image: ImageRecord) -> tuple[NDArray[np.uint8] | None, tuple[int, int]]:
        """Part labels (h, w) u1 over the region of the box, and the region's origin x0, y0; None without a mask."""
        if not self.masks:
            return None, (0, 0)
        region: Region = region_of(self.bbox, image.width, image.height)
        size = [image.height, image.width]
        map_ = from_coco_rle({label: {"size": size, "counts": counts} for label, counts in self.masks.items()}, region)
        return (map_ if map_.any() else None), region[:2]


def image_line(image: ImageRecord) -> str:
    """One line of JSON, the same for the same record; keys without a value are left out."""
    return _line({key: value for key, value in vars(image).items() if value not in (None, "", ())})


def image_of(line: str | bytes) -> ImageRecord:
    """The record of a line."""
    values = json.loads(line)
    return ImageRecord(**values | {"tags": tuple(values.get("tags", ()))})


def person_line(person: PersonRecord) -> str:
    """One line of JSON, the same for the same record; floats keep every digit, NaN is null."""
    values = {key: value for key, value in vars(person).items() if key not in ("masks", "points", "square")}
    values = {key: value for key, value in values.items() if value not in (None, "")}
    if person.masks:
        values["masks"] = {str(label): person.masks[label] for label in sorted(person.masks)}
    if person.square is not None:
        values["square"] = person.square
    if len(person.points):
        values["points"] = {name: _list(array) for name, array in vars(person.points).items()}
    return _line(values)


def person_of(line: str | bytes) -> PersonRecord:
    """The record of a line."""
    values = json.loads(line)
    points = Points()
    if "points" in values:
        points = Points(**{name: _array(name, value) for name, value in values["points"].items()})
    values |= {
        "bbox": tuple(values["bbox"]),
        "masks": {int(label): counts for label, counts in values.get("masks", {}).items()},
        "points": points,
    }
    return PersonRecord(**values)


_TYPES = {name: array.dtype for name, array in vars(Points()).items()}


def _list(array: NDArray[Any]) -> list[Any]:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    return [None if value != value else value for value in array.tolist()]


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    return np.array([np.nan if value is None else value for value in values], _TYPES[name])


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
