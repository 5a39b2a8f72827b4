"""Detections in the format of the COCO DensePose challenge."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.detection.groundtruth import box, box_array, number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PIECE = 2**22  # characters of a file of results read at once
_LONGEST = 2**28  # characters of one detection
_MOST_PIXELS = 2**26  # of one detection


@dataclass(frozen=True, eq=False)
class Predictions:
    """D detections in the order of the file; a detection's id is its place there, from 1.

    Attributes:
        image_ids, category_ids: (D,).
        boxes: (D,4) x, y, w, h.
        scores: (D,).
        images: D compressed PNGs; ``decode`` reads one.
    """

    image_ids: Ints
    category_ids: Ints
    boxes: Floats
    scores: Floats
    images: tuple[bytes, ...]

    def decode(self, row: int) -> NDArray[np.uint8]:
        """I, U * 255 and V * 255 (3,h,w) of one detection (a row, from 0).

        Raises:
            ValueError: its PNG is damaged, or smaller than its box; the message names the detection.
        """
        where = f"detection {row + 1}"
        try:
            with Image.open(io.BytesIO(self.images[row]), formats=("PNG",)) as image:
                if image.mode != "RGB" or image.width * image.height > _MOST_PIXELS:
                    raise ValueError(f"a PNG of mode {image.mode}, {image.width} x {image.height}; expected RGB")
                found = np.stack([np.asarray(band) for band in image.split()])
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{where}: 'uv_data' is no PNG, or a damaged one ({error})") from error
        w, h = (int(side) for side in self.boxes[row, 2:])
        if found.shape[1] < h or found.shape[2] < w:
            raise ValueError(
                f"{where}: its PNG is {found.shape[2]} x {found.shape[1]}, its box {w} x {h} (whole pixels)"
            )
        return found


def read(path: str | Path) -> Predictions:
    """Detections of a file of results, read piece by piece: of the text only one detection is in memory at a time.

    Raises:
        ValueError: the file is no list of detections, or one of them breaks a rule; the message names it.
        OSError: it cannot be read.
    """
    try:
        return from_entries(entries(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def entries(path: str | Path) -> Iterator[Any]:
    """The items of a file of results, one by one; they are whatever the file has.

    Raises:
        ValueError: the file is no list, or damaged.
        OSError: it cannot be read.
    """
    with Path(path).open(encoding="utf-8") as file:
        yield from _listed(file)


def from_entries(entries: Iterable[Mapping[str, Any]]) -> Predictions:
    """Detections of entries {image_id, category_id, bbox, score, uv_shape, uv_data}.

    Raises:
        ValueError: an entry breaks a rule; the message names it.
    """
    ids, boxes, scores, images = [], [], [], []
    for n, entry in enumerate(entries, start=1):
        where = f"detection {n}"
        if not isinstance(entry, Mapping):
            raise ValueError(f"{where} is no object")
        ids.append([_id(entry, key, where) for key in ("image_id", "category_id")])
        boxes.append(box(entry, where))
        scores.append(number(entry, "score", where))
        images.append(_png(entry.get("uv_data"), where))
    columns = np.array(ids, np.int64).reshape(-1, 2)
    return Predictions(columns[:, 0], columns[:, 1], box_array(boxes), np.array(scores, np.float64), tuple(images))


def _id(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError(f"{where}: {key!r} is {str(value)[:50]}, not a whole number")
    return value


def _png(text: Any, where: str) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"{where}: 'uv_data' is missing, or no text")
    try:
        return base64.decodebytes(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(f"{where}: 'uv_data' is not base64 ({error})") from error


def _listed(file: IO[str]) -> Iterator[Any]:
    """The items of a JSON list, one by one."""
    text, at, ended = "", 0, False

    def skip() -> str:
        """Go to the next character that is no white space; "" at the end of the file."""
        nonlocal text, at, ended
        while True:
            while at < len(text) and text[at] in " \t\r\n":
                at += 1
            if at < len(text) or ended:
                return text[at : at + 1]
            more()

    def more() -> None:
        nonlocal text, at, ended
        piece = file.read(_PIECE)
        text, at, ended = text[at:] + piece, 0, not piece

    if skip() != "[":
        raise ValueError("no list of detections")
    at += 1
    decode = json.JSONDecoder().raw_decode
    first = True
    while (character := skip()) != "]":
        if not first:
            if character != ",":
                raise ValueError("the list of detections is damaged or cut off")
            at += 1
            skip()
        while True:
            try:
                item, end = decode(text, at)
            except (json.JSONDecodeError, RecursionError) as error:
                if ended or isinstance(error, RecursionError) or len(text) - at > _LONGEST:
                    raise ValueError("the list of detections is damaged or cut off") from error
                more()
                continue
            break
        yield item
        at, first = end, False
    at += 1
    if skip():
        raise ValueError("something follows the list of detections")
