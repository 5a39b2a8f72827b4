"""Part masks: a label map over a person's region, its run-length form for the browser, COCO RLE per part at rest.

A label map is (h, w) u8 with coarse labels, 0 for background and 1..P for the P parts of a body, over a region
``(x0, y0, w, h)`` of whole pixels of the image.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

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
    breaks = np.union1d(_runs(columns)[0], np.arange(0, columns.size, h))
    lengths = np.diff(breaks, append=columns.size)
    labels = columns[breaks]
    starts = (x0 + breaks // h) * height + y0 + breaks % h
    return {
        int(label): _rle_of_runs(starts[labels == label], lengths[labels == label], width, height)
        for label in np.unique(labels)
        if label
    }


def _rle_of_runs(starts: np.ndarray, lengths: np.ndarray, width: int, height: int) -> dict[str, Any]:
    """Compressed RLE of foreground runs (ascending starts in the column-major image), joining runs that touch."""
    ends = starts + lengths
    gap = starts[1:] != ends[:-1]
    starts, ends = starts[np.append(True, gap)], ends[np.append(gap, True)]
    edges = np.stack([starts, ends], axis=1).ravel()
    counts = np.diff(edges, prepend=0, append=width * height)
    if counts[-1] == 0:
        counts = counts[:-1]
    rle = coco_mask.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)
    return {"size": [height, width], "counts": rle["counts"].decode("ascii")}


def from_coco_rle(rles: Mapping[int, Mapping[str, Any]], region: Region) -> np.ndarray:
    """Label map (h, w) u8 over a region of whole-image COCO RLEs by label; later labels overwrite earlier ones.

    Raises ValueError when an RLE does not decode, the sizes differ or the region reaches outside them.
    """
    x0, y0, w, h = region
    label_map = np.zeros((h, w), np.uint8)
    sizes = {tuple(rle["size"]) for rle in rles.values()}
    if len(sizes) > 1:
        raise ValueError(f"masks of one image have one size, not {sorted(sizes)}")
    for label in sorted(rles):
        if not 1 <= label <= MOST_PARTS:
            raise ValueError(f"label {label} is outside 1..{MOST_PARTS}")
        height, width, lengths = rle_lengths(rles[label])
        if x0 < 0 or y0 < 0 or x0 + w > width or y0 + h > height:
            raise ValueError(f"region {list(region)} reaches outside the mask of {width}x{height}")
        label_map[_paint(height, lengths, x0, w)[y0 : y0 + h]] = label
    return label_map


def decode_rle(rle: Mapping[str, Any]) -> np.ndarray:
    """Boolean mask (h, w) of one COCO RLE, compressed or not.

    Equal to ``pycocotools.mask.decode`` on every valid RLE. That one returns uninitialised memory for counts that
    fall short of the size; here this, like every other fault, raises ValueError with what is wrong.
    """
    height, width, lengths = rle_lengths(rle)
    return _paint(height, lengths, 0, width)


def _paint(height: int, lengths: np.ndarray, x0: int, w: int) -> np.ndarray:
    """Columns x0 to x0 + w (height, w) of the boolean mask with these column-major run lengths."""
    ends = lengths.cumsum().clip(x0 * height, (x0 + w) * height)
    inside = np.diff(ends, prepend=x0 * height)
    return np.repeat(np.arange(len(lengths)) % 2 == 1, inside).reshape(w, height).T


def rle_lengths(rle: Mapping[str, Any]) -> tuple[int, int, np.ndarray]:
    """Height, width and column-major run lengths (background first) of a COCO RLE, checked without painting it."""
    size, counts = rle.get("size"), rle.get("counts")
    if not (isinstance(size, Sequence) and len(size) == 2 and all(isinstance(n, int) and 0 < n < 2**31 for n in size)):
        raise ValueError(f"RLE size {size!r} is not two positive integers")
    if isinstance(counts, str | bytes):
        counts = _uncompress(counts.encode("ascii", "replace") if isinstance(counts, str) else counts)
    elif not isinstance(counts, Sequence) or not all(isinstance(n, int) for n in counts):
        raise ValueError("RLE counts are neither a string nor a list of integers")
    if any(n < 0 for n in counts):
        raise ValueError("RLE counts go below zero")
    if sum(counts) != size[0] * size[1]:
        raise ValueError(f"RLE counts cover {sum(counts)} pixels, its size {list(size)} has {size[0] * size[1]}")
    return size[0], size[1], np.array(counts, np.int64)


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
