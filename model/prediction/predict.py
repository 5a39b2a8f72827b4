"""A network put to work on photos: which, in what order, and what is found in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.prediction import average, photos
from model.prediction.decode import Person, Vertices, persons, vertices_of
from model.prediction.load import Loaded
from model.prediction.measure import given_boxes
from model.prediction.photos import Photo
from model.structures import Detections


@dataclass(frozen=True, eq=False)
class Wanted:
    """A photo that is to be looked at.

    :param image_id: of its results.
    :param name: of the file, as the annotation file has it or relative to its folder.
    :param boxes: (P, 4) f8 x0, y0, x1, y1 of persons that are not to be searched for; None where they are.
    """

    image_id: int
    name: str
    path: Path
    boxes: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """A photo that was looked at, and its persons, best first."""

    wanted: Wanted
    photo: Photo
    persons: list[Person]


@dataclass(frozen=True, eq=False)
class Broken:
    """A photo that could not be read, and why."""

    wanted: Wanted
    reason: str


@dataclass(frozen=True)
class Looks:
    """How often each photo is looked at.

    :param scales: shortest sides; none means the recipe's.
    :param flip: also in the mirror.
    """

    scales: tuple[int, ...] = ()
    flip: bool = False


def of_files(paths: Iterable[Path]) -> list[Wanted]:
    """The photos of files and folders, numbered from 1 in the order of ``photos.listed``.

    :raises ValueError: a path is not there, or a folder holds no photo.
    """
    out: list[Wanted] = []
    for path in paths:
        for file in photos.listed([path]):
            name = str(file.relative_to(path)) if path.is_dir() else file.name
            out.append(Wanted(len(out) + 1, name, file))
    return out


def of_coco(path: Path, folder: Path, given: bool) -> list[Wanted]:
    """The images of an annotation file, with its ids, as they lie in a folder.

    :param given: with the boxes of its persons.
    :raises ValueError: it is no COCO file.
    """
    try:
        document = json.loads(path.read_bytes())
        boxes = given_boxes(document) if given else {}
        return [
            Wanted(entry["id"], entry["file_name"], folder / entry["file_name"], boxes.get(entry["id"]))
            for entry in document["images"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path}: is no COCO file ({reason})") from error


def predict(
    loaded: Loaded, wanted: Sequence[Wanted], looks: Looks = Looks(), batch: int = 4
) -> Iterator[Seen | Broken]:
    """Look at photos, in their order but for those that cannot be read, which are told at once.

    :param batch: photos at a time.
    :raises ValueError: the network takes boxes and there are none; the body is not symmetric and is to be looked at in
        the mirror.
    """
    network, recipe = loaded.network, loaded.recipe
    if recipe.network.kind != "rcnn" and any(each.boxes is None for each in wanted):
        raise ValueError(f"a network of kind {recipe.network.kind!r} finds no persons: it takes their boxes")
    device = photos.device_of(network)
    vertices = vertices_of(network, loaded.body)
    symmetry = average.Symmetry.of(loaded.body, device, vertices) if looks.flip else None

    def looked(group: list[Photo]) -> list[Detections]:
        if symmetry is None and not looks.scales:
            return photos.look(network, group, recipe.data, recipe.running.precision)
        scales = looks.scales or recipe.data.tested[:1]
        return average.look(network, group, recipe.data, scales, symmetry, recipe.running.precision)

    waiting: list[tuple[Wanted, Photo]] = []
    for each, read in zip(wanted, photos.ahead(wanted, _read), strict=True):
        if isinstance(read, ValueError):
            yield Broken(each, str(read))
            continue
        waiting.append((each, read))
        if len(waiting) == batch:
            yield from _seen(waiting, looked, vertices)
            waiting = []
    yield from _seen(waiting, looked, vertices)


def _read(wanted: Wanted) -> Photo:
    return Photo(wanted.image_id, wanted.name, photos.read(wanted.path), wanted.boxes)


def _seen(
    waiting: Sequence[tuple[Wanted, Photo]],
    looked: Callable[[list[Photo]], list[Detections]],
    vertices: Vertices | None,
) -> Iterator[Seen]:
    # Where no boxes are given in a photo there is nothing to look at.
    group = [photo for _, photo in waiting if photo.boxes is None or len(photo.boxes)]
    found = {photo.image_id: each for photo, each in zip(group, looked(group), strict=True)} if group else {}
    for each, photo in waiting:
        people = persons(found[photo.image_id], vertices) if photo.image_id in found else []
        yield Seen(each, photo, people)
