"""Lowering the stress of a flattened patch without a fold: no triangle turns over, the boundary never crosses itself.

The stress is that of metric multidimensional scaling. Symmetric Dirichlet energy keeps triangles from turning over
and a barrier between boundary vertices and edges keeps the boundary apart (Smith and Schaefer, "Bijective
Parameterization with Free Boundaries", ACM TOG 2015); both count so little that they act only where the stress alone
would fold. The steps are L-BFGS on top of the patch's Laplacian, each one checked to be bijective.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from surface.crossing import crosses
from surface.topology import boundary_loops, face_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The rest shape of a triangle thinner than this (height over longest edge) is taken to be this thick: slivers of a
# scan or of a decimation must not rule the energy.
THINNEST = 0.02
# The boundary keeps this distance from itself, in roots of the patch's area, where it is not nearer along the rim.
GAP = 1e-3


@dataclass(frozen=True)
class Pairs:
    """Distances that a layout shall keep, from H landmarks to every vertex.

    Attributes:
        chosen: `(H,)` the landmarks.
        distance: `(H, V)` geodesic distances, metres.
        near: `(H,)` area that each landmark stands for.
        area: `(V,)` area of each vertex.
    """

    chosen: Ints
    distance: Floats
    near: Floats
    area: Floats


def is_bijective(flat: Floats, faces: Ints, loop: Ints) -> bool:
    """Whether no triangle is flipped and the boundary loop neither crosses nor touches itself: then it is injective."""
    return bool((_signed(flat, faces) > 0).all()) and not crosses(flat[loop])


def turned(flat: Floats, faces: Ints) -> float:
    """The area of the triangles that lie counter-clockwise less that of the others."""
    return 0.5 * float(_signed(flat, faces).sum())


def stress(flat: Floats, pairs: Pairs) -> float:
    """Area-weighted mean of (|x_h - x_j| - d_hj)^2 over landmarks h and vertices j, square metres."""
    return stress_slope(flat, pairs)[0]


def stress_slope(flat: Floats, pairs: Pairs) -> tuple[float, Floats]:
    """The stress of a layout `(V, 2)` and its gradient `(V, 2)`."""
    gradient = np.zeros_like(flat)
    near, area = pairs.near / pairs.near.sum(), pairs.area / pairs.area.sum()
    return float(_stress(flat, pairs.chosen, pairs.distance, near, area, gradient)), gradient


class Energy:
    """stress + mu (symmetric Dirichlet energy + barrier along the boundary), in units of the patch's size.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)` a disk.
        pairs: the distances to keep.
        mu: what folding counts against the stress.
        gap: the barrier acts below this distance, in roots of the patch's area.
    """

    def __init__(self, vertices: Floats, faces: Ints, pairs: Pairs, mu: float, gap: float = GAP) -> None:
        area = face_areas(vertices, faces)
        self.size = float(np.sqrt(area.sum()))
        self.pairs, self.mu = pairs, mu
        self.near, self.area = pairs.near / pairs.near.sum(), pairs.area / pairs.area.sum()
        self.distance = pairs.distance / self.size
        (self.loop,) = boundary_loops(faces)
        self.faces, self.inverse, self.share = _rest(vertices / self.size, faces)
        # Vertex i keeps its gap from the edge j, j + 1: less where the two are near each other along the rim itself.
        n = len(self.loop)
        step = np.linalg.norm(vertices[np.roll(self.loop, -1)] - vertices[self.loop], axis=1) / self.size
        at = np.concatenate([[0.0], np.cumsum(step)])
        way = np.abs(at[:n, None, None] - np.stack([at[:n], at[1:]], axis=1)[None])
        self.widest = gap
        self.gap = np.minimum(gap, 0.3 * np.minimum(way, at[n] - way).min(axis=2))

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        """Value and gradient `(V, 2)` at a layout `(V, 2)` in units of the patch's size."""
        jacobian = self.jacobian(flat)
        det = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
        squared = (jacobian**2).sum(axis=(1, 2))
        value = float(self.share @ (squared * (1.0 + det**-2)))
        cofactor = np.empty_like(jacobian)
        cofactor[:, 0, 0], cofactor[:, 0, 1] = jacobian[:, 1, 1], -jacobian[:, 1, 0]
        cofactor[:, 1, 0], cofactor[:, 1, 1] = -jacobian[:, 0, 1], jacobian[:, 0, 0]
        slope = 2.0 * jacobian * (1.0 + det**-2)[:, None, None] - (2.0 * squared * det**-3)[:, None, None] * cofactor
        force = self.share[:, None, None] * slope @ self.inverse.transpose(0, 2, 1)
        gradient = np.zeros_like(flat)
        for index, part in ((1, force[:, :, 0]), (2, force[:, :, 1]), (0, -force.sum(axis=2))):
            for axis in range(2):
                gradient[:, axis] += np.bincount(self.faces[:, index], part[:, axis], len(flat))
        barrier, along = self._barrier(flat[self.loop])
        gradient[self.loop] += along
        gradient *= self.mu
        pulled = _stress(flat, self.pairs.chosen, self.distance, self.near, self.area, gradient)
        return self.mu * (value + barrier) + pulled, gradient

    def jacobian(self, flat: Floats) -> Floats:
        """`(F, 2, 2)` of the map from each triangle, laid flat, to the layout."""
        corner = flat[self.faces]
        return np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2) @ self.inverse

    def thinnest(self, flat: Floats) -> float:
        """The smallest singular value of a triangle's map to the layout."""
        return float(np.linalg.svd(self.jacobian(flat), compute_uv=False).min())

    def _barrier(self, rim: Floats) -> tuple[float, Floats]:
        """sum (gap / d - 1)^2 over boundary vertices and edges nearer than their gap, per boundary vertex."""
        gradient = np.zeros_like(rim)
        edge = np.roll(rim, -1, axis=0) - rim
        i, j = _near(rim, self.widest)
        offset, e = rim[i] - rim[j], edge[j]
        s = np.clip((offset * e).sum(axis=1) / np.maximum((e**2).sum(axis=1), 1e-300), 0.0, 1.0)
        away = offset - s[:, None] * e
        d, gap = np.linalg.norm(away, axis=1), self.gap[i, j]
        close = d < gap
        if not close.any():
            return 0.0, gradient
        i, j, s, away, d, gap = i[close], j[close], s[close], away[close], d[close], gap[close]
        excess = gap / d - 1.0
        push = (-2.0 * excess * gap / d**3)[:, None] * away / len(rim)
        np.add.at(gradient, i, push)
        np.add.at(gradient, j, -(1.0 - s)[:, None] * push)
        np.add.at(gradient, (j + 1) % len(rim), -s[:, None] * push)
        return float((excess**2).sum()) / len(rim), gradient

    def preconditioner(self) -> Callable[[Floats], Floats]:
        """Solves with the Hessian that the energy has near an isometric layout."""
        # At rest both terms of the Dirichlet energy have curvature: d^2/dJ^2 is about 4 .. 8 of the identity.
        gradient = np.concatenate([-self.inverse.sum(axis=1)[:, None], self.inverse], axis=1)  # (F, 3, 2)
        local = 4.0 * self.mu * self.share[:, None, None] * gradient @ gradient.transpose(0, 2, 1)
        rows, columns = np.repeat(self.faces, 3, axis=1).ravel(), np.tile(self.faces, (1, 3)).ravel()
        count = len(self.area)
        matrix = coo_matrix((local.ravel(), (rows, columns)), shape=(count, count)).tocsc()
        hold = 2.0 * self.area + 1e-12
        np.add.at(hold, self.pairs.chosen, 2.0 * self.near)
        solve: Callable[[Floats], Floats] = splu((matrix + diags(hold)).tocsc()).solve
        return solve


def descend(energy: Energy, flat: Floats, steps: int = 400, memory: int = 12, tolerance: float = 1e-4) -> Floats:
    """Lowers the energy from a bijective layout, staying bijective at every step.

    Args:
        energy: what to lower.
        flat: `(V, 2)` metres, a bijective layout.
        steps: at most so many.
        memory: past steps that L-BFGS remembers.
        tolerance: stop when ten steps together lower the energy by less than this share.

    Raises:
        ValueError: if the start is not bijective.
    """
    if not is_bijective(flat, energy.faces, energy.loop):
        raise ValueError("the layout to start from is not bijective")
    flat = flat / energy.size
    solve = energy.preconditioner()
    past: deque[tuple[Floats, Floats]] = deque(maxlen=memory)
    value, gradient = energy(flat)
    history = [value]
    for _ in range(steps):
        direction = -_two_loop(gradient, past, solve)
        if (direction * gradient).sum() >= 0:
            past.clear()
            direction = -solve(gradient)
        size = min(1.0, 0.9 * _largest_step(flat, direction, energy.faces))
        slope = float((direction * gradient).sum())
        while size > 1e-10:
            trial = flat + size * direction
            if is_bijective(trial, energy.faces, energy.loop):
                new_value, new_gradient = energy(trial)
                if new_value <= value + 1e-4 * size * slope:
                    break
            size *= 0.5
        else:
            if not past:
                break
            past.clear()  # what was remembered misleads here
            continue
        if ((trial - flat) * (new_gradient - gradient)).sum() > 0:
            past.append((trial - flat, new_gradient - gradient))
        flat, value, gradient = trial, new_value, new_gradient
        history.append(value)
        if len(history) > 10 and history[-11] - value < tolerance * value:
            break
    return flat * energy.size


def _rest(vertices: Floats, faces: Ints) -> tuple[Ints, Floats, Floats]:
    """Faces turned to begin with their longest edge, the inverses `(F, 2, 2)` of their edges laid flat, and shares."""
    corner = vertices[faces]
    length = np.linalg.norm(np.roll(corner, -1, axis=1) - corner, axis=2)
    turn = (length.argmax(axis=1)[:, None] + np.arange(3)) % 3
    faces = np.take_along_axis(faces, turn, axis=1)
    a, b = vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
    # A triangle without an extent is taken to have a tiny one.
    longest = np.maximum(np.linalg.norm(a, axis=1), 1e-6)
    along = (a * b).sum(axis=1) / longest
    height = np.maximum(np.linalg.norm(np.cross(a, b), axis=1) / longest, THINNEST * longest)
    inverse = np.zeros((len(faces), 2, 2))
    inverse[:, 0, 0], inverse[:, 0, 1] = 1.0 / longest, -along / (longest * height)
    inverse[:, 1, 1] = 1.0 / height
    area = longest * height
    return faces, inverse, area / area.sum()


@njit(cache=True)
def _stress(flat: Any, chosen: Any, distance: Any, near: Any, area: Any, gradient: Any) -> float:
    """The stress; its slope is added to the gradient."""
    total = 0.0
    for h in range(len(chosen)):
        i = chosen[h]
        x, y, gx, gy = flat[i, 0], flat[i, 1], 0.0, 0.0
        for j in range(len(flat)):
            dx, dy = flat[j, 0] - x, flat[j, 1] - y
            length = np.sqrt(dx * dx + dy * dy)
            if length > 0.0:
                weight, off = near[h] * area[j], length - distance[h, j]
                total += weight * off * off
                pull = 2.0 * weight * off / length
                gradient[j, 0] += pull * dx
                gradient[j, 1] += pull * dy
                gx += pull * dx
                gy += pull * dy
        gradient[i, 0] -= gx
        gradient[i, 1] -= gy
    return total


def _signed(flat: Floats, faces: Ints) -> Floats:
    a, b = flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]]
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _near(rim: Floats, reach: float) -> tuple[Ints, Ints]:
    """Every boundary vertex i and edge j, j + 1 that may be within `reach` of one another."""
    end = np.roll(rim, -1, axis=0)
    half = 0.5 * np.linalg.norm(end - rim, axis=1)
    pairs = cKDTree(rim).query_ball_point(0.5 * (rim + end), half + reach)
    j = np.repeat(np.arange(len(rim)), [len(p) for p in pairs])
    return np.concatenate([np.asarray(p, dtype=np.int64) for p in pairs]), j


def _largest_step(flat: Floats, direction: Floats, faces: Ints) -> float:
    """How far along the direction the first triangle collapses (infinite when none does)."""
    p, q = flat[faces], direction[faces]
    a, b = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    da, db = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    c0 = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    c1 = a[:, 0] * db[:, 1] - a[:, 1] * db[:, 0] + da[:, 0] * b[:, 1] - da[:, 1] * b[:, 0]
    c2 = da[:, 0] * db[:, 1] - da[:, 1] * db[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(c1 * c1 - 4.0 * c2 * c0, 0.0))
        # Stable for either sign of c1: q over c2 and c0 over q are the two roots.
        half = -0.5 * (c1 + np.where(c1 >= 0, root, -root))
        candidates = np.stack([half / c2, c0 / half])
    candidates[:, c1 * c1 < 4.0 * c2 * c0] = np.inf
    candidates = candidates[np.isfinite(candidates) & (candidates > 0)]
    return float(candidates.min(initial=np.inf))


def _two_loop(gradient: Floats, past: deque[tuple[Floats, Floats]], solve: Callable[[Floats], Floats]) -> Floats:
    """L-BFGS direction (Nocedal 1980), with the inverse of the Hessian at rest in the middle."""
    q, kept = gradient.copy(), []
    for s, y in reversed(past):
        rho = 1.0 / (s * y).sum()
        alpha = rho * (s * q).sum()
        q -= alpha * y
        kept.append((s, y, rho, alpha))
    r = solve(q)
    for s, y, rho, alpha in reversed(kept):
        r += s * (alpha - rho * (y * r).sum())
    return r
