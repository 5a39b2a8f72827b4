"""What the writer puts into a DensePose-COCO file, the reference reader gets out again."""

import contextlib
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from annotation.masks import region_of
from export import formats
from export.check import check, check_document
from export.coco import KEYPOINT_NAMES
from export.densepose_coco import entry as annotation
from export.densepose_parts import COARSE_MIRROR, FINE_MIRROR, FINE_TO_COARSE
from export.records import ImageRecord
from export.reference import flipped, image_positions, read_masks, read_person
from export.square import resample_mask, to_box
from tests.export.people import IMAGE, person_of

WIDTH, HEIGHT = IMAGE.width, IMAGE.height


def write(path, images, persons, info=None):
    return formats.write("densepose-coco", path, None, images, persons, info)


@st.composite
def people(draw, key=1):
    """A person with a fractional box in the image, a blocky part mask over its hull, and points on the mask."""
    x, y = draw(st.floats(0, WIDTH - 20)), draw(st.floats(0, HEIGHT - 20))
    w, h = draw(st.floats(4, WIDTH - x)), draw(st.floats(4, HEIGHT - y))
    bbox = (x, y, w, h)
    x0, y0, columns, rows = region_of(bbox, WIDTH, HEIGHT)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    block = draw(st.integers(1, 40))
    coarse = rng.integers(0, 15, (rows // block + 1, columns // block + 1)).astype(np.uint8)
    label_map = np.kron(coarse, np.ones((block, block), np.uint8))[:rows, :columns]
    label_map[rows // 2, columns // 2] = 1  # never empty
    row, column = np.nonzero(label_map)
    pick = rng.integers(0, len(row), draw(st.integers(0, 20)))
    xy = np.stack([column[pick] + x0 + 0.5, row[pick] + y0 + 0.5], axis=1)
    charts = [rng.choice(np.flatnonzero(np.array(FINE_TO_COARSE) == p)) for p in label_map[row[pick], column[pick]]]
    uv = rng.choice([0.0, 1.0, 0.5, rng.random()], (len(pick), 2))
    iuv = np.column_stack([np.array(charts, np.float64).reshape(-1, 1), uv])
    return person_of(label_map, (x0, y0), xy=xy, iuv=iuv, id=key, bbox=bbox, area=w * h / 2)


def inside(person):
    """Points whose pixel centre is in the fractional box; others move to its border, by less than a pixel."""
    x, y, w, h = person.bbox
    px, py = person.points.xy.T
    return (px >= x) & (px <= x + w) & (py >= y) & (py <= y + h)


def through_json(person):
    return json.loads(json.dumps(annotation(person, IMAGE)))


@settings(max_examples=60, deadline=None)
@given(people())
def test_positions_charts_and_coordinates_come_back(person):
    entry = through_json(person)
    if len(person.points) == 0:
        assert not any(key.startswith("dp_") for key in entry)
        return
    read = read_person(entry)
    kept = inside(person)
    assert np.abs(image_positions(read) - person.points.xy)[kept].max(initial=0) < 1e-9
    assert np.abs(image_positions(read) - person.points.xy).max() <= 1
    assert min(read.x.min(), read.y.min()) >= 0
    assert max(read.x.max(), read.y.max()) <= 256
    assert np.array_equal(np.column_stack([read.i, read.u, read.v]), person.points.iuv)


@settings(max_examples=60, deadline=None)
@given(people())
def test_masks_hold_the_image_pixel_under_each_cell(person):
    if len(person.points) == 0:
        return
    masks = read_person(through_json(person)).masks
    x, y, w, h = person.bbox
    image = np.zeros((HEIGHT + 1, WIDTH + 1), np.uint8)
    label_map, (x0, y0) = person.label_map(IMAGE)
    rows, columns = label_map.shape
    image[y0 : y0 + rows, x0 : x0 + columns] = label_map
    rng = np.random.default_rng(0)
    held = {(row, column) for column, row in cells(person).tolist()}
    for row, column in rng.integers(0, 256, (200, 2)):
        if (row, column) in held:
            continue
        pixel = image[int(y + (row + 0.5) / 256 * h), int(x + (column + 0.5) / 256 * w)]
        assert masks[row, column] == pixel


def cells(person):
    """(N, 2) column and row of the cell that each point of a person lies in."""
    place = to_box(person.points.xy, person.bbox).clip(0, 256)
    return np.minimum(place.astype(int), 255)


@settings(max_examples=80, deadline=None)
@given(people())
def test_each_point_lies_on_the_part_that_it_was_marked_on(person):
    """Also in boxes of more than 256 pixels, whose cells skip pixels; where one cell holds points of several parts it
    is one of theirs."""
    if len(person.points) == 0:
        return
    masks = read_person(through_json(person)).masks
    column, row = cells(person).T
    label_map, origin = person.label_map(IMAGE)
    x, y = (np.floor(person.points.xy).astype(int) - origin).T
    meant = label_map[y, x]
    for cell in set(zip(column.tolist(), row.tolist(), strict=True)):
        inside = (column == cell[0]) & (row == cell[1])
        assert masks[cell[1], cell[0]] in meant[inside]


def test_a_part_between_the_centres_of_all_cells_keeps_its_points():
    label_map = np.ones((64, 300), np.uint8)
    skipped = sorted(set(range(300)) - set(np.floor((np.arange(256) + 0.5) * 300 / 256).astype(int).tolist()))[0]
    label_map[:, skipped] = 14
    xy = [(skipped + 0.5, 20.5), (skipped + 1.5, 30.5)]
    person = person_of(label_map, xy=xy, iuv=[(23, 0.5, 0.5), (1, 0.5, 0.5)], bbox=(0.0, 0.0, 300.0, 64.0), area=9.0)
    masks = read_person(through_json(person)).masks
    assert [masks[row, column] for column, row in cells(person)] == [14, 1]
    assert (masks == 14).sum() == 1


@settings(max_examples=20, deadline=None)
@given(people())
def test_what_is_written_passes_the_check(person):
    document = {
        "images": [{"id": 11, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}],
        "annotations": [through_json(person)],
    }
    assert check_document(document).errors == []


@pytest.mark.parametrize(("bbox", "side"), [((0, 0, 256, 256), 256), ((32, 64, 128, 128), 128), ((8, 8, 64, 64), 64)])
def test_whole_boxes_keep_masks_pixel_exactly(bbox, side):
    """At 256 the mask is the label map itself; at 128 every pixel becomes 2 x 2, without a shift."""
    rng = np.random.default_rng(1)
    label_map = rng.integers(0, 15, (side, side)).astype(np.uint8)
    expected = np.kron(label_map, np.ones((256 // side, 256 // side), np.uint8))
    assert np.array_equal(resample_mask(label_map, (bbox[0], bbox[1]), bbox), expected)


def test_pixels_outside_the_region_are_background():
    label_map = np.full((4, 4), 3, np.uint8)
    stretched = resample_mask(label_map, (2, 2), (0, 0, 8, 8))
    assert (stretched == 3).sum() == 128 * 128
    assert stretched[64:192, 64:192].all()


@settings(max_examples=30, deadline=None)
@given(people())
def test_mirroring_twice_is_nothing_and_once_swaps_sides(person):
    if len(person.points) == 0:
        return
    read = read_person(through_json(person))
    once = flipped(read, WIDTH)
    twice = flipped(once, WIDTH)
    assert np.allclose(image_positions(once)[:, 0], WIDTH - image_positions(read)[:, 0])
    assert np.array_equal(once.i, np.array(FINE_MIRROR)[read.i.astype(int)])
    assert np.array_equal(np.bincount(once.masks.ravel(), minlength=15)[list(COARSE_MIRROR)],
                          np.bincount(read.masks.ravel(), minlength=15))  # fmt: skip
    assert np.array_equal(twice.masks, read.masks)
    assert np.allclose(twice.x, read.x)
    assert np.allclose(twice.bbox, read.bbox)


def test_the_flip_without_a_table_is_the_mirror_of_the_default_body():
    import surface

    body = surface.load("anny")
    rng = np.random.default_rng(0)
    first = [np.flatnonzero(body.face_chart == chart)[0] for chart in range(1, 25)]
    face, bary = np.array(first, np.int32), rng.dirichlet([1, 1, 1], 24)
    xy = np.stack([20.5 + rng.integers(0, 40, 24), 20.5 + rng.integers(0, 40, 24)], axis=1)
    read = read_person(through_json(figure(xy=xy, iuv=np.stack(body.to_iuv(face, bary), axis=1))))
    once = flipped(read, WIDTH)
    i, u, v = body.to_iuv(*body.mirror(face, bary))
    assert once.i.tolist() == i.tolist()
    np.testing.assert_allclose(once.u, u, atol=1e-9)
    np.testing.assert_allclose(once.v, v, atol=1e-9)


def test_the_mirror_table_is_read_at_v_and_u_of_the_old_chart():
    person = figure(xy=[[20.5, 20.5], [30.5, 30.5]], iuv=[[4, 0.25, 0.5], [1, 1.0, 0.0]])
    table_u, table_v = np.zeros((24, 256, 256)), np.zeros((24, 256, 256))
    table_u[3, 127, 63], table_v[3, 127, 63] = 0.7, 0.1
    table_u[0, 0, 255], table_v[0, 0, 255] = 0.3, 0.9
    once = flipped(read_person(through_json(person)), WIDTH, (table_u, table_v))
    assert once.i.tolist() == [3, 1]
    assert once.u.tolist() == [0.7, 0.3]
    assert once.v.tolist() == [0.1, 0.9]


def figure(**changes):
    label_map = np.zeros((60, 60), np.uint8)
    label_map[5:55, 5:55] = 1
    values = {
        "id": 1, "bbox": (10.0, 10.0, 60.0, 60.0), "area": 2500.0, "label_map": label_map,
        "origin": (10, 10), "xy": [[20.5, 20.5]], "iuv": [[1, 0.5, 0.5]],
    } | changes  # fmt: skip
    return person_of(**values)


def test_numbers_are_written_as_floats(tmp_path):
    path = tmp_path / "out.json"
    person = figure(xy=[[10, 10]], iuv=[[1, 0, 1]], bbox=(10, 10, 60, 60), area=2500, keypoints=[15, 15, 2] * 17)
    write(path, [IMAGE], [person])
    text = path.read_text()
    for key in ("bbox", "dp_x", "dp_y", "dp_I", "dp_U", "dp_V"):
        for number in re.search(rf'"{key}": \[(.*?)\]', text)[1].split(", "):
            assert "." in number, key
    assert '"area": 2500.0' in text
    assert '"keypoints": [15.0, 15.0, 2, ' in text
    assert '"num_keypoints": 17' in text


def test_every_rule_of_the_format_on_a_whole_file(tmp_path):
    path = tmp_path / "out.json"
    plain = person_of(id=2, bbox=(1.5, 2.5, 30, 40), area=700.0, segmentation=[[1, 2, 30, 2, 30, 40]])
    drawn = figure(id=3, xy=(), iuv=(), label_map=None)
    counts = write(path, [IMAGE, ImageRecord(5, "b.jpg", 9, 9)], [figure(), plain, drawn], {"description": "d"})
    assert counts == {"images": 2, "persons": 3, "annotated": 1, "points": 1}
    report = check(path)
    assert report.problems == []
    assert report.counts == {"images": 2, "persons": 3, "annotated": 1, "points": 1, "masks": 1}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(path))
    first, second, third = coco.loadAnns([1, 2, 3])
    assert [len(first["dp_masks"]), first["dp_masks"][1]] == [14, []]
    assert coco.annToMask(first).sum() == first["area"] == 2500, "the union of the parts stands in"
    assert second["segmentation"] == [[1.0, 2.0, 30.0, 2.0, 30.0, 40.0]]
    assert third["segmentation"] == [[10.0, 10.0, 70.0, 10.0, 70.0, 70.0, 10.0, 70.0]], "the box stands in"
    for entry in (second, third):
        assert not any(key.startswith("dp_") for key in entry)
    for entry in (first, second, third):
        assert entry["iscrowd"] == 0
        assert "ignore" not in entry
    assert len(coco.cats[1]["keypoints"]) == 17
    assert set(json.loads(path.read_text())) == {"info", "licenses", "categories", "images", "annotations"}


def test_the_same_input_gives_the_same_bytes(tmp_path):
    for name in ("a.json", "b.json"):
        write(tmp_path / name, [IMAGE], [figure(), figure(id=2)])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": 0}, "person 0: annotation ids begin at 1"),
        ({"bbox": (10, 10, float("nan"), 60)}, "bbox holds nan"),
        ({"bbox": (10, 10, 0, 60)}, "has no area"),
        ({"area": float("inf")}, "area holds inf"),
        ({"iuv": [[25, 0.5, 0.5]]}, "chart"),
        ({"iuv": [[0, 0.5, 0.5]]}, "chart"),
        ({"iuv": [[1.5, 0.5, 0.5]]}, "chart"),
        ({"iuv": [[1, 1.2, 0.5]]}, "U or V"),
        ({"iuv": [[1, 0.5, -0.1]]}, "U or V"),
        ({"iuv": [[1, float("nan"), 0.5]]}, "not finite"),
        ({"xy": [[5, 20]]}, r"point 0 at \[5.0, 20.0\] lies outside the box"),
        ({"xy": [[20, 20], [21, 21]]}, "do not belong together"),
        ({"label_map": None}, "points but no part mask"),
        ({"label_map": np.zeros((60, 60), np.uint8)}, "points but no part mask"),
        ({"segmentation": [[1, 2, 3, 4]]}, "fewer than 3 points"),
        ({"keypoints": [1, 2, 2]}, "17 keypoints"),
        ({"image_id": 12}, "image 12 is not in the file"),
    ],
)
def test_what_no_reader_could_use_is_refused_and_nothing_is_left(tmp_path, changes, message):
    path = tmp_path / "out.json"
    path.write_text("as it was")
    with pytest.raises(ValueError, match=message):
        write(path, [IMAGE], [figure(**changes)])
    assert path.read_text() == "as it was"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_ids_ascend_and_are_unique(tmp_path):
    with pytest.raises(ValueError, match="person 1: ids do not ascend"):
        write(tmp_path / "a.json", [IMAGE], [figure(), figure()])
    with pytest.raises(ValueError, match=r"image 11 \(a.jpg\): ids are unique"):
        write(tmp_path / "a.json", [IMAGE, IMAGE], [])
    assert list(tmp_path.iterdir()) == []


def test_rounding_beyond_one_is_clipped():
    entry = through_json(figure(iuv=[[1, 1 + 1e-9, -1e-9]]))
    assert entry["dp_U"] == [1.0]
    assert entry["dp_V"] == [0.0]


def test_masks_decode_in_the_order_of_parts():
    label_map = np.tile(np.arange(1, 15, dtype=np.uint8), (14, 1))
    entry = through_json(figure(label_map=label_map, origin=(20, 20), bbox=(20, 20, 14, 14), xy=[[20.5, 20.5]]))
    assert all(mask["size"] == [256, 256] for mask in entry["dp_masks"])
    masks = read_masks(entry["dp_masks"])
    assert np.unique(masks[128]).tolist() == list(range(1, 15))
    assert (np.diff(masks[128].astype(int)) >= 0).all()
