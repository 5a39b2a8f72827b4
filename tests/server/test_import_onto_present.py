"""A file whose persons are in the project already: their work is added, or it is said why not; nobody is lost."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select

import surface
from annotation.words import PersonState, Role, TaskState
from annotation_db.models import Person, Task
from export.project import export_project
from server.images import coco
from server.images.schemas import CocoResult
from server.state import State
from tests.server.dense_files import dp_masks as masks_of
from tests.server.dense_files import entry, square, write
from tests.server.people import Api, add_user, png, sign_in

DENSE = ("dp_masks", "dp_x", "dp_y", "dp_I", "dp_U", "dp_V")


def bare(person: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The person as COCO's own files have it."""
    return {key: value for key, value in person.items() if key not in DENSE} | changes


class Importing:
    """A project with one photo, into which files are imported one after the other."""

    def __init__(self, lead: Api, state: State, folder: Path) -> None:
        self.project = UUID(lead.project())
        self.state, self.folder = state, folder
        (folder / "a.png").write_bytes(png())

    def take(self, *persons: dict[str, Any]) -> CocoResult:
        file = write(self.folder / "in.json", list(persons))
        return coco.import_coco_file(self.state, self.project, None, file, [self.folder / "a.png"])


def test_densepose_after_coco_adds_the_work(any_app: FastAPI, tmp_path: Path) -> None:
    add_user(any_app, "lena", Role.lead)
    lead, state = sign_in(any_app, "lena"), any_app.state.densemark
    importing = Importing(lead, state, tmp_path)
    full = entry(7)
    assert importing.take(bare(full), bare(entry(8))).persons == 2
    found = importing.take(full, bare(entry(8)), entry(9))
    assert (found.persons, found.persons_present, found.dense, found.points) == (1, 2, 2, 40)
    assert found.refused_persons == []
    assert any("1 of the persons there already" in remark for remark in found.remarks)
    again = importing.take(full, bare(entry(8)), entry(9))
    assert (again.persons, again.persons_present, again.dense, again.refused_persons) == (0, 3, 0, [])
    with state.database.read() as session:
        person = session.scalars(select(Person).where(Person.source_id == "coco:7")).one()
        assert (person.state, person.points, person.marks) == (PersonState.done, 20, 20)
        tasks = session.scalars(select(Task).where(Task.person_id == person.id)).all()
        assert {(t.kind.value, t.state) for t in tasks} == {(k, TaskState.submitted) for k in ("mask", "points")}
        body = surface.load("anny")
        exported = export_project(session, importing.project, tmp_path / "out", "densepose-coco", body=body)
    out = {one["id"]: one for one in json.loads(exported.files[0].read_text())["annotations"]}
    assert {key: out[7][key] for key in ("dp_masks", "bbox", "area", "dp_I", "dp_U", "dp_V", "keypoints")} == {
        key: full[key] for key in ("dp_masks", "bbox", "area", "dp_I", "dp_U", "dp_V", "keypoints")
    }
    assert lead.next_task(str(importing.project)) is not None  # of person 8, which has no work still


def test_another_person_of_the_same_id_is_refused(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    importing = Importing(lead, state, tmp_path)
    importing.take(bare(entry(7)))
    found = importing.take(bare(entry(7), bbox=[30.0, 30.0, 20.0, 20.0]))
    assert (found.persons, found.persons_present) == (0, 0)
    assert found.refused_persons[0].id == "7"
    assert "another person of this id" in found.refused_persons[0].reason


def test_work_is_never_put_over_other_work(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    importing = Importing(lead, state, tmp_path)
    importing.take(bare(entry(7)), entry(8))
    assert lead.next_task(str(importing.project)) is not None  # somebody holds 7
    found = importing.take(entry(7), entry(8, dp_masks=masks_of(square(3))))
    assert (found.persons, found.dense, found.persons_present) == (0, 0, 0)
    reasons = {refused.id: refused.reason for refused in found.refused_persons}
    assert "worked on" in reasons["7"]
    assert "other masks" in reasons["8"]
