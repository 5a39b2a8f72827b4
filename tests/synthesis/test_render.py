"""Renders: the truth of every pixel is exact, and what is said of the persons agrees with it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import igl
import numpy as np
import pytest
from pycocotools import mask as rle

from surface.rig import pose
from synthesis.keypoints import flesh
from synthesis.render import Options, render

SMALL = Options(size=96, persons=(1, 3), occluders=0.5)


@pytest.mark.parametrize("which", ["alone", "crowd"])
def test_the_truth_of_a_pixel_is_where_its_centre_s_ray_meets_the_person(anny, request, which):
    made = request.getfixturevalue(which)
    for person in made.persons:
        truth = person.truth
        at = np.stack([truth.pixel % truth.width + 0.5, truth.pixel // truth.width + 0.5], axis=1)
        bary = truth.bary.astype(np.float64)
        points = anny.position(truth.face, bary / bary.sum(axis=1, keepdims=True), person.vertices)
        xy, depth = made.camera.project(points)
        assert np.abs(xy - at).max() < 1e-3
        assert np.allclose(depth, truth.depth, atol=1e-5)
        tree = igl.AABB()
        tree.init(person.vertices, anny.faces.astype(np.int64))
        some = np.random.default_rng(0).choice(len(at), min(len(at), 300), replace=False)
        rays = made.camera.rays(at[some, 0], at[some, 1])
        start = np.tile(made.camera.position, (len(rays), 1))
        hit, reach, _ = tree.intersect_ray_first(person.vertices, anny.faces.astype(np.int64), start, rays)
        assert (hit == truth.face[some]).mean() > 0.99
        assert (np.abs(reach - truth.depth[some]) < 1e-4).mean() > 0.99


def test_a_person_is_hidden_where_another_is_nearer(anny, crowd):
    """Brute force: of all persons, the one met first is the one whose truth holds the pixel."""
    faces, size = anny.faces.astype(np.int64), crowd.image.shape[0]
    assert len(crowd.persons) > 1
    pixels = np.concatenate([person.truth.pixel for person in crowd.persons])
    assert len(np.unique(pixels)) == len(pixels)
    some = np.random.default_rng(1).choice(pixels, 500, replace=False)
    rays = crowd.camera.rays(some % size + 0.5, some // size + 0.5)
    start, reach, own = np.tile(crowd.camera.position, (len(rays), 1)), [], []
    for person in crowd.persons:
        tree = igl.AABB()
        tree.init(person.vertices, faces)
        hit, depth, _ = tree.intersect_ray_first(person.vertices, faces, start, rays)
        reach.append(np.where(hit >= 0, depth, np.inf))
        own.append(np.isin(some, person.truth.pixel))
    assert (np.argmin(reach, axis=0) == np.argmax(own, axis=0)).mean() > 0.995


def test_box_area_and_segmentation_are_those_of_the_truth(crowd):
    for person in crowd.persons:
        there = person.truth.face_map() >= 0
        rows, columns = np.nonzero(there)
        x, y, width, height = person.box
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        assert person.area == there.sum()
        assert np.array_equal(rle.decode(person.segmentation).astype(bool), there)
        assert (person.truth.facing >= 0).all()
        assert (person.truth.facing <= 1).all()


def test_a_person_can_be_posed_again(anny, alone):
    person = alone.persons[0]
    again = pose(anny.rig, person.betas, person.rotations, person.translation)
    away = np.linalg.norm(again - person.vertices, axis=1)
    assert away.max() < 0.15  # clothes have volume
    assert np.median(away) < 0.03
    assert person.vertices[:, 1].min() > -1e-9  # on the ground


@pytest.mark.parametrize("which", ["alone", "crowd"])
def test_keypoints_are_visible_where_nothing_but_their_own_flesh_is_before_them(anny, request, which):
    """Brute force: what the ray to each keypoint meets first, of all persons and all that hides them."""
    made = request.getfixturevalue(which)
    faces, size, right, total = anny.faces.astype(np.int64), made.image.shape[0], 0, 0
    for person in made.persons:
        assert person.keypoints.shape == (17, 3)
        undressed = pose(anny.rig, person.betas, person.rotations, person.translation)
        joints = anny.keypoint_regressor @ undressed
        xy, own = made.camera.project(joints)
        inside = ((xy >= 0) & (xy < size)).all(axis=1)
        assert np.array_equal(person.keypoints[:, 2] > 0, inside)
        assert np.allclose(person.keypoints[inside, :2], xy[inside])
        rays = made.camera.rays(xy[:, 0], xy[:, 1])
        start, first = np.tile(made.camera.position, (17, 1)), []
        for other in made.persons:
            tree = igl.AABB()
            tree.init(other.vertices, faces)
            hit, depth, _ = tree.intersect_ray_first(other.vertices, faces, start, rays)
            first.append(np.where(hit >= 0, depth, np.inf))
        nearest = np.argmin(first, axis=0)
        mine = nearest == next(n for n, other in enumerate(made.persons) if other is person)
        visible = mine & (own - np.min(first, axis=0) < [flesh(name) for name in anny.keypoint_names])
        thing = inside & mine & (person.truth.rows(xy.clip(0, size - 1)) < 0)  # things, and the silhouette
        right += int((visible == (person.keypoints[:, 2] == 2))[inside & ~thing].sum())
        total += int((inside & ~thing).sum())
        assert not (person.keypoints[thing, 2] == 2).any()
    assert total > 10
    assert right >= 0.93 * total


def test_the_same_seed_gives_the_same_bytes_in_another_process(anny):
    code = (
        "import surface, hashlib; from synthesis.render import Options, render;"
        "made = render(surface.load('anny'), 7, Options(size=96, persons=(1, 3), occluders=0.5));"
        "print(hashlib.sha256(made.image.tobytes() + made.persons[0].truth.bary.tobytes()).hexdigest())"
    )
    made = render(anny, 7, SMALL)
    here = sha256(made.image.tobytes() + made.persons[0].truth.bary.tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here
    assert not np.array_equal(render(anny, 8, SMALL).image, made.image)


def test_the_picture_shows_the_person(alone):
    assert alone.image.shape == (160, 160, 3)
    assert alone.image.dtype == np.uint8
    person = alone.image[alone.persons[0].truth.face_map() >= 0]
    assert 15 < person.mean() < 240
    assert person.std() > 8


def test_resolution_changes_the_sampling_not_the_person(anny, alone):
    larger = render(anny, 3, Options(size=320, occluders=0, cut=0)).persons[0]
    person = alone.persons[0]
    assert np.allclose(larger.vertices, person.vertices)
    assert np.allclose(np.array(larger.box) / 2, person.box, atol=1.5)
    assert np.allclose(larger.keypoints[:, :2] / 2, person.keypoints[:, :2], atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": 8}, r"size 8 is not in 32\.\.4096"),
        ({"persons": (0, 1)}, r"persons 0\.\.1 is no range within 1\.\.16"),
        ({"persons": (3, 2)}, r"persons 3\.\.2 is no range"),
        ({"occluders": 1.5}, r"occluders 1\.5 is no share in 0\.\.1"),
        ({"cut": -0.1}, r"cut -0\.1 is no share"),
    ],
)
def test_options_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Options(**wrong)


def test_what_cannot_be_rendered_is_named(anny):
    with pytest.raises(ValueError, match="seed -1 is negative"):
        render(anny, -1, SMALL)
    with pytest.raises(ValueError, match="has no rig: it cannot be posed"):
        render(replace(anny, rig=None), 0, SMALL)
    names = tuple("hinge" if name == "left_knee" else name for name in anny.rig.joint_names)
    strange = replace(anny, rig=replace(anny.rig, joint_names=names))
    with pytest.raises(ValueError, match="lacks the joints left_knee"):
        render(strange, 0, SMALL)
    nameless = tuple(name.replace("Foot", "End").replace("Torso", "Middle") for name in anny.part_names)
    with pytest.raises(ValueError, match="no part called torso, foot: it cannot be dressed"):
        render(replace(anny, part_names=nameless), 0, SMALL)
