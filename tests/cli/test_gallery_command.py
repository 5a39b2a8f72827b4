"""`densemark gallery` and `densemark export --open`: the page is written, the browser is left alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import surface
from export import formats
from export.records import ImageRecord
from tests.cli.commands import ok, refused
from tests.export.people import person_of


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A file of one annotated person on the default body, and its photo beside it."""
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (80, 60), "teal").save(tmp_path / "photos" / "a.png")
    image, body = ImageRecord(1, "a.png", 80, 60), surface.load()
    person = person_of(
        np.full((40, 40), 14, np.uint8), (10, 10), image, [[20, 20]], [[23, 0.5, 0.5]], id=7,
        bbox=(10.0, 10.0, 40.0, 40.0), area=1.0,
    )  # fmt: skip
    path = tmp_path / "dataset.json"
    info = {"densemark": {"body": "anny", "body_hash": body.hash}}
    formats.write("densepose-coco", path, body, [image], [person], info)
    return path


def test_a_dataset_file_becomes_a_page_beside_it(dataset: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = ("gallery", dataset, "--images", tmp_path / "photos", "--no-browser")
    said = ok(*words, data=data)
    assert f"wrote {tmp_path / 'gallery.html'}: 1 person," in said
    assert '"photo":"data:image/jpeg;base64,' in (tmp_path / "gallery.html").read_text()
    text = dataset.read_text()
    dataset.write_text(text.replace(surface.load().hash, "ab" * 32))
    assert "are on body abababababab, which is not here" in refused(*words, data=data)
    assert "are on body abababababab, not on 'anny'" in refused(*words, "--body", "anny", data=data)
    dataset.write_text("[")
    assert "dataset.json" in refused(*words, data=data)


def test_an_export_is_opened_as_a_page_of_the_projects_own_photos(dataset: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    ok("import", "Street", "--images", tmp_path / "photos", "--coco", dataset, "--create", data=data)
    words = ("export", "Street", "--out", out, "--open", "--no-browser")
    told = json.loads(ok(*words, "--format", "coco", "--json", data=data))
    assert [Path(file).name for file in told["files"]] == ["coco.json"]
    text = (out / "gallery.html").read_text()
    assert "<title>Street</title>" in text
    assert '"photo":"data:image/jpeg;base64,' in text
