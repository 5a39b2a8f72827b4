"""A folder of rendered persons as a DensePose-COCO file: points as annotators are asked for them, with their true
surface points, and the true part masks. Nobody's errors are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from annotation.masks import to_coco_rle
from annotation.sampling import sample_points
from export.formats import require_format, write
from export.records import ImageRecord, PersonRecord, Points
from surface.body import Body
from surface.order import part_order
from synthesis import dataset, truth
from synthesis.pool import spread
from synthesis.truth import Truth

FORMAT = "densepose-coco"
FILE = f"{FORMAT}.json"
"""Its name in the folder, beside ``annotations.json``."""

LEAST = 300
"""Pixels of a person from which it gets points; smaller ones are persons that nobody annotated."""


def annotate(
    body: Body,
    folder: Path,
    numbers: Sequence[int],
    file: str = FILE,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Writes the file of some of a folder's images; it appears whole or not at all, the same however many workers
    there are.

    :param body: that the folder shows.
    :param folder: as ``synthesis.dataset`` makes it.
    :param numbers: of images that are there.
    :param file: its name.
    :param workers: processes that look for points.
    :param progress: told how many images of how many are done.
    :return: the file's images, persons, annotated persons and points.
    :raises ValueError: the body has not DensePose's charts; an image is not there whole, or of another body.
    """
    require_format(FORMAT, body)
    numbers = sorted(numbers)
    images = [ImageRecord(**_known(dataset.record(folder, number)["image"])) for number in numbers]
    info = {"description": "Rendered persons with their true surface points", "densemark": dataset.about(folder)}
    work = partial(persons, body, folder, part_order(body))
    with closing(spread(work, numbers, workers)) as found:
        listed = _told(_in_order(found, numbers), len(numbers), progress)
        return write(FORMAT, folder / file, body, images, (one for some in listed for one in some), info)


def persons(
    body: Body, folder: Path, order: tuple[int, ...], numbers: Iterable[int]
) -> Iterator[tuple[int, list[PersonRecord]]]:
    """The persons of images, with points.

    :param order: of the body's parts (``surface.order.part_order``).
    :return: for each image its number and persons.
    """
    for number in numbers:
        entries = dataset.record(folder, number)["annotations"]
        yield number, [person(body, one, truth.read(folder / "truth" / one["truth"], body), order) for one in entries]


def person(body: Body, entry: dict[str, Any], seen: Truth, order: tuple[int, ...]) -> PersonRecord:
    """A rendered person with points, where it has pixels enough."""
    plain = PersonRecord(
        entry["id"], entry["image_id"], tuple(entry["bbox"]), entry["area"], entry["segmentation"],
        entry.get("keypoints"), source="rendered",
    )  # fmt: skip
    if len(seen.pixel) < LEAST:
        return plain
    parts = seen.part_map()
    sampled = sample_points(parts, (0, 0), entry["id"], order)
    xy = np.array([(point.x, point.y) for point in sampled])
    rows = seen.rows(xy)
    face, bary = seen.face[rows], seen.bary[rows].astype(np.float64)
    bary /= bary.sum(axis=1, keepdims=True)
    points = Points(
        xy=xy,
        part=np.array([point.part for point in sampled], np.uint8),
        face=face,
        bary=bary,
        iuv=np.stack(body.to_iuv(face, bary), axis=1),
    )
    rles = to_coco_rle(parts, (0, 0), seen.width, seen.height)
    return replace(plain, masks={n: rle["counts"] for n, rle in rles.items()}, points=points)


def _known(image: dict[str, Any]) -> dict[str, Any]:
    return {key: image[key] for key in ("id", "file_name", "width", "height")}


def _in_order(found: Iterator[tuple[int, list[PersonRecord]]], numbers: Iterable[int]) -> Iterator[list[PersonRecord]]:
    """What was found in any order, in the order of the numbers."""
    early: dict[int, list[PersonRecord]] = {}
    for number in numbers:
        while number not in early:
            early.update([next(found)])
        yield early.pop(number)


def _told(
    found: Iterator[list[PersonRecord]], total: int, progress: Callable[[int, int], None] | None
) -> Iterator[list[PersonRecord]]:
    """The same, and tells how far it is."""
    for done, some in enumerate(found, start=1):
        yield some
        if progress is not None:
            progress(done, total)
