"""Every figure of the evaluator and of `densemark evaluate` against those that the reference evaluator gave.

Usage: python .ci/agreement.py FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from evaluation.detection import distances, groundtruth, predictions
from evaluation.detection.evaluate import evaluate

folder = Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())
truth, results = groundtruth.read(folder / "gt.json"), predictions.read(folder / "results.json")
surface = distances.open_surface(folder / "surface")
found = evaluate(truth, results, surface)

names = expected["stat_names"]
worst, count = 0.0, 0


def compare(ours: object, theirs: object) -> None:
    global worst, count
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert a.shape == b.shape, (a.shape, b.shape)
    count += a.size
    worst = max(worst, float(np.abs(a - b).max(initial=0.0)))


def command(kappa: object) -> dict[str, dict[str, float]]:
    """What the command prints."""
    words = ["evaluate", "--gt", folder / "gt.json", "--predictions", folder / "results.json", "--json"]
    words += ["--surface", folder / "surface", "--kappa", kappa]
    run = [sys.executable, "-m", "cli", *map(str, words)]
    return json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


for kappa, wanted in (
    ("per-part", expected["stats"]),
    (expected["settings"]["constant_kappa"], {"gps": expected["gps_constant_kappa"]}),
):
    printed = command(kappa)
    for mode, theirs in wanted.items():
        compare([printed[mode][name] for name in names], theirs)
    print(f"densemark evaluate --kappa {kappa}: GPS AP {printed['gps']['AP']:.6f}")
images = {str(s.image_id): s for s in found.similarity}
assert set(images) == set(expected["ogps"]) == set(expected["mask_iou"])
for image, similarity in images.items():
    assert similarity.detection_ids.tolist() == expected["detection_ids"][image], image
    assert similarity.annotation_ids.tolist() == expected["annotation_ids"][image], image
    compare(similarity.gps, expected["ogps"][image])
    compare(similarity.mask_iou, expected["mask_iou"][image])
print(f"reference evaluator: {count} figures, the largest difference is {worst:.1e}")
assert worst <= expected["settings"]["tolerance"]
