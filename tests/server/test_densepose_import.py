"""Points and masks of DensePose-COCO and CSE files become work that people go on with."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

import surface
from annotation.masks import decode_runs, region_of
from annotation.words import PersonState, Role, TaskState
from annotation_db import Database
from annotation_db.models import Image, Mark, MarkRevision, MaskRevision, Person, PersonSource, Point, Task, User
from export.dense_in import dense, draw
from export.square import resample_mask
from server.images import coco
from server.images.imported import ANNOTATOR
from server.problems import RefusedError
from server.state import State
from tests.server.dense_files import cse, document, dp_masks, entry, square, write
from tests.server.people import PASSWORD, Api, add_user, png, sign_in

BODY = surface.load("anny")


def send(api: Api, project: str, file: dict[str, Any], *photos: tuple[str, bytes], query: str = "") -> dict[str, Any]:
    files = [("coco", ("dense.json", json.dumps(file).encode())), *(("files", photo) for photo in photos)]
    result: dict[str, Any] = api.ok("POST", f"/api/projects/{project}/coco{query}", files=files)
    return result


def test_points_and_masks_become_work_that_was_done(any_app: FastAPI) -> None:
    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    project, found = lead.project(), entry(7)
    result = send(lead, project, document([found, entry(8, points=3)]), ("a.png", png()))
    assert (result["persons"], result["dense"], result["points"], result["refused_persons"]) == (2, 2, 23, [])
    assert "does not say which body its charts are of" in result["remarks"][0]
    with any_app.state.densemark.database.read() as session:
        person = session.scalars(select(Person).where(Person.source_id == "coco:7")).one()
        assert (person.state, person.points, person.marks) == (PersonState.done, 20, 20)
        tasks = session.scalars(select(Task).where(Task.person_id == person.id)).all()
        assert {(t.kind.value, t.state) for t in tasks} == {(k, TaskState.submitted) for k in ("mask", "points")}
        rows = session.execute(
            select(Point, MarkRevision)
            .join(Mark, Mark.point_id == Point.id)
            .join(MarkRevision, MarkRevision.mark_id == Mark.id)
            .where(Point.person_id == person.id)
            .order_by(Point.order)
        ).all()
        mask = session.scalars(select(MaskRevision).order_by(MaskRevision.created_at)).first()
        assert mask is not None
        assert person.parts == mask.parts == len(mask.counts)
        source = session.get(PersonSource, person.id)
        assert source is not None
        assert source.entry["dp_masks"] == found["dp_masks"]
    x, y, w, h = found["bbox"]
    marks = [mark for _, mark in rows]
    assert [(m.i, m.u, m.v) for m in marks] == list(zip(found["dp_I"], found["dp_U"], found["dp_V"], strict=True))
    assert [p.x for p, _ in rows] == pytest.approx([x + value * w / 256 for value in found["dp_x"]], abs=1e-12)
    assert [p.y for p, _ in rows] == pytest.approx([y + value * h / 256 for value in found["dp_y"]], abs=1e-12)
    assert [p.part for p, _ in rows] == [BODY.chart_part[int(i) - 1] for i in found["dp_I"]]
    face, bary = BODY.from_iuv(found["dp_I"], found["dp_U"], found["dp_V"])
    assert [m.face for m in marks] == face.tolist()
    assert np.array([m.bary for m in marks]) == pytest.approx(bary, abs=1e-12)
    assert {(m.annotator_id, m.body_hash, m.view, m.seconds) for m in marks} == {(ANNOTATOR, BODY.hash, None, 0.0)}


def test_what_came_in_is_taken_up_again_like_ones_own_work(app: FastAPI, lead: Api, state: State) -> None:
    project, found = lead.project(), entry(7, bbox=[5.0, 6.0, 50.0, 64.0])
    send(lead, project, document([found]), ("a.png", png()))
    assert lead.next_task(project) is None
    with state.database.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "points")).one()
        mask_task = session.scalars(select(Task).where(Task.kind == "mask")).one()
    opened = lead.ok("POST", f"/api/tasks/{task.id}/reopen")
    assert (opened["state"], opened["kind"]) == ("open", "points")
    points = lead.ok("GET", f"/api/tasks/{task.id}/points")["items"]
    assert [point["mark"]["kind"] for point in points] == ["surface"] * 20
    lead.ok("POST", f"/api/tasks/{task.id}/submit")
    lead.ok("POST", f"/api/tasks/{task.id}/reopen-mask")
    mask = lead.ok("GET", f"/api/tasks/{mask_task.id}/mask")
    assert (mask["revision"], mask["region"]) == (1, [5, 6, 50, 64])
    drawn = decode_runs(mask["runs"], 64, 50)
    assert np.array_equal(drawn, draw(dense(found), (5, 6, 50, 64)))
    again = lead.ok("POST", f"/api/tasks/{mask_task.id}/mask/submit", json={"revision": 1})
    assert again["kind"] == "points"
    kept = lead.ok("GET", f"/api/tasks/{task.id}/points")["items"]
    assert {point["id"] for point in kept} >= {point["id"] for point in points}


def test_nobody_signs_in_as_the_account_of_imports(app: FastAPI, lead: Api, state: State) -> None:
    send(lead, lead.project(), document([entry(7)]), ("a.png", png()))
    with state.database.read() as session:
        account = session.get(User, ANNOTATOR)
    assert account is not None
    assert (account.username, account.active) == ("imported", False)
    lead.fails("POST", "/api/session", 401, json={"username": "imported", "password": PASSWORD})


@pytest.mark.parametrize("bbox", [(3.7, 2.2, 512.5, 300.25), (0.5, 3.5, 256.0, 256.0), (10.9, 3.3, 700.0, 999.9)])
def test_masks_of_large_boxes_have_no_holes_and_come_out_unchanged(bbox: tuple[float, float, float, float]) -> None:
    labels = np.zeros((256, 256), np.uint8)
    labels[20:200, 30:220] = 1
    labels[100:110, 30:220] = 14
    read = dense(entry(1, bbox=list(bbox), dp_masks=dp_masks(labels)))
    region = region_of(bbox, 1000, 1100)
    drawn = draw(read, region)
    assert np.array_equal(resample_mask(drawn, region[:2], bbox), labels)
    noise = np.random.default_rng(0).integers(0, 15, (256, 256), np.uint8)
    spotted = draw(dense(entry(1, bbox=list(bbox), dp_masks=dp_masks(noise))), region)
    assert np.array_equal(resample_mask(spotted, region[:2], bbox), noise)
    x, y, w, h = bbox
    # every pixel is within half a cell and half a pixel of where the square says that it is
    column = (np.arange(drawn.shape[1]) + 0.5 + region[0] - x) * 256 / w
    row = (np.arange(drawn.shape[0]) + 0.5 + region[1] - y) * 256 / h
    torso = drawn[np.ix_((row > 22) & (row < 98), (column > 32) & (column < 218))]
    assert (torso == 1).all()
    assert (drawn[:, (column < 28) | (column > 222)] == 0).all()


def test_a_small_mask_takes_the_cell_under_each_pixel() -> None:
    bbox, labels = (10.25, 20.75, 17.5, 31.0), square(2)
    region = region_of(bbox, 60, 80)
    drawn = draw(dense(entry(1, bbox=list(bbox), dp_masks=dp_masks(labels))), region)
    inside = 0
    for row in range(region[3]):
        for column in range(region[2]):
            v = (region[1] + row + 0.5 - bbox[1]) * 256 / bbox[3]
            u = (region[0] + column + 0.5 - bbox[0]) * 256 / bbox[2]
            if 0 <= u < 256 and 0 <= v < 256:
                assert drawn[row, column] == labels[int(v), int(u)]
                inside += 1
    assert inside >= 17 * 30


def test_vertices_become_surface_points_of_the_body(app: FastAPI, lead: Api, state: State) -> None:
    project = lead.project()
    vertices = [0, 5, len(BODY.vertices) - 1, *range(100, 117)]
    persons = [cse(entry(1), vertices), cse(entry(2), [len(BODY.vertices)] * 20)]
    result = send(lead, project, document(persons), ("a.png", png()))
    assert (result["persons"], result["points"]) == (1, 20)
    assert result["refused_persons"][0]["id"] == "2"
    assert "vertex: dp_vertex holds" in result["refused_persons"][0]["reason"]
    with state.database.read() as session:
        rows = session.execute(
            select(Point, MarkRevision)
            .join(Mark, Mark.point_id == Point.id)
            .join(MarkRevision, MarkRevision.mark_id == Mark.id)
            .order_by(Point.order)
        ).all()
    assert [int(BODY.faces[m.face, np.argmax(m.bary)]) for _, m in rows] == vertices
    assert {tuple(sorted(m.bary)) for _, m in rows} == {(0.0, 0.0, 1.0)}
    under = dense(persons[0]).label
    assert [p.part for p, _ in rows] == under.tolist()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dp_I": [0.0, *[1.0] * 19]}, "chart-range: dp_I[0] is 0.0"),
        ({"dp_I": [25.0, *[1.0] * 19]}, "chart-range: dp_I[0] is 25.0"),
        ({"dp_U": [1.2, *[0.5] * 19]}, "uv-range: dp_U[0] is 1.2"),
        ({"dp_V": [0.5] * 19}, "points-length: lists differ in length"),
        ({"dp_x": [float("nan"), *[0.5] * 19]}, "points-number: dp_x[0] is nan"),
        ({"dp_masks": [{"counts": "PPPP2", "size": [128, 512]}, *[[]] * 13]}, "mask-size: mask 1"),
        ({"dp_masks": [{"counts": "P", "size": [256, 256]}, *[[]] * 13]}, "mask-rle: mask 1"),
        ({"dp_x": []}, "points-empty: dp_x is empty"),
        ({"dp_vertex": [1] * 20}, "points-incomplete"),
    ],
)
def test_broken_persons_are_refused_by_rule_and_the_rest_goes_through(
    app: FastAPI, lead: Api, changes: dict[str, Any], reason: str
) -> None:
    result = send(lead, lead.project(), document([entry(3, **changes), entry(4)]), ("a.png", png()))
    assert (result["persons"], [person["id"] for person in result["refused_persons"]]) == (1, ["3"])
    assert result["refused_persons"][0]["reason"].startswith(reason)


def test_points_on_another_body_are_refused_unless_one_agrees(app: FastAPI, lead: Api, state: State) -> None:
    project = lead.project()
    other = document([entry(1)], info={"densemark": {"body": "horse", "body_hash": "ab" * 32}})
    smpl = document([cse(entry(1), range(20), "smpl_27554")])
    for file, named in ((other, "the body 'horse' (abababab)"), (smpl, "the mesh 'smpl_27554'")):
        files = [("coco", ("dense.json", json.dumps(file).encode())), ("files", ("a.png", png()))]
        problem = lead.fails("POST", f"/api/projects/{project}/coco", 422, files=files)
        assert named in problem["detail"]
        assert f"the project is on anny ({BODY.hash[:8]})" in problem["detail"]
        assert lead.ok("GET", f"/api/projects/{project}/images")["items"] == []
    agreed = send(lead, project, other, ("a.png", png()), query="?as_project_body=true")
    assert agreed["points"] == 20
    assert "they were read as points of anny" in agreed["remarks"][0]
    own = document([entry(2)], info={"densemark": {"body": "anny", "body_hash": BODY.hash}})
    assert send(lead, project, own)["remarks"] == []


def test_what_a_file_says_of_its_images_is_kept(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    project = UUID(lead.project())
    images = [
        {"id": 31, "file_name": "a.png", "width": 60, "height": 80, "license": 4, "coco_url": "http://c/1",
         "flickr_url": "http://f/1"},
        {"id": 32, "file_name": "b.png", "width": 60, "height": 80, "license": 9, "flickr_url": "http://f/2"},
    ]  # fmt: skip
    licences = [{"id": 4, "name": "Attribution", "url": "http://by"}]
    path = write(tmp_path / "d.json", [entry(1, 31)], images, licenses=licences)
    for name, seed in (("a.png", 0), ("b.png", 1)):
        (tmp_path / name).write_bytes(png(seed=seed))
    photos = [tmp_path / "a.png", tmp_path / "b.png"]
    coco.import_coco_file(state, project, None, path, photos, coco.Options(tags=("val", "2014")))
    coco.import_coco_file(state, project, None, path, [], coco.Options(tags=("val", "again")))
    with state.database.read() as session:
        first, second = session.scalars(select(Image).order_by(Image.file_name)).all()
    assert (first.source_id, first.licence, first.licence_url) == ("coco:31", "Attribution", "http://by")
    assert (first.source_url, first.attribution) == ("http://c/1", "http://f/1")
    assert (second.source_id, second.licence, second.source_url) == ("coco:32", None, "http://f/2")
    assert first.tags == second.tags == ["2014", "again", "val"]


def test_a_file_without_points_is_no_densepose_file(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    plain = {key: value for key, value in entry(1).items() if not key.startswith("dp_")}
    path = write(tmp_path / "d.json", [plain])
    with pytest.raises(RefusedError, match=r"d\.json: no person in it carries DensePose data"):
        coco.import_coco_file(state, UUID(lead.project()), None, path, [], coco.Options(dense=True))


IMPORT = """
import sys
from pathlib import Path
from uuid import UUID
from server.images.coco import import_coco_file
from server.settings import Settings
from server.startup import open_state
state = open_state(Settings(data=Path(sys.argv[1])))
result = import_coco_file(state, UUID(sys.argv[2]), None, Path(sys.argv[3]), [])
print(result.persons, result.persons_present)
"""


def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    from server import prepare
    from server.images.service import import_paths
    from server.projects.service import create_project
    from server.settings import Settings
    from server.startup import open_state

    settings = Settings(data=tmp_path / "data")
    prepare(settings)
    state = open_state(settings)
    try:
        with state.database.write() as session:
            project = create_project(session, None, "P", "", BODY.name, BODY.hash).id
        (tmp_path / "a.png").write_bytes(png())
        import_paths(state, project, None, [tmp_path / "a.png"])
        one = entry(1, points=40)
        path = write(tmp_path / "d.json", [one | {"id": key} for key in range(1, 701)])
        command = [sys.executable, "-c", IMPORT, str(settings.data), str(project), str(path)]
        first = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        while first.poll() is None and _count(state.database, Person) < 200:
            pass
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        done = _count(state.database, Person)
        assert 200 <= done < 700
        assert _count(state.database, Point) == _count(state.database, MarkRevision) == 40 * done
        second = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
        assert second.stdout.split() == [str(700 - done), str(done)]
        assert _count(state.database, Person) == _count(state.database, PersonSource) == 700
        assert _count(state.database, Point) == _count(state.database, Mark) == 40 * 700
    finally:
        state.database.close()


def _count(database: Database, table: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
