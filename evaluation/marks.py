"""What a study measured: every mark of every annotator on persons whose truth is known, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

MARKED, FLAGGED, OUTSIDE = 0, 1, 2
"""What became of a point: it has a mark; the annotator gave a reason instead; its place shows no part of the person."""


@dataclass(frozen=True, eq=False)
class Marks:
    """N points as annotators saw them, one row for each annotator, person, pass and point.

    Attributes:
        annotator: (N,) row of ``Study.annotators``.
        person: (N,) row of ``Study.persons``.
        again: (N,) u8, 0 the first time the annotator did this person, 1 the second (test-retest).
        point: (N,) i64, the same for the same point of the same person shown to several annotators, or twice to one.
        part: (N,) u8 coarse part the point was sampled in, 1..P.
        kind: (N,) u8, MARKED, FLAGGED or OUTSIDE.
        true_face, true_bary: (N,), (N,3) the true surface point; face -1 when OUTSIDE.
        face, bary: (N,), (N,3) the marked surface point; face -1 unless MARKED.
        seconds: (N,) f32, time spent on the point; NaN unknown.
        order: (N,) i32, how many points the annotator had marked in the study before this one.
        facing: (N,) f32, cosine of the angle between the surface and the viewer at the true point; NaN unknown.
    """

    annotator: Ints
    person: Ints
    again: NDArray[np.uint8]
    point: NDArray[np.int64]
    part: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    true_face: Ints
    true_bary: Floats
    face: Ints
    bary: Floats
    seconds: NDArray[np.float32]
    order: Ints
    facing: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.annotator)


@dataclass(frozen=True, eq=False)
class Masks:
    """M part masks that annotators drew, each against the true one; empty when masks were given.

    Attributes:
        annotator, person: (M,) as in ``Marks``.
        again: (M,) u8.
        drawn, true, both: (M,P+1) pixels labelled so by the annotator, by the truth, by both; column 0 is background.
        seconds: (M,) f32; NaN unknown.
    """

    annotator: Ints
    person: Ints
    again: NDArray[np.uint8]
    drawn: NDArray[np.int64]
    true: NDArray[np.int64]
    both: NDArray[np.int64]
    seconds: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.annotator)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Surface points that a network gives for the study's points.

    Attributes:
        name: of the network.
        person, point, part: (N,) as in ``Marks``.
        true_face, true_bary: (N,), (N,3).
        face, bary: (N,), (N,3); face -1 where the network sees no person.
    """

    name: str
    person: Ints
    point: NDArray[np.int64]
    part: NDArray[np.uint8]
    true_face: Ints
    true_bary: Floats
    face: Ints
    bary: Floats


@dataclass(frozen=True, eq=False)
class Study:
    """All that a report rests on.

    Attributes:
        title: of the study.
        body: the body that was marked.
        annotators: their names.
        persons: names of the rendered persons.
        marks: the marks.
        seen: (len(persons), F) bool or packed u8 (len(persons), ceil(F/8)): the body's faces that each image shows.
        cosines: (faces shown, of all images,) u8, 255 times the cosine between each such face and the viewer, image by
            image in the faces' order (``synthesis.truth.Truth.cosines``).
        masks: the drawn part masks, or None when they were given.
        networks: what networks gave for the same points.
        simulated: the annotators that are no people.
        most_points: so many points the settings give on a person at most; None unknown.
    """

    title: str
    body: Body
    annotators: tuple[str, ...]
    persons: tuple[str, ...]
    marks: Marks
    seen: NDArray[np.uint8]
    cosines: NDArray[np.uint8]
    masks: Masks | None = None
    networks: tuple[Predictions, ...] = ()
    simulated: frozenset[str] = field(default_factory=frozenset)
    most_points: int | None = None
