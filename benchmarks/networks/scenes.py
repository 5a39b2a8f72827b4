"""Rendered persons to learn from, and others to be measured on, with DensePose-COCO files.

Nothing of the test is seen in training: its poses are of families of which training has none, every body shape, dress
and place is drawn anew, and courts and beaches stand behind persons of the test only. Both halves hold as many images
of two persons as of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from annotation.masks import to_coco_rle
from annotation.sampling import sample_points
from export.files import replacing
from export.formats import write
from export.records import ImageRecord, PersonRecord, Points
from surface.body import Body
from surface.order import part_order
from synthesis import dataset, truth
from synthesis.pose_library import FAMILIES
from synthesis.render import Options, cast, place_of
from synthesis.truth import Truth

HELD_OUT = frozenset(pose.name for family in FAMILIES[2::5] for pose in family.poses)
"""Names of the poses that only the test has: those of every fifth family."""

PLACES = frozenset(("court", "beach"))
"""Kinds of places that only the test has."""

SEEDS = {"train": 71, "test": 72}

LEAST = 300
"""Pixels of a person from which it gets points; smaller ones are persons that nobody annotated."""


def prepare(
    body: Body, folder: Path, split: str, images: int, size: int, tell: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """Renders the images of a split that are not there, and writes ``annotated.json`` beside them.

    :param split: "train" or "test".
    :param size: pixels of the images' side.
    :return: the file's images, persons, annotated persons and points.
    """
    own = folder / split
    recipe = dataset.Recipe(SEEDS[split], Options(size=size, persons=(1, 2)))
    dataset.begin(body, own, recipe)
    chosen = numbers(body, own / "chosen.json", split, images, recipe)
    kept = own / "counts.json"
    for done, (_, new) in enumerate(dataset.make(body, own, chosen, recipe), start=1):
        tell(f"{split}: {done} of {images} images")
        if new:
            kept.unlink(missing_ok=True)
    if kept.exists() and (counts := json.loads(kept.read_text()))["images"] == images:
        return counts
    tell(f"{split}: points")
    counts = annotate(body, own, chosen)
    with replacing(kept) as file:
        json.dump(counts, file)
    return counts


def numbers(body: Body, kept: Path, split: str, images: int, recipe: dataset.Recipe) -> list[int]:
    """The numbers of a split's images, ascending, as many of one person as of two; they are kept in a file, and as
    many as are wanted of those in it."""
    found: list[int] = json.loads(kept.read_text()) if kept.exists() else []
    if len(found) < images:
        found = _chosen(body, split, images, recipe)
        with replacing(kept) as file:
            json.dump(found, file)
    return found[:images]


def _chosen(body: Body, split: str, images: int, recipe: dataset.Recipe) -> list[int]:
    found: list[int] = []
    for number in count(1):
        if len(found) == images:
            break
        seed = dataset.image_seed(recipe.seed, number)
        persons = cast(body, seed, recipe.options)[1]
        if len(persons) == len(found) % 2 + 1 and fits(split, {one.name for one in persons}, place_of(seed).kind):
            found.append(number)
    return found


def fits(split: str, poses: set[str], place: str) -> bool:
    """Whether an image of such poses before such a kind of place may be in a split."""
    if split == "test":
        return poses <= HELD_OUT
    return not poses & HELD_OUT and place not in PLACES


def annotate(body: Body, folder: Path, chosen: list[int]) -> dict[str, int]:
    """Writes ``annotated.json`` (DensePose-COCO) of images: points as annotators are asked for them, with the true
    surface points, and the true part masks."""
    records = [dataset.record(folder, number) for number in chosen]
    images = [
        ImageRecord(r["image"]["id"], r["image"]["file_name"], r["image"]["width"], r["image"]["height"])
        for r in records
    ]
    order = part_order(body)
    persons = (
        person(body, entry, truth.read(folder / "truth" / entry["truth"], body), order)
        for record in records
        for entry in record["annotations"]
    )
    info = {"description": "Rendered persons with their true surface points"}
    return write("densepose-coco", folder / "annotated.json", body, images, persons, info)


def person(body: Body, entry: dict[str, Any], seen: Truth, order: tuple[int, ...]) -> PersonRecord:
    """A rendered person with points, where it has pixels enough."""
    plain = PersonRecord(
        entry["id"], entry["image_id"], tuple(entry["bbox"]), entry["area"], entry["segmentation"],
        entry.get("keypoints"), source="rendered",
    )  # fmt: skip
    if len(seen.pixel) < LEAST:
        return plain
    parts = seen.part_map()
    sampled = sample_points(parts, (0, 0), entry["id"], order)
    xy = np.array([(point.x, point.y) for point in sampled])
    rows = seen.rows(xy)
    face, bary = seen.face[rows], seen.bary[rows].astype(np.float64)
    bary /= bary.sum(axis=1, keepdims=True)
    points = Points(
        xy=xy,
        part=np.array([point.part for point in sampled], np.uint8),
        face=face,
        bary=bary,
        iuv=np.stack(body.to_iuv(face, bary), axis=1),
    )
    rles = to_coco_rle(parts, (0, 0), seen.width, seen.height)
    return replace(plain, masks={n: rle["counts"] for n, rle in rles.items()}, points=points)
