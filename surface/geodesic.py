"""Exact geodesic distances between arbitrary surface points.

Mitchell, Mount and Papadimitriou, "The discrete geodesic problem", SIAM J. Comput. 1987, by ``pygeodesic`` or, where it
has no wheel, ``libigl``. Both measure between vertices, so the surface points are first made vertices of the mesh:
splitting a flat triangle does not change the surface. Only the part of the mesh that the shortest path can reach is
handed over, which makes near pairs fast.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surface.patch import Patch, reach

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Points = tuple[NDArray[np.int32], Floats]


def pairs(body: Body, a: Points, b: Points) -> Floats:
    """Geodesic distances (N,) in metres between a and b, each (face (N,), bary (N,3)); infinite between components.

    Pairs that share their first point are measured together.

    Raises:
        ValueError: a and b hold different numbers of points.
    """
    if len(a[0]) != len(b[0]):
        raise ValueError(f"{len(a[0])} points on one side, {len(b[0])} on the other")
    out = np.zeros(len(a[0]))
    keys = np.concatenate([a[0][:, None], a[1]], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group.reshape(-1), kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group.reshape(-1)[order])) + 1):
        if len(rows):
            out[rows] = from_point(body, (int(a[0][rows[0]]), a[1][rows[0]]), (b[0][rows], b[1][rows]))
    return out


def from_point(body: Body, source: tuple[int, Floats], targets: Points) -> Floats:
    """Geodesic distances (N,) in metres from one surface point (face, bary (3,)) to others (face (N,), bary (N,3))."""
    if not len(targets[0]):
        return np.zeros(0)
    vertices, faces = body.vertices, body.faces
    start = source[1] @ vertices[faces[source[0]]]
    ends = np.einsum("nk,nkc->nc", targets[1], vertices[faces[targets[0]]])
    nearest = reach(body, start)
    out = np.full(len(ends), np.inf)
    radius = 1.3 * float(np.linalg.norm(ends - start, axis=1).max()) + 1e-4
    while True:
        # Every triangle that a path no longer than the radius can touch.
        near = nearest <= radius
        whole = float(near.mean()) > 0.6
        if whole:
            near[:] = True
        todo = np.flatnonzero(~np.isfinite(out) & near[targets[0]])
        if len(todo):
            local = np.cumsum(near) - 1
            mesh = Patch(vertices, faces[near])
            at = mesh.insert(int(local[source[0]]), source[1])
            to = [mesh.insert(int(local[f]), w) for f, w in zip(targets[0][todo], targets[1][todo], strict=True)]
            found = measure(mesh, at, np.array(to))
            out[todo] = np.where((found <= radius) | whole, found, np.inf)
        if whole or np.isfinite(out).all():
            return out
        radius *= 2


def to_vertices(body: Body, source: tuple[int, Floats]) -> Floats:
    """Geodesic distances (V,) in metres from one surface point (face, bary (3,)) to all vertices; infinite to those of
    other components and to those without triangles."""
    used = np.unique(body.faces)
    mesh = Patch(body.vertices, body.faces)
    out = np.full(len(body.vertices), np.inf)
    out[used] = measure(mesh, mesh.insert(*source), np.arange(len(used)))
    return out


def measure(mesh: Patch, source: int, targets: NDArray[Any]) -> Floats:
    """Exact distances (N,) from one vertex of a patch to others; infinite where no path leads."""
    vertices, faces, index = mesh.component(source)
    out = np.full(len(targets), np.inf)
    # pygeodesic takes connected meshes only.
    local = index[targets]
    if (local >= 0).any():
        exact = _libigl if importlib.util.find_spec("pygeodesic") is None else _pygeodesic
        out[local >= 0] = exact(vertices, faces, int(index[source]), local[local >= 0])
    return out


def _pygeodesic(vertices: Floats, faces: NDArray[np.int32], source: int, targets: NDArray[Any]) -> Floats:
    from pygeodesic.geodesic import PyGeodesicAlgorithmExact

    algorithm = PyGeodesicAlgorithmExact(vertices, faces)
    found = algorithm.geodesicDistances(np.array([source], np.int32), targets.astype(np.int32))[0]
    return np.asarray(found, dtype=np.float64)


def _libigl(vertices: Floats, faces: NDArray[np.int32], source: int, targets: NDArray[Any]) -> Floats:
    import igl

    none = np.zeros(0, np.int64)
    found = igl.exact_geodesic(
        vertices, faces.astype(np.int64), np.array([source], np.int64), none, targets.astype(np.int64), none
    )
    return np.asarray(found, dtype=np.float64).reshape(-1)
