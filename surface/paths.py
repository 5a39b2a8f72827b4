"""Shortest paths on the surface as polylines, for drawing: exact, by pygeodesic as the distances are."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface.patch import Patch, reach

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]


def path(body: Body, a: tuple[int, ArrayLike], b: tuple[int, ArrayLike]) -> tuple[float, Floats]:
    """A shortest path between two surface points, each (face, bary (3,)).

    Returns:
        The length in metres, and the polyline (N,3) from a to b: straight within triangles, bent at edges.

    Raises:
        ValueError: a point is none of the body's, they lie on different components, or pygeodesic is missing.
    """
    face, bary = body._points([a[0], b[0]], np.stack([np.asarray(a[1]), np.asarray(b[1])]))
    return shortest(body, (int(face[0]), bary[0]), (int(face[1]), bary[1]))


def shortest(body: Body, a: tuple[int, Floats], b: tuple[int, Floats]) -> tuple[float, Floats]:
    """As ``path``, of points that are known to be the body's, of which vertices and faces are used."""
    start, end = (point[1] @ body.vertices[body.faces[point[0]]] for point in (a, b))
    nearest = reach(body, start)
    radius = 1.3 * float(np.linalg.norm(end - start)) + 1e-4
    while True:
        # Every triangle that a path no longer than the radius can touch.
        near = nearest <= radius
        whole = float(near.mean()) > 0.6
        if whole:
            near[:] = True
        if near[b[0]]:
            local = np.cumsum(near) - 1
            mesh = Patch(body.vertices, body.faces[near])
            ends = mesh.insert(int(local[a[0]]), a[1]), mesh.insert(int(local[b[0]]), b[1])
            length, line = trace(mesh, *ends)
            if length <= radius or (whole and np.isfinite(length)):
                line[0], line[-1] = start, end
                return length, line
        if whole:
            raise ValueError("no path on the surface joins these points: they lie on different pieces of it")
        radius *= 2


def trace(mesh: Patch, source: int, target: int) -> tuple[float, Floats]:
    """Length and polyline (N,3) of a shortest path between two vertices of a patch; infinite where none leads."""
    vertices, faces, index = mesh.component(source)
    if index[target] < 0:
        return np.inf, np.zeros((0, 3))
    if source == target:
        return 0.0, np.repeat(vertices[[index[source]]], 2, axis=0)
    if importlib.util.find_spec("pygeodesic") is None:
        raise ValueError("drawing shortest paths needs pygeodesic, which has no package for this platform")
    from pygeodesic.geodesic import PyGeodesicAlgorithmExact

    algorithm = PyGeodesicAlgorithmExact(vertices, faces)
    # It walks back from the target.
    length, line = algorithm.geodesicDistance(int(index[source]), int(index[target]))
    return float(length), np.array(line, dtype=np.float64)[::-1].copy()
