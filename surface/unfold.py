"""Unfolding a surface patch into the plane: exact geodesics, multidimensional scaling, SLIM.

The charts of Güler et al., "DensePose", CVPR 2018, come from multidimensional scaling of pairwise geodesic distances.
Where that folds over (head, hands, feet), the patch is spread without flips by Rabinovich et al., "Scalable Locally
Injective Mappings", ACM TOG 2017, and pulled gently towards the scaling's solution.
"""

from __future__ import annotations

from collections.abc import Callable

import igl
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import coo_matrix, diags
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import splu

from surface.topology import boundary_loops, face_areas, half_edges, vertex_adjacency, vertex_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def distance_solver(vertices: Floats, faces: Ints) -> Callable[[int], Floats]:
    """A function that gives the exact distances `(V,)` inside a patch from one vertex.

    Mitchell, Mount and Papadimitriou, "The discrete geodesic problem", 1987. Paths do not leave the patch. Behind
    triangles without area, where the exact method loses its way, distances are those along edges.
    """
    try:
        from pygeodesic.geodesic import PyGeodesicAlgorithmExact
    except ModuleNotFoundError:  # no wheel on Linux aarch64
        target = np.arange(len(vertices))
        v, f = np.ascontiguousarray(vertices), np.ascontiguousarray(faces, dtype=np.int64)

        def exact(source: int) -> Floats:
            return np.asarray(igl.exact_geodesic(v, f, VS=np.array([source]), VT=target), dtype=np.float64)
    else:
        solver = PyGeodesicAlgorithmExact(vertices, np.asarray(faces))

        def exact(source: int) -> Floats:
            return np.asarray(solver.geodesicDistances(np.array([source]), None)[0], dtype=np.float64)

    farthest = float(np.linalg.norm(np.ptp(vertices, axis=0))) * len(vertices)

    def solve(source: int) -> Floats:
        try:
            distance = exact(source)
        except OverflowError:  # pygeodesic's, at triangles without area
            distance = np.full(len(vertices), np.inf)
        if not (distance <= farthest).all():
            along = dijkstra(vertex_adjacency(vertices, faces), indices=source)
            distance = np.where(distance <= farthest, distance, along)
        return distance

    return solve


def geodesics(vertices: Floats, faces: Ints, sources: Ints | None = None) -> Floats:
    """Exact distances inside the patch from each source vertex to every vertex, `(S, V)` metres.

    All vertices are sources when `sources` is None; then the result is symmetric.
    """
    solve = distance_solver(vertices, faces)
    distance = np.array([solve(int(s)) for s in (range(len(vertices)) if sources is None else sources)])
    return 0.5 * (distance + distance.T) if sources is None else distance


def classical_scaling(distance: Floats, area: Floats) -> Floats:
    """Area-weighted classical multidimensional scaling to the plane, `(V, 2)` (Torgerson 1952).

    Args:
        distance: `(V, V)`.
        area: `(V,)` weights of the vertices.
    """
    weight = area / area.sum()
    squared = distance**2
    mean = squared @ weight
    inner = -0.5 * (squared - mean[:, None] - mean[None] + mean @ weight)
    root = np.sqrt(weight)
    n = len(weight)
    value, vector = eigh(root[:, None] * inner * root[None], subset_by_index=[n - 2, n - 1])
    return (vector * np.sqrt(np.maximum(value, 0.0)) / np.maximum(root, 1e-12)[:, None])[:, ::-1]


def smacof(flat: Floats, distance: Floats, area: Floats, steps: int = 300, tolerance: float = 1e-7) -> Floats:
    """Lowers the area-weighted stress  sum a_i a_j (|x_i - x_j| - d_ij)^2  of a planar layout by majorisation.

    De Leeuw, "Applications of convex analysis to multidimensional scaling", 1977. With product weights the
    Guttman transform has a closed form. A symmetric start stays symmetric.

    Args:
        flat: `(V, 2)` start.
        distance: `(V, V)`.
        area: `(V,)`.
        steps: at most so many transforms.
        tolerance: stop when a step lowers the stress by less than this share.

    Returns:
        `(V, 2)`.
    """
    weight = area / area.sum()
    previous = np.inf
    for _ in range(steps):
        length = np.linalg.norm(flat[:, None] - flat[None], axis=2)
        stress = float(weight @ (length - distance) ** 2 @ weight)
        if previous - stress < tolerance * stress:
            break
        previous = stress
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(length > 0, distance / length, 0.0) * weight[None]
        flat = weight @ flat + ratio.sum(axis=1)[:, None] * flat - ratio @ flat
    return flat


def landmarks(vertices: Floats, faces: Ints, count: int) -> tuple[Ints, Floats, Floats, Floats]:
    """Vertices spread evenly over a patch, each farthest from those before it, and their distances to all.

    Returns:
        chosen: `(n,)` vertices, n = min(count, V); the boundary's first vertex begins.
        distance: `(n, V)` exact distances from them inside the patch.
        near: `(n,)` area of the vertices nearest to each.
        area: `(V,)` area of each vertex.
    """
    at = int(boundary_loops(faces)[0][0])
    solve = distance_solver(vertices, faces)
    chosen, rows = [at], [solve(at)]
    nearest = rows[0].copy()
    while len(chosen) < min(count, len(vertices)):
        nearest[chosen] = -1.0
        at = int(nearest.argmax())
        chosen.append(at)
        rows.append(solve(at))
        nearest = np.minimum(nearest, rows[-1])
    table, area = np.array(rows), vertex_areas(vertices, faces)
    among = table[:, chosen]
    table[:, chosen] = 0.5 * (among + among.T)
    near = np.bincount(table.argmin(axis=0), area, len(chosen)).astype(np.float64)
    return np.array(chosen), table, near, area


def tutte(vertices: Floats, faces: Ints) -> Floats:
    """A layout without flips to start from, `(V, 2)`: the boundary on a circle of the patch's area, every inner vertex
    in the middle of its neighbours (Tutte, "How to draw a graph", 1963)."""
    (loop,) = boundary_loops(faces)
    step = np.linalg.norm(vertices[loop] - vertices[np.roll(loop, 1)], axis=1)
    step = np.maximum(step, 1e-3 * step.mean())  # where two vertices are in one place
    angle = 2.0 * np.pi * np.cumsum(step) / step.sum()
    radius = np.sqrt(face_areas(vertices, faces).sum() / np.pi)
    flat = np.zeros((len(vertices), 2))
    flat[loop] = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inner = np.setdiff1d(np.arange(len(vertices)), loop)
    if not len(inner):
        return flat
    ends = half_edges(faces).T
    link = coo_matrix((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(vertices),) * 2).tocsr()
    link = ((link + link.T) > 0).astype(float)
    degree = np.asarray(link.sum(axis=1)).ravel()
    laplacian = (diags(degree) - link).tocsc()
    flat[inner] = splu(laplacian[inner][:, inner]).solve(-laplacian[inner][:, loop] @ flat[loop])
    return flat


def slim(
    vertices: Floats, faces: Ints, start: Floats, held: Ints, target: Floats, pull: float, steps: int = 200
) -> Floats:
    """Spreads a patch without flips, some vertices pulled softly towards a target.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        start: `(V, 2)` metres, without flips.
        held: `(H,)` the pulled vertices.
        target: `(H, 2)` metres, where to.
        pull: weight of their mean squared distance to the target, in patch areas, against the symmetric Dirichlet
            energy.
        steps: SLIM iterations.

    Returns:
        `(V, 2)` metres.
    """
    size = np.sqrt(face_areas(vertices, faces).sum())
    data = igl.slim_precompute(
        np.asfortranarray(vertices / size),
        np.asfortranarray(faces, dtype=np.int32),
        np.asfortranarray(start / size),
        igl.SYMMETRIC_DIRICHLET,
        np.asarray(held, dtype=np.int32),
        np.asfortranarray(target / size),
        pull / len(held),
    )
    return np.asarray(igl.slim_solve(data, steps))[:, :2] * size


def align(flat: Floats, target: Floats) -> Floats:
    """The target `(H, 2)` rotated, and shifted, onto a layout `(H, 2)`; never reflected (Kabsch)."""
    a, b = flat - flat.mean(axis=0), target - target.mean(axis=0)
    u, _, vt = np.linalg.svd(b.T @ a)
    return b @ u @ np.diag([1.0, np.sign(np.linalg.det(u @ vt))]) @ vt + flat.mean(axis=0)
