"""A withdrawn image leaves no trace, stays away, and old snapshots say that they lost it."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from PIL import Image as Pillow
from sqlalchemy import MetaData, select

from annotation.words import Role
from annotation_db import LocalBlobs
from annotation_db.models import PersonSource
from annotation_db.repositories import images, withdrawals
from server import startup
from server.jobs import steps
from server.state import State
from server.withdrawals import service
from tests.server.filled import Filling
from tests.server.people import Api, add_user, png
from tests.server.test_snapshots import ask, folder_of, make
from tests.server.test_studies import Lab, finish


@pytest.fixture
def filling(app: FastAPI, state: State, lead: Api) -> Filling:
    """Fills a project of the lead's."""
    users = [str(add_user(app, name, Role.annotator)) for name in ("ann", "bob", "cid")]
    return Filling(state, lead.project(), users)


def values(state: State) -> Iterator[tuple[str, str]]:
    """Everything in every table, as text."""
    tables = MetaData()
    with state.database.engine.connect() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                yield table.name, " ".join(value.hex if isinstance(value, UUID) else str(value) for value in row)


def files(state: State) -> Iterator[tuple[Path, bytes]]:
    """Every file of the data folder."""
    for path in sorted(state.settings.data.rglob("*")):
        if path.is_file():
            yield path.relative_to(state.settings.data), path.read_bytes()
    database = Path(state.settings.database_url.removeprefix("sqlite:///"))
    for path in sorted(database.parent.glob(f"{database.name}*")):
        yield Path("database", path.name), path.read_bytes()


def ids_of(state: State, filling: Filling, person: UUID) -> list[str]:
    """Ids that nobody may find again."""
    marks = filling.marks_of(person)
    return [person.hex, *(mark.id.hex for mark in marks), *(mark.point_id.hex for mark in marks)]


def test_a_withdrawn_image_leaves_no_trace(lead: Api, state: State, filling: Filling) -> None:
    photo, other = png(seed=77), filling.image("other.png")
    image = filling.image("ada-at-the-lake.png", photo)
    elsewhere = Filling(state, lead.project(name="Elsewhere"), [str(user) for user in filling.annotators])
    twin = elsewhere.image("same-bytes.png", photo)
    people = [filling.person(image), elsewhere.person(twin)]
    filling.person(other)
    with state.database.write() as session:
        session.add(
            PersonSource(person_id=people[0], entry={"file": "ada-at-the-lake.png"}, person_revision=1, mask_revision=1)
        )
    for size in (64, 1000):
        assert lead.client.get(f"/api/images/{image}/thumbnail", params={"size": size}).status_code == 200
    with state.database.read() as session:
        key = images.many(session, [image])[image].sha256
    secret = [b"ada-at-the-lake", b"same-bytes", photo[200:260]]
    secret += [id_.encode() for n, own in enumerate((filling, elsewhere)) for id_ in ids_of(state, own, people[n])]
    secret += [UUID(text.decode()).bytes for text in secret[3:]]
    assert all(any(word in content for _, content in files(state)) for word in secret[:3])

    reach = lead.ok("GET", f"/api/images/{image}/withdraw")
    assert {(item["id"], item["name"], item["images"], item["persons"]) for item in reach["projects"]} == {
        (str(filling.project), lead.ok("GET", f"/api/projects/{filling.project}")["name"], 1, 1),
        (str(elsewhere.project), "Elsewhere", 1, 1),
    }
    assert (reach["persons"], reach["studies"], reach["snapshots"]) == (2, [], [])
    lead.fails("GET", f"/api/images/{uuid4()}/withdraw", 404)
    assert lead.ok("GET", f"/api/images/{image}")["persons"] != []  # telling it changes nothing
    done = lead.ok("POST", f"/api/images/{image}/withdraw", json={"reason": "asked by letter"})
    assert {(item["image_id"], item["persons"], item["reason"]) for item in done["withdrawals"]} == {
        (str(image), 1, "asked by letter"), (str(twin), 1, "asked by letter"),
    }  # fmt: skip
    assert done["snapshots"] == []
    found = {(str(path), word) for path, content in files(state) for word in secret if word in content}
    assert found == set()
    named = {table for table, row in values(state) if any(word in row for word in (image.hex, twin.hex, key))}
    assert named == {"withdrawals"}
    assert not any(key[:32] in str(path) for path, _ in files(state))
    for gone in (image, twin):
        lead.fails("GET", f"/api/images/{gone}", 404)
    assert lead.ok("GET", f"/api/images/{other}")["file_name"] == "other.png"
    for project in (filling.project, elsewhere.project):
        (item,) = lead.ok("GET", f"/api/projects/{project}/withdrawals")["items"]
        assert item["reason"] == "asked by letter"
        refused = lead.upload(str(project), ("again.png", photo))["refused"]
        assert refused == [
            {"file": "again.png", "reason": "its subject withdrew this photo; it cannot be imported again"}
        ]
    assert lead.ok("POST", f"/api/images/{image}/withdraw", json={})["withdrawals"] == done["withdrawals"]


def test_a_photo_stays_away_as_it_came_and_as_it_was_kept(lead: Api, state: State, filling: Filling) -> None:
    turned = BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was held on its side: what is kept has other bytes
    Pillow.open(BytesIO(png(seed=5))).save(turned, "JPEG", exif=exif)
    project = str(filling.project)
    image = lead.upload(project, ("turned.jpg", turned.getvalue()))["stored"][0]["image"]["id"]
    kept = lead.client.get(f"/api/images/{image}/file").content
    assert kept != turned.getvalue()
    lead.ok("DELETE", f"/api/images/{image}", 204)  # one that was taken out can be withdrawn, too
    lead.ok("POST", f"/api/images/{image}/withdraw", json={})
    for content in (turned.getvalue(), kept):
        assert len(lead.upload(project, ("x.jpg", content))["refused"]) == 1
    assert not list((state.settings.data / "blobs").glob("??/*"))


def test_old_snapshots_say_what_they_lost(lead: Api, state: State, filling: Filling) -> None:
    photos = [filling.image(f"{n}.png", licence="CC0") for n in range(3)]
    filling.persons(photos)
    project = str(filling.project)
    found = make(lead, state, project)
    bytes_before = {path.name: path.read_bytes() for path in folder_of(state, found).iterdir()}
    reach = lead.ok("GET", f"/api/images/{photos[1]}/withdraw")
    done = lead.ok("POST", f"/api/images/{photos[1]}/withdraw", json={})
    after = lead.ok("GET", f"/api/images/{photos[1]}/withdraw")
    assert reach["snapshots"] == after["snapshots"] == done["snapshots"]
    assert [(item["id"], item["images"], item["persons"]) for item in after["projects"]] == [(project, 0, 0)]
    assert done["snapshots"] == [{"id": found["id"], "project_id": project, "name": "first"}]
    assert done["withdrawals"][0]["snapshots"] == 1
    now = lead.ok("GET", f"/api/snapshots/{found['id']}")
    assert (now["withdrawn"], now["withdrawn_persons"], now["withdrawn_images"]) == (1, 1, [str(photos[1])])
    assert {path.name: path.read_bytes() for path in folder_of(state, found).iterdir()} == bytes_before
    assert (
        f"1 of {now['counts']['images']} photos withdrawn after it was made, with 1 person."
        in lead.client.get(f"/api/snapshots/{found['id']}/card.md").text
    )
    written = json.loads(lead.client.get(f"/api/snapshots/{found['id']}/export").content)
    assert [image["file_name"] for image in written["images"]] != []
    assert {image["file_name"] for image in written["images"]} == {"0.png", "2.png"}
    assert len(written["annotations"]) == 2
    assert written["info"]["densemark"]["withdrawn_images"] == 1
    later = make(lead, state, project, "later")
    assert (later["counts"]["images"], later["withdrawn"]) == (2, 0)


def test_a_withdrawal_that_is_killed_is_completed_at_the_next_start(
    lead: Api, state: State, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = filling.image("a.png")
    person = filling.person(image)
    words = [b"a.png", *(text.encode() for text in ids_of(state, filling, person))]
    lead.client.get(f"/api/images/{image}/thumbnail")
    with monkeypatch.context() as patch:
        patch.setattr("server.withdrawals.service._remove_files", _killed)
        with pytest.raises(KeyboardInterrupt):
            service.withdraw(state, image, "", None)
    lead.fails("GET", f"/api/images/{image}", 404)
    assert list((state.settings.data / "blobs").glob("??/*"))
    startup.clean(state.settings)
    assert not list((state.settings.data / "blobs").glob("??/*"))
    assert not list((state.settings.data / "cache").rglob("*.webp"))
    assert not any(word in content for _, content in files(state) for word in words[1:])


def _killed(*_args: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "at", ["annotation_db.LocalBlobs.delete", "shutil.rmtree", "annotation_db.Database.forget_deleted"]
)
def test_a_withdrawal_that_is_killed_at_any_file_is_completed(
    any_app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    lab = Lab(any_app, tmp_path, renders=3)
    study = lab.opened(practice=1, again=1)
    finish(lab.ann, study)
    state: State = any_app.state.densemark
    report = state.settings.data / "reports" / study / "some" / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    shown = lab.lead.ok("GET", f"/api/projects/{lab.project}/persons")["items"][0]
    image = UUID(shown["image_id"])
    lab.lead.client.get(f"/api/images/{image}/thumbnail")
    with state.database.read() as session:
        keys = {images.many(session, [image])[image].blob, *withdrawals.truths_in(session, image)}
    assert len(keys) == 2
    real: Any = LocalBlobs.delete if at.endswith("delete") else _killed

    def killed(*args: Any, **more: Any) -> None:
        real(*args)  # the first blob is gone, the other is not
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(at, killed)
        with pytest.raises(KeyboardInterrupt):
            service.withdraw(state, image, "", None)
    if at.endswith("delete"):
        assert sum(state.blobs.exists(key) for key in keys) == 1
        assert list((state.settings.data / "cache").rglob("*.webp"))
    startup.clean(state.settings)
    assert not any(state.blobs.exists(key) for key in keys)
    assert not list((state.settings.data / "cache").rglob("*.webp"))
    assert not report.parent.parent.exists()
    with state.database.read() as session:
        assert list(withdrawals.with_files(session)) == []
        known = withdrawals.of_image(session, image)
    assert known is not None
    assert (known.truths, known.studies) == ([], [])


def test_ids_of_withdrawn_images_and_persons_stay_taken(lead: Api, state: State, filling: Filling) -> None:
    photos = [filling.image(f"{n}.png", source_id="coco:5" if n < 3 else f"coco:{n}") for n in range(5)]
    filling.persons(photos[:3], source_id="coco:8")
    filling.persons(photos[3:])
    project = str(filling.project)

    def ids(name: str) -> dict[str, tuple[int, int]]:
        folder = folder_of(state, make(lead, state, project, name))
        people = {row["image_id"]: row["id"] for row in map(json.loads, (folder / "persons-all.jsonl").open())}
        rows = map(json.loads, (folder / "images.jsonl").open())
        return {row["file_name"]: (row["id"], people[row["id"]]) for row in rows}

    before = ids("before")
    assert (before["0.png"], before["3.png"][0]) == ((5, 8), 3)
    assert 5 not in (before["1.png"][0], before["2.png"][0])
    for gone in (1, 0, 4):  # one that did not have the id from its file, one that had, one of another
        lead.ok("POST", f"/api/images/{photos[gone]}/withdraw", json={})
        after = ids(f"without {gone}")
        assert after == {name: both for name, both in before.items() if name in after}
    assert set(after) == {"2.png", "3.png"}
    with state.database.read() as session:
        assert withdrawals.numbers_taken(session, filling.project) == ({5, 4}, {8})


def test_what_is_withdrawn_while_a_snapshot_is_made_is_not_in_it(lead: Api, state: State, filling: Filling) -> None:
    photos = [filling.image(f"{n}.png") for n in range(3)]
    filling.persons(photos)
    made = ask(lead, str(filling.project))
    job = UUID(made["job"]["id"])
    for shard in steps.plan(state, job) or []:
        steps.step(state, job, shard)
    lead.ok("POST", f"/api/images/{photos[0]}/withdraw", json={})
    steps.finish(state, job)
    found = lead.ok("GET", f"/api/snapshots/{made['id']}")
    assert found["counts"] == {"images": 2, "persons": 2, "annotated": 2, "points": 8}
    assert found["withdrawn"] == 0
    assert not list((state.settings.data / "snapshots" / ".making").iterdir())


def test_an_image_of_a_study_goes_with_its_copies_and_reports(any_app: FastAPI, tmp_path: Path) -> None:
    lab = Lab(any_app, tmp_path, renders=3)
    study = lab.opened(practice=1, again=1)
    finish(lab.ann, study)
    state: State = any_app.state.densemark
    report = state.settings.data / "reports" / study / "some" / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    shown = lab.lead.ok("GET", f"/api/projects/{lab.project}/persons")["items"]
    before = lab.lead.ok("GET", f"/api/studies/{study}")
    lab.lead.ok("POST", f"/api/images/{shown[0]['image_id']}/withdraw", json={})
    after = lab.lead.ok("GET", f"/api/studies/{study}")
    assert before["persons"] + before["practice"] == after["persons"] + after["practice"] + 1
    assert not report.exists()
    assert not any(UUID(shown[0]["id"]).hex in row for _, row in values(state))
    lab.lead.ok("GET", f"/api/studies/{study}/progress")
    lab.lead.fails("POST", f"/api/images/{uuid4()}/withdraw", 404, json={})
