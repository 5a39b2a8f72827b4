"""A dataset's images, each with all its persons, as plain arrays that have not been changed yet.

Coordinates are pixels of the image: x right, y down, the first pixel's centre at (.5, .5). P persons, K keypoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from export.coco import KEYPOINT_NAMES
from export.read import Dataset, Sample
from export.square import SIZE, resample_mask, to_box
from model.data import dense
from model.data.mirror import mirror_of
from model.data.points import Points, points_of
from surface.body import Body

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Example:
    """An image and what is known of it.

    :param image_id: of the dataset.
    :param name: of the file.
    :param pixels: (H, W, 3) u1 sRGB.
    :param ids: (P,) i8 annotation ids.
    :param boxes: (P, 4) f4 x0, y0, x1, y1.
    :param crowd: (P,) bool boxes of many persons.
    :param parts: (P, 256, 256) u1 coarse labels in the box stretched to the square.
    :param has_parts: (P,) bool.
    :param outline: (P, 256, 256) u1 1 on the person, in the same square: of the parts, else of the segmentation.
    :param has_outline: (P,) bool.
    :param keypoints: (P, K, 3) f4 x, y, visibility.
    :param points: of all persons.
    """

    image_id: int
    name: str
    pixels: Bytes
    ids: Ints
    boxes: Floats
    crowd: Flags
    parts: Bytes
    has_parts: Flags
    outline: Bytes
    has_outline: Flags
    keypoints: Floats
    points: Points


class Images:
    """Images of a dataset file (DensePose-COCO, CSE, COCO) or of a snapshot's folder, by ascending id.

    Picklable, so that each of torch's workers reads on its own.

    :param path: the file or the folder, as ``export.read.Dataset`` takes it.
    :param photos: folder of the images' files.
    :param body: that the points are on. It knows how points look in the mirror, charts of vertices and vertices of
        charts; without it images can only be mirrored by ``symmetry``.
    :param annotated: only images of persons with points; else all, those without persons, too.
    :param split: of a snapshot.
    :param symmetry: UV_symmetry_transforms.mat of the reference, in place of a body's mirror (charts alone).
    :raises ValueError: naming the file, when it cannot be read, is no dataset, or has its points or a teacher's labels
        on another body; by ``[i]``, naming the photo or the annotation, when it cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        photos: str | Path,
        body: Body | None = None,
        annotated: bool = True,
        split: str | None = None,
        symmetry: str | Path | None = None,
    ) -> None:
        self.persons = Dataset(path, photos, split, annotated=False)
        self.name = self.persons.path.name
        made = self.persons.body_hash
        if body is not None and made and made != body.hash:
            raise ValueError(f"{self.name}: has its points on body {made[:12]}, not on {body.name} {body.hash[:12]}")
        self.body = body
        self.dense = dense.beside(self.persons.path, body)
        more = dense.generated(self.persons.path)
        self.generated = None if more is None else Images(more, more.parent / "images", body, False, symmetry=symmetry)
        self.symmetry = None if symmetry is None else Path(symmetry)
        self.mirror = mirror_of(body, self.symmetry)
        self.rows = self.persons.rows_of_images()
        self.ids = sorted(
            id_ for id_, rows in self.rows.items() if not annotated or any(map(self.persons.annotated, rows))
        )
        if body is not None and len(body.chart_names):
            body.from_iuv([1], [0.5], [0.5])  # makes its tables, once for all processes that are begun later

    def __len__(self) -> int:
        return len(self.ids)

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of an image as the dataset has them."""
        record = self.persons.images[self.ids[index]]
        return record.height, record.width

    def __getitem__(self, index: int) -> Example:
        """The image at an index."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} images, none at {index}")
        return self.example(index, self.rows[self.ids[index]])

    def alone(self, index: int) -> list[int]:
        """Those of an image's rows that are one person each, in a box with an area."""
        return [row for row in self.rows[self.ids[index]] if self.persons.alone(row)]

    def box(self, row: int) -> Floats:
        """(4,) x0, y0, x1, y1 of a person, as its example has it."""
        return _corners(self.persons.bbox(row)[None])[0]

    def example(self, index: int, rows: Sequence[int]) -> Example:
        """The image at an index with the persons of some of its rows."""
        image_id = self.ids[index]
        people = [self.persons.sample(row, photo=False) for row in rows]
        keypoints = len(KEYPOINT_NAMES if self.body is None else self.body.keypoint_names)
        pixels = self.persons.photo(image_id)
        try:
            return example(image_id, self.persons.images[image_id].file_name, pixels, people, self.body, keypoints)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error


def example(
    image_id: int, name: str, pixels: Bytes, people: list[Sample], body: Body | None, keypoints: int
) -> Example:
    """An image with its persons; persons without points whose box has no area are left out.

    :raises ValueError: naming the annotation that cannot be used.
    """
    people = [person for person in people if len(person.xy) or (person.bbox[2:] > 0).all()]
    height, width = pixels.shape[:2]
    count = len(people)
    parts = np.zeros((count, SIZE, SIZE), np.uint8)
    outline, has_outline = np.zeros_like(parts), np.zeros(count, np.bool_)
    joints = np.zeros((count, keypoints, 3), np.float32)
    for row, person in enumerate(people):
        try:
            if not np.isfinite(person.bbox).all():
                raise ValueError(f"its box is {person.bbox.tolist()}")
            shape = None if person.labels is not None else outline_of(person, height, width)
            if person.keypoints is not None:
                joints[row] = _keypoints(person.keypoints, keypoints)
        except ValueError as error:
            raise ValueError(f"annotation {person.id}: {error}") from error
        if person.labels is not None:
            parts[row], shape = person.labels, (person.labels > 0).astype(np.uint8)
        if shape is not None:
            outline[row], has_outline[row] = shape, True
    return Example(
        image_id=image_id,
        name=name,
        pixels=pixels,
        ids=np.array([person.id for person in people], np.int64),
        boxes=_corners(np.array([person.bbox for person in people]).reshape(count, 4)),
        crowd=np.array([person.crowd for person in people], np.bool_),
        parts=parts,
        has_parts=np.array([person.labels is not None for person in people], np.bool_),
        outline=outline,
        has_outline=has_outline,
        keypoints=joints,
        points=points_of(people, body),
    )


def outline_of(person: Sample, height: int, width: int) -> Bytes | None:
    """A person's segmentation (256, 256) u1 in its box stretched to the square; None where there is none.

    :raises ValueError: it is none of COCO's forms.
    """
    given = person.segmentation
    if not given or person.crowd:
        return None
    try:
        if isinstance(given, list):
            flat = [to_box(np.array(ring, np.float64).reshape(-1, 2), person.bbox.tolist()).ravel() for ring in given]
            rles = coco_mask.frPyObjects([ring.tolist() for ring in flat if len(ring) >= 6], SIZE, SIZE)
            return coco_mask.decode(coco_mask.merge(rles)).astype(np.uint8)
        whole = _rle(given)
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise ValueError(f"its segmentation cannot be read ({error})") from error
    if whole.shape != (height, width):
        raise ValueError(f"its segmentation is of an image of {whole.shape[1]} x {whole.shape[0]} pixels")
    return resample_mask(whole, (0, 0), person.bbox.tolist())


def _rle(given: Any) -> Bytes:
    """Pixels (H, W) of an RLE, compressed or not."""
    height, width = (int(side) for side in given["size"])
    rle = coco_mask.frPyObjects(given, height, width) if isinstance(given["counts"], list) else given
    return coco_mask.decode(rle).astype(np.uint8)


def _corners(boxes: NDArray[np.float64]) -> Floats:
    """(P, 4) x0, y0, x1, y1 of x, y, width, height."""
    out = boxes.astype(np.float32)
    out[:, 2:] += out[:, :2]
    return out


def _keypoints(given: NDArray[np.float64], count: int) -> Floats:
    if given.shape != (count, 3):
        raise ValueError(f"has {len(given)} keypoints, not {count}")
    return given.astype(np.float32)
