"""The mirror image of a body on itself: exact where its triangles are symmetric, else a map of its surface."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import igl
import numpy as np
from numpy.typing import NDArray

from surface.body import barycentric, vertex_normals
from surface.surfacemap import SurfaceMap
from surface.topology import half_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Opposite = dict[tuple[int, int], tuple[int, int]]

FLIP = np.array([-1.0, 1.0, 1.0])
TRIES = 20  # triangles from which a symmetry of the triangulation is sought
REACH = 0.02  # metres; vertices farther from their mirror image than this are no mirror images


@dataclass(frozen=True)
class Exact:
    """A mirror image of V vertices and F triangles onto themselves.

    Attributes:
        vertex: `(V,)` the mirrored vertex.
        face: `(F,)` the mirrored triangle.
        corner: `(F, 3)` the corner of the mirrored triangle that corner k becomes.
        error: `(V,)` metres between each vertex and the mirror image of its mirrored one.
    """

    vertex: Ints
    face: Ints
    corner: NDArray[np.uint8]
    error: Floats


def exact(vertices: Floats, faces: Ints) -> Exact | None:
    """The symmetry of a triangulation, found by walking over it; None where it has none near the reflection x -> -x.

    One pair of mirrored triangles decides all others, however far the vertices are from being mirror images: so bodies
    whose two sides differ in shape are found symmetric, too.
    """
    used = np.unique(faces)
    partner = np.arange(len(vertices))
    partner[used] = used[_nearest(vertices[used], vertices[used] * FLIP)]
    key = {tuple(sorted(face)): f for f, face in enumerate(faces.tolist())}
    mutual = partner[partner] == np.arange(len(vertices))
    good = np.flatnonzero(mutual[faces].all(axis=1))
    rows, opposite = faces.tolist(), _opposite(faces)
    for first in good[:: max(1, len(good) // TRIES)]:
        image = partner[faces[first]].tolist()
        second = key.get(tuple(sorted(image)))
        if second is None:
            continue
        found = _walk(rows, opposite, int(first), image)
        if found is None or not np.array_equal(found[found[used]], used):
            continue
        error = np.zeros(len(vertices))
        error[used] = np.linalg.norm(vertices[found[used]] * FLIP - vertices[used], axis=1)
        if error.max() < REACH:
            return Exact(found, *_faces(faces, found, key), error)
    return None


def _nearest(vertices: Floats, points: Floats) -> Ints:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(vertices).query(points)[1], dtype=np.int64)


def _opposite(faces: Ints) -> Opposite:
    """For each directed edge its triangle and that triangle's third corner."""
    apex = np.roll(faces, 1, axis=1).ravel().tolist()
    return {(a, b): (h // 3, apex[h]) for h, (a, b) in enumerate(half_edges(faces).tolist())}


def _walk(rows: list[list[int]], opposite: Opposite, first: int, image: list[int]) -> Ints | None:
    """The vertex map that takes triangle `first` to `image`, triangle by triangle; None where it contradicts itself."""
    found = np.full(max(map(max, rows)) + 1, -1)
    found[rows[first]] = image
    seen, queue = {first}, deque([first])
    while queue:
        a, b, c = rows[queue.popleft()]
        for p, q in ((a, b), (b, c), (c, a)):
            over = opposite.get((q, p))
            # A reflection turns triangles around: what lies over q, p lies over the images of p, q.
            image_over = opposite.get((int(found[p]), int(found[q])))
            if (over is None) != (image_over is None):
                return None
            if over is None or image_over is None:
                continue
            face, apex = over
            if found[apex] == -1:
                found[apex] = image_over[1]
            elif found[apex] != image_over[1]:
                return None
            if face not in seen:
                seen.add(face)
                queue.append(face)
    return found if len(seen) == len(rows) else None


def _faces(faces: Ints, vertex: Ints, key: dict[tuple[int, ...], int]) -> tuple[Ints, NDArray[np.uint8]]:
    image = vertex[faces]
    face = np.array([key[tuple(sorted(row))] for row in image.tolist()])
    corner = (faces[face][:, None, :] == image[:, :, None]).argmax(axis=2)
    return face, corner.astype(np.uint8)


def surface_map(vertices: Floats, faces: Ints, face_part: Ints, part_mirror: Ints) -> tuple[SurfaceMap, Floats]:
    """The map that takes each vertex to the nearest point to its reflection x -> -x on the mirrored part.

    Only triangles that face the way the reflected vertex faces are asked, where there are any: the nearest point to a
    finger's side may otherwise be on the next finger.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        face_part: `(F,)` 1..P.
        part_mirror: `(P + 1,)`.

    Returns:
        The map, and `(V,)` how far its points are from the reflected vertices, in metres.
    """
    corner = vertices[faces]
    normals = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    own = np.ones(len(vertices), dtype=np.int64)
    own[faces.ravel()] = np.repeat(face_part, 3)  # of a vertex between parts any one: both borders are mirrored
    face = np.zeros(len(vertices), dtype=np.int32)
    bary = np.tile([1.0, 0.0, 0.0], (len(vertices), 1))
    distance = np.zeros(len(vertices))
    points, facing = vertices * FLIP, vertex_normals(vertices, faces) * FLIP
    used = np.zeros(len(vertices), dtype=bool)
    used[faces.ravel()] = True
    for part in np.unique(face_part):
        asked = np.flatnonzero(used & (own == part))
        target = np.flatnonzero(face_part == part_mirror[part])
        if not len(asked):
            continue
        for group in _by_direction(facing[asked]):
            some = asked[group]
            mean = facing[some].mean(axis=0)
            near = target[normals[target] @ mean > 0.0]
            near = near if len(near) else target
            squared, found, closest = igl.point_mesh_squared_distance(
                np.ascontiguousarray(points[some]), np.ascontiguousarray(vertices), np.ascontiguousarray(faces[near])
            )
            face[some] = near[found]
            bary[some] = barycentric(closest, vertices[faces[near[found]]])
            distance[some] = np.sqrt(squared)
    return SurfaceMap(face, bary), distance


def _by_direction(directions: Floats) -> list[Ints]:
    """Groups of rows whose directions are nearest to the same one of 14 (a cube's faces and corners)."""
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3.0)
    nearest = (directions @ np.concatenate([axes, corners]).T).argmax(axis=1)
    return [np.flatnonzero(nearest == k) for k in range(14) if (nearest == k).any()]
