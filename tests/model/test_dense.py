"""Dense labels beside a dataset file: what of them a step learns from, and when they count for nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import surface
from export.snapshots import digest
from model.data import dense
from model.data.batches import train_batches
from model.data.records import Images
from model.recipe import Data, Schedule
from model.training.run import facts_of
from tests.server.dense_files import document, entry, square

BODY = surface.load("anny")
DATA = Data(shortest=(60, 90), longest=160, flip=0.5, dense=50, dense_weight=0.5)


def labels(seed=0):
    """(256, 256, 4) u1 of the first chart of each part, U and V going across, sure at the right."""
    row, column = np.mgrid[:256, :256].astype(np.uint8)
    return np.stack([np.where(square(seed) > 0, 1, 0).astype(np.uint8), column, row, column], axis=-1)


def write(folder, **about):
    """A file of two persons on one photo; labels of the second one."""
    path = folder / "d.json"
    people = [entry(10, points=3, seed=1), entry(11, points=4, bbox=[12.0, 10.0, 30.0, 60.0])]
    path.write_text(json.dumps(document(people)))
    Image.effect_noise((60, 80), 60).convert("RGB").save(folder / "a.png")
    (folder / "dense").mkdir()
    dense.write(folder / "dense/11.png", labels())
    said = {"format": dense.FORMAT, "file": "d.json", "body": {"hash": BODY.hash}} | about
    (folder / "derived.json").write_text(json.dumps(said))
    return path


def first(path, data, seed=0):
    images = Images(path, path.parent, BODY)
    return next(train_batches(images, data, Schedule(batch=1), seed)).targets[0]


def test_annotated_points_stay_and_labels_come_after_them(tmp_path):
    path = write(tmp_path)
    for data in (replace(DATA, flip=0.0), replace(DATA, flip=1.0)):
        bare, rich = first(path, replace(data, dense=0)), first(path, data)
        known = len(bare.point_xy)
        for name in ("person", "xy", "chart", "uv", "vertex", "weight"):
            assert getattr(rich, f"point_{name}")[:known].equal(getattr(bare, f"point_{name}"))
        assert len(rich.point_xy) == known + 50
        assert set(rich.point_person[known:].tolist()) == {1}
        assert rich.point_weight[known:].max() <= 0.5


def test_a_label_is_at_the_centre_of_its_pixel(tmp_path):
    path = write(tmp_path)
    images = Images(path, path.parent, BODY)
    example = images[0]
    rich = dense.with_labels(example, images.dense, 10**6, 0.5, 1, BODY).points
    own = slice(len(example.points), None)
    column, row = ((rich.xy[own] - [12, 10]) * 256 / [30, 60] - 0.5).T
    assert rich.uv[own] * 255 == pytest.approx(np.stack([column, row], axis=1), abs=2e-2)
    assert rich.weight[own] == pytest.approx(0.5 * column / 255, abs=1e-4)
    assert rich.chart[own].tolist() == [1] * len(column)
    where = BODY.position(rich.face[own], rich.bary[own])
    assert np.linalg.norm(BODY.vertices[rich.vertex[own]] - where, axis=1).max() < 0.05
    near = np.floor((example.points.xy[example.points.person == 1] - [12, 10]) * 256 / [30, 60])
    places = np.stack(np.nonzero(labels()[..., [0, 3]].all(axis=2))[::-1], axis=1)
    apart = np.abs(places[:, None] - near).max(axis=2).min(axis=1)
    assert len(column) == (apart > dense.NEAR).sum()


def test_what_is_drawn_follows_from_the_seed_and_the_step(tmp_path):
    path = write(tmp_path)
    images = Images(path, path.parent, BODY)
    for data in (DATA, replace(DATA, crops=True)):
        through = list(islice(train_batches(images, data, Schedule(batch=2), 3), 4))
        later = list(islice(train_batches(images, data, Schedule(batch=2), 3, start_step=2), 2))
        for one, other in zip(through[2:], later, strict=True):
            assert [t.point_xy.tolist() for t in one.targets] == [t.point_xy.tolist() for t in other.targets]
        places = {tuple(t.point_uv.flatten().tolist()) for batch in through for t in batch.targets}
        assert len(places) > 4


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), most=st.integers(0, 300), known=st.integers(0, 40))
def test_labels_are_drawn_without_repetition_and_away_from_points(seed, most, known):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-20, 280, (known, 2))
    given_labels = labels(seed % 5)
    at = dense.drawn(given_labels, most, points, rng)
    assert len(at) <= most
    assert len({tuple(place) for place in at.tolist()}) == len(at)
    assert (given_labels[at[:, 1], at[:, 0]][:, [0, 3]] > 0).all()
    if known and len(at):
        assert np.abs(at[:, None] - np.floor(points)).max(axis=2).min() > dense.NEAR


def test_a_dataset_with_labels_is_another_one(tmp_path):
    path = write(tmp_path)
    with_labels = facts_of(Images(path, tmp_path, BODY))
    assert with_labels["dense"] == digest(tmp_path / "derived.json")
    (tmp_path / "derived.json").unlink()
    bare = Images(path, tmp_path, BODY)
    assert bare.dense is None
    assert facts_of(bare) == {key: value for key, value in with_labels.items() if key != "dense"}


def test_labels_of_another_file_or_body_are_not_taken(tmp_path):
    path = write(tmp_path, file="other.json")
    assert Images(path, tmp_path, BODY).dense is None
    for text, why in (
        (json.dumps({"format": dense.FORMAT, "file": "d.json", "body": {"hash": "f" * 64}}), "on body ffffffffffff"),
        ("{", "does not describe dense labels"),
        ("[]", "does not describe dense labels"),
    ):
        (tmp_path / "derived.json").write_text(text)
        with pytest.raises(ValueError, match=rf"derived\.json: .*{why}"):
            Images(path, tmp_path, BODY)


def test_damaged_labels_are_named(tmp_path):
    path = write(tmp_path)
    own = tmp_path / "dense/11.png"
    for content, why in ((own.read_bytes()[:500], "cannot be read"), (None, "of four bytes")):
        if content is None:
            Image.new("RGBA", (8, 8)).save(own)
        else:
            own.write_bytes(content)
        with pytest.raises(ValueError, match=rf"dense/11\.png: .*{why}"):
            first(path, DATA)
    strange = labels()
    strange[..., 0] = 200
    dense.write(own, strange)
    with pytest.raises(ValueError, match=r"dense/11\.png: I must be"):
        first(path, DATA)
