"""The comparison of networks: what of its test is unseen, and how its figures are put together."""

import json

import pytest

import surface
from benchmarks.networks import NETWORKS, table
from benchmarks.networks.runs import Budget, compare, recipe
from benchmarks.networks.scenes import HELD_OUT, PLACES, SEEDS, fits, numbers, prepare
from model.recipe_text import differences
from synthesis import dataset, truth
from synthesis.pose_library import FAMILIES
from synthesis.render import Options, cast, place_of


@pytest.fixture(scope="module")
def body():
    return surface.load("anny")


def test_nothing_of_the_test_is_seen_in_training(body, tmp_path):
    options = Options(size=64, persons=(1, 2))
    names = {}
    for split, images in (("train", 6), ("test", 2)):
        wanted = dataset.Recipe(SEEDS[split], options)
        found = numbers(body, tmp_path / f"{split}.json", split, images, wanted)
        assert found == sorted(set(found))
        assert numbers(body, tmp_path / f"{split}.json", split, images - 1, wanted) == found[:-1]
        seeds = [dataset.image_seed(wanted.seed, number) for number in found]
        persons = [cast(body, seed, options)[1] for seed in seeds]
        assert sorted(map(len, persons)) == [1] * (images // 2) + [2] * (images // 2)
        names[split] = {one.name for each in persons for one in each}
        if split == "train":
            assert not {place_of(seed).kind for seed in seeds} & PLACES
    assert names["test"] <= HELD_OUT
    assert not names["train"] & HELD_OUT
    held = [family for family in FAMILIES if {pose.name for pose in family.poses} & HELD_OUT]
    assert len(held) == len(FAMILIES[2::5])  # no name is in another family, too
    assert not fits("train", {"standing"}, "beach")
    assert fits("train", {"standing"}, "street")


def test_points_stand_on_the_true_surface(body, tmp_path):
    counts = prepare(body, tmp_path, "test", 2, 96)
    document = json.loads((tmp_path / "test" / "annotated.json").read_text())
    assert counts["images"] == len(document["images"]) == 2
    assert counts["points"] == sum(len(entry.get("dp_x", ())) for entry in document["annotations"]) > 40
    entry = next(entry for entry in document["annotations"] if "dp_x" in entry)
    seen = truth.read(
        next((tmp_path / "test" / "truth").glob(f"{entry['image_id']:08d}.{entry['id'] % 100}.npz")), body
    )
    x, y, w, h = entry["bbox"]
    xy = [(x + px * w / 256, y + py * h / 256) for px, py in zip(entry["dp_x"], entry["dp_y"], strict=True)]
    rows = seen.rows(xy)
    assert (rows >= 0).all()
    assert seen.chart[rows].tolist() == entry["dp_I"]
    assert seen.uv[rows, 0] == pytest.approx(entry["dp_U"], abs=1e-5)
    before = (tmp_path / "test" / "annotated.json").stat().st_mtime_ns
    assert prepare(body, tmp_path, "test", 2, 96) == counts
    assert (tmp_path / "test" / "annotated.json").stat().st_mtime_ns == before


def test_the_networks_differ_and_their_budgets_do_not():
    recipes = {name: recipe(name, Budget(steps=7, size=64)) for name in NETWORKS}
    for name, other in recipes.items():
        changed = differences(recipes["points"], other)
        assert all(key.startswith(("network.", "weights.")) for key in changed), name
        assert (name == "points") == (not changed)
    assert recipes["cascade"].network.cascade
    assert recipes["cascade"].network.keypoints == recipes["keypoints"].network.keypoints
    assert recipes["fcn"].schedule.steps == 7
    assert recipes["fcn"].data.tested == (64, 128)


def test_figures_stand_beside_the_papers(tmp_path, body):
    found = {
        name: {f"{key}{' in given boxes' * (name == 'fcn')}": value + k / 10 for key, value in FIGURES.items()}
        for k, name in enumerate(NETWORKS)
    }
    told = table(found)
    assert told["fcn: AUC10 in given boxes, the paper's"] == 0.253
    assert told["cascade: GPS AP, the paper's"] == 0.558
    assert told["order of AUC30 as the paper's"]
    found["cascade"]["AUC30"] = 0.0
    assert not table(found)["order of AUC30 as the paper's"]
    budget = Budget(steps=3)
    (tmp_path / "points.json").write_text(json.dumps({"AUC10": 0.5, "budget": vars(budget)}))
    assert compare("points", tmp_path, budget, body, print) == {"AUC10": 0.5}
    with pytest.raises(ValueError, match=r"points\.json was made with another budget"):
        compare("points", tmp_path, Budget(steps=4), body, print)


FIGURES = {"AUC10": 0.1, "AUC30": 0.2, "GPS AP": 0.3}
