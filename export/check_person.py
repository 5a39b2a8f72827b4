"""What the reference code would stumble over in one person's entry: COCO's own keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pycocotools import mask as coco_mask

from annotation.masks import rle_lengths
from annotation.polygons import FAR, polygon_fault
from annotation.rle import run_ends
from export.check_points import check_dense
from export.check_rules import Found, are_numbers, is_integer, is_number
from surface.body import Body

_REQUIRED = ("image_id", "bbox", "area", "category_id", "iscrowd", "segmentation")


def check_person(entry: Mapping[str, Any], images: Mapping[int, tuple[int, int]], body: Body | None = None) -> Found:
    """Rules that a person's entry breaks by itself; neither its category nor that its id is its own is looked at.

    :param images: height and width by id.
    :param body: that dp_vertex is on, if it is known.
    """
    yield from _check_ids(entry, images)
    for key in _REQUIRED:
        if key not in entry:
            yield "key-missing", f"has no {key}"
    if entry.get("iscrowd", 0) != 0:
        yield "iscrowd", f"iscrowd is {entry['iscrowd']!r:.80}"
    if entry.get("ignore", 0) != 0:
        yield "ignore", f"ignore is {entry['ignore']!r:.80}"
    box_fault = bbox_fault(entry["bbox"]) if "bbox" in entry else "is missing"
    if "bbox" in entry and box_fault:
        yield "bbox", f"bbox {entry['bbox']!r:.80} {box_fault}"
    size = _size_of(entry, images)
    if not box_fault and size and not _meets(entry["bbox"], size):
        yield "bbox-outside", f"bbox {entry['bbox']!r:.80} lies outside its image of {size[1]} x {size[0]}"
    if "area" in entry and not (is_number(entry["area"]) and entry["area"] > 0):
        yield "area", f"area is {entry['area']!r:.80}"
    if "segmentation" in entry:
        yield from _check_segmentation(entry["segmentation"], size)
    keypoints = entry.get("keypoints")
    if "keypoints" in entry and not (isinstance(keypoints, list) and len(keypoints) == 51 and are_numbers(keypoints)):
        yield "keypoints", "keypoints are not 51 finite numbers"
    if "keypoints" in entry and not is_integer(entry.get("num_keypoints")):
        yield "num-keypoints", f"has keypoints, and num_keypoints is {entry.get('num_keypoints')!r:.80}"
    if is_dense(entry):
        yield from check_dense(entry, box_fault is None, body)


def is_dense(entry: Mapping[str, Any]) -> bool:
    """Whether an entry carries DensePose data, or pieces of it."""
    return any(key.startswith("dp_") or key == "ref_model" for key in entry)


def _check_ids(entry: Mapping[str, Any], images: Mapping[int, tuple[int, int]]) -> Found:
    key, image = entry.get("id"), entry.get("image_id")
    if not is_integer(key) or abs(key) >= 2**63:
        yield "id-integer", f"id is {key!r:.80}"
    elif key < 1:
        yield "id-positive", f"id is {key}"
    if "image_id" in entry and (not is_integer(image) or image not in images):
        yield "image-missing", f"image_id {image!r:.80} is not among the images"


def bbox_fault(bbox: Any) -> str | None:
    """What is wrong with a box x, y, w, h in pixels, whatever its image; None if nothing is."""
    if not isinstance(bbox, list) or len(bbox) != 4 or not are_numbers(bbox):
        return "is not four finite numbers"
    if bbox[2] <= 0 or bbox[3] <= 0:
        return "has no area"
    return f"reaches more than {FAR} pixels" if max(map(abs, bbox)) > FAR else None


def _size_of(entry: Mapping[str, Any], images: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
    """Height and width of an entry's image, if it is known."""
    image = entry.get("image_id")
    return images.get(image) if is_integer(image) else None


def _meets(bbox: Sequence[float], size: tuple[int, int]) -> bool:
    """Whether any of a box is in an image of height and width."""
    x, y, w, h = bbox
    return x < size[1] and y < size[0] and x + w > 0 and y + h > 0


def _check_segmentation(value: Any, size: tuple[int, int] | None) -> Found:
    found = list(_segmentation_faults(value, size))
    yield from found
    if size and not found:
        fault = _rasteriser_fault(value, size)
        if fault:
            yield "pycocotools", fault


def _segmentation_faults(value: Any, size: tuple[int, int] | None) -> Found:
    if isinstance(value, dict):
        if size and _is_sound_rle(value, size):
            return
        try:
            shape = rle_lengths(value)[:2]
        except ValueError as error:
            yield "segmentation-rle", str(error)
            return
        if size and shape != size:
            yield "segmentation-rle", f"RLE size {list(shape)} is not the image's {list(size)}"
    elif not isinstance(value, list) or not value:
        yield "segmentation-empty", f"segmentation is {value!r:.80}"
    else:
        for index, polygon in enumerate(value):
            if fault := polygon_fault(polygon):
                yield "segmentation-polygon", f"polygon {index} {fault}"


def _is_sound_rle(value: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether this is a compressed RLE of height and width, told of all runs at once; ``rle_lengths`` says why not."""
    stated, counts = value.get("size"), value.get("counts")
    if stated != list(size) or {type(side) for side in stated} != {int}:
        return False
    return isinstance(counts, str) and counts.isascii() and run_ends([counts.encode()], size[0] * size[1]) is not None


def _rasteriser_fault(value: Any, size: tuple[int, int]) -> str | None:
    """What ``COCO.annToRLE`` raises on a segmentation."""
    try:
        if isinstance(value, list):
            coco_mask.merge(coco_mask.frPyObjects(value, *size))
        elif isinstance(value["counts"], list):
            coco_mask.frPyObjects(value, *size)
        else:
            coco_mask.area(value)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None
