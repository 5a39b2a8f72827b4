"""Photos that say what is on them, and a network that reads it: red is the chart, green and blue are U and V.

A person is an upright rectangle that shows a plate, whose only chart is its own picture.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from scipy.sparse import csr_array
from torch import nn
from torchvision.ops import roi_align

from model.structures import Detections
from tests.evaluation.detection.made import rle
from tests.surface.closed_forms import plate

HEIGHT, WIDTH = 120, 160
KEYPOINTS = 17


def body():
    """The plate, a metre wide, with as many keypoints as the persons have."""
    flat = plate().body
    names = tuple(f"joint {n}" for n in range(KEYPOINTS))
    regressor = csr_array((KEYPOINTS, len(flat.vertices)))
    uv = flat.vertices[flat.faces][..., :2]
    return dataclasses.replace(flat, face_uv=uv, keypoint_names=names, keypoint_regressor=regressor)


def joints(box):
    """(17, 2) along the diagonal of a box x0, y0, x1, y1, so that shoulder and hip are apart."""
    share = np.linspace(0, 1, KEYPOINTS)[:, None]
    return np.array(box[:2]) + share * (np.array(box[2:]) - np.array(box[:2]))


def photo(boxes, size=(HEIGHT, WIDTH)):
    """(H, W, 3) u1 of persons x, y, w, h in whole pixels."""
    out = np.zeros((*size, 3), np.uint8)
    for x, y, w, h in boxes:
        u, v = (np.arange(w) + 0.5) / w, (np.arange(h) + 0.5) / h
        out[y : y + h, x : x + w, 0] = 255
        out[y : y + h, x : x + w, 1] = np.round(u * 255)
        out[y : y + h, x : x + w, 2] = np.round(v * 255)[:, None]
    return out


def annotation(id_, image_id, box, rng):
    """A person with 30 points, in the convention of the evaluator (x = x0 + dp_x w / 255)."""
    x, y, w, h = box
    corners = [x, y, x + w, y, x + w, y + h, x, y + h]
    places = rng.uniform(5, 250, (2, 30))
    people = joints([x, y, x + w, y + h])
    return {
        "id": id_, "image_id": image_id, "category_id": 1, "bbox": [float(side) for side in box],
        "area": float(w * h), "iscrowd": 0, "segmentation": [[float(n) for n in corners]],
        "dp_masks": [rle(np.ones((256, 256), np.uint8)), *[[]] * 13],
        "dp_x": places[0].tolist(), "dp_y": places[1].tolist(), "dp_I": [1.0] * 30,
        "dp_U": (places[0] / 255).tolist(), "dp_V": (places[1] / 255).tolist(),
        "keypoints": np.concatenate([people, np.full((KEYPOINTS, 1), 2)], axis=1).ravel().tolist(),
        "num_keypoints": KEYPOINTS,
    }  # fmt: skip


def write(folder: Path, persons) -> Path:
    """A dataset file of images with these persons (x, y, w, h), and its photos under ``photos``."""
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    annotations = []
    for image_id, boxes in enumerate(persons, start=1):
        Image.fromarray(photo(boxes)).save(folder / "photos" / f"{image_id}.png")
        annotations += [annotation(10 * image_id + n, image_id, box, rng) for n, box in enumerate(boxes)]
    images = [
        {"id": id_, "file_name": f"{id_}.png", "width": WIDTH, "height": HEIGHT} for id_ in range(1, len(persons) + 1)
    ]
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    path = folder / "truth.json"
    path.write_text(json.dumps(document))
    return path


class Reader(nn.Module):
    """Finds the persons of such photos, or takes their boxes; as sure of each as it is wide."""

    def __init__(self, side=56):
        super().__init__()
        self.side = side
        self.seen = []

    def forward(self, batch):
        assert not self.training
        self.seen.append(batch)
        out = []
        for row, (image, size) in enumerate(zip(batch.images, batch.sizes.tolist(), strict=True)):
            inside = image[:, : size[0], : size[1]].float() / 255
            boxes = found(inside[0]) if batch.boxes is None else batch.boxes[row]
            out.append(self.read(inside, boxes))
        return out

    def read(self, image, boxes):
        """What it says of boxes (D, 4) f4 of an image (3, h, w)."""
        cut = roi_align(image[None], [boxes], self.side, aligned=True, sampling_ratio=1)
        red, u, v = (cut[:, k : k + 1] for k in range(3))
        places = torch.linspace(0, 1, KEYPOINTS)[:, None]
        along = boxes[:, None, :2] + places * (boxes[:, None, 2:] - boxes[:, None, :2])
        person = torch.cat([1 - red, red], dim=1)
        return Detections(
            boxes=boxes,
            scores=((boxes[:, 2] - boxes[:, 0]) / image.shape[2]).clamp(0, 1),
            coarse=person,
            fine=person,
            u=u.repeat(1, 2, 1, 1),
            v=v.repeat(1, 2, 1, 1),
            mask=red[:, 0],
            keypoints=torch.cat([along, torch.ones(len(boxes), KEYPOINTS, 1)], dim=2),
        )


def found(red):
    """(D, 4) f4 boxes of the bright rectangles of a red channel (h, w), the widest first."""
    labels, _ = ndimage.label(red.numpy() > 0.5)
    boxes = [[columns.start, rows.start, columns.stop, rows.stop] for rows, columns in ndimage.find_objects(labels)]
    boxes.sort(key=lambda box: box[0] - box[2])
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
