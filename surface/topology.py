"""Small functions on triangle meshes: adjacency, components, boundaries, mirror maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def half_edges(faces: Ints) -> Ints:
    """Directed edges of every triangle, `(3F, 2)`; row `3 f + k` runs from corner k to corner k + 1 of face f."""
    return np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)


def edge_faces(faces: Ints) -> tuple[Ints, Ints]:
    """Interior edges of an edge-manifold mesh.

    Returns:
        edges: `(E, 2)` vertex pairs, smaller index first, ordered.
        sides: `(E, 2)` the two faces at each edge.
    """
    directed = half_edges(faces)
    face = np.arange(len(directed)) // 3
    key = np.sort(directed, axis=1)
    order = np.lexsort((key[:, 1], key[:, 0]))
    key, face = key[order], face[order]
    twin = np.flatnonzero((key[1:] == key[:-1]).all(axis=1))
    return key[twin], np.stack([face[twin], face[twin + 1]], axis=1)


def boundary_loops(faces: Ints) -> list[Ints]:
    """Closed boundary polylines, each ordered along the direction of its triangles, longest (most vertices) first.

    Raises:
        ValueError: if a boundary vertex has more than one outgoing boundary edge (the patch touches itself there).
    """
    directed = half_edges(faces)
    size = int(faces.max()) + 1 if len(faces) else 0
    code = directed[:, 0].astype(np.int64) * size + directed[:, 1]
    twin = directed[:, 1].astype(np.int64) * size + directed[:, 0]
    border = directed[~np.isin(code, twin)]
    if len(np.unique(border[:, 0])) != len(border):
        raise ValueError("the boundary touches itself at a vertex")
    follow = dict(zip(border[:, 0].tolist(), border[:, 1].tolist(), strict=True))
    loops = []
    while follow:
        start = min(follow)
        loop, at = [start], follow.pop(start)
        while at != start:
            loop.append(at)
            at = follow.pop(at)
        loops.append(np.array(loop))
    return sorted(loops, key=len, reverse=True)


def euler_characteristic(faces: Ints) -> int:
    """V - E + F of the triangles (1 for a disk, 2 for a sphere)."""
    edges = np.unique(np.sort(half_edges(faces), axis=1), axis=0)
    return len(np.unique(faces)) - len(edges) + len(faces)


def face_components(faces: Ints) -> tuple[int, Ints]:
    """Number of edge-connected components and the component of each face, `(F,)`."""
    _, sides = edge_faces(faces)
    graph = coo_matrix((np.ones(len(sides)), (sides[:, 0], sides[:, 1])), shape=(len(faces), len(faces)))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def compact(faces: Ints) -> tuple[Ints, Ints]:
    """Renumbers the vertices of a face subset: `used (n,)` old indices ascending, and the faces over them."""
    used, local = np.unique(faces, return_inverse=True)
    return used, local.reshape(faces.shape)


def face_areas(vertices: Floats, faces: Ints) -> Floats:
    """Triangle areas, `(F,)`."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)


def vertex_areas(vertices: Floats, faces: Ints) -> Floats:
    """A third of the area of the triangles around each vertex, `(V,)`."""
    share = np.repeat(face_areas(vertices, faces) / 3.0, 3)
    return np.bincount(faces.ravel(), weights=share, minlength=len(vertices)).astype(np.float64)


def vertex_adjacency(vertices: Floats, faces: Ints) -> csr_matrix:
    """Symmetric `(V, V)` matrix of edge lengths."""
    edges = np.unique(np.sort(half_edges(faces), axis=1), axis=0)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    graph = coo_matrix((length, (edges[:, 0], edges[:, 1])), shape=(len(vertices), len(vertices)))
    return (graph + graph.T).tocsr()


def mirror_vertices(vertices: Floats, tolerance: float = 1e-6) -> Ints:
    """For each vertex the one at x -> -x, `(V,)`.

    Raises:
        ValueError: if some vertex has no partner within `tolerance` metres, or two share one.
    """
    from scipy.spatial import cKDTree

    distance, partner = cKDTree(vertices).query(vertices * [-1.0, 1.0, 1.0])
    if distance.max() > tolerance or not np.array_equal(partner[partner], np.arange(len(vertices))):
        raise ValueError(f"the mesh is not symmetric: a vertex is {distance.max():.2e} m from its mirror image")
    return partner


def triangulate_symmetric(vertices: Floats, quads: Ints, mirror: Ints) -> Ints:
    """Splits the quads of a symmetric mesh at their shorter diagonals, the right half as the mirror image of the left.

    Args:
        vertices: `(V, 3)`, symmetric in x; no quad straddles x = 0.
        quads: `(Q, 4)` vertex indices.
        mirror: `(V,)` from `mirror_vertices`.

    Returns:
        `(2 Q, 3)` triangles. The first Q lie on x >= 0; row Q + i is the mirror image of row i with its
        last two corners swapped, so that it faces outward too.
    """
    left = quads[vertices[quads, 0].mean(axis=1) > 0]
    if 2 * len(left) != len(quads):
        raise ValueError(f"{len(left)} of {len(quads)} quads lie on the left: the mesh is not symmetric")
    corner = vertices[left]
    first = np.linalg.norm(corner[:, 0] - corner[:, 2], axis=1) <= np.linalg.norm(corner[:, 1] - corner[:, 3], axis=1)
    pattern = np.where(first[:, None], [[0, 1, 2, 0, 2, 3]], [[1, 2, 3, 1, 3, 0]])
    triangles = np.take_along_axis(left, pattern, axis=1).reshape(-1, 3)
    return np.concatenate([triangles, mirror[triangles][:, [0, 2, 1]]])
