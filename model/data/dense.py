"""Dense labels of a teacher beside a dataset file: surface points at many pixels of a person, each with a confidence.

``FOLDER/<annotation id>.png`` is 256 x 256 pixels of four bytes, the person's box stretched to the square: the chart I
(0 where there is no label), 255 U, 255 V, and 255 times the confidence. ``derived.json`` beside the folder says which
file it belongs to; it is written last, and without it the folder counts for nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.files import replacing_bytes
from export.snapshots import digest
from model import vertices
from model.data.points import Points
from model.structures import SQUARE
from surface.body import Body

if TYPE_CHECKING:
    from model.data.records import Example

Bytes = NDArray[np.uint8]

FOLDER, ABOUT, FORMAT = "dense", "derived.json", "densemark-dense"
GENERATED = "generated"
"""Folder beside a dataset file of further images with a network's labels; its derived.json says beside which one."""

NEAR = 4
"""Pixels of the square: labels that are no further than this from an annotated point, in x and in y, are left out."""

_DRAW = 0x64656E7365  # tells these draws from others of the same seed


@dataclass(frozen=True)
class Dense:
    """The dense labels of a dataset file.

    :param folder: of the PNG files.
    :param hash: SHA-256 (hex) of derived.json, and so of what the labels were made from.
    """

    folder: Path
    hash: str

    def labels(self, id_: int) -> Bytes | None:
        """(256, 256, 4) u1 of an annotation; None where it has none. Raises ValueError, naming a damaged file."""
        path = self.folder / f"{id_}.png"
        return read(path) if path.exists() else None


def beside(path: Path, body: Body | None) -> Dense | None:
    """The dense labels that belong to a dataset file; None where there are none.

    :raises ValueError: derived.json is damaged, or the labels are of another body.
    """
    about = path.parent / ABOUT
    if path.is_dir() or not (path.parent / FOLDER).is_dir() or not about.is_file():
        return None
    try:
        said: Any = json.loads(about.read_bytes())
        own, made = said["format"] == FORMAT and said["file"] == path.name, said["body"]["hash"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{about}: does not describe dense labels ({error})") from error
    if not own:
        return None
    if body is not None and made != body.hash:
        raise ValueError(f"{about}: its labels are on body {str(made)[:12]}, not on {body.name} {body.hash[:12]}")
    return Dense(path.parent / FOLDER, digest(about))


def generated(path: Path) -> Path | None:
    """The file of generated images that belongs to a dataset file; None where there is none.

    :raises ValueError: their derived.json is damaged.
    """
    about = path.parent / GENERATED / ABOUT
    if path.is_dir() or not about.is_file():
        return None
    try:
        said: Any = json.loads(about.read_bytes())
        return about.with_name(str(said["file"])) if said.get("beside") == path.name else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{about}: does not describe generated images ({error})") from error


def read(path: Path) -> Bytes:
    """(256, 256, 4) u1 of a file. Raises ValueError, naming it, when it is damaged."""
    try:
        with Image.open(path) as image:
            labels = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: dense labels cannot be read ({error})") from error
    if labels.shape != (SQUARE, SQUARE, 4) or labels.dtype != np.uint8:
        raise ValueError(f"{path}: dense labels are {SQUARE} x {SQUARE} pixels of four bytes, not {labels.shape}")
    return labels


def write(path: Path, labels: Bytes) -> None:
    """Write labels (256, 256, 4) u1 as a file, whole or not at all."""
    with replacing_bytes(path) as file:
        Image.fromarray(labels, "RGBA").save(file, "PNG")


def with_labels(example: Example, dense: Dense, most: int, weight: float, seed: int, body: Body | None) -> Example:
    """The example with up to ``most`` further points of each person that has labels. Annotated points stay as they are.

    :param example: an image as it is read: neither cut nor resized.
    :param weight: of a label whose confidence is 1.
    :param seed: of what is drawn; each person draws for itself.
    :raises ValueError: naming the file, for labels that cannot be used.
    """
    parts = [example.points]
    for row, id_ in enumerate(example.ids.tolist()):
        labels = None if example.crowd[row] else dense.labels(id_)
        if labels is None:
            continue
        box = example.boxes[row].astype(np.float64)
        known = example.points.xy[example.points.person == row]
        rng = np.random.default_rng([seed, id_, _DRAW])
        at = drawn(labels, most, (known - box[:2]) * SQUARE / np.maximum(box[2:] - box[:2], 1e-9), rng)
        try:
            parts.append(_points(row, labels[at[:, 1], at[:, 0]], _to_image(at, box), weight, body))
        except ValueError as error:
            raise ValueError(f"{dense.folder / f'{id_}.png'}: {error}") from error
    if len(parts) == 1:
        return example
    joined: dict[str, Any] = {
        name: None if value is None else np.concatenate([getattr(part, name) for part in parts])
        for name, value in vars(example.points).items()
    }
    return replace(example, points=Points(**joined))


def drawn(labels: Bytes, most: int, known: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int64]:
    """(n, 2) columns and rows of up to ``most`` labelled pixels that are not near to annotated points, without
    repetition, ascending.

    :param labels: (256, 256, 4) u1.
    :param known: (N, 2) places of annotated points in the square.
    """
    free = (labels[..., 0] > 0) & (labels[..., 3] > 0)
    for x, y in np.floor(known).astype(np.int64).clip(-SQUARE, 2 * SQUARE).tolist():
        free[max(y - NEAR, 0) : max(y + NEAR + 1, 0), max(x - NEAR, 0) : max(x + NEAR + 1, 0)] = False
    cells = np.flatnonzero(free)
    if len(cells) > most:
        cells = np.sort(rng.choice(cells, most, replace=False))
    return np.stack([cells % SQUARE, cells // SQUARE], axis=1)


def _to_image(at: NDArray[np.int64], box: NDArray[np.float64]) -> NDArray[np.float32]:
    """The centres of the square's pixels, in pixels of the image."""
    return (box[:2] + (at + 0.5) * (box[2:] - box[:2]) / SQUARE).astype(np.float32)


def _points(row: int, labels: Bytes, xy: NDArray[np.float32], weight: float, body: Body | None) -> Points:
    """Labels (n, 4) u1 of a person as points."""
    chart, uv = labels[:, 0].astype(np.int64), labels[:, 1:3] / 255
    face = bary = None
    vertex = np.full(len(labels), -1, np.int64)
    if body is not None:
        face, bary = body.from_iuv(chart, uv[:, 0], uv[:, 1])
        vertex = vertices.of_points(body, face, bary)
    return Points(
        person=np.full(len(labels), row, np.int64),
        xy=xy,
        chart=chart,
        uv=uv.astype(np.float32),
        vertex=vertex,
        weight=(weight / 255 * labels[:, 3]).astype(np.float32),
        face=face,
        bary=bary,
    )
