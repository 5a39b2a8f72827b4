"""Unlabelled photos labelled by the network itself, to be learned from beside a dataset.

    train.json, test.json, images/, dense/   of the base, as they are
    generated/train.json                     the persons that are sure enough, COCO, without points
    generated/images/                        their photos
    generated/dense/                         their labels; ``model.data.dense`` has the form
    generated/derived.json                   what they were made from, and how many were kept

Each photo is looked at in several sizes and in the mirror (Radosavovic et al., "Data Distillation", CVPR 2018).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from export.coco import PERSON_CATEGORY
from export.files import replacing
from export.snapshots import digest
from model.data.dense import ABOUT, FOLDER, FORMAT, GENERATED, Dense, write
from model.distillation.derived import IMAGES, TRAIN, Base, Progress, copied, silent
from model.distillation.filter import Limits, kept
from model.distillation.merge import Merged, merged
from model.distillation.staging import linked, staged
from model.prediction import average, photos
from model.prediction.load import Loaded
from model.prediction.photos import Photo
from model.prediction.predict import Wanted, of_files
from model.structures import SQUARE

_FOUND = "found"
_APART = 1000
"""More than a network finds in a photo; annotation ids are the image's times this and the person's."""


@dataclass(frozen=True)
class Copies:
    """As what each photo is looked at.

    :param scales: shortest sides as shares of the recipe's.
    :param flip: each in the mirror, too.
    """

    scales: tuple[float, ...] = (0.8, 1.0, 1.25)
    flip: bool = True


def generate(
    loaded: Loaded,
    base: Base,
    folder: Path,
    out: Path,
    copies: Copies = Copies(),
    limits: Limits = Limits(),
    batch: int = 2,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Label the photos of a folder by a network and write them beside a dataset, or go on where that was interrupted.

    Photos that cannot be read are counted and left out.

    :param out: a folder that is not there yet.
    :param batch: photos at a time.
    :return: what generated/derived.json says.
    :raises ValueError: ``out`` is there; the network finds nobody by itself or gives no charts; bodies differ; the body
        is not symmetric and the photos are to be looked at in the mirror; nobody is kept.
    """
    network, recipe = loaded.network, loaded.recipe
    if recipe.network.kind != "rcnn":
        raise ValueError(f"{loaded.source}: a network of kind {recipe.network.kind!r} finds nobody by itself")
    if base.train.body is None or base.train.body.hash != loaded.body.hash:
        raise ValueError(f"{loaded.source}: is on body {loaded.body.name}, {base.train.name} on another one")
    if base.train.persons.path.is_dir():
        raise ValueError(f"{base.train.name}: is a snapshot's folder; files of it are written by densemark export")
    tell, wanted = progress or silent, of_files([folder])
    symmetry = average.Symmetry.of(loaded.body, photos.device_of(network)) if copies.flip else None
    scales = [round(share * recipe.data.tested[0]) for share in copies.scales]
    about = _about(loaded, base, copies, limits, wanted)
    with staged(out, about) as made:
        own = made / GENERATED
        for name in (FOLDER, _FOUND):
            (own / name).mkdir(parents=True, exist_ok=True)
        missing = [each for each in wanted if not _record(own, each).exists()]
        looked = photos.ahead(missing, _read)
        done = len(wanted) - len(missing)
        pairs = zip(missing, looked, strict=True)
        while group := list(islice(pairs, batch)):
            sound = [photo for _, photo in group if isinstance(photo, Photo)]
            seen = (
                average.views(network, sound, recipe.data, scales, symmetry, recipe.running.precision) if sound else []
            )
            for photo, views in zip(sound, seen, strict=True):
                _keep(own, photo, merged(views), limits)
            for each, read in group:
                if isinstance(read, ValueError):
                    _write(_record(own, each), {"refused": str(read)})
            done += len(group)
            tell("looking", done, len(wanted))
        said = _assembled(own, wanted, about, loaded)
        copied(base, made, tell)
        if base.train.dense is not None:
            _with_labels(base.train.dense, made)
        shutil.rmtree(own / _FOUND)
    return said


def _about(loaded: Loaded, base: Base, copies: Copies, limits: Limits, wanted: Sequence[Wanted]) -> dict[str, Any]:
    """What the labels depend on."""
    file = base.train.persons.path
    return {
        "format": FORMAT,
        "version": 1,
        "file": TRAIN,
        "beside": TRAIN,
        "base": {"name": file.name, "hash": digest(file), "images": len(base.train)},
        "network": {"name": loaded.source.parent.name, "hash": digest(loaded.source), "step": loaded.step},
        "body": {"name": loaded.body.name, "hash": loaded.body.hash},
        "copies": {"scales": list(copies.scales), "flip": copies.flip},
        "limits": asdict(limits),
        "photos": [each.name for each in wanted],
    }


def _read(wanted: Wanted) -> Photo:
    return Photo(wanted.image_id, wanted.name, photos.read(wanted.path))


def _record(own: Path, wanted: Wanted) -> Path:
    return own / _FOUND / f"{wanted.image_id}.json"


def _keep(own: Path, photo: Photo, people: Sequence[Merged], limits: Limits) -> None:
    """Write what is kept of a photo: labels first, then what tells that the photo is done."""
    entries = []
    for number, person in enumerate(people, start=1):
        labels = kept(person, limits)
        shape = None if labels is None else pasted(person.labels[..., 0] > 0, person.box, photo.size)
        if labels is None or shape is None or not shape.any():
            continue
        id_ = photo.image_id * _APART + number
        write(own / FOLDER / f"{id_}.png", labels)
        entries.append(_entry(id_, photo.image_id, person, shape))
    height, width = photo.size
    image = {"id": photo.image_id, "file_name": photo.name, "width": width, "height": height}
    _write(own / _FOUND / f"{photo.image_id}.json", {"image": image, "found": len(people), "persons": entries})


def _entry(id_: int, image_id: int, person: Merged, shape: NDArray[np.bool_]) -> dict[str, Any]:
    x0, y0, x1, y1 = person.box.tolist()
    rle = coco_mask.encode(np.asfortranarray(shape, np.uint8))
    return {
        "id": id_,
        "image_id": image_id,
        "category_id": PERSON_CATEGORY["id"],
        "iscrowd": 0,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": float(shape.sum()),
        "segmentation": {"size": list(rle["size"]), "counts": rle["counts"].decode()},
        "score": round(person.score, 4),
    }


def pasted(square: NDArray[np.bool_], box: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) the pixels of an image whose centres lie in a box, as the square (256, 256) that it is stretched to has
    them.

    :param box: (4,) x0, y0, x1, y1.
    """
    out = np.zeros(size, np.bool_)
    rows, columns = (
        np.floor((np.arange(side) + 0.5 - first) * (SQUARE / max(last - first, 1e-9))).astype(np.int64)
        for side, first, last in ((size[0], box[1], box[3]), (size[1], box[0], box[2]))
    )
    down, across = ((cells >= 0) & (cells < SQUARE) for cells in (rows, columns))
    out[np.ix_(down, across)] = square[np.ix_(rows[down], columns[across])]
    return out


def _assembled(own: Path, wanted: Sequence[Wanted], about: dict[str, Any], loaded: Loaded) -> dict[str, Any]:
    """The dataset file of all photos with persons that were kept, and what describes it."""
    found = [(each, json.loads(_record(own, each).read_bytes())) for each in wanted]
    good = [(each, record) for each, record in found if record.get("persons")]
    persons = [entry for _, record in good for entry in record["persons"]]
    if not persons:
        raise ValueError(f"of {len(wanted)} photos no person is sure enough to learn from: lower limits keep more")
    for each, _ in good:
        linked(each.path, own / IMAGES, each.name)
    document = {
        "info": {"description": "Generated", "densemark": {"body": loaded.body.name, "body_hash": loaded.body.hash}},
        "images": [record["image"] for _, record in good],
        "annotations": persons,
        "categories": [PERSON_CATEGORY],
    }
    _write(own / TRAIN, document)
    said = {key: value for key, value in about.items() if key != "photos"} | {
        "photos": len(wanted),
        "refused": sum("refused" in record for _, record in found),
        "images": len(good),
        "found": sum(record.get("found", 0) for _, record in found),
        "persons": len(persons),
    }
    _write(own / ABOUT, said)
    return said


def _with_labels(dense: Dense, made: Path) -> None:
    """Have a teacher's labels of the base there, too."""
    for path in dense.folder.glob("*.png"):
        linked(path, made / FOLDER, path.name)
    shutil.copyfile(dense.folder.parent / ABOUT, made / ABOUT)


def _write(path: Path, value: Any) -> None:
    with replacing(path) as file:
        json.dump(value, file)
        file.write("\n")
