"""The truth of a dataset, as the project's evaluator takes it: a COCO document with I, U, V at points."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export import coco, densepose_coco
from export.read import PERSON
from export.records import ImageRecord, PersonRecord, image_of, person_of
from model.vertices import to_iuv

if TYPE_CHECKING:
    from surface.body import Body


def document(path: str | Path, body: Body, split: str | None = None, ids: Collection[int] | None = None) -> Any:
    """The COCO document of a dataset file (DensePose-COCO, CSE, COCO) or of a snapshot's folder: its persons alone, as
    training reads them.

    :param body: that the points are on; vertices of its mesh become I, U, V.
    :param split: of a snapshot; None for all of it.
    :param ids: images that are kept; None keeps all.
    :raises ValueError: it is no dataset; the message names the file and what is wrong.
    """
    path = Path(path)
    found = _of_snapshot(path, split) if path.is_dir() else _of_file(path)
    images = [entry for entry in found["images"] if ids is None or entry["id"] in ids]
    kept = {entry["id"] for entry in images}
    annotations = [_charted(entry, body, path) for entry in persons(found) if entry["image_id"] in kept]
    return {"images": images, "annotations": annotations, "categories": [coco.PERSON_CATEGORY]}


def persons(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a COCO document that are persons; those without a category are."""
    listed = [{"category_id": PERSON, **entry} for entry in document["annotations"]]
    return [entry for entry in listed if entry["category_id"] == PERSON]


def _of_file(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: is no JSON ({error})") from error
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), list) for key in ("images", "annotations", "categories")
    ):
        raise ValueError(f"{path}: is no COCO file (no lists of images, annotations and categories)")
    return found


def _of_snapshot(path: Path, split: str | None) -> Mapping[str, Any]:
    files = sorted(path.glob("persons-*.jsonl" if split is None else f"persons-{split}.jsonl"))
    listed = path / "images.jsonl"
    if not listed.is_file() or not files:
        what = "persons" if split is None else f"split {split!r}"
        raise ValueError(f"{path}: is no snapshot (no images.jsonl or no {what})")
    with listed.open("rb") as lines:
        images = {image.id: image for image in map(image_of, lines)}
    persons = []
    for file in files:
        with file.open("rb") as lines:
            persons += [_entry(person, images, file) for person in map(person_of, lines)]
    used = {entry["image_id"] for entry in persons} if split is not None else images.keys()
    return {
        "images": [coco.image_entry(images[id_]) for id_ in sorted(used)],
        "annotations": persons,
        "categories": [coco.PERSON_CATEGORY],
    }


def _entry(person: PersonRecord, images: Mapping[int, ImageRecord], file: Path) -> dict[str, Any]:
    """As ``densepose_coco.entry``, on a body with any charts."""
    try:
        image = images[person.image_id]
        if not len(person.points):
            return coco.entry(person, image)
        mask = None if person.square is not None else person.label_map(image)
        box, (chart, u, v) = coco.box(person), person.points.iuv.T
        return coco.entry(person, image, mask) | {
            "dp_masks": person.square if mask is None else densepose_coco.square_masks(mask, box, person.points.xy),
            **densepose_coco.positions(person, box),
            **{"dp_I": chart.tolist(), "dp_U": u.tolist(), "dp_V": v.tolist()},
        }
    except (KeyError, ValueError) as error:
        reason = f"no image {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{file.name}: person {person.id}: {reason}") from error


def _charted(entry: dict[str, Any], body: Body, path: Path) -> dict[str, Any]:
    """The entry with I, U, V where it has vertices alone."""
    if "dp_vertex" not in entry or "dp_I" in entry:
        return entry
    vertex = np.array(entry["dp_vertex"])
    if vertex.dtype.kind not in "iu" or (len(vertex) and not 0 <= vertex.min() <= vertex.max() < len(body.vertices)):
        raise ValueError(
            f"{path.name}: annotation {entry.get('id')}: its vertices are none of body {body.name!r}, which has"
            f" {len(body.vertices):,}"
        )
    chart, u, v = (column[vertex].astype(np.float64).tolist() for column in to_iuv(body))
    return entry | {"dp_I": chart, "dp_U": u, "dp_V": v}
