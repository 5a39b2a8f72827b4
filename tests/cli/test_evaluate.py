"""`densemark evaluate` on small files: its figures, its page, and one line for each kind of bad input."""

from __future__ import annotations

import base64
import html.parser
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from evaluation.detection import groundtruth, predictions
from evaluation.detection.distances import open_surface
from evaluation.detection.evaluate import evaluate
from evaluation.keypoints import NAMES
from surface.geodesic_build import build
from tests.cli.commands import ok, refused
from tests.evaluation.detection import made
from tests.surface.closed_forms import plate

STATS = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Ground truth, results (both with keypoints here and there) and surface files in a folder."""
    folder = tmp_path_factory.mktemp("evaluated")
    rng = np.random.default_rng(7)
    dataset, results = made.dataset(rng, images=8)
    (folder / "surface").mkdir()
    made.write_surface(folder / "surface", made.surface(rng))
    for n, entry in enumerate(dataset["annotations"]):
        if n % 3:
            entry["keypoints"] = np.column_stack([rng.random((17, 2)) * 50, np.full(17, 2)]).ravel().tolist()
            entry["num_keypoints"] = 17
    for n, entry in enumerate(results):
        if n % 2:
            entry["keypoints"] = (rng.random(51) * 50).tolist()
    (folder / "gt.json").write_text(json.dumps(dataset))
    (folder / "results.json").write_text(json.dumps(results))
    return folder


@pytest.fixture
def spoilt(files, tmp_path):
    """Writes a changed copy of one of the files; returns the command's words for it."""

    def write(gt=None, results=None):
        for name, change in (("gt.json", gt), ("results.json", results)):
            content = json.loads((files / name).read_text())
            if change is not None:
                change(content)
            (tmp_path / name).write_text(json.dumps(content))
        return words(tmp_path, files / "surface")

    return write


def words(folder, surface):
    return ["evaluate", "--gt", folder / "gt.json", "--predictions", folder / "results.json", "--surface", surface]


@pytest.mark.parametrize("kappa", ["per-part", "0.255"])
def test_json_has_the_evaluators_figures(files, tmp_path, kappa):
    command = [*words(files, files / "surface"), "--kappa", kappa]
    said = json.loads(ok(*command, "--json", data=tmp_path))
    assert list(said)[:6] == ["gps", "gpsm", "iou", "auc10", "auc30", "seconds"]
    found = evaluate(
        groundtruth.read(files / "gt.json"),
        predictions.read(files / "results.json"),
        open_surface(files / "surface"),
        kappa if kappa == "per-part" else float(kappa),
    )
    for mode in ("gps", "gpsm", "iou"):
        assert list(said[mode]) == STATS
        assert said[mode] == found.stats[mode]
    assert (said["auc10"], said["auc30"]) == (found.auc10, found.auc30)
    assert said["settings"]["kappa"] == found.kappa
    assert [part["name"] for part in said["parts"]][:2] == ["Torso", "Right Hand"]
    assert sum(part["points"] for part in said["parts"]) == said["points"]["points"] == said["counts"]["points"]
    assert set(said["keypoints"]["oks"]) == set(STATS)
    assert set(NAMES) < set(said["keypoints"]["pdj"])
    assert said["rcp"]["human"]["auc10"] == 0.563


def test_out_writes_the_json_and_text_fits_80_columns(files, tmp_path, monkeypatch):
    monkeypatch.setattr("cli.common.console.width", 80)
    out = tmp_path / "all.json"
    text = ok(*words(files, files / "surface"), "--out", out, data=tmp_path)
    said = json.loads(out.read_text())
    assert max(map(len, text.splitlines())) <= 80
    for value in (*said["gps"].values(), said["auc10"], said["parts"][0]["auc30"], *said["keypoints"]["oks"].values()):
        assert ("-" if value < 0 else f"{value:.3f}") in text
    assert [path.name for path in tmp_path.iterdir() if "all" in path.name] == ["all.json"]


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_else_and_takes_names_as_text(files, spoilt, tmp_path):
    evil = '<script src="https://elsewhere.example/x.js">{{}}"\'&.png'
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (made.WIDTH, made.HEIGHT), (10, 200, 30)).save(photos / "green.png")

    def rename(dataset):
        for n, image in enumerate(dataset["images"]):
            image["file_name"] = "green.png" if n % 2 else evil

    target = tmp_path / "page.html"
    ok(*spoilt(gt=rename), "--html", target, "--images", photos, data=tmp_path)
    text = target.read_text()
    page = Page(text)
    assert "elsewhere.example/x.js&quot;&gt;" in text
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    links = [attrs[key] for _, attrs in page.tags for key in ("src", "href", "xlink:href") if key in attrs]
    assert {link.split(";")[0] if ":" in link else link[:1] for link in links} == {
        "#",
        "data:image/png",
        "data:image/jpeg",
    }
    assert not re.search(r"url\((?!data:)|@import", text)
    photo = next(link for link in links if link.startswith("data:image/jpeg"))
    with Image.open(io.BytesIO(base64.b64decode(photo.split(",")[1]))) as image:
        assert np.abs(np.asarray(image, np.int64) - (10, 200, 30)).max() < 12
    drawn = ok(*spoilt(gt=rename), "--html", target, "--worst", "1", data=tmp_path)
    assert "data:image/jpeg" not in target.read_text()
    assert drawn


def test_a_body_of_ours_needs_its_table(files, tmp_path, monkeypatch):
    monkeypatch.setenv("DENSEMARK_CACHE", str(tmp_path / "nothing"))
    line = refused(*words(files, files / "surface")[:-2], "--body", "anny", data=tmp_path)
    assert "no geodesic table of body 'anny': `densemark body geodesics` builds it" in line


def test_a_body_with_other_charts(files, tmp_path):
    body, data = plate().body, tmp_path / "data"
    body.save(tmp_path / "plate.npz")
    build(body.hash, body.vertices, body.faces, data / "geodesics", 1, 1000)
    dataset, results = made.dataset(np.random.default_rng(3))
    (tmp_path / "gt.json").write_text(json.dumps(dataset | {"info": {"densemark": {"body_hash": body.hash}}}))
    (tmp_path / "results.json").write_text(json.dumps(results))
    command = [*words(tmp_path, "")[:-2], "--body", tmp_path / "plate.npz"]
    line = refused(*command, data=data)
    assert "kappa per part is known of 24 charts; this surface has 1: give a number" in line
    said = json.loads(ok(*command, "--kappa", ".255", "--json", data=data))
    assert [part["name"] for part in said["parts"]] == list(body.part_names)
    assert said["settings"]["distances"] == f"body {body.name}, exact geodesics"
    nearest = json.loads(ok(*command, "--kappa", ".255", "--vertices", "nearest", "--json", data=data))
    assert nearest["settings"]["distances"] == f"body {body.name}, nearest vertices"
    assert nearest["iou"] == said["iou"]


def first(content, key, value):
    content[0][key] = value


def of_person(content, key, value):
    next(a for a in content["annotations"] if a.get("dp_I"))[key] = value


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (lambda r: first(r, "image_id", 31337), r"results.json: detection 1: the ground truth has no image 31337"),
        (lambda r: first(r, "uv_data", "AAAA"), r"results.json: detection 1: 'uv_data' is no PNG, or a damaged one"),
        (lambda r: first(r, "uv_data", None), r"results.json: detection 1: 'uv_data' is missing"),
        (lambda r: first(r, "bbox", [1, 2, 3]), r"results.json: detection 1: 'bbox' is \[1, 2, 3\]"),
        (lambda r: first(r, "score", "high"), r"results.json: detection 1: 'score' is high"),
        (lambda r: first(r, "keypoints", [1.0] * 50), r"results.json: detection 1: 'keypoints' is not 17 times"),
    ],
)
def test_bad_detections_are_named(spoilt, tmp_path, results, expected):
    assert re.search(expected, refused(*spoilt(results=results), data=tmp_path / "data"))


@pytest.mark.parametrize(
    ("gt", "expected"),
    [
        (lambda d: of_person(d, "dp_U", [0.5]), r"gt.json: annotation \d+: its lists differ in length"),
        (lambda d: of_person(d, "dp_masks", [{"size": [9, 9], "counts": "0"}]), r"gt.json: annotation \d+: dp_masks"),
        (lambda d: d.pop("images"), r"gt.json: no COCO dataset: 'images' is not a list"),
        (lambda d: d["annotations"].append(d["annotations"][0]), r"gt.json: annotation \d+ is there \d times"),
        (
            lambda d: d.update(
                annotations=[a | {"keypoints": ["x"] * 51, "num_keypoints": 1} for a in d["annotations"]]
            ),
            r"gt.json: annotation \d+: 'keypoints' is not 17 times",
        ),
    ],
)
def test_bad_ground_truth_is_named(spoilt, tmp_path, gt, expected):
    assert re.search(expected, refused(*spoilt(gt=gt), data=tmp_path / "data"))


@pytest.mark.parametrize("name", ["gt.json", "results.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[{]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_broken_json_is_named(spoilt, tmp_path, name, content):
    command = spoilt()
    (tmp_path / name).write_bytes(content)
    assert f"{tmp_path / name}: " in refused(*command, data=tmp_path / "data").replace("\n", "")


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--gt", "missing.json", "--gt: no file missing.json"),
        ("--predictions", "missing.json", "--predictions: no file missing.json"),
        ("--surface", "nowhere", "--surface: no folder nowhere"),
        ("--surface", "", "SMPL_subdiv.mat"),
        ("--images", "nowhere", "--images: no folder nowhere"),
        ("--images", "", "--images is for the page: give its --html, too"),
        ("--kappa", "large", "--kappa is 'per-part' or a positive number of metres, not 'large'"),
        ("--kappa", "-1", "not '-1'"),
        ("--kappa", "nan", "not 'nan'"),
        ("--vertices", "some", "--vertices is 'exact' or 'nearest', not 'some'"),
        ("--body", "anny", "--body and --surface are two surfaces: give one of them"),
        ("--out", "nowhere/x.json", "--out: nowhere/x.json cannot be written"),
        ("--html", "nowhere/x.html", "--html: nowhere/x.html cannot be written"),
    ],
)
def test_bad_options_are_named(files, tmp_path, option, value, expected):
    (tmp_path / "empty").mkdir()
    line = refused(*words(files, files / "surface"), option, value or tmp_path / "empty", data=tmp_path)
    assert expected in line


def test_the_files_that_are_read_are_never_written(files, tmp_path):
    before = (files / "results.json").read_bytes()
    line = refused(*words(files, files / "surface"), "--out", files / "results.json", data=tmp_path)
    assert line.endswith("results.json is the file to be read")
    assert (files / "results.json").read_bytes() == before


def test_an_unknown_body_is_named(files, spoilt, tmp_path):
    command = spoilt()[:-2]
    line = refused(*command, "--body", "nobody", data=tmp_path / "data")
    assert "no body 'nobody': not a file, and the bodies are: anny" in line
    command = spoilt(gt=lambda d: d.update(info={"densemark": {"body_hash": "1234567890abcdef"}}))[:-2]
    assert "points are on body 1234567890ab, which is not here" in refused(*command, data=tmp_path / "data")
    assert "points are on body 1234567890ab, not on 'anny'" in refused(
        *command, "--body", "anny", data=tmp_path / "data"
    )


def test_keypoints_alone_are_evaluated_and_say_so(files, tmp_path):
    results = [
        {key: entry[key] for key in ("image_id", "category_id", "score", "keypoints")}
        for entry in json.loads((files / "results.json").read_text())
        if "keypoints" in entry
    ]
    (tmp_path / "k.json").write_text(json.dumps(results))
    command = ["evaluate", "--gt", files / "gt.json", "--predictions", tmp_path / "k.json"]
    both = json.loads(ok(*words(files, files / "surface"), "--json", data=tmp_path))
    said = json.loads(
        ok(*command, "--json", "--html", tmp_path / "page.html", "--out", tmp_path / "o.json", data=tmp_path)
    )
    assert said["keypoints"] == both["keypoints"]
    assert set(said) == {"surface", "keypoints", "settings"}
    assert json.loads((tmp_path / "o.json").read_text()) == said
    for text in (said["surface"], (tmp_path / "page.html").read_text(), " ".join(ok(*command, data=tmp_path).split())):
        assert "no surface figures" in text
    (tmp_path / "k.json").write_text(json.dumps([results[0], results[1] | {"score": None}]))
    assert "k.json: detection 2: 'score' is None" in refused(*command, data=tmp_path)


@pytest.mark.slow
def test_a_first_evaluation_compiles_before_its_clock_and_says_so(files, tmp_path):
    """In a process of its own, with an empty cache of kernels."""
    run = [sys.executable, "-m", "cli", *map(str, words(files, files / "surface")), "--data", str(tmp_path), "--json"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    first, second = (subprocess.run(run, env=environment, capture_output=True, text=True, check=True) for _ in range(2))
    assert "once after an install" in first.stderr
    assert "once after an install" not in second.stderr
    taken = [json.loads(done.stdout)["seconds"] for done in (first, second)]
    assert taken[0] < 1.0 + 10 * taken[1]  # compiling takes more than ten seconds
