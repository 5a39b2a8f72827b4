"""Embeddings of a body's vertices (CSE: Neverova et al., "Continuous Surface Embeddings", NeurIPS 2020, arXiv
2011.12438).

The branch gives an embedding for each pixel; the vertex whose own embedding is nearest is what the pixel shows. The
vertices' embeddings are learned along. Nothing here knows of humans, parts or charts: any triangle mesh will do.
R regions of a batch, V vertices, E dimensions.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import vertices as on_body
from model.losses import embedding
from model.losses.coarse import coarse_labels, coarse_loss
from model.losses.embedding import Near
from model.losses.points import inside, sampled
from model.networks.densepose import Kind, Predictor, Summed, layers_of
from model.networks.proposals import Rois
from model.networks.rcnn import Branch
from model.structures import Loss
from surface.body import Body


class Embedded(NamedTuple):
    """What the branch gives.

    :param coarse: (R, 2 or parts + 1, 112, 112) logits S.
    :param embedding: (R, E, 112, 112), of any length.
    """

    coarse: Tensor
    embedding: Tensor


class EmbeddingBranch(Branch):
    """The branch; outputs are ``Embedded``.

    :param channels: of the features.
    :param coarse: channels of S: 2 (background and person) or 1 + the number of coarse parts.
    :param table: the vertices' embeddings.
    :param kind: of the head, as ``densepose.layers_of`` takes it.
    :param layers, width: of the head.
    :param pooled: side of the features of a region.
    """

    def __init__(
        self,
        channels: int,
        coarse: int,
        table: VertexEmbedding,
        kind: Kind = "convolutions",
        layers: int = 8,
        width: int = 512,
        pooled: int = 28,
    ) -> None:
        super().__init__()
        self.coarse, self.table = coarse, table
        self.maps_count = coarse + table.channels
        self.pooled = Summed(pooled)
        self.head = EmbeddingHead(channels, coarse, table.channels, kind, layers, width)

    def maps(self, outputs: Embedded) -> Tensor:
        """Probabilities of S, and embeddings of length 1."""
        return torch.cat([outputs.coarse.softmax(dim=1), functional.normalize(outputs.embedding, dim=1)], dim=1)

    def losses(self, outputs: Embedded, rois: Rois) -> dict[str, Loss]:
        """coarse, embedding."""
        points = inside(rois.boxes, rois.rows, rois.targets)
        known = points.chosen(points.vertex >= 0)
        labels = coarse_labels(rois.boxes, rois.rows, rois.targets, outputs.coarse.shape[-1], parts=self.coarse > 2)
        return {
            "coarse": coarse_loss(outputs.coarse, labels),
            "embedding": self.table.loss(sampled(outputs.embedding, known), known.vertex, known.weight),
        }

    def detections(self, outputs: Embedded, boxes: list[Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """coarse, embedding."""
        return {"coarse": outputs.coarse.float(), "embedding": outputs.embedding.float()}


class EmbeddingHead(nn.Module):
    """Features of regions (R, channels, s, s) to ``Embedded`` of side 4 s."""

    def __init__(self, channels: int, coarse: int, embedding: int, kind: Kind, layers: int, width: int) -> None:
        super().__init__()
        self.sizes = [coarse, embedding]
        self.layers = layers_of(kind, channels, layers, width)
        # Of an embedding the direction alone counts, whose gradient grows as its length shrinks.
        self.predictor = Predictor(width, coarse + embedding, 0.01)

    def forward(self, regions: Tensor) -> Embedded:
        return Embedded(*self.predictor(self.layers(regions)).split(self.sizes, dim=1))


class VertexEmbedding(nn.Module):
    """A learned embedding for each of V vertices.

    :param vertices: V.
    :param channels: E, dimensions of an embedding.
    :param smooth: how many smooth functions on the body embeddings are made of, so that what is learned at one vertex
        is known near it; 0 learns a row for each vertex by itself.
    :param spread: metres over which nearby vertices are nearly as right as the true one when learning; 0 none.
    :param body: gives the smooth functions and the distances. Without it both are left empty: the functions are read
        with the weights, and the distances serve learning only.
    :raises ValueError: the body has another number of vertices, too few of them, or no geodesic table though distances
        are asked for.
    """

    functions: Tensor | None
    near_vertex: Tensor | None
    near_share: Tensor | None

    def __init__(
        self, vertices: int, channels: int, smooth: int = 0, spread: float = 0.0, body: Body | None = None
    ) -> None:
        super().__init__()
        if body is not None and len(body.vertices) != vertices:
            raise ValueError(f"body {body.name!r} has {len(body.vertices)} vertices, the network {vertices}")
        self.channels, self.spread = channels, spread
        weight = torch.randn(smooth or vertices, channels)
        if smooth:
            # Eigenvalues grow as their order: quick functions begin weak, or neighbours begin far apart and little is
            # learned.
            weight = weight / torch.arange(1, smooth + 1)[:, None]
        self.weight = nn.Parameter(weight)
        functions = torch.zeros(vertices, smooth) if smooth else None
        if body is not None and smooth:
            functions = torch.from_numpy(on_body.smooth_functions(body, smooth))
        self.register_buffer("functions", functions)
        near = on_body.near(body, spread) if body is not None and spread else None
        self.register_buffer("near_vertex", None if near is None else near.vertex, persistent=False)
        self.register_buffer("near_share", None if near is None else near.share, persistent=False)

    def forward(self) -> Tensor:
        """(V, E) f4 of length 1."""
        with torch.autocast(self.weight.device.type, enabled=False):
            rows = self.weight if self.functions is None else self.functions @ self.weight
            return functional.normalize(rows, dim=1)

    def loss(self, pixels: Tensor, truth: Tensor, weight: Tensor) -> Loss:
        """Cross-entropy of points.

        :param pixels: (N, E) embeddings that a network gives at the points, of any length.
        :param truth: (N,) i8 vertices.
        :param weight: (N,) f4.
        :raises ValueError: nearby vertices should count, but the network was made without the body.
        """
        near = None
        if self.near_vertex is not None and self.near_share is not None:
            near = Near(self.near_vertex, self.near_share)
        elif self.spread:
            raise ValueError("to learn with geodesic distances the network must be made with its body")
        return embedding.cross_entropy(pixels, self(), truth, weight, near)
