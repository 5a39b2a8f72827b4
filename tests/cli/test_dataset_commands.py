"""`densemark import --densepose` and `check` on files that are whole, broken, or on another body."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import here, ok, refused
from tests.server.dense_files import cse, document, entry
from tests.server.people import png


def test_masks_and_points_are_imported_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    data, photos, file = tmp_path / "data", tmp_path / "photos", tmp_path / "dense.json"
    photos.mkdir()
    (photos / "a.png").write_bytes(png())
    file.write_text(json.dumps(document([entry(1), entry(2, dp_U=[1.2] * 20), entry(3, points=5)])))
    told = ok("import", "Street", "--densepose", file, "--images", photos, "--create", "--tag", "val", data=data)
    assert "1 photos stored, 2 persons" in told
    assert "with masks and points: 2 persons, 25 points" in told
    assert "the file does not say which body its charts are of" in told
    assert "person 2  uv-range: dp_U[0] is 1.2" in told
    assert here("import", "Street", "--densepose", file, "--strict", data=data).returncode == 1
    again = json.loads(ok("import", "Street", "--densepose", file, "--json", data=data))
    assert (again["persons"], again["persons_present"], again["points"]) == (0, 2, 0)
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document([cse(entry(4), range(20), "smpl_27554")])))
    message = refused("import", "Street", "--densepose", other, data=data)
    assert "smpl_27554" in message
    assert "--as-project-body" in message
    assert "20 points" in ok("import", "Street", "--densepose", other, "--as-project-body", data=data)
    plain = {key: value for key, value in entry(5).items() if not key.startswith("dp_")}
    other.write_text(json.dumps(document([plain])))
    assert "no person in it carries DensePose data" in refused("import", "Street", "--densepose", other, data=data)
    assert "give --images" in refused("import", "Street", "--densepose", file, "--coco", file, data=data)


def test_check_counts_all_and_lists_a_few(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "dense.json"
    file.write_text(json.dumps(document([entry(n, dp_I=[25.0] * 20) for n in range(1, 31)])))
    done = here("check", file, "--limit", "2", "--images", tmp_path, data=data)
    assert done.returncode == 1
    assert done.stdout.count("chart-range: dp_I") == 2
    assert "... and 598 more of chart-range" in done.stdout
    assert "image 1: 'a.png': No such file" in done.stdout
    file.write_text(json.dumps(document([cse(entry(1), range(20))])))
    (tmp_path / "a.png").write_bytes(png())
    assert "no breach" in ok("check", file, "--images", tmp_path, "--body", "anny", data=data)


def test_a_file_among_its_photos_is_no_photo_and_a_failed_import_makes_no_project(tmp_path: Path) -> None:
    data, photos = tmp_path / "data", tmp_path / "photos"
    photos.mkdir()
    (photos / "a.png").write_bytes(png())
    file = photos / "dense.json"
    file.write_text(json.dumps(document([cse(entry(1), range(20), "smpl_27554")])))
    words = ("import", "Street", "--densepose", file, "--images", photos)
    assert "smpl_27554" in refused(*words, "--create", data=data)
    assert "no project 'Street'" in refused(*words, data=data)
    file.write_text(json.dumps(document([entry(1), entry(1), entry(2, image_id=9)])))
    done = json.loads(ok(*words, "--create", "--json", data=data))
    assert (len(done["stored"]), done["refused"]) == (1, [])
    assert [person["reason"].split(":")[0] for person in done["refused_persons"]] == ["id-unique", "image-missing"]
    other = tmp_path / "other.json"
    other.write_text("{")
    refused("import", "Street", "--coco", other, "--create", data=data)
    assert "1 there already" in ok("import", "Street", "--images", photos / "a.png", data=data)
