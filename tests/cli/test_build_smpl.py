"""`densemark body build smpl`, on files written from the default body."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import surface
from surface.body import Body
from tests.cli.commands import ok, refused
from tests.surface import smpl_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SMPL model, a whole SMPL-H one and its UV_Processed.mat, and one that tries to run code."""
    folder = tmp_path_factory.mktemp("files")
    body = surface.load("anny")
    small = smpl_files.symmetric(smpl_files.decimated(smpl_files.model(body, 24), 4000))
    smpl_files.write_pkl(folder / "Basic Model.pkl", small)
    smpl_files.write_npz(folder / "smplh.npz", smpl_files.model(body, 52, posedirs=False))
    smpl_files.write_mat(folder / "UV_Processed.mat", smpl_files.uv_processed(body, smpl_files.toe_faces(body)))
    (folder / "evil.pkl").write_bytes(b"cos\nsystem\n(S'echo ran > %s'\ntR." % str(folder / "ran").encode())
    return folder


@pytest.mark.slow
def test_a_body_of_ones_own_is_built_and_passes_the_check(files: Path, tmp_path: Path) -> None:
    said = ok("body", "build", "smpl", "--model", files / "Basic Model.pkl", data=tmp_path)
    assert "SMPL: 2,0" in said
    assert "24 joints, 16 shape directions, with pose correctives" in said
    assert "its triangles are mirror images of each other; off by 0 mm" in said
    assert [path.name for path in (tmp_path / "bodies").iterdir()] == ["basic-model.npz"]
    assert "no problems" in ok("body", "check", "basic-model", data=tmp_path)
    assert "exists: choose another --name, or --replace it" in refused(
        "body", "build", "smpl", "--model", files / "smplh.npz", "--name", "basic-model", data=tmp_path
    )


def test_with_denseposes_charts(files: Path, tmp_path: Path) -> None:
    words = ("body", "build", "smpl", "--model", files / "smplh.npz", "--uv-processed", files / "UV_Processed.mat")
    report = json.loads(ok(*words, "--out", tmp_path / "deep" / "h.npz", "--json", data=tmp_path))
    assert report["charts"] == "UV_Processed.mat"
    assert (report["family"], report["joints"], report["triangles_without_a_chart"]) == ("SMPL-H", 52, 2)
    built = Body.load(tmp_path / "deep" / "h.npz")
    assert built.hash == report["hash"]
    assert np.array_equal(built.face_uv, surface.load("anny").face_uv)
    assert not (tmp_path / "bodies").exists()


def test_what_cannot_be_built_is_one_line_and_no_file(files: Path, tmp_path: Path) -> None:
    def build(*words: str | Path) -> str:
        return refused("body", "build", "smpl", *words, data=tmp_path)

    assert "this file wants os.system, which no such file needs; refused, and nothing" in build(
        "--model", files / "evil.pkl"
    )
    assert not (files / "ran").exists()
    assert "All_vertices[" in build("--model", files / "Basic Model.pkl", "--uv-processed", files / "UV_Processed.mat")
    assert "is no name for a body" in build("--model", files / "smplh.npz", "--name", "../up")
    assert "a body that ships with DenseMark" in build("--model", files / "smplh.npz", "--name", "anny")
    assert list(tmp_path.iterdir()) == []
