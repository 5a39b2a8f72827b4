"""The formats that datasets are written in, by name, and the one streaming pass that writes a file of any of them."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from export import coco, densepose_coco, densepose_cse
from export.files import replacing
from export.on_body import require_charts
from export.records import ImageRecord, PersonRecord
from surface.body import Body

FORMATS = ("densepose-coco", "densepose-cse", "coco")
"""Names of the formats: charts, vertices of a mesh, or neither."""

Entry = Callable[[PersonRecord, ImageRecord], dict[str, Any]]


def require_format(format_: str, body: Body | None = None) -> None:
    """Raises ValueError unless there is a format of that name, and it can be written on the body (None: is not
    checked)."""
    if format_ not in FORMATS:
        raise ValueError(f"format {format_!r} is not one of: {', '.join(FORMATS)}")
    if format_ == "densepose-coco" and body is not None:
        require_charts(body)


def write(
    format_: str,
    path: str | Path,
    body: Body | None,
    images: Iterable[ImageRecord],
    persons: Iterable[PersonRecord],
    info: Mapping[str, Any] | None = None,
    licenses: Iterable[Mapping[str, Any]] = (),
    labels: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Writes a dataset file, person by person, so that memory grows with the number of images only.

    The same input gives the same bytes. The file appears complete or not at all.

    :param format_: one of ``FORMATS``.
    :param body: that the points are on; None if they are known to have the charts of DensePose.
    :param images: those of the file, in any order; they are written by id.
    :param persons: ascending ids, each of one of ``images``.
    :param licenses: entries of id, name and url to be kept; those of the images are added.
    :param labels: further keys for every person with points, that readers of the formats pass over.
    :return: counts of images and persons; annotated persons and points, or persons with keypoints in ``coco``.
    :raises ValueError: naming the image or person, for duplicate ids and for whatever no reader could use; for a body
        that the format cannot be written on.
    """
    require_format(format_, body)
    entry = _entry(format_, body)
    by_id = _by_id(images)
    listed = coco.licences(by_id.values(), licenses)
    counts = {"images": len(by_id), "persons": 0, **dict.fromkeys(_COUNTED[format_], 0)}
    with replacing(path) as file:
        file.write('{"info": ' + _json(dict(info or {})) + ',\n"licenses": ' + _json(listed))
        file.write(',\n"categories": ' + _json([coco.PERSON_CATEGORY]) + ',\n"images": [')
        for index, image in enumerate(by_id.values()):
            file.write((",\n" if index else "\n") + _json(coco.image_entry(image, listed)))
        file.write('\n],\n"annotations": [')
        last = 0
        for person in persons:
            if person.image_id not in by_id:
                raise ValueError(f"person {person.id}: image {person.image_id} is not in the file")
            try:
                found = entry(person, by_id[person.image_id])
            except ValueError as error:
                raise ValueError(f"person {person.id}: {error}") from error
            if person.id <= last:
                raise ValueError(f"person {person.id}: ids do not ascend (the one before is {last})")
            if "dp_x" in found:
                found |= labels or {}
            file.write((",\n" if counts["persons"] else "\n") + _json(found))
            last = person.id
            _count(counts, found)
        file.write("\n]}\n")
    return counts


_COUNTED = {
    "densepose-coco": ("annotated", "points"),
    "densepose-cse": ("annotated", "points"),
    "coco": ("keypoints",),
}


def _entry(format_: str, body: Body | None) -> Entry:
    if format_ == "densepose-coco":
        return densepose_coco.entry
    if format_ == "coco":
        return coco.entry
    if body is None:
        raise ValueError(f"{format_} names vertices: it needs the body")
    return partial(densepose_cse.entry, body=body)


def _by_id(images: Iterable[ImageRecord]) -> dict[int, ImageRecord]:
    found: dict[int, ImageRecord] = {}
    for image in sorted(images, key=lambda image: image.id):
        if image.id in found or image.id < 1:
            raise ValueError(f"image {image.id} ({image.file_name}): ids are unique and begin at 1")
        found[image.id] = image
    return found


def _count(counts: dict[str, int], found: Mapping[str, Any]) -> None:
    counts["persons"] += 1
    if "keypoints" in counts:
        counts["keypoints"] += bool(found.get("num_keypoints"))
    else:
        counts["annotated"] += "dp_x" in found
        counts["points"] += len(found.get("dp_x", ()))


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
