"""`densemark body build mesh`: what it writes, and that it writes nothing when it refuses."""

from __future__ import annotations

import json

import trimesh
from typer.testing import CliRunner

from cli.main import app
from surface.body import Body
from tests.surface.shapes import animal

run = CliRunner()


def build(*words):
    return run.invoke(app, ["body", "build", "mesh", *map(str, words)])


def test_a_body_is_written_and_passes_the_check(tmp_path):
    trimesh.creation.icosphere(2, 0.2).export(tmp_path / "ball.obj")
    done = build("--mesh", tmp_path / "ball.obj", "--data", tmp_path / "data", "--json")
    assert done.exit_code == 0, done.output
    out = json.loads(done.stdout)
    body = Body.load(tmp_path / "data" / "bodies" / "ball.npz")
    assert (out["name"], out["hash"]) == ("ball", body.hash)
    assert out["report"]["faces"] == 320
    assert out["report"]["charts"] == len(body.chart_names)
    checked = run.invoke(app, ["body", "check", "ball", "--data", str(tmp_path / "data")])
    assert checked.exit_code == 0, checked.output


def test_repairs_are_told_in_sentences(tmp_path):
    v, f = animal(0.08)
    trimesh.Trimesh(v, f[1:], process=False).export(tmp_path / "beast.stl")
    done = build("--mesh", tmp_path / "beast.stl", "--out", tmp_path / "b.npz", "--name", "Beast")
    assert done.exit_code == 0, done.output
    assert "vertices that lay on others" in done.stdout
    assert "filled 1 of 1 holes" in done.stdout
    assert Body.load(tmp_path / "b.npz").name == "Beast"


def test_nothing_is_written_when_the_mesh_is_refused(tmp_path):
    trimesh.creation.icosphere(2, 200.0).export(tmp_path / "ball.stl")
    for words, line in (
        (("--mesh", tmp_path / "ball.stl"), "692.8 units across; what is a unit?"),
        (("--mesh", tmp_path / "ball.stl", "--units", "pc"), "units 'pc' are not known"),
        (("--mesh", tmp_path / "no.stl"), "no such file"),
        (("--mesh", tmp_path / "ball.stl", "--name", "../x"), "'../x' is no name for a body"),
        (("--mesh", tmp_path / "ball.stl", "--units", "mm", "--holes", "some"), "holes must be small, all or none"),
        (("--mesh", tmp_path / "ball.stl", "--name", "anny"), "a body that ships with DenseMark"),
        (("--mesh", tmp_path / "ball.stl", "--units", "mm", "--up", "w"), "'w' is no axis"),
    ):
        done = build(*words, "--data", tmp_path / "data")
        assert done.exit_code == 1
        assert line in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not (tmp_path / "data").exists()
