"""`densemark distill`: from a trained teacher to a dataset that a student is trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import ok, refused
from tests.cli.test_train import QUICK, dataset

CHANGES = [word for change in QUICK for word in ("--set", change)]


@pytest.mark.slow
def test_a_student_is_trained_on_what_a_teacher_says(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "d", "densepose-coco-train.json")
    run, out = tmp_path / "run", tmp_path / "derived"
    teacher = ("--recipe", "teacher_tiny", *CHANGES, "--device", "cpu")
    ok("train", *teacher, "--dataset", folder, "--out", run, data=tmp_path)
    words = ("distill", "--teacher", run, "--dataset", folder, "--out", out, "--device", "cpu")
    said = json.loads(ok(*words, "--json", data=tmp_path))
    assert said["persons"] == 2
    assert said["agreement"]["points"] == 7
    assert said["teacher"]["step"] == 3
    assert (out / "train.json").read_bytes() == (folder / "densepose-coco-train.json").read_bytes()
    student = ("--recipe", "fcn_tiny", *CHANGES, "--device", "cpu")
    ok("train", *student, "--dataset", out, "--out", tmp_path / "student", data=tmp_path)
    assert "dense" in json.loads((tmp_path / "student/run.json").read_bytes())["dataset"]
    assert "choose another folder" in refused(*words, data=tmp_path)
    nobody = tmp_path / "nothing"
    assert "is not there" in refused(
        "distill", "--teacher", nobody, "--dataset", folder, "--out", nobody, data=tmp_path
    )
    assert not nobody.exists()
