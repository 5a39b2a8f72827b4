"""Pictures of what a network finds while it learns: the same held-out photos at each evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import nn

from export.files import replacing_bytes
from model.data.records import Images
from model.prediction import overlay, photos
from model.prediction.decode import Person, persons, vertices_of
from model.recipe import Recipe
from surface.body import Body

COUNT = 4
"""Photos that are shown."""
SURE = 0.5
"""Scores of persons that are shown; the best is shown in any case."""
SIDE = 800
"""Pixels of a photo's longest side in the pictures."""


def write(network: nn.Module, images: Images, body: Body, recipe: Recipe, folder: Path) -> None:
    """Write a picture ``IMAGE.jpg`` of each of some photos: parts beside lines of equal U and V of what is found, or
    boxes and keypoints where the network has no surface.

    :param network: in evaluation mode.
    :raises ValueError: a photo cannot be read; the message names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index in sorted({index * len(images) // COUNT for index in range(COUNT)}):
        example = images[index]
        given = None if recipe.network.kind == "rcnn" else example.boxes[~example.crowd].astype(np.float64)
        photo = photos.Photo(example.image_id, example.name, example.pixels, given)
        found = photos.look(network, [photo], recipe.data, recipe.running.precision)[0]
        people = persons(found, vertices_of(network, body))
        shown = [person for person in people if person.score >= SURE] or people[:1]
        picture = Image.fromarray(_drawn(example.pixels, shown, body))
        picture.thumbnail((2 * SIDE, SIDE))
        with replacing_bytes(folder / f"{example.image_id}.jpg") as file:
            picture.save(file, "JPEG", quality=88)


def _drawn(pixels: NDArray[np.uint8], people: list[Person], body: Body) -> NDArray[np.uint8]:
    """The photo (H, W, 3) with what was found; twice as wide where there is a surface."""
    if people and people[0].chart is not None:
        pair = [overlay.parts(pixels, people, body), overlay.lines(pixels, people, body)]
        return np.concatenate(pair, axis=1)
    picture = Image.fromarray(pixels)
    draw, width = ImageDraw.Draw(picture), max(1, max(pixels.shape) // 300)
    for person in people:
        draw.rectangle(tuple(person.box.tolist()), outline=(255, 214, 64), width=width)
        for x, y, _ in [] if person.keypoints is None else person.keypoints.tolist():
            draw.ellipse((x - 2 * width, y - 2 * width, x + 2 * width, y + 2 * width), fill=(64, 224, 255))
    return np.asarray(picture)
