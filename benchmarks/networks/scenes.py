"""Rendered persons to learn from, and others to be measured on, with DensePose-COCO files.

Nothing of the test is seen in training: its poses are of families of which training has none, every body shape, dress
and place is drawn anew, and courts and beaches stand behind persons of the test only. Both halves hold as many images
of two persons as of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

from export.files import replacing
from export.rendered import annotate
from surface.body import Body
from synthesis import dataset
from synthesis.pose_library import FAMILIES
from synthesis.render import Options, cast, place_of

HELD_OUT = frozenset(pose.name for family in FAMILIES[2::5] for pose in family.poses)
"""Names of the poses that only the test has: those of every fifth family."""

PLACES = frozenset(("court", "beach"))
"""Kinds of places that only the test has."""

SEEDS = {"train": 71, "test": 72}

FILE = "annotated.json"
"""Of a split's images: DensePose-COCO."""


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
    counts = annotate(body, own, chosen, FILE)
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
