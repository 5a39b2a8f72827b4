"""`densemark predict` and the networks that it loads."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

import surface
from evaluation.detection import predictions
from model import recipe_text
from model.networks import build
from model.prediction import onnx, photos
from model.prediction.drawing import places
from model.prediction.load import find_body, load
from model.prediction.predict import MOST, Broken, Seen, Wanted, of_coco, of_files, predict
from model.training.checkpoints import save_weights
from model.training.folder import RunFolder
from model.training.run import shape_of
from tests.cli.commands import ok, refused

BODY = surface.load("anny")
CHANGES = (
    "data.tested=96,160",
    "network.detector.most=3",
    "network.detector.proposals=20,10",
    "network.keypoints=true",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photos: three, one in a folder, and a file that is none."""
    place = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    (place / "more").mkdir()
    for name, size in (("b.jpg", (90, 60)), ("a.png", (40, 80)), ("more/c.JPG", (64, 64))):
        Image.fromarray(rng.integers(0, 255, (*size[::-1], 3)).astype(np.uint8)).save(place / name)
    (place / "bad.jpg").write_bytes(b"\xff\xd8 no photo")
    return place


def made(place, name="tiny", changes=CHANGES):
    """A run's folder with an untrained network that finds persons everywhere, and its checkpoint."""
    torch.manual_seed(0)
    recipe, shape = recipe_text.read(name, changes), shape_of(BODY)
    network = build(recipe.network, **shape, body=None)
    if recipe.network.kind == "rcnn":
        with torch.no_grad():
            network.detector.classes.weight.mul_(30)
            network.detector.classes.bias[1] += 1
    run = RunFolder(place)
    about = {"body": BODY.name, "body_hash": BODY.hash, **{key: str(value) for key, value in shape.items()}}
    run.begin(recipe, {"body": {"name": BODY.name, "hash": BODY.hash, **shape}}, resume=False)
    run.write_model(network.state_dict(), {**about, "recipe": recipe_text.as_toml(recipe), "step": "7"})
    checkpoint = run.checkpoints / "000005"
    checkpoint.mkdir(parents=True)
    save_weights(checkpoint / "weights.safetensors", network.state_dict())
    (checkpoint / "step.json").write_text('{"step": 5}')
    return place


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("run") / "one"
    place.mkdir()
    return made(place)


def test_photos_become_results_and_pictures(run, folder, tmp_path):
    out = tmp_path / "results.json"
    words = ("predict", "--run", run, "--images", folder, "--out", out, "--overlay", tmp_path / "drawn", "--json")
    said = json.loads(ok(*words, "--shown", "0", data=tmp_path))
    found = predictions.read(out)
    entries = json.loads(out.read_text())
    assert said["images"] == 3
    assert said["persons"] == len(entries) == len(found.scores) > 0
    assert [(each["file"], each["image_id"]) for each in said["refused"]] == [("bad.jpg", 3)]
    assert {(each["image_id"], each["file_name"]) for each in entries} <= {
        (1, "a.png"),
        (2, "b.jpg"),
        (4, "more/c.JPG"),
    }
    assert all(len(each["keypoints"]) == 51 for each in entries)
    drawn = {str(path.relative_to(tmp_path / "drawn")) for path in (tmp_path / "drawn").rglob("*.jpg")}
    names = ("a-png", "b", "more/c")
    assert drawn == {f"{name}-{kind}.jpg" for name in names for kind in ("parts", "lines", "texture")}
    assert Image.open(tmp_path / "drawn" / "b-lines.jpg").size == (90, 60)


def test_images_of_an_annotation_file_keep_their_ids(run, folder, tmp_path):
    person = {"id": 1, "image_id": 12, "category_id": 1, "bbox": [10.0, 5.0, 50.0, 40.0], "area": 2000.0, "iscrowd": 0}
    images = [{"id": 12, "file_name": "b.jpg", "width": 90, "height": 60}]
    coco = tmp_path / "coco.json"
    coco.write_text(json.dumps({"images": images, "annotations": [person], "categories": [{"id": 1}]}))
    words = ("predict", "--run", run, "--images", folder, "--coco", coco, "--out", tmp_path / "r.json")
    ok(*words, data=tmp_path)
    assert set(predictions.read(tmp_path / "r.json").image_ids) == {12}
    ok(*words, "--boxes", "--scales", "64,96", data=tmp_path)
    given = predictions.read(tmp_path / "r.json")
    assert given.boxes.tolist() == [pytest.approx(person["bbox"], abs=1e-3)]
    assert given.scores.tolist() == [1]
    ok(*words, "--boxes", "--flip", data=tmp_path)
    assert predictions.read(tmp_path / "r.json").boxes.tolist() == [pytest.approx(person["bbox"], abs=1e-3)]


def unequal(place, sizes):
    """Photos of these widths and heights, by number."""
    rng = np.random.default_rng(1)
    place.mkdir(exist_ok=True)
    for number, (width, height) in enumerate(sizes):
        Image.fromarray(rng.integers(0, 255, (height, width, 3), np.uint8)).save(place / f"{number}.png")
    return [place / f"{number}.png" for number in range(len(sizes))]


def test_what_is_found_in_a_photo_does_not_depend_on_the_others(run, tmp_path):
    """Of the tiny network, whose group normalisation would see the padding for a larger photo."""
    loaded = load(run)
    files = unequal(tmp_path / "p", [(64, 64), (96, 40), (64, 60), (100, 40), (62, 64)])
    files[2].write_bytes(b"none")
    together = list(predict(loaded, of_files(files), batch=2))
    assert [each.wanted.name for each in together] == [file.name for file in files]
    assert isinstance(together[2], Broken)
    shown = [each.photo for each in together if isinstance(each, Seen)]
    for photo, group in zip(shown, photos.look(loaded.network, shown, loaded.recipe.data), strict=True):
        (alone,) = photos.look(loaded.network, [photo], loaded.recipe.data)
        people = together[photo.image_id - 1].persons
        assert len(alone) == len(group) == len(people) > 0
        assert torch.allclose(alone.scores, group.scores, atol=1e-4)
        assert torch.allclose(alone.boxes, group.boxes, atol=1e-2)
        assert torch.allclose(alone.u, group.u, atol=1e-3)
        assert np.allclose([person.box for person in people], alone.boxes, atol=1e-2)


def test_only_the_best_persons_of_a_photo_are_written(run, folder, tmp_path):
    words = ("predict", "--run", run, "--images", folder / "b.jpg", "--out", tmp_path / "r.json")
    ok(*words, data=tmp_path)
    every = json.loads((tmp_path / "r.json").read_text())
    assert len(every) > 1
    ok(*words, "--most", "1", data=tmp_path)
    assert json.loads((tmp_path / "r.json").read_text()) == every[:1]
    assert MOST == 20  # what --help says


def test_each_photo_has_pictures_of_its_own(tmp_path):
    names = ["x.jpg", "x.jpeg", "X.JPG", "x-jpeg.png", "a/x.jpg", "x-jpeg.jpg", "../x.jpg", "x.png"]
    found = places([Wanted(number, name, tmp_path) for number, name in enumerate(names, start=1)])
    assert len({str(place).casefold() for place in found.values()}) == len(names)
    assert [str(found[number]) for number in (1, 2, 5)] == ["x", "x-jpeg", "a/x"]
    assert all(".." not in place.parts for place in found.values())
    for side in ("a", "b"):
        unequal(tmp_path / side, [(8, 8)])
    with pytest.raises(ValueError, match=r"both be '0\.png'"):
        of_files([tmp_path / "a", tmp_path / "b"])


def test_an_image_that_is_listed_twice_is_refused(tmp_path):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}] * 2, "annotations": []}))
    with pytest.raises(ValueError, match="the same id"):
        of_coco(path, tmp_path, given=False)


def test_a_damaged_body_beside_the_right_one_is_passed_over(run, tmp_path):
    (tmp_path / "aaa.npz").write_bytes(b"PK no body")
    assert find_body("other", BODY.hash, [tmp_path], run).hash == BODY.hash
    with pytest.raises(ValueError, match=r"is not here.*aaa\.npz"):
        find_body("other", "0" * 64, [tmp_path], run)


def test_what_cannot_be_done_is_said_in_a_line(run, folder, tmp_path):
    out = tmp_path / "r.json"
    out.write_text("before")
    base = ("predict", "--images", folder / "b.jpg", "--out", out, "--run")
    assert "is not there" in refused(*base, tmp_path / "none", data=tmp_path)
    assert "no network" in refused(*base, folder, data=tmp_path)
    assert "--scales" in refused(*base, run, "--scales", "big", data=tmp_path)
    assert "--coco" in refused(*base, run, "--boxes", data=tmp_path)
    assert "none of 1 photo" in refused(
        "predict", "--images", folder / "bad.jpg", "--out", out, "--run", run, data=tmp_path
    )
    assert "no photo" in refused("predict", "--images", run, "--out", out, "--run", run, data=tmp_path)
    assert "4 x 6 squares" in refused(
        *base, run, "--overlay", tmp_path / "d", "--texture", folder / "b.jpg", data=tmp_path
    )
    assert "cuda" in refused(*base, run, "--device", "cuda:99", data=tmp_path)
    assert out.read_text() == "before"


def test_networks_are_loaded_from_runs_checkpoints_and_files(run):
    whole, file = load(run), load(run / "model.safetensors")
    checkpoint = load(run / "checkpoints" / "000005")
    assert (whole.step, file.step, checkpoint.step) == (7, 7, 5)
    assert whole.body.hash == BODY.hash
    assert not whole.network.training
    for other in (file, checkpoint):
        for name, value in whole.network.state_dict().items():
            assert torch.equal(value, other.network.state_dict()[name])


def test_damaged_networks_are_named(run, tmp_path):
    path = tmp_path / "model.safetensors"
    good = (run / "model.safetensors").read_bytes()
    path.write_bytes(good[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors"):
        load(tmp_path)
    path.write_bytes(good.replace(BODY.hash.encode(), b"0" * 64))
    with pytest.raises(ValueError, match="its body 'anny'"):
        load(tmp_path)
    save_weights(path, {"a": torch.zeros(1)})
    with pytest.raises(ValueError, match="no network of DenseMark"):
        load(path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, run, folder):
    """What the command says of an ONNX file, and the file."""
    path = tmp_path_factory.mktemp("onnx") / "network.onnx"
    words = ("predict", "--run", run, "--images", folder / "a.png", "--images", folder / "b.jpg", "--export-onnx", path)
    said = json.loads(ok(*words, "--onnx-size", "64x96", "--json", data=path.parent))
    assert list(path.parent.iterdir()) == [path]
    return said, path


def test_onnx_computes_what_torch_computes(exported):
    said, path = exported
    assert said["persons"] >= 2
    assert max(said["differences"].values()) < 1e-2
    session = onnxruntime.InferenceSession(str(path))
    assert [output.name for output in session.get_outputs()] == said["outputs"]
    assert {"boxes", "fine", "u", "v", "keypoints"} <= set(said["outputs"])
    about = session.get_modelmeta().custom_metadata_map
    assert about["densemark_body_hash"] == BODY.hash
    assert (about["densemark_height"], about["densemark_width"]) == ("64", "96")


def test_another_network_than_the_onnx_file_s_is_told(exported, run, folder):
    _, path = exported
    loaded = load(run)
    image = onnx.fitted_into(photos.read(folder / "b.jpg"), (64, 96))
    onnx.compare(loaded.network, path, [image], None, ["boxes", "fine"])
    with torch.no_grad():
        loaded.network.branches["densepose"].head.predictor.deconvolution.bias.add_(1)
    with pytest.raises(ValueError, match="differs from torch"):
        onnx.compare(loaded.network, path, [image], None, ["boxes", "fine"])
    with pytest.raises(ValueError, match="32 divides"):
        onnx.export(loaded, path, [], (60, 96))


def test_a_network_that_finds_no_one_computes_all_the_same(tmp_path, folder):
    loaded = load(made(tmp_path, changes=(*CHANGES[:3], "network.densepose.layers=1")))
    loaded.network.detector.least_score = 1.0
    done = onnx.export(loaded, tmp_path / "n.onnx", [photos.read(folder / "b.jpg")], (64, 64))
    assert done.persons == 0


def test_a_network_without_a_detector_takes_a_box(tmp_path, folder):
    loaded = load(made(tmp_path, "fcn_tiny", ("data.tested=96,160",)))
    done = onnx.export(loaded, tmp_path / "n.onnx", [photos.read(folder / "b.jpg")], (64, 64))
    assert done.persons == 1
    session = onnxruntime.InferenceSession(str(done.path))
    assert [each.name for each in session.get_inputs()] == ["image", "box"]


def test_the_size_of_an_image_is_that_in_which_it_is_looked_at():
    assert onnx.size_for((480, 640), (800, 1333)) == (800, 1088)
    image = onnx.fitted_into(np.full((50, 100, 3), 9, np.uint8), (64, 96))
    assert (image[0, :, :48] == 9).all()
    assert image[0, :, 60, 5].tolist() == [124, 116, 104]
