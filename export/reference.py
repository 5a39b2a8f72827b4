"""What the reference reader of DensePose-COCO makes of an annotation: the arithmetic of its trainer, restated.

(Güler et al., CVPR 2018, arXiv 1802.00434, and the reader published with it.) Kept apart from the writer on purpose:
the two share no code and no table, so that one can prove the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

MASK_SIDE = 256
MASK_COUNT = 14
CHART_COUNT = 24
MASK_MIRROR = np.array([0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14])
CHART_MIRROR = np.array([0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23])
CHART_TO_MASK = np.array([0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14])


@dataclass(frozen=True)
class ReferencePerson:
    """An annotated person as training code holds it.

    :param bbox: (4,) x, y, w, h in image pixels.
    :param x, y: (N,) positions in the box stretched to 256 x 256.
    :param i, u, v: (N,) chart and chart coordinates.
    :param masks: (256, 256) u8 labels, later parts over earlier ones.
    """

    bbox: np.ndarray
    x: np.ndarray
    y: np.ndarray
    i: np.ndarray
    u: np.ndarray
    v: np.ndarray
    masks: np.ndarray


def read_person(entry: Mapping[str, Any]) -> ReferencePerson:
    """An annotation entry that carries dp_ keys, as the reference reader takes it: unchecked."""
    return ReferencePerson(
        bbox=np.array(entry["bbox"], np.float64),
        x=np.array(entry["dp_x"]),
        y=np.array(entry["dp_y"]),
        i=np.array(entry["dp_I"]),
        u=np.array(entry["dp_U"]),
        v=np.array(entry["dp_V"]),
        masks=read_masks(entry["dp_masks"]),
    )


def read_masks(entries: Sequence[Any]) -> np.ndarray:
    """Label map (256, 256) u8 of dp_masks; a later part overwrites an earlier one."""
    labels = np.zeros((MASK_SIDE, MASK_SIDE), np.uint8)
    for part, entry in enumerate(entries, start=1):
        if entry:
            labels[coco_mask.decode(entry) > 0] = part
    return labels


def image_positions(person: ReferencePerson) -> np.ndarray:
    """Image positions (N, 2) in pixels, ``x0 + dp_x * w / 256`` as in the trainer; the evaluator divides by 255."""
    x0, y0, w, h = person.bbox
    return np.stack([x0 + person.x * w / MASK_SIDE, y0 + person.y * h / MASK_SIDE], axis=1)


def labels_at(person: ReferencePerson) -> np.ndarray:
    """Mask label (N,) under each point."""
    column = np.clip(person.x.astype(np.int64), 0, MASK_SIDE - 1)
    row = np.clip(person.y.astype(np.int64), 0, MASK_SIDE - 1)
    return person.masks[row, column]


def flipped(
    person: ReferencePerson, width: int, transforms: tuple[np.ndarray, np.ndarray] | None = None
) -> ReferencePerson:
    """The person in the mirrored image of ``width`` pixels, as the trainer's augmentation makes it.

    :param transforms: U_transforms and V_transforms (24, 256, 256) of the body, read at [int(v * 255), int(u * 255)]
        of the old chart; None for a body like the default one: paired charts mirror each other value for value, and
        a chart that is its own mirror image turns over, u to 1 - u.
    """
    x0, y0, w, h = person.bbox
    old = person.i.astype(np.int64)
    u, v = person.u, person.v
    if transforms is not None:
        row, column = (v * 255).astype(np.int64), (u * 255).astype(np.int64)
        u, v = (table[old - 1, row, column] for table in transforms)
    else:
        u = np.where(CHART_MIRROR[old] == old, 1 - u, u)
    return ReferencePerson(
        bbox=np.array([width - x0 - w, y0, w, h]),
        x=MASK_SIDE - person.x,
        y=person.y,
        i=CHART_MIRROR[old].astype(person.i.dtype),
        u=u,
        v=v,
        masks=MASK_MIRROR[person.masks[:, ::-1]].astype(np.uint8),
    )
