"""Datasets in Python: a dataset file or a snapshot's folder as a sequence of persons, as arrays.

    from export.read import Dataset

    people = Dataset("densepose-coco.json", images="photos")
    person = people[0]
    person.image, person.labels, person.xy, person.iuv

It is a map-style dataset for torch as it is (``__len__``, ``__getitem__``; picklable, read by each worker on its own)
without importing torch. Persons have different numbers of points, so a loader needs ``collate_fn=collate``.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from annotation.masks import MOST_PARTS
from export.check_person import is_dense
from export.check_rules import is_integer
from export.coco import PERSON_CATEGORY
from export.dense_in import Dense, dense
from export.records import ImageRecord, PersonRecord, image_of, person_of
from export.square import label_points, resample_mask, to_box
from export.square_in import SIDE, label_map, runs
from export.stream import items

T = TypeVar("T")
PERSON = PERSON_CATEGORY["id"]
_ANNOTATED, _ALONE, _JOINTED, _OUTLINED = 1, 2, 4, 8


@dataclass(frozen=True)
class Sample:
    """A person; N points, which may be none.

    :param id: of the annotation.
    :param image_id: of its image.
    :param image: (H, W, 3) u1 sRGB of the upright photo; None without a folder of images.
    :param bbox: (4,) f8 x, y, w, h in image pixels.
    :param labels: (256, 256) u1 part labels in the box stretched to that square, 0 on none; None without masks.
    :param xy: (N, 2) f8 positions in image pixels; pixel centres at .5.
    :param square_xy: (N, 2) f8 the same in the square: dp_x, dp_y.
    :param iuv: (N, 3) f8 chart 1.., U, V; None in a CSE file.
    :param vertex: (N,) i8 0-based vertex; None where charts stand instead.
    :param keypoints: (17, 3) f8 x, y, visibility; None without.
    :param crowd: whether the box holds many persons (COCO's iscrowd).
    :param segmentation: polygons or RLE in image pixels, as the file has it; None without.
    :param surface: the points as they stand on the body: face (N,) i4 and barycentric coordinates (N, 3) f8; None in
        files, which have charts or vertices alone.
    :param mesh: name of the mesh that the vertices are of; None where charts stand instead.
    """

    id: int
    image_id: int
    image: NDArray[np.uint8] | None
    bbox: NDArray[np.float64]
    labels: NDArray[np.uint8] | None
    xy: NDArray[np.float64]
    square_xy: NDArray[np.float64]
    iuv: NDArray[np.float64] | None
    vertex: NDArray[np.int64] | None
    keypoints: NDArray[np.float64] | None
    crowd: bool = False
    segmentation: Any = None
    surface: tuple[NDArray[np.int32], NDArray[np.float64]] | None = None
    mesh: str | None = None

    def masks(self, parts: int = 14) -> NDArray[np.bool_]:
        """(parts, 256, 256) one mask for each part, the first for label 1."""
        if not 1 <= parts <= MOST_PARTS:
            raise ValueError(f"{parts} parts are outside 1..{MOST_PARTS}")
        labels = np.zeros((SIDE, SIDE), np.uint8) if self.labels is None else self.labels
        return labels == np.arange(1, parts + 1, dtype=np.uint8)[:, None, None]


class Dataset:
    """Persons of a dataset file (DensePose-COCO, CSE, COCO) or of a snapshot's folder, in file order.

    The file is streamed once and only places in it are kept: 27 bytes a person, and its images. Entries of categories
    other than COCO's person are passed over.

    :param path: the file, or a folder with ``images.jsonl`` and ``persons-*.jsonl``.
    :param images: folder of the photos, under the names that the file or the snapshot has for them; without it samples
        have none. A snapshot holds no photos: ``densemark export PROJECT --snapshot NAME --images --out FOLDER`` writes
        them to ``FOLDER/images``.
    :param split: of a snapshot; None for all of it.
    :param annotated: only persons with points.
    :param transform: applied to each sample, in the worker that reads it.
    :raises ValueError: naming the file, when it cannot be read or is no dataset; by ``[i]``, naming the annotation,
        when its entry cannot be used (``densemark check`` finds these beforehand).
    """

    def __init__(
        self,
        path: str | Path,
        images: str | Path | None = None,
        split: str | None = None,
        annotated: bool = True,
        transform: Callable[[Sample], Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.folder = None if images is None else Path(images)
        self.transform = transform
        self.images: dict[int, ImageRecord] = {}
        self._files: list[Path] = []
        self._file = array("H")
        self._start = array("q")
        self._length = array("l")
        self._image = array("q")
        self._kind = array("b")
        self.body_hash = ""
        if self.path.is_dir():
            self._index_snapshot(split, annotated)
        elif split is not None:
            raise ValueError(f"{self.path.name}: only the folder of a snapshot has splits")
        else:
            self._index_file(annotated)

    def __len__(self) -> int:
        return len(self._start)

    def __getitem__(self, index: int) -> Any:
        """The sample at an index, or what ``transform`` makes of it."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.path.name} has {len(self)} persons, none at {index}")
        sample = self.sample(index)
        return sample if self.transform is None else self.transform(sample)

    def sample(self, index: int, photo: bool = True) -> Sample:
        """The sample at an index, untransformed; without reading its image where ``photo`` is false."""
        raw = self._raw(index)
        return self._of_record(person_of(raw), photo) if self.path.is_dir() else self._of_entry(json.loads(raw), photo)

    def bbox(self, index: int) -> NDArray[np.float64]:
        """(4,) x, y, w, h in pixels of the image: of the sample at an index, of which nothing else is decoded."""
        entry = json.loads(self._raw(index))
        try:
            return np.array(entry["bbox"], np.float64).reshape(4)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.path.name}: annotation {entry.get('id')}: has no usable bbox") from error

    def rows_of_images(self) -> dict[int, list[int]]:
        """Indices of the persons of each image, by image id; images without persons are there, too."""
        found: dict[int, list[int]] = {id_: [] for id_ in self.images}
        for index, image_id in enumerate(self._image):
            if image_id not in found:
                person = self.sample(index, photo=False)
                raise ValueError(
                    f"{self.path.name}: annotation {person.id}: image {person.image_id} is not in the dataset"
                )
            found[image_id].append(index)
        return found

    def annotated(self, index: int) -> bool:
        """Whether the person at an index has points."""
        return bool(self._kind[index] & _ANNOTATED)

    def alone(self, index: int) -> bool:
        """Whether the entry at an index is of one person, no crowd, in a box with an area."""
        return bool(self._kind[index] & _ALONE)

    def jointed(self, index: int) -> bool:
        """Whether the person at an index has labelled keypoints; of a snapshot, keypoints of any kind."""
        return bool(self._kind[index] & _JOINTED)

    def outlined(self, index: int) -> bool:
        """Whether the person at an index has part masks or a segmentation."""
        return bool(self._kind[index] & _OUTLINED)

    def photo(self, image_id: int) -> NDArray[np.uint8]:
        """Pixels (H, W, 3) of an image, upright.

        :raises ValueError: naming the file, when they cannot be read; without a folder of images.
        """
        found = self._photo(image_id)
        if found is None:
            raise ValueError(f"{self.path.name}: the folder of its images was not given")
        return found

    def _raw(self, index: int) -> bytes:
        with self._files[self._file[index]].open("rb") as file:
            file.seek(self._start[index])
            return file.read(self._length[index])

    def _index_file(self, annotated: bool) -> None:
        self._files = [self.path]
        lists = set()
        for item in items(self.path):
            if item.key == "info" and isinstance(item.value, dict) and isinstance(item.value.get("densemark"), dict):
                self.body_hash = str(item.value["densemark"].get("body_hash", ""))
            if item.number < 0:
                lists.add(item.key if item.value == [] else None)
            elif item.key not in ("images", "annotations"):
                continue
            elif not isinstance(item.value, dict):
                raise ValueError(f"{self.path.name}: number {item.number} of {item.key} is no object")
            elif item.key == "images":
                self._add_image(item.value)
            elif item.value.get("category_id", PERSON) == PERSON and ((found := is_dense(item.value)) or not annotated):
                kind = _kind_of(item.value, found)
                self._add(0, item.start, item.end - item.start, _number(item.value.get("image_id")), kind)
        if not lists >= {"images", "annotations"}:
            raise ValueError(f"{self.path.name}: is not a COCO file (no lists of images and annotations)")

    def _add_image(self, entry: Mapping[str, Any]) -> None:
        try:
            found = ImageRecord(entry["id"], entry["file_name"], entry["width"], entry["height"])
        except KeyError as error:
            raise ValueError(f"{self.path.name}: image {entry.get('id')} has no {error.args[0]}") from error
        if not is_integer(found.id):
            raise ValueError(f"{self.path.name}: image id {found.id!r:.80} is not an integer")
        self.images[found.id] = found

    def _index_snapshot(self, split: str | None, annotated: bool) -> None:
        listed = self.path / "images.jsonl"
        self._files = sorted(self.path.glob("persons-*.jsonl" if split is None else f"persons-{split}.jsonl"))
        if not listed.is_file() or not self._files:
            what = "persons" if split is None else f"split {split!r}"
            raise ValueError(f"{self.path.name}: is no snapshot (no images.jsonl or no {what})")
        with listed.open("rb") as lines:
            for line in lines:
                image = image_of(line)
                self.images[image.id] = image
        for number, path in enumerate(self._files):
            start = 0
            with path.open("rb") as lines:
                for line in lines:
                    if (found := b'"points":{' in line) or not annotated:
                        self._add(number, start, len(line), _image_id(line), _kind_of_line(line, found))
                    start += len(line)

    def _add(self, file: int, start: int, length: int, image_id: int, kind: int) -> None:
        self._file.append(file)
        self._start.append(start)
        self._length.append(length)
        self._image.append(image_id)
        self._kind.append(kind)

    def _of_entry(self, entry: Mapping[str, Any], photo: bool) -> Sample:
        try:
            work = dense(entry) if is_dense(entry) else None
            keypoints = np.array(entry["keypoints"], np.float64).reshape(-1, 3) if entry.get("keypoints") else None
            bbox = np.array(entry["bbox"], np.float64).reshape(4)
            image = self._photo(entry["image_id"]) if photo else None
            found = self._sample(entry["id"], entry["image_id"], image, bbox, keypoints, work)
            return replace(found, crowd=bool(entry.get("iscrowd")), segmentation=entry.get("segmentation") or None)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            reason = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{self.path.name}: annotation {entry.get('id')}: {reason}") from error

    def _sample(
        self,
        id_: int,
        image_id: int,
        image: NDArray[np.uint8] | None,
        bbox: NDArray[np.float64],
        keypoints: NDArray[np.float64] | None,
        work: Dense | None,
    ) -> Sample:
        xy = np.zeros((0, 2)) if work is None else work.xy
        return Sample(
            id=id_,
            image_id=image_id,
            image=image,
            bbox=bbox,
            labels=None if work is None else label_map(work.ends),
            xy=xy,
            square_xy=to_box(xy, bbox.tolist()) if len(xy) else xy,
            iuv=None if work is None else work.iuv,
            vertex=None if work is None else work.vertex,
            keypoints=keypoints,
            mesh=None if work is None else work.mesh,
        )

    def _of_record(self, person: PersonRecord, photo: bool) -> Sample:
        bbox, points = np.array(person.bbox), person.points
        keypoints = person.keypoints
        return Sample(
            id=person.id,
            image_id=person.image_id,
            image=self._photo(person.image_id) if photo else None,
            bbox=bbox,
            labels=self._square(person),
            xy=points.xy,
            square_xy=to_box(points.xy, person.bbox),
            iuv=points.iuv,
            vertex=None,
            keypoints=None if keypoints is None else np.array(keypoints, np.float64).reshape(-1, 3),
            segmentation=person.segmentation or None,
            surface=(points.face, points.bary),
        )

    def _square(self, person: PersonRecord) -> NDArray[np.uint8] | None:
        """The masks as they were imported, or drawn since."""
        ends = None if person.square is None else runs(person.square)
        if ends is not None:
            return label_map(ends)
        labels, origin = person.label_map(self._known(person.image_id))
        if labels is None:
            return None
        square = resample_mask(labels, origin, person.bbox)
        return label_points(square, person.points.xy, labels, origin, person.bbox)

    def _known(self, image_id: int) -> ImageRecord:
        if image_id not in self.images:
            raise ValueError(f"{self.path.name}: image {image_id} is not in the dataset")
        return self.images[image_id]

    def _photo(self, image_id: int) -> NDArray[np.uint8] | None:
        """Pixels (H, W, 3) of an image, upright. Raises ValueError, naming the file, when they cannot be read."""
        if self.folder is None:
            return None
        record = self._known(image_id)
        try:
            with Image.open(self.folder / record.file_name) as image:
                pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # as broken files make them
            raise ValueError(f"{record.file_name}: cannot be read ({error})") from error
        if pixels.shape[:2] != (record.height, record.width):
            stated = f"{record.width} x {record.height}"
            raise ValueError(f"{record.file_name}: has {pixels.shape[1]} x {pixels.shape[0]} pixels, not {stated}")
        return pixels


def _number(value: Any) -> int:
    """An image's id in an entry; -1 for what is none."""
    return value if is_integer(value) and abs(value) < 2**63 else -1


def _kind_of(entry: Mapping[str, Any], annotated: bool) -> int:
    """What an entry of a file is."""
    joints, shape = entry.get("keypoints"), annotated or entry.get("segmentation")
    jointed = isinstance(joints, list) and any(isinstance(v, int | float) and v > 0 for v in joints[2::3])
    alone, one = _alone(entry), not entry.get("iscrowd")
    return annotated * _ANNOTATED + alone * _ALONE + (one and jointed) * _JOINTED + bool(one and shape) * _OUTLINED


def _kind_of_line(line: bytes, annotated: bool) -> int:
    """What a line of a snapshot is."""
    shaped = any(key in line for key in (b'"masks":{', b'"square":[', b'"segmentation":'))
    jointed = b'"keypoints":[' in line
    return annotated * _ANNOTATED + _ALONE + jointed * _JOINTED + shaped * _OUTLINED


def _alone(entry: Mapping[str, Any]) -> bool:
    box = entry.get("bbox")
    sides = box[2:] if isinstance(box, list) and len(box) == 4 else []
    return not entry.get("iscrowd") and len(sides) == 2 and all(isinstance(v, int | float) and v > 0 for v in sides)


def _image_id(line: bytes) -> int:
    """The image of a line of a snapshot, whose keys are plain and whose texts have no bare quotes."""
    found = re.search(rb'"image_id":(\d+)', line)
    return -1 if found is None else int(found[1])


def collate(samples: Sequence[T]) -> list[T]:
    """A batch of samples as the list that it is: for torch's DataLoader, whose own collation stacks arrays, which
    images of many sizes and persons of many points do not allow."""
    return list(samples)
