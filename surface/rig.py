"""A rig in SMPL's own terms, and the one function that poses it.

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. The same formula serves the shipped
body and a user's SMPL file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rig:
    """The parameters of a linearly skinned body.

    Attributes:
        v_template: (V,3) metres, the mean shape in the rest pose.
        shapedirs: (V,3,S) metres per unit of each shape coefficient.
        J_regressor: (J,V) sparse; joint positions of the rest shape are ``J_regressor @ vertices``.
        weights: (V,J) sparse skinning weights; rows sum to one.
        kintree_table: (2,J); row 0 holds each joint's parent, any value outside 0..J-1 at the root, which comes first.
        joint_names: J names.
        shape_names: S names.
        posedirs: (V,3,9(J-1)) metres per entry of ``R - I``, or None.
    """

    v_template: Floats
    shapedirs: NDArray[np.float32] | Floats
    J_regressor: csr_array
    weights: csr_array
    kintree_table: NDArray[np.int64]
    joint_names: tuple[str, ...]
    shape_names: tuple[str, ...]
    posedirs: NDArray[np.float32] | Floats | None = None

    @property
    def parents(self) -> list[int]:
        """The parent of each joint, -1 for the root."""
        count = len(self.joint_names)
        return [int(p) if 0 <= p < count and p != j else -1 for j, p in enumerate(self.kintree_table[0])]


# Of each rig: joint positions (J,3) of the mean shape and their change (J,3,S) with each coefficient.
_regressed: WeakKeyDictionary[Rig, tuple[Floats, Floats]] = WeakKeyDictionary()


def rodrigues(rotations: ArrayLike) -> Floats:
    """Rotation matrices (J,3,3) of axis-angle vectors (J,3) in radians (Rodrigues' formula), exact at zero."""
    r = np.asarray(rotations, dtype=np.float64)
    angle = np.linalg.norm(r, axis=-1)
    k = np.zeros((*r.shape[:-1], 3, 3))
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -r[..., 2], r[..., 1], -r[..., 0]
    k -= np.swapaxes(k, -1, -2)
    # sin(a)/a and (1-cos(a))/a^2, written so that they are smooth at zero.
    s = np.sinc(angle / np.pi)[..., None, None]
    c = 0.5 * np.sinc(angle / (2 * np.pi))[..., None, None] ** 2
    return np.eye(3) + s * k + c * (k @ k)


def shape(rig: Rig, betas: ArrayLike | None = None) -> Floats:
    """Vertices (V,3) of the rest pose for shape coefficients (up to S; missing ones are zero).

    Raises:
        ValueError: more coefficients than shape directions, or some are not finite.
    """
    b = _coefficients(rig, betas)
    rest = np.array(rig.v_template, dtype=np.float64)
    if len(b):
        _add(rest, rig.shapedirs, b)
    return rest


def joints(rig: Rig, betas: ArrayLike | None = None) -> Floats:
    """Joint positions (J,3) of the rest pose for shape coefficients: ``J_regressor @ shape(rig, betas)``.

    Raises:
        ValueError: as ``shape``.
    """
    b = _coefficients(rig, betas)
    if rig not in _regressed:
        flat = np.asarray(rig.shapedirs, dtype=np.float64).reshape(len(rig.v_template), -1)
        directions = (rig.J_regressor @ flat).reshape(len(rig.joint_names), 3, -1)
        _regressed[rig] = rig.J_regressor @ rig.v_template, directions
    mean, directions = _regressed[rig]
    return np.asarray(mean + directions[:, :, : len(b)] @ b)


def transforms(rig: Rig, joints: ArrayLike, rotations: ArrayLike) -> Floats:
    """World transforms (J,4,4) of the joints: rest joint positions (J,3), local axis-angle rotations (J,3)."""
    at = np.ascontiguousarray(joints, dtype=np.float64)
    return np.asarray(_chain(at, rodrigues(rotations), np.array(rig.parents)))


def pose(
    rig: Rig,
    betas: ArrayLike | None = None,
    rotations: ArrayLike | None = None,
    translation: ArrayLike | None = None,
) -> Floats:
    """Vertices (V,3) in metres of the rig in a shape and a pose.

    Args:
        rig: the rig.
        betas: up to S shape coefficients; zeros when None.
        rotations: (J,3) axis-angle per joint in radians, relative to the parent; zeros when None.
        translation: (3,) metres, added to every vertex.

    Raises:
        ValueError: a shape does not fit the rig, or a value is not finite.
    """
    count = len(rig.joint_names)
    angles = np.zeros((count, 3)) if rotations is None else np.asarray(rotations, dtype=np.float64)
    if angles.shape != (count, 3):
        raise ValueError(f"rotations has shape {angles.shape}; the rig needs ({count}, 3)")
    if not np.isfinite(angles).all():
        raise ValueError(f"rotations of joint {int(np.argmin(np.isfinite(angles).all(axis=1)))} are not finite")
    offset = np.zeros(3) if translation is None else np.asarray(translation, dtype=np.float64)
    if offset.shape != (3,):
        raise ValueError(f"translation has shape {offset.shape}; it needs (3,)")
    rest, at = shape(rig, betas), joints(rig, betas)
    if rig.posedirs is not None:
        _add(rest, rig.posedirs, (rodrigues(angles[1:]) - np.eye(3)).reshape(-1))
    world = transforms(rig, at, angles)
    # Relative to the rest pose, so that a vertex needs no bone-local coordinates.
    world[:, :3, 3] -= np.einsum("jab,jb->ja", world[:, :3, :3], at)
    weights = rig.weights
    return np.asarray(_skin(rest, weights.indptr, weights.indices, weights.data, world, offset))


def _coefficients(rig: Rig, betas: ArrayLike | None) -> Floats:
    b = np.zeros(0) if betas is None else np.asarray(betas, dtype=np.float64)
    if b.ndim != 1 or len(b) > rig.shapedirs.shape[2]:
        raise ValueError(f"betas has shape {b.shape}; the rig has {rig.shapedirs.shape[2]} shape directions")
    if not np.isfinite(b).all():
        raise ValueError(f"betas[{int(np.argmin(np.isfinite(b)))}] is not finite")
    return b


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _add(points: Any, directions: Any, b: Any) -> None:
    """Adds ``directions[:, :, :len(b)] @ b`` to points (V,3), without a copy of the directions in other precision."""
    for v in range(len(points)):
        for c in range(3):
            total = 0.0
            for k in range(len(b)):
                total += directions[v, c, k] * b[k]
            points[v, c] += total


@njit(cache=True, nogil=True)
def _chain(at: Any, matrices: Any, parents: Any) -> Any:
    world = np.zeros((len(at), 4, 4))
    for j in range(len(at)):
        parent = parents[j]
        world[j, 3, 3] = 1.0
        for a in range(3):
            if parent < 0:
                world[j, a, 3] = at[j, a]
                for b in range(3):  # a slice would compile for three seconds
                    world[j, a, b] = matrices[j, a, b]
                continue
            world[j, a, 3] = world[parent, a, 3]
            for k in range(3):
                world[j, a, 3] += world[parent, a, k] * (at[j, k] - at[parent, k])
                for b in range(3):
                    world[j, a, b] += world[parent, a, k] * matrices[j, k, b]
    return world


@njit(cache=True, nogil=True)
def _skin(rest: Any, first: Any, joint: Any, weight: Any, world: Any, offset: Any) -> Any:
    """Linear blend skinning: the sum over a vertex's joints of weight times ``world`` (J,4,4) of the rest (V,3)."""
    posed = np.empty((len(rest), 3))
    for v in range(len(rest)):
        for c in range(3):
            total = offset[c]
            for k in range(first[v], first[v + 1]):
                m = world[joint[k]]
                total += weight[k] * (m[c, 0] * rest[v, 0] + m[c, 1] * rest[v, 1] + m[c, 2] * rest[v, 2] + m[c, 3])
            posed[v, c] = total
    return posed
