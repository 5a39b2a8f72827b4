"""Whether a mesh is its own mirror image: triangle by triangle, nearly (as a map onto itself), or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import igl
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from surface.body import barycentric
from surface.segmentation import halve
from surface.surfacemap import SurfaceMap
from surface.topology import face_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FLIP = np.array([-1.0, 1.0, 1.0])
EXACT = 1e-5  # of the bounding box's diagonal: vertices nearer than this to their mirror images are mirrored exactly
NEAR = 0.01  # of the diagonal: how far a symmetric surface may be from its mirror image (99th percentile of area)
SAMPLES = 2000


@dataclass(frozen=True)
class Mirror:
    """How a mesh is mirrored at x = 0: `face` and `corner`, or `map`.

    Attributes:
        face: `(F,)` mirrored face of each face, or None.
        corner: `(F, 3)` the corner of the mirrored face that corner k becomes, or None.
        map: the image of each vertex on the mesh, or None.
        error: metres between the mesh and its mirror image (the largest distance of a vertex).
    """

    face: Ints | None
    corner: NDArray[np.uint8] | None
    map: SurfaceMap | None
    error: float

    @property
    def exact(self) -> bool:
        """Whether the triangles themselves are mirror images of one another."""
        return self.face is not None


@dataclass(frozen=True)
class Plane:
    """A plane of reflection `normal . x = offset`, and how far the surface is from its image (99th percentile)."""

    normal: Floats
    offset: float
    error: float


def find(vertices: Floats, faces: Ints) -> Mirror | None:
    """The mirror of a mesh at x = 0; None when it is not symmetric there to within 1% of its diagonal.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
    """
    diagonal = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    centres = vertices[faces].mean(axis=1)
    if (np.abs(vertices[faces][..., 0]).max(axis=1) < EXACT * diagonal).any():
        return None  # a wall in the plane itself is on no side
    distance, partner = cKDTree(vertices).query(vertices * FLIP)
    if distance.max() <= EXACT * diagonal and np.array_equal(partner[partner], np.arange(len(vertices))):
        exact = of_vertices(faces, partner, float(distance.max()))
        if exact is not None:
            return exact
    face, closest, gap = _nearest(vertices, faces, vertices * FLIP)
    at = _nearest(vertices, faces, _samples(vertices, faces) * FLIP)[2]
    if np.quantile(at, 0.99) > NEAR * diagonal or gap.max() > 3 * NEAR * diagonal or not (centres[:, 0] < 0).any():
        return None
    weights = barycentric(closest, vertices[faces[face]])
    return Mirror(None, None, SurfaceMap(face.astype(np.int32), weights), float(gap.max()))


def of_vertices(faces: Ints, partner: Ints, error: float = 0.0) -> Mirror | None:
    """The exact mirror whose vertices `(V,)` are `partner`; None when a face's image is no face, or is itself."""
    index = {tuple(sorted(face)): f for f, face in enumerate(faces.tolist())}
    image = partner[faces]
    found = np.array([index.get(tuple(sorted(face)), -1) for face in image.tolist()])
    if (found < 0).any() or (found == np.arange(len(faces))).any():
        return None
    corner = (faces[found][:, None, :] == image[:, :, None]).argmax(axis=2)
    return Mirror(found, corner.astype(np.uint8), None, error)


def left_half(vertices: Floats, faces: Ints, mirror: Mirror) -> Bools:
    """Which faces `(F,)` are the left half (x > 0); of exactly mirrored triangles, one of each pair."""
    x = vertices[faces][..., 0]
    if mirror.face is not None:
        return np.asarray(x.mean(axis=1) > x[mirror.face].mean(axis=1))
    if (x.max(axis=1) * x.min(axis=1) >= 0).all():
        return np.asarray(x.mean(axis=1) > 0)
    return halve(vertices, faces, vertices[:, 0], 100.0 / float(face_areas(vertices, faces).sum()))


def plane(vertices: Floats, faces: Ints) -> Plane | None:
    """The plane of symmetry of a surface: x, z or y by choice where several fit; None when none does.

    A plane of symmetry holds the centre of area and stands across a principal axis (where these are unique), so
    the axes of the file and the principal ones are tried, and the best is refined by the mean squared distance between
    the surface and its image.
    """
    diagonal = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    points = _samples(vertices, faces)
    area = face_areas(vertices, faces)
    centre = area @ vertices[faces].mean(axis=1) / area.sum()
    tree = igl.AABB()
    v, f = np.ascontiguousarray(vertices), np.ascontiguousarray(faces)
    tree.init(v, f)

    def distance(normal: Floats, offset: float) -> Floats:
        image = points - 2.0 * ((points @ normal) - offset)[:, None] * normal
        return np.sqrt(np.asarray(tree.squared_distance(v, f, np.ascontiguousarray(image))[0]).ravel())

    def error(normal: Floats, offset: float) -> float:
        return float(np.quantile(distance(normal, offset), 0.99))

    principal = np.linalg.eigh(np.cov((points - centre).T))[1].T[::-1]
    candidates = [
        (axis, offset)
        for axis in (*np.eye(3)[[0, 2, 1]], *principal)
        for offset in (0.0, float(axis @ centre), float((vertices @ axis).max() + (vertices @ axis).min()) / 2.0)
    ]
    known = cKDTree(vertices)
    for normal, offset in candidates:  # whatever the triangles are, the vertices mirror each other
        image = vertices - 2.0 * ((vertices @ normal) - offset)[:, None] * normal
        if known.query(image)[0].max() <= EXACT * diagonal:
            return _facing(normal, offset, error(normal, offset))
    for axis, start in candidates:
        normal, offset = axis, start
        plain = error(normal, offset)
        if plain > 3 * NEAR * diagonal:
            continue
        better = _refined(normal, offset, centre, diagonal, distance)
        if error(*better) < 0.8 * plain:
            (normal, offset), plain = better, error(*better)
        if plain <= NEAR * diagonal:
            return _facing(normal, offset, plain)
    return None


def _facing(normal: Floats, offset: float, error: float) -> Plane:
    """The plane with the largest component of its normal positive."""
    sign = float(np.sign(normal[int(np.abs(normal).argmax())]))
    return Plane(normal * sign, offset * sign, error)


def _refined(
    axis: Floats, offset: float, centre: Floats, diagonal: float, distance: Callable[[Floats, float], Floats]
) -> tuple[Floats, float]:
    across = np.linalg.svd(axis[None])[2][1:]
    pivot = centre + (offset - centre @ axis) * axis

    def of(x: Floats) -> tuple[Floats, float]:
        normal = axis + x[:2] @ across
        normal = normal / np.linalg.norm(normal)
        return normal, float(normal @ pivot + x[2] * diagonal)

    def cost(x: Floats) -> float:
        return float((np.minimum(distance(*of(x)) / diagonal, 0.05) ** 2).mean()) * 1e4

    start = np.array([[0, 0, 0], [0.02, 0, 0], [0, 0.02, 0], [0, 0, 0.005]], dtype=np.float64)
    best = minimize(
        cost, np.zeros(3), method="Nelder-Mead", options={"initial_simplex": start, "maxfev": 120, "xatol": 1e-5}
    )
    return of(best.x)


def _samples(vertices: Floats, faces: Ints) -> Floats:
    """Points spread over the surface by area, the same ones every time."""
    rng = np.random.default_rng(0)
    area = face_areas(vertices, faces)
    face = rng.choice(len(faces), SAMPLES, p=area / area.sum())
    return np.asarray(np.einsum("nk,nkc->nc", rng.dirichlet(np.ones(3), SAMPLES), vertices[faces[face]]))


def _nearest(vertices: Floats, faces: Ints, points: Floats) -> tuple[Ints, Floats, Floats]:
    squared, face, closest = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points), np.ascontiguousarray(vertices), np.ascontiguousarray(faces)
    )
    return np.asarray(face).ravel(), np.asarray(closest).reshape(-1, 3), np.sqrt(np.asarray(squared).ravel())


def image_of_faces(vertices: Floats, faces: Ints, mirror: Mirror, left: Bools) -> Ints:
    """`(F,)` for right faces the left face that each mirrors (the nearest to its image), for left ones themselves."""
    out = np.arange(len(faces))
    if mirror.face is not None:
        return np.where(left, out, mirror.face)
    out[~left] = labels_across(vertices, faces, left, np.flatnonzero(left))
    return out


def labels_across(vertices: Floats, faces: Ints, left: Bools, number: Ints) -> Ints:
    """What the right faces `(R,)` take from the left ones' `number` `(L,)`: that of the nearest to their image."""
    own = faces[left]
    return np.asarray(number[_nearest(vertices, own, vertices[faces[~left]].mean(axis=1) * FLIP)[0]])


def layout_across(vertices: Floats, faces: Ints, flat: Floats, points: Floats) -> Floats:
    """Where points `(N, 3)`, mirrored, fall in the layout `(F, 3, 2)` of some faces, whose planes go on."""
    image = points * FLIP
    face = _nearest(vertices, faces, image)[0]
    a, b, c = np.moveaxis(vertices[faces[face]], 1, 0)
    e1, e2, p = b - a, c - a, image - a
    gram = np.stack(
        [np.stack([(e1 * e1).sum(1), (e1 * e2).sum(1)], 1), np.stack([(e1 * e2).sum(1), (e2 * e2).sum(1)], 1)], 1
    )
    right = np.stack([(p * e1).sum(1), (p * e2).sum(1)], axis=1)
    w = np.linalg.solve(gram, right[..., None])[..., 0]
    bary = np.concatenate([1.0 - w.sum(axis=1, keepdims=True), w], axis=1)
    return np.asarray(np.einsum("nk,nkc->nc", bary, flat[face]))


def cut_at_plane(vertices: Floats, faces: Ints, snap: float) -> tuple[Floats, Ints, Ints]:
    """Divides the triangles that cross x = 0 along it; the surface stays the same but for what is snapped.

    Args:
        vertices: `(V, 3)`.
        faces: `(F, 3)`.
        snap: metres; vertices this near to the plane are put onto it.

    Returns:
        vertices `(V', 3)`, the old ones first; faces `(F', 3)`; origin `(F',)` the old face of each.
    """
    v = vertices.copy()
    v[np.abs(v[:, 0]) <= snap, 0] = 0.0
    side = np.sign(v[:, 0]).astype(np.int64)
    cross = (side[faces].max(axis=1) > 0) & (side[faces].min(axis=1) < 0)
    new: dict[tuple[int, int], int] = {}
    points: list[Floats] = []

    def middle(i: int, j: int) -> int:
        key = (min(i, j), max(i, j))
        if key not in new:
            a, b = v[key[0]], v[key[1]]
            t = a[0] / (a[0] - b[0])
            new[key] = len(v) + len(points)
            points.append(np.array([0.0, *((1 - t) * a[1:] + t * b[1:])]))
        return new[key]

    out, origin = [faces[~cross]], [np.flatnonzero(~cross)]
    for face in np.flatnonzero(cross).tolist():
        corner = faces[face]
        sides = side[corner]
        if (sides == 0).any():
            k = int((sides == 0).argmax())
            a, b, c = (int(corner[(k + i) % 3]) for i in range(3))
            m = middle(b, c)
            pieces = [[a, b, m], [a, m, c]]
        else:
            k = int((sides == -np.sign(sides.sum())).argmax())  # the corner that is alone on its side
            a, b, c = (int(corner[(k + i) % 3]) for i in range(3))
            m, n = middle(a, b), middle(c, a)
            one = np.linalg.norm(_at(v, points, m) - v[c]) <= np.linalg.norm(_at(v, points, n) - v[b])
            pieces = [[a, m, n], *([[m, b, c], [m, c, n]] if one else [[m, b, n], [b, c, n]])]
        out.append(np.array(pieces))
        origin.append(np.full(len(pieces), face))
    return np.concatenate([v, *(p[None] for p in points)]), np.concatenate(out), np.concatenate(origin)


def _at(v: Floats, points: list[Floats], index: int) -> Floats:
    return v[index] if index < len(v) else points[index - len(v)]


def doubled(vertices: Floats, faces: Ints, left: Bools) -> tuple[Floats, Ints]:
    """The left half of a mesh cut at x = 0, followed by its mirror image: vertices `(V, 3)`, faces `(F, 3)`."""
    used, own = np.unique(faces[left], return_inverse=True)
    own = own.reshape(-1, 3)
    v = vertices[used]
    middle = v[:, 0] == 0
    twin = np.where(middle, np.arange(len(v)), len(v) + np.cumsum(~middle) - 1)
    return np.concatenate([v, v[~middle] * FLIP]), np.concatenate([own, twin[own][:, [0, 2, 1]]])
