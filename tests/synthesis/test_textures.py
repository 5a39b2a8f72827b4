"""Looks: clothes have volume where they are worn and nowhere else, paint is sound, and a seed says all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import ConvexHull

from synthesis import outfits
from synthesis.dressing import dress
from synthesis.garments import offsets, put_on
from synthesis.paint import paint
from synthesis.styles import STYLES
from synthesis.wardrobe import HAND, HEAD, LOWER_LEG, TORSO, Wardrobe, check_dressable

SEEDS = range(40)


@pytest.fixture(scope="module")
def wardrobe(anny):
    return Wardrobe.measure(anny)


def outfit(seed, **changes):
    drawn = dress(np.random.default_rng(seed))
    return replace(drawn, look=drawn.look._replace(**changes))


def points(body):
    """Every part in (N,) and the middles of all faces (N,3)."""
    return body.face_part, body.vertices[body.faces].mean(axis=1)


def test_every_style_is_worn():
    assert {dress(np.random.default_rng(seed)).style for seed in range(150)} == set(STYLES)


def test_clothes_stand_off_the_body_without_tears_and_hands_and_eyes_stay(anny, wardrobe):
    role = wardrobe.frame.role[wardrobe.part]
    eyes = wardrobe.frame.eyes * np.array([[1, 1, 1], [-1, 1, 1]])
    near_eye = np.linalg.norm(anny.vertices[:, None] - eyes, axis=2).min(axis=1) < 0.02
    a, b = np.concatenate([anny.faces[:, [0, 1]], anny.faces[:, [1, 2]]]).T
    for seed in SEEDS:
        moved = offsets(outfit(seed), wardrobe)
        assert np.isfinite(moved).all()
        assert not moved[(role == HAND) | near_eye].any()
        assert np.linalg.norm(moved, axis=1).max() < 0.30
        # Hair hangs from the head and skirts from the hips; both take the triangles at their ends along.
        tears = np.linalg.norm(moved[a] - moved[b], axis=1)
        skirt = outfit(seed).look.flare > 0
        assert tears[(role[a] != HEAD) & (role[b] != HEAD)].max() < (0.25 if skirt else 0.08)
        outward = np.einsum("vc,vc->v", moved, wardrobe.normals)[role == TORSO]
        assert outward.min() > -0.012
        assert (outward > 0.002).mean() > 0.6


def test_volume_and_paint_agree_on_what_is_worn(anny, wardrobe):
    """Short trousers end where the paint ends: below, skin that has not moved."""
    short = outfit(0, leg=0.9, sock=0.0, shoe=outfits.SNEAKER, flare=0.0, bottom=outfits.SHORTS, outer=0)
    role = wardrobe.frame.role[wardrobe.part]
    shin = (role == LOWER_LEG) & (anny.vertices[:, 1] > wardrobe.frame.ground + 0.2)
    assert not offsets(short, wardrobe)[shin].any()
    part, rest = points(anny)
    bare = (wardrobe.frame.role[part] == LOWER_LEG) & (rest[:, 1] > wardrobe.frame.ground + 0.2)
    assert np.allclose(np.median(paint(short, wardrobe, part, rest)[0][bare], axis=0), short.look.skin, rtol=0.15)


def test_shoes_close_over_the_toes(anny, wardrobe):
    """The tip of a shoe lies on the foot's convex hull, which toes are well inside of."""
    left = np.unique(anny.faces[anny.face_part == anny.part_names.index("Left Foot") + 1])
    hull = ConvexHull(anny.vertices[left]).equations
    tip = left[anny.vertices[left, 2] > 0.15]
    inside = [
        -(v[tip] @ hull[:, :3].T + hull[:, 3]).max(axis=1) for v in (anny.vertices, anny.vertices + wardrobe.last)
    ]
    assert np.percentile(inside[0], 75) > 0.005
    assert np.percentile(inside[1], 95) < 0.003


def test_paint_is_in_range_and_the_same_for_the_same_seed(anny, wardrobe):
    part, rest = points(anny)
    looks = []
    for seed in SEEDS:
        albedo, bump, shine = paint(outfit(seed), wardrobe, part, rest)
        assert albedo.min() >= 0
        assert albedo.max() <= 1
        assert np.isfinite(bump).all()
        assert shine.min() >= 0
        assert shine.max() <= 1
        again = paint(outfit(seed), wardrobe, part, rest)
        assert all(np.array_equal(x, y) for x, y in zip((albedo, bump, shine), again, strict=True))
        looks.append(albedo.mean(axis=0))
    assert len(np.unique(np.round(looks, 3), axis=0)) > 0.9 * len(looks)


def test_eyes_have_white_and_iris(anny, wardrobe):
    dark = outfit(0, glasses=0, hat=0, skin=np.full(3, 0.02), iris=np.array([0.9, 0.0, 0.0]))
    eye = wardrobe.frame.eyes
    grid = eye + np.stack(np.meshgrid(np.linspace(-0.02, 0.02, 81), np.linspace(-0.01, 0.01, 41), [0]), -1).reshape(
        -1, 3
    )
    head = np.full(len(grid), anny.part_names.index("Head") + 1, np.uint8)
    albedo = paint(dark, wardrobe, head, grid)[0]
    assert (albedo.min(axis=1) > 0.4).sum() > 20
    assert ((albedo[:, 0] > 0.4) & (albedo[:, 1] < 0.1)).sum() > 20


def test_clothes_turn_with_the_bones(anny, wardrobe):
    moved = offsets(outfit(1), wardrobe)
    rotations = np.zeros((len(anny.rig.joint_names), 3))
    assert np.allclose(put_on(anny, moved, [], rotations, anny.vertices), anny.vertices + moved)
    rotations[0] = [0, np.pi / 2, 0]
    turned = put_on(anny, moved, [], rotations, anny.vertices) - anny.vertices
    assert np.allclose(turned, moved[:, [2, 1, 0]] * [1, 1, -1], atol=1e-9)


def test_a_body_without_a_known_face_is_dressed_and_one_without_parts_is_refused(anny, wardrobe):
    faceless = replace(anny, keypoint_names=tuple(f"point {k}" for k in range(17)))
    plain = Wardrobe.measure(faceless)
    assert np.isfinite(offsets(outfit(2), plain)).all()
    assert np.isfinite(paint(outfit(2), plain, *points(anny))[0]).all()
    head = plain.frame.role[plain.part] == HEAD
    assert not offsets(outfit(2, neckline=outfits.ROUND, outer=0), plain)[head & (anny.vertices[:, 1] > 0.7)].any()
    numbered = replace(anny, part_names=tuple(f"part {k}" for k in range(14)))
    with pytest.raises(ValueError, match="no part called head, torso, arm, leg, foot: it cannot be dressed"):
        check_dressable(numbered)


def test_fabrics_are_the_users(anny, wardrobe, tmp_path):
    red, broken = tmp_path / "red.png", tmp_path / "broken.png"
    Image.new("RGB", (40, 30), (255, 0, 0)).save(red)
    broken.write_bytes(b"no image")
    own = dress(np.random.default_rng(0), (red,))
    part, rest = points(anny)
    torso = wardrobe.frame.role[part] == TORSO
    plain = replace(own, look=own.look._replace(outer=0, tucked=False))
    albedo = paint(plain, wardrobe, part, rest)[0][torso]
    assert ((albedo[:, 0] > 0.4) & (albedo[:, 1] < 0.05)).mean() > 0.3
    with pytest.raises(ValueError, match=r"broken\.png: cannot be read as an image"):
        dress(np.random.default_rng(0), (broken,))
