"""A teacher's dense labels: what a fully convolutional network that learned on points says of every pixel of a person.

Güler, Neverova and Kokkinos, "DensePose: Dense Human Pose Estimation In The Wild" (CVPR 2018): a teacher is trained on
the annotated points, with the annotated mask used to blank the background, and what it says inside the mask is what the
student learns from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.data.dense import write
from model.data.records import Example, Images
from model.data.transforms import blanked
from model.losses.confidence import FLOOR
from model.prediction import photos
from model.prediction.decode import charts
from model.prediction.load import Loaded
from model.prediction.photos import Photo
from model.structures import SQUARE, Detections

Bytes = NDArray[np.uint8]

Place = tuple[int, int, int]
"""A person: index of its image, row of the dataset, annotation id."""


def require_teacher(loaded: Loaded) -> None:
    """Raises ValueError unless a network describes each pixel's chart, U and V in boxes that it is given."""
    network = loaded.recipe.network
    if network.kind != "fcn":
        raise ValueError(
            f"{loaded.source}: a teacher is a network of kind 'fcn' (recipe teacher_r50), not of kind {network.kind!r}"
        )


def people(images: Images) -> list[Place]:
    """The persons that a teacher labels: those with points, each alone in a box with an area."""
    return [
        (index, row, images.persons.sample(row, photo=False).id)
        for index in range(len(images))
        for row in images.alone(index)
        if images.persons.annotated(row)
    ]


def label(loaded: Loaded, images: Images, wanted: Sequence[Place], folder: Path, batch: int = 8) -> Iterator[int]:
    """Write the labels of persons as ``folder/<annotation id>.png``, but of those whose outline is not known; tells
    each time how many persons are done.

    :param batch: persons at a time.
    :raises ValueError: a photo or an annotation cannot be used; the message names it.
    """

    def read(place: Place) -> Example:
        return images.example(place[0], [place[1]])

    device = photos.device_of(loaded.network)
    ahead = photos.ahead(wanted, read)
    done = 0
    while group := list(islice(ahead, batch)):
        known = [example for example in map(_sound, group) if example.has_outline.any()]
        shown = [_photo(example, loaded.recipe.data.blank) for example in known]
        found = photos.look(loaded.network, shown, loaded.recipe.data, loaded.recipe.running.precision)
        for example, said in zip(known, found, strict=True):
            parts = example.parts[0] if example.has_parts[0] else None
            labels = labels_of(said, example.outline[0] > 0, parts, loaded.body.chart_part, device)
            write(folder / f"{example.ids[0]}.png", labels)
        done += len(group)
        yield done


def labels_of(
    said: Detections, inside: NDArray[np.bool_], parts: Bytes | None, chart_part: Bytes, device: torch.device
) -> Bytes:
    """What a network says of one person, as labels (256, 256, 4) u1 in its box; ``model.data.dense`` has their form.

    There is no label outside of the outline, where the network sees background, and where it sees a chart of another
    part than the annotator. The confidence is the probability of the chart; where the network gives U and V a spread,
    times the least spread / the spread.

    :param said: of one box; charts alone, S plays no role.
    :param inside: (256, 256) the person's outline.
    :param parts: (256, 256) coarse labels; None where they are not known.
    :param chart_part: (C,) part of each chart.
    """
    assert said.fine is not None
    assert said.u is not None
    assert said.v is not None
    sides = (float(SQUARE), float(SQUARE))
    spread = None if said.spread is None else said.spread[0]
    surface = charts(None, said.fine[0], said.u[0], said.v[0], sides, spread)
    sure = _probability(said.fine[0], surface.chart)
    if surface.spread is not None:
        sure = sure * (FLOOR / surface.spread.clamp(min=FLOOR))
    kept = torch.from_numpy(inside).to(device) & (surface.chart > 0)
    if parts is not None:
        part = torch.from_numpy(np.concatenate([[0], chart_part]).astype(np.int64)).to(device)
        kept &= part[surface.chart] == torch.from_numpy(parts.astype(np.int64)).to(device)
    values = torch.stack([surface.chart.float(), surface.uv[0] * 255, surface.uv[1] * 255, sure * 255], dim=-1)
    return (values.round().clamp(0, 255) * kept[..., None]).to(torch.uint8).cpu().numpy()


def _probability(fine: Tensor, chart: Tensor) -> Tensor:
    """(256, 256) probability of a chart (256, 256) by logits (C + 1, h, w), which are enlarged."""
    enlarged = functional.interpolate(fine[None].float(), (SQUARE, SQUARE), mode="bilinear")[0]
    return enlarged.softmax(dim=0).gather(0, chart[None])[0]


def _photo(example: Example, blank: bool) -> Photo:
    """The person's photo as the teacher has learned to see it."""
    shown = blanked(example) if blank else example
    return Photo(example.image_id, example.name, shown.pixels, example.boxes.astype(np.float64))


def _sound(read: Example | ValueError) -> Example:
    if isinstance(read, ValueError):
        raise read
    return read
