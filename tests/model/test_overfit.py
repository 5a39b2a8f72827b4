"""A whole training as a user has it: rendered persons, a dataset file, a recipe, a run, the evaluator's figures."""

import json

import pytest

import surface
from export.rendered import FILE, annotate
from model import recipe_text
from model.data.records import Images
from model.training.run import train
from synthesis import dataset
from synthesis.render import Options


@pytest.fixture(scope="module")
def body():
    return surface.load("anny")


@pytest.fixture(scope="module")
def images(body, tmp_path_factory):
    """Four rendered persons, whole and unhidden."""
    folder = tmp_path_factory.mktemp("four")
    wanted = dataset.Recipe(5, Options(size=208, occluders=0, cut=0))
    dataset.begin(body, folder, wanted)
    numbers = [number for number, _ in dataset.make(body, folder, range(1, 5), wanted)]
    assert annotate(body, folder, numbers)["annotated"] == 4
    return Images(folder / FILE, folder / "images", body)


@pytest.mark.slow
def test_tiny_learns_four_persons_by_heart(body, images, tmp_path):
    recipe = recipe_text.read("tiny", ["schedule.steps=120", "schedule.warmup=20", "data.flip=0"])
    outcome = train(recipe, images, images, body, tmp_path / "run", "cpu")
    assert outcome.state == "finished"
    found = json.loads((tmp_path / "run" / "evaluation-000120.json").read_text())
    assert found["persons"] == 4
    assert found["boxes"] == "detected"
    assert found["gps_mean"] > 0.6
    assert found["box"]["AP50"] > 0.9
