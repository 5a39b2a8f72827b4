"""Cutting a surface into parts with short, straight seams: binary minimum cuts over its triangles.

Boykov and Jolly, "Interactive graph cuts", ICCV 2001, on the dual graph of the mesh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from surface.topology import edge_faces, face_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CAPACITY = 2**28  # capacities are integers; the sum of one face's must stay below 2**31


def minimum_cut(vertices: Floats, faces: Ints, cost: Floats, fixed: Ints | None = None) -> Bools:
    """Splits a patch in two, trading a cost per triangle for the length of the seam.

    Minimises  sum_f cost[f] [f is inside]  +  sum of the lengths of the edges between inside and outside.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        cost: `(F,)` metres; what it costs to call a triangle inside rather than outside (negative: it gains).
        fixed: `(F,)` 1 where a triangle must be inside, -1 where it must be outside, 0 elsewhere.

    Returns:
        `(F,)` true inside. Of several minima the smallest inside.
    """
    edges, sides = edge_faces(faces)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    count = len(faces)
    largest = max(float(np.abs(cost).max(initial=0.0)), float(length.max(initial=0.0)), 1e-12)
    scale = CAPACITY / 8 / largest
    gain, loss = np.maximum(-cost, 0.0) * scale, np.maximum(cost, 0.0) * scale
    if fixed is not None:
        gain = np.where(fixed > 0, CAPACITY, np.where(fixed < 0, 0.0, gain))
        loss = np.where(fixed < 0, CAPACITY, np.where(fixed > 0, 0.0, loss))
    source, sink, every = count, count + 1, np.arange(count)
    rows = np.concatenate([sides[:, 0], sides[:, 1], np.full(count, source), every])
    columns = np.concatenate([sides[:, 1], sides[:, 0], every, np.full(count, sink)])
    capacity = np.rint(np.concatenate([length * scale, length * scale, gain, loss])).astype(np.int32)
    graph = csr_matrix((capacity, (rows, columns)), shape=(count + 2, count + 2))
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.data[residual.data < 0] = 0
    residual.eliminate_zeros()
    inside = np.zeros(count + 2, dtype=bool)
    inside[breadth_first_order(residual, source, return_predecessors=False)] = True
    return inside[:count]


def straighten(
    vertices: Floats, faces: Ints, labels: Ints, score: Floats, pairs: list[tuple[int, int]], rate: float
) -> Ints:
    """Replaces the ragged seam between each pair of neighbouring parts by a short one.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        labels: `(F,)` part of each triangle.
        score: `(F, P)` how much each triangle belongs to each part, in [0, 1].
        pairs: the seams to straighten, in order.
        rate: 1 / metres; how much an area of disputed triangles counts against a length of seam.

    Returns:
        `(F,)` new labels; only triangles of the two parts of a pair change hands.
    """
    labels = labels.copy()
    area = face_areas(vertices, faces)
    for a, b in pairs:
        patch = np.flatnonzero((labels == a) | (labels == b))
        cost = rate * area[patch] * (score[patch, b] - score[patch, a])
        inside = minimum_cut(vertices, faces[patch], cost)
        labels[patch] = np.where(inside, a, b)
    return labels


def halve(vertices: Floats, faces: Ints, height: Floats, rate: float) -> Bools:
    """Splits a tube or a closed end in two halves near the level set `height` = 0 of its vertices.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        height: `(V,)` signed distance in metres from the surface that parts the halves.
        rate: 1 / metres^2; see `straighten`. Larger follows the level set more closely, smaller makes a shorter seam.

    Returns:
        `(F,)` true where a triangle is in the half with positive height.
    """
    level = height[faces].mean(axis=1)
    return minimum_cut(vertices, faces, -rate * face_areas(vertices, faces) * level)
