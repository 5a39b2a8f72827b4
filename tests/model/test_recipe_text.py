"""Recipes are read, changed and printed; what is wrong with them is told with its key."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import recipe_text
from model.recipe import DensePose, Detector, KeypointBranch, MaskBranch, Network, Recipe, Schedule, Trunk
from model.recipe_text import as_toml, changed, differences, parse

positive = st.floats(1e-6, 1e6, allow_nan=False)
branches = st.one_of(st.none(), st.builds(MaskBranch, layers=st.integers(0, 9)))
networks = st.builds(
    Network,
    trunk=st.builds(Trunk, name=st.text(), weights=st.text()),
    detector=st.builds(Detector, proposals=st.tuples(st.integers(1), st.integers(1)), positive=st.floats(0.01, 1)),
    densepose=st.one_of(st.none(), st.builds(DensePose, confidence=st.sampled_from(["", "isotropic"]))),
    masks=branches,
    keypoints=st.one_of(st.none(), st.builds(KeypointBranch, sigma=positive)),
    cascade=st.booleans(),
)
drops = st.lists(st.floats(0.01, 0.99), max_size=4).map(sorted).map(tuple)
schedules = st.builds(Schedule, steps=st.integers(1), rate=positive, decay=positive, drops=drops)


@given(st.builds(Recipe, network=networks, schedule=schedules))
def test_a_printed_recipe_reads_as_the_same(recipe):
    assert parse(as_toml(recipe)) == recipe


def test_a_printed_recipe_is_complete():
    printed = as_toml(Recipe())
    for table in dataclasses.fields(Recipe):
        for field in dataclasses.fields(getattr(Recipe(), table.name)):
            assert f"\n{field.name} = " in printed or f".{field.name}]\n" in printed


def test_recipes_that_ship_can_be_read():
    assert "tiny" in recipe_text.names()
    for name in recipe_text.names():
        assert parse(as_toml(recipe_text.read(name))) == recipe_text.read(name)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("schedule.rate=.02", {"schedule.rate": (0.01, 0.02)}),
        ("schedule.rate=1", {"schedule.rate": (0.01, 1.0)}),
        ("data.shortest=320,400", {"data.shortest": ([640, 800], [320, 400])}),
        ("data.shortest=[320, 400]", {"data.shortest": ([640, 800], [320, 400])}),
        ("schedule.drops=", {"schedule.drops": ([100 / 130, 120 / 130], [])}),
        ("network.trunk.name=resnet18", {"network.trunk.name": ("resnet50", "resnet18")}),
        ('network.trunk.name="resnet18"', {"network.trunk.name": ("resnet50", "resnet18")}),
        ("network.fcn.stride=4", {"network.fcn.stride": (8, 4)}),
        ("running.compile=true", {"running.compile": (False, True)}),
        ("network.masks=true", {"network.masks": (False, {"layers": 4, "channels": 256, "pooled": 14})}),
        ("network.masks.layers=2", {"network.masks": (False, {"layers": 2, "channels": 256, "pooled": 14})}),
        ("schedule.steps=10_000", {"schedule.steps": (130_000, 10_000)}),
    ],
)
def test_one_key_is_changed(change, found):
    assert differences(Recipe(), changed(Recipe(), [change])) == found


def test_a_branch_is_taken_away():
    assert changed(Recipe(), ["network.densepose=false"]).network.densepose is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("schedule.rat=.02", "no key 'schedule.rat'; did you mean 'schedule.rate'?"),
        ("shedule.rate=.02", "no key 'shedule'; did you mean 'schedule'?"),
        ("running.zzz=1", "no key 'running.zzz'; there are: seed, precision"),
        ("running.seed.x=1", "running.seed is a value and has no keys"),
        ("network.trunk=tiny", "network.trunk is a table: change one of its keys: name,"),
        ("network.masks=2", "network.masks is true or false, not '2'"),
        ("schedule.rate=fast", "schedule.rate is a number, not 'fast'"),
        ("schedule.rate=nan", "schedule.rate is a finite number, not nan"),
        ("schedule.rate=0", "schedule.rate is above 0; it is 0.0"),
        ("schedule.steps=1.5", "schedule.steps is a whole number, not '1.5'"),
        ("schedule.batch=0", "schedule.batch is 1 or more, not 0"),
        ("schedule.accumulate=3", "schedule.batch divides into schedule.accumulate parts"),
        ("schedule.drops=.9,.5", "schedule.drops ascend; it is [0.9, 0.5]"),
        ("network.fcn.stride=5", "network.fcn.stride is one of 4, 8, not 5"),
        ("network.kind=yolo", 'network.kind is one of "rcnn", "fcn", "deeppose", not \'yolo\''),
        ("data.shortest=320", "data.shortest is a list of 2, not [320]"),
        ("network.densepose.channels=0", "network.densepose.channels is 1 or more, not 0"),
        ("network.trunk.channels=-3", "network.trunk.channels is 1 or more, not -3"),
        ("network.densepose.most=0", "network.densepose.most is 1 or more, not 0"),
        ("network.densepose.overlap=2", "network.densepose.overlap is at most 1; it is 2.0"),
        ("network.keypoints.sigma=0", "network.keypoints.sigma is above 0; it is 0.0"),
        ("network.deeppose.crops=0", "network.deeppose.crops is 1 or more, not 0"),
        ("network.deeppose.sigma=0", "network.deeppose.sigma is above 0; it is 0.0"),
        ("network.detector.least_score=2", "network.detector.least_score is below 1; it is 2.0"),
        ("network.detector.proposals=9,0", "network.detector.proposals are above 0; it is [9, 0]"),
        ("weights.uv=-1", "weights.uv is 0 or more, not -1.0"),
        ("schedule.rate", "a change is key=value"),
    ],
)
def test_a_change_that_cannot_be_is_told(change, told):
    with pytest.raises(ValueError) as error:
        changed(Recipe(), [change])
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["network.kind=fcn", "network.cascade=true"], "network.cascade is of networks of kind rcnn; it is true"),
        (["network.kind=deeppose", "network.masks=true"], "network.masks is of networks of kind rcnn"),
        (["network.kind=fcn", "network.keypoints=true"], "network.keypoints is of networks of kind rcnn"),
        (
            ["network.densepose.surface=embedding", "network.densepose.confidence=isotropic"],
            'network.densepose.confidence is of charts, not of embeddings; it is "isotropic"',
        ),
    ],
)
def test_what_another_network_has_is_not_passed_over(changes, told):
    with pytest.raises(ValueError) as error:
        changed(Recipe(), changes)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[schedule]\nrat = 1", "no key 'schedule.rat'; did you mean 'schedule.rate'?"),
        ("schedule = 3", "schedule is a table of keys, not 3"),
        ("[schedule]\nsteps = true", "schedule.steps is a whole number, not True"),
        ("[network]\nmasks = 3", "network.masks is a table of keys, not 3"),
        ("[data]\nshortest = [1, 'x']", "data.shortest[1] is a whole number, not 'x'"),
        ("[network.fcn]\nstride = true", "network.fcn.stride is one of 4, 8, not True"),
        ("[schedule", "Expected ']'"),
    ],
)
def test_a_file_that_cannot_be_is_told_with_its_name(text, told, tmp_path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ValueError) as error:
        recipe_text.read(tmp_path / "mine.toml")
    assert str(error.value).startswith("recipe mine.toml: ")
    assert told in str(error.value)


def test_an_unknown_recipe_is_told_with_those_there_are():
    with pytest.raises(ValueError, match="did you mean 'tiny'"):
        recipe_text.read("tinny")
