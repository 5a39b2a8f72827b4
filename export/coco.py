"""COCO's own entries (Lin et al., "Microsoft COCO", ECCV 2014, arXiv 1405.0312): images, licences, persons.

The DensePose formats add their keys to these. Every rule here is one that the reference reader relies on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from annotation.masks import to_coco_rle
from export.records import ImageRecord, PersonRecord

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

Mask = tuple[NDArray[np.uint8] | None, tuple[int, int]]
"""Label map (h, w) u8 over a region of the image, or None, and the region's x0, y0."""


def entry(person: PersonRecord, image: ImageRecord, mask: Mask | None = None) -> dict[str, Any]:
    """The annotation entry of a person with COCO's keys: box, outline, keypoints.

    Without a segmentation the union of the part masks stands in, without those the box.

    :param mask: ``person.label_map(image)``, where it is known already.
    :raises ValueError: for what no reader could use.
    """
    if person.id < 1:
        raise ValueError("annotation ids begin at 1")
    bbox = box(person)
    segmentation, area = _segmentation(person, image, mask)
    found: dict[str, Any] = {
        "id": person.id,
        "image_id": person.image_id,
        "category_id": PERSON_CATEGORY["id"],
        "iscrowd": 0,
        "bbox": bbox,
        "area": area,
        "segmentation": segmentation,
    }
    if person.keypoints is not None:
        found |= _keypoints(person.keypoints)
    return found


def image_entry(image: ImageRecord, licenses: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The entry of an image, with the id of its licence among ``licenses`` and its source where they are known."""
    found: dict[str, Any] = {"id": image.id, "file_name": image.file_name, "width": image.width, "height": image.height}
    if image.licence or image.licence_url:
        found["license"] = next(item["id"] for item in licenses if _is(item, image))
    if image.source_url:
        found[_source_key(image.source_url)] = image.source_url
    if image.attribution:
        found["attribution"] = image.attribution
    return found


def licences(images: Iterable[ImageRecord], known: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The licences of a file: those that are known, unchanged, and those of the images that are missing among them.

    :return: entries of id, name and url; new ids follow the highest known one, in the order of name and url.
    """
    found = [dict(item) for item in known]
    named = sorted({(i.licence or "", i.licence_url or "") for i in images if i.licence or i.licence_url})
    last = max((int(item["id"]) for item in found), default=0)
    for name, url in named:
        if not any((item.get("name") or "", item.get("url") or "") == (name, url) for item in found):
            last += 1
            found.append({"id": last, "name": name, "url": url})
    return found


def box(person: PersonRecord) -> list[float]:
    """x, y, w, h as floats. Raises ValueError unless they are finite and have an area."""
    bbox = [finite(value, "bbox") for value in person.bbox]
    if len(bbox) != 4 or bbox[2] <= 0 or bbox[3] <= 0:
        raise ValueError(f"box {bbox} has no area")
    return bbox


def finite(value: Any, what: str) -> float:
    """A number as float; raises ValueError, naming what holds it, for NaN and infinities."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{what} holds {number}")
    return number


def _is(item: Mapping[str, Any], image: ImageRecord) -> bool:
    return (item.get("name") or "", item.get("url") or "") == (image.licence or "", image.licence_url or "")


def _source_key(url: str) -> str:
    """COCO's own keys for the two places its images are at: readers fetch pictures from ``coco_url``."""
    host = urlsplit(url).hostname or ""
    for key, domains in (("coco_url", ("cocodataset.org",)), ("flickr_url", ("flickr.com", "staticflickr.com"))):
        if any(host == domain or host.endswith("." + domain) for domain in domains):
            return key
    return "source_url"


def _segmentation(person: PersonRecord, image: ImageRecord, mask: Mask | None) -> tuple[Any, float]:
    """Segmentation and its area: the person's own, else the union of its parts, else its box."""
    area = finite(person.area, "area")
    given = person.segmentation
    if isinstance(given, Mapping):
        return {"counts": given["counts"], "size": [int(n) for n in given["size"]]}, area
    if given:
        polygons = [[finite(value, "segmentation") for value in polygon] for polygon in given]
        if any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
            raise ValueError("a polygon of the segmentation has fewer than 3 points")
        return polygons, area
    label_map, origin = person.label_map(image) if mask is None else mask
    if label_map is not None:
        whole = (label_map > 0).astype(np.uint8)
        return to_coco_rle(whole, origin, image.width, image.height)[1], float(np.count_nonzero(whole))
    x, y, w, h = (float(value) for value in person.bbox)
    return [[x, y, x + w, y, x + w, y + h, x, y + h]], area


def _keypoints(values: Sequence[float]) -> dict[str, Any]:
    """Positions as floats, visibility as the integer COCO has."""
    if len(values) != 3 * len(KEYPOINT_NAMES):
        raise ValueError(f"{len(values)} numbers are not 17 keypoints")
    numbers = [finite(value, "keypoints") for value in values]
    keypoints: list[float | int] = [int(v) if index % 3 == 2 else v for index, v in enumerate(numbers)]
    return {"keypoints": keypoints, "num_keypoints": sum(v > 0 for v in keypoints[2::3])}
