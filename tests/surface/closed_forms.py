"""Surfaces whose geodesic distances can be written down: plate, plate with a corner, tube, cone and sphere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.sparse import csr_array

from surface.body import Body

Floats = NDArray[np.float64]
Points = tuple[NDArray[np.int32], Floats]


@dataclass(frozen=True)
class Shape:
    """A body, and a function (body, a, b) giving the true distances (N,) between surface points."""

    body: Body
    distance: Callable[[Body, Points, Points], Floats]


def plain(vertices: Floats, faces: NDArray[np.integer], name: str = "plain") -> Body:
    """A body of one part and one chart that knows nothing but its mesh."""
    return Body(
        name=name,
        vertices=np.ascontiguousarray(vertices, np.float64),
        faces=np.ascontiguousarray(faces, np.int32),
        face_chart=np.ones(len(faces), np.uint8),
        face_uv=np.zeros((len(faces), 3, 2)),
        chart_names=("all",),
        chart_part=np.ones(1, np.uint8),
        part_names=("all",),
        part_mirror=np.arange(2, dtype=np.uint8),
        chart_mirror=np.arange(2, dtype=np.uint8),
        keypoint_names=(),
        keypoint_regressor=csr_array((0, len(vertices))),
    )


def grid(columns: int, rows: int, closed: bool = False) -> NDArray[np.int32]:
    """Triangles of a grid of rows x columns cells, vertex ``row * width + column``; closed in the columns or not."""
    width = columns if closed else columns + 1
    row, column = np.mgrid[0:rows, 0:columns].reshape(2, -1)
    i, j = row * width + column, row * width + (column + 1) % width
    return np.concatenate([np.stack([i, j, j + width], 1), np.stack([i, j + width, i + width], 1)]).astype(np.int32)


def plate() -> Shape:
    """A square metre, open, of uneven cells: straight lines."""
    x = np.linspace(0, 1, 15) ** 1.3
    xy = np.stack(np.meshgrid(x, np.linspace(0, 1, 15)), axis=-1).reshape(-1, 2)
    body = plain(np.concatenate([xy, np.zeros((len(xy), 1))], axis=1), grid(14, 14), "plate")
    return Shape(body, lambda body, a, b: np.linalg.norm(body.position(*a) - body.position(*b), axis=1))


def corner() -> Shape:
    """The plate without a quarter: what cannot see the other point goes round the inner corner."""
    cells = grid(12, 12)
    xy = np.stack(np.meshgrid(np.linspace(-1, 1, 13), np.linspace(-1, 1, 13)), axis=-1).reshape(-1, 2)
    kept = cells[~(xy[cells].mean(axis=1) > 0).all(axis=1)]
    used, faces = np.unique(kept, return_inverse=True)
    body = plain(np.concatenate([xy[used], np.zeros((len(used), 1))], axis=1), faces.reshape(-1, 3), "corner")

    def distance(body: Body, a: Points, b: Points) -> Floats:
        p, q = body.position(*a)[:, :2], body.position(*b)[:, :2]
        straight = np.linalg.norm(p - q, axis=1)
        angle = np.mod(np.arctan2(p[:, 1], p[:, 0]) - np.pi / 2, 2 * np.pi)
        other = np.mod(np.arctan2(q[:, 1], q[:, 0]) - np.pi / 2, 2 * np.pi)
        round_it = np.linalg.norm(p, axis=1) + np.linalg.norm(q, axis=1)
        return np.where(np.abs(angle - other) > np.pi, round_it, straight)

    return Shape(body, distance)


def tube(sides: int = 16, rows: int = 22) -> Shape:
    """An open prism of flat sides, unrolled: two ways round."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = 0.15 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    height = np.linspace(0, 1, rows + 1)
    vertices = np.array([(x, y, z) for z in height for x, y in ring])
    body = plain(vertices, grid(sides, rows, closed=True), "tube")
    side = float(np.linalg.norm(ring[1] - ring[0]))

    def unrolled(body: Body, points: Points) -> Floats:
        xyz = body.position(*points)
        column = np.mod(body.faces[points[0]] % sides, sides)
        first = np.where((column == 0).any(axis=1) & (column == sides - 1).any(axis=1), sides - 1, column.min(axis=1))
        along = np.linalg.norm(xyz[:, :2] - ring[first], axis=1)
        return np.stack([first * side + along, xyz[:, 2]], axis=1)

    def distance(body: Body, a: Points, b: Points) -> Floats:
        p, q = unrolled(body, a), unrolled(body, b)
        across = np.abs(p[:, 0] - q[:, 0])
        return np.hypot(np.minimum(across, sides * side - across), p[:, 1] - q[:, 1])

    return Shape(body, distance)


def cone(sides: int = 14, rows: int = 12) -> Shape:
    """The sides of a pyramid, unfolded into a sector: through the apex where that opens by more than half a turn."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = 0.3 * np.stack([np.cos(angle), np.sin(angle), np.zeros(sides)], axis=1)
    apex = np.array([0, 0, 0.25])
    vertices = np.concatenate([[apex + (ring - apex) * (row + 1) / rows for row in range(rows)]]).reshape(-1, 3)
    faces = grid(sides, rows - 1, closed=True)
    tip = [(len(vertices), column, (column + 1) % sides) for column in range(sides)]
    # The grid runs downwards: turned over, so that both wind the same way.
    body = plain(np.concatenate([vertices, [apex]]), np.concatenate([faces[:, ::-1], np.array(tip)]), "cone")
    opening = 2 * np.arcsin(np.linalg.norm(ring[1] - ring[0]) / 2 / np.linalg.norm(ring[0] - apex))

    def polar(body: Body, points: Points) -> tuple[Floats, Floats]:
        xyz = body.position(*points)
        radius = np.linalg.norm(xyz - apex, axis=1)
        centre = body.vertices[body.faces[points[0]]].mean(axis=1)
        first = np.floor(np.mod(np.arctan2(centre[:, 1], centre[:, 0]), 2 * np.pi) / (2 * np.pi / sides)).astype(int)
        edge = (ring[first] - apex) / np.linalg.norm(ring[first] - apex, axis=1, keepdims=True)
        inside = np.arccos(np.clip(np.einsum("nc,nc->n", (xyz - apex) / radius[:, None], edge), -1, 1))
        return radius, first * opening + inside

    def distance(body: Body, a: Points, b: Points) -> Floats:
        (r, s), (p, q) = polar(body, a), polar(body, b)
        turn = np.abs(s - q)
        turn = np.minimum(turn, sides * opening - turn)
        return np.where(turn >= np.pi, r + p, np.sqrt(np.maximum(r * r + p * p - 2 * r * p * np.cos(turn), 0)))

    return Shape(body, distance)


def sphere(subdivisions: int = 3) -> Shape:
    """A ball of 30 cm: arcs of great circles, which the flat triangles come near to."""
    mesh = trimesh.creation.icosphere(subdivisions, 0.15)

    def distance(body: Body, a: Points, b: Points) -> Floats:
        p, q = body.position(*a), body.position(*b)
        return 0.15 * np.arctan2(np.linalg.norm(np.cross(p, q), axis=1), np.einsum("nc,nc->n", p, q))

    return Shape(plain(np.asarray(mesh.vertices), np.asarray(mesh.faces), "sphere"), distance)


SHAPES = {"plate": plate, "corner": corner, "tube": tube, "cone": cone, "sphere": sphere}
