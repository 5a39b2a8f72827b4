"""The marks themselves as CSV, to publish or to analyse elsewhere: one row for each point shown, in UTF-8.

``true_I, true_U, true_V`` is the true surface point and ``I, U, V`` the marked one, on the body's charts; ``error_cm``
is the distance between them along the surface. ``point`` is the same for the same point shown to several annotators,
or twice to one (``again`` 1), ``order`` how many points the annotator had marked before, ``seconds`` the time spent,
``facing`` the cosine of the angle between the surface and the viewer. What is not known is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import Metric, distances
from evaluation.marks import MARKED, Study
from evaluation.tables import text

HEAD = (
    "annotator", "person", "part", "point", "again", "order", "kind", "true_I", "true_U", "true_V", "I", "U", "V",
    "error_cm", "seconds", "facing",
)  # fmt: skip
KINDS = ("marked", "flagged", "outside")
CHUNK = 50_000

_NUMBERS = "%.0f,%.5f,%.5f,%.0f,%.5f,%.5f,%.3f,%.2f,%.4f\r\n"


def csv(study: Study, table: Metric) -> Iterator[bytes]:
    """The marks as the bytes of a CSV file, some thousand rows at a time."""
    yield (",".join(HEAD) + "\r\n").encode()
    names, persons, parts = (_cells(words) for words in (study.annotators, study.persons, study.body.part_names))
    for at in range(0, len(study.marks), CHUNK):
        yield _rows(study, table, slice(at, at + CHUNK), names, persons, parts).encode()


def _rows(study: Study, table: Metric, rows: slice, names: list[str], persons: list[str], parts: list[str]) -> str:
    marks, body = study.marks, study.body
    true = _chart(study, marks.true_face[rows], marks.true_bary[rows])
    where = np.flatnonzero(marks.kind[rows] == MARKED)
    own = np.where(marks.kind[rows] == MARKED, marks.face[rows], -1)
    marked = _chart(study, own, marks.bary[rows])
    error = np.full(len(own), np.nan)
    some = where + rows.start
    error[where] = 100 * distances(
        table, (marks.true_face[some], marks.true_bary[some]), (marks.face[some], marks.bary[some])
    )
    error[np.isinf(error)] = np.nan
    numbers = np.vstack([true, marked, error, marks.seconds[rows], marks.facing[rows]]).T
    # Only numbers are written here, so that "nan" is one that is not known and no part of a name.
    told = ((_NUMBERS * len(own)) % tuple(numbers.ravel().tolist())).replace("nan", "").splitlines(keepends=True)
    shown = marks.true_face[rows]
    part = np.where(shown >= 0, body.face_part[shown], marks.part[rows])
    columns = (marks.annotator, marks.person, marks.point, marks.again, marks.order, marks.kind)
    who, person, point, again, order, kind = (column[rows].tolist() for column in columns)
    return "".join(
        f"{names[a]},{persons[p]},{parts[b - 1]},{i},{t},{o},{KINDS[k]},{rest}"
        for a, p, b, i, t, o, k, rest in zip(who, person, part.tolist(), point, again, order, kind, told, strict=True)
    )


def _chart(study: Study, face: NDArray[np.int32], bary: NDArray[np.float64]) -> NDArray[np.float64]:
    """I, U, V (3,N) of surface points; NaN where the face is -1."""
    out = np.full((3, len(face)), np.nan)
    known = np.flatnonzero(face >= 0)
    out[:, known] = study.body.to_iuv(face[known], bary[known])
    return out


def _cells(words: Iterable[str]) -> list[str]:
    """Words as cells of a CSV file."""
    return [text([{"": word}]).removeprefix('""\r\n').removesuffix("\r\n") for word in words]
