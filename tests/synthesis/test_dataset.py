"""Folders of renders: the same bytes whoever makes them, whole or not at all."""

from __future__ import annotations

from dataclasses import fields
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO

from surface.body import Body
from synthesis import dataset, truth
from synthesis.render import Options, render

RECIPE = dataset.Recipe(3, Options(size=64, persons=(2, 2), occluders=0.5))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def folder(anny: Body, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images of two persons."""
    path = tmp_path_factory.mktemp("renders") / "three"
    dataset.begin(anny, path, RECIPE)
    assert list(dataset.make(anny, path, [1, 2, 3], RECIPE)) == [(1, True), (2, True), (3, True)]
    dataset.finish(path)
    return path


def test_any_order_and_any_interruption_give_the_same_bytes(anny: Body, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    dataset.begin(anny, other, RECIPE)
    assert list(dataset.make(anny, other, [3, 2], RECIPE)) == [(3, True), (2, True)]
    dataset.finish(other)
    # As a process leaves it that was killed between two files, or by a machine that lost power.
    (other / "records" / "00000003.json").unlink()
    (other / "truth" / "00000002.2.npz").write_bytes(b"cut off")
    dataset.begin(anny, other, RECIPE)
    assert list(dataset.make(anny, other, [1, 2, 3], RECIPE)) == [(1, True), (2, True), (3, True)]
    assert list(dataset.make(anny, other, [1, 2, 3], RECIPE)) == [(1, False), (2, False), (3, False)]
    dataset.finish(other)
    assert contents(other) == contents(folder)


def test_other_options_are_refused(anny: Body, folder: Path, tmp_path: Path) -> None:
    for other, word in (
        (dataset.Recipe(4, RECIPE.options), "seed 3, not 4"),
        (dataset.Recipe(3, Options(size=64, persons=(1, 2), occluders=0.5)), r"persons \[2,2\], not \[1,2\]"),
        (dataset.Recipe(3, RECIPE.options, png=True), 'image "jpeg 95", not "png"'),
    ):
        with pytest.raises(ValueError, match=word):
            dataset.begin(anny, folder, other)
    empty, letters = tmp_path / "empty", tmp_path / "letters"
    dataset.begin(anny, empty, RECIPE)
    dataset.begin(anny, empty, dataset.Recipe(4))
    assert dataset.about(empty)["seed"] == 4, "nothing was made of the other"
    letters.mkdir()
    (letters / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        dataset.begin(anny, letters, RECIPE)


def test_the_coco_file_says_what_the_truth_says(anny: Body, folder: Path) -> None:
    coco = COCO(str(folder / "annotations.json"))
    assert coco.dataset["info"]["densemark"]["body_hash"] == anny.hash
    assert len(coco.imgs) == 3
    for entry in coco.dataset["annotations"]:
        seen = truth.read(folder / "truth" / entry["truth"], anny)
        there = seen.part_map() > 0
        np.testing.assert_array_equal(coco.annToMask(entry), there)
        assert entry["area"] == there.sum()
        np.testing.assert_array_equal(entry["bbox"], rle.toBbox(entry["segmentation"]))
        assert len(entry["keypoints"]) == 51
        image = coco.imgs[entry["image_id"]]
        with Image.open(folder / "images" / image["file_name"]) as picture:
            assert picture.size == (64, 64)


def test_an_image_can_be_made_again_from_its_seed(anny: Body, folder: Path) -> None:
    known = dataset.record(folder, 2)
    again = render(anny, known["image"]["densemark"]["seed"], RECIPE.options)
    assert again.seed == dataset.image_seed(3, 2)
    assert dataset.picture(again.image) == (folder / "images" / "00000002.jpg").read_bytes()


def test_a_file_holds_all_and_any_damage_is_one_refusal(anny: Body, folder: Path, tmp_path: Path) -> None:
    first = truth.read(folder / "truth" / "00000001.1.npz")
    data, again = BytesIO(), BytesIO()
    truth.write(data, first)
    truth.write(again, first)
    assert data.getvalue() == again.getvalue()
    path = tmp_path / "truth.npz"
    path.write_bytes(data.getvalue())
    found = truth.read(path, anny)
    for column in fields(truth.Truth):
        np.testing.assert_array_equal(getattr(found, column.name), getattr(first, column.name), strict=False)
    for start in np.linspace(0, len(data.getvalue()) - 40, 25).astype(int):
        broken = bytearray(data.getvalue())
        broken[start : start + 40] = b"\xa5" * 40
        path.write_bytes(broken)
        try:
            truth.read(path, anny)  # between two arrays nothing is lost
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017 - whatever else is raised fails the test
    path.write_bytes(data.getvalue()[:-100])
    with pytest.raises(ValueError, match="no truth"):
        truth.read(path, anny)


def test_what_the_faces_show_is_kept_and_found_in_files_without_it(anny: Body, folder: Path, tmp_path: Path) -> None:
    path, old = folder / "truth" / "00000001.1.npz", tmp_path / "old.npz"
    found = truth.read(path, anny)
    assert found.seen.nonzero()[0].tolist() == sorted(set(found.face.tolist()))
    mean = [255 * found.facing[found.face == face].mean() for face in found.seen.nonzero()[0]]
    np.testing.assert_allclose(found.cosines, mean, atol=0.51)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(old, **{name: array for name, array in arrays.items() if name != "cosines"})
    np.testing.assert_array_equal(truth.read(old, anny).cosines, found.cosines)
    np.savez(old, **(arrays | {"cosines": found.cosines[1:]}))
    with pytest.raises(ValueError, match="cosines of shape"):
        truth.read(old, anny)
