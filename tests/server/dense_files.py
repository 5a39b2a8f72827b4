"""DensePose-COCO and CSE files, made by their definition and not by our writers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

CHART_OF_PART = {1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8, 8: 11, 9: 12, 10: 15, 11: 16, 12: 19, 13: 20, 14: 23}
CATEGORY = {
    "supercategory": "person", "id": 1, "name": "person", "keypoints": [f"k{n}" for n in range(17)], "skeleton": [],
}  # fmt: skip


def square(seed: int = 0) -> np.ndarray:
    """Labels (256, 256) of slanted bands of all parts, with background above and below."""
    row, column = np.mgrid[:256, :256]
    labels = np.clip((column + row // (4 + seed % 5)) // 22, 0, 14).astype(np.uint8)
    labels[:8] = labels[-5:] = 0
    return labels


def dp_masks(labels: np.ndarray) -> list[Any]:
    """The 14 entries of a square label map."""
    found: list[Any] = []
    for part in range(1, 15):
        rle = coco_mask.encode(np.asfortranarray(labels == part, np.uint8))
        found.append({"counts": rle["counts"].decode(), "size": [256, 256]} if (labels == part).any() else [])
    return found


def entry(id_: int, image_id: int = 1, points: int = 20, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """A person with points on the parts of `square(seed)`."""
    rng, labels = np.random.default_rng(seed + 1000 * id_), square(seed)
    rows, columns = np.nonzero(labels)
    chosen = rng.integers(0, len(rows), points)
    part = labels[rows[chosen], columns[chosen]]
    inside = rng.uniform(0.01, 0.99, (2, points))
    return {
        "id": id_,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [5.25, 7.5, 40.125, 60.3],
        "area": 1000.5,
        "segmentation": [[6.0, 8.0, 40.0, 8.5, 30.0, 60.0]],
        "keypoints": [10.0, 10.0, 2] + [0.0, 0.0, 0] * 16,
        "num_keypoints": 1,
        "dp_masks": dp_masks(labels),
        "dp_x": (columns[chosen] + inside[0]).tolist(),
        "dp_y": (rows[chosen] + inside[1]).tolist(),
        "dp_I": [float(CHART_OF_PART[int(p)]) for p in part],
        "dp_U": rng.random(points).tolist(),
        "dp_V": rng.random(points).tolist(),
    } | changes


def cse(found: Mapping[str, Any], vertices: Sequence[int], mesh: str = "anny") -> dict[str, Any]:
    """The same person with vertices instead of charts."""
    kept = {key: value for key, value in found.items() if key not in ("dp_I", "dp_U", "dp_V")}
    return kept | {"dp_vertex": list(vertices), "ref_model": mesh}


def document(
    persons: Sequence[Mapping[str, Any]], images: Sequence[Mapping[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    """A file of persons; one image of 60 x 80 pixels if none are given."""
    listed = list(images) or [{"id": 1, "file_name": "a.png", "width": 60, "height": 80}]
    return {"info": {}, "licenses": [], "images": listed, "annotations": list(persons), "categories": [CATEGORY]} | more


def write(path: Path, *arguments: Any, **more: Any) -> Path:
    """`document` in a file."""
    path.write_text(json.dumps(document(*arguments, **more)))
    return path
