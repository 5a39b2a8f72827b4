"""The marks as CSV."""

import csv
import dataclasses
import io

import numpy as np
import pytest

from evaluation import raw
from evaluation.marks import FLAGGED, OUTSIDE
from tests.evaluation.simulate import chord, study


def test_marks_are_written_with_true_and_marked_place_and_what_is_unknown_is_empty(monkeypatch) -> None:
    monkeypatch.setattr(raw, "CHUNK", 100)
    made = study([0.02, 0.03], 3, again=1)
    marks, body = made.marks, made.body
    kind, face, true = marks.kind.copy(), marks.face.copy(), marks.true_face.copy()
    kind[3], kind[150] = FLAGGED, OUTSIDE
    face[[3, 150]], true[150] = -1, -1
    seconds = marks.seconds.copy()
    seconds[7] = np.nan
    marks = dataclasses.replace(marks, kind=kind, face=face, true_face=true, seconds=seconds)
    made = dataclasses.replace(made, annotators=("Nan, Fernanda", "=1+1"), marks=marks)
    rows = list(csv.DictReader(io.StringIO(b"".join(raw.csv(made, chord(body))).decode(), newline="")))
    assert len(rows) == len(marks) > 200
    assert {row["annotator"] for row in rows} == {"Nan, Fernanda", "'=1+1"}
    assert [rows[3]["kind"], rows[3]["I"], rows[3]["error_cm"]] == ["flagged", "", ""]
    assert [rows[150]["kind"], rows[150]["true_I"], rows[150]["error_cm"]] == ["outside", "", ""]
    assert rows[3]["true_I"] != ""
    assert [n for n, row in enumerate(rows) if not row["seconds"]] == [7]
    for n in (0, 120, len(rows) - 1):
        row = rows[n]
        there = body.from_iuv([int(row["I"])], [float(row["U"])], [float(row["V"])])
        assert body.position(*there) == pytest.approx(body.position(face[[n]], marks.bary[[n]]), abs=1e-3)
        error = chord(body)(true[[n]], marks.true_bary[[n]], face[[n]], marks.bary[[n]])[0]
        assert float(row["error_cm"]) == pytest.approx(100 * error, abs=1e-3)
        assert row["part"] == body.part_names[body.face_part[true[n]] - 1]
        assert (int(row["again"]), int(row["order"])) == (marks.again[n], marks.order[n])
