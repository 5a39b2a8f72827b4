"""Drawn part masks against the true ones, by their run lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pycocotools import mask as rle

from annotation.masks import to_coco_rle
from evaluation.marks import Masks

if TYPE_CHECKING:
    from annotation_db.repositories.study_marks import DrawnMask
    from server.studies.collect import Roll
    from synthesis.truth import Truth


class Overlaps:
    """Counts of pixels for M drawn masks, filled person by person."""

    def __init__(
        self, rows: Sequence[int], persons: Sequence[int], drawn: Sequence[DrawnMask], parts: Sequence[int], count: int
    ) -> None:
        self._rows, self._drawn, self._parts = np.array(rows, np.int64), drawn, parts
        self._of_person: dict[int, list[int]] = {}
        for n, person in enumerate(persons):
            self._of_person.setdefault(person, []).append(n)
        shape = (len(drawn), count + 1)
        self._in_drawn, self._in_true, self._in_both = (np.zeros(shape, np.int64) for _ in range(3))

    def look(self, person: int, truth: Truth) -> None:
        """Compare all masks of one rendered person with its truth."""
        mine = self._of_person.get(person)
        if not mine:
            return
        true = to_coco_rle(truth.part_map(), (0, 0), truth.width, truth.height)
        true = {part: found for part, found in true.items() if part in self._parts}
        size = [truth.height, truth.width]
        pixels = truth.width * truth.height
        everything = rle.merge(list(true.values())) if true else _nothing(size)
        for n in mine:
            counts = self._drawn[n].counts
            drawn = {part: {"size": size, "counts": counts[str(part)]} for part in self._parts if str(part) in counts}
            for part, found in drawn.items():
                self._in_drawn[n, part] = rle.area(found)
            for part, found in true.items():
                self._in_true[n, part] = rle.area(found)
                if part in drawn:
                    self._in_both[n, part] = rle.area(rle.merge([found, drawn[part]], intersect=True))
            painted = rle.merge(list(drawn.values())) if drawn else _nothing(size)
            self._in_drawn[n, 0] = pixels - int(rle.area(painted))
            self._in_true[n, 0] = pixels - int(rle.area(everything))
            self._in_both[n, 0] = pixels - int(rle.area(rle.merge([painted, everything])))

    def masks(self, roll: Roll) -> Masks:
        """The counts, with whose they are."""
        return Masks(
            annotator=roll.annotator[self._rows].astype(np.int32),
            person=roll.person[self._rows].astype(np.int32),
            again=roll.again[self._rows].astype(np.uint8),
            drawn=self._in_drawn,
            true=self._in_true,
            both=self._in_both,
            seconds=np.array([mask.seconds for mask in self._drawn], np.float32),
        )


def overlaps(roll: Roll, drawn: Sequence[DrawnMask], count: int) -> Overlaps:
    """Room for the masks of those copies that count, over the parts that are asked for."""
    kept = [mask for mask in drawn if mask.person_id.hex in roll.copies]
    rows = [roll.copies[mask.person_id.hex] for mask in kept]
    persons = [int(roll.person[row]) for row in rows]
    return Overlaps(rows, persons, kept, roll.study.parts or range(1, count + 1), count)


def _nothing(size: list[int]) -> Any:
    return rle.encode(np.zeros(size, np.uint8, order="F"))
