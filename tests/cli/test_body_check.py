"""`densemark body check` and `show`: figures, reasons, exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner

from cli.main import app
from surface import flatten
from surface.body import Body, palette

COUNT = 2


@pytest.fixture
def ball() -> Body:
    """A ball in two charts, without mirror, rig or keypoints."""
    mesh = trimesh.creation.icosphere(2)
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    chart = np.where(mesh.triangles_center[:, 1] > 0, 1, 2)
    uv = np.zeros((len(faces), 3, 2))
    for number in (1, 2):
        used, local = np.unique(faces[chart == number], return_inverse=True)
        flat = flatten.disk(vertices[used], local.reshape(-1, 3))
        uv[chart == number] = ((flat - flat.min(axis=0)) / np.ptp(flat, axis=0))[local.reshape(-1, 3)]
    arrays = {
        "format": np.int64(1), "name": np.array("ball"), "vertices": vertices, "faces": faces, "face_chart": chart,
        "face_uv": uv, "chart_names": np.array(["North", "South"]), "chart_part": np.ones(COUNT, int),
        "part_names": np.array(["Ball"]), "part_mirror": np.arange(2), "chart_mirror": np.arange(COUNT + 1),
        "part_colours": palette(1), "keypoint_names": np.array([], dtype="U1"), "keypoint_regressor_data": np.zeros(0),
        "keypoint_regressor_indices": np.zeros(0, int), "keypoint_regressor_indptr": np.zeros(1, int),
    }  # fmt: skip
    return Body.from_arrays(arrays)


def test_a_sound_body_passes(ball: Body, tmp_path: Path) -> None:
    ball.save(tmp_path / "ball.npz")
    done = CliRunner().invoke(app, ["body", "check", str(tmp_path / "ball.npz"), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["problems"] == []
    assert found["mirror"] is None
    assert found["mesh"]["closed"]
    assert [chart["name"] for chart in found["charts"]] == ["North", "South"]
    assert all(0.9 < chart["ratio"] < 1.1 for chart in found["charts"])
    table = CliRunner().invoke(app, ["body", "check", str(tmp_path / "ball.npz"), "--no-scaling"])
    assert "no problems" in table.stdout
    assert max(map(len, table.stdout.splitlines())) <= 80


def test_a_spoilt_body_fails_with_the_reason(ball: Body, tmp_path: Path) -> None:
    uv = ball.face_uv.copy()
    uv[..., 0] = np.where(uv[..., 0] > 0.6, 1.2 - uv[..., 0], uv[..., 0])
    replace(ball, face_uv=uv).save(tmp_path / "folded.npz")
    done = CliRunner().invoke(app, ["body", "check", str(tmp_path / "folded.npz"), "--no-scaling"])
    assert done.exit_code == 1
    assert "chart 1 (North)" in done.output
    assert "flipped" in done.output


def test_what_is_wrong_with_one_chart_does_not_stop_the_others(ball: Body, tmp_path: Path) -> None:
    uv = np.where((ball.face_chart == 2)[:, None, None], 0.5, ball.face_uv)
    replace(ball, face_uv=uv).save(tmp_path / "half.npz")
    done = CliRunner().invoke(app, ["body", "check", str(tmp_path / "half.npz"), "--no-scaling", "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert "chart 2 (South): no area in U,V" in found["problems"]
    assert [chart["distortion_mean"] is None for chart in found["charts"]] == [False, True]


def test_pictures_are_png_files_of_a_known_sheet(ball: Body, tmp_path: Path) -> None:
    ball.save(tmp_path / "ball.npz")
    for words, reason in (
        (["--out", str(tmp_path / "ball.jpg")], "pictures are .png files"),
        (["--out", str(tmp_path / "nowhere" / "ball.png")], "in a folder that exists"),
        (["--out", str(tmp_path / "ball.png"), "--sheet", "heads"], "is not one of all, body, charts, views"),
    ):
        done = CliRunner().invoke(app, ["body", "show", str(tmp_path / "ball.npz"), *words])
        assert done.exit_code == 1
        assert reason in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["ball.npz"]
