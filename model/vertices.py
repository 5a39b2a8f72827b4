"""A body's vertices, as embeddings know its surface: from I,U,V to the nearest vertex and back, the vertices near to
each other, and the smooth functions on them. Any triangle mesh will do, whatever its parts and charts.

N points, V vertices of the body.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import eigsh
from scipy.spatial import KDTree

from model.losses.embedding import Near
from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_REACH = 4.0  # in spreads: what lies farther would have a hundredth of the vertex's own share, and less


def of_points(body: Body, face: ArrayLike, bary: ArrayLike) -> Ints:
    """Vertices (N,) nearest to surface points (face (N,), bary (N,3)): the corner with the largest weight."""
    f, b = np.asarray(face, np.int64), np.asarray(bary, np.float64)
    return body.faces[f, b.argmax(axis=1)].astype(np.int64)


def points(body: Body) -> tuple[NDArray[np.int32], Floats]:
    """Each vertex as a surface point: face (V,), the first at it, and bary (V,3), 1 at that corner.

    :raises ValueError: a vertex is on no face.
    """
    vertex, at = np.unique(body.faces.reshape(-1), return_index=True)
    if len(vertex) != len(body.vertices):
        missing = np.setdiff1d(np.arange(len(body.vertices)), vertex)
        raise ValueError(f"vertex {missing[0]} of body {body.name!r} is on no face ({len(missing)} such)")
    return (at // 3).astype(np.int32), np.eye(3)[at % 3]


def to_iuv(body: Body) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Each vertex as I (V,), U (V,), V (V,); on a seam in the chart of its first face.

    :raises ValueError: a vertex is on no face.
    """
    return body.to_iuv(*points(body))


def near(body: Body, spread: float) -> Near:
    """What is nearly as right as each vertex: shares in proportion to exp(-geodesic distance / spread), as the
    authors' code has it.

    Shares end at four spreads, so that a vertex is held with its neighbours and not with all others.

    :param spread: metres.
    :raises ValueError: there is no geodesic table of the body, or it is damaged; the message says what to do.
    """
    face, bary = points(body)
    # A straight line is never longer than a path on the surface, so that no neighbour is missed.
    pairs = KDTree(body.vertices).query_pairs(_REACH * spread, output_type="ndarray").astype(np.int64)
    a, b = pairs.T
    far = body.geodesic((face[a], bary[a]), (face[b], bary[b]), method="table")
    a, b, far = a[far <= _REACH * spread], b[far <= _REACH * spread], far[far <= _REACH * spread]
    own = np.arange(len(body.vertices))
    row, column = np.concatenate([own, a, b]), np.concatenate([own, b, a])
    share = np.exp(-np.concatenate([np.zeros(len(own)), far, far]) / spread)
    order = np.argsort(row, kind="stable")
    row, column, share = row[order], column[order], share[order]
    count = np.bincount(row)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    vertex, part = np.tile(own[:, None], (1, count.max())), np.zeros((len(own), count.max()))
    vertex[row, place], part[row, place] = column, share
    part /= part.sum(axis=1, keepdims=True)
    return Near(torch.from_numpy(vertex.astype(np.int32)), torch.from_numpy(part.astype(np.float32)))


def smooth_functions(body: Body, count: int) -> NDArray[np.float32]:
    """The smoothest functions on the surface: eigenfunctions of its Laplace-Beltrami operator with the least
    eigenvalues, by the cotangent formula (Pinkall and Polthier, 1993).

    :return: (V, count), the slowest first, each with a mean square of 1 over the surface, its largest value positive.
    :raises ValueError: the body has too few vertices for so many.
    """
    import igl

    size = len(body.vertices)
    if not 1 <= count < size - 1:
        raise ValueError(f"body {body.name!r} has {size} vertices: {count} smooth functions are not between 1 and that")
    vertices, faces = np.array(body.vertices), body.faces.astype(np.int64)
    stiff, mass = -igl.cotmatrix(vertices, faces), igl.massmatrix(vertices, faces, igl.MASSMATRIX_TYPE_VORONOI)
    area = mass.diagonal().sum()
    # Shifted a little below 0, the first eigenvalue, where the matrix could not be inverted.
    start = np.random.default_rng(0).random(size)
    values, functions = eigsh(stiff, count, mass, sigma=-1e-3 / area, which="LM", v0=start)
    functions = functions[:, np.argsort(values)] * np.sqrt(area)
    largest = functions[np.abs(functions).argmax(axis=0), np.arange(count)]
    return (functions * np.sign(largest)).astype(np.float32)
