"""`densemark simulate`: programs that annotate over HTTP, with errors that the database shows to be what was asked."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

import surface
from annotation.words import Role
from cli.annotators import clicks
from cli.api import Api
from cli.common import LoggedProgress, find_project, free_port, open_state
from cli.demo import serving
from evaluation.marks import FLAGGED, MARKED
from server.studies.collect import collect
from server.users.service import create_user
from synthesis import dataset
from synthesis.render import Options
from tests.cli.test_render_command import densemark

PASSWORD = "correct horse battery"
RECIPE = dataset.Recipe(1, Options(size=160, occluders=0, cut=0))


@pytest.mark.slow
def test_errors_are_as_told_on_given_and_on_drawn_masks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, renders, body = tmp_path / "data", tmp_path / "renders", surface.load("anny")
    dataset.begin(body, renders, RECIPE)
    list(dataset.make(body, renders, [1], RECIPE))
    monkeypatch.setenv("DENSEMARK_PASSWORD", PASSWORD)
    assert densemark(capsys, "import", "P", "--create", "--renders", renders, "--data", data)[0] == 0
    with open_state(data) as state:
        with state.database.write() as session:
            create_user(session, "lead", "Lead", PASSWORD, Role.lead)
            for name in ("sim-1", "sim-2"):
                create_user(session, name, name, PASSWORD, Role.annotator, simulated=True)
        project, _ = find_project(state, "P")
        with serving(data, "127.0.0.1", free_port("127.0.0.1", 8200)) as url:
            ids = {}
            with Api(url, "lead", PASSWORD) as lead:
                users = [user["id"] for user in lead.items("/api/users") if user["simulated"]]
                for masks in ("given", "drawn"):
                    # Few points: each mark is a request.
                    few = {"points_per_part": 6, "parts": [1, 6, 14]} if masks == "given" else {"points_per_part": 2}
                    settings = {"masks": masks, "annotators": users, "practice": 0, "again": 0, **few}
                    made = lead.post(f"/api/projects/{project}/studies", {"name": masks, "seed": 3, **settings})
                    lead.post(f"/api/studies/{made['id']}/open")
                    ids[masks] = UUID(made["id"])
            common = ("simulate", "--url", url, "--user", "sim", "--annotators", "2", "--data", data, "--json")
            status, printed, complaint = densemark(
                capsys, *common, "--study", "given", "--noise-cm", "0,2", "--flags", "0.5,0", "--bad-part", "torso=6"
            )
            assert status == 0, complaint
            assert [row["persons"] for row in json.loads(printed)["annotators"]] == [1, 1]
            status, _, complaint = densemark(
                capsys, *common, "--study", "drawn", "--swaps", "0,1", "--renders", renders
            )
            assert status == 0, complaint
            monkeypatch.setenv("DENSEMARK_PASSWORD", "another")
            status, _, complaint = densemark(capsys, *common, "--study", "drawn")
            assert (status, len(complaint.strip().splitlines())) == (1, 1)

        marks = collect(state, ids["given"]).marks
        assert (marks.kind[marks.annotator == 1] == MARKED).all()
        assert 0 < (marks.kind[marks.annotator == 0] == FLAGGED).mean() < 1
        marked = marks.kind == MARKED
        off = np.full(len(marks), np.nan)
        off[marked] = np.linalg.norm(
            body.position(marks.face[marked], marks.bary[marked])
            - body.position(marks.true_face[marked], marks.true_bary[marked]),
            axis=1,
        )
        torso = marks.part == body.part_names.index("Torso") + 1
        assert np.nanquantile(off[(marks.annotator == 0) & ~torso], 0.9) < 0.001, "exact but for what no view shows"
        assert 0.015 < np.nanmean(off[(marks.annotator == 1) & ~torso]) < 0.035
        assert np.nanmean(off[torso]) > 0.04

        study = collect(state, ids["drawn"])
        assert study.masks is not None
        share = study.masks.both[:, 1:].sum(axis=1) / study.masks.true[:, 1:].sum(axis=1)
        who = study.masks.annotator
        assert share[who == 0].min() > 0.99
        assert share[who == 1].max() < 0.7, "torso and head alone are on their own side"
        marks = study.marks
        swapped = (marks.annotator == 1) & (body.part_mirror[marks.part] != marks.part)
        there = body.mirror(marks.true_face[swapped], marks.true_bary[swapped])
        apart = body.position(marks.face[swapped], marks.bary[swapped]) - body.position(*there)
        assert np.median(np.linalg.norm(apart, axis=1)) < 0.001


def test_a_click_for_what_no_view_shows_is_moved_to_where_one_does() -> None:
    body = surface.load("anny")
    rng = np.random.default_rng(0)
    face = rng.integers(0, len(body.faces), 300).astype(np.int32)
    view, x, y = clicks(body, body.part(face), face, rng.dirichlet(np.ones(3), 300), rng)
    assert (view >= 0).all()
    assert ((x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)).all()


def test_progress_goes_to_a_file_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with LoggedProgress(every=0.0) as bar:
        task = bar.add_task("annotating", total=3)
        for _ in range(2):
            bar.advance(task)
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()[:2]] == [
        "annotating 1 of 3",
        "annotating 2 of 3",
    ]
    with LoggedProgress(every=3600.0) as bar:
        bar.advance(bar.add_task("annotating", total=3))
    assert "annotating 1" not in capsys.readouterr().err
