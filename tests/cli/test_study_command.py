"""`densemark study` on a data folder, with the server off."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from annotation.words import Role
from evaluation import figures, pdf
from server.app import create_app
from server.settings import Settings
from server.studies import report_job
from tests.annotation_db.conftest import sqlite_template
from tests.cli.test_render_command import densemark
from tests.server.people import add_user, sign_in
from tests.server.renders import add_renders
from tests.server.test_studies import finish

__all__ = ["sqlite_template"]


def test_a_study_is_set_up_and_reported_offline(
    tmp_path: Path, sqlite_template: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    shutil.copy(sqlite_template, data / "densemark.db")
    app = create_app(Settings(data=data))
    for name, role in (("lena", Role.lead), ("ann", Role.annotator)):
        add_user(app, name, role)
    lead, ann = sign_in(app, "lena"), sign_in(app, "ann")
    add_renders(app, lead.project(name="Lab"), tmp_path, 2)
    where = ("--data", data)
    made = ("study", "create", "Lab", "Accuracy", "--annotator", "ann", "--points", "2", "--practice", "0")
    assert densemark(capsys, *made, "--part", "nose", *where)[0] == 1
    code, text, _ = densemark(
        capsys, *made, "--again", "1", "--part", "Torso", "--part", "14", "--open", *where, "--json"
    )
    assert code == 0
    study = json.loads(text)
    assert (study["state"], study["persons"], study["parts"]) == ("open", 2, [1, 14])
    code, text, _ = densemark(capsys, "study", "points", "Accuracy", *where)
    asked = [json.loads(line) for line in text.splitlines()]
    assert {point["part"] for point in asked} == {1, 14}
    finish(ann, study["id"])
    (tmp_path / "net.jsonl").write_text("".join(f'{{"point": {point["point"]}}}\n' for point in asked))
    assert densemark(capsys, "study", "network", "Accuracy", "blind", tmp_path / "net.jsonl", *where)[0] == 0
    body = app.state.densemark.bodies.by_name("anny").body

    def straight(face: np.ndarray, bary: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.linalg.norm(body.position(face, bary) - body.position(other, weights), axis=1)

    monkeypatch.setattr(report_job, "table_of", lambda *_: straight)
    monkeypatch.setattr(report_job, "HEAT_SIZE", 400)
    monkeypatch.setattr(figures, "FIGURES", {"parts": figures.FIGURES["parts"]})
    monkeypatch.setattr(pdf, "write", lambda *given, **_more: given[3].write_bytes(b"%PDF"))
    code, text, errors = densemark(capsys, "study", "report", "Accuracy", "--out", out, *where)
    assert code == 0, errors
    assert "torso" in text.casefold()
    said = json.loads((out / "report.json").read_text())
    assert (said["persons"], said["annotators"]) == (2, 1)
    assert (out / "report.pdf").exists()
    assert list((out / "tables").glob("*.csv"))
    assert list((out / "figures").glob("*.svg"))
    code, text, _ = densemark(capsys, "study", "list", *where, "--json")
    assert [(one["name"], one["done"], one["total"]) for one in json.loads(text)] == [("Accuracy", 3, 3)]
    assert densemark(capsys, "study", "report", "Nothing", *where)[0] == 1
    app.state.densemark.database.close()
