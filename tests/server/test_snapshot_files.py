"""Whose files lie there: each content that a snapshot has, and no other; each snapshot has a card of its own."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from annotation.words import PersonState, Role
from annotation_db.models import Image, PersonSource
from export.snapshots import damage
from server import startup
from server.jobs import steps
from server.jobs.kinds import PassingError
from server.snapshots import assemble, places
from server.state import State
from server.withdrawals import service
from tests.server.filled import Filling
from tests.server.people import Api, add_user
from tests.server.test_snapshots import ask, folder_of, make


@pytest.fixture
def filling(app: FastAPI, state: State, lead: Api) -> Filling:
    """Fills a project of the lead's."""
    return Filling(state, lead.project(), [str(add_user(app, "ann", Role.annotator))])


def all_but_finished(lead: Api, state: State, project: UUID, name: str, **settings: Any) -> tuple[str, UUID]:
    """A snapshot whose shards are done, and its job."""
    made = ask(lead, str(project), name, **settings)
    job = UUID(made["job"]["id"])
    for shard in steps.plan(state, job) or []:
        steps.step(state, job, shard)
    return made["id"], job


def contents(state: State) -> set[str]:
    """What lies in the folder of snapshots, but for cards and what is under way."""
    there = {path.name for path in (state.settings.data / "snapshots").iterdir()}
    return there - {"cards", ".making"}


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    """The images of a snapshot by name."""
    return {row["file_name"]: row for row in map(json.loads, (folder / "images.jsonl").open())}


def test_what_was_withdrawn_at_the_last_moment_leaves_no_folder(
    lead: Api, state: State, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [filling.image(f"{n}.png") for n in range(3)]
    filling.persons(photos)
    snapshot, job = all_but_finished(lead, state, filling.project, "first")
    real = assemble._be_ready

    def late(*args: Any) -> None:
        monkeypatch.setattr(assemble, "_be_ready", real)
        service.withdraw(state, photos[0], "", None)
        real(*args)

    monkeypatch.setattr(assemble, "_be_ready", late)
    with pytest.raises(PassingError):
        steps.finish(state, job)
    assert contents(state) == set()
    steps.finish(state, job)
    found = lead.ok("GET", f"/api/snapshots/{snapshot}")
    assert (found["state"], found["counts"]["images"]) == ("ready", 2)
    assert contents(state) == {found["hash"]}


def test_a_folder_that_no_row_came_to_name_goes(
    lead: Api, state: State, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [filling.image(f"{n}.png") for n in range(3)]
    filling.persons(photos)
    kept = make(lead, state, str(filling.project), "kept")
    filling.persons(photos)
    _, job = all_but_finished(lead, state, filling.project, "killed")
    with monkeypatch.context() as patch:
        patch.setattr("server.snapshots.assemble.said_by", _killed)
        with pytest.raises(KeyboardInterrupt):
            steps.finish(state, job)
    assert len(contents(state)) == 2
    assert len(list((state.settings.data / "snapshots" / "cards").iterdir())) == 4
    service.withdraw(state, photos[0], "", None)
    assert contents(state) == {kept["hash"]}
    folder = places.place_of(state.settings, "0" * 64)
    folder.mkdir()
    (folder.with_name(f".gone-{'1' * 64}")).mkdir()
    startup.clean(state.settings)
    assert contents(state) == {kept["hash"]}
    assert damage(folder_of(state, kept), kept["hash"]) == []
    cards = {path.name for path in (state.settings.data / "snapshots" / "cards").iterdir()}
    assert cards == {f"{kept['id']}.json", f"{kept['id']}.md"}


def _killed(_card: object) -> None:
    raise KeyboardInterrupt


def test_the_same_content_is_removed_before_it_is_named_again(
    lead: Api, state: State, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling.persons([filling.image(f"{n}.png") for n in range(3)])
    first = make(lead, state, str(filling.project))
    snapshot, job = all_but_finished(lead, state, filling.project, "second")
    real = assemble._be_ready

    def late(*args: Any) -> None:
        lead.ok("DELETE", f"/api/snapshots/{first['id']}", 204)
        assert contents(state) == set()
        real(*args)

    monkeypatch.setattr(assemble, "_be_ready", late)
    steps.finish(state, job)
    second = lead.ok("GET", f"/api/snapshots/{snapshot}")
    assert second["hash"] == first["hash"]
    assert damage(folder_of(state, second), second["hash"]) == []
    assert lead.client.get(f"/api/snapshots/{snapshot}/export").status_code == 200


def test_projects_with_the_same_content_have_cards_of_their_own(lead: Api, state: State, filling: Filling) -> None:
    secret = make(lead, state, str(_twin(lead, filling, "One secret")))
    open_ = make(lead, state, str(_twin(lead, filling, "Two")))
    assert secret["hash"] == open_["hash"]
    assert b"secret" not in b"".join(path.read_bytes() for path in folder_of(state, open_).iterdir())
    cards = state.settings.data / "snapshots" / "cards"
    assert json.loads((cards / f"{open_['id']}.json").read_text())["project"] == "Two"
    assert "secret" not in (cards / f"{open_['id']}.md").read_text()
    assert "One secret" in (cards / f"{secret['id']}.md").read_text()
    lead.ok("DELETE", f"/api/snapshots/{secret['id']}", 204)
    assert {path.name for path in cards.iterdir()} == {f"{open_['id']}.json", f"{open_['id']}.md"}
    assert damage(folder_of(state, open_), open_["hash"]) == []


def _twin(lead: Api, filling: Filling, name: str) -> str:
    """A project with the same photo, and a person of the same number without work."""
    project = lead.project(name=name)
    other = Filling(filling.state, project, [str(user) for user in filling.annotators])
    image = other.image("a.png", source_id="coco:1")
    other.person(image, state=PersonState.done, source_id="coco:1", points=0)
    return project


def test_pictures_and_sides_are_those_of_the_plan(lead: Api, state: State, filling: Filling) -> None:
    photos = [filling.image(f"{n}.png", licence="CC0", tags=["day"]) for n in range(8)]
    filling.persons(photos)
    splits = {"train": 0.5, "val": 0.5}
    before = make(lead, state, str(filling.project), splits=splits)
    snapshot, job = all_but_finished(lead, state, filling.project, "later", splits=splits)
    with state.database.write() as session:
        for n, row in enumerate(session.query(Image).order_by(Image.created_at)):
            row.tags, row.licence, row.file_name = ["night"], "changed", f"renamed-{n}.png"
    steps.finish(state, job)
    later = lead.ok("GET", f"/api/snapshots/{snapshot}")
    assert later["hash"] == before["hash"]
    assert [licence["name"] for licence in later["card"]["licences"]] == ["CC0"]


def test_no_photo_changes_sides(lead: Api, state: State, filling: Filling) -> None:
    photos = {}
    for group in range(10):
        phash = f"{group * 0x9E3779B97F4A7C15 % 2**64:016x}"
        for n in range(2):
            photos[group, n] = filling.image(f"{group}-{n}.png", phash=phash)
    filling.persons(list(photos.values()))

    def sides(name: str, splits: dict[str, float]) -> dict[str, str]:
        found = make(lead, state, str(filling.project), name, splits=splits)
        return {name: row["split"] for name, row in lines(folder_of(state, found)).items()}

    before = sides("before", {"train": 0.5, "val": 0.5})
    assert set(before.values()) == {"train", "val"}
    assert sides("other order", {"val": 0.5, "train": 0.5}) == before
    for (_, n), image in photos.items():
        if n == 0:
            lead.ok("DELETE", f"/api/images/{image}", 204)
    asked = {"splits": {"val": 0.5, "train": 0.5}}
    said = lead.ok("POST", f"/api/projects/{filling.project}/snapshots/preview", json=asked)
    after = sides("without the oldest", {"train": 0.5, "val": 0.5})
    assert after == {name: side for name, side in before.items() if name.endswith("-1.png")}
    assert {split["name"]: split["images"] for split in said["splits"]} == {
        name: list(after.values()).count(name) for name in ("train", "val")
    }


def test_who_is_left_out_for_flags_has_no_masks(lead: Api, state: State, filling: Filling) -> None:
    image = filling.image("a.png")
    flagged, _ = filling.persons([image, image])
    source = PersonSource(
        person_id=flagged,
        entry={"bbox": [5.0, 5.0, 50.0, 70.0], "dp_masks": [[]] * 14},
        person_revision=1,
        mask_revision=1,
    )
    with state.database.write() as session:
        session.add(source)
    for mark in filling.marks_of(flagged):
        filling.revise(mark, flag=True)
    found = make(lead, state, str(filling.project), max_flagged=0.3)
    rows = [json.loads(line) for line in (folder_of(state, found) / "persons-all.jsonl").open()]
    assert sorted("square" in row for row in rows) == [False, False]
    assert sorted("masks" in row for row in rows) == [False, True]
    assert lead.ok("GET", f"/api/snapshots/{found['id']}")["counts"]["annotated"] == 1


def test_settings_that_name_no_split_or_too_far(lead: Api, filling: Filling) -> None:
    url = f"/api/projects/{filling.project}/snapshots"
    for settings in ({"splits": {"all": 1.0}}, {"splits": {"All": 0.5, "b": 0.5}}, {"near_distance": 11}):
        lead.fails("POST", url, 422, json={"id": str(uuid4()), "name": "x", "settings": settings})
