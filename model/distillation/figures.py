"""How much of its persons a teacher has labelled, how sure it is, and how far its labels are from annotated points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.detection.distances import SurfaceDistances
from export.read import Sample
from model.data.dense import Bytes, read
from model.data.points import on_body
from model.data.records import Images, outline_of
from model.distillation.teacher import Place
from model.structures import SQUARE

BINS = 10
"""Of confidences, equally wide."""

LIMITS = (0.05, 0.1, 0.3)
"""Metres below which shares of the points are told."""


@dataclass
class Figures:
    """What is counted over persons.

    :param persons: that have labels; ``unlabelled`` are those whose outline is not known.
    :param pixels: of all outlines, in squares of 256 x 256; ``labelled`` those with a label.
    :param sure: (256,) labelled pixels by their byte of confidence.
    :param points: annotated ones; ``distances`` of those whose pixel has a label, in metres.
    """

    persons: int = 0
    unlabelled: int = 0
    pixels: int = 0
    labelled: int = 0
    sure: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    points: int = 0
    distances: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, person: Sample, outline: Bytes, labels: Bytes, surface: SurfaceDistances, body: Any) -> None:
        """Take in a person.

        :param outline: (256, 256) u1.
        :param labels: (256, 256, 4) u1.
        """
        there = labels[..., 0] > 0
        self.persons += 1
        self.pixels += int((outline > 0).sum())
        self.labelled += int(there.sum())
        self.sure += np.bincount(labels[there][:, 3], minlength=256)
        self.points += len(person.xy)
        x, y = np.floor(person.square_xy).astype(np.int64).clip(0, SQUARE - 1).T
        said, known = labels[y, x], labels[y, x, 0] > 0
        if known.any():
            chart, u, v = body.to_iuv(*on_body(person, body))
            true = surface.locate(chart[known], u[known], v[known])
            told = surface.locate_bytes(*said[known, :3].T)
            self.distances.append(surface.between(true, told))

    def coverage(self) -> float:
        """The share of the outlines' pixels that have a label."""
        return _share(self.labelled, self.pixels)

    def confidence(self) -> dict[str, Any]:
        """The mean, and the share of the labelled pixels in each tenth of [0, 1]."""
        value = np.arange(256) / 255
        edges = np.minimum((value * BINS).astype(int), BINS - 1)
        tenths = np.bincount(edges, self.sure, BINS)
        return {
            "mean": _share(float((self.sure * value).sum()), self.labelled),
            "tenths": [_share(count, self.labelled) for count in tenths.tolist()],
        }

    def agreement(self) -> dict[str, Any]:
        """Points, the share of them whose pixel has a label, and of these the geodesic error: median and mean in
        metres, and shares below some limits; None where there are none."""
        out: dict[str, Any] = {"points": self.points}
        far = np.concatenate(self.distances) if self.distances else np.zeros(0)
        out["labelled"] = _share(len(far), self.points)
        out["median"] = round(float(np.median(far)), 4) if len(far) else None
        out["mean"] = round(float(far.mean()), 4) if len(far) else None
        out["below"] = {f"{limit:g}": _share(int((far < limit).sum()), len(far)) for limit in LIMITS}
        return out


def figures(images: Images, wanted: Sequence[Place], folder: Path, surface: SurfaceDistances) -> Figures:
    """Of the labels of persons that lie in a folder.

    :raises ValueError: a file or an annotation cannot be used; the message names it.
    """
    out = Figures()
    for index, row, id_ in wanted:
        path = folder / f"{id_}.png"
        if not path.exists():
            out.unlabelled += 1
            continue
        person = images.persons.sample(row, photo=False)
        outline = person.labels if person.labels is not None else outline_of(person, *images.size(index))
        assert outline is not None  # else it would have no labels
        out.add(person, outline, read(path), surface, images.body)
    return out


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
