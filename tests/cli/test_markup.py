"""Names that look like the markup of a terminal library come out as they are."""

import json

import pytest

from tests.cli.commands import here, ok
from tests.server.people import png

NAMES = ("[/c].txt", "[red]x.txt", "[bold", "a[/]b.txt")


def test_names_of_files_projects_and_snapshots_are_text(tmp_path):
    photos = tmp_path / "photos"
    for name in NAMES:
        (photos / name).parent.mkdir(parents=True, exist_ok=True)  # a slash makes a folder
        (photos / name).write_text("no photo")
    (photos / "[blue]a.png").write_bytes(png())
    data, project = tmp_path / "data", "[/bold] [red]Street"
    images = [{"id": 1, "file_name": "[blue]a.png", "width": 60, "height": 80}]
    persons = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [5, 5, 20, 30], "area": 1.0}]
    coco = tmp_path / "persons.json"
    coco.write_text(json.dumps({"images": images, "annotations": persons, "categories": []}))
    said = ok("import", project, "--create", "--images", photos, "--coco", coco, data=data)
    assert [name for name in (project, *NAMES) if name not in said] == []
    ok("snapshot", "create", project, "[/x] one", "--state", "new", data=data)
    assert "[/x] one" in ok("snapshot", "list", project, data=data)
    assert "one" in ok("snapshot", "show", project, "[/x] one", data=data)  # Markdown, which escapes it
    assert "[/x] one" in ok("snapshot", "delete", project, "[/x] one", data=data)


@pytest.mark.parametrize("name", ["[/x].json", "[red]d.json"])
def test_names_in_messages_are_text(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(json.dumps({"images": [], "annotations": [5], "categories": []}))
    found = here("check", tmp_path / name, data=tmp_path / "data")
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    (tmp_path / name).write_text("[")
    assert name.split("/")[-1] in here("check", tmp_path / name, data=tmp_path / "data").stderr
