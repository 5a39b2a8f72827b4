"""Pixels recognise vertices of a body by embeddings (CSE: Neverova, Novotny, Khalidov, Szafraniec, Labatut and Vedaldi,
"Continuous Surface Embeddings", NeurIPS 2020, arXiv 2011.12438).

Both embeddings have length 1, so that the squared distance of a pixel to a vertex is 2 - 2 cos. N points, V vertices,
E dimensions.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from model.structures import Loss

TEMPERATURE = 0.01
"""Squared distances are divided by it before the soft-max."""

ROWS = 2048
"""Points whose scores over all vertices are held at once; those of others are computed again for the gradient."""


class Near(NamedTuple):
    """The vertices near to each vertex, which are nearly as right as itself.

    :param vertex: (V, K) i4; the vertex itself fills rows with fewer than K.
    :param share: (V, K) f4 of the true probability, summing to 1 in each row; 0 where filled.
    """

    vertex: Tensor
    share: Tensor


def scores(pixels: Tensor, vertices: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Unnormalised log probabilities of the vertices: negative squared distances over the temperature.

    :param pixels: (N, E), of any length; they are brought to length 1.
    :param vertices: (V, E) of length 1.
    :return: (N, V) f4.
    """
    cosine = functional.normalize(pixels.float(), dim=1) @ vertices.float().T
    return (2 * cosine - 2) / temperature


def cross_entropy(
    pixels: Tensor,
    vertices: Tensor,
    truth: Tensor,
    weight: Tensor,
    near: Near | None = None,
    temperature: float = TEMPERATURE,
) -> Loss:
    """Cross-entropy of the soft-max over vertices with the true vertex, or with shares of the vertices near to it.

    :param pixels: (N, E) predicted at the points.
    :param vertices: (V, E) of length 1.
    :param truth: (N,) i8 vertices.
    :param weight: (N,) f4.
    :param near: as ``model.vertices.near`` gives; only the true vertex counts if not given.
    :return: the weighted sum over the points; the sum of the weights.
    """
    with torch.autocast(pixels.device.type, enabled=False):
        total = 0 * (pixels.float().sum() + vertices.float().sum())  # which reaches both where there are no points
        for rows in range(0, len(pixels), ROWS):
            part = slice(rows, rows + ROWS)
            given = pixels[part], vertices, truth[part], weight[part], near, temperature
            total = total + checkpoint(_part, *given, use_reentrant=False)
        return Loss(total, weight.float().sum())


def _part(
    pixels: Tensor, vertices: Tensor, truth: Tensor, weight: Tensor, near: Near | None, temperature: float
) -> Tensor:
    log = scores(pixels, vertices, temperature).log_softmax(dim=1)
    if near is None:
        right = log.gather(1, truth[:, None])[:, 0]
    else:
        right = (near.share[truth] * log.gather(1, near.vertex[truth].long())).sum(dim=1)
    return -(right * weight.float()).sum()
