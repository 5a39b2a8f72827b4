"""Embeddings of a body's vertices (CSE: Neverova et al., "Continuous Surface Embeddings", NeurIPS 2020, arXiv
2011.12438).

A network gives an embedding for each pixel; the vertex whose own embedding is nearest is what the pixel shows. The
vertices' embeddings are learned along. Nothing here knows of humans, parts or charts: any triangle mesh will do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import vertices as on_body
from model.losses import embedding
from model.losses.embedding import Near
from model.structures import Loss
from surface.body import Body


class VertexEmbedding(nn.Module):
    """A learned embedding for each of V vertices.

    :param vertices: V.
    :param channels: E, dimensions of an embedding.
    :param smooth: how many smooth functions on the body embeddings are made of, so that what is learned at one vertex
        is known near it; 0 learns a row for each vertex by itself.
    :param spread: metres over which nearby vertices are nearly as right as the true one when learning; 0 none.
    :param body: gives the smooth functions and the distances. Without it both are left empty: the functions are read
        with the weights, and the distances serve learning only.
    :raises ValueError: the body has another number of vertices, too few of them, or no geodesic table where it takes one.
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
        self.spread = spread
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

    @torch.no_grad()
    def decode(self, maps: Tensor) -> Tensor:
        """The vertex that each pixel shows.

        :param maps: (D, E, h, w) f4.
        :return: (D, h, w) i8; ``model.vertices.points`` and ``to_iuv`` say where on the surface they are.
        """
        found = embedding.nearest(maps.permute(0, 2, 3, 1).flatten(0, 2), self())
        return found.reshape(len(maps), *maps.shape[2:])
