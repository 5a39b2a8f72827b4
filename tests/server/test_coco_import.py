"""COCO files: persons find their photos, what cannot be used is refused by id, doing it again adds nothing."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from server.images import coco
from server.images.schemas import LISTED
from server.state import State
from tests.server.people import Api, png
from tests.server.test_upload import zipped


def person(id_: int, image_id: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "image_id": image_id,
        "category_id": 1,
        "bbox": [5, 5, 20, 30],
        "area": 300.0,
        "iscrowd": 0,
    } | changes


def image(id_: int, name: str, width: int = 60, height: int = 80) -> dict[str, Any]:
    return {"id": id_, "file_name": name, "width": width, "height": height}


def coco_file(images: list[dict[str, Any]], persons: list[dict[str, Any]]) -> bytes:
    categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
    return json.dumps({"images": images, "annotations": persons, "categories": categories}).encode()


def send(api: Api, project: str, content: bytes, *photos: tuple[str, bytes]) -> dict[str, Any]:
    files = [("coco", ("persons.json", content)), *(("files", photo) for photo in photos)]
    result: dict[str, Any] = api.ok("POST", f"/api/projects/{project}/coco", files=files)
    return result


POLYGON = [[5.0, 5.0, 20.0, 5.0, 20.0, 30.0]]
KEYPOINTS = [10, 10, 2] + [0, 0, 0] * 16


def test_persons_come_with_all_they_have(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    content = coco_file([image(1, "a.png")], [person(7, segmentation=POLYGON, keypoints=KEYPOINTS)])
    result = send(lead, project, content, ("a.png", png()))
    assert (result["persons"], result["persons_present"], result["refused"]) == (1, 0, [])
    assert result["stored"][0]["image"]["persons"] == 1
    found = lead.ok("GET", f"/api/projects/{project}/persons")["items"][0]
    assert (found["bbox"], found["area"], found["source"]) == ([5, 5, 20, 30], 300.0, "coco")
    assert (found["segmentation"], found["keypoints"]) == (True, KEYPOINTS)
    task = lead.next_task(project)
    assert task is not None
    assert (task["person"]["id"], task["region"], task["kind"]) == (found["id"], [5, 5, 20, 30], "mask")


def test_long_lists_are_cut_and_counted_in_full(lead: Api) -> None:
    many = LISTED + 100
    content = coco_file([image(1, "a.png")], [person(id_, image_id=1) for id_ in range(1, many + 1)])
    result = send(lead, lead.project(), content, ("b.png", png()))
    assert [each["id"] for each in result["refused_persons"]] == [str(id_) for id_ in range(1, LISTED + 1)]
    assert result["counts"] == {"stored": 1, "refused": 1, "duplicates": 0, "refused_persons": many, "notes": 0}


def test_doing_it_again_adds_nothing(any_app: FastAPI) -> None:
    from annotation.words import Role
    from tests.server.people import add_user, sign_in

    add_user(any_app, "lena", Role.lead)
    lead = sign_in(any_app, "lena")
    project = lead.project()
    content = coco_file([image(1, "a.png")], [person(1), person(2)])
    send(lead, project, content, ("a.png", png()))
    before = lead.ok("GET", f"/api/projects/{project}/persons")
    again = send(lead, project, content)
    assert (again["persons"], again["persons_present"]) == (0, 2)
    more = send(lead, project, coco_file([image(1, "a.png")], [person(1, bbox=[1, 1, 5, 5]), person(3)]))
    assert (more["persons"], more["persons_present"]) == (1, 0)
    assert "another person of this id" in more["refused_persons"][0]["reason"]
    after = lead.ok("GET", f"/api/projects/{project}/persons")
    assert after["items"][:2] == before["items"]


def test_what_cannot_be_used_is_refused_by_id_and_the_rest_goes_through(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    images = [image(1, "a.png"), image(2, "missing.png"), image(3, "turned.png", 80, 60), image(4, "../up.png")]
    persons = [
        person(1),
        person(2, bbox=[50, 70, 30, 30]),
        person(3, bbox=[200, 200, 10, 10]),
        person(4, bbox=[5, 5, 0, 10]),
        person(5, iscrowd=1),
        person(6, category_id=2),
        person(7, image_id=2),
        person(8, image_id=3),
        person(9, image_id=99),
        person(10, bbox=[5, 5, "x", 10]),
        person(1),
        person(11, image_id=4),
    ]
    result = send(lead, project, coco_file(images, persons), ("a.png", png()), ("turned.png", png(seed=1)))
    assert result["persons"] == 2
    reasons = {item["id"]: item["reason"] for item in result["refused_persons"]}
    assert set(reasons) == {"3", "4", "5", "7", "8", "9", "10", "1", "11"}
    assert "outside" in reasons["3"]
    assert "crowd" in reasons["5"]
    assert reasons["7"].startswith("missing.png: ")
    assert "60 x 80" in reasons["8"]
    assert "80 x 60" in reasons["8"]
    assert {item["file"] for item in result["refused"]} == {"missing.png", "turned.png"}
    assert [note["id"] for note in result["notes"]] == ["2"]
    boxes = [p["bbox"] for p in lead.ok("GET", f"/api/projects/{project}/persons")["items"]]
    assert boxes == [[5, 5, 20, 30], [50, 70, 10, 10]]


def test_no_number_is_not_a_number(app: FastAPI, lead: Api) -> None:
    content = coco_file([image(1, "a.png")], [person(1), person(2)]).replace(b"[5, 5, 20, 30]", b"[5, 5, NaN, 30]", 1)
    result = send(lead, lead.project(), content, ("a.png", png()))
    assert (result["persons"], [item["id"] for item in result["refused_persons"]]) == (1, ["1"])


def test_a_file_that_is_not_coco_stores_nothing(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    for content in (b"", b"[]", b"{", b'{"images": 1}', b"\xff\xfe", b"[" * 100_000):
        files = [("coco", ("persons.json", content)), ("files", ("a.png", png()))]
        problem = lead.fails("POST", f"/api/projects/{project}/coco", 422, files=files)
        assert problem["detail"].startswith("persons.json: ")
    assert lead.ok("GET", f"/api/projects/{project}/images")["items"] == []


def test_names_with_folders(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    images = [image(1, "train/a.png"), image(2, "b.png"), image(3, "val/c.png"), image(4, "c.png")]
    archive = zipped(
        ("train/a.png", png(seed=1)), ("deep/b.png", png(seed=2)), ("val/c.png", png(seed=3)), ("x/c.png", png(seed=4))
    )
    persons = [person(n, image_id=n) for n in (1, 2, 3, 4)]
    result = send(lead, project, coco_file(images, persons), ("all.zip", archive))
    assert result["persons"] == 3
    assert [item["file"] for item in result["refused"]] == ["c.png"]  # two images end in this name


def test_from_disk(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(png())
    (tmp_path / "persons.json").write_bytes(coco_file([image(1, "a.png")], [person(1)]))
    project = UUID(lead.project())
    result = coco.import_coco_file(state, project, None, tmp_path / "persons.json", [tmp_path / "photos"])
    assert (result.persons, len(result.stored)) == (1, 1)


def test_persons_never_land_on_the_photo_of_another_folder(
    app: FastAPI, lead: Api, state: State, tmp_path: Path
) -> None:
    (tmp_path / "photos" / "seq1").mkdir(parents=True)
    (tmp_path / "photos" / "seq1" / "0001.png").write_bytes(png())
    images = [image(1, "seq1/0001.png"), image(2, "seq2/0001.png")]
    (tmp_path / "persons.json").write_bytes(coco_file(images, [person(1), person(2, image_id=2)]))
    for number, folder in enumerate((tmp_path / "photos", tmp_path / "photos" / "seq1")):
        project = lead.project(name=f"P{number}")
        result = coco.import_coco_file(state, UUID(project), None, tmp_path / "persons.json", [folder])
        assert result.persons == 1 - number  # 0001.png alone could be either
        assert "2" in {refused.id for refused in result.refused_persons}
        assert "seq2/0001.png" in {refused.file for refused in result.refused}


def test_a_name_is_found_by_the_end_of_its_path(app: FastAPI, lead: Api) -> None:
    images = [image(1, "train/a.png"), image(2, "b.png"), image(3, "other/c.png")]
    persons = [person(n, image_id=n) for n in (1, 2, 3)]
    archive = zipped(("deep/b.png", png(seed=2)), ("deep/c.png", png(seed=3)))
    sent = (("a.png", png(seed=1)), ("all.zip", archive))
    result = send(lead, lead.project(), coco_file(images, persons), *sent)
    assert (result["persons"], [item["file"] for item in result["refused"]]) == (2, ["other/c.png"])


def test_a_second_name_of_the_same_bytes_means_their_image(app: FastAPI, lead: Api) -> None:
    images = [image(1, "a.png"), image(2, "b.png")]
    content = coco_file(images, [person(1), person(2, image_id=2)])
    for number, sent in enumerate(
        ([("a.png", png()), ("b.png", png())], [("all.zip", zipped(("a.png", png()), ("b.png", png())))])
    ):
        result = send(lead, lead.project(name=f"P{number}"), content, *sent)
        assert (result["persons"], result["refused_persons"], len(result["stored"])) == (2, [], 1)


def test_a_file_that_was_renamed_is_found_by_the_name_it_came_under(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    send(lead, project, coco_file([], []), ("a.png", png(seed=1)))
    result = send(lead, project, coco_file([image(1, "a.png")], [person(1)]), ("a.png", png(seed=2)))
    assert result["stored"][0]["image"]["file_name"] != "a.png"
    assert result["stored"][0]["image"]["persons"] == 1


def test_ids_that_no_export_keeps_are_told(app: FastAPI, lead: Api) -> None:
    content = coco_file([image(0, "a.png")], [person(0, image_id=0), person(10**15, image_id=0)])
    result = send(lead, lead.project(), content, ("a.png", png()))
    assert (result["persons"], [refused["id"] for refused in result["refused_persons"]]) == (1, ["0"])
    assert result["refused_persons"][0]["reason"].startswith("id-positive")
    assert "more than 15 digits" in result["notes"][0]["note"]
    assert "1 images" in result["remarks"][-1]
