"""A bijective layout of any disk: scaling's solution where that does not fold, else the nearest one without a fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from surface import bijective, unfold
from surface.bijective import Energy, Pairs, is_bijective
from surface.topology import boundary_loops, euler_characteristic, face_areas, face_components, half_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANDMARKS = 250  # vertices whose distances to all others are kept
ALL = 400  # vertices of a patch that is small enough to keep all distances
PULL = 100.0  # of the start towards the scaling's solution, against the symmetric Dirichlet energy
FOLDS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # what folding counts against the stress, less and less
NEAR_ENOUGH = 1.1  # of plain scaling's stress, so about a twentieth of its mean distortion
NUDGE = 1e-5  # of the root of the area: exact geodesics lose their way in triangles that are thinner
THIN = 0.1  # plain scaling may shrink no direction of a triangle below this


def disk(vertices: ArrayLike, faces: ArrayLike) -> Floats:
    """A bijective layout in the plane of a disk, its distances as near to the geodesic ones as they get.

    Minimises the stress of multidimensional scaling. Where its minimum folds, or all but collapses a triangle, the
    layout is descended from a bijective one with a barrier against folds, which is lowered until the stress is near
    that of the folded minimum.

    Args:
        vertices: `(V, 3)` of any unit.
        faces: `(F, 3)` a disk: one piece, one boundary, no handle, every vertex in use.

    Returns:
        `(V, 2)` in the unit of the vertices, triangles counter-clockwise.

    Raises:
        ValueError: it is no disk, has no area, or is too deep for its boundary; the message says which.
    """
    v, f, loop = _checked(vertices, faces)
    size = float(np.sqrt(face_areas(v, f).sum()))
    v = _opened((v - v.mean(axis=0)) / size, f)
    chosen, distance, near, area = unfold.landmarks(v, f, len(v) if len(v) <= ALL else LANDMARKS)
    pairs = Pairs(chosen, distance, near, area)
    plain = scaled(pairs)
    if bijective.turned(plain, f) < 0:
        plain = plain * [1.0, -1.0]
    if is_bijective(plain, f, loop) and Energy(v, f, pairs, 0.0).thinnest(plain) > THIN:
        return plain * size
    flat = _spread(v, f, loop, chosen, plain[chosen])
    enough = NEAR_ENOUGH * bijective.stress(plain, pairs)
    for mu in FOLDS:
        flat = bijective.descend(Energy(v, f, pairs, mu), flat)
        if bijective.stress(flat, pairs) <= enough:
            break
    if not is_bijective(flat * size, f, loop):
        raise ValueError(f"a patch of {len(f)} triangles cannot be laid flat: rounding turns some of them over")
    return flat * size


def scaled(pairs: Pairs) -> Floats:
    """The layout `(V, 2)` of least stress, folds or not: classical scaling, then descent (L-BFGS).

    Vertices that are no landmarks begin where their distances to the landmarks put them (de Silva and Tenenbaum,
    "Sparse multidimensional scaling using landmark points", 2004).
    """
    among = pairs.distance[:, pairs.chosen]
    layout = unfold.smacof(unfold.classical_scaling(among, pairs.near), among, pairs.near)
    weight = pairs.near / pairs.near.sum()
    layout = layout - weight @ layout
    squared = pairs.distance**2
    slope = -0.5 * (squared - (squared[:, pairs.chosen] @ weight)[:, None]) * weight[:, None]
    start = (np.linalg.pinv((layout * weight[:, None]).T @ layout, hermitian=True) @ (layout.T @ slope)).T
    start[pairs.chosen] = layout
    hold = pairs.area / pairs.area.sum() + 1e-9
    np.add.at(hold, pairs.chosen, weight)
    root = np.sqrt(hold)[:, None]

    def energy(x: Floats) -> tuple[float, Floats]:
        value, gradient = bijective.stress_slope(x.reshape(-1, 2) / root, pairs)
        return value, (gradient / root).ravel()

    found = minimize(energy, (start * root).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x).reshape(-1, 2) / root


def _spread(v: Floats, f: Ints, loop: Ints, chosen: Ints, scaled: Floats) -> Floats:
    """A bijective layout near the scaling's solution of the landmarks, or as near as it was found."""
    flat = unfold.tutte(v, f)
    if not is_bijective(flat, f, loop):
        rim = float(np.linalg.norm(v[loop] - v[np.roll(loop, 1)], axis=1).sum())
        raise ValueError(
            f"a patch of {len(f)} triangles is too deep for its boundary to be laid flat (the boundary is {rim:.2g} "
            "times the root of the area long): cut it open"
        )
    target = unfold.align(flat[chosen], scaled)
    done = unfold.slim(v, f, flat, chosen, target, PULL)
    if np.isfinite(done).all() and is_bijective(done, f, loop):
        return done
    # SLIM lets the boundary cross itself: its last step before it did.
    for _ in range(200):
        step = unfold.slim(v, f, flat, chosen, target, PULL, 1)
        if not np.isfinite(step).all() or not is_bijective(step, f, loop):
            break
        flat = step
    return flat


def _opened(v: Floats, f: Ints) -> Floats:
    """The vertices of a patch of area one; those of triangles without area moved a little, the same way every time."""
    corner = v[f]
    longest = np.linalg.norm(np.roll(corner, -1, axis=1) - corner, axis=2).max(axis=1)
    flat = np.unique(f[2.0 * face_areas(v, f) < NUDGE * np.maximum(longest, NUDGE)])
    v[flat] += NUDGE * np.random.default_rng(0).normal(size=(len(flat), 3))
    return v


def _checked(vertices: ArrayLike, faces: ArrayLike) -> tuple[Floats, Ints, Ints]:
    """Vertices, faces and the boundary loop of a disk."""
    v, f = np.array(vertices, dtype=np.float64), np.array(faces, dtype=np.int64)
    if v.ndim != 2 or v.shape[1] != 3 or f.ndim != 2 or f.shape[1] != 3 or not len(f):
        raise ValueError(f"vertices {v.shape} and faces {f.shape} are no patch of triangles, (V, 3) and (F, 3)")
    if not np.isfinite(v).all():
        raise ValueError(f"vertex {int(np.argmin(np.isfinite(v).all(axis=1)))} is not finite")
    if not np.array_equal(np.unique(f), np.arange(len(v))):
        raise ValueError(f"faces must use each of the {len(v)} vertices, and no others")
    directed = half_edges(f)
    if (directed[:, 0] == directed[:, 1]).any() or len(np.unique(directed, axis=0)) != len(directed):
        raise ValueError("no disk: an edge has more than two triangles, or two that are turned against each other")
    pieces, loops, euler = face_components(f)[0], boundary_loops(f), euler_characteristic(f)
    if pieces != 1 or len(loops) != 1 or euler != 1:
        raise ValueError(
            f"no disk: {pieces} piece(s), {len(loops)} boundaries, Euler characteristic {euler}; expected 1, 1, 1"
        )
    if not face_areas(v, f).sum() > 1e-24 * max(float(np.ptp(v, axis=0).max()), 1e-150) ** 2:
        raise ValueError("the patch has no area")
    return v, f, loops[0]
