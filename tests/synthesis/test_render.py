"""Renders: the truth of every pixel is exact, and what is said of the person agrees with it."""

from __future__ import annotations

from dataclasses import replace

import igl
import numpy as np
import pytest
from pycocotools import mask as rle

from surface.body import Body
from synthesis.render import render_person


def test_the_truth_of_a_pixel_projects_to_its_centre(anny, render):
    there = render.face >= 0
    assert there.sum() > 2000
    bary = render.bary[there].astype(np.float64)
    points = anny.position(render.face[there], bary / bary.sum(axis=1, keepdims=True), render.vertices)
    xy, depth = render.camera.project(points)
    assert np.abs(xy - (np.argwhere(there)[:, ::-1] + 0.5)).max() < 1e-3
    assert np.allclose(depth, render.depth[there], atol=1e-5)


def test_the_truth_is_what_a_ray_meets_first(anny, render):
    rows, columns = np.nonzero(render.face >= 0)
    some = np.random.default_rng(0).choice(len(rows), 800, replace=False)
    rows, columns = rows[some], columns[some]
    faces, tree = anny.faces.astype(np.int64), igl.AABB()
    tree.init(render.vertices, faces)
    rays = render.camera.rays(columns + 0.5, rows + 0.5)
    start = np.tile(render.camera.position, (len(rays), 1))
    hit, depth, _ = tree.intersect_ray_first(render.vertices, faces, start, rays)
    assert (hit == render.face[rows, columns]).mean() > 0.995
    assert (np.abs(depth - render.depth[rows, columns]) < 1e-4).mean() > 0.995


def test_part_box_and_segmentation_are_those_of_the_truth(anny, render):
    there = render.face >= 0
    assert np.array_equal(render.part, anny.part(render.face))
    assert np.array_equal(render.part > 0, there)
    assert np.isinf(render.depth[~there]).all()
    rows, columns = np.nonzero(there)
    x, y, width, height = render.box
    assert (x, y) == (columns.min(), rows.min())
    assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
    assert np.array_equal(rle.decode(render.segmentation).astype(bool), there)


def test_keypoints_lie_on_their_parts(anny, render):
    assert render.keypoints.shape == (17, 3)
    assert set(render.keypoints[:, 2]) <= {0.0, 1.0, 2.0}
    visible = render.keypoints[:, 2] == 2
    assert visible.sum() >= 5
    column, row = np.floor(render.keypoints[visible, :2]).astype(int).T
    assert (render.part[row, column] > 0).all()
    head = anny.part_names.index("Head") + 1
    for name, (x, y, seen) in zip(anny.keypoint_names, render.keypoints, strict=True):
        if name in ("nose", "left_eye", "right_eye") and seen == 2:
            assert render.part[int(y), int(x)] == head


def test_the_same_seed_gives_the_same_picture_and_another_another(anny, render):
    again = render_person(anny, 3, 256)
    assert np.array_equal(again.image, render.image)
    assert np.array_equal(again.face, render.face)
    assert not np.array_equal(render_person(anny, 4, 256).image, render.image)


def test_the_picture_shows_the_person(render):
    assert render.image.shape == (256, 256, 3)
    assert render.image.dtype == np.uint8
    person = render.face >= 0
    assert 25 < render.image[person].mean() < 235
    assert render.image[person].std() > 10


def test_resolution_changes_the_sampling_not_the_person(anny, render):
    larger = render_person(anny, 3, 512)
    assert np.allclose(larger.vertices, render.vertices)
    assert np.allclose(np.array(larger.box) / 2, render.box, atol=1.5)
    assert np.allclose(larger.keypoints[:, :2] / 2, render.keypoints[:, :2], atol=1e-6)


def test_what_cannot_be_rendered_is_named(anny):
    with pytest.raises(ValueError, match=r"size 8 is not in 32\.\.4096"):
        render_person(anny, 0, 8)
    with pytest.raises(ValueError, match="has no rig: it cannot be posed"):
        render_person(replace(anny, rig=None), 0, 64)
    names = tuple("hinge" if name == "left_knee" else name for name in anny.rig.joint_names)
    strange = replace(anny, rig=replace(anny.rig, joint_names=names))
    assert isinstance(strange, Body)
    with pytest.raises(ValueError, match="lacks the joints left_knee"):
        render_person(strange, 0, 64)
    nameless = tuple(name.replace("Foot", "End").replace("Torso", "Middle") for name in anny.part_names)
    with pytest.raises(ValueError, match="no part called torso, foot: it cannot be dressed"):
        render_person(replace(anny, part_names=nameless), 0, 64)
