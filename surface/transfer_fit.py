"""Non-rigid registration of one body's surface to another's, from a start that is already close.

The displacement d of the start x0 minimises, with c the compatible nearest points on the target and n their normals,

    sum_i a_i w_i |x0_i + d_i - (x_i + n_i n_i^T (c_i - x_i))|^2  +  l^4 d^T L M^-1 L d  +  landmarks,

a the vertex areas, M their diagonal, L the cotangent Laplacian of the start: bends shorter than l are smoothed,
and l falls from step to step as stiffness does in Amberg, Romdhani and Vetter, "Optimal step nonrigid ICP" (CVPR 2007).
Only the normal part of each gap pulls, so the surface may slide. Nearest points are compatible in normal and digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from surface.body import vertex_normals
from surface.surfacemap import walk
from surface.topology import vertex_areas

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A normal turned by a right angle, or the neighbouring digit, is as far as this many metres.
_NORMAL, _DIGIT = 0.04, 0.03
LENGTHS = (
    0.15, 0.12, 0.1, 0.08, 0.07, 0.06, 0.05, 0.04, 0.034, 0.028, 0.023,
    0.019, 0.016, 0.014, 0.012, 0.01, 0.009, 0.008, 0.007, 0.006, 0.006, 0.006,
)  # fmt: skip
"""Metres; the length below which bends are smoothed, step by step."""


@dataclass(frozen=True, eq=False)
class Places:
    """Compatible nearest points on a body: nearest in position, normal and digit together, then walked to the surface.

    Attributes:
        body: the body.
        tree: over its vertices and triangle centres, in eight dimensions.
        face: a face at each of them.
    """

    body: Body
    tree: cKDTree
    face: NDArray[np.int32]

    @classmethod
    def of(cls, body: Body, digits: Floats) -> Places:
        """From a body and where its vertices' digits stand, (V,2) of `digit_places`."""
        faces = body.faces
        normal = vertex_normals(body.vertices, faces)
        first = np.zeros(len(body.vertices), np.int32)
        first[faces.reshape(-1)] = np.repeat(np.arange(len(faces), dtype=np.int32), 3)
        centre = normal[faces].mean(axis=1)
        centre /= np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-12)
        used = np.unique(faces)  # a body may hold vertices of no triangle
        features = np.concatenate(
            [
                _features(body.vertices[used], normal[used], digits[used]),
                _features(body.vertices[faces].mean(axis=1), centre, digits[faces].mean(axis=1)),
            ]
        )
        return cls(body, cKDTree(features), np.concatenate([first[used], np.arange(len(faces), dtype=np.int32)]))

    def nearest(self, points: Floats, normals: Floats, digits: Floats) -> tuple[NDArray[np.int32], Floats, Floats]:
        """Face (N,), bary (N,3) and distance (N,) in metres of compatible nearest points."""
        _, found = self.tree.query(_features(points, normals, digits), k=1)
        return walk(self.body, points, self.face[found][:, None])


def _features(points: Floats, normals: Floats, digits: Floats) -> Floats:
    return np.concatenate([points, normals * (_NORMAL / np.sqrt(2)), digits], axis=1)


def digit_places(members: list[NDArray[np.int8]], count: int) -> Floats:
    """Places (V,2) in metres that keep digits apart: five on a circle, its centre for what is no digit."""
    out = np.zeros((count, 2))
    for member in members:
        angle = 2 * np.pi * member / 5
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        # Neighbours on a circle of radius r are 2 r sin(36 degrees) apart.
        out += np.where(member[:, None] > 0, _DIGIT / 1.1756 * circle, 0.0)
    return out


def cotangents(vertices: Floats, faces: Ints) -> csr_matrix:
    """The cotangent Laplacian (V,V), positive semi-definite; needle triangles are kept from dominating."""
    count, rows, columns, values = len(vertices), [], [], []
    for k in range(3):
        i, j, o = faces[:, (k + 1) % 3], faces[:, (k + 2) % 3], faces[:, k]
        a, b = vertices[i] - vertices[o], vertices[j] - vertices[o]
        cross = np.linalg.norm(np.cross(a, b), axis=1)
        cot = np.clip(np.einsum("nc,nc->n", a, b) / np.maximum(cross, 1e-12), 0.02, 20.0) / 2
        rows += [i, j]
        columns += [j, i]
        values += [cot, cot]
    off = csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count))
    return diags(np.asarray(off.sum(axis=1)).ravel()) - off


def compatible(
    places: Places, points: Floats, normals: Floats, digits: Floats, reach: float
) -> tuple[Floats, Floats, Floats]:
    """Nearest target points (N,3), their normals (N,3), weights (N,) that fall with distance and turned normals."""
    face, bary, distance = places.nearest(points, normals, digits)
    goal = places.body.position(face, bary)
    normal = np.einsum("nk,nkc->nc", bary, places.body.vertex_normals[places.body.faces[face]])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    agree = np.clip(np.einsum("nc,nc->n", normal, normals), 0.0, 1.0) ** 2
    return goal, normal, agree / (1 + (distance / reach) ** 2) ** 2


def register(
    template: Body,
    begin: Floats,
    places: Places,
    digits: Floats,
    landmarks: tuple[Ints, Floats],
    symmetrise: Callable[[Floats], Floats],
    tick: Callable[[], None],
) -> Floats:
    """The template's vertices (V,3) on the target.

    Args:
        template: whose triangles move.
        begin: (V,3) where they start.
        places: the target.
        digits: (V,2) of the template, see `digit_places`.
        landmarks: vertices (M,) and where they belong (M,3).
        symmetrise: makes positions (V,3) their own mirror image; does nothing where a body has none.
        tick: called once a step.
    """
    faces = template.faces.astype(np.int64)
    area = vertex_areas(begin, faces)
    area = np.maximum(area, area.mean() * 1e-2)
    laplacian = cotangents(begin, faces)
    bend = (laplacian @ diags(1 / area) @ laplacian).tocsc()
    x = begin.copy()
    for step, length in enumerate(LENGTHS):
        normals = vertex_normals(x, faces)
        goal, normal, weight = compatible(places, x, normals, digits, max(2 * length, 0.015))
        wanted = x + normal * np.einsum("nc,nc->n", normal, goal - x)[:, None]
        mass = area * np.maximum(weight, 1e-4)
        right = mass[:, None] * (wanted - begin)
        index, place = landmarks
        if len(index) and step < len(LENGTHS) // 2:
            strength = 0.01 * 0.5**step * area.sum() / len(index)
            mass[index] += strength
            right[index] += strength * (place - begin[index])
        x = symmetrise(
            begin
            + splu(
                diags(mass).tocsc() + length**4 * bend,
                permc_spec="MMD_AT_PLUS_A",
                options={"SymmetricMode": True},
                diag_pivot_thresh=0.0,
            ).solve(right)
        )
        tick()
    return x
