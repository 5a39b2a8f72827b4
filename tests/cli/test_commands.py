"""The commands on a real data folder; each way in which one can end, as a process of its own, too."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotation_db.repositories import projects
from cli.common import open_state
from tests.cli.commands import here, ok, one_line, process, refused, went_well
from tests.server.worm import worm

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "data"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos in nested folders, a text file that calls itself a photo, and a COCO file over them."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name in ("a.png", "deep/b.jpg"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(path)
    (folder / "c.jpg").write_text("not a photo")
    person = {"category_id": 1, "iscrowd": 0, "area": 400, "segmentation": [[5, 5, 25, 5, 25, 25, 5, 25]]}
    coco = {
        "images": [
            {"id": 1, "file_name": "a.png", "width": 80, "height": 60},
            {"id": 2, "file_name": "b.jpg", "width": 80, "height": 60},
            {"id": 3, "file_name": "lost.jpg", "width": 80, "height": 60},
        ],
        "annotations": [
            {"id": 10, "image_id": 1, "bbox": [5, 5, 20, 20], **person},
            {"id": 11, "image_id": 2, "bbox": [5, 5, 20, 20], **person},
            {"id": 12, "image_id": 2, "bbox": [500, 5, 20, 20], **person},
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    (folder / "persons.json").write_text(json.dumps(coco))
    return folder


def test_accounts(data: Path) -> None:
    words = ("user", "add", "ada", "--role", "admin", "--name", "Ada L.")
    went_well(process(*words, data=data, text=PASSWORD + "\n"))
    ok("user", "add", "ann", data=data, text=PASSWORD + "\n")
    assert "Ada already" in one_line(process("user", "add", "Ada", data=data, text=PASSWORD + "\n"))
    assert "8 to 200" in refused("user", "add", "bob", data=data, text="short\n")
    ok("user", "passwd", "ann", data=data, text="another password\n")
    assert "nobody" in refused("user", "passwd", "nobody", data=data, text=PASSWORD + "\n")
    users = json.loads(ok("user", "list", "--json", data=data))
    assert [(u["username"], u["name"], u["role"]) for u in users] == [
        ("ada", "Ada L.", "admin"),
        ("ann", "ann", "annotator"),
    ]


def test_a_project_is_made_on_the_body_that_is_named(photos: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "bodies").mkdir(parents=True)
    worm().save(data / "bodies" / "worm.npz")
    words = ("import", "Worms", "--images", photos / "a.png", "--create", "--body")
    assert "there is no body 'horse'; there are: anny, worm" in refused(*words, "horse", data=data)
    assert "1 photos stored" in ok(*words, "worm", data=data)
    assert "on the body 'worm', not on 'anny'" in refused(*words, "anny", data=data)
    with open_state(data) as state, state.database.read() as session:
        found = [(project.name, project.body_hash) for project in projects.page(session, None, None, 9)]
    assert found == [("Worms", worm().hash)]


def test_import_export_check(data: Path, photos: Path, tmp_path: Path) -> None:
    assert "no project" in refused("import", "Street", "--images", photos, data=data)
    words = ("import", "Street", "--images", photos, "--coco", photos / "persons.json", "--create", "--json")
    first = json.loads(ok(*words, data=data))
    assert sorted(entry["file"] for entry in first["stored"]) == ["a.png", "deep/b.jpg"]
    assert first["persons"] == 2
    assert {"c.jpg", "lost.jpg"} <= {entry["file"] for entry in first["refused"]}
    assert [entry["id"] for entry in first["refused_persons"]] == ["12"]
    again = json.loads(ok(*words, data=data))
    assert again["persons"] == 0
    assert len(again["stored"]) == 0

    out = tmp_path / "out"
    result = json.loads(ok("export", "Street", "--out", out, "--split", "train=.5,val=.5", "--json", data=data))
    assert [Path(file).name for file in result["files"]] == ["densepose-coco-train.json", "densepose-coco-val.json"]
    exported = [json.loads(Path(file).read_text()) for file in result["files"]]
    assert sum(len(part["images"]) for part in exported) == 2
    assert sum(len(part["annotations"]) for part in exported) == 2
    for file in result["files"]:
        assert "no breach" in ok("check", file, data=data)


def test_check_names_the_annotation_and_the_rule(data: Path, tmp_path: Path) -> None:
    annotation = {
        "id": 7, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [0.0, 0.0, 20.0, 20.0], "area": 400.0,
        "segmentation": [[0, 0, 20, 0, 20, 20]], "dp_masks": [[]] * 14, "dp_x": [10.0], "dp_y": [10.0],
        "dp_I": [25.0], "dp_U": [0.5], "dp_V": [0.5],
    }  # fmt: skip
    path = tmp_path / "broken.json"
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 80, "height": 60}],
        "annotations": [annotation],
        "categories": [{"id": 1, "name": "person"}],
    }
    path.write_text(json.dumps(document))
    done = here("check", path, data=data)
    assert done.returncode == 1
    assert "annotation 7" in done.stdout
    assert "25" in done.stdout
    path.write_text("{")
    assert "broken.json" in refused("check", path, data=data)


def test_bodies(data: Path, tmp_path: Path) -> None:
    listed = json.loads(ok("body", "list", "--json", data=data))
    assert [(body["name"], body["charts"], body["parts"]) for body in listed] == [("anny", 24, 14)]
    shown = json.loads(ok("body", "show", "anny", "--json", data=data))
    assert shown["hash"] == listed[0]["hash"]
    assert [chart["I"] for chart in shown["charts"]] == list(range(1, 25))
    assert "no body" in refused("body", "show", "nobody", data=data)


@pytest.mark.slow
def test_demo_check_leaves_a_dataset_that_pycocotools_loads(tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    folder = tmp_path / "demo"
    for _ in range(2):  # the second run finds everything there and annotates the person anew
        went_well(process("demo", "--check", data=folder))
    coco = COCO(str(folder / "exports" / "demo-check.json"))
    annotated = [entry for entry in coco.dataset["annotations"] if "dp_x" in entry]
    assert len(annotated) == 1
    assert len(annotated[0]["dp_x"]) >= 40
    assert sum(bool(mask) for mask in annotated[0]["dp_masks"]) == 6  # all that the photo shows


def test_usage_errors_are_short(data: Path) -> None:
    done = process("export", "Street", data=data)
    assert done.returncode == 2
    assert "--out" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_body_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies" / "torn.npz").write_bytes(b"PK torn")
    done = here("body", "list", "--json", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)] == ["anny"]
    assert "torn.npz" in done.stderr


def test_brackets_in_a_complaint_are_no_markup(tmp_path: Path) -> None:
    assert "no body '[red].npz'" in refused("body", "show", "[red].npz", data=tmp_path / "data")


def test_reading_commands_make_no_data(tmp_path: Path) -> None:
    assert "no DenseMark data" in refused("user", "list", data=tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_a_data_folder_that_is_a_file_and_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be used" in refused("user", "add", "ada", data=tmp_path / "file", text=PASSWORD + "\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "densemark.db").write_bytes(b"nothing that SQLite knows" * 1000)
    line = refused("user", "list", data=tmp_path / "data")
    assert "cannot be used" in line
    assert "SELECT" not in line


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for words in (("serve",), ("demo", "--no-browser"), ("demo", "--check")):
            assert f"cannot listen on 127.0.0.1:{port}" in refused(*words, "--port", port, data=tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_published_passwords_do_not_leave_the_machine(tmp_path: Path) -> None:
    assert "published" in refused("demo", "--host", "0.0.0.0", data=tmp_path / "data")
    ok("user", "add", "ann", data=tmp_path / "data", text="densemark-demo\n")
    ok("user", "add", "lead", "--role", "lead", data=tmp_path / "data", text="densemark-demo\n")
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        port = str(probe.getsockname()[1])
    assert "lead still" in refused("serve", "--host", "0.0.0.0", "--port", port, data=tmp_path / "data")
