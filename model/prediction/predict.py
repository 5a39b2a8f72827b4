"""A network put to work on photos: which, in what order, and what is found in each."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.detection.evaluate import MOST_DETECTIONS
from model.prediction import average, photos
from model.prediction.decode import Person, persons, vertices_of
from model.prediction.load import Loaded
from model.prediction.measure import given_boxes
from model.prediction.photos import Photo
from model.recipe import Data
from model.structures import Detections

MOST = MOST_DETECTIONS
"""Persons of a photo that are searched for, the best: no more are evaluated."""


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

    :raises ValueError: a path is not there, or a folder holds no photo; two photos would have the same name.
    """
    out: list[Wanted] = []
    known: dict[str, Path] = {}
    for path in paths:
        for file in photos.listed([path]):
            name = str(file.relative_to(path)) if path.is_dir() else file.name
            if (other := known.setdefault(name, file)) is not file:
                raise ValueError(f"{other} and {file} would both be {name!r} in the results: look at them one by one")
            out.append(Wanted(len(out) + 1, name, file))
    return out


def of_coco(path: Path, folder: Path, given: bool) -> list[Wanted]:
    """The images of an annotation file, with its ids, as they lie in a folder.

    :param given: with the boxes of its persons.
    :raises ValueError: it is no COCO file, or lists an image twice.
    """
    try:
        document = json.loads(path.read_bytes())
        boxes = given_boxes(document) if given else {}
        out = {
            entry["id"]: Wanted(entry["id"], entry["file_name"], folder / entry["file_name"], boxes.get(entry["id"]))
            for entry in document["images"]
        }
        if len(out) < len(document["images"]):
            raise ValueError("two images have the same id")
        return list(out.values())
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path}: is no COCO file ({reason})") from error


def predict(
    loaded: Loaded, wanted: Sequence[Wanted], looks: Looks = Looks(), batch: int = 4, most: int = MOST
) -> Iterator[Seen | Broken]:
    """Look at photos; they come in their order, each by itself as if it were alone.

    Photos of the same padded size are looked at together (``photos.in_groups``). What is found in those that wait for
    their turn stays as small as the network gave it: a photo's maps are stretched over its persons when it comes.

    :param batch: photos at a time.
    :param most: persons of a photo that are searched for, the best; given boxes are all looked at.
    :raises ValueError: the network takes boxes and there are none; the body is not symmetric and is to be looked at in
        the mirror.
    """
    network, recipe = loaded.network, loaded.recipe
    if recipe.network.kind != "rcnn" and any(each.boxes is None for each in wanted):
        raise ValueError(f"a network of kind {recipe.network.kind!r} finds no persons: it takes their boxes")
    device = photos.device_of(network)
    vertices = vertices_of(network, loaded.body)
    symmetry = average.Symmetry.of(loaded.body, device, vertices) if looks.flip else None
    scales = looks.scales or recipe.data.tested[:1]
    sized = replace(recipe.data, tested=(scales[0], recipe.data.tested[1]))

    def looked(group: list[tuple[Wanted, Photo | ValueError]]) -> list[Detections]:
        shown = [photo for _, photo in group if isinstance(photo, Photo)]
        if symmetry is None and not looks.scales:
            with photos.at_most(network, most):
                return photos.look(network, shown, recipe.data, recipe.running.precision)
        return average.look(network, shown, recipe.data, scales, symmetry, recipe.running.precision, most)

    read = zip(wanted, photos.ahead(wanted, _read), strict=True)
    for (each, photo), found in photos.in_groups(read, lambda pair: _alike(pair[1], sized), looked, batch):
        if isinstance(photo, ValueError):
            yield Broken(each, str(photo))
        else:
            yield Seen(each, photo, [] if found is None else persons(found, vertices))


def _read(wanted: Wanted) -> Photo:
    return Photo(wanted.image_id, wanted.name, photos.read(wanted.path), wanted.boxes)


def _alike(photo: Photo | ValueError, data: Data) -> Hashable | None:
    """What photos have in common that are looked at together; None where there is nothing to look at."""
    if isinstance(photo, ValueError) or (photo.boxes is not None and not len(photo.boxes)):
        return None
    return photos.shape(photo, data), photo.boxes is None
