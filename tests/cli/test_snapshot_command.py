"""`densemark snapshot`, `withdraw` and `export --snapshot` on a data folder, with the server off."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from annotation.words import PersonState, Role
from cli.backup import backup, restore
from server.app import create_app
from server.jobs import steps
from server.settings import Settings
from server.snapshots import service
from server.snapshots.schemas import SnapshotCreate
from tests.annotation_db.conftest import sqlite_template
from tests.cli.test_render_command import densemark
from tests.server.filled import Filling
from tests.server.people import add_user, sign_in

__all__ = ["sqlite_template"]


def test_a_snapshot_from_the_shell(
    tmp_path: Path,
    sqlite_template: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    shutil.copy(sqlite_template, data / "densemark.db")
    app = create_app(Settings(data=data))
    add_user(app, "lena", Role.lead)
    users = [str(add_user(app, "ann", Role.annotator))]
    lead = sign_in(app, "lena")
    filling = Filling(app.state.densemark, lead.project(name="Street"), users)
    images = [filling.image(f"{n}.png") for n in range(8)]
    filling.persons(images[:7])
    filling.person(images[7], state=PersonState.points)

    def run(*order: Any, code: int = 0) -> str:
        found, text, error = densemark(capsys, *order, "--data", data)
        assert found == code, error
        return text or error

    made = json.loads(run("snapshot", "create", "Street", "one", "--split", "train=.5,val=.5", "--json"))
    assert made["counts"] == {"images": 7, "persons": 7, "annotated": 7, "points": 28}
    assert "no user nobody" in run("snapshot", "create", "Street", "x", "--annotator", "nobody", code=1)
    assert "rendered" in run("snapshot", "create", "Street", "x", "--rendered", "maybe", code=1)
    assert "no body nobody" in run("snapshot", "create", "Street", "x", "--body", "nobody", code=1)
    assert "add up to" in run("snapshot", "create", "Street", "x", "--split", "a=.5", code=1)
    assert "no photo has the tag 'none'" in run("snapshot", "create", "Street", "x", "--tag", "none", code=1)
    assert made["hash"][:12] in run("snapshot", "list", "Street")
    assert "## How good it is" in run("snapshot", "show", "Street", made["hash"][:10])
    assert "is whole" in run("snapshot", "verify", "Street", "one")
    run("snapshot", "create", "Street", "two", "--state", "done", "--state", "points", "--only")
    found = json.loads(run("snapshot", "diff", "Street", "one", "two", "--json"))
    assert (found["persons"]["added"], found["images"]["what"]) == (1, {"split": 7})
    assert "1 added" in run("snapshot", "diff", "Street", "one", "two")

    project = UUID(made["project_id"])
    killed = service.create(app.state.densemark, project, SnapshotCreate(name="killed"), None)
    assert killed.job is not None
    assert steps.plan(app.state.densemark, killed.job.id)
    assert "being made" in run("snapshot", "create", "Street", "killed", "--only", code=1)
    again = json.loads(run("snapshot", "create", "Street", "killed", "--json"))
    assert (again["id"], again["state"]) == (str(killed.id), "ready")
    assert "already" in run("snapshot", "create", "Street", "killed", code=1)
    run("snapshot", "delete", "Street", "killed")

    file = tmp_path / "backup.tar"
    backup(file, data)
    restore(file, tmp_path / "restored")
    assert "is whole" in densemark(capsys, "snapshot", "verify", "Street", "one", "--data", tmp_path / "restored")[1]

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", StringIO("n\n"))
        asked = densemark(capsys, "withdraw", "Street", "3.png", "--data", data)[2]
    assert "project 'Street': 1 image, 1 person" in asked
    assert asked.count("holds it") == 2
    assert run("withdraw", "Street", "3.png", "--yes").count("held it") == 2
    assert "erased 1 image" in run("withdraw", "Street", str(images[3]), "--yes")
    export = ("export", "Street", "--snapshot", "one", "--out", out)
    done = json.loads(run(*export, "--images", "--json"))
    assert (done["counts"]["images"], done["counts"]["points"], done["withdrawn"]) == (6, 24, 1)
    assert {path.name for path in out.glob("*.json")} == {"densepose-coco-train.json", "densepose-coco-val.json"}
    assert {path.name for path in (out / "images").iterdir()} == {f"{n}.png" for n in range(7) if n != 3}
    assert "train, val" in run(*export, "--split", "test", code=1)
    run(*export, "--open", "--no-browser")
    assert "data:image/jpeg" in (out / "gallery.html").read_text()
    shutil.rmtree(out)
    file = data / "snapshots" / made["hash"] / "persons-val.jsonl"
    whole = file.read_bytes()
    for damaged, what in [
        (whole.replace(b'"id":', b'"id": ', 1), "persons-val.jsonl is not what it was"),
        (whole.replace(b'"bbox"', b'"bbux"', 1), "persons-val.jsonl, line 1"),
        (whole.replace(b'"iuv":[[', b'"iuv":[[9', 1), "persons-val.jsonl is not what it was"),
    ]:
        assert damaged != whole
        file.write_bytes(damaged)
        assert f"the snapshot 'one' is damaged: {what}" in run(*export, "--images", code=1)
        assert not out.exists()
        assert "the snapshot 'one' is damaged: persons-val.jsonl" in run(
            "snapshot", "diff", "Street", "one", "two", code=1
        )
    file.unlink()
    assert "persons-val.jsonl is missing" in run(*export, code=1)
    file.write_bytes(whole)
    (data / "snapshots" / made["hash"] / "images.jsonl").write_text("")
    assert "images.jsonl is not what it was" in run(*export, code=1)
    assert "images.jsonl is not what it was" in run("snapshot", "verify", "Street", "one", code=1)
    run("snapshot", "delete", "Street", "one")
    assert "no snapshot 'one'" in run("snapshot", "show", "Street", "one", code=1)
