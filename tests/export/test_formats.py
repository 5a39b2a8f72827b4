"""What each format's file says, read back by nothing but JSON and pycocotools."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import surface
from annotation.masks import region_of
from export import coco, formats
from export.check import check
from export.densepose_parts import FINE_TO_COARSE
from export.records import ImageRecord
from export.square import SIZE, dp_masks, from_box, label_points, resample_mask, to_box
from tests.export.people import IMAGE, person_of, points_of
from tests.server.worm import worm

BODY = surface.load()
KEYS = {"id", "image_id", "category_id", "iscrowd", "bbox", "area", "segmentation"}
PLACES = {"dp_masks", "dp_x", "dp_y"}
OF_FORMAT = {
    "densepose-coco": PLACES | {"dp_I", "dp_U", "dp_V"},
    "densepose-cse": PLACES | {"dp_vertex", "ref_model"},
    "coco": set(),
}


@st.composite
def people(draw, key=1):
    """A person with a fractional box, a mask of blocks over its hull, and points of the default body on it."""
    x, y = draw(st.floats(0, IMAGE.width - 20)), draw(st.floats(0, IMAGE.height - 20))
    bbox = (x, y, draw(st.floats(4, IMAGE.width - x)), draw(st.floats(4, IMAGE.height - y)))
    x0, y0, columns, rows = region_of(bbox, IMAGE.width, IMAGE.height)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    block = draw(st.integers(2, 40))
    coarse = rng.integers(0, 15, (rows // block + 1, columns // block + 1)).astype(np.uint8)
    label_map = np.kron(coarse, np.ones((block, block), np.uint8))[:rows, :columns]
    label_map[rows // 2, columns // 2] = 1
    row, column = np.nonzero(label_map)
    pick = rng.integers(0, len(row), draw(st.integers(0, 20)))
    xy = np.stack([column[pick] + x0 + 0.5, row[pick] + y0 + 0.5], axis=1)
    xy = np.clip(xy, bbox[:2], np.add(bbox[:2], bbox[2:]))
    face = rng.integers(0, len(BODY.faces), len(pick))
    bary = rng.dirichlet([1, 1, 1], len(pick))
    return person_of(
        label_map, (x0, y0), xy=xy, iuv=np.stack(BODY.to_iuv(face, bary), axis=1), face=face, bary=bary,
        id=key, bbox=bbox, area=bbox[2] * bbox[3] / 2,
        keypoints=draw(st.none() | st.just([float(n) for n in range(51)])),
    )  # fmt: skip


def written(tmp_path_factory, format_, persons, body=BODY, images=(IMAGE,), **more):
    path = tmp_path_factory.mktemp("f") / "out.json"
    counts = formats.write(format_, path, body, images, persons, **more)
    document = json.loads(path.read_text())
    assert counts["persons"] == len(document["annotations"])
    assert check(path).errors == []
    return document


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=9),
    st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.floats(1, 5000), st.floats(1, 5000)),
)
def test_the_square_and_back_is_where_it_began(xy, bbox):
    assert np.allclose(from_box(to_box(xy, bbox), bbox), xy, atol=1e-9)
    corners = to_box([bbox[:2], np.add(bbox[:2], bbox[2:])], bbox)
    assert np.allclose(corners, [[0, 0], [SIZE, SIZE]], atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 60), st.integers(0, 60), st.integers(0, 99))
def test_a_mask_is_neither_shifted_nor_mirrored_by_the_square(w, h, x, y, seed):
    """Mirroring the image mirrors the square, and every pixel covers the cells whose centres lie in it."""
    label_map = np.random.default_rng(seed).integers(0, 15, (h, w)).astype(np.uint8)
    square = resample_mask(label_map, (x, y), (x, y, w, h))
    # a centre on the border of two pixels belongs to the right (lower) one, in the mirror to the other
    on_border = ((np.arange(SIZE) + 0.5) / SIZE * w) % 1 == 0
    mirrored = resample_mask(label_map[:, ::-1].copy(), (x, y), (x, y, w, h))[:, ::-1]
    assert np.array_equal(square[:, ~on_border], mirrored[:, ~on_border])
    column = ((np.arange(SIZE) + 0.5) * w // SIZE).astype(int)
    row = ((np.arange(SIZE) + 0.5) * h // SIZE).astype(int)
    assert np.array_equal(square, label_map[np.ix_(row, column)])


@pytest.mark.parametrize("format_", formats.FORMATS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_every_format_gives_back_what_was_written(tmp_path_factory, format_, data):
    persons = [data.draw(people(key)) for key in (3, 4)]
    document = written(tmp_path_factory, format_, persons)
    for person, entry in zip(persons, document["annotations"], strict=True):
        assert [entry["id"], entry["image_id"], entry["iscrowd"], entry["category_id"]] == [person.id, 11, 0, 1]
        assert entry["bbox"] == list(person.bbox)
        assert entry.get("keypoints") == person.keypoints
        assert entry["segmentation"]
        expected = KEYS | (OF_FORMAT[format_] if len(person.points) else set())
        assert set(entry) - {"keypoints", "num_keypoints"} == expected
        numbers = [entry["area"], *entry["bbox"], *(v for key in ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
                   for v in entry.get(key, []))]  # fmt: skip
        assert {type(value) for value in numbers} == {float}
        if format_ == "coco" or not len(person.points):
            continue
        place = from_box(np.stack([entry["dp_x"], entry["dp_y"]], axis=1), person.bbox)
        assert np.allclose(place, person.points.xy, atol=1e-9)
        label_map, origin = person.label_map(IMAGE)
        square = resample_mask(label_map, origin, person.bbox)
        square = label_points(square, person.points.xy, label_map, origin, person.bbox)
        assert entry["dp_masks"] == dp_masks(square)
        if format_ == "densepose-coco":
            assert np.array_equal(np.stack([entry[f"dp_{k}"] for k in "IUV"], axis=1), person.points.iuv)
        else:
            assert entry["ref_model"] == "anny"
            assert {type(value) for value in entry["dp_vertex"]} == {int}
            reached = BODY.vertices[entry["dp_vertex"]]
            corners = BODY.vertices[BODY.faces[person.points.face]]
            assert (reached[:, None] == corners).all(axis=2).any(axis=1).all()


def test_a_point_goes_to_the_corner_with_the_largest_weight(tmp_path_factory):
    label_map = np.ones((40, 40), np.uint8)
    person = person_of(
        label_map, (10, 10), xy=[[20, 20]] * 4, iuv=[[1, 0, 0]] * 4, face=[0, 0, 0, 5],
        bary=[[0.2, 0.5, 0.3], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
        bbox=(10.0, 10.0, 40.0, 40.0), area=1.0,
    )  # fmt: skip
    body = replace(BODY, name="smpl_27554")
    (entry,) = written(tmp_path_factory, "densepose-cse", [person], body)["annotations"]
    assert entry["dp_vertex"] == [*BODY.faces[0][[1, 0, 2]].tolist(), int(BODY.faces[5, 0])]
    assert entry["ref_model"] == "smpl_27554"


def test_the_reader_of_the_reference_finds_one_foreground_on_a_body_with_other_parts(tmp_path_factory):
    """Its flip would swap labels 2 and 3, its evaluator takes len() and item 0 of dp_masks."""
    other = worm()
    assert len(other.part_names) == 3
    label_map = np.tile(np.arange(3, dtype=np.uint8), (60, 20))
    person = person_of(
        label_map, (10, 10), xy=[[20.5, 20.5]], iuv=[[1, 0, 0]], face=[7], bary=[[0, 1, 0]],
        bbox=(10.0, 10.0, 60.0, 60.0), area=1.0,
    )  # fmt: skip
    (entry,) = written(tmp_path_factory, "densepose-cse", [person], other)["annotations"]
    assert len(entry["dp_masks"]) == 14
    assert entry["dp_masks"][1:] == [[]] * 13
    found = coco_mask.decode(entry["dp_masks"][0])
    assert np.array_equal(found, resample_mask((label_map > 0).astype(np.uint8), (10, 10), person.bbox))
    assert entry["dp_vertex"] == [int(other.faces[7, 1])]
    with pytest.raises(ValueError, match="needs the 14 parts of DensePose"):
        formats.write("densepose-coco", tmp_path_factory.mktemp("f") / "x.json", other, [IMAGE], [person])


def test_imported_masks_are_written_as_they_came(tmp_path_factory):
    label_map = np.ones((40, 40), np.uint8)
    stretched = np.random.default_rng(0).integers(0, 15, (256, 256)).astype(np.uint8)
    person = person_of(
        label_map, (10, 10), xy=[[20.5, 20.5]], iuv=[[2, 0.5, 0.5]], face=[0], bary=[[1, 0, 0]],
        bbox=(10.0, 10.0, 40.0, 40.0), area=1.0, square=dp_masks(stretched),
    )  # fmt: skip
    for format_ in ("densepose-coco", "densepose-cse"):
        (entry,) = written(tmp_path_factory, format_, [person])["annotations"]
        assert entry["dp_masks"] == person.square
        assert coco_mask.decode(entry["segmentation"]).sum() == 1600, "the outline is still that of the mask"


def test_plain_coco_is_read_by_pycocotools(tmp_path_factory):
    path = tmp_path_factory.mktemp("f") / "coco.json"
    rng = np.random.default_rng(0)
    persons = [
        person_of(id=1, bbox=(1.0, 2.0, 30.0, 40.0), area=9.0, segmentation=[[1, 2, 30, 2, 30, 40]],
                  keypoints=[*rng.random(51)]),
        person_of(np.full((9, 9), 3, np.uint8), (20, 20), id=2, bbox=(20.0, 20.0, 9.0, 9.0), area=0.5,
                  xy=[[22, 22]], iuv=[[3, 0, 0]]),
    ]  # fmt: skip
    assert formats.write("coco", path, None, [IMAGE], persons) == {"images": 1, "persons": 2, "keypoints": 0}
    with contextlib.redirect_stdout(io.StringIO()):
        read = COCO(str(path))
    (category,) = read.loadCats([1])
    assert category["name"] == "person"
    assert len(category["keypoints"]) == 17
    assert [category["keypoints"][k - 1] for k in category["skeleton"][0]] == ["left_ankle", "left_knee"]
    assert read.annToMask(read.anns[2]).sum() == 81 == read.anns[2]["area"]
    assert "dp_x" not in path.read_text()


def test_licences_and_sources_of_images(tmp_path_factory):
    by = {"licence": "CC BY 2.0", "licence_url": "https://creativecommons.org/licenses/by/2.0/"}
    images = [
        ImageRecord(9, "c.jpg", 5, 5, source_url="http://images.cocodataset.org/train2017/c.jpg", **by),
        ImageRecord(2, "a.jpg", 5, 5, attribution="A. Nobody", source_url="https://farm1.staticflickr.com/1_z.jpg",
                    licence="CC0"),
        ImageRecord(7, "b.jpg", 5, 5, source_url="https://example.org/b?x=cocodataset.org"),
    ]  # fmt: skip
    known = [{"id": 4, "name": "CC BY 2.0", "url": by["licence_url"]}]
    document = written(tmp_path_factory, "coco", [], images=images, licenses=known)
    assert document["licenses"] == [*known, {"id": 5, "name": "CC0", "url": ""}]
    size = {"width": 5, "height": 5}
    assert document["images"] == [
        {"id": 2, "file_name": "a.jpg", **size, "license": 5,
         "flickr_url": "https://farm1.staticflickr.com/1_z.jpg", "attribution": "A. Nobody"},
        {"id": 7, "file_name": "b.jpg", **size, "source_url": "https://example.org/b?x=cocodataset.org"},
        {"id": 9, "file_name": "c.jpg", **size, "license": 4,
         "coco_url": "http://images.cocodataset.org/train2017/c.jpg"},
    ]  # fmt: skip
    assert coco.licences(images) == coco.licences(images[::-1])


def test_labels_go_to_persons_with_points_and_nothing_is_left_of_a_file_that_fails(tmp_path):
    label_map = np.ones((40, 40), np.uint8)
    marked = person_of(label_map, (10, 10), xy=[[20, 20]], iuv=[[FINE_TO_COARSE.index(1), 0, 0]], id=1,
                       bbox=(10.0, 10.0, 40.0, 40.0), area=1.0)  # fmt: skip
    bare = replace(marked, id=2, points=points_of())
    formats.write("densepose-coco", tmp_path / "a.json", BODY, [IMAGE], [marked, bare], labels={"made": "up"})
    entries = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert [entry.get("made") for entry in entries] == ["up", None]
    before = (tmp_path / "a.json").read_bytes()

    def interrupted():
        yield marked
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        formats.write("densepose-coco", tmp_path / "a.json", BODY, [IMAGE], interrupted())
    broken = replace(marked, points=replace(marked.points, face=np.array([10**6], np.int32)))
    with pytest.raises(ValueError, match="person 1: a face is outside 0"):
        formats.write("densepose-cse", tmp_path / "a.json", BODY, [IMAGE], [broken])
    with pytest.raises(ValueError, match="names vertices: it needs the body"):
        formats.write("densepose-cse", tmp_path / "a.json", None, [IMAGE], [])
    with pytest.raises(ValueError, match="format 'voc' is not one of"):
        formats.write("voc", tmp_path / "a.json", None, [IMAGE], [])
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == before
