"""How well drawn part masks fit the true ones: intersection over union, pooled over masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.intervals import NOTHING, Draws, Rows, ratios
from evaluation.marks import Masks
from evaluation.report import Figure, MaskGroup


def overlap(masks: Masks, part_names: tuple[str, ...], drawn: Draws) -> list[MaskGroup]:
    """All parts together, then each part that was drawn or there to be drawn."""
    rows = np.flatnonzero(masks.again == 0)
    both, union = masks.both[rows, 1:], _union(masks, rows)
    image, annotator = masks.person[rows].astype(np.int64), masks.annotator[rows].astype(np.int64)
    zero = np.zeros(len(rows), np.int64)
    pooled = ratios(drawn, Rows(zero, image, annotator, 1), both.sum(axis=1), union.sum(axis=1), (0.0, 1.0))[0]
    out = [MaskGroup("all", None, pooled, len(rows))]
    for label, name in enumerate(part_names, 1):
        some = np.flatnonzero(union[:, label - 1] > 0)
        if len(some):
            own = Rows(zero[some], image[some], annotator[some], 1)
            value = ratios(drawn, own, both[some, label - 1], union[some, label - 1], (0.0, 1.0))[0]
            out.append(MaskGroup(name, label, value, len(some)))
    return out


def by_annotator(masks: Masks, annotators: int, drawn: Draws) -> list[Figure]:
    """Each annotator's overlap, all parts together."""
    rows = np.flatnonzero(masks.again == 0)
    if not len(rows):
        return [NOTHING] * annotators
    who = masks.annotator[rows].astype(np.int64)
    keyed = Rows(who, masks.person[rows].astype(np.int64), who, annotators, crossed=False)
    return ratios(drawn, keyed, masks.both[rows, 1:].sum(axis=1), _union(masks, rows).sum(axis=1), (0.0, 1.0))


def _union(masks: Masks, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return masks.drawn[rows, 1:] + masks.true[rows, 1:] - masks.both[rows, 1:]
