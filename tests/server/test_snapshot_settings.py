"""What the settings of a snapshot take, and what its card says of how good it is."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image as Pillow

from annotation.words import MarkKind, PersonState, Role
from annotation_db import models
from annotation_db.models import Member, PersonSource
from evaluation.report import FORM
from export.snapshots import read_images, read_persons, splits_in
from server.state import State
from surface.body import Body
from tests.server.filled import Filling
from tests.server.people import Api, add_user, png
from tests.server.renders import add_renders
from tests.server.test_snapshots import ask, do, folder_of, make


class Straight:
    """Distances through the body, which need no table."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def distances(self, a: Any, b: Any) -> Any:
        return np.linalg.norm(self.body.position(*a) - self.body.position(*b), axis=1)


@pytest.fixture
def filling(app: FastAPI, state: State, lead: Api, monkeypatch: pytest.MonkeyPatch) -> Filling:
    """Fills a project of the lead's; the table of distances would take a minute."""
    users = [str(add_user(app, name, Role.annotator)) for name in ("ann", "bob", "cid")]
    filling = Filling(state, lead.project(), users)
    straight = Straight(filling.body)
    monkeypatch.setattr("server.snapshots.job.table_of", lambda _state, _body, _tell: straight)
    monkeypatch.setattr(state.geodesics, "table", lambda _loaded: straight)
    return filling


def test_persons_are_taken_by_state_tags_and_source(
    lead: Api, state: State, app: FastAPI, filling: Filling, tmp_path: Path
) -> None:
    street = [filling.image(f"s{n}.png", tags=["street"]) for n in range(3)]
    beach = filling.image("b.png", tags=["beach", "street"])
    filling.persons([*street, beach])
    filling.person(street[0], state=PersonState.points)
    filling.person(filling.image("untagged.png"), state=PersonState.points)
    project = str(filling.project)
    add_renders(app, project, tmp_path, 1)
    url = f"/api/projects/{project}/snapshots/preview"

    def counts(**settings: Any) -> tuple[int, ...]:
        found = lead.ok("POST", url, json=settings)
        return found["images"], found["persons"], found["annotated"], found["points"]

    assert counts() == (4, 5, 4, 16)
    assert counts(others=False) == (4, 4, 4, 16)
    assert counts(states=["points"]) == (2, 3, 2, 8)
    assert counts(states=["new", "mask", "points", "done"]) == (6, 7, 6, 24)
    assert counts(tags=["street"], without_tags=["beach"]) == (3, 4, 3, 12)
    assert counts(states=["new"], rendered="only") == counts(states=["new"], gold="only") == (1, 1, 0, 0)
    assert counts(states=["new"], rendered="without") == (0, 0, 0, 0)
    found = lead.ok("POST", url, json={"splits": {"a": 0.5, "b": 0.5}})
    assert (found["not_hashed"], [split["name"] for split in found["splits"]]) == (6, ["a", "b"])
    lead.ok("POST", url, json={"max_spread_cm": 3})
    made = make(lead, state, project, others=False, tags=["beach"])
    assert made["counts"] == {"images": 1, "persons": 1, "annotated": 1, "points": 4}
    assert made["card"]["left_out"]["images: by their tags"] == 5


def test_marks_are_chosen_by_consensus_annotator_and_agreement(lead: Api, state: State, filling: Filling) -> None:
    image = filling.image("a.png")
    person = filling.person(image, points=3, marks=3)
    marks = filling.marks_of(person)
    ann, bob, cid = filling.annotators
    by = {(mark.point_id, mark.annotator_id): mark for mark in marks}
    points = list(dict.fromkeys(mark.point_id for mark in marks))
    at = {"kind": MarkKind.surface, "face": 5, "bary_0": 1.0, "bary_1": 0.0, "bary_2": 0.0}
    for user, weights in ((ann, (1.0, 0.0, 0.0)), (bob, (0.99, 0.01, 0.0)), (cid, None)):
        more = at | dict(zip(("bary_0", "bary_1", "bary_2"), weights, strict=True)) if weights else {}
        filling.revise(by[points[0], user], **more)  # two agree, the third is elsewhere
    for user in (ann, bob):
        filling.revise(by[points[1], user], flag=True)  # most say that it cannot be seen
    project = str(filling.project)

    def chosen(name: str, **settings: Any) -> tuple[dict[str, Any], Any]:
        found = make(lead, state, project, name, **settings)
        folder = folder_of(state, found)
        images = {record.id: record for record in read_images(folder)}
        (record,) = read_persons(folder, "", images)
        return found, record.points

    found, taken = chosen("consensus")
    assert len(taken) == 2
    assert (taken.face[0], taken.marks.tolist()) == (5, [3, 3])
    straight = Straight(filling.body)
    apart = straight.distances(([5], [[1.0, 0, 0]]), ([5], [[0.99, 0.01, 0]]))[0]
    assert taken.spread[0] > apart
    assert found["card"]["left_out"] == {"points: flagged": 1}
    assert found["card"]["agreement"]["points"] == 2
    assert found["card"]["agreement"]["mean"] == pytest.approx(100 * taken.spread.mean(), abs=2e-3)
    _, latest = chosen("single", marks="single")
    assert len(latest) == 3 - 1  # of the second point bob's flag is the latest
    assert latest.face[0] != 5
    assert np.isnan(latest.spread).all()
    found, near = chosen("near", annotators=[str(ann), str(bob)], max_spread_cm=1)
    assert near.face.tolist() == [5]
    assert near.spread[0] == pytest.approx(apart)
    assert found["card"]["left_out"] == {"points: flagged": 1, "points: marks too far apart": 1}
    assert "Only marks of 2 chosen annotators count." in found["card"]["settings"]
    found, few = chosen("few", annotators=[str(cid)], min_marks=2)
    assert (len(few), found["card"]["left_out"]) == (0, {"points: marked by too few": 3})
    filling.person(image)
    found = make(lead, state, project, "flagged", marks="single", max_flagged=0.3)
    assert (found["counts"]["persons"], found["counts"]["annotated"]) == (2, 1)
    assert found["card"]["left_out"] == {"persons: too many points flagged": 1}


def test_only_annotators_who_are_good_enough(lead: Api, state: State, filling: Filling) -> None:
    filling.person(filling.image("a.png"), points=2, marks=2)
    url, project = f"/api/projects/{filling.project}/snapshots", str(filling.project)
    lead.fails("POST", url, 422, json={"name": "x", "settings": {"max_error_cm": 3}})
    study = _reported(lead, state, filling, {"Ann": 0.021, "Bob": 0.042})
    lead.fails("POST", url, 422, json={"name": "x", "settings": {"max_error_cm": 1}})
    other = str(lead.project(name="Strangers"))  # a study of people who are not in it tells it nothing
    said = lead.fails(
        "POST", f"/api/projects/{other}/snapshots", 422, json={"name": "x", "settings": {"study_id": study}}
    )
    assert "no such study" in str(said)
    with state.database.write() as session:  # the report stays of whom it was made, whatever they are called now
        ann, bob, _ = (session.get(models.User, user) for user in filling.annotators)
        assert ann is not None
        assert bob is not None
        ann.name, bob.name = bob.name, ann.name
    seen = lead.ok("POST", f"{url}/preview", json={"max_error_cm": 3})["study"]
    assert seen == {"id": study, "name": "Spring", "measured": 2, "good_enough": 1}
    found = make(lead, state, project, max_error_cm=3, study_id=study)
    card = found["card"]
    assert [annotator["points"] for annotator in card["annotators"]] == [2]
    assert (card["study"]["name"], card["study"]["mean"], card["study"]["points"]) == ("Spring", 3.1, 640)
    assert card["agreement"] is None
    text = lead.client.get(f"/api/snapshots/{found['id']}/card.md").text
    assert "mean error 3.10 cm (95% interval 2.90 to 3.30)" in text
    assert make(lead, state, project, "all")["card"]["agreement"]["points"] == 2


def _reported(lead: Api, state: State, filling: Filling, errors: dict[str, float]) -> str:
    """A study in a project of its own with a report that says these mean errors."""
    own = lead.project(name="Lab")
    study = models.Study(
        project_id=UUID(own), name="Spring", masks="given", points_per_part=6, persons=1, practice=0, again=0, seed=0
    )
    with state.database.write() as session:
        session.add(study)
        session.flush()
        for n, user in enumerate(filling.annotators):
            session.add(models.StudyAnnotator(study_id=study.id, user_id=user, number=n))
            session.add(Member(project_id=filling.project, user_id=user))
    figure = {"value": 0.031, "low": 0.029, "high": 0.033, "count": 640}
    said = {
        "form": FORM, "title": "Spring", "annotators": 2, "simulated": [], "persons": 20,
        "groups": [{"kind": "all", "points": 640, "mean": figure, "median": figure}],
        "curves": [{"source": "annotators", "auc10": figure, "auc30": figure}],
        "by_annotator": [{"name": name, "mean": {"value": value}} for name, value in errors.items()],
    }  # fmt: skip
    folder = state.settings.data / "reports" / str(study.id) / "content"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(said))
    people = dict(zip(errors, [user.hex for user in filling.annotators], strict=False))
    (folder / "people.json").write_text(json.dumps(people))
    return str(study.id)


def test_the_work_is_held_against_known_truth(
    lead: Api, state: State, app: FastAPI, filling: Filling, tmp_path: Path
) -> None:
    (render,) = add_renders(app, str(filling.project), tmp_path, 1)
    image = UUID(lead.ok("GET", f"/api/persons/{render}")["image_id"])
    with state.database.read() as session:
        truth = session.get(models.Person, UUID(render)).truth  # type: ignore[union-attr]
    filling.person(image, points=6, truth=truth)
    card = make(lead, state, str(filling.project), marks="single")["card"]
    assert card["gold"]["persons"] == 1
    assert [(e["name"], e["points"]) for e in card["gold"]["errors"]] == [("all", 6), ("torso", 6)]
    assert card["gold"]["errors"][0]["mean"] > 1  # marks at random on the torso
    assert card["gold"]["outside"] == 0


def test_photos_that_look_alike_are_on_one_side(lead: Api, state: State, filling: Filling) -> None:
    rng = np.random.default_rng(3)
    images = []
    for n in range(10):
        low = Pillow.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)).resize((60, 80))
        for extra in range(2):  # another photo of the same scene: other bytes, the same look
            low.putpixel((0, 0), (extra, n, 0))
            path = state.settings.data / "photo.png"
            low.save(path)
            images.append(filling.image(f"{n}-{extra}.png", path.read_bytes()))
    images.append(filling.image("broken.png", b"no photo at all"))
    filling.persons(images)
    found = make(lead, state, str(filling.project), splits={"train": 0.5, "val": 0.3, "test": 0.2})
    near = found["card"]["near_duplicates"]
    assert near == {"distance": 6, "groups": 10, "images": 20, "unreadable": 1}
    folder = folder_of(state, found)
    side = {image.file_name: image.split for image in read_images(folder)}
    assert all(side[f"{n}-0.png"] == side[f"{n}-1.png"] for n in range(10))
    assert splits_in(folder) == ["test", "train", "val"]
    for split in splits_in(folder):
        own = {image.id for image in read_images(folder, split)}
        everything = {image.id: image for image in read_images(folder)}
        assert {person.image_id for person in read_persons(folder, split, everything)} <= own
    filling.person(filling.image("new.png", png(seed=9)))
    later = make(lead, state, str(filling.project), "later", splits={"train": 0.5, "val": 0.3, "test": 0.2})
    now = {image.file_name: image.split for image in read_images(folder_of(state, later))}
    assert side.items() <= now.items()


def test_what_was_imported_goes_out_as_it_came(lead: Api, state: State, filling: Filling) -> None:
    image = filling.image("a.png", source_id="coco:139")
    people = [
        filling.person(image, source_id=f"coco:{n}", source="coco", segmentation=[[1, 2, 3, 4, 5, 6]]) for n in (7, 8)
    ]
    entry = {"bbox": [5.25, 5.0, 50.0, 70.0], "area": 1234.5, "segmentation": [[1, 2, 3, 4, 5.5, 6]], "dp_masks": ["x"]}
    with state.database.write() as session:
        for person in people:
            session.add(PersonSource(person_id=person, entry=entry, person_revision=1, mask_revision=1))
    again = filling.person(filling.image("b.png"), source_id="coco:7", source="coco")
    lead.put_person(str(image), str(people[1]), bbox=[6, 5, 40, 70], revision=1)
    found = make(lead, state, str(filling.project))
    folder = folder_of(state, found)
    images = {record.id: record for record in read_images(folder)}
    assert {record.file_name: id_ for id_, record in images.items()}["a.png"] == 139
    records = {record.id: record for record in read_persons(folder, "", images)}
    assert (records[7].bbox, records[7].area, records[7].square) == ((5.25, 5.0, 50.0, 70.0), 1234.5, ["x"])
    assert records[7].segmentation == [[1, 2, 3, 4, 5.5, 6]]
    assert (records[8].bbox, records[8].square) == ((6.0, 5.0, 40.0, 70.0), None)
    (other,) = (record for id_, record in records.items() if id_ not in (7, 8))
    assert other.id > 10**6  # 7 was taken by an earlier one
    assert again not in people


def test_points_that_came_back_later_are_no_part_of_the_moment(lead: Api, state: State, filling: Filling) -> None:
    person = filling.person(filling.image("a.png"), points=3)
    before = make(lead, state, str(filling.project))
    later = ask(lead, str(filling.project), "later")
    with state.database.write() as session:  # the mask is drawn anew, its points with it
        mask = session.query(models.Mask).filter_by(person_id=person).one()
        old = session.get(models.MaskRevision, (mask.id, 1))
        assert old is not None
        mask.revision = 2
        session.add(
            models.MaskRevision(
                mask_id=mask.id, revision=2, write_id=mask.id, width=60, height=80, counts={"14": old.counts["14"]},
                parts=1, area=5, user_id=filling.annotators[0], seconds=1.0,
            )
        )  # fmt: skip
        for point in session.query(models.Point).filter_by(person_id=person):
            point.superseded_at = filling.at
        session.add(models.Point(person_id=person, part=14, x=20.5, y=10.5, order=0, mask_revision=2))
    do(state, later)
    assert lead.ok("GET", f"/api/snapshots/{later['id']}")["hash"] == before["hash"]
