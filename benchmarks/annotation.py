"""Point sampling beside scikit-learn's k-means, and the writing and checking of DensePose-COCO files."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from scipy import ndimage
from sklearn.cluster import KMeans

import surface
from annotation.masks import to_coco_rle
from annotation.sampling import MAX_POINTS, PIXELS_PER_POINT, nearest_variation, point_count, sample_mask, sample_points
from export.check import check
from export.densepose_parts import FINE_TO_COARSE
from export.formats import write
from export.records import ImageRecord, PersonRecord, Points
from surface.order import part_order

PERSONS = 300


def measure() -> dict[str, float]:
    """Figures by name; times are medians."""
    return {**sampling_time(), **sampling_evenness(), **dataset_files()}


def standing_figure(height: int) -> np.ndarray:
    """Label map of a standing person of all 14 parts, ``height`` pixels high, limbs as ellipses."""
    ellipses = {  # centre row, centre column, half height, half width, in heights
        14: (0.07, 0.0, 0.07, 0.05), 1: (0.33, 0.0, 0.19, 0.10),
        11: (0.27, -0.13, 0.09, 0.03), 10: (0.27, 0.13, 0.09, 0.03),
        13: (0.41, -0.16, 0.08, 0.025), 12: (0.41, 0.16, 0.08, 0.025),
        2: (0.51, -0.17, 0.03, 0.02), 3: (0.51, 0.17, 0.03, 0.02),
        6: (0.61, -0.06, 0.14, 0.05), 7: (0.61, 0.06, 0.14, 0.05),
        8: (0.83, -0.06, 0.12, 0.035), 9: (0.83, 0.06, 0.12, 0.035),
        5: (0.97, -0.07, 0.025, 0.04), 4: (0.97, 0.07, 0.025, 0.04),
    }  # fmt: skip
    row, column = (np.mgrid[:height, : int(0.4 * height)] + 0.5) / height
    label_map = np.zeros(row.shape, np.uint8)
    for part, (y, x, b, a) in ellipses.items():
        label_map[((row - y) / b) ** 2 + ((column - 0.2 - x) / a) ** 2 <= 1] = part
    return label_map


def compact_shapes(area: int) -> dict[str, np.ndarray]:
    """Boolean masks of about ``area`` pixels."""
    shapes: dict[str, np.ndarray] = {}
    for aspect in (1.0, 1.5, 2.0, 3.0):
        height, width = np.sqrt(area / aspect), np.sqrt(area * aspect)
        shapes[f"rectangle {aspect}"] = np.ones((round(height), round(width)), bool)
        b, a = height / np.sqrt(np.pi), width / np.sqrt(np.pi)
        y, x = np.mgrid[-int(b) - 1 : int(b) + 2, -int(a) - 1 : int(a) + 2]
        shapes[f"ellipse {aspect}"] = (x / a) ** 2 + (y / b) ** 2 <= 1
    return shapes


def timed(call: Callable[[], object], repeats: int) -> float:
    """Median milliseconds of a call that was made once before."""
    call()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return 1e3 * median(times)


def sklearn_points(label_map: np.ndarray) -> list[np.ndarray]:
    """What scikit-learn's defaults give on the same pixels with the same numbers of points."""
    person = int(np.count_nonzero(label_map))
    points = []
    for label, box in enumerate(ndimage.find_objects(label_map), start=1):
        pixels = np.argwhere(label_map[box] == label)
        count = point_count(len(pixels), person)
        points.append(KMeans(count, random_state=0).fit(pixels).cluster_centers_)
    return points


def sampling_time() -> dict[str, float]:
    """Milliseconds a person, of a COCO-sized and of a large one."""
    figures: dict[str, float] = {}
    order = part_order(surface.load("anny"))
    for name, height in (("COCO-sized", 220), ("large", 900)):
        figure = standing_figure(height)
        figures[f"{name} person: labelled pixels"] = int(np.count_nonzero(figure))
        figures[f"{name} person: points"] = len(sample_points(figure, (0, 0), 0, order))
        figures[f"{name} person: sampling ms"] = timed(partial(sample_points, figure, (0, 0), 0, order), 20)
        figures[f"{name} person: scikit-learn ms"] = timed(partial(sklearn_points, figure), 5)
    return figures


def sampling_evenness() -> dict[str, float]:
    """Variation (standard deviation over mean) of nearest distances over compact shapes, sizes and 3..14 points."""
    ours, peer = [], []
    for area in (1000, 4000, 20_000):
        for mask in compact_shapes(area).values():
            pixels = np.argwhere(mask)
            for count in range(3, min(MAX_POINTS, area // PIXELS_PER_POINT) + 1):
                ours.append(nearest_variation(sample_mask(mask, count, (0, count))))
                peer.append(nearest_variation(KMeans(count, random_state=0).fit(pixels).cluster_centers_))
    return {
        "nearest distance variation %, mean": 100 * float(np.mean(ours)),
        "nearest distance variation %, worst": 100 * max(ours),
        "nearest distance variation %, mean, scikit-learn": 100 * float(np.mean(peer)),
        "nearest distance variation %, worst, scikit-learn": 100 * max(peer),
    }


def dataset_files() -> dict[str, float]:
    """MB/s of writing and of checking a file of ``PERSONS`` annotated persons."""
    figure = standing_figure(220)
    h, w = figure.shape
    points = sample_points(figure, (20, 20), 0, part_order(surface.load("anny")))
    charts = [FINE_TO_COARSE.index(point.part) for point in points]
    uv = np.random.default_rng(0).random((len(points), 2))
    masks = {label: rle["counts"] for label, rle in to_coco_rle(figure, (20, 20), 640, 480).items()}
    marked = Points(xy=np.array([(p.x, p.y) for p in points]), iuv=np.column_stack([charts, uv]))
    persons = [
        PersonRecord(number, number, (20.0, 20.0, float(w), float(h)), 1.0, masks=masks, points=marked)
        for number in range(1, PERSONS + 1)
    ]
    images = [ImageRecord(person.image_id, f"{person.image_id}.jpg", 640, 480) for person in persons]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset.json"
        writing = timed(lambda: write("densepose-coco", path, None, images, persons), 3)
        size = path.stat().st_size / 1e6
        checking = timed(lambda: check(path), 3)
    return {
        "file: annotated persons": PERSONS,
        "file: MB": size,
        "file: written MB/s": 1e3 * size / writing,
        "file: written persons/s": 1e3 * PERSONS / writing,
        "file: checked MB/s": 1e3 * size / checking,
        "file: checked persons/s": 1e3 * PERSONS / checking,
    }
