"""Masks of persons and detections as the reference evaluator compares them: cropped, clipped, with all its roundings.

A mask is a ``Crop``: true and false over a rectangle of whole pixels, false outside of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotation.masks import decode_rle

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SIDE = 256
"""Side of dp_masks: the person's box is stretched to it."""
PARTS = 14
"""More dp_masks than these are not read."""


class Crop(NamedTuple):
    """Pixels (h,w) whose top left one is (x, y) of the image; ``area`` of them are true."""

    x: int
    y: int
    pixels: Bools
    area: int


EMPTY = Crop(0, 0, np.zeros((0, 0), np.bool_), 0)


def of_person(entry: Mapping[str, Any], height: int, width: int) -> Crop:
    """The mask of an annotation in an image of height x width: its dp_masks, else its segmentation, else empty.

    Raises:
        ValueError: a mask is damaged, or its size is not 256 x 256, or not the image's.
    """
    if "dp_masks" in entry:
        return _resized(union(entry["dp_masks"]), entry["bbox"], height, width)
    segmentation = entry.get("segmentation")
    if isinstance(segmentation, Mapping):
        if list(segmentation.get("size", ())) != [height, width]:
            raise ValueError(f"segmentation has size {segmentation.get('size')}, its image [{height}, {width}]")
        return _trimmed(decode_rle(segmentation))
    if isinstance(segmentation, Sequence) and len(segmentation):
        polygons = [_polygon(p) for p in segmentation]
        return _trimmed(
            coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))).astype(np.bool_)
        )
    return EMPTY


def of_detection(labels: Bytes, box: Floats, height: int, width: int) -> Crop:
    """The mask of a detection whose I is labels (h,w): I > 0, pasted into an image of height x width at its box."""
    x, y, clip = _window(box, labels.shape, height, width)
    if clip is None:
        return EMPTY
    y0, y1, x0, x1 = clip
    pixels = labels[y0 - y : y1 - y, x0 - x : x1 - x] > 0
    return Crop(x0, y0, pixels, int(np.count_nonzero(pixels)))


def union(masks: Sequence[Any]) -> Bytes:
    """All of dp_masks (256,256) as one mask of 0 and 1.

    Raises:
        ValueError: one of them is damaged or of another size; the message says which.
    """
    out = np.zeros((SIDE, SIDE), np.uint8)
    change = np.zeros((SIDE + 1, SIDE), np.int8)
    for part, rle in enumerate(masks[:PARTS]):
        if not rle:
            continue
        counts = rle.get("counts") if isinstance(rle, Mapping) else None
        if isinstance(counts, str):
            counts = counts.encode("ascii", "replace")
        sized = isinstance(rle, Mapping) and list(rle.get("size", ())) == [SIDE, SIDE]
        if sized and isinstance(counts, bytes) and _runs(np.frombuffer(counts, np.uint8), change):
            continue
        # Uncompressed, or damaged: then this says how.
        try:
            pixels = decode_rle(rle)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(f"dp_masks[{part}]: {error}") from error
        if pixels.shape != (SIDE, SIDE):
            raise ValueError(f"dp_masks[{part}] has size {list(pixels.shape)}, not [{SIDE}, {SIDE}]")
        out |= pixels
    _paint(change, out)
    return out


def overlaps(detections: Sequence[Crop], persons: Sequence[Crop], crowd: NDArray[np.bool_]) -> Floats:
    """Intersection over union (D,G) of masks; for a crowd, over the area of the detection (COCO)."""
    out = np.zeros((len(detections), len(persons)))
    for d, a in enumerate(detections):
        for g, b in enumerate(persons):
            common = _common(a, b)
            if common:
                out[d, g] = common / (a.area if crowd[g] else a.area + b.area - common)
    return out


def box_overlaps(detections: Floats, persons: Floats, crowd: NDArray[np.bool_]) -> Floats:
    """The same of boxes (D,4) and (G,4) of x, y, w, h."""
    a, b = detections[:, None], persons[None]
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    sides = high - low
    common = np.where((sides > 0).all(axis=-1), sides[..., 0] * sides[..., 1], 0.0)
    area, other = a[..., 2] * a[..., 3], b[..., 2] * b[..., 3]
    total = np.where(crowd, area + 0 * other, area + other - common)
    return np.divide(common, total, out=np.zeros_like(common), where=common > 0)


def _common(a: Crop, b: Crop) -> int:
    x0, y0 = max(a.x, b.x), max(a.y, b.y)
    x1 = min(a.x + a.pixels.shape[1], b.x + b.pixels.shape[1])
    y1 = min(a.y + a.pixels.shape[0], b.y + b.pixels.shape[0])
    if x1 <= x0 or y1 <= y0:
        return 0
    shared = a.pixels[y0 - a.y : y1 - a.y, x0 - a.x : x1 - a.x] & b.pixels[y0 - b.y : y1 - b.y, x0 - b.x : x1 - b.x]
    return int(np.count_nonzero(shared))


def _window(
    box: Any, shape: Sequence[int], height: int, width: int
) -> tuple[int, int, tuple[int, int, int, int] | None]:
    """Where a mask of this shape goes: int(x), int(y) and the rows and columns of the image that it covers, or None."""
    left, top, w, h = (float(n) for n in box)
    x, y = int(left), int(top)
    x0, x1 = max(x, 0), min(int(left + w), width, x + shape[1])
    y0, y1 = max(y, 0), min(int(top + h), height, y + shape[0])
    return x, y, None if x1 <= x0 or y1 <= y0 else (y0, y1, x0, x1)


def _resized(mask: Bytes, box: Any, height: int, width: int) -> Crop:
    h, w = (round(max(float(side), 1.0)) for side in (box[3], box[2]))
    x, y, clip = _window(box, (h, w), height, width)
    if clip is None:
        return EMPTY
    y0, y1, x0, x1 = clip
    pixels = np.empty((y1 - y0, x1 - x0), np.bool_)
    return Crop(x0, y0, pixels, int(_resize(mask, h, w, y0 - y, x0 - x, pixels)))


def _trimmed(mask: Bools) -> Crop:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return EMPTY
    pixels = np.ascontiguousarray(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return Crop(int(columns[0]), int(rows[0]), pixels, int(np.count_nonzero(pixels)))


def _polygon(points: Any) -> list[float]:
    numbers = isinstance(points, Sequence) and all(isinstance(n, int | float) and math.isfinite(n) for n in points)
    if not numbers or (len(points) != 4 and (len(points) < 6 or len(points) % 2)):
        raise ValueError("segmentation holds a polygon that is not an even list of 6 or more finite numbers")
    return list(points)


@njit(cache=True)
def _runs(counts: Any, change: Any) -> bool:
    """Add a compressed RLE's runs to the changes down the columns; False, and no change, if it is damaged."""
    lengths = np.zeros(len(counts) + 1, np.int64)
    found, at, total = 0, 0, np.int64(0)
    while at < len(counts):
        value, shift, more = np.int64(0), 0, True
        while more:
            if at == len(counts) or shift > 30:
                return False
            chunk = np.int64(counts[at]) - 48
            if chunk < 0 or chunk > 63:
                return False
            value |= (chunk & 0x1F) << shift
            shift += 5
            at += 1
            more = (chunk & 0x20) != 0
            if not more and chunk & 0x10:
                value -= np.int64(1) << shift
        if found > 2:
            value += lengths[found - 2]
        if value < 0:
            return False
        lengths[found] = value
        found += 1
        total += value
    if total != 65536:
        return False
    begin = 0
    for n in range(found):
        end = begin + lengths[n]
        if n % 2 == 1:
            while begin < end:
                column, row = begin // 256, begin % 256
                last = min(row + end - begin, 256)
                change[row, column] += 1
                change[last, column] -= 1
                begin += last - row
        begin = end
    return True


@njit(cache=True)
def _paint(change: Any, out: Any) -> None:
    depth = np.zeros(256, np.int8)
    for row in range(256):
        for column in range(256):
            depth[column] += change[row, column]
            if depth[column] > 0:
                out[row, column] = 1


@njit(cache=True)
def _axis(size: int, at: Any, part: Any) -> None:
    """Where the samples of a resized axis lie: before which source pixel, and how far behind it; -1 outside."""
    scale = 255.0 / (size - 1) if size > 1 else 1.0
    for k in range(size):
        position = k * scale
        if position > 255.0:
            at[k] = -1
            continue
        at[k] = int(np.floor(position))
        part[k] = position - np.floor(position)


@njit(cache=True)
def _resize(mask: Any, height: int, width: int, top: int, left: int, out: Any) -> int:
    """The part of ``scipy.ndimage.zoom(mask, order=1, prefilter=False) > 0.5`` from (top, left) on, with the same
    arithmetic; returns how many pixels are 1."""
    row_at, row_part = np.zeros(height, np.int64), np.zeros(height)
    column_at, column_part = np.zeros(width, np.int64), np.zeros(width)
    _axis(height, row_at, row_part)
    _axis(width, column_at, column_part)
    pair, corners = np.zeros(257, np.uint8), np.zeros(256, np.uint8)
    done, area = -2, 0
    for y in range(out.shape[0]):
        r = row_at[top + y]
        if r < 0:
            out[y] = False
            continue
        # The mirrored pixel behind the last one has no weight.
        below = r + 1 if r < 255 else 254
        if r != done:
            for c in range(256):
                pair[c] = mask[r, c] + mask[below, c]
            pair[256] = pair[254]
            for c in range(256):
                corners[c] = pair[c] + pair[c + 1]
            done = r
        v = row_part[top + y]
        for x in range(out.shape[1]):
            c = column_at[left + x]
            found = False
            if c >= 0:
                if corners[c] == 4:
                    found = True
                elif corners[c] > 0:
                    after = c + 1 if c < 255 else 254
                    u = column_part[left + x]
                    value = mask[r, c] * (1.0 - v) * (1.0 - u)
                    value += mask[r, after] * (1.0 - v) * u
                    value += mask[below, c] * v * (1.0 - u)
                    value += mask[below, after] * v * u
                    found = value > 0.5
            out[y, x] = found
            area += found
    return area
