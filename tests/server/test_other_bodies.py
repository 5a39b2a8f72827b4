"""A body that is no human: listed, described, and annotated on from the mask to the last point."""

import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select

import surface
from annotation.masks import decode_rle
from annotation.words import Role
from annotation_db.models import MaskRevision, Point
from export.project import export_project
from server.bodies import registry
from server.images import coco
from surface import views
from surface.body import Body
from tests.server.dense_files import cse, dp_masks, entry, write
from tests.server.people import Api, add_user, label_map, png, sign_in
from tests.server.worm import BELLY, NOSE, TAIL, worm, worm_arrays

ALL_OF_IT = {
    NOSE: (slice(0, 20), slice(10, 40)),
    BELLY: (slice(20, 50), slice(5, 45)),
    TAIL: (slice(50, 70), slice(50)),
}


def with_worm(app: FastAPI) -> tuple[Api, Body]:
    """A lead on a server whose folder has got a body."""
    body = worm()
    folder = app.state.densemark.settings.data / "bodies"
    folder.mkdir(parents=True, exist_ok=True)
    body.save(folder / "worm.npz")
    add_user(app, "lena", Role.lead)
    return sign_in(app, "lena"), body


def begin(lead: Api, body: str = "worm") -> dict[str, Any]:
    """A project on a body, and the mask task of the one person in it."""
    project = lead.ok("POST", "/api/projects", 201, json={"name": "Worms", "body": body})
    lead.person(lead.image(project["id"]))
    task = lead.next_task(project["id"])
    assert task is not None
    return task


def click(body: Body, part: int, seed: int) -> dict[str, Any]:
    """A place in a view of a part where a point of the part is shown."""
    rng = np.random.default_rng(seed)
    faces = rng.permutation(np.flatnonzero(body.face_part == part))
    bary = rng.dirichlet([5, 5, 5], len(faces))
    best, _ = views.best_view(body, part, faces, bary)
    chosen = int(np.flatnonzero(best >= 0)[0])
    view = views.views(body, part)[best[chosen]]
    x, y, _ = views.project(body, view, faces[chosen], bary[chosen])
    return {"kind": "surface", "flag": None, "view": view.index, "x": float(x[0]), "y": float(y[0])}


def test_a_worm_is_annotated_from_mask_to_done(any_app: FastAPI) -> None:
    lead, body = with_worm(any_app)
    task = begin(lead)
    assert task["body"] == {"name": "worm", "hash": body.hash}
    points_task = lead.submit_mask(task, label_map(task["region"], ALL_OF_IT))
    points = lead.points(points_task)
    assert list(dict.fromkeys(point["part"] for point in points)) == [NOSE, BELLY, TAIL]
    for number, point in enumerate(points):
        response = lead.put_mark(points_task, point["id"], **click(body, point["part"], number))
        assert response.status_code == 200, response.text
        mark = response.json()
        assert body.chart_part[mark["i"] - 1] == point["part"]
        i, u, v = body.to_iuv([mark["face"]], [mark["bary"]])
        assert (mark["i"], mark["u"], mark["v"]) == (i[0], u[0], v[0])
    done = lead.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    assert done["person"]["state"] == "done"
    assert done["person"]["marks"] == len(points)
    assert done["person"]["masks"] == len(body.part_names)
    refused = lead.fails("GET", f"/api/projects/{task['project_id']}/export", 422)
    assert "body 'worm' has 3: Nose, Belly, Schwänzchen" in refused["detail"]
    url = f"/api/projects/{task['project_id']}/export"
    embedded = lead.client.get(url, params={"format": "densepose-cse"})
    assert embedded.headers["content-disposition"].endswith('-densepose-cse.json"')
    (entry,) = embedded.json()["annotations"]
    assert entry["ref_model"] == "worm"
    assert len(entry["dp_vertex"]) == len(points)
    (plain,) = lead.ok("GET", url, params={"format": "coco"})["annotations"]
    assert set(entry) - set(plain) == {"dp_x", "dp_y", "dp_vertex", "dp_masks", "ref_model"}


def test_labels_that_the_body_does_not_have_are_refused_by_range(any_app: FastAPI) -> None:
    lead, body = with_worm(any_app)
    task = begin(lead)
    for label, status in ((3, 200), (4, 422), (14, 422), (256, 422)):
        revision = lead.ok("GET", f"/api/tasks/{task['id']}/mask")["revision"]
        response = lead.put_mask(task, label_map(task["region"], {}), revision, runs=[label, 50 * 70])
        assert response.status_code == status, response.text
        if status == 422:
            assert response.json()["detail"] == f"run 0: label {label} is outside 0..3"
    bodies = f"/api/bodies/{body.hash}/parts"
    where = {"view": 0, "x": 0.5, "y": 0.5}
    assert lead.ok("POST", f"{bodies}/3/pick", json=where)["i"] == 4
    for call in (("POST", f"{bodies}/4/pick"), ("GET", f"{bodies}/4/views/0.webp")):
        problem = lead.fails(*call, 422, **({"json": where} if call[0] == "POST" else {}))
        assert problem["detail"] == "part 4 is outside 1..3, the parts of worm"
    picture = lead.client.get(f"{bodies}/2/views/1.webp", params={"size": 128})
    assert Image.open(io.BytesIO(picture.content)).size == (128, 128)


def test_a_body_says_what_it_is_made_of(app: FastAPI) -> None:
    lead, body = with_worm(app)
    told = lead.ok("GET", f"/api/bodies/{body.hash}")
    assert (told["name"], told["symmetric"], told["vertices"], told["faces"]) == ("worm", False, 162, 320)
    assert [(p["label"], p["name"], p["side"], p["mirror"], p["charts"], p["colour"]) for p in told["parts"]] == [
        (1, "Nose", None, 1, [1], "#ff0000"),
        (2, "Belly", None, 2, [2, 3], "#00c809"),
        (3, "Schwänzchen", None, 3, [4], "#0000ff"),
    ]
    assert [(c["chart"], c["name"], c["part"], c["mirror"]) for c in told["charts"]] == [
        (1, "Nose", 1, 1),
        (2, "Belly front", 2, 2),
        (3, "Belly back", 2, 3),
        (4, "Tail", 3, 4),
    ]
    human = lead.ok("GET", f"/api/bodies/{surface.load('anny').hash}")
    assert human["symmetric"]
    assert len(human["charts"]) == 24
    assert len({part["colour"] for part in human["parts"]}) == 14
    mirrored = {part["label"]: part["mirror"] for part in human["parts"]}
    for chart in human["charts"]:
        assert human["charts"][chart["mirror"] - 1]["part"] == mirrored[chart["part"]]


def test_a_body_that_cannot_be_shown_says_so(lead: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_body: Body, _part: int) -> list[views.View]:
        raise ValueError("no way up")

    monkeypatch.setattr(registry, "views", broken)
    problem = lead.fails("GET", f"/api/bodies/{surface.load('anny').hash}", 422)
    assert problem["detail"] == "the body anny cannot be shown: no way up"


@pytest.mark.parametrize(
    "names", [("Right Hand", "Left Foot", "Right Leg lower"), ("right arm upper", "torso", "head")]
)
def test_a_part_named_right_without_a_left_one_is_looked_at_all_the_same(
    app: FastAPI, lead: Api, names: tuple[str, ...]
) -> None:
    body = Body.from_arrays(worm_arrays() | {"part_names": np.array(names)})
    folder = app.state.densemark.settings.data / "bodies"
    folder.mkdir(parents=True)
    body.save(folder / "lopsided.npz")
    told = lead.ok("GET", f"/api/bodies/{body.hash}")
    assert [(part["name"], part["side"], len(part["views"])) for part in told["parts"]] == [(n, None, 6) for n in names]


def test_a_body_that_nobody_could_annotate_on_is_left_out(app: FastAPI, lead: Api) -> None:
    folder = app.state.densemark.settings.data / "bodies"
    folder.mkdir(parents=True)
    arrays = worm_arrays()
    Body.from_arrays(arrays | {"chart_part": np.array([1, 1, 1, 3])}).save(folder / "gap.npz")
    Body.from_arrays(arrays | {"name": np.array("w" * 201)}).save(folder / "long.npz")
    Body.from_arrays(arrays | {"vertices": arrays["vertices"] * 0}).save(folder / "point.npz")
    listed = lead.ok("GET", "/api/bodies")
    assert [item["name"] for item in listed["items"]] == ["anny"]
    problems = {item["file"]: item["problem"] for item in listed["damaged"]}
    assert problems["gap.npz"] == "parts without surface: Belly"
    assert problems["long.npz"] == "a body's name has 1 to 200 characters, not 201"
    assert problems["point.npz"] == "parts without surface: Nose, Belly, Schwänzchen"


def test_the_mesh_is_the_body_bit_for_bit(app: FastAPI) -> None:
    lead, body = with_worm(app)
    url = f"/api/bodies/{body.hash}/mesh"
    response = lead.client.get(url)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream")
    assert "immutable" in response.headers["cache-control"]
    v, f = len(body.vertices), len(body.faces)
    assert len(response.content) == 12 * v + 12 * f + 24 * f + f
    cuts = np.cumsum([12 * v, 12 * f, 24 * f])
    positions, faces, uv, chart = (
        np.frombuffer(raw, dtype)
        for raw, dtype in zip(
            (response.content[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)),
            ("<f4", "<u4", "<f4", "u1"),
            strict=True,
        )
    )
    assert np.array_equal(positions.reshape(v, 3), body.vertices.astype(np.float32))
    assert np.array_equal(faces.reshape(f, 3), body.faces)
    assert np.array_equal(uv.reshape(f, 3, 2), body.face_uv.astype(np.float32))
    assert np.array_equal(chart, body.face_chart)
    again = lead.client.get(url, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    lead.fails("GET", f"/api/bodies/{'0' * 64}/mesh", 404)


def test_bodies_appear_without_a_restart_and_damaged_ones_are_told(app: FastAPI, lead: Api) -> None:
    folder = app.state.densemark.settings.data / "bodies"
    assert [item["name"] for item in lead.ok("GET", "/api/bodies")["items"]] == ["anny"]
    folder.mkdir(parents=True)
    (folder / "spoilt.npz").write_bytes(b"PK\x03\x04 no more came")
    lead.fails("POST", "/api/projects", 422, json={"name": "P", "body": "worm"})
    worm().save(folder / "worm.npz")
    listed = lead.ok("GET", "/api/bodies")
    assert listed["items"][1] == {
        "name": "worm",
        "hash": worm().hash,
        "vertices": 162,
        "faces": 320,
        "charts": 4,
        "parts": 3,
        "symmetric": False,
        "current": True,
    }
    (damaged,) = listed["damaged"]
    assert damaged["file"] == "spoilt.npz"
    assert "not a body file" in damaged["problem"]
    assert str(folder) not in damaged["problem"]
    assert begin(lead)["body"]["hash"] == worm().hash
    problem = lead.fails("POST", "/api/projects", 422, json={"name": "P", "body": "horse"})
    assert problem["detail"] == "there is no body 'horse'; there are: anny, worm"


def test_a_project_keeps_its_body_when_the_name_comes_to_mean_another(app: FastAPI) -> None:
    lead, first = with_worm(app)
    before = begin(lead)
    second = worm(length=0.6)
    second.save(app.state.densemark.settings.data / "bodies" / "worm.npz")
    listed = [item for item in lead.ok("GET", "/api/bodies")["items"] if item["name"] == "worm"]
    assert [(item["hash"], item["current"]) for item in listed] == [(second.hash, True), (first.hash, False)]
    project = lead.ok("POST", "/api/projects", 201, json={"name": "By name", "body": "worm"})
    assert project["body"]["hash"] == second.hash
    project = lead.ok("POST", "/api/projects", 201, json={"name": "By hash", "body": first.hash})
    assert project["body"] == {"name": "worm", "hash": first.hash}
    points_task = lead.submit_mask(before, label_map(before["region"], ALL_OF_IT))
    assert points_task["body"]["hash"] == first.hash
    (point, *_) = lead.points(points_task)
    assert lead.put_mark(points_task, point["id"], **click(first, point["part"], 0)).status_code == 200


@pytest.mark.parametrize("name", ["../../worm", ".worm", "a worm/of: two", "w" * 200])
def test_whatever_a_body_is_called_its_copy_stays_in_the_folder(app: FastAPI, lead: Api, name: str) -> None:
    data = app.state.densemark.settings.data
    (data / "bodies").mkdir(parents=True)
    worm(name).save(data / "bodies" / "worm.npz")
    before = {path for path in data.parent.rglob("*") if path.is_file()}
    assert begin(lead, name)["body"]["name"] == name
    made = set(data.parent.rglob("*.npz")) - before
    (copy,) = made
    assert copy.parent == data / "bodies"
    assert surface.load(copy).hash == worm(name).hash


def test_an_export_by_vertices_comes_back_on_any_body(app: FastAPI, tmp_path: Path) -> None:
    lead, body = with_worm(app)
    state = app.state.densemark
    project = lead.ok("POST", "/api/projects", 201, json={"name": "Worms", "body": "worm"})["id"]
    (tmp_path / "a.png").write_bytes(png())
    whole = np.zeros((256, 256), np.uint8)
    whole[40:220, 30:200] = 1
    found = cse(entry(7), range(20), "worm") | {"dp_masks": dp_masks(whole)}
    file = write(tmp_path / "in.json", [found])
    result = coco.import_coco_file(state, UUID(project), None, file, [tmp_path / "a.png"])
    assert (result.persons, result.points, result.refused_persons) == (1, 20, [])
    assert any("nearest point" in remark for remark in result.remarks)
    with state.database.read() as session:
        points = session.scalars(select(Point).order_by(Point.order)).all()
        mask = session.scalars(select(MaskRevision)).one()
        exported = export_project(session, UUID(project), tmp_path / "out", "densepose-cse", body=body)
    assert {str(point.part) for point in points} >= set(mask.counts)
    labels = np.zeros((80, 60), np.uint8)
    for label, counts in mask.counts.items():
        labels[decode_rle({"size": [80, 60], "counts": counts})] = int(label)
    for y, x in np.argwhere(labels)[::50]:
        near = min(points, key=lambda point: (point.x - x - 0.5) ** 2 + (point.y - y - 0.5) ** 2)
        assert labels[y, x] == near.part
    out = json.loads(exported.files[0].read_text())["annotations"][0]
    assert {key: out[key] for key in ("dp_masks", "dp_vertex", "ref_model", "bbox")} == {
        key: found[key] for key in ("dp_masks", "dp_vertex", "ref_model", "bbox")
    }
