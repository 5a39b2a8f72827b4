"""Places: they agree with the camera's horizon and ground, and photos are shown as they were taken."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from synthesis.backgrounds import _KINDS, Place, background, choose
from synthesis.camera import Camera
from synthesis.fabrics import to_linear


def camera(pitch, size=96):
    """A camera 4 m from the origin that looks down by ``pitch`` degrees."""
    p = np.radians(pitch)
    towards = np.array([0.0, np.sin(p), np.cos(p)])
    right, forward = np.array([1.0, 0.0, 0.0]), -towards
    axes = np.stack([right, np.cross(forward, right), forward])
    return Camera(axes, np.array([0, 0.9, 0]) + 4 * towards, 1.4 * size, (size / 2, size / 2))


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_ground_lies_below_the_horizon_and_under_the_feet(kind, seed):
    place = Place(kind, False, np.full(3, 0.3), np.full(3, 0.8), seed, None, 1.0)
    for pitch in (0.0, 9.0):
        lens = camera(pitch)
        rgb, share = background(place, lens, 96)
        assert rgb.shape == (96, 96, 3)
        assert rgb.min() >= 0
        assert rgb.max() < 2.5
        y, x = np.mgrid[0:96, 0:96] + 0.5
        above = lens.rays(x, y)[..., 1] > 0
        assert not share[above].any()
        column, row = lens.project([[0.0, 0.0, 0.0]])[0][0].astype(int)
        assert share[row, column] > 0.5
        assert np.array_equal(background(place, lens, 96)[0], rgb)
    assert not np.array_equal(background(Place(**(vars(place) | {"seed": seed + 99})), lens, 96)[0], rgb)


def test_large_images_show_the_same_place():
    place = Place("room", True, np.full(3, 0.3), np.full(3, 0.8), 5, None, 1.0)
    small, large = background(place, camera(5), 96)[0], background(place, camera(5, 384), 384)[0]
    assert np.abs(large.reshape(96, 4, 96, 4, 3).mean(axis=(1, 3)) - small).mean() < 0.03


def test_a_camera_that_looks_straight_down_sees_the_ground():
    lens = Camera(np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]), np.array([0, 5.0, 0]), 100.0, (48.0, 48.0))
    for kind in _KINDS:
        rgb, share = background(Place(kind, False, np.full(3, 0.3), np.full(3, 0.8), 1, None, 1.0), lens, 96)
        assert np.isfinite(rgb).all()
        assert share[48, 48] == 1


def test_photos_are_turned_as_they_were_taken(tmp_path):
    """A photo stored on its side with EXIF's orientation 6: its left edge, red, is the top."""
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[:, :40, 0], pixels[:, 40:, 2] = 255, 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "side.png"
    Image.fromarray(pixels).save(path, exif=exif)
    for seed in range(5):
        place = choose(np.random.default_rng(seed), (path,))
        rgb, share = background(place, camera(5), 96)
        assert place.kind == "photo"
        assert rgb[0, :, 0].min() > 0.8
        assert rgb[-1, :, 2].min() > 0.8
        assert share[-1].min() > 0.5
        assert not share[0].any()


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 no image")
    with pytest.raises(ValueError, match=r"broken\.jpg: cannot be read as an image"):
        choose(np.random.default_rng(0), (path,))


def test_all_kinds_of_places_are_chosen():
    kinds = [choose(np.random.default_rng(seed)).kind for seed in range(150)]
    assert set(kinds) == set(_KINDS)


def test_linear_colours_are_those_of_srgb():
    assert to_linear(np.array([0, 255, 188], np.uint8)) == pytest.approx([0, 1, 0.503], abs=0.002)
