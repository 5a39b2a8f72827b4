"""A dataset file is a sequence of persons as arrays, in this process and in torch's workers."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.read import Dataset, Sample, collate
from export.records import ImageRecord, image_line, person_line
from export.reference import image_positions, read_person
from tests.export.people import person_of
from tests.server.dense_files import cse, document, entry, square

IMAGES = [
    {"id": 1, "file_name": "a.png", "width": 60, "height": 80},
    {"id": 2, "file_name": "sub/b.png", "width": 30, "height": 20},
]
PLAIN = {key: value for key, value in entry(5).items() if not key.startswith("dp_")}


@pytest.fixture
def path(tmp_path):
    """Three persons with points, one of them with vertices, and one without any."""
    persons = [entry(3), PLAIN, entry(7, 2, points=4, seed=2), cse(entry(9, points=3), [4, 0, 9])]
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    Image.new("RGB", (60, 80), (10, 20, 30)).save(folder / "a.png")
    Image.new("L", (30, 20), 99).save(folder / "sub" / "b.png")
    found = tmp_path / "d.json"
    text = json.dumps(document(persons, IMAGES) | {"info": {"description": "Größe"}}, ensure_ascii=False, indent=1)
    found.write_text(text, encoding="utf-8")
    return found


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


def test_persons_come_as_arrays_in_the_order_of_the_file(path):
    people = Dataset(path, path.parent / "photos")
    assert len(people) == 3
    assert [person.id for person in people] == [3, 7, 9]
    first, second, third = people
    raw = read_person(entry(3))
    assert np.array_equal(first.labels, square())
    assert first.xy == pytest.approx(image_positions(raw), abs=1e-12)
    assert first.square_xy == pytest.approx(np.stack([raw.x, raw.y], axis=1), abs=1e-9)
    assert np.array_equal(first.iuv, np.stack([raw.i, raw.u, raw.v], axis=1))
    assert first.bbox.tolist() == entry(3)["bbox"]
    assert first.keypoints.shape == (17, 3)
    assert first.image.shape == (80, 60, 3)
    assert first.image[0, 0].tolist() == [10, 20, 30]
    assert second.image.shape == (20, 30, 3)
    assert len(second.xy) == 4
    assert (third.iuv, third.vertex.tolist()) == (None, [4, 0, 9])
    masks = second.masks()
    assert masks.shape == (14, 256, 256)
    assert np.array_equal((masks * np.arange(1, 15)[:, None, None]).sum(axis=0), square(2))
    assert equal(people[-1], third)
    with pytest.raises(IndexError):
        people[3]


def test_persons_without_points_and_files_without_photos(path):
    people = Dataset(path, annotated=False, transform=lambda sample: (sample.id, sample.labels is None, len(sample.xy)))
    assert [people[n] for n in range(4)] == [(3, False, 20), (5, True, 0), (7, False, 4), (9, False, 3)]
    assert Dataset(path)[0].image is None


def test_what_cannot_be_used_is_named(path, tmp_path):
    (tmp_path / "photos" / "a.png").unlink()
    with pytest.raises(ValueError, match=r"a\.png: cannot be read"):
        Dataset(path, tmp_path / "photos")[0]
    Image.new("RGB", (60, 81)).save(tmp_path / "photos" / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: has 60 x 81 pixels, not 60 x 80"):
        Dataset(path, tmp_path / "photos")[0]
    path.write_text(json.dumps(document([entry(3, dp_U=[1.2] * 20), entry(4)])))
    with pytest.raises(ValueError, match=r"d\.json: annotation 3: uv-range: dp_U\[0\] is 1\.2"):
        Dataset(path)[0]
    assert Dataset(path)[1].id == 4
    for content in ("[]", "{}", '{"images": [3], "annotations": []}'):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"^d\.json: "):
            Dataset(path)
    path.write_text(json.dumps({"images": [{"id": [1], "file_name": "a", "width": 1, "height": 1}], "annotations": []}))
    with pytest.raises(ValueError, match=r"d\.json: image id \[1\] is not an integer"):
        Dataset(path)
    path.write_text(json.dumps(document([entry(3, keypoints=[10**400] * 51)], tags=["a"], licenses=["b"])))
    with pytest.raises(ValueError, match=r"d\.json: annotation 3: "):
        Dataset(path)[0]
    with pytest.raises(ValueError, match="only the folder of a snapshot"):
        Dataset(path, split="val")
    with pytest.raises(ValueError, match="is no snapshot"):
        Dataset(tmp_path)


def test_the_folder_of_a_snapshot_reads_the_same_way(tmp_path):
    labels = np.zeros((60, 50), np.uint8)
    labels[:30], labels[30:] = 1, 14
    image = ImageRecord(7, "a.jpg", 100, 90, split="val")
    box = (5.0, 6.0, 50.0, 60.0)
    person = person_of(labels, (5, 6), image, [[20.5, 20.5]], [[1, 0.5, 0.25]], id=4, bbox=box, area=9.0)
    (tmp_path / "images.jsonl").write_text(image_line(image) + "\n")
    (tmp_path / "persons-train.jsonl").write_text("")
    lines = [person_line(person), person_line(person_of(image=image, id=6, bbox=box, area=9.0))]
    (tmp_path / "persons-val.jsonl").write_text("".join(line + "\n" for line in lines))
    (sample,) = Dataset(tmp_path)
    assert (sample.id, sample.xy.tolist(), sample.iuv.tolist()) == (4, [[20.5, 20.5]], [[1.0, 0.5, 0.25]])
    assert sample.labels.shape == (256, 256)
    assert (sample.labels[100, 100], sample.labels[200, 100]) == (1, 14)
    assert [s.id for s in Dataset(tmp_path, split="val", annotated=False)] == [4, 6]
    assert len(Dataset(tmp_path, split="train")) == 0


def identity(sample: Sample) -> Sample:
    return sample


def test_torch_reads_it_with_workers(path):
    from torch.utils.data import DataLoader

    people = Dataset(path, path.parent / "photos", transform=identity)
    assert equal(pickle.loads(pickle.dumps(people))[1], people[1])
    loader = DataLoader(people, batch_size=2, num_workers=2, collate_fn=collate, multiprocessing_context="fork")
    batches = list(loader)
    assert [[sample.id for sample in batch] for batch in batches] == [[3, 7], [9]]
    assert equal(batches[0][1], people[1])


def test_reading_needs_no_torch():
    code = "import sys, export.read; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
