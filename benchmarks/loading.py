"""Photos and annotations to batches of DensePose-RCNN's recipe: images a second, where the time of one goes, and how
much of a batch is padding.

The photos are made up: 640 x 480 pixels, JPEG of COCO's size, with one or two persons of 100 points. Beside stands what
Pillow takes to read and resize them, which no loader that uses it can go below.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np
from PIL import Image

import surface
from benchmarks.evaluation import dataset
from model.data.batches import Key, image_seed, steps, train_batches
from model.data.records import Images
from model.data.transforms import draw, fitted
from model.recipe import Data, Schedule

PERSONS, POINTS = 96, 100
BATCH, STEPS = 16, 6
WORKERS = 2


def measure() -> dict[str, Any]:
    """Figures by name."""
    body = surface.load("anny")
    with TemporaryDirectory() as name:
        folder = Path(name)
        size = photos(folder)
        images = Images(folder / "gt.json", folder, body)
        alone = list(islice(_processor_seconds(images), STEPS))
        begin = process_time()
        for index in range(len(images)):
            chosen = draw(Data(), image_seed(0, 0, index))
            pixels = images.persons.photo(images.ids[index])
            height, width = fitted(pixels.shape[:2], chosen.shortest, Data().longest)
            Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
        floor = (process_time() - begin) / len(images)
        together = _images_a_second(images)
    own = median(alone[1:]) / BATCH
    return {
        "a photo's file, kB": size / 1000,
        "one image in one process, processor ms": 1000 * own,
        "images a processor second": 1 / own,
        "of it reading and resizing by Pillow, processor ms": 1000 * floor,
        f"images a second by {WORKERS} workers": together,
        "processors": os.cpu_count(),
        **padding(),
    }


def padding() -> dict[str, float]:
    """Share of a batch that is padding, for images of which three of four are wide: as they come, and in a random
    order."""
    wide = np.arange(4000) % 4 > 0
    out = {}
    for images in (2, 16):
        for name, told in (("by shape", wide), ("in random order", np.zeros_like(wide))):
            shown = whole = 0
            for keys in islice(steps(told, images, 0, 0), 200):
                sides = [fitted((480, 640) if wide[key.unit] else (640, 480), _shortest(key), 1333) for key in keys]
                shown += sum(height * width for height, width in sides)
                whole += len(sides) * max(height for height, _ in sides) * max(width for _, width in sides)
            out[f"padding of {images} images {name}"] = 1 - shown / whole
    return out


def _shortest(key: Key) -> int:
    return draw(Data(), key.seed).shortest


def photos(folder: Path) -> float:
    """The dataset and its photos; the mean bytes of a photo."""
    dataset(folder, PERSONS, POINTS, 1)
    rng = np.random.default_rng(0)
    sizes = []
    for entry in json.loads((folder / "gt.json").read_text())["images"]:
        small = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)
        large = np.asarray(Image.fromarray(small).resize((640, 480), Image.Resampling.BICUBIC), np.float32)
        grain = large + rng.normal(0, 6, large.shape)
        path = folder / entry["file_name"]
        Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(path, quality=90)
        sizes.append(path.stat().st_size)
    return float(np.mean(sizes))


def _processor_seconds(images: Images) -> Iterator[float]:
    """Of each step, read in this process."""
    batches = train_batches(images, Data(), Schedule(batch=BATCH), 0)
    while True:
        begin = process_time()
        next(batches)
        yield process_time() - begin


def _images_a_second(images: Images) -> float:
    """On the clock, once the workers have begun."""
    batches = train_batches(images, Data(), Schedule(batch=BATCH), 0, workers=WORKERS)
    first = 2 * WORKERS  # those that were made ahead
    for _ in range(first):
        next(batches)
    begin = perf_counter()
    for _ in range(STEPS):
        next(batches)
    return STEPS * BATCH / (perf_counter() - begin)
