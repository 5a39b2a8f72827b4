"""From what a network says in a box to the surface at its pixels, as the reference does (Güler et al., CVPR 2018).

A person's maps are stretched over its box and read at the centres of the photo's pixels. I is the chart of the highest
logit where the coarse map's highest is not the background; U and V come from that chart's channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.networks.cse import VertexEmbedding
from model.structures import Detections
from model.vertices import to_iuv

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float32]

_AT_ONCE = 2**24
"""Numbers of an enlarged map that are in memory at a time; large boxes are decoded in bands of rows."""


@dataclass(frozen=True, eq=False)
class Person:
    """A person found in a photo. The pixels of its h x w maps are as large as the photo's, the first one beginning at
    the box's corner: h and w are the box's sides without their fractions, at least 1.

    :param box: (4,) f8 x0, y0, x1, y1 in the photo.
    :param score: in [0, 1].
    :param chart: (h, w) u1 I, 0 on the background; None where the network has no surface.
    :param uv: (2, h, w) f4 in [0, 1], 0 on the background.
    :param spread: (h, w) f4 standard deviation of U and V; None where the network does not say.
    :param mask: (h, w) bool of the mask branch; None without one.
    :param keypoints: (K, 3) f4 x, y in the photo, score; None without.
    :param png: I, U, V as results have them, in place of the maps (``results.packed``).
    """

    box: NDArray[np.float64]
    score: float
    chart: NDArray[np.uint8] | None = None
    uv: Floats | None = None
    spread: Floats | None = None
    mask: NDArray[np.bool_] | None = None
    keypoints: Floats | None = None
    png: bytes | None = None


class Vertices(NamedTuple):
    """What an embedding is compared with (CSE; Neverova et al., "Continuous Surface Embeddings", NeurIPS 2020).

    :param embedding: (V, E) of the body's vertices.
    :param iuv: (V, 3) f4 I, U, V of each.
    """

    embedding: Tensor
    iuv: Tensor


class Surface(NamedTuple):
    """The surface at the h x w pixels of a box.

    :param chart: (h, w) i8 I, 0 on the background.
    :param uv: (2, h, w) f4 in [0, 1], 0 on the background.
    :param spread: (h, w) f4, 0 on the background; None where the network does not say.
    """

    chart: Tensor
    uv: Tensor
    spread: Tensor | None


def scaled(detections: Detections, scale: tuple[float, float], offset: tuple[float, float] = (0.0, 0.0)) -> Detections:
    """Detections in pixels of the photo from which the network's image was cut and resized; their maps stay.

    :param scale: of x and y: a pixel of the network's image is ``1 / scale`` pixels of the photo.
    :param offset: x and y of the photo where the network's image begins.
    """
    boxes = detections.boxes.float()
    each, begin = boxes.new_tensor(scale), boxes.new_tensor(offset)
    keypoints = detections.keypoints
    if keypoints is not None:
        keypoints = torch.cat([keypoints[..., :2] / each + begin, keypoints[..., 2:]], dim=-1)
    return replace(detections, boxes=boxes / each.repeat(2) + begin.repeat(2), keypoints=keypoints)


def vertices_of(network: nn.Module, body: Body) -> Vertices | None:
    """What the embeddings of a network are compared with; None for a network that gives I, U, V."""
    table = next((module for module in network.modules() if isinstance(module, VertexEmbedding)), None)
    if table is None:
        return None
    with torch.inference_mode():
        iuv = torch.from_numpy(np.stack(to_iuv(body), axis=1).astype(np.float32))
        return Vertices(table(), iuv.to(table.weight.device))


def persons(detections: Detections, vertices: Vertices | None = None, surfaces: int | None = None) -> list[Person]:
    """The persons of a photo, in the order of the detections, which are in the photo's pixels.

    :param vertices: of networks that embed the surface.
    :param surfaces: how many, the best, get their maps; None for all.
    :raises ValueError: a network embeds the surface and ``vertices`` is None.
    """
    boxes = detections.boxes.double().cpu().numpy()
    scores = detections.scores.float().cpu().tolist()
    joints = None if detections.keypoints is None else detections.keypoints.float().cpu().numpy()
    mapped = len(detections) if surfaces is None else surfaces
    out = []
    for row, (box, score) in enumerate(zip(boxes, scores, strict=True)):
        person = Person(box, score, keypoints=None if joints is None else joints[row])
        out.append(_mapped(person, detections, row, vertices) if row < mapped else person)
    return out


def _mapped(person: Person, detections: Detections, row: int, vertices: Vertices | None) -> Person:
    """The person with what the network's maps say."""
    x0, y0, x1, y1 = person.box.tolist()
    sides = y1 - y0, x1 - x0
    if (said := _said(detections, row, sides, vertices)) is not None:
        spread = None if said.spread is None else said.spread.cpu().numpy()
        chart = said.chart.to(torch.uint8).cpu().numpy()
        person = replace(person, chart=chart, uv=said.uv.cpu().numpy(), spread=spread)
    if detections.mask is not None:
        person = replace(person, mask=mask(detections.mask[row], sides).cpu().numpy())
    return person


def _said(detections: Detections, row: int, sides: tuple[float, float], vertices: Vertices | None) -> Surface | None:
    coarse = None if detections.coarse is None else detections.coarse[row]
    if detections.embedding is not None:
        if vertices is None:
            raise ValueError("a network that embeds the surface is decoded with the embedding of its vertices")
        return embedded(coarse, detections.embedding[row], vertices, sides)
    if detections.fine is None or detections.u is None or detections.v is None:
        return None
    spread = None if detections.spread is None else detections.spread[row]
    return charts(coarse, detections.fine[row], detections.u[row], detections.v[row], sides, spread)


def whole(sides: tuple[float, float]) -> tuple[int, int]:
    """Pixels h, w of a box of these sides (height and width)."""
    return max(int(sides[0]), 1), max(int(sides[1]), 1)


def charts(
    coarse: Tensor | None,
    fine: Tensor,
    u: Tensor,
    v: Tensor,
    sides: tuple[float, float],
    spread: Tensor | None = None,
) -> Surface:
    """I, U, V at the pixels of a box from maps that cover it; C charts.

    :param coarse: (S, m, m) logits of which the first is the background's; None where ``fine`` alone decides.
    :param fine: (C + 1, m, m) logits of background and charts.
    :param u, v, spread: (C + 1, m, m) by chart.
    :param sides: height and width of the box in pixels.
    """
    chart = _highest(fine, sides)
    if coarse is not None:
        chart = chart * (_highest(coarse, sides) > 0)
    uv = torch.stack([_read(u, chart, sides), _read(v, chart, sides)]).clamp(0.0, 1.0) * (chart > 0)
    return Surface(chart, uv, None if spread is None else _read(spread, chart, sides) * (chart > 0))


def embedded(coarse: Tensor | None, embedding: Tensor, vertices: Vertices, sides: tuple[float, float]) -> Surface:
    """I, U, V of the vertex whose embedding is nearest, at the pixels of a box.

    :param coarse: (S, m, m) as in ``charts``.
    :param embedding: (E, m, m).
    """
    height, width = whole(sides)
    best = torch.empty(height, width, dtype=torch.int64, device=embedding.device)
    table = vertices.embedding.float()
    for rows, band in _bands(embedding, sides, len(table)):
        best[rows] = nearest(band, table)
    iuv = vertices.iuv.to(best.device)[best]
    chart = iuv[..., 0].long()
    if coarse is not None:
        chart = chart * (_highest(coarse, sides) > 0)
    return Surface(chart, iuv[..., 1:].permute(2, 0, 1).float() * (chart > 0), None)


def nearest(embedding: Tensor, table: Tensor) -> Tensor:
    """(h, w) i8: the row of the table (V, E) f4 that is nearest to each pixel's embedding (E, h, w).

    Some rows of pixels are compared at a time: all distances of a map of 112 x 112 would be gigabytes.
    """
    half = (table**2).sum(dim=1) / 2
    step = max(_AT_ONCE // (len(table) * embedding.shape[2]), 1)
    # The nearest of all: |e - t|^2 less |e|^2, which is the same for all of them.
    found = [(half - torch.einsum("ehw,ve->hwv", band, table)).argmin(dim=-1) for band in embedding.split(step, dim=1)]
    return torch.cat(found)


def mask(probability: Tensor, sides: tuple[float, float]) -> Tensor:
    """(h, w) bool: the pixels of a box at which a mask (m, m) is at least a half."""
    band = [band for _, band in _bands(probability[None], sides, 1)]
    return torch.cat(band, dim=1)[0] >= 0.5


def _highest(maps: Tensor, sides: tuple[float, float]) -> Tensor:
    """(h, w) i8: which of the maps (N, m, m), enlarged, is highest."""
    return torch.cat([band.argmax(dim=0) for _, band in _bands(maps, sides, len(maps))])


def _read(maps: Tensor, channel: Tensor, sides: tuple[float, float]) -> Tensor:
    """(h, w) of the enlarged maps (N, m, m), each pixel of its own channel (h, w)."""
    rows, columns = _taps(maps.shape[1], sides[0], maps.device), _taps(maps.shape[2], sides[1], maps.device)
    out = torch.zeros(channel.shape, device=maps.device)
    for y, share_y in ((rows[0], 1 - rows[2]), (rows[1], rows[2])):
        for x, share_x in ((columns[0], 1 - columns[2]), (columns[1], columns[2])):
            out += share_y[:, None] * share_x * maps[channel, y[:, None], x].float()
    return out


def _bands(maps: Tensor, sides: tuple[float, float], wide: int) -> Iterator[tuple[slice, Tensor]]:
    """Maps (N, m, m) enlarged to the pixels of a box, (N, rows, w) at a time.

    :param wide: numbers that the caller makes of each pixel.
    """
    height, width = whole(sides)
    left, right, share = _taps(maps.shape[2], sides[1], maps.device)
    maps = maps.float()
    broad = maps[:, :, left] * (1 - share) + maps[:, :, right] * share
    above, below, share = _taps(maps.shape[1], sides[0], maps.device)
    step = max(_AT_ONCE // (max(wide, len(maps)) * width), 1)
    for first in range(0, height, step):
        rows = slice(first, min(first + step, height))
        yield rows, broad[:, above[rows]] * (1 - share[rows, None]) + broad[:, below[rows]] * share[rows, None]


def _taps(cells: int, side: float, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The two cells between which each pixel's centre lies along a side of the box, and the share of the second."""
    pixels = torch.arange(max(int(side), 1), device=device) + 0.5
    at = (pixels * (cells / max(side, 1.0)) - 0.5).clamp(0.0, cells - 1.0)
    first = at.long()
    return first, (first + 1).clamp(max=cells - 1), at - first
