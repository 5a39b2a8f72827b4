"""Small made-up sets in the formats of the evaluator's files, full of ties, borders and exceptions."""

from __future__ import annotations

import base64
import io
import pickle
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.io import savemat

WIDTH, HEIGHT = 70, 60


def surface(rng, vertices=30, per_chart=8):
    """Vertices on a coarse grid, so that many lie equally near; several share a mesh vertex or a place."""
    part = np.repeat(np.arange(1, 25), per_chart).astype(np.uint8)
    rng.shuffle(part)
    u, v = rng.integers(0, 5, (2, len(part))) / 4
    index = np.concatenate([[1, vertices], rng.integers(1, vertices + 1, len(part) - 2)]).astype(np.uint16)
    table = rng.choice([0.0, 0.05, 0.1, 0.2, 0.3, 0.7], vertices * (vertices - 1) // 2).astype(np.float32)
    return {"part": part, "U": u, "V": v, "index": index, "table": table}


def write_surface(folder: Path, made) -> Path:
    savemat(
        folder / "SMPL_subdiv.mat",
        {"Part_ID_subdiv": made["part"][None], "U_subdiv": made["U"][None], "V_subdiv": made["V"][None]},
    )
    savemat(folder / "SMPL_SUBDIV_TRANSFORM.mat", {"index": made["index"][None]})
    (folder / "Pdist_matrix.pkl").write_bytes(pickle.dumps({"Pdist_matrix": made["table"][:, None]}, 4))
    return folder


def blob(rng, height, width):
    """A mask with straight and curved borders, at times empty or full."""
    rows, columns = np.mgrid[:height, :width]
    kind = rng.integers(0, 5)
    if kind == 0:
        return np.zeros((height, width), np.uint8)
    if kind == 1:
        return (columns < rng.integers(0, width + 1)).astype(np.uint8)
    cy, cx = rng.random(2) * [height, width]
    return ((rows - cy) ** 2 + (columns - cx) ** 2 < (rng.random() * 0.7 * max(height, width)) ** 2).astype(np.uint8)


def rle(mask, text=True):
    made = coco_mask.encode(np.asfortranarray(mask))
    return {"size": made["size"], "counts": made["counts"].decode() if text else made["counts"]}


def segmentation(rng, box):
    x, y, w, h = box
    kind = rng.integers(0, 4)
    if kind == 0:
        return []
    if kind == 1:
        return [[x, y, x + w, y, x + w, y + h, x, y + h], [0.0, 0.0, 9.0, 0.0, 9.0, 9.0]]
    mask = blob(rng, HEIGHT, WIDTH)
    if kind == 2:
        return rle(mask)
    changes = np.flatnonzero(np.diff(mask.T.ravel(), prepend=0)).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": np.diff([0, *changes, mask.size]).tolist()}


def box(rng):
    """Some of 32 x 32 and 96 x 96, some with fractions, some over the border or outside of the image."""
    kind = rng.integers(0, 8)
    if kind == 0:
        return [*(rng.integers(-8, 20, 2) + rng.choice([0, 0.3, 0.7], 2)).tolist(), 32.0, 32.0]
    if kind == 1:
        return [*(rng.integers(-50, 20, 2).astype(float)).tolist(), 96.0, 96.0]
    if kind == 2:
        return [float(rng.choice([-90.5, 80.0])), 3.0, 20.0, 30.0]
    return [*np.round(rng.random(2) * [45, 35] - 5, 1).tolist(), *np.round(1 + rng.random(2) * [40, 40], 1).tolist()]


def person(rng, id_, image):
    """An annotation; its area need not be its box's."""
    place = box(rng)
    out = {
        "id": id_, "image_id": image, "category_id": 1, "bbox": place, "iscrowd": int(rng.random() < 0.2),
        "area": float(rng.choice([1023.0, 1024.0, 5000.0, 9216.0, 9217.0])), "segmentation": segmentation(rng, place),
    }  # fmt: skip
    if rng.random() < 0.75:
        n = int(rng.integers(0, 7))
        out |= {"dp_x": (rng.random(n) * 255).tolist(), "dp_y": rng.choice([0.0, 100.5, 255.0], n).tolist()}
        out |= {"dp_I": rng.integers(0, 25, n).astype(float).tolist()}
        out |= {"dp_U": (rng.integers(0, 9, n) / 8).tolist(), "dp_V": rng.random(n).tolist()}
        if rng.random() < 0.8:
            out["dp_masks"] = [rle(blob(rng, 256, 256)) if rng.random() < 0.2 else [] for _ in range(14)]
    return out


def detection(rng, image, near):
    """A detection, mostly near an annotation of its image and right at some of its points."""
    x, y, w, h = box(rng)
    if near is not None and rng.random() < 0.8:
        shift = rng.choice([0, 0, 0.4, 0.9, -0.9, 2.3], 4)
        x, y, w, h = np.round(np.array(near["bbox"]) + shift, 1).tolist()
    height, width = int(max(h, 1)), int(max(w, 1))
    iuv = np.zeros((height, width, 3), np.uint8)
    iuv[..., 0] = blob(rng, height, width) * rng.integers(1, 26)
    iuv[..., 1:] = rng.integers(0, 256, 2)
    if near is not None and "dp_x" in near:
        for px, py, chart, u, v in zip(*(near[f"dp_{k}"] for k in "xyIUV"), strict=True):
            if rng.random() < 0.8:
                column = int(np.clip(px * near["bbox"][2] / 255 + near["bbox"][0] - x, 0, width - 1))
                row = int(np.clip(py * near["bbox"][3] / 255 + near["bbox"][1] - y, 0, height - 1))
                iuv[row, column] = chart, int(u * 255), int(v * 255)
    return {
        "image_id": image, "category_id": 1, "bbox": [x, y, w, h], "score": float(rng.choice([0.1, 0.5, 0.5, 0.9])),
        "uv_shape": [3, height, width], "uv_data": png(iuv),
    }  # fmt: skip


def png(iuv):
    file = io.BytesIO()
    Image.fromarray(iuv).save(file, "PNG")
    return base64.encodebytes(file.getvalue()).decode()


def dataset(rng, images=4):
    """A COCO dataset and results for it. Ids are neither consecutive nor sorted."""
    ids = rng.permutation(np.arange(2, 2 + 3 * images))[:images].tolist()
    names = iter(rng.permutation(np.arange(0 if rng.random() < 0.2 else 1, 200)).tolist())
    persons, results = [], []
    for image in ids:
        own = [person(rng, next(names), image) for _ in range(rng.integers(0, 4))]
        if own and rng.random() < 0.4:  # the same person again, maybe of another area: equal similarities
            own.append(own[0] | {"id": next(names), "area": float(rng.choice([1023.0, 5000.0, 9216.0]))})
        count = 23 if rng.random() < 0.1 else rng.integers(0, 6)
        results += [detection(rng, image, own[rng.integers(0, len(own))] if own else None) for _ in range(count)]
        if count and rng.random() < 0.4:  # the same detection again
            results.append(dict(results[-1]))
        persons += own
    order = rng.permutation(len(persons))
    described = [{"id": i, "width": WIDTH, "height": HEIGHT, "file_name": f"{i}.jpg"} for i in ids]
    annotations = [persons[k] for k in order]
    results = [results[k] for k in rng.permutation(len(results))]
    return {"images": described, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}, results
