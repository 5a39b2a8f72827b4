"""Which of a network's own predictions are good enough to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.distillation.merge import Bytes, Merged


@dataclass(frozen=True)
class Limits:
    """What is kept.

    :param score: least of a person.
    :param confidence: least of a pixel.
    :param agreement: least share of the looks that see the pixel's chart.
    :param coverage: least share of a person's pixels that are kept; of persons below, nothing is.
    """

    score: float = 0.7
    confidence: float = 0.5
    agreement: float = 0.75
    coverage: float = 0.3


def kept(person: Merged, limits: Limits) -> Bytes | None:
    """A person's labels (256, 256, 4) u1 as far as they are sure, 0 elsewhere; None for a person that is not kept."""
    there = person.labels[..., 0] > 0
    sure = there & (person.labels[..., 3] >= 255 * limits.confidence) & (person.agreement >= limits.agreement)
    if person.score < limits.score or not sure.any() or sure.sum() < limits.coverage * there.sum():
        return None
    return np.where(sure[..., None], person.labels, np.uint8(0))
