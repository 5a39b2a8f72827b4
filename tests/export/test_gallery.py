"""The page of a dataset: what it holds, what it leaves out, and that nothing in it leads outside."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

import surface
from export import formats, gallery
from export.records import ImageRecord
from tests.export.people import person_of
from tests.server.worm import worm

BODY = surface.load()
PHOTO = ImageRecord(11, "a/</script><b>.jpg", 120, 90)


def photo(name):
    """Left half red, right half blue."""
    assert name == PHOTO.file_name
    picture = np.zeros((90, 120, 3), np.uint8)
    picture[:, :60, 0] = picture[:, 60:, 2] = 255
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def person(key, points=2, **values):
    rng = np.random.default_rng(key)
    label_map = np.full((40, 40), 14, np.uint8)
    label_map[:, 20:] = 1
    face, bary = rng.integers(0, len(BODY.faces), points), rng.dirichlet([1, 1, 1], points)
    return person_of(
        label_map, (40, 30), PHOTO, xy=rng.uniform(45, 65, (points, 2)), iuv=np.stack(BODY.to_iuv(face, bary), axis=1),
        face=face, bary=bary, id=key, bbox=(40.0, 30.0, 40.0, 40.0), area=1.0, **values,
    )  # fmt: skip


def made(folder, persons, format_="densepose-coco", body=BODY, most=200, find=photo, info=None):
    path = folder / "dataset.json"
    formats.write(format_, path, body, [PHOTO], persons, info)
    page = folder / "page.html"
    gallery.write(page, gallery.read([path], most), body, find, "Street & <i>Co</i> {{data}}")
    text = page.read_text()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    return text, json.loads(data)


def decoded(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))


def test_photo_mask_and_points_lie_over_each_other(tmp_path):
    given = person(1, 5)
    _, data = made(tmp_path, [given])
    (shown,) = data["persons"]
    margin = 0.12 * 40
    side = 40 + 2 * margin
    assert np.allclose(shown["box"], [margin / side, margin / side, 40 / side, 40 / side])
    crop = decoded(shown["photo"])
    x_of_colour_change = 40 - margin + np.argmax(crop[30, :, 2] > 128) * side / crop.shape[1]
    assert abs(x_of_colour_change - 60) < 1.5
    mask = decoded(shown["mask"])
    assert mask[100, 50].tolist() == [*BODY.colours[13].tolist(), 255]
    assert mask[100, 200].tolist() == [*BODY.colours[0].tolist(), 255]
    place = np.array([point[:2] for point in shown["points"]]) * side + (40 - margin, 30 - margin)
    assert np.allclose(place, given.points.xy, atol=1e-3)
    on_body = np.array([point[3:6] for point in shown["points"]])
    assert np.allclose(on_body, BODY.position(given.points.face, given.points.bary), atol=2e-4)
    assert [point[2] for point in shown["points"]] == BODY.part(given.points.face).tolist()


def test_vertices_of_any_body_and_persons_without_points(tmp_path):
    body = worm()
    label_map = np.full((40, 40), 2, np.uint8)
    marked = person_of(label_map, (40, 30), PHOTO, xy=[[50, 50]], iuv=[[1, 0, 0]], face=[9], bary=[[0, 0, 1]], id=1,
                       bbox=(40.0, 30.0, 40.0, 40.0), area=1.0)  # fmt: skip
    outlined = person(2, 0, segmentation=[[40, 30, 60, 30, 60, 70, 40, 70]])
    _, data = made(tmp_path, [marked, outlined], "densepose-cse", body)
    first, second = data["persons"]
    (point,) = first["points"]
    assert np.allclose(point[3:6], body.vertices[body.faces[9, 2]], atol=1e-4)
    assert point[-1] == f"vertex {body.faces[9, 2]}"
    assert (decoded(first["mask"])[..., 3] == 255).all()
    assert second["points"] == []
    assert (decoded(second["mask"])[100, :, 3] > 0).tolist() == [True] * 128 + [False] * 128


def test_the_mesh_comes_back_from_the_page(tmp_path):
    _, data = made(tmp_path, [])
    body = data["body"]
    faces = np.frombuffer(base64.b64decode(body["faces"]), "<u4" if body["wide"] else "<u2").reshape(-1, 3)
    assert np.array_equal(faces, BODY.faces)
    stored = np.frombuffer(base64.b64decode(body["vertices"]), "<i2").reshape(-1, 3)
    assert np.abs(stored / 32767 * body["half"] + body["centre"] - BODY.vertices).max() < 1e-4
    assert np.array_equal(np.frombuffer(base64.b64decode(body["faceParts"]), np.uint8), BODY.face_part)


def test_persons_with_points_come_first_and_the_rest_is_counted(tmp_path):
    persons = [person(key, 0 if key % 3 else 1) for key in range(1, 31)]
    _, data = made(tmp_path, persons, most=12)
    assert [len(data["persons"]), data["count"], data["annotated"]] == [12, 30, 10]
    assert [entry["id"] for entry in data["persons"]] == [*range(3, 31, 3), 1, 2]


def test_the_page_needs_nothing_else_and_no_name_ends_its_script(tmp_path):
    text, data = made(tmp_path, [person(1)])
    assert data["persons"][0]["image"] == PHOTO.file_name
    assert text.count("</script>") == 2
    assert "<title>Street &amp; &lt;i&gt;Co&lt;/i&gt; &#123;&#123;data}}</title>" in text
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\"'`\s]+", text)) == {"http://www.w3.org/2000/svg"}
    assert made(tmp_path, [person(1)])[0] == text


def test_a_photo_that_is_gone_or_no_photo_is_left_out(tmp_path):
    for content in (None, b"no photo"):
        _, data = made(tmp_path, [person(1)], find=lambda _, content=content: content)
        assert data["persons"][0]["photo"] is None


def test_what_is_no_dataset_is_refused_and_nothing_is_left(tmp_path):
    path = tmp_path / "dataset.json"
    path.write_text('{"images": []}')
    with pytest.raises(ValueError, match=r"dataset\.json: no dataset file"):
        gallery.read([path])
    formats.write("densepose-coco", path, BODY, [PHOTO], [person(7)])
    broken = json.loads(path.read_text())
    broken["annotations"][0]["dp_I"][1] = 0.0
    path.write_text(json.dumps(broken))
    gallery.write(tmp_path / "page.html", gallery.read([path]), BODY, photo, "x")
    assert '"points":[[' in (tmp_path / "page.html").read_text(), "the other point"
    (tmp_path / "page.html").unlink()
    broken["annotations"][0]["dp_U"] = [float("nan")] * 2
    path.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match="annotation 7: U and V must be finite"):
        gallery.write(tmp_path / "page.html", gallery.read([path]), BODY, photo, "x")
    assert [file.name for file in tmp_path.iterdir()] == ["dataset.json"]


@pytest.mark.parametrize(
    ("image", "changes", "message"),
    [
        ({"width": float("inf")}, {}, "annotation 7: image 11 has no usable size"),
        ({"width": 10**9, "height": 10**9}, {}, "annotation 7: image 11 has no usable size"),
        ({"id": [1]}, {}, r"image number 0: id is \[1\]"),
        ({}, {"image_id": {"a": 1}}, r"annotation 7: image_id is \{'a': 1\}"),
        ({}, {"dp_masks": [[]] * 300}, "annotation 7: dp_masks has 300 items"),
        ({}, {"dp_masks": [{"size": [10, 10], "counts": [100]}]}, r"annotation 7: a mask has the size \[10, 10\]"),
        (
            {},
            {"dp_masks": [], "segmentation": [[0, 0, 1e9, 0, 1e9, 1e9]]},
            "annotation 7: segmentation: polygon 0 reaches",
        ),
        ({}, {"dp_U": [10**400, 0.5]}, "annotation 7: int too large"),
    ],
)
def test_a_broken_entry_is_named_in_one_line(tmp_path, image, changes, message):
    path = tmp_path / "dataset.json"
    formats.write("densepose-coco", path, BODY, [PHOTO], [person(7)])
    broken = json.loads(path.read_text())
    broken["images"][0].update(image)
    broken["annotations"][0].update(changes)
    path.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match=message):
        gallery.write(tmp_path / "page.html", gallery.read([path]), BODY, photo, "x")
