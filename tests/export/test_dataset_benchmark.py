"""The run of `densemark benchmark datasets`, small and in one process."""

import json
from pathlib import Path

from benchmarks.datasets import here, run
from benchmarks.datasets.size import Size
from benchmarks.datasets.steps import compare

SMALL = Size(persons=60, points=20, images=31, annotators=3, evaluated=30, vertices=600)


def test_a_small_run_holds_what_the_large_one_must(tmp_path: Path) -> None:
    figures = run(tmp_path, SMALL, here)
    # Here memory is that of the tests that ran before, too.
    assert [problem for problem in figures.get("failed", []) if "MB of memory" not in problem] == []
    assert figures["generate: masks"] == 14 * 60
    assert figures["import: points"] == figures["snapshot: points"] == 20 * 60
    assert figures["snapshot: hash"] == figures["snapshot again: hash"]
    assert figures["evaluate: persons"] == 30
    changed = tmp_path / "again" / "densepose-coco-train.json"
    document = json.loads(changed.read_text())
    first, second = document["annotations"][:2]
    first["dp_x"][3] += 2e-9
    second["dp_masks"][4] = []
    del document["annotations"][-1]
    changed.write_text(json.dumps(document))
    assert compare(tmp_path, SMALL, print)["problems"] == [
        f"densepose-coco-train.json: annotations: {first['id']}: dp_x",
        f"densepose-coco-train.json: annotations: {second['id']}: dp_masks",
        "densepose-coco-train.json: one has more entries than the other",
    ]
