"""`densemark body transfer`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import surface
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer
from surface.transfer_figures import corners, figures_of
from surface.transfer_file import path_of, save
from tests.cli.commands import ok, refused


def test_figures_and_picture_of_a_kept_transfer_and_refusals(tmp_path: Path) -> None:
    own = surface.load()
    twin, statue = replace(own, name="twin"), replace(own, name="statue", rig=None)
    same = SurfaceMap(*corners(own))
    figures = figures_of(own, twin, same, same, own.vertices[:, 1] * 0 + 0.00125, ("left_wrist",))
    (tmp_path / "bodies").mkdir()
    for body in (twin, statue):
        body.save(tmp_path / "bodies" / f"{body.name}.npz")
    save(path_of(tmp_path / "bodies" / "transfers", own, twin), Transfer(own, twin, same, same, figures))
    figure = tmp_path / "f.png"
    text = ok("body", "transfer", "twin", "anny", "--out", figure, data=tmp_path)
    assert "1.25" in text
    assert "not told apart: right hand, left foot, right foot" in text
    assert figure.read_bytes()[:4] == b"\x89PNG"
    found = json.loads(ok("body", "transfer", "anny", "twin", "--json", data=tmp_path))
    assert found["target"] == {"name": "twin", "hash": twin.hash}
    assert found["fit"]["worst"] == 0.00125
    assert "body 'statue' has no rig; marks can be transferred only" in refused(
        "body", "transfer", "anny", "statue", data=tmp_path
    )
    assert "are the same body" in refused("body", "transfer", "anny", "anny", data=tmp_path)
