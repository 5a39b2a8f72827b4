"""Keeping the boundary of a flattened patch from running into itself.

Smith and Schaefer, "Bijective Parameterization with Free Boundaries", ACM TOG 2015: symmetric Dirichlet energy and a
barrier between boundary vertices and boundary edges, descended from one bijective layout to the next. The steps are
L-BFGS on top of the patch's Laplacian.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from surface.topology import boundary_loops, face_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def is_bijective(flat: Floats, faces: Ints, loop: Ints) -> bool:
    """Whether no triangle is flipped and the boundary loop does not cross itself: then the layout is injective."""
    return bool((_signed(flat, faces) > 0).all()) and not _crosses(flat[loop])


class Energy:
    """Distortion of a layout, a soft pull, and the barrier along the boundary; in units of the patch's size.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        held: `(H,)` pulled vertices.
        target: `(H, 2)` metres, where to.
        pull: weight of their mean squared distance to the target, in patch areas.
        gap: the barrier acts below this distance, in metres.
    """

    def __init__(self, vertices: Floats, faces: Ints, held: Ints, target: Floats, pull: float, gap: float) -> None:
        area = face_areas(vertices, faces)
        self.faces, self.held, self.target = faces, held, target
        self.share = area / area.sum()
        self.pull = pull / len(held) / area.sum()
        (self.loop,) = boundary_loops(faces)
        a, b = vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
        length = np.linalg.norm(a, axis=1)
        along = (a * b).sum(axis=1) / length
        rest = np.zeros((len(faces), 2, 2))  # the triangle laid flat: columns are its two edges
        rest[:, 0, 0], rest[:, 0, 1], rest[:, 1, 1] = length, along, 2.0 * area / length
        self.inverse = np.linalg.inv(rest)
        # Vertex i keeps its gap from the edge j, j + 1: less where the two are near each other along the rim itself.
        n = len(self.loop)
        step = np.linalg.norm(vertices[np.roll(self.loop, -1)] - vertices[self.loop], axis=1)
        at = np.concatenate([[0.0], np.cumsum(step)])
        way = np.abs(at[:n, None, None] - np.stack([at[:n], at[1:]], axis=1)[None])
        self.widest = gap
        self.gap = np.minimum(gap, 0.3 * np.minimum(way, at[n] - way).min(axis=2))

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        """Value and gradient `(V, 2)` at a layout `(V, 2)`."""
        corner = flat[self.faces]
        edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
        jacobian = edges @ self.inverse
        det = np.linalg.det(jacobian)
        squared = (jacobian**2).sum(axis=(1, 2))
        value = float(self.share @ (squared * (1.0 + det**-2)))
        cofactor = np.stack(
            [
                np.stack([jacobian[:, 1, 1], -jacobian[:, 1, 0]], axis=1),
                np.stack([-jacobian[:, 0, 1], jacobian[:, 0, 0]], axis=1),
            ],
            axis=1,
        )
        slope = 2.0 * jacobian * (1.0 + det**-2)[:, None, None] - (2.0 * squared * det**-3)[:, None, None] * cofactor
        force = self.share[:, None, None] * slope @ self.inverse.transpose(0, 2, 1)
        gradient = np.zeros_like(flat)
        for corner_index, part in ((1, force[:, :, 0]), (2, force[:, :, 1]), (0, -force.sum(axis=2))):
            np.add.at(gradient, self.faces[:, corner_index], part)
        offset = flat[self.held] - self.target
        gradient[self.held] += 2.0 * self.pull * offset
        barrier, along = self._barrier(flat[self.loop])
        gradient[self.loop] += along
        return value + self.pull * float((offset**2).sum()) + barrier, gradient

    def _barrier(self, rim: Floats) -> tuple[float, Floats]:
        """sum (gap / d - 1)^2 over boundary vertices and edges nearer than their gap, per boundary vertex."""
        gradient = np.zeros_like(rim)
        edge = np.roll(rim, -1, axis=0) - rim
        i, j = _near(rim, self.widest)
        offset, e = rim[i] - rim[j], edge[j]
        s = np.clip((offset * e).sum(axis=1) / (e**2).sum(axis=1), 0.0, 1.0)
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


def descend(energy: Energy, flat: Floats, steps: int = 3000, memory: int = 20, tolerance: float = 1e-14) -> Floats:
    """Lowers the energy from a bijective layout, staying bijective at every step.

    Args:
        energy: what to lower.
        flat: `(V, 2)` a bijective layout.
        steps: at most so many.
        memory: past steps that L-BFGS remembers.
        tolerance: stop when ten steps together lower the energy by less than this share.

    Raises:
        ValueError: if the start is not bijective.
    """
    if not is_bijective(flat, energy.faces, energy.loop):
        raise ValueError("the layout to start from is not bijective")
    solve = _preconditioner(energy, len(flat))
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
    return flat


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


def _crosses(rim: Floats) -> bool:
    start, end = rim, np.roll(rim, -1, axis=0)
    half = 0.5 * np.linalg.norm(end - start, axis=1)
    # Only edges whose middles are near enough can cross.
    pair = cKDTree(0.5 * (start + end)).query_pairs(2.0 * float(np.quantile(half, 0.9)), output_type="ndarray")
    for k in np.flatnonzero(half > np.quantile(half, 0.9)):
        pair = np.concatenate([pair, np.stack([np.full(len(rim), k), np.arange(len(rim))], axis=1)])
    a, b, c, d = start[pair[:, 0]], end[pair[:, 0]], start[pair[:, 1]], end[pair[:, 1]]

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    return bool(((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).any())


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


def _preconditioner(energy: Energy, count: int):  # type: ignore[no-untyped-def]
    """Solves with the Laplacian that the energy has at an isometric layout."""
    # At rest both terms of the energy have curvature: d^2/dJ^2 of |J|^2 + |J^-1|^2 is about 4 .. 8 of the identity.
    gradient = np.concatenate([-energy.inverse.sum(axis=1)[:, None], energy.inverse], axis=1)  # (F, 3, 2)
    local = 4.0 * energy.share[:, None, None] * gradient @ gradient.transpose(0, 2, 1)
    rows, columns = np.repeat(energy.faces, 3, axis=1).ravel(), np.tile(energy.faces, (1, 3)).ravel()
    matrix = coo_matrix((local.ravel(), (rows, columns)), shape=(count, count)).tocsc()
    hold = np.full(count, 1e-9 * matrix.diagonal().mean())
    hold[energy.held] += 2.0 * energy.pull
    return splu((matrix + diags(hold)).tocsc()).solve


def _two_loop(gradient: Floats, past: deque[tuple[Floats, Floats]], solve) -> Floats:  # type: ignore[no-untyped-def]
    """L-BFGS direction (Nocedal 1980), with the Laplacian's inverse in the middle."""
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
