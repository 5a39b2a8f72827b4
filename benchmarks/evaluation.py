"""The evaluator on made-up results: 1,000 persons, 100,000 points, 1,200 detections, a table of distances of full size.

The reference evaluator computes 14 s for its three modes on such a set (998 persons, 100,064 points, 1,227
detections; one core, without loading).
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, thread_time
from typing import Any, Self

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.io import savemat

from evaluation.detection import distances, groundtruth, predictions
from evaluation.detection.evaluate import evaluate

PERSONS, POINTS, DETECTIONS, VERTICES = 1_000, 100, 1_200, 27_554
REFERENCE_SECONDS = 14.0
"""The reference evaluator's computing, as measured on one idle core on a set of this size; ours is one core's, too."""


def measure() -> dict[str, Any]:
    """Figures by name; "failed" tells what falls short of 50 times the reference's speed, or takes more than 1 GB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        surface(folder)
        dataset(folder, PERSONS, POINTS, DETECTIONS)
        # A process of its own, so that its memory is the evaluator's alone.
        command = [sys.executable, "-m", __name__, str(folder)]
        found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    failed = []
    if found["times the reference's speed"] < 50:
        failed.append("computing is less than 50 times as fast as the reference's")
    if found["peak memory beside the table, MB"] > 1000:
        failed.append("more than 1 GB of memory beside the table")
    return found | ({"failed": failed} if failed else {})


def surface(folder: Path, vertices: int = VERTICES, seed: int = 0) -> None:
    """The reference's files for a made-up body: SMPL_subdiv.mat, SMPL_SUBDIV_TRANSFORM.mat and Pdist_matrix.pkl."""
    rng = np.random.default_rng(seed)
    # Vertices that several charts share stand in each of them.
    extra = vertices // 15
    index = np.concatenate([np.arange(vertices), rng.integers(0, vertices, extra)])
    chart = rng.integers(1, 25, len(index)).astype(np.uint8)
    U, V = rng.random((2, 1, len(index)))
    savemat(folder / "SMPL_subdiv.mat", {"Part_ID_subdiv": chart[None], "U_subdiv": U, "V_subdiv": V})
    savemat(folder / "SMPL_SUBDIV_TRANSFORM.mat", {"index": (index + 1).astype(np.uint16)[None]})
    # Each chart is a square of 25 cm, somewhere in a room of a person's size.
    flat = np.stack([U[0], V[0], 0 * U[0]], axis=-1)[:vertices]
    place = (rng.random((25, 3)) * [0.5, 1.7, 0.3])[chart[:vertices]] + 0.25 * flat
    rows = (np.linalg.norm(place[:k] - place[k], axis=1).astype("<f4") for k in range(1, vertices))
    # In large pieces, as pickle writes an array: Linux then keeps it in large pages, as it does a file that it reads.
    with (folder / "Pdist_matrix.pkl").open("wb", buffering=2**22) as file:
        write_python2_pickle(file, vertices * (vertices - 1) // 2, rows)


def write_python2_pickle(file: Any, count: int, pieces: Any) -> None:
    """A dictionary with a float32 array (count, 1), as Python 2 pickles it with protocol 2."""
    head = pickle.dumps({"Pdist_matrix": 0}, 2)[:2] + b"}q\x01U\x0cPdist_matrixq\x02"
    head += b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85q\x05U\x01bq\x06\x87q\x07Rq\x08"
    head += b"(K\x01J" + struct.pack("<i", count) + b"K\x01\x86q\x09cnumpy\ndtype\nq\x0aU\x02f4q\x0bK\x00K\x01\x87q\x0c"
    head += b"Rq\x0d(K\x03U\x01<q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89T" + struct.pack(
        "<i", 4 * count
    )
    file.write(head)
    for piece in pieces:
        file.write(piece.tobytes())
    file.write(b"q\x10tq\x11bs.")


def dataset(folder: Path, persons: int, points: int, detections: int, seed: int = 0) -> None:
    """gt.json and results.json: persons of COCO's sizes, about 1.5 per image, and detections that are nearly right."""
    rng = np.random.default_rng(seed)
    count = max(1, round(persons / 1.5))
    images = [{"id": k + 1, "width": 640, "height": 480, "file_name": f"{k + 1}.jpg"} for k in range(count)]
    people = [person(rng, k + 1, int(rng.integers(1, count + 1)), points) for k in range(persons)]
    results = [detection(rng, people[int(rng.integers(0, persons))]) for _ in range(detections)]
    truth = {"images": images, "annotations": people, "categories": [{"id": 1, "name": "person"}]}
    (folder / "gt.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(results))


def person(rng: np.random.Generator, id_: int, image: int, points: int) -> dict[str, Any]:
    """An annotation with dp_ keys whose masks are ellipses."""
    h = float(np.round(np.clip(np.exp(rng.normal(5.3, 0.5)), 40, 470), 2))
    w = float(np.round(h * rng.uniform(0.35, 0.8), 2))
    x, y = (float(np.round(rng.uniform(0, side), 2)) for side in (640 - w, 480 - h))
    rows, columns = np.mgrid[:256, :256]
    masks = []
    for _ in range(14):
        cy, cx, ry, rx = *rng.uniform(40, 216, 2), *rng.uniform(10, 50, 2)
        mask = ((rows - cy) / ry) ** 2 + ((columns - cx) / rx) ** 2 < 1
        rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
        masks.append({"size": rle["size"], "counts": rle["counts"].decode()})
    # One point in each cell of a grid of 10 x 10, and again from the first cell on.
    cell = np.arange(points) % 100
    x255, y255 = (25.5 * (k + rng.uniform(0.1, 0.9, points)) for k in (cell % 10, cell // 10))
    return {
        "id": id_, "image_id": image, "category_id": 1, "bbox": [x, y, w, h], "area": 0.5 * w * h, "iscrowd": 0,
        "segmentation": [[x, y, x + w, y, x + w, y + h]], "dp_masks": masks,
        "dp_x": x255.tolist(), "dp_y": y255.tolist(),
        "dp_I": rng.integers(1, 25, points).astype(float).tolist(),
        "dp_U": rng.random(points).tolist(), "dp_V": rng.random(points).tolist(),
    }  # fmt: skip


def detection(rng: np.random.Generator, of: dict[str, Any]) -> dict[str, Any]:
    """A detection near a person: in the cell of each of its points the point's chart, and U and V near its own."""
    x, y, w, h = (float(np.round(v, 2)) for v in np.array(of["bbox"]) + rng.normal(0, 2, 4))
    height, width = int(h), int(w)
    iuv = np.zeros((height, width, 3), np.uint8)
    rows, columns = np.mgrid[:height, :width]
    inside = ((rows - height / 2) / (height / 2)) ** 2 + ((columns - width / 2) / (width / 2)) ** 2 < 1
    cell = np.minimum((rows * 10 // height) * 10 + columns * 10 // width, len(of["dp_I"]) - 1)
    iuv[..., 0] = np.array(of["dp_I"])[cell] * inside
    near = np.array([of["dp_U"], of["dp_V"]]) + rng.normal(0, rng.choice([0.1, 0.4]), (2, len(of["dp_U"])))
    iuv[..., 1:] = np.moveaxis(near.clip(0, 1)[:, cell], 0, -1) * 255
    file = io.BytesIO()
    Image.fromarray(iuv).save(file, "PNG")
    return {
        "image_id": of["image_id"], "category_id": 1, "bbox": [x, y, w, h], "score": float(np.round(rng.random(), 3)),
        "uv_shape": [3, height, width], "uv_data": base64.encodebytes(file.getvalue()).decode(),
    }  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Evaluate what is in a folder: seconds by stage, and memory."""
    with Memory() as watched:
        begin = perf_counter()
        distances.open_surface(folder)
        opened = perf_counter()
        truth, results = groundtruth.read(folder / "gt.json"), predictions.read(folder / "results.json")
        read = perf_counter()
        # Compiled once per installation, so not counted.
        evaluate(truth, results, distances.open_surface(folder))
        runs, seconds = [], []
        for _ in range(5):
            # Opened anew, so that nothing that was found before is known. Time of this thread: another watches memory.
            table = distances.open_surface(folder)
            before = thread_time()
            for row in range(len(results.scores)):
                results.decode(row)
            decoded = thread_time()
            found = evaluate(truth, results, table)
            # It decodes every detection, too.
            seconds.append(thread_time() - decoded - (decoded - before))
            runs.append(found.seconds)
    middle = runs[int(np.argsort([sum(r.values()) for r in runs])[len(runs) // 2])]
    processor = float(np.median(seconds))
    computing = sum(value for stage, value in middle.items() if stage != "reading")
    return {
        "persons": len(truth.ids),
        "points": len(truth.x),
        "detections": len(results.scores),
        "AP by GPS": round(found.stats["gps"]["AP"], 4),
        "opening the surface, s": round(opened - begin, 3),
        "reading the two files, s": round(read - opened, 3),
        "decoding PNGs, s": round(middle["reading"], 3),
        "points, s": round(middle["points"], 3),
        "masks, s": round(middle["masks"], 3),
        "matching, s": round(middle["matching"], 3),
        "computing, s": round(computing, 3),
        "computing, processor s": round(processor, 3),
        "reference's computing, s": REFERENCE_SECONDS,
        "times the reference's speed": round(REFERENCE_SECONDS / processor, 1),
        "peak memory beside the table, MB": round(watched.peak),
        "of the table in memory at the end, MB": round(resident("RssFile")),
    }


class Memory:
    """Watches the memory of this process that is no mapped file, as long as it is entered."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._ended = Event()
        self._watcher = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.01):
            self.peak = max(self.peak, resident("RssAnon"))


def resident(kind: str) -> float:
    """MB of a kind of memory of this process, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1e3


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
