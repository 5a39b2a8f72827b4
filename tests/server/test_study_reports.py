"""From marks to figures: what is collected, practice feedback, networks, and the report with its files."""

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from annotation_db.models import Person, Task, User
from evaluation import figures, pdf
from evaluation.marks import FLAGGED, MARKED, OUTSIDE, Marks, Study
from server.problems import NotFoundError, RefusedError
from server.settings import Settings
from server.studies import report_job, reports
from server.studies.collect import collect
from server.studies.service import existing
from surface.body import Body
from tests.server.people import Api, label_map
from tests.server.renders import HEAD, TORSO, truth_of
from tests.server.test_studies import Lab, finish, next_of


class Straight:
    """Distances through the body, which need no table."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def distances(self, a: Any, b: Any) -> Any:
        return np.linalg.norm(self.body.position(*a) - self.body.position(*b), axis=1)

    def __call__(self, face_a: Any, bary_a: Any, face_b: Any, bary_b: Any) -> Any:
        return self.distances((face_a, bary_a), (face_b, bary_b))


def body_of(lab: Lab) -> Body:
    found: Body = lab.app.state.densemark.bodies.by_name("anny").body
    return found


def truths(lab: Lab) -> dict[str, Any]:
    """The truth of each rendered person by the name of its image."""
    return {f"render-{seed}.png": truth_of(body_of(lab), seed) for seed in range(len(lab.persons))}


def test_what_is_collected_is_what_was_marked(any_app: FastAPI, tmp_path: Path) -> None:
    lab = Lab(any_app, tmp_path, renders=3)
    study = lab.opened(practice=1, again=1, points_per_part=2)
    tasks = finish(lab.ann, study)
    half = next_of(lab.bob, study)
    assert half is not None
    state = any_app.state.densemark
    with state.database.write() as session:
        session.execute(update(User).where(User.username == "ann").values(simulated=True))
    found = collect(state, UUID(study))
    assert (found.annotators, set(found.simulated), len(found.persons)) == (("Ann",), {"Ann"}, 2)
    marks, truth, measured = found.marks, truths(lab), tasks[1:]
    shown = [(task, point) for task in measured for point in lab.ann.points(task)]
    assert len(marks) == len(shown)
    by = np.argsort(marks.order)  # tasks were done one after the other, points in their order
    for place, row in enumerate(by):
        task, point = shown[place]
        name, said = task["image"]["file_name"], point["mark"]
        assert marks.order[row] == place
        assert found.persons[marks.person[row]] == name
        assert marks.part[row] == point["part"]
        pixel = int(truth[name].rows([[point["x"], point["y"]]])[0])
        assert marks.true_face[row] == truth[name].face[pixel]
        assert marks.true_bary[row] == pytest.approx(truth[name].bary[pixel], abs=1e-6)
        assert marks.facing[row] == truth[name].facing[pixel]
        assert marks.seconds[row] == 2.0
        if said["kind"] == "flag":
            assert (marks.kind[row], marks.face[row]) == (FLAGGED, -1)
        else:
            assert (marks.kind[row], marks.face[row]) == (MARKED, said["face"])
            assert marks.bary[row] == pytest.approx(said["bary"])
    assert {MARKED, FLAGGED} == set(marks.kind.tolist())
    assert np.bincount(marks.again)[1] == len(lab.ann.points(next(t for t in measured if _second(t, measured))))
    assert len(np.unique(marks.point)) == np.bincount(marks.again)[0]
    bits = np.unpackbits(found.seen, axis=1, count=len(body_of(lab).faces)).astype(bool)
    assert (bits == [truth[name].seen for name in found.persons]).all()
    last = truth[found.persons[-1]]
    own = int(last.face.max())  # the last face that the last image shows
    assert found.cosines[-1] == pytest.approx(255 * last.facing[last.face == own].mean(), abs=0.51)
    assert len(found.cosines) == bits.sum()
    # A mark that is changed keeps its first time, adds its seconds; one taken back is none.
    lab.ann.ok("POST", f"/api/tasks/{measured[0]['id']}/reopen")
    first, second = lab.ann.points(measured[0])[:2]
    lab.ann.put_mark(measured[0], first["id"], first["mark"]["id"], revision=1, flag="outside")
    lab.ann.put_mark(measured[0], second["id"], second["mark"]["id"], revision=1, kind="cleared", flag=None)
    assert len(collect(state, UUID(study)).marks) == len(marks) - len(lab.ann.points(measured[0]))
    lab.lead.ok("POST", f"/api/studies/{study}/close")
    changed = collect(state, UUID(study)).marks
    assert len(changed) == len(marks) - 1
    assert changed.seconds[changed.order == 0].tolist() == [4.0]


def _second(task: dict[str, Any], tasks: list[dict[str, Any]]) -> bool:
    names = [other["image"]["file_name"] for other in tasks[: tasks.index(task)]]
    return task["image"]["file_name"] in names


def test_truth_files_of_every_kind_tell_the_same_and_damaged_ones_are_refused(app: FastAPI, tmp_path: Path) -> None:
    lab, state = Lab(app, tmp_path, renders=1), app.state.densemark
    study = lab.opened(practice=0, again=0, annotators=[lab.ann.user_id])
    finish(lab.ann, study)

    def collected(key: str) -> Study:
        with state.database.write() as session:
            session.execute(update(Person).where(Person.id == UUID(lab.persons[0])).values(truth=key))
        return collect(state, UUID(study))

    def kept(save: Any, arrays: dict[str, Any]) -> str:
        file = io.BytesIO()
        save(file, **arrays)
        return str(state.blobs.put(file))

    with state.database.read() as session:
        new = session.scalars(select(Person.truth).where(Person.id == UUID(lab.persons[0]))).one()
    with state.blobs.open(new) as file, np.load(file) as whole:
        arrays = {name: whole[name] for name in whole.files}
    old = {name: array for name, array in arrays.items() if name != "cosines"}
    first = collected(new)
    assert MARKED in first.marks.kind
    for key in (kept(np.savez, old), kept(np.savez_compressed, old), kept(np.savez_compressed, arrays)):
        found = collected(key)
        for column in dataclasses.fields(Marks):
            np.testing.assert_array_equal(getattr(found.marks, column.name), getattr(first.marks, column.name))
        np.testing.assert_array_equal(found.seen, first.seen)
        np.testing.assert_array_equal(found.cosines, first.cosines)
    faces = len(body_of(lab).faces)
    shown = set(arrays["face"].tolist())
    other = next(face for face in range(faces) if face not in shown)
    for wrong in (
        {"face": np.full_like(arrays["face"], faces)},
        {"face": np.full_like(arrays["face"], -1)},
        {"face": np.full_like(arrays["face"], other)},
        {"faces": np.int64(faces + 8), "seen": np.append(arrays["seen"], np.uint8(0))},
        {"cosines": arrays["cosines"][:-1]},
        {"pixel": arrays["pixel"][:-1]},
    ):
        with pytest.raises(RefusedError, match=f"the truth of the rendered person {lab.persons[0]} cannot be used"):
            collected(kept(np.savez, arrays | wrong))


def test_drawn_masks_are_held_against_the_true_ones(app: FastAPI, tmp_path: Path) -> None:
    lab = Lab(app, tmp_path, renders=1)
    study = lab.opened(practice=0, again=0, masks="drawn", annotators=[lab.ann.user_id])
    task = next_of(lab.ann, study)
    assert task is not None
    # The truth has a head of 18 x 20 pixels at (15, 7); this one is 10 rows lower, and so half of it is torso there.
    drawn = label_map(task["region"], {HEAD: (slice(12, 30), slice(10, 30))})
    points = lab.ann.submit_mask(task, drawn)
    for point in lab.ann.points(points):
        lab.ann.put_mark(points, point["id"])
    lab.ann.ok("POST", f"/api/tasks/{points['id']}/submit")
    found = collect(app.state.densemark, UUID(study))
    masks = found.masks
    assert masks is not None
    truth = truth_of(body_of(lab), 0).part_map()
    own = np.zeros((80, 60), np.uint8)
    own[17:35, 15:35] = HEAD
    for part in range(15):
        assert masks.drawn[0, part] == (own == part).sum()
        assert masks.true[0, part] == (truth == part).sum()
        assert masks.both[0, part] == ((own == part) & (truth == part)).sum()
    assert masks.both[0, HEAD] == 8 * 20
    assert masks.seconds.tolist() == [1.5]
    assert set(found.marks.part.tolist()) == {HEAD}
    assert OUTSIDE not in found.marks.kind
    assert TORSO in body_of(lab).part(found.marks.true_face) or found.marks.kind.tolist() == [FLAGGED]


def test_practice_tells_the_errors_and_nothing_else_does(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    study = lab.opened(practice=1, points_per_part=2)
    task = next_of(lab.ann, study)
    assert task is not None
    url = f"/api/tasks/{task['id']}/feedback"
    lab.ann.fails("GET", url, 409)
    monkeypatch.setattr(lab.app.state.densemark.geodesics, "_processes", 0)
    finish(lab.ann, study)
    waiting = lab.ann.ok("GET", url)
    assert (waiting["measured"], waiting["mean"]) == (False, None)
    table = Straight(body_of(lab))
    monkeypatch.setattr(lab.app.state.densemark.geodesics, "table", lambda _loaded: table)
    told = lab.ann.ok("GET", url)
    assert told["measured"]
    truth = truths(lab)[task["image"]["file_name"]]
    points = {point["id"]: point for point in lab.ann.points(task)}
    known = []
    for item in told["items"]:
        place = int(truth.rows([[item["x"], item["y"]]])[0])
        assert item["true"]["face"] == truth.face[place]
        assert len(item["true"]["projections"]) == 6
        said = points[item["point_id"]]["mark"]
        if said["kind"] == "surface":
            body = table.body
            here = body.position(np.array([said["face"]]), np.array([said["bary"]]))
            there = body.position(np.array([item["true"]["face"]]), np.array([item["true"]["bary"]]))
            assert item["error"] == pytest.approx(float(np.linalg.norm(here - there)))
            known.append(item["error"])
        else:
            assert (item["marked"], item["error"]) == (None, None)
    assert told["mean"] == pytest.approx(np.mean(known))
    lab.bob.fails("GET", url, 404)


@pytest.fixture
def lab(app: FastAPI, tmp_path: Path) -> Lab:
    """On SQLite."""
    return Lab(app, tmp_path)


def _lines(api: Api, study: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in api.client.get(f"/api/studies/{study}/points").text.splitlines()]


def test_a_report_beside_a_network(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    study = lab.opened(practice=0, again=1, points_per_part=2)
    url, state = f"/api/studies/{study}", lab.app.state.densemark
    lab.lead.fails("POST", f"{url}/report", 409)
    lab.lead.fails("GET", f"{url}/report.pdf", 404)
    finish(lab.ann, study)
    finish(lab.bob, study)
    asked, truth, body = _lines(lab.lead, study), truths(lab), body_of(lab)
    assert {"person", "image", "file_name", "bbox", "part", "x", "y", "point"} == set(asked[0])
    items: list[dict[str, Any]] = []
    for item in asked:  # a network that knows the truth, in both forms, and sees nobody once
        place = int(truth[item["file_name"]].rows([[item["x"], item["y"]]])[0])
        shown = truth[item["file_name"]]
        if len(items) % 2:
            bary = shown.bary[place].astype(float)
            items.append({"point": item["point"], "face": int(shown.face[place]), "bary": (bary / bary.sum()).tolist()})
        else:
            u, v = (float(n) for n in shown.uv[place].clip(0, 1))
            items.append({"point": item["point"], "I": int(shown.chart[place]), "U": u, "V": v})
    items[-1] = {"point": asked[-1]["point"]}
    lab.lead.fails("PUT", f"{url}/networks/net", 422, json={"items": [items[0], items[0]]})
    lab.lead.fails("PUT", f"{url}/networks/net", 422, json={"items": [{"point": 1, "I": 3}]})
    stray = {"point": 10**15}
    refused = lab.lead.fails("PUT", f"{url}/networks/net", 422, json={"items": [stray]})
    assert "none of these points" in refused["detail"]
    kept = lab.lead.ok("PUT", f"{url}/networks/net", json={"items": [*items, stray]})
    assert kept["points"] == len(items)  # what the study does not ask for is not counted
    found = collect(state, UUID(study)).networks[0]
    assert len(found.point) == len(asked)
    assert (found.face == -1).sum() == 1
    seen = found.face >= 0
    metric = Straight(body)
    exact = metric(found.true_face[seen], found.true_bary[seen], found.face[seen], found.bary[seen])
    assert np.median(exact) < 1e-3
    monkeypatch.setattr(report_job, "table_of", lambda _state, _body, _tell: metric)
    monkeypatch.setattr(report_job, "HEAT_SIZE", 400)
    monkeypatch.setattr(report_job, "THEMES", ("dark",))
    monkeypatch.setattr(figures, "FIGURES", {"parts": figures.FIGURES["parts"]})
    monkeypatch.setattr(pdf, "write", lambda *given, **_more: given[3].write_bytes(b"%PDF"))
    job = lab.lead.ok("POST", f"{url}/report")
    assert lab.lead.ok("POST", f"{url}/report")["id"] == job["id"]
    kind = report_job.STUDY_REPORT
    args = {"study_id": study}
    result = kind.finish(state, args, [kind.step(state, args, shard) for shard in kind.plan(state, args)])
    made = lab.lead.ok("GET", f"{url}/report")
    assert (made["stale"], made["report"]["annotators"], made["report"]["persons"]) == (False, 2, 4)
    assert made["job"]["id"] == job["id"]
    assert [network["name"] for network in made["networks"]] == ["net"]
    assert "net" in {curve["name"] for curve in made["report"]["curves"]}
    assert lab.lead.client.get(f"{url}/report.pdf").content.startswith(b"%PDF")
    assert lab.lead.client.get(f"{url}/report.json").json() == made["report"]
    tables = lab.lead.client.get(f"{url}/report.csv")
    assert 'filename="Accuracy-report-tables.zip"' in tables.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(tables.content)) as packed:
        assert packed.testzip() is None
        assert len(packed.read("marks.csv").splitlines()) == 1 + len(collect(state, UUID(study)).marks)
    assert "<svg" in lab.lead.client.get(f"{url}/figures/parts.svg?theme=dark").text
    assert lab.lead.client.get(f"{url}/heat.png?theme=dark").content.startswith(b"\x89PNG")
    assert len(lab.lead.client.get(f"{url}/heat.bin").content) == 4 * len(body.vertices)
    lab.lead.fails("GET", f"{url}/figures/nothing.svg", 404)
    lab.ann.fails("GET", f"{url}/report", 403)
    folder = state.settings.data / "reports" / study / result["content"]
    assert folder.is_dir()
    kept = reports.read(state.settings, UUID(study))
    assert kept is not None
    assert set(kept.people) == {row["name"] for row in kept.said["by_annotator"]}
    assert UUID(lab.ann.user_id) in kept.people.values()
    assert not made["outdated"]
    older = folder.rename(folder.with_name(folder.name.partition("-")[0] + "-" + "0" * 16))  # another version made it
    said = lab.lead.ok("GET", f"{url}/report")
    assert (said["stale"], said["outdated"], said["report"] is None) == (False, True, False)
    assert kind.step(state, args, study) == folder.name
    assert folder.is_dir()
    assert older.is_dir()  # for those who are reading it
    said = lab.lead.ok("GET", f"{url}/report")
    assert (said["stale"], said["outdated"]) == (False, False)
    lab.ann.ok("POST", f"/api/tasks/{_last_task(lab, study)}/reopen")
    assert lab.lead.ok("GET", f"{url}/report")["stale"]


def test_a_report_is_of_what_it_says(lab: Lab) -> None:
    study = lab.opened(practice=0, again=0, persons=lab.persons[:1], annotators=[lab.ann.user_id])
    url, state = f"/api/studies/{study}", lab.app.state.densemark

    def content() -> str:
        with state.database.read() as session:
            return reports.content(session, existing(session, UUID(study)))

    task = next_of(lab.ann, study)
    assert task is not None
    point = lab.ann.points(task)[0]["id"]
    fresh = content()
    made = lab.ann.put_mark(task, point).json()["id"]
    assert content() == fresh  # what is begun does not count yet
    lab.lead.fails("POST", f"{url}/report", 409)
    lab.lead.ok("POST", f"{url}/close")
    closed = content()
    assert closed != fresh
    lab.lead.ok("POST", f"{url}/report")
    lab.lead.ok("POST", f"{url}/open")
    assert lab.ann.put_mark(task, point, made, revision=1, flag="outside").status_code == 200
    lab.lead.ok("POST", f"{url}/close")
    changed = content()
    assert changed != closed  # as many marks as before, but another
    with state.database.write() as session:
        session.execute(update(User).where(User.username == "ann").values(simulated=True))
    assert content() != changed


def test_reports_are_kept_whole(tmp_path: Path) -> None:
    settings, study = Settings(data=tmp_path), uuid4()
    folder = reports.folder_of(settings, study)

    def write(word: str) -> Any:
        return lambda place: (place / reports.LAST).write_text(json.dumps(word))

    def said() -> Any:
        found = reports.read(settings, study)
        return (found.content, found.said) if found else None

    def killed(place: Path) -> None:
        write("half")(place)
        assert said() in (None, ("a", "one"))  # whoever looks now sees none that is being written
        raise KeyboardInterrupt

    (folder / ".partial-killed").mkdir(parents=True)
    write("half")(folder / ".partial-killed")
    assert said() is None
    with pytest.raises(NotFoundError):
        reports.file(settings, study, reports.LAST)
    first = reports.keep(settings, study, "a", write("one"))
    with pytest.raises(KeyboardInterrupt):
        reports.keep(settings, study, "b", killed)
    assert said() == ("a", "one")
    reports.keep(settings, study, "b", write("two"))
    assert (said(), first.is_dir()) == (("b", "two"), True)  # somebody may be reading it
    reports.keep(settings, study, "c", write("three"))
    assert (said(), first.exists()) == (("c", "three"), False)
    reports.keep(settings, study, "b", write("the same, made twice"))
    assert said() == ("b", "two")
    (folder / "b" / reports.LAST).unlink()
    assert said() == ("c", "three")
    assert reports.again(settings, study, "b") is None
    reports.keep(settings, study, "b", write("four"))
    assert said() == ("b", "four")
    assert {path.name for path in folder.iterdir()} == {"b", "c", ".partial-killed"}


def _last_task(lab: Lab, study: str) -> str:
    with lab.app.state.densemark.database.read() as session:
        query = select(Task.id).join(Person, Person.id == Task.person_id)
        return str(session.scalars(query.where(Person.assigned_to == UUID(lab.ann.user_id)).limit(1)).one())
