"""What is true of an image is true of its mirror image, after all that is done to images on their way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

import surface
from model.data.mirror import BodyMirror, TableMirror, mirror_of, read_table
from model.data.points import Points
from model.data.records import Example
from model.data.transforms import blanked, coloured, cropped, draw, fitted, flipped, resized, trained
from model.recipe import Data
from surface.raster import rasterize

BODY = surface.load("anny")
MIRROR = BodyMirror(BODY)
SIDE = 192


def seen(height: int = 90, width: int = 140, seed: int = 0, persons: int = 2, count: int = 30) -> Example:
    """An image whose red and green tell where a pixel was, with random points on the body."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([columns, rows, np.full_like(rows, 77)], axis=-1).astype(np.uint8)
    corner = rng.uniform(2, 20, (persons, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(30, 60, (persons, 2))], axis=1).astype(np.float32)
    face, bary = rng.integers(0, len(BODY.faces), count).astype(np.int32), rng.dirichlet(np.ones(3), count)
    chart, u, v = BODY.to_iuv(face, bary)
    person = np.sort(rng.integers(0, persons, count))
    inside = rng.uniform(0.05, 0.95, (count, 2))
    points = Points(
        person=person,
        xy=(boxes[person, :2] + inside * (boxes[person, 2:] - boxes[person, :2])).astype(np.float32),
        chart=chart.astype(np.int64),
        uv=np.stack([u, v], axis=1).astype(np.float32),
        vertex=BODY.faces[face, bary.argmax(axis=1)].astype(np.int64),
        weight=rng.random(count).astype(np.float32),
        face=face,
        bary=bary,
    )
    joints = np.concatenate([rng.uniform(5, 60, (persons, 17, 2)), rng.integers(0, 3, (persons, 17, 1))], axis=2)
    joints[joints[..., 2] == 0] = 0
    parts = rng.integers(0, 15, (persons, 256, 256)).astype(np.uint8)
    yes = np.ones(persons, np.bool_)
    return Example(
        7, "a.png", pixels, np.arange(persons) + 1, boxes, ~yes, parts, yes, (parts > 0).astype(np.uint8), yes,
        joints.astype(np.float32), points,
    )  # fmt: skip


@given(seed=st.integers(0, 10**6), count=st.integers(0, 40))
def test_twice_mirrored_is_as_before(seed, count):
    before = seen(seed=seed, count=count)
    after = flipped(flipped(before, MIRROR), MIRROR)
    for name in ("pixels", "parts", "outline", "ids"):
        assert np.array_equal(getattr(after, name), getattr(before, name)), name
    for name in ("boxes", "keypoints"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=1e-4)
    for name in ("person", "chart", "vertex", "face", "weight"):
        assert np.array_equal(getattr(after.points, name), getattr(before.points, name)), name
    for name in ("xy", "uv", "bary"):
        assert getattr(after.points, name) == pytest.approx(getattr(before.points, name), abs=1e-4)


def test_a_mirrored_picture_of_a_person_shows_the_mirrored_points():
    """Seen from the front, a symmetric person at rest looks as in the mirror, so that its own truth tells what is
    true of the mirror image."""
    low, high = BODY.vertices.min(axis=0), BODY.vertices.max(axis=0)
    scale = 0.9 * SIDE / (high - low).max()
    middle = (low + high) / 2
    xy = np.stack(
        [SIDE / 2 + scale * BODY.vertices[:, 0], SIDE / 2 - scale * (BODY.vertices[:, 1] - middle[1])], axis=1
    )
    face, bary, _ = rasterize(xy, 10 - BODY.vertices[:, 2], BODY.faces, SIDE, SIDE)
    rows, columns = np.nonzero(face >= 0)
    assert len(rows) > 2000
    own, weights = face[rows, columns], bary[rows, columns].astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    chart, u, v = BODY.to_iuv(own, weights)
    example = seen(SIDE, SIDE, persons=1)
    points = Points(
        person=np.zeros(len(rows), np.int64),
        xy=np.stack([columns + 0.5, rows + 0.5], axis=1).astype(np.float32),
        chart=chart.astype(np.int64),
        uv=np.stack([u, v], axis=1).astype(np.float32),
        vertex=BODY.faces[own, weights.argmax(axis=1)].astype(np.int64),
        weight=np.ones(len(rows), np.float32),
        face=own,
        bary=weights,
    )
    after = flipped(replace(example, points=points), MIRROR).points
    column, row = np.floor(after.xy).astype(int).T
    true_face = face[row, column]
    known = true_face >= 0
    assert known.mean() > 0.99  # but for pixels that a silhouette goes through
    there = bary[row, column].astype(np.float64)[known]
    truth = BODY.position(true_face[known], there / there.sum(axis=1, keepdims=True))
    told = BODY.position(*BODY.from_iuv(after.chart[known], *after.uv[known].astype(np.float64).T))
    off = np.linalg.norm(told - truth, axis=1)
    assert np.quantile(off, 0.98) < 0.01
    # Without a mirror the person's left would be its right.
    as_before = BODY.position(own[known], weights[known])
    assert np.median(np.linalg.norm(as_before - truth, axis=1)) > 0.1
    assert np.abs(BODY.vertices[after.vertex[known]] - told).max() < 0.05
    assert np.array_equal(after.chart, BODY.chart_mirror[points.chart])


def test_vertices_and_keypoints_become_their_counterparts():
    reflected = BODY.vertices * [-1, 1, 1]
    assert np.abs(BODY.vertices[MIRROR.vertices] - reflected).max() < 1e-6
    names = BODY.keypoint_names
    assert [names[k] for k in MIRROR.keypoints][:3] == ["nose", "right_eye", "left_eye"]
    assert np.array_equal(MIRROR.keypoints[MIRROR.keypoints], np.arange(17))
    joints = flipped(seen(), MIRROR).keypoints
    before = seen().keypoints
    left, right = names.index("left_knee"), names.index("right_knee")
    told = before[:, left, 2] > 0
    assert joints[told, right, 0] == pytest.approx(140 - before[told, left, 0], abs=1e-4)
    assert joints[told, right, 1:] == pytest.approx(before[told, left, 1:])
    assert (joints[joints[..., 2] == 0] == 0).all()


def test_a_box_and_its_square_stay_together():
    example = seen(persons=1)
    parts = np.zeros((1, 256, 256), np.uint8)
    parts[0, :, :64] = 2  # a right hand at the picture's left
    after = flipped(replace(example, parts=parts), MIRROR)
    assert (after.parts[0, :, -64:] == 3).all()
    assert not after.parts[0, :, :-64].any()
    x0, _, x1, _ = example.boxes[0]
    assert after.boxes[0, [0, 2]].tolist() == pytest.approx([140 - x1, 140 - x0])


def test_the_references_tables_serve_without_a_body(tmp_path):
    v, u = np.mgrid[:256, :256] / 255
    tables = {name: np.empty((1, 24), object) for name in ("U_transforms", "V_transforms")}
    for k in range(24):
        tables["U_transforms"][0, k], tables["V_transforms"][0, k] = 1 - u, v * 0.5 + k / 100
    savemat(tmp_path / "t.mat", tables)
    mirror = mirror_of(None, tmp_path / "t.mat")
    assert isinstance(mirror, TableMirror)
    points = replace(seen().points, face=None, bary=None)
    after = mirror.points(points)
    u255, v255 = np.floor(points.uv.astype(np.float64) * 255).T / 255
    assert after.uv[:, 0] == pytest.approx(1 - u255, abs=1e-6)
    assert after.uv[:, 1] == pytest.approx(v255 * 0.5 + (points.chart - 1) / 100, abs=1e-6)
    assert np.array_equal(after.chart, BODY.chart_mirror[points.chart])
    assert np.array_equal(mirror.parts, BODY.part_mirror)
    assert (after.vertex == -1).all()
    assert mirror_of(BODY, tmp_path / "t.mat").keypoints.tolist() == MIRROR.keypoints.tolist()
    with pytest.raises(ValueError, match=r"t\.mat: is of DensePose's 24 charts, and body 'anny' has others"):
        mirror_of(replace(BODY, chart_part=BODY.chart_part[::-1]), tmp_path / "t.mat")
    with pytest.raises(ValueError, match=r"charts 1\.\.24"):
        mirror.points(replace(points, chart=np.zeros_like(points.chart)))
    with pytest.raises(ValueError, match="no mirror image"):
        MIRROR.points(points)
    (tmp_path / "t.mat").write_bytes(b"no tables")
    with pytest.raises(ValueError, match=r"t\.mat: is no table"):
        read_table(tmp_path / "t.mat")
    savemat(tmp_path / "t.mat", {name: np.zeros((24, 8, 8)) for name in tables})
    with pytest.raises(ValueError, match=r"t\.mat: "):
        read_table(tmp_path / "t.mat")
    assert mirror_of(None, None) is None


@given(
    seed=st.integers(0, 10**6),
    crop=st.booleans(),
    margin=st.floats(0, 0.5),
    low=st.integers(60, 90),
    more=st.integers(0, 60),
)
def test_points_stay_on_what_they_show(seed, crop, margin, low, more):
    example = seen(seed=seed)
    data = Data(shortest=(low, low + more), longest=160, flip=0.5, crops=crop, margin=margin)
    start = cropped(example, 1, margin) if crop else example
    if crop:
        assert start.ids.tolist() == [2]
        assert set(start.points.person.tolist()) <= {0}
    after = trained(start, data, seed, MIRROR)
    height, width = after.pixels.shape[:2]
    assert max(height, width) <= 160
    assert low <= min(height, width) <= low + more or max(height, width) == 160
    where = after.points.xy
    assert (where >= 0).all()
    assert (where <= (width, height)).all()
    shown = smooth(after.pixels, where)
    before = example.points.xy[example.points.person == 1] if crop else example.points.xy
    assert np.abs(shown - (before - 0.5)).max() < 1.5  # colours are whole numbers, and borders smear


def smooth(pixels: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Red and green at positions, between the pixels' centres."""
    height, width = pixels.shape[:2]
    x, y = (np.clip(v - 0.5, 0, size - 1) for v, size in zip(xy.T, (width, height), strict=True))
    x0, y0 = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    at = pixels[..., :2].astype(float)
    above = at[y0, x0] * (1 - fx) + at[y0, x0 + 1] * fx
    below = at[y0 + 1, x0] * (1 - fx) + at[y0 + 1, x0 + 1] * fx
    return above * (1 - fy) + below * fy


@given(
    height=st.integers(1, 3000),
    width=st.integers(1, 3000),
    shortest=st.integers(32, 900),
    longest=st.integers(900, 1400),
)
def test_images_are_fitted_between_the_sides(height, width, shortest, longest):
    h, w = fitted((height, width), shortest, longest)
    assert max(h, w) <= longest
    assert min(h, w) == shortest or max(h, w) == longest
    assert abs(h / w - height / width) <= (height / width) * (0.5 / h + 0.5 / w) * 1.5 or min(h, w) == 1


def test_blanked_images_show_the_person_alone():
    example = seen(persons=1)
    outline = np.zeros((1, 256, 256), np.uint8)
    outline[0, :, 128:] = 1
    example = replace(example, outline=outline, boxes=np.array([[20, 10, 60, 50]], np.float32))
    after = blanked(example).pixels
    kept = (after != (124, 116, 104)).any(axis=2)
    wanted = np.zeros_like(kept)
    wanted[10:50, 40:60] = True
    assert np.array_equal(kept, wanted)
    assert np.array_equal(after[wanted], example.pixels[wanted])
    boxed = blanked(replace(example, has_outline=np.zeros(1, np.bool_))).pixels
    assert np.argwhere((boxed != (124, 116, 104)).any(axis=2))[[0, -1]].tolist() == [[10, 20], [49, 59]]


def test_colours_change_as_they_are_told():
    pixels = np.random.default_rng(0).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    assert np.array_equal(coloured(pixels, (1, 1, 1)), pixels)
    grey = coloured(pixels, (1, 1, 0)).astype(int)
    assert np.ptp(grey, axis=2).max() == 0
    assert grey[..., 0] == pytest.approx(np.asarray(Image.fromarray(pixels).convert("L")).astype(int), abs=1)
    assert np.ptp(coloured(pixels, (1, 0, 1)).astype(int)) < np.ptp(pixels.astype(int))
    assert coloured(pixels, (0.5, 1, 1)) == pytest.approx(pixels / 2, abs=0.51)
    data = Data(colour=0.2, shortest=(60, 80))
    assert draw(data, 5) == draw(data, 5)
    assert {draw(data, k).flip for k in range(20)} == {True, False}
    assert all(0.8 <= factor <= 1.2 for k in range(20) for factor in draw(data, k).colour)


def test_persons_outside_the_image_are_named():
    example = replace(seen(), boxes=np.array([[1, 1, 9, 9], [500, 5, 520, 9]], np.float32))
    with pytest.raises(ValueError, match="annotation 2: its box lies outside"):
        cropped(example, 1, 0.1)


def test_images_of_the_right_size_are_not_touched():
    example = seen()
    assert resized(example, (90, 140)) is example
