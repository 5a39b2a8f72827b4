"""Masks of persons and detections as the reference evaluator compares them: cropped, clipped, with all its roundings.

A mask is a ``Crop``: true and false over a rectangle of whole pixels, false outside of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotation.masks import decode_rle
from annotation.polygons import polygon_fault

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


# Four corners of eight columns each: eight bytes that are 0, or 4.
_ALL_ZERO, _ALL_ONE = np.uint64(0), np.uint64(0x0404040404040404)

EMPTY = Crop(0, 0, np.zeros((0, 0), np.bool_), 0)


def of_person(entry: Mapping[str, Any], height: int, width: int) -> Crop:
    """The mask of an annotation in an image of height x width: its dp_masks, else its segmentation, else empty.

    Raises:
        ValueError: a mask is damaged, or its size is not 256 x 256, or not the image's.
    """
    if "dp_masks" in entry:
        if not isinstance(entry["dp_masks"], list):
            raise ValueError(f"dp_masks is {str(entry['dp_masks'])[:50]}, no list")
        return _resized(union(entry["dp_masks"]), entry["bbox"], height, width)
    segmentation = entry.get("segmentation")
    if isinstance(segmentation, Mapping):
        if segmentation.get("size") != [height, width]:
            raise ValueError(f"segmentation has size {segmentation.get('size')}, its image [{height}, {width}]")
        return _trimmed(decode_rle(segmentation))
    if isinstance(segmentation, Sequence) and len(segmentation):
        for number, polygon in enumerate(segmentation):
            if fault := polygon_fault(polygon):
                raise ValueError(f"segmentation: polygon {number} {fault}")
        rles = coco_mask.frPyObjects(list(segmentation), height, width)
        return _trimmed(coco_mask.decode(coco_mask.merge(rles)).astype(np.bool_))
    return EMPTY


def of_detection(labels: Bytes, box: Floats, height: int, width: int) -> Crop:
    """The mask of a detection whose I is labels (h,w): I > 0, pasted into an image of height x width at its box."""
    x, y, clip = _window(box, labels.shape, height, width)
    if clip is None:
        return EMPTY
    y0, y1, x0, x1 = clip
    pixels = np.empty((y1 - y0, x1 - x0), np.bool_)
    return Crop(x0, y0, pixels, _foreground(labels, y0 - y, x0 - x, pixels))


def union(masks: Sequence[Any]) -> Bytes:
    """All of dp_masks (256,256) as one mask of 0 and 1.

    Raises:
        ValueError: one of them is damaged or of another size; the message says which.
    """
    out = np.zeros((SIDE, SIDE), np.uint8)
    there = [rle for rle in masks[:PARTS] if rle]
    text = _joined(there)
    if text is None or not _paint(np.frombuffer(text, np.uint8), len(there), out):
        # Uncompressed, or damaged: this says how.
        out[:] = 0
        for part, rle in enumerate(masks[:PARTS]):
            if rle:
                out |= _decoded(rle, f"dp_masks[{part}]")
    return out


def _joined(masks: Sequence[Any]) -> bytes | None:
    """The counts of compressed masks, an empty line behind each; None if one is of another kind or size."""
    try:
        if [rle["size"] for rle in masks].count([SIDE, SIDE]) != len(masks):
            return None
        return "".join([rle["counts"] + "\n" for rle in masks]).encode("ascii", "replace")
    except (TypeError, KeyError, IndexError):
        return None


def _decoded(rle: Any, where: str) -> Bools:
    if not isinstance(rle, Mapping):
        raise ValueError(f"{where} is no RLE")
    try:
        pixels = decode_rle(rle)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if pixels.shape != (SIDE, SIDE):
        raise ValueError(f"{where} has size {list(pixels.shape)}, not [{SIDE}, {SIDE}]")
    return pixels


def overlaps(detections: Sequence[Crop], persons: Sequence[Crop], crowd: NDArray[np.bool_]) -> Floats:
    """Intersection over union (D,G) of masks; for a crowd, over the area of the detection (COCO)."""
    out = np.zeros((len(detections), len(persons)))
    for g, (b, is_crowd) in enumerate(zip(persons, crowd.tolist(), strict=True)):
        for d, a in enumerate(detections):
            common = _common(a.pixels, b.pixels, b.x - a.x, b.y - a.y)
            if common:
                out[d, g] = common / (a.area if is_crowd else a.area + b.area - common)
    return out


def box_overlaps(detections: Floats, persons: Floats, crowd: NDArray[np.bool_]) -> Floats:
    """The same of boxes (D,4) and (G,4) of x, y, w, h."""
    out = np.zeros((len(detections), len(persons)))
    _box_overlaps(detections, persons, crowd, out)
    return out


def _window(
    box: Any, shape: Sequence[int], height: int, width: int
) -> tuple[int, int, tuple[int, int, int, int] | None]:
    """Where a mask of this shape goes: int(x), int(y) and the rows and columns of the image that it covers, or None."""
    left, top, w, h = box
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


@njit(cache=True)
def _foreground(labels: Any, top: int, left: int, out: Any) -> int:
    """Where labels from (top, left) on are above 0; returns how many are."""
    area = 0
    for y in range(out.shape[0]):
        line, mine = labels[top + y, left : left + out.shape[1]], out[y]
        found = np.uint32(0)
        for x in range(out.shape[1]):
            mine[x] = line[x] > 0
            found += np.uint32(line[x] > 0)
        area += int(found)
    return area


@njit(cache=True)
def _common(a: Any, b: Any, x: int, y: int) -> int:
    """How many pixels are true in both, if the top left one of b is (x, y) of a."""
    left, right = max(x, 0), min(a.shape[1], x + b.shape[1])
    count = 0
    for row in range(max(y, 0), min(a.shape[0], y + b.shape[0])):
        first, second = a[row, left:right], b[row - y, left - x : right - x]
        found = np.uint32(0)
        for n in range(right - left):
            found += np.uint32(first[n] & second[n])
        count += int(found)
    return count


@njit(cache=True)
def _paint(text: Any, masks: int, out: Any) -> bool:
    """Paint so many compressed RLEs of 256 x 256, each followed by a line's end; False if one is damaged."""
    change: Any = np.zeros((257, 256), np.int8)
    lengths: Any = np.empty(len(text), np.int64)
    at = 0
    for _ in range(masks):
        found = 0
        total: Any = np.int64(0)
        while text[at] != 10:
            value: Any = np.int64(0)
            shift, more = 0, True
            while more:
                chunk = np.int64(text[at]) - 48
                if chunk < 0 or chunk > 63 or shift > 30:
                    return False
                value |= (chunk & 0x1F) << shift
                shift += 5
                at += 1
                more = (chunk & 0x20) != 0
                if not more and chunk & 0x10:
                    value -= np.int64(1) << shift
            if found > 2:
                value += lengths[found - 2]
            if value < 0 or total + value > 65536:
                return False
            lengths[found] = value
            found += 1
            total += value
            # Every second run is of ones: it begins and ends somewhere in each column that it touches.
            begin = total - value
            while found % 2 == 0 and begin < total:
                column, row = begin // 256, begin % 256
                last = min(row + total - begin, 256)
                change[row, column] += 1
                change[last, column] -= 1
                begin += last - row
        if total != 65536:
            return False
        at += 1
    depth = np.zeros(256, np.int8)
    for row in range(256):
        for column in range(256):
            depth[column] += change[row, column]
            out[row, column] = depth[column] > 0
    return at == len(text)


@njit(cache=True)
def _axis(size: int, first: int, at: Any, part: Any) -> None:
    """Where samples of an axis that is resized to this size lie, from the first one on: before which source pixel, and
    how far behind it; -1 outside."""
    scale = 255.0 / (size - 1) if size > 1 else 1.0
    for k in range(len(at)):
        position = (first + k) * scale
        if position > 255.0:
            at[k] = -1
            continue
        at[k] = int(np.floor(position))
        part[k] = position - np.floor(position)


@njit(cache=True)
def _resize(mask: Any, height: int, width: int, top: int, left: int, out: Any) -> int:
    """The part of ``scipy.ndimage.zoom(mask, order=1, prefilter=False) > 0.5`` from (top, left) on, with the same
    arithmetic; returns how many pixels are 1."""
    # Of the axes only what is in the image: a box may be larger than any memory.
    row_at, row_part = np.zeros(out.shape[0], np.int64), np.zeros(out.shape[0])
    column_at, column_part = np.zeros(out.shape[1], np.int64), np.zeros(out.shape[1])
    _axis(height, top, row_at, row_part)
    _axis(width, left, column_at, column_part)
    begins = np.searchsorted(column_at[: _inside(column_at)], np.arange(257))
    pair, corners = np.zeros(257, np.uint8), np.zeros(256, np.uint8)
    # Eight columns are looked at together: mostly all of their corners are 0, or all are 1.
    eights = corners.view(np.uint64)
    area, end = 0, out.shape[1]
    for y in range(out.shape[0]):
        line = out[y]
        line[:] = False
        r = row_at[y]
        if r < 0:
            continue
        # The mirrored pixel behind the last one has no weight.
        above, below = mask[r], mask[r + 1 if r < 255 else 254]
        for c in range(256):
            pair[c] = above[c] + below[c]
        pair[256] = pair[254]
        for c in range(256):
            corners[c] = pair[c] + pair[c + 1]
        v = row_part[y]
        for k in range(32):
            if eights[k] == _ALL_ZERO:
                continue
            first, last = begins[8 * k], min(begins[8 * k + 8], end)
            if first >= last:
                continue
            if eights[k] == _ALL_ONE:
                for x in range(first, last):
                    line[x] = True
                area += last - first
                continue
            # Without asking which of the corners are equal: a branch that is guessed wrong costs more.
            for x in range(first, last):
                c = column_at[x]
                after = c + 1 if c < 255 else 254
                u = column_part[x]
                value = above[c] * (1.0 - v) * (1.0 - u)
                value += above[after] * (1.0 - v) * u
                value += below[c] * v * (1.0 - u)
                value += below[after] * v * u
                line[x] = value > 0.5
                area += line[x]
    return area


@njit(cache=True)
def _inside(at: Any) -> int:
    """How many samples are not outside: only the last ones can be."""
    count = len(at)
    while count > 0 and at[count - 1] < 0:
        count -= 1
    return count


@njit(cache=True)
def _box_overlaps(detections: Any, persons: Any, crowd: Any, out: Any) -> None:
    for d in range(len(detections)):
        for g in range(len(persons)):
            a, b = detections[d], persons[g]
            w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
            h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
            if w > 0.0 and h > 0.0:
                area, common = a[2] * a[3], w * h
                out[d, g] = common / (area if crowd[g] else area + b[2] * b[3] - common)
