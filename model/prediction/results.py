"""What was found, in the format of the COCO DensePose challenge; keypoints and masks in COCO's, in the same entries."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as rle

from evaluation.detection.predictions import Predictions
from export.files import replacing
from export.read import PERSON
from model.prediction.decode import Person

_FAST = 1  # zlib's level: a tenth larger than the best, in a fraction of its time


def entry(person: Person, image_id: int, size: tuple[int, int] | None = None) -> dict[str, Any]:
    """A person as an item of a file of results: ``bbox``, ``score``, and what the network gives of ``uv_shape`` and
    ``uv_data``, ``keypoints`` (x, y, score) and ``segmentation``.

    :param size: height and width of the photo, in which the mask is written; None writes none.
    """
    out = bare(person, image_id)
    if person.chart is not None:
        data = base64.encodebytes(png(person)).decode("ascii")
        out |= {"uv_shape": [3, *person.chart.shape], "uv_data": data}
    if person.mask is not None and size is not None:
        out["segmentation"] = _segmentation(person.mask, person.box, size)
    return out


def bare(person: Person, image_id: int) -> dict[str, Any]:
    """The same without its maps."""
    x0, y0, x1, y1 = person.box.tolist()
    box = [x0, y0, x1 - x0, y1 - y0]
    out = {"image_id": image_id, "category_id": PERSON, "bbox": box, "score": person.score}
    if person.keypoints is not None:
        out["keypoints"] = np.round(person.keypoints.astype(np.float64), 3).reshape(-1).tolist()
    return out


def png(person: Person) -> bytes:
    """The PNG of a person with a surface: I, and U and V in 255ths, rounded.

    :raises ValueError: the person has no surface.
    """
    if person.png is not None:
        return person.png
    if person.chart is None or person.uv is None:
        raise ValueError("a person without a surface has no I, U, V")
    iuv = np.stack([person.chart, *np.round(person.uv * 255.0).astype(np.uint8)], axis=-1)
    buffer = BytesIO()
    Image.fromarray(iuv).save(buffer, "PNG", compress_level=_FAST)
    return buffer.getvalue()


def mapped(person: Person) -> bool:
    """Whether a person has a surface."""
    return person.chart is not None or person.png is not None


def packed(person: Person) -> Person:
    """A person whose surface is as small as in results; it has no other maps."""
    return replace(person, chart=None, uv=None, spread=None, mask=None, png=png(person) if mapped(person) else None)


def predictions(found: Iterable[tuple[int, Sequence[Person]]]) -> Predictions:
    """Persons with a surface as the evaluator takes them, without a file; of pairs of image id and persons."""
    ids, boxes, scores, images = [], [], [], []
    for image_id, people in found:
        for person in people:
            ids.append(image_id)
            boxes.append([*person.box[:2], *(person.box[2:] - person.box[:2])])
            scores.append(person.score)
            images.append(png(person))
    return Predictions(
        np.array(ids, np.int64),
        np.full(len(ids), PERSON, np.int64),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(scores, np.float64),
        tuple(images),
    )


class Writer:
    """A file of results, written entry by entry; ``writing`` opens one."""

    def __init__(self, file: Any) -> None:
        self.count = 0
        self._file = file
        file.write("[")

    def add(self, item: dict[str, Any]) -> None:
        """Write one entry more."""
        self._file.write((",\n" if self.count else "\n") + json.dumps(item, allow_nan=False))
        self.count += 1


@contextmanager
def writing(path: str | Path) -> Iterator[Writer]:
    """A file of results that is there whole when the block ends well, and otherwise is as it was.

    :raises OSError: it cannot be written.
    """
    with replacing(path) as file:
        writer = Writer(file)
        yield writer
        file.write("\n]\n")


def _segmentation(mask: NDArray[np.bool_], box: NDArray[np.float64], size: tuple[int, int]) -> dict[str, Any]:
    """Compressed RLE of the photo's size; what lies outside is cut off."""
    whole = np.zeros(size, np.uint8, order="F")
    # The mask's first pixel begins at the box's corner; its nearest in the photo is half a pixel away at most.
    left, top = (int(np.floor(corner + 0.5)) for corner in box[:2])
    y0, x0 = max(top, 0), max(left, 0)
    part = mask[max(-top, 0) :, max(-left, 0) :][: max(size[0] - y0, 0), : max(size[1] - x0, 0)]
    whole[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    code = rle.encode(whole)
    return {"counts": code["counts"].decode("ascii"), "size": list(size)}
