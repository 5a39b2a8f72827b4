"""How good the maps between two bodies are, without knowing the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.topology import face_areas

if TYPE_CHECKING:
    from surface.body import Body
    from surface.surfacemap import SurfaceMap

Floats = NDArray[np.float64]

_POINTS = 20_000


@dataclass(frozen=True)
class Spread:
    """Mean, median, 95th percentile and largest of some distances, metres."""

    mean: float
    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, distances: Floats) -> Spread:
        """The spread of distances (N,)."""
        return cls(
            float(distances.mean()),
            float(np.median(distances)),
            float(np.quantile(distances, 0.95)),
            float(distances.max()),
        )


@dataclass(frozen=True)
class Figures:
    """What can be measured about the maps between two bodies. Lengths are metres; points are random by area.

    Attributes:
        fit: distance of the registered body's vertices from the other body's surface.
        cycle: distance between a point of either body and where it comes back to, there and back.
        mirror: distance between the mirror image of a point's image and the image of its mirror image, on either
            body; None unless both bodies are symmetric. Distances are straight, not along the surface.
        parts: share of points whose coarse part has the same name on both bodies; None when names differ.
        folded: share of area whose image is turned inside out.
        digits: hands and feet matched finger by finger and toe by toe, by the joint they hang from.
    """

    fit: Spread
    cycle: Spread
    mirror: Spread | None
    parts: float | None
    folded: float
    digits: tuple[str, ...]


def random_points(body: Body, count: int, seed: int = 0) -> tuple[NDArray[np.int32], Floats]:
    """Surface points (face (N,), bary (N,3)), uniform by area."""
    rng = np.random.default_rng(seed)
    area = body.face_area
    face = rng.choice(len(area), count, p=area / area.sum()).astype(np.int32)
    return face, rng.dirichlet(np.ones(3), count)


def corners(body: Body) -> tuple[NDArray[np.int32], Floats]:
    """Every vertex as a surface point: a face (V,) and its corner (V,3)."""
    at = np.zeros(len(body.vertices), np.int64)
    at[body.faces.reshape(-1)] = np.arange(3 * len(body.faces))
    return (at // 3).astype(np.int32), np.eye(3)[at % 3]


def figures_of(
    source: Body, target: Body, forward: SurfaceMap, backward: SurfaceMap, fit: Floats, digits: tuple[str, ...]
) -> Figures:
    """The figures of two maps; `fit` (V,) are the distances left by the registration."""
    cycle, mirror, same, turned = [], [], [], []
    for own, other, there, back in ((source, target, forward, backward), (target, source, backward, forward)):
        point = random_points(own, _POINTS)
        image = there.apply(own, other, *point)
        returned = back.apply(other, own, *image)
        cycle.append(_gap(own, returned, point))
        same.append(_names(own, point[0]) == _names(other, image[0]))
        turned.append(_folded(own, other, there))
        if own.symmetric and other.symmetric:
            mirror.append(_gap(other, there.apply(own, other, *own.mirror(*point)), other.mirror(*image)))
    return Figures(
        Spread.of(fit),
        Spread.of(np.concatenate(cycle)),
        Spread.of(np.concatenate(mirror)) if mirror else None,
        float(np.mean(same)) if set(source.part_names) == set(target.part_names) else None,
        float(np.mean(turned)),
        digits,
    )


def _gap(body: Body, a: tuple[NDArray[np.int32], Floats], b: tuple[NDArray[np.int32], Floats]) -> Floats:
    return np.linalg.norm(body.position(*a) - body.position(*b), axis=1)


def _names(body: Body, face: NDArray[np.int32]) -> NDArray[np.str_]:
    return np.array(("", *body.part_names))[body.part(face)]


def _folded(own: Body, other: Body, way: SurfaceMap) -> float:
    """Share of a body's area whose triangles' images face inwards."""
    image = other.position(way.face, way.bary)
    corner = image[own.faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    outward = np.einsum("vk,vkc->vc", way.bary, other.vertex_normals[other.faces[way.face]])
    inside = np.einsum("fc,fc->f", normal, outward[own.faces].sum(axis=1)) < 0
    area = face_areas(np.asarray(own.vertices), own.faces.astype(np.int64))
    return float(area[inside].sum() / area.sum())
