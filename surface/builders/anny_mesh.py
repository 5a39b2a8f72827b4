"""Anny's skin without what can never be seen: mouth bag and eye sockets are cut off at lips and lids, and closed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surface.raster import rasterize
from surface.segmentation import minimum_cut
from surface.topology import boundary_loops, compact, face_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def directions(count: int) -> Floats:
    """Directions `(count, 3)` spread evenly over the sphere (a Fibonacci spiral)."""
    i = np.arange(count) + 0.5
    y, turn = 1.0 - 2.0 * i / count, np.pi * (1.0 + np.sqrt(5.0)) * i
    ring = np.sqrt(1.0 - y * y)
    return np.stack([ring * np.cos(turn), y, ring * np.sin(turn)], axis=1)


def visibility(
    vertices: Floats, faces: Ints, centre: Floats, reach: float, count: int = 100, size: int = 800
) -> Floats:
    """Share of the directions all around from which each triangle is seen, `(F,)`, looking at a ball.

    Args:
        vertices: `(V, 3)`.
        faces: `(F, 3)`.
        centre: `(3,)` middle of the ball.
        reach: its radius in metres; triangles outside are not seen.
        count: number of directions.
        size: pixels across the ball.
    """
    seen = np.zeros(len(faces))
    offset, scale = vertices - centre, 0.5 * size / reach
    for forward in directions(count):
        right = np.cross(forward, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        xy = np.stack([offset @ right, -(offset @ up)], axis=1) * scale + 0.5 * size
        face = rasterize(xy, offset @ forward, faces.astype(np.int32), size, size)[0]
        seen[np.unique(face[face >= 0])] += 1
    return seen / count


def cavities(vertices: Floats, faces: Ints, head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Triangles of the left half that lie in the mouth or the eye socket, `(F / 2,)`.

    A cavity is what hardly any direction sees (less than 4 %), cut off along the shortest loop that keeps all
    that is well seen (more than 25 %) outside: that loop is the line of the lips or the rim of the lids.

    Args:
        vertices: `(V, 3)`, symmetric.
        faces: `(F, 3)`, the left half first, then its mirror image in the same order.
        head: `(F / 2,)` the triangles of the left half where to look.
    """
    half = len(faces) // 2
    points = vertices[faces[:half][head]].reshape(-1, 3)
    centre = np.array([0.0, points[:, 1].mean(), points[:, 2].mean()])
    seen = visibility(vertices, faces, centre, 1.05 * float(np.linalg.norm(points - centre, axis=1).max()))
    seen = 0.5 * (seen[:half] + seen[half:])
    fixed = np.where(head & (seen < 0.04), 1, np.where(~head | (seen > 0.25), -1, 0))
    return minimum_cut(vertices, faces[:half], np.zeros(half), fixed)


def close_polygon(points: Floats) -> Ints:
    """Triangulates a closed polygon in space with the shortest total length of diagonals, `(n - 2, 3)`.

    Klincsek, "Minimal triangulations of polygonal domains", Annals of Discrete Mathematics 9, 1980.
    """
    n = len(points)
    length = np.linalg.norm(points[:, None] - points[None], axis=2)
    cost = np.zeros((n, n))
    split = np.zeros((n, n), dtype=np.int64)
    for gap in range(2, n):
        for i in range(n - gap):
            j = i + gap
            between = np.arange(i + 1, j)
            # The sides of the polygon itself are shared by all triangulations; counting them changes nothing.
            total = cost[i, between] + cost[between, j] + length[i, between] + length[between, j]
            best = int(total.argmin())
            cost[i, j], split[i, j] = total[best], between[best]
    triangles, todo = [], [(0, n - 1)]
    while todo:
        i, j = todo.pop()
        if j - i > 1:
            k = int(split[i, j])
            triangles.append((i, k, j))
            todo += [(i, k), (k, j)]
    return np.array(triangles)


def close_cavities(vertices: Floats, faces: Ints, mirror: Ints, inside: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Removes the cavities from a symmetric mesh and closes the holes with triangles over their rims.

    Args:
        vertices: `(V, 3)`.
        faces: `(F, 3)`, the left half first, then its mirror image in the same order.
        mirror: `(V,)` mirrored vertex.
        inside: `(F / 2,)` the cavities of the left half, from `cavities`.

    Returns:
        used: `(V',)` the vertices that remain, ascending.
        faces: `(F', 3)` over them, again the left half first.
        mirror: `(V',)` over them.
    """
    left = faces[: len(inside)]
    middle = mirror == np.arange(len(mirror))
    pocket = left[inside]
    _, label = face_components(pocket)
    caps = []
    for k in range(label.max() + 1):
        (rim,) = boundary_loops(pocket[label == k])
        # Where the cavity crosses the plane of symmetry, its rim in the half mesh runs through that plane: cut across.
        inner = middle[rim] & middle[np.roll(rim, 1)] & middle[np.roll(rim, -1)]
        rim = rim[~inner]
        caps.append(rim[close_polygon(vertices[rim])])
    left = np.concatenate([left[~inside], *caps])
    used, local = compact(np.concatenate([left, mirror[left][:, [0, 2, 1]]]))
    index = np.full(len(mirror), -1)
    index[used] = np.arange(len(used))
    return used, local, index[mirror[used]]
