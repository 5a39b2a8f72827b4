"""Part masks: a label map over a person's region, its run-length form for the browser, COCO RLE per part at rest.

A label map is (h, w) u8 with coarse labels, 0 for background and 1..P for the P parts of a body, over a region
``(x0, y0, w, h)`` of whole pixels of the image.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from annotation.rle import run_ends, strings

MOST_PARTS = 255
"""Most parts that a body can have: labels are bytes, and 0 is the background."""

Region = tuple[int, int, int, int]
"""x0, y0, w, h in whole pixels."""

_SNAP = 1e-6  # x + w of decimal fractions lands a rounding error beside the whole pixel that was meant


def region_of(bbox: Sequence[float], width: int, height: int) -> Region:
    """Integer hull of a box ``[x, y, w, h]``, clipped to an image of width x height.

    Raises ValueError when the box is not four finite numbers, has no area, or lies outside the image.
    """
    if len(bbox) != 4 or not all(math.isfinite(v) for v in bbox):
        raise ValueError(f"box {list(bbox)} is not four finite numbers")
    x, y, w, h = (float(v) for v in bbox)
    if w <= 0 or h <= 0:
        raise ValueError(f"box {list(bbox)} has no area")
    x0, y0 = max(0, math.floor(x + _SNAP)), max(0, math.floor(y + _SNAP))
    x1, y1 = min(width, math.ceil(x + w - _SNAP)), min(height, math.ceil(y + h - _SNAP))
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"box {list(bbox)} lies outside the image of {width}x{height}")
    return x0, y0, x1 - x0, y1 - y0


def _checked(label_map: np.ndarray) -> np.ndarray:
    label_map = np.asarray(label_map)
    if label_map.ndim != 2 or label_map.size == 0:
        raise ValueError(f"a label map has two dimensions and at least one pixel, not shape {label_map.shape}")
    if label_map.dtype != np.uint8:
        raise ValueError(f"a label map is uint8, not {label_map.dtype}")
    return label_map


def _runs(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and length of each run of equal values of a non-empty vector."""
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    return starts, np.diff(starts, append=flat.size)


def encode_runs(label_map: np.ndarray) -> list[int]:
    """Row-major runs ``[label, length, label, length, ...]`` of a label map (h, w) u8."""
    flat = _checked(label_map).ravel()
    starts, lengths = _runs(flat)
    return np.stack([flat[starts].astype(np.int64), lengths], axis=1).ravel().tolist()


def decode_runs(runs: Sequence[int], h: int, w: int, parts: int = MOST_PARTS) -> np.ndarray:
    """Label map (h, w) u8 of row-major runs ``[label, length, ...]`` over the labels of a body of so many ``parts``.

    Raises ValueError, naming the run, for anything but pairs of integers with label 0..parts and length >= 1 that
    fill exactly h x w pixels.
    """
    if h < 1 or w < 1:
        raise ValueError(f"a label map of {w}x{h} has no pixels")
    if len(runs) % 2:
        raise ValueError(f"runs come in pairs of label and length, not {len(runs)} numbers")
    for index, value in enumerate(runs):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise ValueError(f"run {index // 2}: {value!r} is not an integer")
        what, low, high = ("length", 1, h * w) if index % 2 else ("label", 0, parts)
        if not low <= value <= high:
            raise ValueError(f"run {index // 2}: {what} {value} is outside {low}..{high}")
    labels, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    if lengths.sum() != h * w:
        raise ValueError(f"runs cover {lengths.sum()} pixels, the region has {w}x{h} = {h * w}")
    return np.repeat(labels.astype(np.uint8), lengths).reshape(h, w)


def merge(masks: Mapping[int, np.ndarray]) -> np.ndarray:
    """One label map (h, w) u8 of boolean masks (h, w) by label; where they overlap the later label wins."""
    if not masks:
        raise ValueError("no masks to merge")
    shapes = {np.shape(mask) for mask in masks.values()}
    if len(shapes) != 1:
        raise ValueError(f"masks of one person have one shape, not {sorted(shapes)}")
    label_map = np.zeros(shapes.pop(), np.uint8)
    for label in sorted(masks):
        if not 1 <= label <= MOST_PARTS:
            raise ValueError(f"label {label} is outside 1..{MOST_PARTS}")
        label_map[np.asarray(masks[label], bool)] = label
    return _checked(label_map)


def to_coco_rle(label_map: np.ndarray, origin: tuple[int, int], width: int, height: int) -> dict[int, dict[str, Any]]:
    """Compressed COCO RLE in whole-image coordinates for each label present.

    The runs are moved to their place in the image without ever painting the image, so that a small person in a
    large panorama costs little.

    :param label_map: (h, w) u8 over the region whose top left pixel is ``origin`` (x0, y0).
    :return: ``{label: {"size": [height, width], "counts": str}}``.
    """
    label_map = _checked(label_map)
    h, w = label_map.shape
    x0, y0 = origin
    if x0 < 0 or y0 < 0 or x0 + w > width or y0 + h > height:
        raise ValueError(f"region {[x0, y0, w, h]} reaches outside the image of {width}x{height}")
    columns = label_map.T.ravel()  # COCO counts down the columns
    changes = columns[1:] != columns[:-1]
    changes[h - 1 :: h] = True  # no run goes from one column of the region to the next
    breaks = np.append(0, np.flatnonzero(changes) + 1)
    lengths = np.diff(breaks, append=columns.size)
    labels = columns[breaks]
    starts = (x0 + breaks // h) * height + y0 + breaks % h
    order = np.argsort(labels, kind="stable")[np.count_nonzero(labels == 0) :]
    if not len(order):
        return {}
    labels, starts, ends = labels[order], starts[order], (starts + lengths)[order]
    apart = (starts[1:] != ends[:-1]) | (labels[1:] != labels[:-1])
    labels, starts, ends = labels[np.append(True, apart)], starts[np.append(True, apart)], ends[np.append(apart, True)]
    last = np.append(np.flatnonzero(labels[1:] != labels[:-1]), len(labels) - 1)  # foreground run of each label
    before = starts - np.append(0, ends[:-1])
    before[last[:-1] + 1] = starts[last[:-1] + 1]
    rest = width * height - ends[last]
    runs = np.insert(np.stack([before, ends - starts], axis=1).ravel(), 2 * (last + 1)[rest > 0], rest[rest > 0])
    numbers = 2 * np.diff(last, prepend=-1) + (rest > 0)
    found = zip(labels[last].tolist(), strings(runs, numbers), strict=True)
    return {label: {"size": [height, width], "counts": counts} for label, counts in found}


def from_coco_rle(rles: Mapping[int, Mapping[str, Any]], region: Region) -> np.ndarray:
    """Label map (h, w) u8 over a region of whole-image COCO RLEs by label; later labels overwrite earlier ones.

    Raises ValueError when an RLE does not decode, the sizes differ or the region reaches outside them.
    """
    x0, y0, w, h = region
    sizes = {tuple(rle["size"]) for rle in rles.values()}
    if len(sizes) > 1:
        raise ValueError(f"masks of one image have one size, not {sorted(sizes)}")
    labels = sorted(rles)
    for label in labels:
        if not 1 <= label <= MOST_PARTS:
            raise ValueError(f"label {label} is outside 1..{MOST_PARTS}")
    if not labels:
        return np.zeros((h, w), np.uint8)
    ends, (height, width) = _ends_of([rles[label] for label in labels])
    if x0 < 0 or y0 < 0 or x0 + w > width or y0 + h > height:
        raise ValueError(f"region {list(region)} reaches outside the mask of {width}x{height}")
    columns = np.zeros(w * height, np.uint8)
    for label, own in zip(labels, ends, strict=True):
        inside = (own - x0 * height).clip(0, w * height)
        for start, end in zip(inside[::2].tolist(), inside[1::2].tolist(), strict=False):
            columns[start:end] = label
    return columns.reshape(w, height)[:, y0 : y0 + h].T.copy()


def _ends_of(rles: Sequence[Mapping[str, Any]]) -> tuple[list[np.ndarray], tuple[int, int]]:
    """Where the runs of RLEs of one size end, and that size: height, width."""
    height, width = _size_of(rles[0])
    counts = [rle.get("counts") for rle in rles]
    if all(isinstance(own, str) and own.isascii() for own in counts):
        ends = run_ends([str(own).encode() for own in counts], height * width)
        if ends is not None:
            return ends, (height, width)
    return [rle_lengths(rle)[2].cumsum() for rle in rles], (height, width)


def decode_rle(rle: Mapping[str, Any]) -> np.ndarray:
    """Boolean mask (h, w) of one COCO RLE, compressed or not.

    Equal to ``pycocotools.mask.decode`` on every valid RLE. That one returns uninitialised memory for counts that
    fall short of the size; here this, like every other fault, raises ValueError with what is wrong.
    """
    height, width, lengths = rle_lengths(rle)
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(width, height).T


def rle_lengths(rle: Mapping[str, Any]) -> tuple[int, int, np.ndarray]:
    """Height, width and column-major run lengths (background first) of a COCO RLE, checked without painting it."""
    size, counts = _size_of(rle), rle.get("counts")
    if isinstance(counts, str | bytes):
        counts = _uncompress(counts.encode("ascii", "replace") if isinstance(counts, str) else counts)
    elif not isinstance(counts, Sequence) or not all(isinstance(n, int) for n in counts):
        raise ValueError("RLE counts are neither a string nor a list of integers")
    if any(n < 0 for n in counts):
        raise ValueError("RLE counts go below zero")
    if sum(counts) != size[0] * size[1]:
        raise ValueError(f"RLE counts cover {sum(counts)} pixels, its size {list(size)} has {size[0] * size[1]}")
    return size[0], size[1], np.array(counts, np.int64)


def _size_of(rle: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width."""
    size = rle.get("size")
    if not (isinstance(size, Sequence) and len(size) == 2 and all(isinstance(n, int) and 0 < n < 2**31 for n in size)):
        raise ValueError(f"RLE size {size!r} is not two positive integers")
    return size[0], size[1]


def _uncompress(counts: bytes) -> list[int]:
    """Run lengths of a compressed RLE string: five bits a character, differences to the run before last."""
    lengths: list[int] = []
    value, shift = 0, 0
    for byte in counts:
        chunk = byte - 48
        if not 0 <= chunk < 64 or shift > 60:
            raise ValueError("RLE counts hold a character that no RLE has")
        value |= (chunk & 0x1F) << shift
        shift += 5
        if not chunk & 0x20:
            if chunk & 0x10:
                value -= 1 << shift
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value, shift = 0, 0
    if shift:
        raise ValueError("RLE counts end in the middle of a number")
    return lengths
