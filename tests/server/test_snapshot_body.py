"""Snapshots on another body than the project's."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI

from export.snapshots import read_images, read_persons
from server.state import State
from surface.body import Body
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer
from surface.transfer_figures import corners, figures_of
from surface.transfer_file import path_of, save
from tests.server.filled import Filling
from tests.server.people import Api
from tests.server.renders import add_renders
from tests.server.test_snapshot_settings import filling
from tests.server.test_snapshots import ask, content, do, folder_of, make

__all__ = ["filling"]


@pytest.fixture
def twin(state: State, filling: Filling) -> Body:
    """A second body, and a kept transfer to it of every point to its mirror image: a map that shows."""
    own = filling.body
    twin = replace(own, name="twin")
    folder = state.settings.data / "bodies"
    for body in (twin, replace(own, name="statue", rig=None)):
        body.save(folder / f"{body.name}.npz")
    save(path_of(folder / "transfers", own, twin), _mirroring(own, twin))
    return twin


def _mirroring(own: Body, twin: Body) -> Transfer:
    way = SurfaceMap(*own.mirror(*corners(own)))
    return Transfer(own, twin, way, way, figures_of(own, twin, way, way, own.vertices[:, 0] * 0 + 0.001, ()))


def _records(state: State, found: dict[str, Any]) -> list[Any]:
    folder = folder_of(state, found)
    images = {image.id: image for image in read_images(folder)}
    return list(read_persons(folder, "", images))


def test_points_are_on_the_body_that_is_asked_for(
    lead: Api, state: State, app: FastAPI, filling: Filling, twin: Body, tmp_path: Path
) -> None:
    project, own = str(filling.project), filling.body
    filling.persons([filling.image(f"{n}.png") for n in range(3)], points=5, marks=3)
    (render,) = add_renders(app, project, tmp_path, 1)
    with state.database.read() as session:
        person = lead.ok("GET", f"/api/persons/{render}")
        truth = session.connection().exec_driver_sql(
            "SELECT truth FROM persons WHERE id = ?", (UUID(render).hex,)
        ).scalar_one()  # fmt: skip
    filling.person(UUID(person["image_id"]), points=6, truth=truth)
    plain = make(lead, state, project, "plain")
    moved = make(lead, state, project, "moved", body="twin")
    made_on = {"body": own.name, "body_hash": own.hash}
    assert moved["body"] == {"name": "twin", "hash": twin.hash} == moved["settings"]["body"]
    assert (plain["body"]["hash"], plain["settings"]["body"], plain["card"]["transferred_from"]) == (
        own.hash,
        None,
        None,
    )
    card = moved["card"]
    assert (card["body"], card["body_hash"]) == ("twin", twin.hash)
    figures = json.loads(json.dumps(asdict(_mirroring(own, twin).figures)))
    before, after = _records(state, plain), _records(state, moved)
    for a, b in zip(before, after, strict=True):
        if not len(a.points):
            continue
        face, bary = own.mirror(a.points.face, a.points.bary)
        assert np.allclose(twin.position(b.points.face, b.points.bary), own.position(face, bary), atol=1e-4)
        assert np.allclose(b.points.iuv, np.stack(twin.to_iuv(b.points.face, b.points.bary), axis=1))
        assert np.array_equal(a.points.spread, b.points.spread, equal_nan=True)
        assert np.array_equal(a.points.part, b.points.part)
    other_part = sum(
        int((own.part(r.points.face) != twin.part(s.points.face)).sum()) for r, s in zip(before, after, strict=True)
    )
    assert card["transferred_from"] == {**made_on, "figures": figures, "other_part": other_part}
    for measured in ("gold", "agreement", "parts", "counts"):
        assert card[measured] == plain["card"][measured]
    assert card["gold"]["persons"] == 1
    assert "transferred to this one: there and back" in " ".join(
        lead.client.get(f"/api/snapshots/{moved['id']}/card.md").text.split()
    )

    file = json.loads(lead.client.get(f"/api/snapshots/{moved['id']}/export").content)
    said = file["info"]["densemark"]
    assert (said["body"], said["body_hash"]) == ("twin", twin.hash)
    assert said["transferred_from"] == {**made_on, "figures": figures}
    assert {entry.get("transferred_from") == made_on for entry in file["annotations"] if "dp_x" in entry} == {True}
    plain_file = lead.client.get(f"/api/snapshots/{plain['id']}/export").text
    assert "transferred_from" not in plain_file
    assert lead.ok("GET", f"/api/snapshots/{moved['id']}/diff", params={"other": plain["id"]})["same_body"] is False


def test_the_same_body_or_content_has_the_same_bytes(
    lead: Api, state: State, filling: Filling, twin: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = str(filling.project)
    filling.persons([filling.image(f"{n}.png") for n in range(6)])
    plain = make(lead, state, project, "plain")
    same = make(lead, state, project, "same", body=filling.body.name)
    assert (same["hash"], same["settings"]["body"]) == (plain["hash"], None)
    moved = make(lead, state, project, "moved", body=twin.hash)
    monkeypatch.setattr("server.snapshots.job._FEWEST", 1)
    again = ask(lead, project, "again", body="twin")
    do(state, again, order=-1, twice=True)
    again = lead.ok("GET", f"/api/snapshots/{again['id']}")
    assert again["hash"] == moved["hash"] != plain["hash"]
    assert content(state, again) == content(state, moved)


def test_other_bodies_are_refused_and_the_map_is_made_once_by_the_plan(
    lead: Api, state: State, filling: Filling, twin: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/api/projects/{filling.project}/snapshots"
    for name, why in (("nobody", "body: this server has no body nobody"), ("statue", "has no rig")):
        for path, body in ((url, {"name": "x", "settings": {"body": name}}), (f"{url}/preview", {"body": name})):
            assert why in lead.fails("POST", path, 422, json=body)["detail"]
    assert lead.ok("GET", url)["items"] == []
    lead.ok("POST", f"{url}/preview", json={"body": "twin"})

    kept = path_of(state.transfers.folder, filling.body, twin)
    kept.unlink()
    made: list[str] = []

    def register(source: Body, target: Body, progress: Callable[[int, int], None]) -> Transfer:
        """Instead of half a minute."""
        progress(1, 2)
        made.append(target.name)
        return _mirroring(source, target)

    monkeypatch.setattr("surface.transfer_file.register", register)
    filling.persons([filling.image(f"{n}.png") for n in range(2)])
    first = ask(lead, str(filling.project), body="twin")
    do(state, first, twice=True)
    assert made == ["twin"]
    assert kept.is_file()
