"""Reads the DensePose data of a person's entry into editable work: points at image positions, masks in image pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.masks import Region
from export.check_points import check_dense
from export.check_rules import WARNINGS
from export.densepose_parts import COARSE_NAMES
from export.square_in import SIDE, label_map, labels_at, runs
from surface.body import Body

_PASSED = WARNINGS | {"points-float"}
"""Broken rules that lose nothing when the data is read here."""


@dataclass(frozen=True)
class Dense:
    """Points, N of them, and part masks of a person.

    :param xy: (N, 2) f8 image positions in pixels.
    :param label: (N,) u1 part of the masks at each, 0 on none.
    :param iuv: (N, 3) f8 chart, U, V; None where vertices stand instead.
    :param vertex: (N,) i8 0-based vertex; None where charts stand instead.
    :param mesh: name of the mesh that the vertices are of.
    :param ends: the masks in the square, see ``export.square_in.runs``.
    :param bbox: x, y, w, h of the box as the file has it, which the square is stretched to.
    """

    xy: NDArray[np.float64]
    label: NDArray[np.uint8]
    iuv: NDArray[np.float64] | None
    vertex: NDArray[np.int64] | None
    mesh: str | None
    ends: Mapping[int, NDArray[np.int64]]
    bbox: tuple[float, float, float, float]

    def __len__(self) -> int:
        return len(self.xy)


def dense(entry: Mapping[str, Any]) -> Dense:
    """The DensePose data of an entry with a sound bbox. Raises ValueError, naming the rule that is broken."""
    for rule, message in check_dense(entry, readable_box=False):
        if rule not in _PASSED:
            raise ValueError(f"{rule}: {message}")
    x, y = (np.array(entry[key], np.float64) for key in ("dp_x", "dp_y"))
    x0, y0, w, h = (float(value) for value in entry["bbox"])
    ends = runs(entry["dp_masks"])
    if ends is None:
        raise ValueError("mask-rle: dp_masks do not decode")
    by_vertex = "dp_vertex" in entry
    charts = None if by_vertex else np.array([entry[key] for key in ("dp_I", "dp_U", "dp_V")], np.float64).T
    return Dense(
        xy=np.stack([x0 + x * w / SIDE, y0 + y * h / SIDE], axis=1),
        label=labels_at(ends, x, y),
        iuv=charts,
        vertex=np.array(entry["dp_vertex"], np.int64) if by_vertex else None,
        mesh=entry["ref_model"] if by_vertex else None,
        ends=ends,
        bbox=(x0, y0, w, h),
    )


def has_parts(body: Body) -> bool:
    """Whether a body has the format's 14 parts in its order, so that its masks mean the same on it."""
    return body.part_names == COARSE_NAMES[1:]


def kept_masks(masks: Sequence[Any]) -> list[Any]:
    """dp_masks without what is no part of the format."""
    return [{"counts": mask["counts"], "size": list(mask["size"])} if mask else [] for mask in masks]


def draw(dense: Dense, region: Region) -> NDArray[np.uint8]:
    """Part labels (h, w) of the masks over a region of the image. Nothing is shifted.

    A pixel that holds the centre of a cell of the square is decided by that cell, so that the masks come out again
    unchanged where the box has at least 256 pixels each way; of several centres the cell under the pixel's centre
    decides. A pixel that holds none, in larger boxes, takes the cell under its own centre, and so no pixel is left
    out between two cells. Pixels that the box does not reach are background.
    """
    x0, y0, w, h = dense.bbox
    columns, rows = _cells(x0, w, region[0], region[2]), _cells(y0, h, region[1], region[3])
    square = np.pad(label_map(dense.ends), (0, 1))  # what -1 picks is background
    return square[rows][:, columns]


def _cells(start: float, size: float, first: int, count: int) -> NDArray[np.int64]:
    """The cell (count,), or -1, that decides each of ``count`` pixels from ``first`` on, along one side of a box."""
    centre = np.arange(first, first + count) + 0.5
    under = np.floor((centre - start) * (SIDE / size)).astype(np.int64)
    hit = np.floor(start + (np.arange(SIDE) + 0.5) / SIDE * size).astype(np.int64) - first  # as files are written
    near = under.clip(0, SIDE - 1)
    cells = np.where(under == near, under, -1)
    inside = np.flatnonzero((hit >= 0) & (hit < count))
    pixel = hit[inside]
    others = hit[near[pixel]] != pixel  # the cell under the pixel's centre has its own centre elsewhere
    cells[pixel] = np.where(others, inside, near[pixel])
    return cells
